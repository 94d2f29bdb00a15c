//! The session in use.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use fernamt_api::session::{RotateRequest, SessionView, SignOutQuery};
use fernamt_domain::Secret;
use fernamt_http::{ApiError, Json, Query, Session, Site, cookie};

use super::with_cookies;
use crate::{
    Identity,
    complete::{session_cookie, view},
    handover,
};

pub(super) async fn get(
    State(identity): State<Arc<Identity>>,
    session: Session,
    headers: HeaderMap,
) -> Result<Json<SessionView>, ApiError> {
    Ok(Json(view(&session, identity.has_handover(&session, &headers))?))
}

/// Takes no session argument, because that would count as a use.
pub(super) async fn standing(
    State(identity): State<Arc<Identity>>,
    site: Site,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    identity.standing(&site, &presented(&headers, cookie::SESSION)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes no session argument: what outlasts a session that nobody used, such as notices of mail, ends by signing out, too.
pub(super) async fn sign_out(
    State(identity): State<Arc<Identity>>,
    site: Site,
    Query(query): Query<SignOutQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let name = if site.is_post() { cookie::POST_SESSION } else { cookie::SESSION };
    let session = identity.held(&site, &presented(&headers, name)?).await?;
    if query.idle {
        identity.lapse(&site.tenant, session).await?;
    } else {
        identity.end_session(&site.tenant, session).await?;
    }
    let mut cookies = vec![cookie::remove(cookie::HANDOVER)];
    // By the cookie of a session that nobody used its owner can still sign out; for all else it is good for nothing.
    if !query.idle {
        cookies.extend([cookie::SESSION, cookie::POST_SESSION].map(cookie::remove));
    }
    Ok(with_cookies(StatusCode::NO_CONTENT, cookies))
}

/// Takes no session argument: a secret that is due for rotation is good for nothing else.
pub(super) async fn rotate(
    State(identity): State<Arc<Identity>>,
    site: Site,
    headers: HeaderMap,
    Json(request): Json<RotateRequest>,
) -> Result<Response, ApiError> {
    let cookie = presented(&headers, cookie::SESSION)?;
    let (session, secret) = identity.rotate(&site, &cookie, &request.challenge, &request.signature).await?;
    let life = session.expires_at - session.situation.at;
    let cookies = secret.map(|secret| session_cookie(&secret, session.facts.session, life)).into_iter().collect();
    Ok(with_cookies(Json(view(&session, identity.has_handover(&session, &headers))?), cookies))
}

fn presented(headers: &HeaderMap, name: &str) -> Result<Secret<String>, ApiError> {
    cookie::get(headers, name).ok_or_else(|| ApiError::unauthenticated("not_signed_in", "nobody is signed in"))
}

impl Identity {
    fn has_handover(&self, session: &Session, headers: &HeaderMap) -> bool {
        handover::open(&self.sealer, session.site.tenant.id(), session.facts.session, headers).is_some()
    }
}
