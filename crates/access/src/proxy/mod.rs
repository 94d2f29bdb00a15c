//! The proxy in front of internal web applications: each on an origin of its own, `<label>.<tenant's host>`.
//!
//! Nobody passes before sign-in and policy, so a hole in an application is not a hole to the internet. How a person gets
//! in ([`Proxy::enter`]):
//!
//! 1. `https://app.host/…` without a session sets a state cookie and leads to the main site;
//! 2. the main site knows the person, takes the decision, and leads back with a one-time code;
//! 3. `https://app.host/.fernamt/enter` redeems the code in the browser that holds the state, and sets the
//!    application's own session cookie.
//!
//! Applications are neighbours under one parent domain and must not trust each other: see `fernamt_http::isolation` (who may send
//! requests), `cookies` (who may set cookies) and `headers` (what keeps their pages apart).

mod cookies;
mod forward;
#[doc(hidden)]
pub mod fuzzing;
mod headers;
pub(crate) mod pages;
mod session;

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderMap, Request, Response, header},
};
use fernamt_domain::{Clock, Rng, SessionFacts, Situation, TenantId};
use fernamt_http::{
    cookie::{self, SameSite},
    egress::EgressGuard,
    entry::{OWN_PATHS, encode, is_local, redirect, state_of, value},
    isolation,
};
use time::Duration;

use self::{
    forward::Upstream,
    pages::Page,
    session::{AppSessions, Entry},
};
use crate::gate::{Gate, Refused, Target};

pub use headers::USER_HEADER;

/// The secret that ties a one-time code to the browser that began.
const STATE_COOKIE: &str = "__Host-fernamt-app-state";

/// How long a person may take to sign in on the way.
const STATE_LIFETIME: Duration = Duration::minutes(15);

/// How long the browser keeps the application's session cookie; the session itself may end sooner.
const COOKIE_LIFETIME: Duration = Duration::hours(12);

/// Which application a request is for, and from where it comes.
#[derive(Debug, Clone)]
pub struct Place {
    /// The tenant.
    pub tenant: TenantId,
    /// The first label of the host name.
    pub label: String,
    /// The application's origin.
    pub app_origin: String,
    /// The tenant's main origin.
    pub main_origin: String,
    /// Where from and when.
    pub situation: Situation,
}

/// The proxy.
#[derive(Debug)]
pub struct Proxy {
    gate: Arc<dyn Gate>,
    guard: EgressGuard,
    clock: Arc<dyn Clock>,
    sessions: AppSessions,
}

impl Proxy {
    /// A proxy without sessions.
    pub fn new(gate: Arc<dyn Gate>, guard: EgressGuard, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self { gate, guard, sessions: AppSessions::new(Arc::clone(&clock), rng), clock }
    }

    /// The address on the application's origin that a person goes to from the main site: with a code where the browser
    /// has begun there, else to the beginning. The caller has taken the decision.
    pub fn enter(
        &self,
        tenant: TenantId,
        app_origin: &str,
        target: &Target,
        person: (&SessionFacts, &str),
        (path, state): (Option<&str>, Option<&str>),
    ) -> Result<String, Refused> {
        let start = || target.web().and_then(|web| web.start_path.clone()).unwrap_or_else(|| "/".to_owned());
        let path = path.filter(|path| is_local(path)).map_or_else(start, str::to_owned);
        let Some(state) = state else {
            return Ok(format!("{app_origin}{OWN_PATHS}begin?path={}", encode(&path)));
        };
        let entry = Entry { facts: person.0.clone(), user: person.1.to_owned(), path, state: state.to_owned() };
        let code = self.sessions.code(tenant, target.id, entry).map_err(|_| Refused::TooMany)?;
        Ok(format!("{app_origin}{OWN_PATHS}enter?code={code}"))
    }

