//! Tokens by which programs say who they are (RFC 6750), on the origin of mail alone.
//!
//! A browser sends cookies by itself, whoever made it send the request; it never sends such a token by itself. So what
//! carries a token and nothing else cannot be forged by another page, and needs no `Origin`.

use axum::{
    extract::Request,
    http::{HeaderMap, header},
};
use fernamt_domain::Secret;

use crate::{ApiError, Site};

/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 256;

/// Whether a path is one that programs are served under.
pub fn is_for_programs(path: &str) -> bool {
    path.starts_with("/jmap/") || path == "/.well-known/jmap"
}

/// The token of a request, if it says who sends it at all.
pub fn token(headers: &HeaderMap) -> Result<Option<Secret<String>>, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let read = || {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        let plain = (1..=MAX_TOKEN_BYTES).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
        (scheme.eq_ignore_ascii_case("bearer") && plain).then(|| Secret::from(token))
    };
    match (read(), values.next()) {
        (Some(token), None) => Ok(Some(token)),
        _ => Err(ApiError::unauthenticated("token_malformed", "a program sends one header `Authorization: Bearer …`")),
    }
}

/// Whether a request comes from a program: it carries a token, where programs are served, and nothing that a browser
/// sends by itself.
pub fn is_program(site: &Site, request: &Request) -> bool {
    let headers = request.headers();
    site.is_post()
        && is_for_programs(request.uri().path())
        && matches!(token(headers), Ok(Some(_)))
        && !headers.contains_key(header::COOKIE)
        && !headers.contains_key(header::ORIGIN)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (header::AUTHORIZATION, HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_token_is_read_and_nothing_else() {
        assert!(token(&HeaderMap::new()).unwrap().is_none());
        for one in ["Bearer abc_-9", "bearer abc_-9", "BEARER abc_-9"] {
            assert_eq!(token(&headers(&[one])).unwrap().unwrap().expose(), "abc_-9");
        }
        let longest = format!("Bearer {}", "a".repeat(MAX_TOKEN_BYTES));
        assert!(token(&headers(&[&longest])).is_ok());
        let longer = format!("{longest}a");
        for wrong in ["Basic YTpi", "Bearer", "Bearer ", "Bearer a b", "Bearer  a", "abc", "", &longer] {
            assert_eq!(token(&headers(&[wrong])).unwrap_err().code(), "token_malformed", "{wrong}");
        }
        assert!(token(&headers(&["Bearer a", "Bearer a"])).is_err(), "two of them");
    }

    #[test]
    fn programs_are_served_mail_and_nothing_else() {
        for path in ["/jmap/api", "/jmap/session", "/jmap/download/a/b/c", "/.well-known/jmap"] {
            assert!(is_for_programs(path), "{path}");
        }
        for path in ["/", "/jmap", "/api/v1/container", "/api/v1/session", "/.well-known/jmap/x", "/x/jmap/api"] {
            assert!(!is_for_programs(path), "{path}");
        }
    }
}
