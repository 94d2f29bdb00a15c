//! What is taken out of requests and responses on their way through, and what is put in.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Version, header, request::Parts};

use super::{Place, Upstream};

/// The header that tells the application who is there: the sign-in name. It can come from nobody else.
pub const USER_HEADER: HeaderName = HeaderName::from_static("x-fernamt-user");

/// Headers that concern one connection only (RFC 9110, section 7.6.1), beside those that `Connection` names.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers by which applications learn from other proxies who is there or where from.
const IDENTITY: [&str; 14] = [
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "remote-user",
    "x-remote-user",
    "x-user",
    "x-authenticated-user",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
    "x-ssl-client-cert",
];
const IDENTITY_PREFIXES: [&str; 6] =
    ["x-fernamt-", "x-forwarded-", "x-auth-", "x-remote-", "x-webauth-", "x-ssl-client-"];

/// Why a request is not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ambiguous;

/// Refuses what two servers might read differently: the ground of request smuggling.
pub(super) fn unambiguous<B>(request: &Request<B>) -> Result<(), Ambiguous> {
    let headers = request.headers();
    let count = |name: HeaderName| headers.get_all(name).iter().count();
    let both = headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH);
    let coding = headers.get(header::TRANSFER_ENCODING);
    let strange_coding = coding.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"chunked"));
    let doubled =
        [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING].into_iter().any(|name| count(name) > 1);
    let old_chunked = request.version() == Version::HTTP_10 && coding.is_some();
    // A program that mistakes `_` for `-` would take such a header for one that we set.
    let underscored = headers.keys().any(|name| name.as_str().contains('_'));
    let path = request.uri().path();
    let strange_path = !path.starts_with('/') || path.contains('\\');
    if both || strange_coding || doubled || old_chunked || underscored || strange_path {
        Err(Ambiguous)
    } else {
        Ok(())
    }
}

/// Makes a request's headers those that the application gets.
pub(super) fn to_upstream(
    parts: &mut Parts,
    place: &Place,
    upstream: &Upstream,
    user: &str,
    cookies: Option<HeaderValue>,
) {
    let upgrade = parts.headers.get(header::UPGRADE).cloned();
    let headers = &mut parts.headers;
    remove_hop_by_hop(headers);
    for name in IDENTITY {
        headers.remove(name);
    }
    let forged = |name: &&HeaderName| IDENTITY_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix));
    let forged: Vec<_> = headers.keys().filter(forged).cloned().collect();
    for name in forged {
        headers.remove(name);
    }
    // The body's length comes from the body itself.
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::EXPECT);
    headers.remove(header::COOKIE);
    if let Some(cookies) = cookies {
        headers.insert(header::COOKIE, cookies);
    }
    set(headers, header::HOST, &upstream.authority());
    for name in [header::ORIGIN, header::REFERER] {
        let own =
            headers.get(&name).and_then(|value| value.to_str().ok()).and_then(|value| inside(value, &place.app_origin));
        match own.map(|rest| format!("{}{rest}", upstream.origin())) {
            Some(inner) => set(headers, name, &inner),
            None if name == header::REFERER => {
                headers.remove(name);
            }
            None => {}
        }
    }
    let (scheme, host) = place.app_origin.split_once("://").unwrap_or(("https", &place.app_origin));
    let address = place.situation.address;
    let node = if address.is_ipv6() { format!("\"[{address}]\"") } else { address.to_string() };
    set(headers, HeaderName::from_static("forwarded"), &format!("for={node};host=\"{host}\";proto={scheme}"));
    set(headers, HeaderName::from_static("x-forwarded-for"), &address.to_string());
    set(headers, HeaderName::from_static("x-forwarded-host"), host);
    set(headers, HeaderName::from_static("x-forwarded-proto"), scheme);
    set(headers, USER_HEADER, user);
    if let Some(upgrade) = upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, upgrade);
    }
}

