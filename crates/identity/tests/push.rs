//! Whether a browser is told of mail goes on after its session, or ends with it.

use axum::http::StatusCode;
use fernamt_domain::Secret;
use fernamt_identity::session::ROTATE_AFTER;
use fernamt_store::{PushRecord, SessionRecord};
use serde_json::json;
use time::Duration;

use crate::support::{Office, PASSWORD};

const SESSION: &str = "/api/v1/session";
const IDLE: &str = "/api/v1/session?idle=true";

/// The session of a person who is signed in on one browser.
async fn session_of(office: &Office, name: &str) -> SessionRecord {
    let person = office.tenant.people().by_name(name).await.unwrap().unwrap().id;
    office.tenant.sessions().live_of_person(person).await.unwrap().remove(0)
}

/// Has that browser told.
async fn tell(office: &Office, name: &str) -> SessionRecord {
    let session = session_of(office, name).await;
    let work = office.tenant.begin().await.unwrap();
    let account = work.mail_accounts().begin(Some(session.person), name, &format!("{name}@amt.test")).await.unwrap();
    let push = PushRecord {
        device: session.device.unwrap(),
        person: session.person,
        session: session.id,
        account: account.id,
        print: [u8::try_from(name.len()).unwrap(); 32],
        sealed: Secret::new(vec![9; 200]),
        until: session.expires_at,
        language: "de".to_owned(),
        from_minute: 0,
        to_minute: 0,
        weekends: true,
        time_zone: "Europe/Berlin".to_owned(),
        without: json!([]),
        state: 0,
        told_at: None,
    };
    work.pushes().write(&push).await.unwrap();
    work.commit().await.unwrap();
    session
}

/// Whether anybody is told.
async fn is_told(office: &Office) -> bool {
    !office.tenant.pushes().all().await.unwrap().is_empty()
}

#[tokio::test]
async fn a_session_that_nobody_used_goes_on_being_told_until_its_owner_signs_out() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let session = tell(&office, "a.meier").await;
    office.clock.advance(Duration::minutes(61));
    office.identity.sweep_once().await.unwrap();
    assert!(office.tenant.sessions().get(session.id).await.unwrap().ended_at.is_some());
    assert!(is_told(&office).await, "nobody signed out there");
    assert!(!browser.is_signed_in().await);

    let mut stranger = office.browser();
    let id = browser.cookie.as_ref().unwrap().split('.').next().unwrap().to_owned();
    stranger.cookie = Some(format!("{id}.{}", "A".repeat(64)));
    assert_eq!(stranger.delete(SESSION).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(office.browser().delete(SESSION).await.0, StatusCode::UNAUTHORIZED);
    assert!(is_told(&office).await, "a stranger signs nobody out");

    assert_eq!(browser.delete(SESSION).await.0, StatusCode::NO_CONTENT);
    assert!(!is_told(&office).await && browser.cookie.is_none());
}

#[tokio::test]
async fn a_session_whose_secret_waits_to_be_changed_can_be_signed_out_of() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let session = tell(&office, "a.meier").await;
    office.clock.advance(ROTATE_AFTER);
    assert_eq!(browser.delete(SESSION).await.0, StatusCode::NO_CONTENT);
    assert!(office.tenant.sessions().get(session.id).await.unwrap().ended_at.is_some());
    assert!(!is_told(&office).await);
}

#[tokio::test]
async fn a_page_that_ends_an_idle_session_signs_nobody_out() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let session = tell(&office, "a.meier").await;
    assert_eq!(browser.delete(IDLE).await.0, StatusCode::NO_CONTENT);
    assert!(!browser.is_signed_in().await);
    assert!(office.tenant.sessions().get(session.id).await.unwrap().ended_at.is_some());
    assert!(is_told(&office).await);
    assert_eq!(browser.delete(SESSION).await.0, StatusCode::NO_CONTENT, "another tab signs out");
    assert!(!is_told(&office).await && browser.cookie.is_none());
}

#[tokio::test]
async fn of_two_people_in_one_browser_the_last_who_signed_in_is_told() {
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("a.meier").await;
    tell(&office, "a.meier").await;
    office.enrolled("c.weber").await;
    assert!(is_told(&office).await, "somebody signed in in another browser");

    office.next_code();
    let code = app.code(office.now());
    assert_eq!(browser.sign_in("a.meier", PASSWORD, Some(&code)).await.0, StatusCode::OK);
    assert!(is_told(&office).await, "she herself signed in again");

    office.add_person("b.schulz").await;
    office.enrol_in(browser, "b.schulz", PASSWORD).await;
    assert!(!is_told(&office).await);
}
