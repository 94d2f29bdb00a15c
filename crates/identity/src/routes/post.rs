//! The way from the main site to the origin of mail, and that origin's own part of it.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use fernamt_api::admin::settings::SESSION_HOURS;
use fernamt_http::{
    ApiError, Query, Session, Site, assets,
    cookie::{self, SameSite},
    entry::{encode, is_local, redirect, state_of},
    isolation,
    words::{self, Words, wants_english},
};
use serde::Deserialize;
use time::Duration;

use super::with_cookies;
use crate::Identity;

/// Where people sign in, and what tells that page where to go on.
const SIGN_IN: &str = "/anmelden?zurueck=";
/// How long a person may take to sign in on the way.
const STATE_LIFETIME: Duration = Duration::minutes(15);
/// The characters of a secret that we made.
const STATE_CHARS: usize = 43;
/// A younger sign-in is not asked for again.
const FRESH: Duration = Duration::minutes(5);

/// Where to go on the origin of mail, and whose browser began there.
#[derive(Debug, Deserialize)]
pub(super) struct EnterQuery {
    state: String,
    path: Option<String>,
    /// Whether the sign-in is to be done anew, since it is too old for what is wanted.
    #[serde(default)]
    fresh: bool,
}

/// On the main site: leads back with a code, by way of the sign-in where nobody is signed in.
pub(super) async fn enter(
    State(identity): State<Arc<Identity>>,
    site: Site,
    session: Result<Session, ApiError>,
    Query(query): Query<EnterQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if !site.web.mail {
        return Err(ApiError::not_found());
    }
    let foreign = headers.get("sec-fetch-site").is_some_and(|value| value == "cross-site");
    let path = query.path.filter(|path| is_local(path)).unwrap_or_else(|| "/".to_owned());
    let here = format!("/api/v1/post/enter?state={}&path={}", encode(&query.state), encode(&path));
    // The session's cookie does not come along from another site; nor may such a one have a session ended.
    if foreign {
        return Ok(words::hop(&here).into_response());
    }
    let Ok(session) = session else {
        return led(&format!("{SIGN_IN}{}", encode(&here)));
    };
    if query.fresh && identity.sign_in_age(&session).await? > FRESH {
        identity.end_session(&site.tenant, session.facts.session).await?;
        let cookies = vec![cookie::remove(cookie::SESSION), cookie::remove(cookie::HANDOVER)];
        return Ok(with_cookies(led(&format!("{SIGN_IN}{}", encode(&here)))?, cookies));
    }
    let code = identity.entry_code(&session, &query.state);
    led(&format!("{}/.fernamt/enter?code={}&path={}", site.post_origin(), encode(&code), encode(&path)))
}

/// Where to go on afterwards.
#[derive(Debug, Deserialize)]
pub(super) struct BeginQuery {
    path: Option<String>,
    #[serde(default)]
    fresh: bool,
}

/// On the origin of mail: begins the way in.
pub(super) async fn begin(
    State(identity): State<Arc<Identity>>,
    site: Site,
    Query(query): Query<BeginQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    begun(&identity, &site, &headers, query.path.as_deref(), query.fresh)
}

/// The code that the main site gave. Who opens the address by hand has none.
#[derive(Debug, Deserialize)]
pub(super) struct CodeQuery {
    code: Option<String>,
    path: Option<String>,
}

/// On the origin of mail: redeems the code and sets the session's cookie.
pub(super) async fn arrive(
    State(identity): State<Arc<Identity>>,
    site: Site,
    Query(query): Query<CodeQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Some(code) = query.code else { return Ok(no_code(&headers)) };
    let state = cookie::get(&headers, cookie::POST_STATE);
    let redeemed = state.and_then(|state| identity.redeem_entry(&site, &code, state.expose()).ok());
    let Some(secret) = redeemed else { return Ok(expired(&headers)) };
    let path = query.path.filter(|path| is_local(path)).unwrap_or_else(|| "/".to_owned());
    let life = Duration::hours(SESSION_HOURS.most.into());
    let cookies = vec![
        cookie::set(cookie::POST_SESSION, secret.expose(), life, SameSite::Strict),
        cookie::remove(cookie::POST_STATE),
    ];
    Ok(with_cookies(led(&path)?, cookies))
}

