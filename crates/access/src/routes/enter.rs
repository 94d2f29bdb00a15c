//! The step between the main site and an application's own origin.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use fernamt_domain::TargetId;
use fernamt_http::{ApiError, Path, Query, Session, Site, words};
use serde::Deserialize;

use super::open;
use crate::{
    Access,
    gate::{Refused, Target},
    proxy::pages::{self, Page},
};

/// Where people sign in, and what tells that page where to go on.
const SIGN_IN: &str = "/anmelden?zurueck=";

/// Where to go inside the application, and whose browser began there.
#[derive(Debug, Deserialize)]
pub(super) struct EnterQuery {
    path: Option<String>,
    /// The hash of the secret that the application's origin put into the browser.
    state: Option<String>,
}

pub(super) async fn enter(
    State(access): State<Arc<Access>>,
    site: Site,
    session: Result<Session, ApiError>,
    Path(id): Path<TargetId>,
    Query(query): Query<EnterQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let here = uri.path_and_query().map_or("/", |path| path.as_str());
    let page = |page| pages::respond(page, &headers, &site.origin()).into_response();
    let Ok(session) = session else {
        let foreign = headers.get("sec-fetch-site").is_some_and(|value| value == "cross-site");
        if foreign {
            return words::hop(here).into_response();
        }
        let back: String = url::form_urlencoded::byte_serialize(here.as_bytes()).collect();
        return no_store(Redirect::to(&format!("{SIGN_IN}{back}")).into_response());
    };
    let target: Target = match open::allowed(&access, &session, id).await {
        Ok(record) => record.into(),
        Err(error) if error.code() == "not_found" => return page(Page::UnknownApp),
        Err(error) if error.status().is_client_error() => return page(Page::NotAllowed),
        Err(_) => return page(Page::Internal),
    };
    let Some(web) = target.web() else { return page(Page::UnknownApp) };
    let app_origin = site.app_origin(&web.label);
    let person = (&session.facts, session.name.as_str());
    let entry = (query.path.as_deref(), query.state.as_deref());
    match access.proxy.enter(site.tenant.id(), &app_origin, &target, person, entry) {
        Ok(address) => no_store(Redirect::to(&address).into_response()),
        Err(Refused::NotAllowed) => page(Page::NotAllowed),
        Err(Refused::TooMany) => page(Page::TooMany),
        Err(Refused::Unavailable) => page(Page::Internal),
    }
}

fn no_store(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
