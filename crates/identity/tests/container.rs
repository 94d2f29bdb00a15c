//! The server's side of sealed containers: shares, the signed policy, and who gets neither.

use axum::http::{Method, StatusCode};
use data_encoding::BASE64URL_NOPAD;
use fernamt_domain::{
    DeviceId, DeviceState, DomainEvent, PersonId,
    audit::AuditKind,
    feature::{Feature, FeatureSwitch},
};
use fernamt_identity::{feature, settings};
use fernamt_store::{AuditFilter, ContainerRecord};
use p256::{
    ecdsa::{Signature, VerifyingKey, signature::Verifier as _},
    pkcs8::DecodePublicKey as _,
};
use serde_json::{Value, json};
use time::Duration;

use crate::support::{App, Browser, Office, PASSWORD};

const CONTAINER: &str = "/api/v1/container";
const SHARE: &str = "/api/v1/container/share";
const RELEASE: &str = "/api/v1/container/share/release";
const OPENED: &str = "/api/v1/container/opened";

/// Signs in once more in the same browser.
async fn sign_in(office: &Office, browser: &mut Browser<'_>, app: &App) {
    let (status, answer) = browser.sign_in("ada", PASSWORD, Some(&app.code(office.now()))).await;
    assert_eq!((status, &answer["state"]), (StatusCode::OK, &json!("signed_in")), "{answer}");
    office.next_code();
}

