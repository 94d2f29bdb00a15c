//! Cross-site request forgery: whoever changes something, or opens a WebSocket, must say that the page it comes from
//! is ours.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{ApiError, Site, bearer};

/// Middleware that refuses unsafe requests and WebSockets whose `Origin` is not the site's own. Stands behind
/// [`crate::site::resolve`].
pub async fn check(site: Site, request: Request, next: Next) -> Response {
    let upgrade = request.headers().contains_key(header::UPGRADE) || request.method() == Method::CONNECT;
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if (!safe || upgrade) && !bearer::is_program(&site, &request) {
        let own = site.own_origin();
        if !is_own(request.headers(), &own) {
            return refusal(request.headers(), &own).into_response();
        }
    }
    next.run(request).await
}

/// A browser always says which page it comes from; who says nothing is a program, and learns what is missing.
fn refusal(headers: &HeaderMap, own: &str) -> ApiError {
    if headers.contains_key(header::ORIGIN) {
        ApiError::forbidden("foreign_origin", "this request comes from a page of another origin")
    } else {
        let detail = format!("this request names no origin; who sends a cookie sends the header `Origin: {own}`");
        ApiError::forbidden("foreign_origin", detail)
    }
}

/// Whether the request's `Origin` is exactly `own`. A missing one is not: browsers always send it where it matters.
pub fn is_own(headers: &HeaderMap, own: &str) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let first = origins.next().is_some_and(|origin| origin.as_bytes() == own.as_bytes());
    first && origins.next().is_none()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_exactly_our_origin_counts() {
        let own = "https://fernamt.example.org";
        let with = |origin: &'static str| HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))]);
        assert!(is_own(&with(own), own));
        for foreign in
            ["null", "https://app.fernamt.example.org", "http://fernamt.example.org", "https://fernamt.example.org:444"]
        {
            assert!(!is_own(&with(foreign), own), "{foreign}");
        }
        assert!(!is_own(&HeaderMap::new(), own));
        let mut doubled = with(own);
        doubled.append(header::ORIGIN, HeaderValue::from_static("https://evil.example"));
        assert!(!is_own(&doubled, own));
    }
}
