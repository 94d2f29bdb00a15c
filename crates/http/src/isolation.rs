//! Which requests an origin of its own gets to see at all: those of its own pages, and people who come by a link.
//!
//! Applications stand next to each other under one parent domain, so to a browser they are one "site", and cookies
//! marked `SameSite` travel between them. A hostile application could make its visitors' browsers send requests to
//! another one. Browsers say where a request comes from (Fetch Metadata, `Origin`), and what comes from elsewhere is
//! refused unless it only shows a page.

use crate::{ApiError, Site, bearer, origin};
use axum::{
    extract::Request,
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

/// Middleware that refuses what does not come from the site's own pages.
pub async fn check(site: Site, request: Request, next: Next) -> Response {
    if bearer::is_program(&site, &request) || permits(request.method(), request.headers(), &site.own_origin()) {
        return next.run(request).await;
    }
    ApiError::forbidden("foreign_origin", "this request comes from a page of another origin").into_response()
}

/// Whether a request may reach the application at `own` origin.
pub fn permits(method: &Method, headers: &HeaderMap, own: &str) -> bool {
    let safe = matches!(*method, Method::GET | Method::HEAD);
    if is_upgrade(headers) {
        return origin::is_own(headers, own);
    }
    let named_origin = headers.contains_key(header::ORIGIN);
    if !safe && (!named_origin || !origin::is_own(headers, own)) {
        return false;
    }
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match value("sec-fetch-site") {
        Some("same-origin" | "none") => true,
        Some(_) => {
            let whole_page = matches!(value("sec-fetch-dest"), Some("document"));
            *method == Method::GET && value("sec-fetch-mode") == Some("navigate") && whole_page && !named_origin
        }
        // An old browser, or a program: it sends no metadata, but `Origin` where it matters.
        None => !named_origin || origin::is_own(headers, own),
    }
}

/// Whether a request opens a page that a person looks at, so that a redirect or a page in words is the right answer.
pub fn is_navigation(method: &Method, headers: &HeaderMap) -> bool {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let page = match (value("sec-fetch-mode"), value("sec-fetch-dest")) {
        (Some(mode), dest) => mode == "navigate" && dest != Some("empty"),
        (None, _) => value(header::ACCEPT.as_str()).is_some_and(|accept| accept.contains("text/html")),
    };
    page && *method == Method::GET
}

/// Whether a request wants to leave HTTP.
pub fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://app.fernamt.example.org";

    fn permitted(method: &Method, lines: &[(&str, &str)]) -> bool {
        let headers = lines
            .iter()
            .map(|(name, value)| (name.parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        permits(method, &headers, OWN)
    }

    #[test]
    fn own_pages_and_links_are_let_in() {
        assert!(permitted(&Method::GET, &[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")]));
        assert!(permitted(&Method::GET, &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")]));
        for site in ["cross-site", "same-site"] {
            let link = [("sec-fetch-site", site), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
            assert!(permitted(&Method::GET, &link), "a link from {site}");
        }
        assert!(permitted(&Method::POST, &[("origin", OWN), ("sec-fetch-site", "same-origin")]));
        assert!(permitted(&Method::GET, &[("origin", OWN), ("upgrade", "websocket")]));
        assert!(permitted(&Method::GET, &[]), "a program without metadata");
    }

    #[test]
    fn forged_requests_are_refused() {
        let neighbour = "https://evil.fernamt.example.org";
        for lines in [
            &[("origin", neighbour), ("sec-fetch-site", "same-site")][..],
            &[("origin", neighbour)],
            &[("origin", "null"), ("sec-fetch-site", "cross-site")],
            &[],
            &[("origin", OWN), ("sec-fetch-site", "same-site")],
        ] {
            assert!(!permitted(&Method::POST, lines), "POST with {lines:?}");
        }
        for dest in ["iframe", "image", "script", "object", "embed", "empty"] {
            let lines = [("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", dest)];
            assert!(!permitted(&Method::GET, &lines), "{dest}");
        }
        assert!(!permitted(&Method::GET, &[("origin", neighbour), ("upgrade", "websocket")]));
        assert!(!permitted(&Method::GET, &[("upgrade", "websocket")]));
    }
}
