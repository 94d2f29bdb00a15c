//! Programs: who may make a token, what it is worth, and when it is over.

use axum::http::StatusCode;
use fernamt_domain::{
    DeviceId, DeviceState, DomainEvent, PersonId,
    audit::AuditKind,
    feature::{Feature, FeatureSwitch},
};
use fernamt_identity::{feature, settings};
use serde_json::{Value, json};
use time::Duration;

use crate::support::{App, Browser, Office, PASSWORD};

const PROGRAMS: &str = "/api/v1/me/programs";

/// An office that allows programs for up to 90 days.
async fn office() -> Office {
    let office = Office::open().await;
    allow(&office, true).await;
    office
}

async fn allow(office: &Office, allowed: bool) {
    let mut settings = settings::Settings::clone(&*settings::load(&office.tenant).await.unwrap());
    settings.programs.enabled = allowed;
    let work = office.tenant.begin().await.unwrap();
    settings::save(&work, &settings).await.unwrap();
    work.commit().await.unwrap();
}

/// Switches programs for people, whatever the settings say of them.
async fn switch(office: &Office, everybody: bool) {
    let switch = FeatureSwitch { everybody, ..FeatureSwitch::untouched(Feature::Programs) };
    let mut work = office.tenant.begin().await.unwrap();
    feature::save(&work, &[switch]).await.unwrap();
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await.unwrap();
}

async fn make(browser: &mut Browser<'_>, days: u16) -> (StatusCode, Value) {
    browser.post(PROGRAMS, json!({ "name": "Sicherung", "days": days })).await
}

/// A program that the control desk has approved: its device, and its token.
async fn approved(office: &Office, browser: &mut Browser<'_>, days: u16) -> (DeviceId, String) {
    let (status, made) = make(browser, days).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let device = made["program"]["id"].as_str().unwrap().parse().unwrap();
    decide(office, device, DeviceState::Approved).await;
    (device, made["token"].as_str().unwrap().to_owned())
}

async fn decide(office: &Office, device: DeviceId, state: DeviceState) {
    let work = office.tenant.begin().await.unwrap();
    work.devices().set_state(device, state, None).await.unwrap();
    work.commit().await.unwrap();
}

/// What mail says to a program.
async fn ask(office: &Office, host: &str, token: &str) -> (u16, String) {
    let bearer = format!("Bearer {token}");
    let answer = office.fetch(host, "/jmap/session", "", &[("authorization", &bearer)]).await;
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let problem: Option<Value> = serde_json::from_str(&text).ok();
    (status, problem.map_or(text, |problem| problem["code"].as_str().unwrap().to_owned()))
}

async fn served(office: &Office, token: &str) -> u16 {
    ask(office, "post.amt.test", token).await.0
}

fn refusal((status, answer): &(StatusCode, Value)) -> (u16, &str) {
    (status.as_u16(), answer["code"].as_str().unwrap_or_default())
}

async fn sign_in(office: &Office, browser: &mut Browser<'_>, app: &App) {
    let (status, answer) = browser.sign_in("ada", PASSWORD, Some(&app.code(office.now()))).await;
    assert_eq!((status, &answer["state"]), (StatusCode::OK, &json!("signed_in")), "{answer}");
    office.next_code();
}

async fn person(office: &Office) -> PersonId {
    office.tenant.people().by_name("ada").await.unwrap().unwrap().id
}

