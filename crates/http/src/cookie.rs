//! Reading and writing cookies (RFC 6265). All of ours carry the `__Host-` prefix: they are `Secure`, bound to one
//! host, and no other origin can set them.

use axum::http::{HeaderMap, HeaderValue, header};
use fernamt_domain::Secret;
use time::Duration;

/// The session: `<session id>.<secret>`.
pub const SESSION: &str = "__Host-fernamt";

/// The typed password, sealed under a key that only the server holds and bound to the session.
pub const HANDOVER: &str = "__Host-fernamt-handover";

/// The session at a proxied application, on that application's origin.
pub const APP_SESSION: &str = "__Host-fernamt-app";

/// The session on the origin of mail.
pub const POST_SESSION: &str = "__Host-fernamt-post";

/// What ties the way into that session to the browser that began it.
pub const POST_STATE: &str = "__Host-fernamt-post-state";

/// What the names of all our cookies begin with. Upstream applications neither see nor set such cookies.
pub const PREFIX: &str = "__Host-fernamt";

/// The longest cookie value that is looked at, in bytes.
const MAX_VALUE_BYTES: usize = 512;

/// The value of a cookie. Two cookies of one name are refused: one of them is not ours.
pub fn get(headers: &HeaderMap, name: &str) -> Option<Secret<String>> {
    let mut values = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim_start_matches(' ').split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let value = values.next()?;
    (values.next().is_none() && value.len() <= MAX_VALUE_BYTES).then(|| Secret::from(value))
}

/// How far a cookie travels with requests from other sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// With top-level navigation only.
    Lax,
}

/// A `Set-Cookie` value. `value` must be made of cookie octets: ids and base64url are.
pub fn set(name: &str, value: &str, max_age: Duration, same_site: SameSite) -> HeaderValue {
    let same_site = match same_site {
        SameSite::Strict => "Strict",
        SameSite::Lax => "Lax",
    };
    let seconds = max_age.whole_seconds();
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}; Max-Age={seconds}");
    HeaderValue::from_str(&text).expect("ids and base64url are visible ASCII")
}

/// A `Set-Cookie` value that removes a cookie.
pub fn remove(name: &str) -> HeaderValue {
    set(name, "", Duration::ZERO, SameSite::Strict)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_str(line).unwrap())).collect()
    }

    fn value(lines: &[&str]) -> Option<String> {
        get(&headers(lines), SESSION).map(|secret| secret.expose().clone())
    }

    #[test]
    fn reads_one_cookie_among_others() {
        assert_eq!(value(&["a=b; __Host-fernamt=x.y; c=d"]).as_deref(), Some("x.y"));
        assert_eq!(value(&["__Host-fernamt-app=x"]), None);
    }

    #[test]
    fn refuses_doubled_and_oversized_cookies() {
        assert_eq!(value(&["__Host-fernamt=a; __Host-fernamt=b"]), None);
        assert_eq!(value(&["__Host-fernamt=a", "__Host-fernamt=b"]), None);
        assert_eq!(value(&[&format!("__Host-fernamt={}", "x".repeat(513))]), None);
    }
}