    /// Answers a request to an application's origin.
    pub async fn handle(&self, place: Place, request: Request<Body>) -> Response<Body> {
        let headers = request.headers().clone();
        let page = |page| pages::respond(page, &headers, &place.main_origin);
        if headers::unambiguous(&request).is_err() {
            return page(Page::Malformed);
        }
        if !isolation::permits(request.method(), &headers, &place.app_origin) {
            return page(Page::Foreign);
        }
        if let Some(action) = request.uri().path().strip_prefix(OWN_PATHS).map(str::to_owned) {
            let query = request.uri().query().unwrap_or_default();
            let (path, code) = (value(query, "path"), value(query, "code").unwrap_or_default());
            let answer = match action.as_str() {
                "begin" => self.begin(&place, &headers, path.as_deref()).await,
                "enter" => self.arrive(&place, &headers, &code).await,
                _ => Err(Page::UnknownApp),
            };
            return answer.unwrap_or_else(page);
        }
        let session = cookie::get(&headers, cookie::APP_SESSION)
            .and_then(|secret| self.sessions.find(secret.expose(), place.tenant, &place.label));
        let Some(session) = session else {
            if !isolation::is_navigation(request.method(), &headers) {
                return page(Page::SignedOut);
            }
            let path = request.uri().path_and_query().map(ToString::to_string);
            return self.begin(&place, &headers, path.as_deref()).await.unwrap_or_else(page);
        };
        match self.forward(&place, &session, request).await {
            Ok(response) => response,
            Err(refusal) => page(refusal),
        }
    }

    /// Puts a state secret into the browser, unless it holds one, and leads to the main site.
    async fn begin(
        &self,
        place: &Place,
        headers: &HeaderMap,
        path: Option<&str>,
    ) -> Result<Response<Body>, Page<'static>> {
        let target = self.target(place).await?;
        let held = cookie::get(headers, STATE_COOKIE).filter(|state| state.expose().len() >= 43);
        let state = held.map_or_else(|| self.sessions.new_state(), |state| state.expose().clone());
        let path = path.filter(|path| is_local(path)).map(|path| format!("&path={}", encode(path))).unwrap_or_default();
        let location =
            format!("{}/api/v1/apps/{}/enter?state={}{path}", place.main_origin, target.id, state_of(&state));
        let mut response = redirect(&location).ok_or(Page::Malformed)?;
        response
            .headers_mut()
            .insert(header::SET_COOKIE, cookie::set(STATE_COOKIE, &state, STATE_LIFETIME, SameSite::Lax));
        Ok(response)
    }

    /// Redeems a code and begins the session.
    async fn arrive(&self, place: &Place, headers: &HeaderMap, code: &str) -> Result<Response<Body>, Page<'static>> {
        let target = self.target(place).await?;
        let state = cookie::get(headers, STATE_COOKIE).ok_or(Page::EntryExpired)?;
        let entry = self.sessions.redeem(code, place.tenant, target.id, state.expose()).ok_or(Page::EntryExpired)?;
        let grant =
            self.gate.admit(place.tenant, &entry.facts, target.id, &place.situation).await.map_err(|refused| {
                match refused {
                    Refused::NotAllowed => Page::NotAllowed,
                    Refused::TooMany => Page::TooMany,
                    Refused::Unavailable => Page::Internal,
                }
            })?;
        let path = entry.path.clone();
        let secret = self.sessions.begin(place.tenant, &place.label, entry, target, grant).ok_or(Page::TooMany)?;
        let mut response = redirect(&path).ok_or(Page::Malformed)?;
        let cookie = cookie::set(cookie::APP_SESSION, &secret, COOKIE_LIFETIME, SameSite::Lax);
        response.headers_mut().append(header::SET_COOKIE, cookie);
        response.headers_mut().append(header::SET_COOKIE, cookie::remove(STATE_COOKIE));
        Ok(response)
    }

    async fn target(&self, place: &Place) -> Result<Target, Page<'static>> {
        let found = self.gate.app(place.tenant, &place.label).await.map_err(|_| Page::Internal)?;
        found.ok_or(Page::UnknownApp)
    }
}
