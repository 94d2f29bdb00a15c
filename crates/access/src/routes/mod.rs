//! The feature's part of the API, a file for each operation.

mod desktop;
mod enter;
mod open;
mod own_targets;
mod targets;

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get, post, put},
};

use crate::Access;

pub(crate) fn router(access: Arc<Access>) -> Router {
    Router::new()
        .route("/api/v1/me/targets", get(targets::list))
        .route("/api/v1/me/targets/{id}/open", post(open::open))
        .route("/api/v1/me/own-targets", get(own_targets::list).post(own_targets::create))
        .route("/api/v1/me/own-targets/{id}", put(own_targets::change).delete(own_targets::remove))
        .route("/api/v1/desktop", any(desktop::connect))
        .route("/api/v1/apps/{id}/enter", get(enter::enter))
        .with_state(access)
}