async fn view(browser: &mut Browser<'_>) -> Value {
    let (status, answer) = browser.get(CONTAINER).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

fn device_of(view: &Value) -> DeviceId {
    view["device"].as_str().unwrap().parse().unwrap()
}

async fn make(browser: &mut Browser<'_>, replace: bool) -> (StatusCode, Value) {
    browser.post(SHARE, json!({ "replace": replace })).await
}

async fn release(browser: &mut Browser<'_>) -> (StatusCode, Value) {
    browser.post(RELEASE, json!({})).await
}

fn refusal((status, answer): &(StatusCode, Value)) -> (u16, &str) {
    (status.as_u16(), answer["code"].as_str().unwrap_or_default())
}

/// What the policy says, once somebody else's code has found its signature good.
fn policy(view: &Value) -> Value {
    let decode = |value: &Value| BASE64URL_NOPAD.decode(value.as_str().unwrap().as_bytes()).unwrap();
    let (bytes, signature) = (decode(&view["policy"]["bytes"]), decode(&view["policy"]["signature"]));
    assert_eq!(signature.len(), 64);
    let key = VerifyingKey::from_public_key_der(&decode(&view["policy_key"])).unwrap();
    let signature = Signature::from_slice(&signature).unwrap();
    let message = |bytes: &[u8]| [b"fernamt-container-policy\0".as_slice(), bytes].concat();
    key.verify(&message(&bytes), &signature).unwrap();
    let mut altered = bytes.clone();
    *altered.last_mut().unwrap() ^= 1;
    assert!(key.verify(&message(&altered), &signature).is_err(), "each byte counts");
    assert!(key.verify(&bytes, &signature).is_err(), "and so does what it is signed for");
    serde_json::from_slice(&bytes).unwrap()
}

async fn set_state(office: &Office, device: DeviceId, state: DeviceState) {
    let work = office.tenant.begin().await.unwrap();
    work.devices().set_state(device, state, None).await.unwrap();
    work.commit().await.unwrap();
}

async fn set(office: &Office, change: impl FnOnce(&mut settings::Settings)) {
    let mut wanted = settings::Settings::clone(&*settings::load(&office.tenant).await.unwrap());
    change(&mut wanted);
    let work = office.tenant.begin().await.unwrap();
    settings::save(&work, &wanted).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn a_device_learns_what_its_container_needs() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    let view = view(&mut browser).await;
    let person = office.tenant.people().by_name("ada").await.unwrap().unwrap();
    assert_eq!(view["person"], json!({ "id": person.id, "name": "ada", "display_name": "ADA", "language": null }));
    assert_eq!(office.tenant.devices().get(device_of(&view)).await.unwrap().person, person.id);
    assert_eq!((&view["main_origin"], &view["tenant_name"]), (&json!("https://amt.test"), &json!("amt")));
    assert_eq!(view["passphrase"], json!({ "min_characters": 12 }));
    assert_eq!(view["share"], json!({ "exists": false, "generation": null }));
    assert_eq!(view["sign_in_fresh"], true);
    let policy = policy(&view);
    let expected = json!({
        "version": 1, "device": view["device"], "serial": policy["serial"], "idle_min": 10, "offline_until_ms": null,
        "copy_out": false, "print": false, "download": false, "watermark": false, "blur": false,
        "files": true, "attachments": true, "notices": true,
    });
    assert_eq!(policy, expected);
    assert!(policy["serial"].as_u64().unwrap() < 1 << 53, "a browser counts it exactly");
}

#[tokio::test]
async fn a_policy_says_which_features_its_person_has() {
    let office = Office::open().await;
    set(&office, |settings| {
        settings.container.offline_days = 3;
        settings.container.guards.download = true;
    })
    .await;
    let (mut browser, ..) = office.enrolled("ada").await;
    let switch = async |feature: Feature, everybody: bool| {
        let switch = FeatureSwitch { everybody, ..FeatureSwitch::untouched(feature) };
        let mut work = office.tenant.begin().await.unwrap();
        feature::save(&work, &[switch]).await.unwrap();
        work.publish(DomainEvent::SettingsChanged);
        work.commit().await.unwrap();
    };
    let mut before = policy(&view(&mut browser).await);
    for (feature, field, off) in [
        (Feature::Offline, "offline_until_ms", Value::Null),
        (Feature::Files, "files", json!(false)),
        (Feature::Attachments, "attachments", json!(false)),
        (Feature::Notices, "notices", json!(false)),
        (Feature::Download, "download", json!(false)),
    ] {
        switch(feature, false).await;
        let without = policy(&view(&mut browser).await);
        assert_eq!(without[field], off);
        assert!(without["serial"].as_u64() > before["serial"].as_u64(), "{field}: a newer policy says so");
        switch(feature, true).await;
        let mut with = policy(&view(&mut browser).await);
        assert!(with["serial"].as_u64() > without["serial"].as_u64(), "{field}");
        let again = with.clone();
        with["serial"] = before["serial"].clone();
        assert_eq!(with, before, "{field}: nothing else changed");
        before = again;
    }
}

#[tokio::test]
async fn a_share_is_made_once_and_comes_back_to_its_device() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    assert_eq!(refusal(&release(&mut browser).await), (404, "container_share_missing"));
    assert_eq!(refusal(&browser.post(OPENED, json!({ "generation": 0 })).await), (404, "container_share_missing"));
    let (status, made) = make(&mut browser, false).await;
    assert_eq!(status, StatusCode::CREATED);
    let share = BASE64URL_NOPAD.decode(made["share"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(share.len(), 32);
    assert_eq!(release(&mut browser).await, (StatusCode::OK, made.clone()));
    assert_eq!(view(&mut browser).await["share"], json!({ "exists": true, "generation": null }));

    let device = device_of(&view(&mut browser).await);
    let kept = office.tenant.containers().get(device).await.unwrap().share.unwrap();
    assert!(!kept.expose().windows(8).any(|window| share.starts_with(window)), "it is kept sealed");

    assert_eq!(refusal(&make(&mut browser, false).await), (409, "container_share_exists"));
    assert_eq!(release(&mut browser).await.1, made, "the refusal changed nothing");
    let (status, other) = make(&mut browser, true).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_ne!(other["share"], made["share"]);
    assert_eq!(release(&mut browser).await.1, other);
    let told = office.audited(AuditKind::Device).await;
    assert_eq!(told.iter().filter(|action| *action == "container_made").count(), 2);
    assert_eq!(told.iter().filter(|action| *action == "container_share_released").count(), 3);
}

#[tokio::test]
async fn no_answer_stays_in_a_cache_and_the_audit_log_names_no_share() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    let (_, made) = make(&mut browser, false).await;
    release(&mut browser).await;
    for (method, path, body) in [
        (Method::GET, CONTAINER, None),
        (Method::POST, RELEASE, Some(json!({}))),
        (Method::POST, SHARE, Some(json!({ "replace": false }))),
        (Method::POST, OPENED, Some(json!({ "generation": 1 }))),
    ] {
        let headers = browser.headers_of(method, path, body).await;
        assert_eq!(headers["cache-control"], "no-store", "{path}");
    }
    office.identity.sweep_once().await.unwrap();
    let entries = office.tenant.audit().oldest_first(&AuditFilter::default(), 0, 1_000).await.unwrap();
    assert!(!format!("{entries:?}").contains(made["share"].as_str().unwrap()));
}

#[tokio::test]
async fn another_device_of_the_same_person_has_another_container() {
    let office = Office::open().await;
    let (mut first, app, _) = office.enrolled("ada").await;
    let (_, made) = make(&mut first, false).await;
    let mut second = office.browser();
    sign_in(&office, &mut second, &app).await;
    assert_eq!(view(&mut second).await["share"]["exists"], false);
    assert_eq!(refusal(&release(&mut second).await), (404, "container_share_missing"));
    let (_, other) = make(&mut second, false).await;
    assert_ne!(made["share"], other["share"]);
    assert_eq!(second.delete(SHARE).await.0, StatusCode::NO_CONTENT);
    assert_eq!(release(&mut first).await.1, made, "the first device's share stays");
    let [first, second] = [policy(&view(&mut first).await), policy(&view(&mut second).await)];
    assert_ne!(first["device"], second["device"], "a policy is for one device");
}

#[tokio::test]
async fn a_sealed_share_that_was_moved_to_another_device_opens_nowhere() {
    let office = Office::open().await;
    let (mut first, app, _) = office.enrolled("ada").await;
    make(&mut first, false).await;
    let mut second = office.browser();
    sign_in(&office, &mut second, &app).await;
    let (from, to) = (device_of(&view(&mut first).await), device_of(&view(&mut second).await));
    let stolen = office.tenant.containers().get(from).await.unwrap();
    let work = office.tenant.begin().await.unwrap();
    work.containers().write(&ContainerRecord { device: to, ..stolen }).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(refusal(&release(&mut second).await), (500, "internal"));
}

#[tokio::test]
async fn a_stranger_gets_nothing() {
    let office = Office::open().await;
    let mut stranger = office.browser();
    for (method, path) in
        [(Method::GET, CONTAINER), (Method::POST, SHARE), (Method::POST, RELEASE), (Method::POST, OPENED)]
    {
        let body = (method == Method::POST).then(|| json!({ "generation": 1 }));
        assert_eq!(refusal(&stranger.send(method, path, body).await), (401, "not_signed_in"), "{path}");
    }
    assert_eq!(refusal(&stranger.delete(SHARE).await), (401, "not_signed_in"));
}

#[tokio::test]
async fn a_device_that_waits_for_approval_gets_nothing() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    make(&mut browser, false).await;
    let device = device_of(&view(&mut browser).await);
    set_state(&office, device, DeviceState::Pending).await;
    assert_eq!(refusal(&browser.get(CONTAINER).await), (403, "device_pending"));
    assert_eq!(refusal(&make(&mut browser, true).await), (403, "device_pending"));
    assert_eq!(refusal(&release(&mut browser).await), (403, "device_pending"));
    assert_eq!(refusal(&browser.post(OPENED, json!({ "generation": 1 })).await), (403, "device_pending"));
    assert_eq!(refusal(&browser.delete(SHARE).await), (403, "device_pending"));
}

