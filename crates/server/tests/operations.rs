//! The document and the server say the same.

use fernamt_testkit::{http, office::Office};
use serde_json::json;

use crate::{BINARY, office};

/// Routes answer something of their own; what is not routed answers 404 with this code, or 405.
#[test]
fn every_declared_operation_is_routed_and_needs_what_it_says() {
    let office = Office::start_binary_with(BINARY, "[mail]\n").unwrap();
    let document = serde_json::to_value(fernamt_api::document()).unwrap();
    // these prove who asks by what is in the body
    let open = ["/api/v1/sign-in", "/api/v1/setup", "/api/v1/session/rotate", "/api/v1/conference/entry"];
    let mut looked_at = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            let id = "00000000-0000-7000-8000-000000000000";
            let concrete = path.replace("{id}", id).replace("{person}", id);
            let ask = |host: &str| {
                let origin = format!("http://{host}");
                let headers = [("Host", host), ("Origin", &origin), ("Content-Type", "application/json")];
                http::request(office.address(), &method, &concrete, &headers, b"{}").unwrap()
            };
            let mut answer = ask(&office.host());
            if ["/api/v1/container", "/api/v1/mail/"].iter().any(|prefix| path.starts_with(prefix)) {
                assert_eq!(answer.status, 404, "{method} {path} is for the origin of mail alone");
                answer = ask(&format!("post.{}", office.host()));
            }
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            assert_ne!(answer.status, 405, "{method} {path} is declared but not routed");
            if open.iter().any(|prefix| path.starts_with(prefix)) {
                assert_ne!(answer.status, 404, "{method} {path} is declared but not routed: {said}");
            } else if ["/api/v1/desktop", "/api/v1/tunnel"].contains(&path.as_str()) || path.ends_with("/socket") {
                assert!(answer.status >= 400 && answer.status != 404, "{method} {path} let a stranger in: {said}");
            } else if path == "/api/v1/apps/{id}/enter" {
                assert_eq!(answer.status, 303, "a stranger is sent to sign in: {said}");
                assert!(answer.headers["location"].contains("/anmelden"), "{:?}", answer.headers);
            } else {
                assert_eq!(answer.status, 401, "{method} {path} let a stranger in, or is not routed: {said}");
            }
            looked_at += 1;
        }
    }
    assert!(looked_at > 60, "only {looked_at} operations are declared");
}

#[test]
fn requests_from_foreign_pages_change_nothing() {
    let office = office();
    let person = office.person("ada", "Kastanie-Regen-41").unwrap();
    let challenge = person.get("/api/v1/sign-in/challenge").unwrap().json().unwrap()["challenge"].clone();
    let body = json!({ "name": "ada", "password": "x", "device": person.proof(challenge.as_str().unwrap()).unwrap(), "challenge": challenge });
    let host = office.host();
    for origin in ["http://evil.example", "null", &format!("http://app.{host}")] {
        let headers = [("Host", host.as_str()), ("Origin", origin), ("Content-Type", "application/json")];
        let answer =
            http::request(office.address(), "POST", "/api/v1/sign-in", &headers, body.to_string().as_bytes()).unwrap();
        assert_eq!(answer.json().unwrap()["code"], "foreign_origin", "{origin}");
    }
    let headers = [("Host", host.as_str()), ("Content-Type", "application/json")];
    let answer =
        http::request(office.address(), "POST", "/api/v1/sign-in", &headers, body.to_string().as_bytes()).unwrap();
    let said = answer.json().unwrap();
    assert_eq!(said["code"], "foreign_origin");
    assert!(said["detail"].as_str().unwrap().contains(&format!("Origin: http://{host}")), "{said}");
}

#[test]
fn an_unknown_host_and_an_oversized_body_are_refused() {
    let office = office();
    let answer = http::request(office.address(), "GET", "/", &[("Host", "other.example")], b"").unwrap();
    assert_eq!(answer.status, 421);
    let host = office.host();
    let origin = format!("http://{host}");
    let headers = [("Host", host.as_str()), ("Origin", &origin), ("Content-Type", "application/json")];
    let body = vec![b' '; 2 * 1024 * 1024 + 1];
    let answer = http::request(office.address(), "POST", "/api/v1/sign-in", &headers, &body).unwrap();
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json().unwrap()["code"], "too_large");
}

#[test]
fn every_page_carries_the_headers_that_keep_it_to_itself() {
    let office = office();
    let host = office.host();
    for path in ["/", "/api/v1/sign-in/challenge", "/api/v1/nothing"] {
        let answer = http::request(office.address(), "GET", path, &[("Host", &host)], b"").unwrap();
        for header in
            ["content-security-policy", "x-content-type-options", "referrer-policy", "cross-origin-opener-policy"]
        {
            assert!(answer.headers.contains_key(header), "{path} has no {header}");
        }
    }
    let answer = http::request(office.address(), "GET", "/healthz", &[("Host", &host)], b"").unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"ok\n".as_slice()));
}
