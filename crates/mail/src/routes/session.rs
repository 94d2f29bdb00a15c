//! The session resource (RFC 8620, section 2).

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use fernamt_http::ApiError;

use crate::{Mail, jmap::session::resource, routes::door::Approved};

/// What this server can do, and which accounts are open to the caller.
pub(super) async fn session(State(mail): State<Arc<Mail>>, Approved(session): Approved) -> Result<Response, ApiError> {
    let accounts = mail.accounts_of(&session.site.tenant, session.person()).await?;
    let resource = resource(&session.name, session.person(), &accounts, &session.site.own_origin());
    let no_store = HeaderValue::from_static("no-cache, no-store, must-revalidate");
    Ok(([(header::CACHE_CONTROL, no_store)], Json(resource)).into_response())
}
