//! What a session's cookie is worth, to its owner and to a thief.

use axum::http::StatusCode;
use fernamt_domain::{PersonState, audit::AuditKind};
use fernamt_identity::session::{GRACE, ROTATE_AFTER};
use serde_json::json;
use time::Duration;

use crate::support::{Office, PASSWORD};

#[tokio::test]
async fn a_session_lives_on_by_the_devices_signature() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let first = browser.cookie.clone();
    for _ in 0..8 {
        office.clock.advance(ROTATE_AFTER);
        let (status, problem) = browser.get("/api/v1/session").await;
        assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("rotation_needed")));
        assert_eq!(browser.rotate().await.0, StatusCode::OK);
        assert!(browser.is_signed_in().await);
    }
    assert_ne!(browser.cookie, first);
}

#[tokio::test]
async fn a_copied_cookie_dies_without_the_key() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let mut thief = browser.stolen();
    assert!(thief.is_signed_in().await, "for the moment a copy is as good as the original");
    let (status, problem) = thief.rotate().await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("device_proof")));
    assert_eq!(browser.rotate().await.0, StatusCode::OK);
    assert!(thief.is_signed_in().await, "requests under way when the secret changed are still answered");
    office.clock.advance(GRACE + Duration::SECOND);
    assert!(!thief.is_signed_in().await);
    assert_eq!(thief.rotate().await.1["code"], "device_proof");
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn an_old_secret_ends_the_session_and_raises_an_alarm() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let mut thief = browser.stolen();
    for _ in 0..2 {
        assert_eq!(browser.rotate().await.0, StatusCode::OK);
    }
    assert!(!thief.is_signed_in().await);
    assert!(!browser.is_signed_in().await);
    assert_eq!(office.audited(AuditKind::Alarm).await, ["old_session_secret"]);
}

#[tokio::test]
async fn a_lost_answer_signs_nobody_out_and_two_tabs_do_not_fight() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let mut other_tab = browser.clone();
    assert_eq!(browser.rotate().await.0, StatusCode::OK);
    let before = other_tab.cookie.clone();
    assert_eq!(other_tab.rotate().await.0, StatusCode::OK);
    assert_eq!(other_tab.cookie, before, "within the grace a second tab changes nothing");
    office.clock.advance(Duration::minutes(20));
    assert_eq!(other_tab.rotate().await.0, StatusCode::OK, "as if the first tab's answer had been lost");
    assert!(other_tab.is_signed_in().await);
}

#[tokio::test]
async fn a_made_up_secret_ends_nobodys_session() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let id = browser.cookie.as_ref().unwrap().split('.').next().unwrap().to_owned();
    let mut stranger = office.browser();
    stranger.cookie = Some(format!("{id}.{}", "A".repeat(64)));
    assert!(!stranger.is_signed_in().await);
    assert!(browser.is_signed_in().await);
    assert!(office.audited(AuditKind::Alarm).await.is_empty());
}

#[tokio::test]
async fn sessions_end_when_idle_when_old_and_when_signed_out() {
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("a.meier").await;
    office.clock.advance(Duration::minutes(60));
    assert_eq!(browser.get("/api/v1/session").await.1["code"], "not_signed_in");
    assert_eq!(browser.rotate().await.1["code"], "not_signed_in");

    browser.sign_in("a.meier", PASSWORD, Some(&app.code(office.now()))).await;
    let mut hours = 0;
    while browser.rotate().await.0 == StatusCode::OK {
        office.clock.advance(Duration::minutes(30));
        hours += 1;
    }
    assert_eq!(hours, 24, "twelve hours in half hours");

    browser.sign_in("a.meier", PASSWORD, Some(&app.code(office.now()))).await;
    let mut copy = browser.clone();
    assert_eq!(browser.delete("/api/v1/session").await.0, StatusCode::NO_CONTENT);
    assert_eq!((&browser.cookie, &browser.handover), (&None, &None));
    assert!(!copy.is_signed_in().await);
}

#[tokio::test]
async fn people_see_and_end_their_own_sessions_and_devices_only() {
    let office = Office::open().await;
    let (mut anna, app, _) = office.enrolled("anna").await;
    let (mut bert, ..) = office.enrolled("bert").await;
    let mut phone = office.browser();
    phone.sign_in("anna", PASSWORD, Some(&app.code(office.now()))).await;
    let (_, sessions) = anna.get("/api/v1/me/sessions").await;
    let sessions = sessions.as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|session| session["current"] == false).unwrap()["id"].as_str().unwrap();
    assert_eq!(bert.delete(&format!("/api/v1/me/sessions/{other}")).await.0, StatusCode::NOT_FOUND);
    assert!(phone.is_signed_in().await);
    assert_eq!(anna.delete(&format!("/api/v1/me/sessions/{other}")).await.0, StatusCode::NO_CONTENT);
    assert!(!phone.is_signed_in().await);

    let (_, devices) = anna.get("/api/v1/me/devices").await;
    let device =
        devices.as_array().unwrap().iter().find(|device| device["current"] == true).unwrap()["id"].as_str().unwrap();
    assert_eq!(bert.delete(&format!("/api/v1/me/devices/{device}")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(anna.delete(&format!("/api/v1/me/devices/{device}")).await.0, StatusCode::NO_CONTENT);
    assert!(!anna.is_signed_in().await);
}

#[tokio::test]
async fn the_typed_password_is_handed_over_to_its_session_only() {
    let office = Office::open().await;
    let (_, app, _) = office.enrolled("a.meier").await;
    let mut browser = office.browser();
    browser.sign_in("a.meier", PASSWORD, Some(&app.code(office.now()))).await;
    assert_eq!(browser.get("/api/v1/session").await.1["handover"], true);
    assert!(!browser.handover.as_ref().unwrap().contains("kaffee"));
    assert!(browser.handover.as_ref().unwrap().len() <= 512);
    office.next_code();
    let mut other = office.browser();
    other.sign_in("a.meier", PASSWORD, Some(&app.code(office.now()))).await;
    other.handover = browser.handover.clone();
    assert_eq!(other.get("/api/v1/session").await.1["handover"], false);
}

#[tokio::test]
async fn an_open_page_learns_that_its_session_is_over_without_keeping_it_alive() {
    const STANDING: &str = "/api/v1/session/standing";
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("a.meier").await;
    let before = browser.cookie.clone();
    for _ in 0..59 {
        assert_eq!(browser.get(STANDING).await.0, StatusCode::NO_CONTENT);
        office.clock.advance(Duration::minutes(1));
    }
    assert_eq!(browser.cookie, before, "asking changes no secret");
    office.clock.advance(Duration::minutes(1));
    let over = browser.get(STANDING).await;
    assert_eq!((over.0, &over.1["code"]), (StatusCode::UNAUTHORIZED, &"not_signed_in".into()), "nobody worked there");

    browser.sign_in("a.meier", PASSWORD, Some(&app.code(office.now()))).await;
    assert_eq!(browser.get(STANDING).await.0, StatusCode::NO_CONTENT);
    let person = office.tenant.people().by_name("a.meier").await.unwrap().unwrap().id;
    let work = office.tenant.begin().await.unwrap();
    work.people().set_state(person, PersonState::Disabled).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(browser.get(STANDING).await.0, StatusCode::UNAUTHORIZED, "the person was disabled");
    assert_eq!(office.browser().get(STANDING).await.0, StatusCode::UNAUTHORIZED, "nobody is signed in there");
}