/// On the origin of mail: its page. Who comes without a session is led to the main site.
pub(super) async fn page(
    State(identity): State<Arc<Identity>>,
    site: Site,
    session: Result<Session, ApiError>,
    request: Request,
) -> Result<Response, ApiError> {
    // The service worker fetches a navigation anew, as a request of this origin, and passes the redirect on.
    let for_worker = request.headers().get(header::ACCEPT).is_some_and(|accept| accept == "text/html");
    let opened = for_worker || isolation::is_navigation(request.method(), request.headers());
    let page = opened && !request.uri().path().contains('.');
    match session {
        Err(error) if page && error.status() == StatusCode::UNAUTHORIZED => {
            let path = request.uri().path_and_query().map(ToString::to_string);
            begun(&identity, &site, request.headers(), path.as_deref(), false)
        }
        _ => Ok(assets::serve(site, request).await),
    }
}

fn begun(
    identity: &Identity,
    site: &Site,
    headers: &HeaderMap,
    path: Option<&str>,
    fresh: bool,
) -> Result<Response, ApiError> {
    let held = cookie::get(headers, cookie::POST_STATE).filter(|state| state.expose().len() == STATE_CHARS);
    let state = held.map_or_else(|| identity.new_state(), |state| state.expose().clone());
    let path = path.filter(|path| is_local(path)).map(|path| format!("&path={}", encode(path))).unwrap_or_default();
    let fresh = if fresh { "&fresh=true" } else { "" };
    let location = format!("{}/api/v1/post/enter?state={}{path}{fresh}", site.origin(), state_of(&state));
    let cookie = cookie::set(cookie::POST_STATE, &state, STATE_LIFETIME, SameSite::Lax);
    Ok(with_cookies(led(&location)?, vec![cookie]))
}

fn led(location: &str) -> Result<Response, ApiError> {
    let response = redirect(location);
    response.ok_or_else(|| ApiError::bad_request("malformed", "this is not an address"))
}

fn no_code(headers: &HeaderMap) -> Response {
    let english = wants_english(headers);
    let (title, text, label) = if english {
        (
            "Something is missing in this address",
            "This page is a stop on the way from the sign-in to your mail, and it cannot be opened by itself. Begin with \
             your mail: if you are not signed in yet, you are led to the sign-in first.",
            "To the mail",
        )
    } else {
        (
            "Dieser Adresse fehlt etwas",
            "Diese Seite ist eine Station auf dem Weg von der Anmeldung zu Ihrer Post und lässt sich nicht einzeln \
             öffnen. Beginnen Sie bei Ihrer Post: Sind Sie noch nicht angemeldet, kommen Sie zuerst zur Anmeldung.",
            "Zur Post",
        )
    };
    let status = StatusCode::BAD_REQUEST;
    uncached(Words { status, code: "entry_without_code", title, text, link: ("/", label), english })
}

fn expired(headers: &HeaderMap) -> Response {
    let english = wants_english(headers);
    let (title, text, label) = if english {
        (
            "This took too long",
            "The way into your mail is open for a few minutes and in one browser only. Please begin again. If that does \
             not help, your browser may refuse cookies.",
            "Begin again",
        )
    } else {
        (
            "Das hat zu lange gedauert",
            "Der Weg in Ihre Post steht nur wenige Minuten offen und nur in einem Browser. Beginnen Sie bitte noch \
             einmal. Hilft das nicht, nimmt Ihr Browser vielleicht keine Cookies an.",
            "Noch einmal beginnen",
        )
    };
    uncached(Words { status: StatusCode::GONE, code: "entry_expired", title, text, link: ("/", label), english })
}

fn uncached(words: Words<'_>) -> Response {
    let mut response = words.respond();
    let private = header::HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, private);
    response
}