/// Makes a response's headers those that the browser gets. Cookies are the jar's matter.
pub(super) fn to_browser(headers: &mut HeaderMap, place: &Place, upstream: &Upstream) {
    const OF_THE_HOST: [&str; 6] =
        ["strict-transport-security", "alt-svc", "nel", "report-to", "reporting-endpoints", "x-powered-by"];
    remove_hop_by_hop(headers);
    for name in OF_THE_HOST {
        headers.remove(name);
    }
    for name in [header::LOCATION, header::CONTENT_LOCATION] {
        let inner = headers.get(&name).and_then(|value| value.to_str().ok());
        let outer = inner.and_then(|value| {
            let origins = [upstream.origin(), upstream.origin_with_port()];
            origins.iter().find_map(|origin| inside(value, origin)).map(|rest| format!("{}{rest}", place.app_origin))
        });
        if let Some(outer) = outer {
            set(headers, name, &outer);
        }
    }
    let framing = headers.contains_key(header::X_FRAME_OPTIONS)
        || headers
            .get_all(header::CONTENT_SECURITY_POLICY)
            .iter()
            .any(|policy| policy.to_str().is_ok_and(|policy| policy.to_ascii_lowercase().contains("frame-ancestors")));
    if !framing {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    // Each of these keeps neighbours under the same parent domain apart; what the application says itself is kept.
    for (name, value) in [
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("origin-agent-cluster", "?1"),
    ] {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    if place.app_origin.starts_with("https://") {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// What follows an origin in an address, if the address lies within that origin.
fn inside<'a>(address: &'a str, origin: &str) -> Option<&'a str> {
    let start = address.get(..origin.len())?;
    let rest = address.get(origin.len()..)?;
    let ends = rest.is_empty() || rest.starts_with(['/', '?', '#']);
    (start.eq_ignore_ascii_case(origin) && ends).then_some(rest)
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<String> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        // These decide over the message itself; nobody may talk us into dropping them.
        .filter(|name| !matches!(name.as_str(), "host" | "cookie" | "content-length" | "authorization"))
        .collect();
    for name in HOP_BY_HOP.iter().copied().chain(named.iter().map(String::as_str)) {
        headers.remove(name);
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    match HeaderValue::from_str(value) {
        Ok(value) => {
            headers.insert(name, value);
        }
        Err(_) => {
            headers.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::Method;
    use fernamt_domain::{Situation, TenantId, Zone};
    use time::OffsetDateTime;

    use super::*;

    fn place(address: &str) -> Place {
        Place {
            tenant: TenantId(uuid::Uuid::nil()),
            label: "app".to_owned(),
            app_origin: "https://app.fernamt.example.org".to_owned(),
            main_origin: "https://fernamt.example.org".to_owned(),
            situation: Situation {
                zone: Zone("internet".to_owned()),
                address: address.parse::<IpAddr>().unwrap(),
                at: OffsetDateTime::UNIX_EPOCH,
            },
        }
    }

    fn upstream() -> Upstream {
        Upstream { host: "intern.amt.test".to_owned(), port: 80, tls: false }
    }

    fn request(lines: &[(&str, &str)]) -> Request<()> {
        let mut builder = Request::builder().method(Method::POST).uri("/path");
        for (name, value) in lines {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap()
    }

    fn sent(lines: &[(&str, &str)]) -> HeaderMap {
        let (mut parts, ()) = request(lines).into_parts();
        to_upstream(&mut parts, &place("2001:db8::7"), &upstream(), "anna", Some("sid=1".parse().unwrap()));
        parts.headers
    }

    #[test]
    fn nobody_can_pose_as_somebody_else() {
        let headers = sent(&[
            ("X-Fernamt-User", "boss"),
            ("X-Forwarded-For", "127.0.0.1"),
            ("Forwarded", "for=127.0.0.1"),
            ("Remote-User", "boss"),
            ("X-Auth-Request-User", "boss"),
            ("X-Original-URL", "/admin"),
            ("Cookie", "__Host-fernamt-app=secret; sid=planted"),
            ("Connection", "x-fernamt-user, cookie, close"),
            ("Origin", "https://app.fernamt.example.org"),
            ("Referer", "https://app.fernamt.example.org/a?b"),
            ("Authorization", "Basic x"),
        ]);
        let mut lines: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        authorization: Basic x
        cookie: sid=1
        forwarded: for="[2001:db8::7]";host="app.fernamt.example.org";proto=https
        host: intern.amt.test
        origin: http://intern.amt.test
        referer: http://intern.amt.test/a?b
        x-fernamt-user: anna
        x-forwarded-for: 2001:db8::7
        x-forwarded-host: app.fernamt.example.org
        x-forwarded-proto: https
        "#);
    }

    #[test]
    fn what_two_servers_might_read_differently_is_refused() {
        for lines in [
            &[("transfer-encoding", "chunked"), ("content-length", "3")][..],
            &[("transfer-encoding", "xchunked")],
            &[("transfer-encoding", "gzip, chunked")],
            &[("content-length", "3"), ("content-length", "4")],
            &[("host", "a"), ("host", "b")],
            &[("x_fernamt_user", "boss")],
        ] {
            assert_eq!(unambiguous(&request(lines)), Err(Ambiguous), "{lines:?}");
        }
        assert_eq!(unambiguous(&request(&[("transfer-encoding", "chunked"), ("host", "a")])), Ok(()));
    }

    #[test]
    fn redirects_lead_back_to_us_and_neighbours_stay_apart() {
        let located = |location: &str| {
            let mut headers = HeaderMap::from_iter([(header::LOCATION, location.parse().unwrap())]);
            to_browser(&mut headers, &place("10.0.0.1"), &upstream());
            headers
        };
        let location = |location| located(location)[header::LOCATION].to_str().unwrap().to_owned();
        assert_eq!(location("http://intern.amt.test/a"), "https://app.fernamt.example.org/a");
        assert_eq!(location("HTTP://intern.amt.test:80?x"), "https://app.fernamt.example.org?x");
        assert_eq!(location("http://intern.amt.test.evil.example/"), "http://intern.amt.test.evil.example/");
        assert_eq!(location("/relative"), "/relative");
        let headers = located("/");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
        assert_eq!(headers["x-frame-options"], "SAMEORIGIN");
        assert_eq!(headers["strict-transport-security"], "max-age=31536000");
    }
}
