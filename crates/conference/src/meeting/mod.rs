//! A running meeting: lobby, roster, chat, hands, moderation, over its own socket.
//!
//! `core`, `acts` and `telling` are the meeting as a pure state machine; `actor` runs one of them, `hall` knows all that run, and
//! `socket` is one client's line.

mod actor;
mod acts;
pub mod chat;
pub mod core;
pub(crate) mod facts;
pub mod hall;
pub mod hands;
mod outside;
mod pace;
pub mod rules;
pub mod seat;
mod socket;
mod telling;
mod text;
pub mod token;
pub mod ungreeted;

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, post},
};

pub use hall::{Hall, HallParts};

/// What the door and the running meetings serve.
pub fn router(hall: Arc<Hall>) -> Router {
    Router::new()
        .route("/api/v1/conference/entry", post(crate::entry::enter))
        .route("/api/v1/conference/meetings/{id}/socket", any(socket::connect))
        .merge(outside::router())
        .with_state(hall)
}
