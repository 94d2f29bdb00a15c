//! JMAP over HTTP (RFC 8620, sections 2, 3 and 6).

mod api;
mod blobs;
mod busy;
mod door;
mod event_source;
mod session;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{any, get, post},
};

use fernamt_http::ApiError;

use crate::{
    Mail,
    jmap::limits::{MAX_SIZE_REQUEST, MAX_SIZE_UPLOAD},
};

pub(crate) use blobs::{blob, blob_in};
pub(crate) use busy::Busy;

/// What mail serves.
pub(crate) fn router(mail: Arc<Mail>) -> Router {
    Router::new()
        .route("/.well-known/jmap", get(session::session))
        .route("/jmap/session", get(session::session))
        .route("/jmap/api", post(api::api).layer(DefaultBodyLimit::max(MAX_SIZE_REQUEST)))
        .route("/jmap/upload/{account}", post(blobs::upload).layer(DefaultBodyLimit::max(MAX_SIZE_UPLOAD)))
        .route("/jmap/download/{account}/{blob}/{name}", get(blobs::download))
        .route("/jmap/eventsource", get(event_source::event_source))
        .merge(nothing_else())
        .with_state(mail)
}

/// Where mail is switched off: there is nothing here, as programs read it, and not the web app's own page.
pub(crate) fn off() -> Router {
    Router::new().route("/.well-known/jmap", any(nothing)).merge(nothing_else())
}

fn nothing_else<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/jmap/{*rest}", any(nothing))
}

async fn nothing() -> ApiError {
    ApiError::not_found()
}
