//! The feature's part of the API, a file for each group of operations.

mod me;
mod post;
mod programs;
mod second_factors;
mod session;
mod sign_in;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};

use crate::Identity;

pub(crate) fn router(identity: Arc<Identity>) -> Router {
    Router::new()
        .route("/api/v1/sign-in/challenge", get(sign_in::challenge))
        .route("/api/v1/sign-in", post(sign_in::password))
        .route("/api/v1/sign-in/enrolment", post(sign_in::enrolment))
        .route("/api/v1/sign-in/device", post(sign_in::waiting_device))
        .route("/api/v1/sign-in/passkey/begin", post(sign_in::passkey_begin))
        .route("/api/v1/sign-in/passkey", post(sign_in::passkey))
        .route("/api/v1/setup/check", post(sign_in::setup_check))
        .route("/api/v1/setup", post(sign_in::setup))
        .route("/api/v1/session", get(session::get).delete(session::sign_out))
        .route("/api/v1/session/standing", get(session::standing))
        .route("/api/v1/session/rotate", post(session::rotate))
        .route("/api/v1/me/sessions", get(me::sessions))
        .route("/api/v1/me/sessions/{id}", delete(me::end_session))
        .route("/api/v1/me/devices", get(me::devices))
        .route("/api/v1/me/devices/{id}", put(me::rename_device).delete(me::revoke_device))
        .route("/api/v1/me/devices/ssh-key", post(me::add_ssh_key))
        .route("/api/v1/me/programs", get(programs::list).post(programs::make))
        .route("/api/v1/me/password", post(me::password))
        .route("/api/v1/me/language", put(me::language))
        .route("/api/v1/me/second-factors", get(second_factors::list))
        .route("/api/v1/me/passkeys/begin", post(second_factors::passkey_begin))
        .route("/api/v1/me/passkeys", post(second_factors::passkey_add))
        .route("/api/v1/me/passkeys/{id}", delete(second_factors::passkey_remove))
        .route("/api/v1/me/totp/begin", post(second_factors::totp_begin))
        .route("/api/v1/me/totp", post(second_factors::totp_confirm))
        .route("/api/v1/me/recovery-codes", post(second_factors::recovery_codes))
        .route("/api/v1/post/enter", get(post::enter))
        .with_state(identity)
}

/// What this feature serves on the origin of mail: the way in, the session, and the page.
pub(crate) fn post_router(identity: Arc<Identity>) -> Router {
    Router::new()
        .route("/.fernamt/begin", get(post::begin))
        .route("/.fernamt/enter", get(post::arrive))
        .route("/api/v1/session", get(session::get).delete(session::sign_out))
        .fallback(post::page)
        .with_state(identity)
}

/// A response with cookies.
fn with_cookies(response: impl IntoResponse, cookies: Vec<HeaderValue>) -> Response {
    let mut response = response.into_response();
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
