//! Passkeys, by an authenticator in software.

use axum::http::StatusCode;
use fernamt_domain::audit::AuditKind;
use serde_json::{Value, json};

use crate::support::{Browser, ORIGIN, Office, authenticator::Authenticator};

async fn enrol(browser: &mut Browser<'_>) -> Authenticator {
    let (status, begun) = browser.post("/api/v1/me/passkeys/begin", json!({})).await;
    assert_eq!(status, StatusCode::OK, "{begun}");
    let (authenticator, credential) = Authenticator::create(&begun["options"], ORIGIN);
    let body = json!({ "token": begun["token"], "name": "Schlüssel", "credential": credential });
    let (status, passkey) = browser.post("/api/v1/me/passkeys", body.clone()).await;
    assert_eq!((status, &passkey["name"]), (StatusCode::CREATED, &json!("Schlüssel")), "{passkey}");
    assert_ne!(browser.post("/api/v1/me/passkeys", body).await.0, StatusCode::CREATED, "a registration counts once");
    authenticator
}

async fn begin(browser: &mut Browser<'_>) -> Value {
    let (status, begun) = browser.post("/api/v1/sign-in/passkey/begin", json!({})).await;
    assert_eq!(status, StatusCode::OK, "{begun}");
    begun
}

async fn finish(browser: &mut Browser<'_>, begun: &Value, credential: Value) -> (StatusCode, Value) {
    let mut body = browser.proof().await;
    body["token"] = begun["token"].clone();
    body["credential"] = credential;
    browser.post("/api/v1/sign-in/passkey", body).await
}

#[tokio::test]
async fn a_passkey_is_a_whole_sign_in_and_each_answer_counts_once() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let mut passkey = enrol(&mut browser).await;
    let mut elsewhere = office.browser();
    let begun = begin(&mut elsewhere).await;
    let credential = passkey.sign(&begun["options"], ORIGIN);
    let (status, answer) = finish(&mut elsewhere, &begun, credential.clone()).await;
    assert_eq!((status, &answer["state"]), (StatusCode::OK, &json!("signed_in")), "{answer}");
    assert_eq!(answer["session"]["methods"], json!(["passkey"]));
    assert_eq!(answer["session"]["handover"], false);
    let (status, _) = finish(&mut office.browser(), &begun, credential).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn answers_for_other_sites_challenges_or_without_the_user_are_refused() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let mut passkey = enrol(&mut browser).await;
    let mut elsewhere = office.browser();
    let (begun, other) = (begin(&mut elsewhere).await, begin(&mut elsewhere).await);
    let foreign = passkey.sign(&begun["options"], "https://app.amt.test");
    assert_eq!(finish(&mut elsewhere, &begun, foreign).await.0, StatusCode::UNAUTHORIZED);
    let crossed = passkey.sign(&other["options"], ORIGIN);
    assert_eq!(finish(&mut elsewhere, &begun, crossed).await.0, StatusCode::UNAUTHORIZED);
    passkey.verifies = false;
    let silent = passkey.sign(&begun["options"], ORIGIN);
    assert_eq!(finish(&mut elsewhere, &begun, silent).await.0, StatusCode::UNAUTHORIZED);
    passkey.verifies = true;
    let good = passkey.sign(&begun["options"], ORIGIN);
    assert_eq!(finish(&mut elsewhere, &begun, good).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_counter_that_runs_backwards_raises_an_alarm() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let mut passkey = enrol(&mut browser).await;
    passkey.counter = 50;
    let mut elsewhere = office.browser();
    let begun = begin(&mut elsewhere).await;
    let credential = passkey.sign(&begun["options"], ORIGIN);
    assert_eq!(finish(&mut elsewhere, &begun, credential).await.0, StatusCode::OK);
    passkey.counter = 10;
    let begun = begin(&mut elsewhere).await;
    let credential = passkey.sign(&begun["options"], ORIGIN);
    assert_eq!(finish(&mut elsewhere, &begun, credential).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(office.audited(AuditKind::Alarm).await, ["passkey_copied"]);
}

#[tokio::test]
async fn a_removed_passkey_signs_nobody_in() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let mut passkey = enrol(&mut browser).await;
    let (_, factors) = browser.get("/api/v1/me/second-factors").await;
    let id = factors["passkeys"][0]["id"].as_str().unwrap();
    let (mut bert, ..) = office.enrolled("bert").await;
    assert_eq!(bert.delete(&format!("/api/v1/me/passkeys/{id}")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(browser.delete(&format!("/api/v1/me/passkeys/{id}")).await.0, StatusCode::NO_CONTENT);
    let mut elsewhere = office.browser();
    let begun = begin(&mut elsewhere).await;
    let credential = passkey.sign(&begun["options"], ORIGIN);
    assert_eq!(finish(&mut elsewhere, &begun, credential).await.0, StatusCode::UNAUTHORIZED);
}
