//! JMAP over HTTP (RFC 8620, sections 2, 3 and 6).

mod api;
mod blobs;
mod busy;
mod delegates;
mod door;
mod event_source;
mod held;
mod pictures;
mod session;
mod socket;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{Redirect, Response},
    routing::{any, get, post},
};

use fernamt_http::{ApiError, Site};

use crate::{
    Mail,
    jmap::limits::{MAX_SIZE_REQUEST, MAX_SIZE_UPLOAD},
};

pub(crate) use blobs::{blob, blob_in, room_for};
pub(crate) use busy::{Busy, Kind};

/// What mail serves.
pub(crate) fn router(mail: Arc<Mail>) -> Router {
    Router::new()
        .route("/.well-known/jmap", get(session::session))
        .route("/jmap/session", get(session::session))
        .route("/jmap/api", post(api::api).layer(DefaultBodyLimit::max(MAX_SIZE_REQUEST)))
        .route("/jmap/upload/{account}", post(blobs::upload).layer(DefaultBodyLimit::max(MAX_SIZE_UPLOAD)))
        .route("/jmap/download/{account}/{blob}/{name}", get(blobs::download))
        .route("/jmap/eventsource", get(event_source::event_source))
        .route("/jmap/ws", any(socket::socket))
        .merge(delegates::router())
        .merge(pictures::router())
        .merge(nothing_else())
        .layer(map_response(challenge))
        .with_state(mail)
}

/// Who is not let in learns how a program would be (RFC 9110, section 15.5.2).
async fn challenge(mut response: Response) -> Response {
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// On the main site there is no mail: programs that look for it there are told where it is (RFC 8620, section 2.2), and
/// get no page of the web app for an answer.
pub(crate) fn elsewhere() -> Router {
    Router::new().route("/.well-known/jmap", any(on_post)).merge(nothing_else())
}

async fn on_post(site: Site) -> Result<Redirect, ApiError> {
    if !site.web.mail {
        return Err(ApiError::not_found());
    }
    Ok(Redirect::temporary(&format!("{}/jmap/session", site.post_origin())))
}

fn nothing_else<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/jmap/{*rest}", any(nothing))
}

async fn nothing() -> ApiError {
    ApiError::not_found()
}
