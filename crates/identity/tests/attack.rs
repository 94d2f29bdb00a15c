//! Strangers who guess: they get nowhere, cost little, and lock nobody out.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::StatusCode;
use fernamt_domain::audit::AuditKind;
use serde_json::json;
use time::Duration;

use crate::support::{Office, PASSWORD};

fn source(n: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + n))
}

/// How many of the 10,000 attempts are made: all of them in a full run.
fn attempts() -> u32 {
    if fernamt_testkit::full() { 10_000 } else { 1_000 }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_from_many_sources_lock_nobody_out() {
    let office = Office::open().await;
    let (mut known, app, _) = office.enrolled("a.meier").await;
    let before = office.tenant.audit().end().await.unwrap().sequence;
    let (mut failed, mut slowed) = (0, 0);
    for n in 0..attempts() {
        let mut stranger = office.browser_at(source(n % (attempts() / 10)));
        let guess = format!("{:06}", n * 7 % 1_000_000);
        let (status, problem) = stranger.sign_in("a.meier", "wrong", Some(&guess)).await;
        match status {
            StatusCode::UNAUTHORIZED => failed += 1,
            StatusCode::TOO_MANY_REQUESTS => slowed += 1,
            _ => panic!("{status}: {problem}"),
        }
    }
    assert_eq!(failed + slowed, attempts());
    assert!(slowed > 0, "each source is slowed after its free attempts");
    let written = office.tenant.audit().end().await.unwrap().sequence - before;
    assert!(written < 10, "{written} audit entries for {failed} failures");

    office.next_code();
    let (status, answer) = known.sign_in("a.meier", PASSWORD, Some(&app.code(office.now()))).await;
    assert_eq!(status, StatusCode::OK, "the known device gets in during the attack: {answer}");
    office.next_code();
    let (status, answer) =
        office.browser_at(source(77_777)).sign_in("a.meier", PASSWORD, Some(&app.code(office.now()))).await;
    assert_eq!(status, StatusCode::OK, "and so does a new device with the right code: {answer}");
}

#[tokio::test]
async fn a_source_is_slowed_ever_more_and_told_how_long_to_wait() {
    let office = Office::open().await;
    office.enrolled("a.meier").await;
    let mut stranger = office.browser_at(source(1));
    for _ in 0..6 {
        assert_eq!(stranger.sign_in("a.meier", "wrong", Some("000000")).await.0, StatusCode::UNAUTHORIZED);
    }
    let (status, problem) = stranger.sign_in("a.meier", "wrong", Some("000000")).await;
    assert_eq!((status, &problem["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("slow_down")));
    assert_eq!(problem["params"]["retry_after_s"], "1");
    office.clock.advance(Duration::SECOND);
    assert_eq!(stranger.sign_in("a.meier", "wrong", Some("000000")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(stranger.sign_in("a.meier", "wrong", Some("000000")).await.1["params"]["retry_after_s"], "2");
    assert_eq!(
        stranger.sign_in("b.neu", "wrong", Some("000000")).await.0,
        StatusCode::UNAUTHORIZED,
        "other names are not held up yet"
    );
}

#[tokio::test]
async fn the_known_device_is_slowed_by_its_own_failures_only() {
    let office = Office::open().await;
    let (mut known, app, _) = office.enrolled("a.meier").await;
    for _ in 0..9 {
        assert_eq!(known.sign_in("a.meier", "wrong", Some("000000")).await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(known.sign_in("a.meier", "wrong", Some("000000")).await.0, StatusCode::TOO_MANY_REQUESTS);
    office.next_code();
    assert_eq!(known.sign_in("a.meier", PASSWORD, Some(&app.code(office.now()))).await.0, StatusCode::OK);
}

#[tokio::test]
async fn challenges_cost_the_server_nothing_to_keep() {
    let office = Office::open().await;
    let before = office.tenant.audit().end().await.unwrap().sequence;
    let mut stranger = office.browser();
    for _ in 0..200 {
        stranger.proof().await;
        stranger.post("/api/v1/sign-in/passkey/begin", json!({})).await;
    }
    assert_eq!(office.tenant.audit().end().await.unwrap().sequence, before);
    assert!(office.audited(AuditKind::SignIn).await.is_empty());
}
