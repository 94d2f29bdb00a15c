//! What reads foreign headers, as functions of bytes, for the fuzz targets.

use std::net::Ipv4Addr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use fernamt_domain::{Situation, TenantId, Zone};
use time::OffsetDateTime;

use super::{Place, USER_HEADER, cookies::Jar, forward::Upstream, headers};

const APP: &str = "https://app.fernamt.example.org";

/// Takes `name: value` lines as a request's headers and as a response's, and asserts that no identity but ours reaches
/// the application, and that none of our cookies, nor one for the parent domain, reaches the browser.
///
/// # Panics
/// When one of that does not hold: a fuzzer looks for panics.
pub fn proxy_headers(tenant: TenantId, now: OffsetDateTime, data: &[u8]) {
    let found = lines(data);
    let situation = Situation { zone: Zone("internet".to_owned()), address: Ipv4Addr::LOCALHOST.into(), at: now };
    let place = Place {
        tenant,
        label: "app".to_owned(),
        app_origin: APP.to_owned(),
        main_origin: "https://fernamt.example.org".to_owned(),
        situation,
    };
    let upstream = Upstream { host: "app.inside".to_owned(), port: 8080, tls: false };
    let mut jar = Jar::default();

    let mut response = found.clone();
    headers::to_browser(&mut response, &place, &upstream);
    jar.take(&mut response, "/", now);
    for line in response.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
        // The first is the cookie's own name, which may be anything.
        let for_parent = names(line).skip(1).any(|name| name == "domain");
        assert!(!for_parent, "a cookie for the parent domain passes: {line}");
        assert!(!line.starts_with("__Host-fernamt"), "one of our own cookies is set by an application: {line}");
    }

    let mut request = Request::new(());
    *request.headers_mut() = found;
    if headers::unambiguous(&request).is_err() {
        return;
    }
    let (mut parts, ()) = request.into_parts();
    headers::to_upstream(&mut parts, &place, &upstream, "erika", jar.line("/", now));
    let said: Vec<_> = parts.headers.get_all(USER_HEADER).iter().collect();
    assert_eq!(said, ["erika"], "somebody else says who is there");
    for line in parts.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok()) {
        let ours = names(line).any(|name| name.starts_with("__host-fernamt"));
        assert!(!ours, "one of our cookies reaches the application: {line}");
    }
}

/// The names of what a cookie's line holds, as a browser reads them (RFC 6265, section 5.2), in lower case.
fn names(line: &str) -> impl Iterator<Item = String> {
    line.split(';').map(|part| part.split('=').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn lines(data: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            // A map of headers has an upper limit, and a server's parser refuses far fewer.
            let _ = headers.try_append(name, value);
        }
    }
    headers
}
