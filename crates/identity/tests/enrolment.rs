//! What a device meets before a container: terms of use, an oldest browser, a most of containers.

use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use fernamt_api::admin::settings::{SecurityApp, Unattested};
use fernamt_domain::{DeviceId, DeviceKind, DeviceState, audit::AuditKind};
use fernamt_identity::settings;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{App, Browser, Office, PASSWORD};

const CONTAINER: &str = "/api/v1/container";
const TERMS: &str = "/api/v1/container/terms";
const SHARE: &str = "/api/v1/container/share";
const RELEASE: &str = "/api/v1/container/share/release";
/// What a phone says of itself.
const PHONE: &str = "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0";
/// What a PC says of itself.
const DESK: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn set(office: &Office, change: impl FnOnce(&mut settings::Settings)) {
    let mut wanted = settings::Settings::clone(&*settings::load(&office.tenant).await.unwrap());
    change(&mut wanted);
    let work = office.tenant.begin().await.unwrap();
    settings::save(&work, &wanted).await.unwrap();
    work.commit().await.unwrap();
}

async fn view(browser: &mut Browser<'_>) -> Value {
    let (status, answer) = browser.get(CONTAINER).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

async fn make(browser: &mut Browser<'_>, replace: bool) -> (u16, String) {
    code(browser.post(SHARE, json!({ "replace": replace })).await)
}

async fn release(browser: &mut Browser<'_>) -> (u16, String) {
    code(browser.post(RELEASE, json!({})).await)
}

async fn accept(browser: &mut Browser<'_>, version: &Value) -> (u16, String) {
    code(browser.post(TERMS, json!({ "version": version })).await)
}

fn code((status, answer): (StatusCode, Value)) -> (u16, String) {
    (status.as_u16(), answer["code"].as_str().unwrap_or_default().to_owned())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Another browser of the same person.
async fn another<'a>(office: &'a Office, app: &App) -> Browser<'a> {
    let mut browser = office.browser();
    let (status, answer) = browser.sign_in("ada", PASSWORD, Some(&app.code(office.now()))).await;
    assert_eq!((status, &answer["state"]), (StatusCode::OK, &json!("signed_in")), "{answer}");
    office.next_code();
    browser
}

#[tokio::test]
async fn nothing_is_released_before_the_terms_in_force_are_accepted() {
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("ada").await;
    assert_eq!(view(&mut browser).await["terms"], Value::Null, "none are set");
    assert_eq!(accept(&mut browser, &json!("")).await, refused(409, "container_terms_changed"));
    set(&office, |settings| settings.enrolment.terms_de = "Nur dienstlich.".into()).await;
    let terms = view(&mut browser).await["terms"].clone();
    assert_eq!((&terms["de"], &terms["en"]), (&json!("Nur dienstlich."), &json!("")));
    assert_eq!(make(&mut browser, false).await, refused(403, "container_terms_open"));
    assert_eq!(accept(&mut browser, &json!("another")).await, refused(409, "container_terms_changed"));
    assert_eq!(make(&mut browser, false).await, refused(403, "container_terms_open"));

    let accepted_at = office.now();
    for _ in 0..2 {
        assert_eq!(accept(&mut browser, &terms["version"]).await.0, 204, "once more is no mistake");
    }
    let view_now = view(&mut browser).await;
    assert_eq!(view_now["terms"], Value::Null);
    assert_eq!(make(&mut browser, false).await.0, 201);
    let device: DeviceId = view_now["device"].as_str().unwrap().parse().unwrap();
    let kept = office.tenant.enrolments().get(device).await.unwrap().unwrap();
    let person = office.tenant.people().by_name("ada").await.unwrap().unwrap();
    assert_eq!((kept.person, kept.terms.as_deref()), (person.id, terms["version"].as_str()));
    assert_eq!(kept.accepted_at, Some(accepted_at));
    let told = office.audited(AuditKind::Device).await;
    assert_eq!(told.iter().filter(|action| *action == "terms_accepted").count(), 1, "{told:?}");

    let mut second = another(&office, &app).await;
    assert_eq!(make(&mut second, false).await, refused(403, "container_terms_open"), "each device accepts");

    set(&office, |settings| settings.enrolment.terms_en = "For work only.".into()).await;
    assert_eq!(release(&mut browser).await, refused(403, "container_terms_open"), "another text is asked for again");
    let changed = view(&mut browser).await["terms"]["version"].clone();
    assert_ne!(changed, terms["version"]);
    assert_eq!(accept(&mut browser, &terms["version"]).await, refused(409, "container_terms_changed"));
    assert_eq!(accept(&mut browser, &changed).await.0, 204);
    assert_eq!(release(&mut browser).await.0, 200);
}