#[tokio::test]
async fn a_suspended_device_gets_its_share_again_once_it_is_approved() {
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("ada").await;
    let (_, made) = make(&mut browser, false).await;
    let device = device_of(&view(&mut browser).await);
    set_state(&office, device, DeviceState::Suspended).await;
    assert_eq!(release(&mut browser).await.0, StatusCode::UNAUTHORIZED, "nobody is signed in on it");
    let (status, answer) = browser.sign_in("ada", PASSWORD, Some(&app.code(office.now()))).await;
    assert_eq!((status, &answer["code"]), (StatusCode::FORBIDDEN, &json!("device_blocked")));
    office.next_code();
    set_state(&office, device, DeviceState::Approved).await;
    sign_in(&office, &mut browser, &app).await;
    assert_eq!(release(&mut browser).await, (StatusCode::OK, made));
}

#[tokio::test]
async fn a_revoked_device_loses_its_share_for_good() {
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("ada").await;
    make(&mut browser, false).await;
    let device = device_of(&view(&mut browser).await);
    let mut other = office.browser();
    sign_in(&office, &mut other, &app).await;
    assert_eq!(other.delete(&format!("/api/v1/me/devices/{device}")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(release(&mut browser).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(office.tenant.containers().get(device).await.unwrap(), ContainerRecord::none(device));
}

#[tokio::test]
async fn a_wiped_container_opens_no_more_and_a_new_one_begins_anew() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    let (_, made) = make(&mut browser, false).await;
    browser.post(OPENED, json!({ "generation": 40 })).await;
    let before = policy(&view(&mut browser).await)["serial"].as_u64();
    for _ in 0..2 {
        assert_eq!(browser.delete(SHARE).await.0, StatusCode::NO_CONTENT, "wiping twice is no mistake");
    }
    assert_eq!(refusal(&release(&mut browser).await), (404, "container_share_missing"));
    assert_eq!(refusal(&browser.post(OPENED, json!({ "generation": 41 })).await), (404, "container_share_missing"));
    assert_eq!(view(&mut browser).await["share"], json!({ "exists": false, "generation": null }));
    let (_, other) = make(&mut browser, false).await;
    assert_ne!(made["share"], other["share"]);
    assert_eq!(browser.post(OPENED, json!({ "generation": 0 })).await.0, StatusCode::NO_CONTENT);
    office.next_code();
    assert!(policy(&view(&mut browser).await)["serial"].as_u64() >= before, "numbers of policies go on");
    let told = office.audited(AuditKind::Device).await;
    assert_eq!(told.iter().filter(|action| *action == "container_wiped").count(), 1, "{told:?}");
}

#[tokio::test]
async fn a_share_needs_a_fresh_sign_in() {
    let office = Office::open().await;
    set(&office, |settings| (settings.session_hours, settings.idle_minutes) = (24, 480)).await;
    let (mut browser, app, _) = office.enrolled("ada").await;
    let (_, made) = make(&mut browser, false).await;
    office.clock.advance(Duration::hours(7));
    assert_eq!(browser.rotate().await.0, StatusCode::OK);
    assert_eq!(release(&mut browser).await.0, StatusCode::OK, "seven hours are fresh");
    office.clock.advance(Duration::hours(5));
    assert_eq!(browser.rotate().await.0, StatusCode::OK, "requests keep the session, and make no sign-in fresh");
    assert_eq!(view(&mut browser).await["sign_in_fresh"], false);
    assert_eq!(refusal(&release(&mut browser).await), (403, "sign_in_not_fresh"));
    assert_eq!(refusal(&make(&mut browser, true).await), (403, "sign_in_not_fresh"));
    assert_eq!(browser.post(OPENED, json!({ "generation": 1 })).await.0, StatusCode::NO_CONTENT);
    sign_in(&office, &mut browser, &app).await;
    assert_eq!(view(&mut browser).await["sign_in_fresh"], true);
    assert_eq!(release(&mut browser).await, (StatusCode::OK, made));
}

#[tokio::test]
async fn releases_that_open_nothing_slow_down_also_over_a_restart() {
    let mut office = Office::open().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    make(&mut browser, false).await;
    let cookie = browser.cookie.clone();
    for _ in 0..5 {
        assert_eq!(release(&mut browser).await.0, StatusCode::OK);
    }
    office = office.restarted().await;
    let mut browser = office.browser();
    browser.cookie = cookie;
    for wait in [1, 2, 4, 8] {
        let slow = release(&mut browser).await;
        assert_eq!(refusal(&slow), (429, "too_many_attempts"));
        assert_eq!(slow.1["params"]["retry_after_s"], json!(wait.to_string()));
        let headers = browser.headers_of(Method::POST, RELEASE, Some(json!({}))).await;
        assert_eq!(headers["retry-after"], wait.to_string().as_str());
        office.clock.advance(Duration::seconds(wait) - Duration::milliseconds(1));
        assert_eq!(refusal(&release(&mut browser).await), (429, "too_many_attempts"), "refused tries do not count");
        office.clock.advance(Duration::milliseconds(1));
        assert_eq!(release(&mut browser).await.0, StatusCode::OK);
    }
    assert_eq!(browser.post(OPENED, json!({ "generation": 1 })).await.0, StatusCode::NO_CONTENT);
    for _ in 0..5 {
        assert_eq!(release(&mut browser).await.0, StatusCode::OK, "who opened it begins anew");
    }
    assert_eq!(refusal(&release(&mut browser).await), (429, "too_many_attempts"));
}

#[tokio::test]
async fn the_generation_never_falls() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    make(&mut browser, false).await;
    for (generation, expected, highest) in
        [(0, 204, 0), (7, 204, 7), (7, 204, 7), (6, 409, 7), (0, 409, 7), (8, 204, 8)]
    {
        let answer = browser.post(OPENED, json!({ "generation": generation })).await;
        assert_eq!(answer.0.as_u16(), expected, "{generation}: {}", answer.1);
        assert_eq!(refusal(&answer).1, if expected == 409 { "container_disk_older" } else { "" });
        assert_eq!(view(&mut browser).await["share"]["generation"], highest);
    }
    let most = (1_u64 << 53) - 1;
    let beyond = browser.post(OPENED, json!({ "generation": most + 1 })).await;
    assert_eq!((refusal(&beyond), &beyond.1["fields"][0]["code"]), ((422, "invalid"), &json!("out_of_range")));
    assert_eq!(refusal(&browser.post(OPENED, json!({ "generation": -1 })).await).0, 400);
    assert_eq!(browser.post(OPENED, json!({ "generation": most })).await.0, StatusCode::NO_CONTENT);
    assert_eq!(view(&mut browser).await["share"]["generation"], most);
}

#[tokio::test]
async fn the_number_of_a_policy_grows_with_each_change_and_with_nothing_else() {
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("ada").await;
    let first = policy(&view(&mut browser).await);
    office.clock.advance(Duration::minutes(5));
    make(&mut browser, false).await;
    assert_eq!(policy(&view(&mut browser).await), first, "neither time nor a share changes a policy");
    let serial = |policy: &Value| policy["serial"].as_u64().unwrap();

    set(&office, |settings| {
        settings.container.idle_minutes = 3;
        settings.container.offline_days = 2;
        settings.container.passphrase_chars = 20;
    })
    .await;
    let answer = view(&mut browser).await;
    let second = policy(&answer);
    assert!(serial(&second) > serial(&first));
    assert_eq!((&second["idle_min"], &answer["passphrase"]["min_characters"]), (&json!(3), &json!(20)));
    let signed_in = office.tenant.sessions().live_of_person(person(&office).await).await.unwrap()[0].created_at;
    let until = (signed_in + Duration::days(2)).unix_timestamp();
    assert_eq!(second["offline_until_ms"].as_i64().unwrap() / 1_000, until, "counted from the sign-in");
    assert_eq!(policy(&view(&mut browser).await), second);

    sign_in(&office, &mut browser, &app).await;
    let third = policy(&view(&mut browser).await);
    assert!(
        serial(&third) > serial(&second) && third["offline_until_ms"].as_i64() > second["offline_until_ms"].as_i64()
    );
    set(&office, |settings| settings.container.offline_days = 0).await;
    let fourth = policy(&view(&mut browser).await);
    assert!(serial(&fourth) > serial(&third));
    assert_eq!(fourth["offline_until_ms"], Value::Null);
    set(&office, |settings| (settings.container.guards.print, settings.container.guards.blur) = (true, true)).await;
    let fifth = policy(&view(&mut browser).await);
    assert!(serial(&fifth) > serial(&fourth));
    let told = ["copy_out", "print", "download", "watermark", "blur"].map(|guard| fifth[guard] == true);
    assert_eq!(told, [false, true, false, false, true]);
    assert_eq!(policy(&view(&mut browser).await), fifth);
}

async fn person(office: &Office) -> PersonId {
    office.tenant.people().by_name("ada").await.unwrap().unwrap().id
}

#[tokio::test]
async fn the_key_of_policies_stays_over_restarts() {
    let mut office = Office::open().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    let (before, cookie) = (view(&mut browser).await, browser.cookie.clone());
    office = office.restarted().await;
    let mut browser = office.browser();
    browser.cookie = cookie;
    let after = view(&mut browser).await;
    assert_eq!(before["policy_key"], after["policy_key"]);
    assert_eq!(policy(&before), policy(&after));
}

#[tokio::test]
async fn a_restored_office_has_no_shares() {
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("ada").await;
    make(&mut browser, false).await;
    let key = view(&mut browser).await["policy_key"].clone();
    let restored = office.restored_from_backup().await;
    let mut browser = restored.same_browser(&browser);
    assert_eq!(browser.get(CONTAINER).await.0, StatusCode::UNAUTHORIZED, "all sessions have ended");
    let device = restored.tenant.devices().of_person(person(&restored).await).await.unwrap().remove(0);
    assert_eq!(device.state, DeviceState::Pending);
    set_state(&restored, device.id, DeviceState::Approved).await;
    sign_in(&restored, &mut browser, &app).await;
    let view = view(&mut browser).await;
    assert_eq!((&view["share"]["exists"], &view["policy_key"]), (&json!(false), &key));
    assert_eq!(refusal(&release(&mut browser).await), (404, "container_share_missing"));
}
