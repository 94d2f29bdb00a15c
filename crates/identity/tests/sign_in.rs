//! Signing in by password, codes and recovery codes.

use axum::http::StatusCode;
use fernamt_domain::{DeviceKind, DeviceState, audit::AuditKind};
use fernamt_identity::settings::{self, Settings};
use serde_json::json;

use crate::support::{Office, PASSWORD};

#[tokio::test]
async fn the_first_sign_in_enrols_a_second_factor_and_later_ones_need_it() {
    let office = Office::open().await;
    let (mut browser, app, codes) = office.enrolled("a.meier").await;
    assert_eq!(codes.len(), 10);
    let (_, session) = browser.get("/api/v1/session").await;
    assert_eq!(session["person"]["name"], "a.meier");
    assert_eq!(session["methods"], json!(["password", "totp"]));
    assert_eq!(session["device_state"], "approved");

    let mut elsewhere = office.browser();
    let (status, answer) = elsewhere.sign_in("a.meier", PASSWORD, None).await;
    assert_eq!((status, &answer), (StatusCode::OK, &json!({ "state": "second_factor_required", "methods": ["totp"] })));
    assert_eq!(elsewhere.cookie, None, "the right password alone signs nobody in");
    let code = app.code(office.now());
    let (status, answer) = elsewhere.sign_in(" A.Meier ", PASSWORD, Some(&code)).await;
    assert_eq!((status, &answer["state"]), (StatusCode::OK, &json!("signed_in")), "{answer}");
    assert_eq!(answer["session"]["handover"], true);

    let (status, _) = office.browser().sign_in("a.meier", PASSWORD, Some(&code)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a code counts once");
}

#[tokio::test]
async fn of_two_who_hold_the_first_password_only_the_first_enrols() {
    let office = Office::open().await;
    office.add_person("a.meier").await;
    let mut ready = Vec::new();
    for _ in 0..2 {
        let mut browser = office.browser();
        let (_, answer) = browser.sign_in("a.meier", PASSWORD, None).await;
        let mut body = browser.proof().await;
        body["token"] = answer["enrolment"]["token"].clone();
        body["code"] = json!(crate::support::App::of(&answer["enrolment"]).code(office.now()));
        ready.push((browser, body));
    }
    let [(a, first), (b, second)] = ready.as_mut_slice() else { unreachable!() };
    let path = "/api/v1/sign-in/enrolment";
    let (one, two) = tokio::join!(a.post(path, first.clone()), b.post(path, second.clone()));
    let mut states = [one.0, two.0];
    states.sort();
    assert_eq!(states, [StatusCode::OK, StatusCode::BAD_REQUEST]);
    assert_eq!(
        office
            .tenant
            .otp_tokens()
            .of_person(office.tenant.people().by_name("a.meier").await.unwrap().unwrap().id)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn whatever_was_wrong_the_answer_is_the_same() {
    let office = Office::open().await;
    let (_, app, _) = office.enrolled("a.meier").await;
    office.add_person("b.neu").await;
    let right = app.code(office.now());
    let attempts = [
        ("nobody", PASSWORD, None),
        ("nobody", PASSWORD, Some("123456")),
        ("a.meier", "wrong", None),
        ("a.meier", PASSWORD, Some("000000")),
        ("a.meier", "wrong", Some(right.as_str())),
        ("b.neu", "wrong", None),
        ("b.neu", PASSWORD, Some("123456")),
        ("", "", None),
    ];
    let mut answers = Vec::new();
    for (name, password, code) in attempts {
        answers.push(office.browser().sign_in(name, password, code).await);
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    office.browser().sign_in("a.meier", PASSWORD, None).await;
    let audited = office.audited(AuditKind::SignIn).await;
    for action in ["unknown_name", "second_factor_missing", "wrong_code", "wrong_password"] {
        assert!(audited.iter().any(|found| found == action), "{action} in {audited:?}");
    }
}

#[tokio::test]
async fn right_passwords_without_a_code_are_counted_like_wrong_ones() {
    let office = Office::open().await;
    let (mut known, app, _) = office.enrolled("a.meier").await;
    let mut stranger = office.browser_at([198, 51, 100, 7].into());
    for _ in 0..6 {
        assert_eq!(stranger.sign_in("a.meier", PASSWORD, None).await.1["state"], "second_factor_required");
    }
    let (status, problem) = stranger.sign_in("a.meier", PASSWORD, None).await;
    assert_eq!((status, &problem["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("slow_down")));
    office.clock.advance(time::Duration::SECOND);
    let code = app.code(office.now());
    assert_eq!(stranger.sign_in("a.meier", PASSWORD, Some(&code)).await.1["state"], "signed_in");
    assert_eq!(known.sign_in("a.meier", "wrong", None).await.1["code"], "sign_in_failed");
    assert_eq!(known.sign_in("a.meier", PASSWORD, None).await.1["state"], "second_factor_required");
}

#[tokio::test]
async fn a_device_that_waits_asks_and_learns_nothing_but_its_own_state() {
    let office = Office::open().await;
    let (mut first, app, _) = office.enrolled("a.meier").await;
    let waiting = Settings { approval_needed: vec![DeviceKind::Browser], ..Settings::default() };
    let work = office.tenant.begin().await.unwrap();
    settings::save(&work, &waiting).await.unwrap();
    work.commit().await.unwrap();

    let mut browser = office.browser();
    let (_, answer) = browser.sign_in("a.meier", PASSWORD, Some(&app.code(office.now()))).await;
    assert_eq!((&answer["state"], &answer["waiting"]["name"]), (&json!("device_pending"), &json!("Firefox on Linux")));
    let (_, mine) = first.get("/api/v1/me/devices").await;
    let shown = mine.as_array().unwrap().iter().find(|device| device["state"] == "pending").unwrap();
    assert_eq!(answer["waiting"]["fingerprint"], shown["fingerprint"], "the same that the lists show");
    let token = json!({ "token": answer["waiting"]["token"] });
    let path = "/api/v1/sign-in/device";
    assert_eq!(browser.post(path, token.clone()).await, (StatusCode::OK, json!({ "state": "pending" })));
    let (status, problem) = browser.post(path, token.clone()).await;
    assert_eq!((status, &problem["params"]["retry_after_s"]), (StatusCode::TOO_MANY_REQUESTS, &json!("3")));
    for foreign in [json!("made up"), browser.proof().await["challenge"].clone()] {
        let (status, problem) = browser.post(path, json!({ "token": foreign })).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("challenge_expired")));
    }

    let id = shown["id"].as_str().unwrap().parse().unwrap();
    for state in [DeviceState::Approved, DeviceState::Revoked] {
        let work = office.tenant.begin().await.unwrap();
        work.devices().set_state(id, state, None).await.unwrap();
        work.commit().await.unwrap();
        office.clock.advance(time::Duration::seconds(5));
        assert_eq!(browser.post(path, token.clone()).await.1["state"], json!(state));
        assert_eq!(browser.cookie, None, "asking signs nobody in");
    }
    office.clock.advance(time::Duration::HOUR);
    assert_eq!(browser.post(path, token).await.1["code"], "challenge_expired");
}

#[tokio::test]
async fn names_of_devices_and_passkeys_that_deceive_are_refused() {
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("a.meier").await;
    let mut body = browser.proof().await;
    body["name"] = json!("a.meier");
    body["password"] = json!(PASSWORD);
    body["second"] = json!({ "kind": "totp", "code": app.code(office.now()) });
    body["device"]["name"] = json!("Fire\u{202e}fox");
    let (status, problem) = browser.post("/api/v1/sign-in", body.clone()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let field = &problem["fields"][0];
    assert_eq!((&field["path"], &field["code"]), (&json!("device.name"), &json!("bidi_character")));
    assert_eq!(field["params"]["position"], "5");
    body["device"]["name"] = json!("x".repeat(101));
    assert_eq!(browser.post("/api/v1/sign-in", body).await.1["fields"][0]["code"], "too_long");

    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    let (_, problem) =
        browser.post("/api/v1/me/devices/ssh-key", json!({ "name": "a\u{200b}b", "public_key": key })).await;
    assert_eq!(problem["fields"][0]["code"], "invisible_character");
    let (_, options) = browser.post("/api/v1/me/passkeys/begin", json!({})).await;
    let passkey = json!({ "token": options["token"], "name": "x".repeat(101), "credential": {} });
    let (_, problem) = browser.post("/api/v1/me/passkeys", passkey).await;
    assert_eq!(problem["fields"][0]["code"], "too_long");
}

#[tokio::test]
async fn a_recovery_code_works_once_and_only_with_the_password() {
    let office = Office::open().await;
    let (_, _, codes) = office.enrolled("a.meier").await;
    let recovery = |code: &str| Some(json!({ "kind": "recovery_code", "code": code.to_uppercase() }));
    let mut browser = office.browser();
    let (status, _) = browser.sign_in_with("a.meier", "wrong", recovery(&codes[0])).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, answer) = browser.sign_in_with("a.meier", PASSWORD, recovery(&codes[0])).await;
    assert_eq!(status, StatusCode::OK, "a wrong password did not use the code up: {answer}");
    assert_eq!(answer["session"]["methods"], json!(["password", "recovery_code"]));
    let (_, factors) = browser.get("/api/v1/me/second-factors").await;
    assert_eq!(factors["recovery_codes_left"], 9);
    let (status, _) = office.browser().sign_in_with("a.meier", PASSWORD, recovery(&codes[0])).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn devices_wait_for_approval_where_the_settings_say_so_and_blocked_ones_stay_out() {
    let office = Office::open().await;
    office.add_person("a.meier").await;
    let waiting = Settings { approval_needed: vec![DeviceKind::Browser], ..Settings::default() };
    let work = office.tenant.begin().await.unwrap();
    settings::save(&work, &waiting).await.unwrap();
    work.commit().await.unwrap();

    let mut browser = office.browser();
    let (_, answer) = browser.sign_in("a.meier", PASSWORD, None).await;
    let app = crate::support::App::of(&answer["enrolment"]);
    let mut body = browser.proof().await;
    body["token"] = answer["enrolment"]["token"].clone();
    body["code"] = json!(app.code(office.now()));
    let (status, answer) = browser.post("/api/v1/sign-in/enrolment", body).await;
    assert_eq!((status, &answer["state"]), (StatusCode::OK, &json!("device_pending")));
    assert_eq!(answer["recovery_codes"].as_array().unwrap().len(), 10);
    assert_eq!(browser.cookie, None);

    let device = office.tenant.devices().list(None, &fernamt_store::Page::default()).await.unwrap().items.remove(0);
    let decide = async |state| {
        let work = office.tenant.begin().await.unwrap();
        work.devices().set_state(device.id, state, None).await.unwrap();
        work.commit().await.unwrap();
        office.next_code();
    };
    decide(DeviceState::Approved).await;
    let code = app.code(office.now());
    assert_eq!(browser.sign_in("a.meier", PASSWORD, Some(&code)).await.1["state"], "signed_in");
    decide(DeviceState::Suspended).await;
    assert!(!browser.is_signed_in().await, "a session on a suspended device is over at once");
    let code = app.code(office.now());
    let (status, problem) = browser.sign_in("a.meier", PASSWORD, Some(&code)).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("device_blocked")));
}

#[tokio::test]
async fn a_challenge_must_be_signed_fresh_and_unused() {
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("a.meier").await;
    let mut body = browser.proof().await;
    body["name"] = json!("a.meier");
    body["password"] = json!(PASSWORD);
    body["second"] = json!({ "kind": "totp", "code": app.code(office.now()) });
    let mut foreign = body.clone();
    foreign["device"]["signature"] = browser.proof().await["device"]["signature"].clone();
    let (status, problem) = browser.post("/api/v1/sign-in", foreign).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("device_proof")));
    assert_eq!(browser.post("/api/v1/sign-in", body.clone()).await.0, StatusCode::OK);
    office.next_code();
    body["second"]["code"] = json!(app.code(office.now()));
    let (status, problem) = browser.post("/api/v1/sign-in", body).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("challenge_expired")));
    let mut late = browser.proof().await;
    office.clock.advance(time::Duration::minutes(6));
    late["name"] = json!("a.meier");
    late["password"] = json!(PASSWORD);
    assert_eq!(browser.post("/api/v1/sign-in", late).await.1["code"], "challenge_expired");
}