#[tokio::test]
async fn a_person_has_so_many_containers_and_no_more() {
    let office = Office::open().await;
    set(&office, |settings| settings.enrolment.containers = 2).await;
    let (mut first, app, _) = office.enrolled("ada").await;
    let mut second = another(&office, &app).await;
    let mut third = another(&office, &app).await;
    assert_eq!((make(&mut first, false).await.0, make(&mut second, false).await.0), (201, 201));
    let (status, answer) = third.post(SHARE, json!({ "replace": false })).await;
    assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &json!("too_many_containers")));
    assert_eq!(answer["params"], json!({ "most": "2" }));
    assert_eq!(make(&mut second, true).await.0, 201, "one in place of its own is no further one");
    assert_eq!(first.delete(SHARE).await.0, StatusCode::NO_CONTENT);
    assert_eq!(make(&mut third, false).await.0, 201);
    set(&office, |settings| settings.enrolment.containers = 0).await;
    assert_eq!(release(&mut third).await.0, 200, "what is there opens, whatever is set later");
    assert_eq!(make(&mut first, false).await, refused(409, "too_many_containers"), "at least one is allowed");
}

#[tokio::test]
async fn a_browser_that_is_too_old_gets_no_share() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    assert_eq!(make(&mut browser, false).await.0, 201);
    // This one says nothing of itself.
    set(&office, |settings| settings.enrolment.chromium = 130).await;
    let (status, answer) = browser.post(RELEASE, json!({})).await;
    assert_eq!((status, &answer["code"]), (StatusCode::FORBIDDEN, &json!("browser_too_old")));
    assert_eq!(answer["params"], json!({ "browser": "", "least": "130" }));
    assert_eq!(make(&mut browser, true).await, refused(403, "browser_too_old"));
    view(&mut browser).await;
    assert_eq!(browser.delete(SHARE).await.0, StatusCode::NO_CONTENT, "wiping is always possible");
}

#[tokio::test]
async fn a_contact_is_noted_every_few_minutes() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("ada").await;
    let device: DeviceId = view(&mut browser).await["device"].as_str().unwrap().parse().unwrap();
    let contact = async || office.tenant.enrolments().get(device).await.unwrap().unwrap().contact_at;
    let first = contact().await;
    office.clock.advance(Duration::minutes(4));
    view(&mut browser).await;
    assert_eq!(contact().await, first);
    office.clock.advance(Duration::minutes(1));
    view(&mut browser).await;
    assert_eq!(contact().await, first + Duration::minutes(5));
}

#[tokio::test]
async fn a_person_names_their_device_and_nobody_elses() {
    let office = Office::open().await;
    let (mut ada, ..) = office.enrolled("ada").await;
    let (mut ben, ..) = office.enrolled("ben").await;
    let device = view(&mut ada).await["device"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/me/devices/{device}");
    let name = |name: &str| Some(json!({ "name": name }));
    let (status, renamed) = ada.send(axum::http::Method::PUT, &path, name("Telefon von zu Hause")).await;
    assert_eq!((status, &renamed["name"]), (StatusCode::OK, &json!("Telefon von zu Hause")));
    let (status, _) = ada.send(axum::http::Method::PUT, &path, name(&"x".repeat(101))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _) = ben.send(axum::http::Method::PUT, &path, name("meins")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let kept = office.tenant.devices().get(device.parse().unwrap()).await.unwrap();
    assert_eq!(kept.name, "Telefon von zu Hause");
    assert!(office.audited(AuditKind::Device).await.contains(&"renamed".to_owned()));
}

#[tokio::test]
async fn a_phone_takes_a_licence_of_the_app_before_it_gets_a_share() {
    let office = Office::open().await;
    let (mut desk, app, _) = office.enrolled("ada").await;
    let mut phone = another(&office, &app).await;
    phone.agent = PHONE;
    let mut tablet = another(&office, &app).await;
    tablet.agent = "Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) Version/18.1 Safari/604.1";
    assert_eq!(make(&mut tablet, false).await.0, 201, "none is demanded");
    let demand = async |licences| {
        set(&office, |settings| {
            settings.enrolment.app = SecurityApp { demanded: true, name: "Wächter".into(), licences };
        })
        .await;
    };
    demand(1).await;
    assert_eq!(make(&mut desk, false).await.0, 201, "a PC needs none");
    assert_eq!(view(&mut desk).await["terms"], Value::Null);

    let terms = view(&mut phone).await["terms"].clone();
    assert_eq!((&terms["app"], &terms["de"]), (&json!("Wächter"), &json!("")));
    assert_eq!(make(&mut phone, false).await, refused(403, "container_terms_open"), "that it is there is said first");
    assert_eq!(accept(&mut desk, &terms["version"]).await, refused(409, "container_terms_changed"), "no terms of a PC");
    for browser in [&mut phone, &mut tablet] {
        assert_eq!(accept(browser, &terms["version"]).await.0, 204);
    }
    assert_eq!(office.tenant.licences().count().await.unwrap(), 0, "accepting alone takes none");
    assert_eq!(make(&mut phone, false).await.0, 201);
    let (status, answer) = tablet.post(RELEASE, json!({})).await;
    assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &json!("no_licence_left")), "none for what was there");
    assert_eq!(answer["params"], json!({ "licences": "1" }));
    assert_eq!(release(&mut phone).await.0, 200, "its own");
    assert_eq!(office.tenant.licences().count().await.unwrap(), 1);

    assert_eq!(phone.delete(SHARE).await.0, StatusCode::NO_CONTENT);
    assert_eq!(release(&mut tablet).await.0, 200);
    assert_eq!(make(&mut phone, false).await, refused(409, "no_licence_left"));
    demand(2).await;
    assert_eq!(make(&mut phone, false).await.0, 201);
    let told = office.audited(AuditKind::Device).await;
    assert_eq!(told.iter().filter(|action| *action == "licence_taken").count(), 3, "{told:?}");
}

