//! Method calls (RFC 8620, section 3).

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use fernamt_http::ApiError;

use crate::{
    Mail,
    delegation::Actor,
    jmap::{error::RequestError, request::Request},
    methods::{Caller, process},
    routes::{busy::Kind, door::Approved},
};

/// Calls the methods of one request.
pub(super) async fn api(
    State(mail): State<Arc<Mail>>,
    Approved(session): Approved,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let Some(_turn) = mail.busy.turn(session.facts.session, Kind::Request) else {
        return Ok(RequestError::Limit("maxConcurrentRequests").into_response());
    };
    let Ok(body) = body else { return Ok(RequestError::Limit("maxSizeRequest").into_response()) };
    let json = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !json.to_ascii_lowercase().starts_with("application/json") {
        return Ok(RequestError::NotJson("the media type is application/json".to_owned()).into_response());
    }
    let request = match Request::read(&body) {
        Ok(request) => request,
        Err(error) => return Ok(error.into_response()),
    };
    let caller = Caller {
        mail: Arc::clone(&mail),
        tenant: session.site.tenant.clone(),
        actor: Actor::of(&session),
        created: std::collections::HashMap::new(),
    };
    Ok(Json(process(caller, request).await?).into_response())
}
