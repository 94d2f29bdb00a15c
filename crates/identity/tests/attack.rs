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

/// Strangers from many sources bring wrong passwords for somebody, without a code.
async fn siege(office: &Office, name: &str) {
    for n in 0..60 {
        let (status, problem) = office.browser_at(source(n)).sign_in(name, "wrong", None).await;
        assert!(matches!(status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS), "{status}: {problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_second_factor_yet_gets_in_by_a_start_code_whatever_strangers_do() {
    let office = Office::open().await;
    let person = office.add_person("b.neu").await;
    siege(&office, "b.neu").await;
    let mut newcomer = office.browser_at(source(77_777));
    let (status, problem) = newcomer.sign_in("b.neu", PASSWORD, None).await;
    assert_eq!((status, &problem["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("slow_down")));

    let code = office.start_code(person).await;
    let mut wrong = code.clone();
    wrong["code"] = json!("0000-0000-0000-0000");
    assert_eq!(newcomer.sign_in_with("b.neu", PASSWORD, Some(wrong)).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(newcomer.sign_in_with("b.neu", "wrong", Some(code.clone())).await.0, StatusCode::UNAUTHORIZED);
    let (_, answer) = newcomer.sign_in_with("b.neu", PASSWORD, Some(code.clone())).await;
    assert_eq!(answer["state"], "enrolment_required", "it enrols, it does not sign in: {answer}");
    assert_eq!(newcomer.cookie, None);
    let app = crate::support::App::of(&answer["enrolment"]);
    let mut body = newcomer.proof().await;
    body["token"] = answer["enrolment"]["token"].clone();
    body["code"] = json!(app.code(office.now()));
    assert_eq!(newcomer.post("/api/v1/sign-in/enrolment", body).await.1["state"], "signed_in");
    let again = office.browser_at(source(88_888)).sign_in_with("b.neu", PASSWORD, Some(code)).await;
    assert_eq!(again.0, StatusCode::UNAUTHORIZED, "with the second factor the start code is gone");
    let work = office.tenant.begin().await.unwrap();
    let none = office.identity.make_start_code(&work, office.tenant.id(), person).await.unwrap();
    assert!(none.is_none(), "who has a second factor keeps their recovery codes");
}

#[tokio::test]
async fn a_start_code_grows_old() {
    let office = Office::open().await;
    let person = office.add_person("b.neu").await;
    let code = office.start_code(person).await;
    office.clock.advance(fernamt_identity::start_code::LIFETIME);
    assert_eq!(office.browser().sign_in_with("b.neu", PASSWORD, Some(code)).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_keep_knocking_do_not_keep_the_door_shut() {
    let office = Office::open().await;
    office.add_person("b.neu").await;
    siege(&office, "b.neu").await;
    let mut newcomer = office.browser_at(source(77_777));
    let (_, problem) = newcomer.sign_in("b.neu", PASSWORD, None).await;
    let wait: i64 = problem["params"]["retry_after_s"].as_str().unwrap().parse().unwrap();
    assert!(wait <= 30, "{wait}");
    for second in 0..wait {
        let (status, _) = office.browser_at(source(1_000)).sign_in("b.neu", "wrong", None).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "after {second} s");
        office.clock.advance(Duration::SECOND);
    }
    let (_, answer) = newcomer.sign_in("b.neu", PASSWORD, None).await;
    assert_eq!(answer["state"], "enrolment_required", "refused attempts did not put it off: {answer}");
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