#[tokio::test]
async fn a_program_waits_for_approval_and_its_token_is_shown_once() {
    let office = office().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    let (status, made) = make(&mut browser, 30).await;
    assert_eq!((status, &made["program"]["state"]), (StatusCode::CREATED, &json!("pending")), "{made}");
    let token = made["token"].as_str().unwrap();
    assert_eq!(ask(&office, "post.amt.test", token).await, (200, "ada pending".to_owned()), "mail shuts it out itself");
    let (_, listed) = browser.get(PROGRAMS).await;
    assert_eq!(listed["programs"], json!([made["program"]]));
    assert!(!listed.to_string().contains(token), "once");
    assert_eq!((&listed["server"], &listed["max_days"]), (&json!("https://post.amt.test"), &json!(90)));
    assert_eq!(browser.get("/api/v1/me/sessions").await.1.as_array().unwrap().len(), 1, "nobody signed in for it");
    assert_eq!(made["program"]["last_seen_on"], Value::Null);

    let device = made["program"]["id"].as_str().unwrap().parse().unwrap();
    decide(&office, device, DeviceState::Approved).await;
    assert_eq!(ask(&office, "post.amt.test", token).await, (200, "ada approved".to_owned()));
    let day = office.now().date().to_string();
    assert_eq!(browser.get(PROGRAMS).await.1["programs"][0]["last_seen_on"], json!(day));
    assert_eq!(office.audited(AuditKind::Device).await.last().unwrap(), "token_made");
    let stored = office.tenant.sessions().of_program(device).await.unwrap().unwrap();
    assert_eq!(stored.seen_at, stored.created_at, "the day is all that is noted");
}

#[tokio::test]
async fn a_token_is_made_by_whoever_just_signed_in_on_an_approved_browser() {
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("ada").await;
    assert_eq!(refusal(&make(&mut browser, 30).await), (403, "programs_not_allowed"));
    assert_eq!(browser.get(PROGRAMS).await.1["allowed"], false);
    allow(&office, true).await;
    for (name, days, field) in [("", 30, "name"), ("x", 0, "days"), ("x", 91, "days"), ("a\u{7}b", 3, "name")] {
        let (status, answer) = browser.post(PROGRAMS, json!({ "name": name, "days": days })).await;
        assert_eq!((status.as_u16(), &answer["fields"][0]["path"]), (422, &json!(field)), "{answer}");
    }
    assert_eq!(make(&mut browser, 90).await.0, StatusCode::CREATED);
    assert_eq!(make(&mut office.browser(), 30).await.0, StatusCode::UNAUTHORIZED);

    office.clock.advance(Duration::minutes(14));
    assert_eq!(make(&mut browser, 90).await.0, StatusCode::CREATED);
    office.clock.advance(Duration::minutes(1));
    browser.rotate().await;
    assert_eq!(refusal(&make(&mut browser, 30).await), (403, "program_needs_sign_in"));
    assert_eq!(browser.get(PROGRAMS).await.1["may_make"], false);
    sign_in(&office, &mut browser, &app).await;
    assert_eq!(browser.get(PROGRAMS).await.1["may_make"], true);

    let own = office.tenant.devices().of_person(person(&office).await).await.unwrap()[0].id;
    decide(&office, own, DeviceState::Pending).await;
    assert_eq!(refusal(&make(&mut browser, 30).await), (403, "program_needs_sign_in"));
}

