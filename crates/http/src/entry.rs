//! The way from the main site into an origin of its own: what both sides of the redirects agree on.
//!
//! The origin puts a secret ("state") into the browser and leads to the main site; that leads back with a one-time
//! code, which counts only in the browser that holds the state: so nobody can slip another person into *their* session.

use aws_lc_rs::digest;
use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use data_encoding::BASE64URL_NOPAD;

/// The path under which such an origin belongs to this way in.
pub const OWN_PATHS: &str = "/.fernamt/";

/// The longest path that is carried through sign-in, in bytes.
pub const MAX_PATH_BYTES: usize = 2_048;

/// What of a state's secret may be seen in addresses: its hash.
pub fn state_of(secret: &str) -> String {
    BASE64URL_NOPAD.encode(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref())
}

/// Whether a path stays on the origin that it is appended to.
pub fn is_local(path: &str) -> bool {
    path.len() <= MAX_PATH_BYTES
        && path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.starts_with(OWN_PATHS)
        && path.bytes().all(|byte| (0x21..=0x7E).contains(&byte))
}

/// Leads elsewhere (303) without being kept or told on; `None` for what is no address.
pub fn redirect(location: &str) -> Option<Response<Body>> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(location).ok()?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Some(response)
}

/// A text as a query holds it.
pub fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The first value of this name in a query.
pub fn value(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_the_same_origin_are_carried() {
        assert!(is_local("/akten?id=1#x"));
        for path in [
            "",
            "akten",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/.fernamt/enter?code=x",
            "/a\r\nb",
            "/ä",
        ] {
            assert!(!is_local(path), "{path:?}");
        }
        assert!(!is_local(&format!("/{}", "x".repeat(MAX_PATH_BYTES))));
    }
}