#[tokio::test]
async fn who_waits_for_approval_is_known_by_browser() {
    let office = Office::open().await;
    let (_, app, _) = office.enrolled("ada").await;
    set(&office, |settings| settings.approval_needed = vec![DeviceKind::Browser]).await;
    let mut browser = office.browser();
    browser.agent = PHONE;
    let (_, answer) = browser.sign_in("ada", PASSWORD, Some(&app.code(office.now()))).await;
    assert_eq!(answer["state"], "device_pending");
    let known = office.tenant.enrolments().all().await.unwrap().remove(0);
    assert_eq!((&*known.browser, &*known.platform, known.accepted_at), ("Firefox 140", "Android", None));
    let device = office.tenant.devices().get(known.device).await.unwrap();
    assert_eq!(device.state, DeviceState::Pending);
}

async fn set_unattested(office: &Office, unattested: Unattested) {
    set(office, |settings| settings.enrolment.unattested = unattested).await;
}

/// Until when the policy lets the container open without the server.
fn offline_until(view: &Value) -> Value {
    let bytes = BASE64URL_NOPAD.decode(view["policy"]["bytes"].as_str().unwrap().as_bytes()).unwrap();
    serde_json::from_slice::<Value>(&bytes).unwrap()["offline_until_ms"].clone()
}

#[tokio::test]
async fn a_phone_that_nobody_attests_opens_without_the_server_only_where_that_is_allowed() {
    let office = Office::open().await;
    set(&office, |settings| settings.container.offline_days = 3).await;
    let (mut desk, app, _) = office.enrolled("ada").await;
    let mut phone = another(&office, &app).await;
    (desk.agent, phone.agent) = (DESK, PHONE);
    assert_ne!(offline_until(&view(&mut phone).await), Value::Null, "as ever");
    for unattested in [Unattested::OnlineOnly, Unattested::Refuse] {
        set_unattested(&office, unattested).await;
        assert_eq!(offline_until(&view(&mut phone).await), Value::Null, "{unattested}");
        assert_ne!(offline_until(&view(&mut desk).await), Value::Null, "{unattested}: a PC does");
        phone.agent = "";
        assert_eq!(offline_until(&view(&mut phone).await), Value::Null, "{unattested}: who says nothing does not");
        phone.agent = PHONE;
    }
    set_unattested(&office, Unattested::OnlineOnly).await;
    assert_eq!(
        (view(&mut phone).await["phones_refused"].clone(), make(&mut phone, false).await.0),
        (json!(false), 201)
    );
    set_unattested(&office, Unattested::Allow).await;
    assert_ne!(offline_until(&view(&mut phone).await), Value::Null, "another choice, and it does again");
}

#[tokio::test]
async fn where_phones_are_refused_they_get_no_share_and_lose_none() {
    let office = Office::open().await;
    let (mut desk, app, _) = office.enrolled("ada").await;
    let mut phone = another(&office, &app).await;
    (desk.agent, phone.agent) = (DESK, PHONE);
    let (status, made) = phone.post(SHARE, json!({ "replace": false })).await;
    assert_eq!(status, StatusCode::CREATED);
    set_unattested(&office, Unattested::Refuse).await;
    let seen = view(&mut phone).await;
    assert_eq!((&seen["phones_refused"], &seen["share"]["exists"]), (&json!(true), &json!(true)));
    assert_eq!(release(&mut phone).await, refused(403, "phones_refused"));
    assert_eq!(make(&mut phone, true).await, refused(403, "phones_refused"));
    let mut silent = another(&office, &app).await;
    assert_eq!(make(&mut silent, false).await, refused(403, "phones_refused"), "who says nothing may be one");
    assert_eq!(view(&mut desk).await["phones_refused"], false);
    assert_eq!(make(&mut desk, false).await.0, 201);
    set_unattested(&office, Unattested::Allow).await;
    assert_eq!(phone.post(RELEASE, json!({})).await, (StatusCode::OK, made), "nothing was wiped");
    set_unattested(&office, Unattested::Refuse).await;
    assert_eq!(phone.delete(SHARE).await.0, StatusCode::NO_CONTENT, "wiping is always possible");
}