#[tokio::test]
async fn a_setup_link_makes_the_first_administrator_once() {
    let office = Office::open().await;
    let token = office.identity.make_setup_link(&office.tenant).await.unwrap();
    let mut browser = office.browser();
    let (_, view) = browser.post("/api/v1/setup/check", json!({ "token": token.expose() })).await;
    assert_eq!(view["valid"], true);
    let mut body = browser.proof().await;
    body["token"] = json!(token.expose());
    body["name"] = json!("Leitung");
    body["display_name"] = json!("Die Leitung");
    body["password"] = json!("kurz");
    let (status, problem) = browser.post("/api/v1/setup", body.clone()).await;
    assert_eq!(
        (status, &problem["fields"][0]["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("password_too_short"))
    );
    body["password"] = json!(PASSWORD);
    let (status, answer) = browser.post("/api/v1/setup", body.clone()).await;
    assert_eq!((status, &answer["state"]), (StatusCode::OK, &json!("enrolment_required")), "{answer}");
    let (_, challenge) = browser.get("/api/v1/sign-in/challenge").await;
    assert_eq!(challenge["setup_open"], false);
    body["name"] = json!("zweite");
    assert_eq!(browser.post("/api/v1/setup", body).await.0, StatusCode::FORBIDDEN);
    let (mut browser, ..) = office.enrol("leitung", PASSWORD).await;
    assert_eq!(browser.get("/api/v1/session").await.1["person"]["roles"], json!(["administrator"]));
}

#[tokio::test]
async fn the_last_second_factor_stays_and_a_new_app_replaces_the_old() {
    let office = Office::open().await;
    let (mut browser, old, _) = office.enrolled("a.meier").await;
    let (_, enrolment) = browser.post("/api/v1/me/totp/begin", json!({})).await;
    let new = crate::support::App::of(&enrolment);
    let confirm = json!({ "token": enrolment["token"], "code": "000000" });
    assert_eq!(browser.post("/api/v1/me/totp", confirm).await.1["code"], "wrong_code");
    let confirm = json!({ "token": enrolment["token"], "code": new.code(office.now()) });
    assert_eq!(browser.post("/api/v1/me/totp", confirm).await.0, StatusCode::NO_CONTENT);
    office.next_code();
    assert_eq!(
        office.browser().sign_in("a.meier", PASSWORD, Some(&old.code(office.now()))).await.0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(office.browser().sign_in("a.meier", PASSWORD, Some(&new.code(office.now()))).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("a.meier").await;
    let mut other = office.browser();
    other.sign_in("a.meier", PASSWORD, Some(&app.code(office.now()))).await;
    let new = "ein ganz anderer satz";
    let wrong = json!({ "current": "falsch", "new": new });
    assert_eq!(browser.post("/api/v1/me/password", wrong).await.1["fields"][0]["code"], "wrong");
    let right = json!({ "current": PASSWORD, "new": new });
    assert_eq!(browser.post("/api/v1/me/password", right).await.0, StatusCode::NO_CONTENT);
    assert!(browser.is_signed_in().await);
    assert!(!other.is_signed_in().await);
    office.next_code();
    assert_eq!(office.browser().sign_in("a.meier", new, Some(&app.code(office.now()))).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_hardware_token_works_from_the_vendors_file_on() {
    let office = Office::open().await;
    let person = office.add_person("a.meier").await;
    let file = "serial,secret,type\nHW-1,3132333435363738393031323334353637383930,totp\n";
    let record = fernamt_identity::token_file::parse(file.as_bytes()).unwrap().remove(0);
    let token = office.identity.hardware_token(&office.tenant, &record, office.now());
    let work = office.tenant.begin().await.unwrap();
    work.otp_tokens().insert(&token).await.unwrap();
    work.otp_tokens().assign(token.id, Some(person)).await.unwrap();
    work.commit().await.unwrap();
    let code = |steps: i64| {
        let step = office.now().unix_timestamp() / 30 + steps;
        fernamt_identity::otp::code_at(&record.scheme, &record.secret, step)
    };
    let (_, answer) = office.browser().sign_in("a.meier", PASSWORD, None).await;
    assert_eq!(
        answer["state"], "second_factor_required",
        "once a token is handed out, the password alone enrols nothing"
    );
    let mut browser = office.browser();
    assert_eq!(browser.sign_in("a.meier", PASSWORD, Some(&code(0))).await.0, StatusCode::OK);
    assert!(office.tenant.otp_tokens().get(token.id).await.unwrap().confirmed_at.is_some());
    // The token's clock drifts away and is brought back by two codes in a row.
    assert_eq!(office.browser().sign_in("a.meier", PASSWORD, Some(&code(40))).await.0, StatusCode::UNAUTHORIZED);
    let codes = [code(40), code(41)];
    let pair = [codes[0].as_str(), codes[1].as_str()];
    assert!(office.identity.resynchronise_token(&office.tenant, token.id, pair, office.now()).await.unwrap());
    office.next_code();
    assert_eq!(office.browser().sign_in("a.meier", PASSWORD, Some(&code(42))).await.0, StatusCode::OK);
}