#[tokio::test]
async fn a_token_ends_by_time_by_people_and_by_the_administration() {
    let office = office().await;
    let (mut browser, app, _) = office.enrolled("ada").await;
    let (device, revoked) = approved(&office, &mut browser, 30).await;
    let (other, suspended) = approved(&office, &mut browser, 30).await;
    let (_, lasting) = approved(&office, &mut browser, 30).await;
    assert_eq!(served(&office, &revoked).await, 200);

    assert_eq!(browser.delete(&format!("/api/v1/me/devices/{device}")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ask(&office, "post.amt.test", &revoked).await, (401, "token_refused".to_owned()));
    assert_eq!(browser.get(PROGRAMS).await.1["programs"].as_array().unwrap().len(), 2, "what is revoked is gone");
    decide(&office, other, DeviceState::Suspended).await;
    assert_eq!(served(&office, &suspended).await, 401);
    decide(&office, other, DeviceState::Approved).await;
    assert_eq!(served(&office, &suspended).await, 200, "a suspension may be over");

    allow(&office, false).await;
    assert_eq!(ask(&office, "post.amt.test", &lasting).await, (403, "programs_not_allowed".to_owned()));
    allow(&office, true).await;
    switch(&office, false).await;
    assert_eq!(ask(&office, "post.amt.test", &lasting).await, (403, "programs_not_allowed".to_owned()));
    assert_eq!(refusal(&make(&mut browser, 30).await), (403, "programs_not_allowed"));
    switch(&office, true).await;
    assert_eq!(served(&office, &lasting).await, 200, "it was refused, not ended");
    // Sessions of people end meanwhile; a program goes on for as long as its token is good.
    office.clock.advance(Duration::days(30) - Duration::minutes(1));
    office.identity.sweep_once().await.unwrap();
    assert_eq!(served(&office, &lasting).await, 200);
    office.clock.advance(Duration::minutes(1));
    assert_eq!(served(&office, &lasting).await, 401);
    office.next_code();
    sign_in(&office, &mut browser, &app).await;
    let (_, listed) = browser.get(PROGRAMS).await;
    assert!(listed["programs"].as_array().unwrap().iter().all(|program| program["over"] == true), "{listed}");
}

#[tokio::test]
async fn a_changed_password_and_a_restored_backup_end_all_tokens() {
    let office = office().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    let (_, token) = approved(&office, &mut browser, 30).await;
    let restored = office.restored_from_backup().await;
    assert_eq!(served(&restored, &token).await, 401);
    assert_eq!(served(&office, &token).await, 200);
    let change = json!({ "current": PASSWORD, "new": "tee in der kurzen pause" });
    assert_eq!(browser.post("/api/v1/me/password", change).await.0, StatusCode::NO_CONTENT);
    assert_eq!(served(&office, &token).await, 401);
    assert_eq!(browser.get(PROGRAMS).await.1["programs"][0]["over"], true);
}

#[tokio::test]
async fn programs_push_no_session_of_people_out() {
    let office = office().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    // The browser is a device as well, and there are 50 of them.
    for _ in 0..49 {
        assert_eq!(make(&mut browser, 1).await.0, StatusCode::CREATED);
    }
    assert_eq!(refusal(&make(&mut browser, 1).await), (403, "too_many_devices"));
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_token_is_good_for_mail_alone_and_nothing_else_is_a_token() {
    let office = office().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    let (_, token) = approved(&office, &mut browser, 30).await;
    let bearer = format!("Bearer {token}");
    for (host, path) in [("amt.test", "/api/v1/session"), ("amt.test", PROGRAMS), ("post.amt.test", "/api/v1/session")]
    {
        let answer = office.fetch(host, path, "", &[("authorization", &bearer)]).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{host}{path}");
    }
    for name in ["__Host-fernamt", "__Host-fernamt-post"] {
        let cookie = format!("{name}={token}");
        for host in ["amt.test", "post.amt.test"] {
            let answer = office.fetch(host, "/api/v1/session", &cookie, &[]).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "as a cookie of {host}");
        }
    }
    let cookie = browser.cookie.clone().unwrap();
    assert_eq!(served(&office, &cookie).await, 401, "a cookie is no token");
}

#[tokio::test]
async fn who_shows_wrong_tokens_is_slowed_down_and_a_good_one_never_waits() {
    let office = office().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    let (_, token) = approved(&office, &mut browser, 30).await;
    let mut wrong = token.clone();
    wrong.replace_range(20..21, if &token[20..21] == "A" { "B" } else { "A" });
    let mut slowed = 0;
    for _ in 0..40 {
        slowed += u32::from(served(&office, &wrong).await == 429);
        assert_eq!(served(&office, &token).await, 200);
    }
    assert!(slowed > 10, "{slowed}");
    assert!(browser.is_signed_in().await);
    assert!(office.audited(AuditKind::SignIn).await.contains(&"wrong_token".to_owned()));
    office.clock.advance(Duration::minutes(16));
    assert_eq!(served(&office, &wrong).await, 401, "it is forgotten");
}
