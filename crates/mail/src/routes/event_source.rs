//! What is new, as it happens (RFC 8620, section 7.3).

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName},
    response::{IntoResponse, Response, Sse},
};
use fernamt_domain::TargetId;
use fernamt_http::{ApiError, Session, extract::Query};
use fernamt_identity::Refusal;
use serde::Deserialize;

use crate::{
    Mail,
    jmap::error::RequestError,
    push::{Kinds, Line, Wanted},
    routes::door::Approved,
};

/// The most bytes of an event's id, as we give them out and longer.
const MAX_EVENT_ID_BYTES: usize = 64;

/// What a client asks for.
#[derive(Debug, Deserialize)]
pub(super) struct Ask {
    #[serde(default = "all")]
    types: String,
    #[serde(default)]
    closeafter: CloseAfter,
    #[serde(default)]
    ping: u64,
}

fn all() -> String {
    "*".to_owned()
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CloseAfter {
    State,
    #[default]
    No,
}

/// Tells a client what is new for as long as its session lasts.
pub(super) async fn event_source(
    State(mail): State<Arc<Mail>>,
    Approved(session): Approved,
    Query(ask): Query<Ask>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let known = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let wanted = Wanted {
        kinds: Kinds::read(&ask.types),
        once: ask.closeafter == CloseAfter::State,
        ping_s: ask.ping,
        known: known.filter(|id| (1..=MAX_EVENT_ID_BYTES).contains(&id.len())).map(str::to_owned),
    };
    let line = match line(&mail, &session, wanted).await? {
        Ok(line) => line,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    // Or a proxy on the way may gather events instead of handing them on.
    let at_once = [(HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((at_once, Sse::new(line.events())).into_response())
}

/// A line to a client for as long as its session lasts; refused where there are too many.
pub(super) async fn line(
    mail: &Arc<Mail>,
    session: &Session,
    wanted: Wanted,
) -> Result<Result<Line, RequestError>, ApiError> {
    let tenant = session.site.tenant.clone();
    let too_many = RequestError::Limit("maxEventSources");
    let Some(place) = mail.places.take(tenant.id(), session.person()) else { return Ok(Err(too_many)) };
    // Before anything is read, so that nothing is missed in between.
    let bus = tenant.store().subscribe();
    let accounts = mail.accounts_of(&tenant, session.person()).await?;
    let Some(account) = accounts.first() else { return Err(ApiError::not_found()) };
    let target = TargetId(account.to_read().id.0);
    let grant = match mail.parts.authoriser.attend(&tenant, &session.facts, target, &session.situation).await {
        Ok(grant) => grant,
        Err(Refusal::TooMany(_)) => return Ok(Err(too_many)),
        Err(Refusal::Store(error)) => return Err(error.into()),
        Err(_) => return Err(ApiError::unauthenticated("not_signed_in", "the session is over; sign in again")),
    };
    Ok(Ok(Line::new(Arc::clone(mail), tenant, session.facts.clone(), &accounts, (grant, place), bus, wanted)))
}
