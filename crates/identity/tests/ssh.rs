//! What the SSH gateway gets: the same people, codes and throttle, other keys.

use axum::http::StatusCode;
use data_encoding::BASE64;
use fernamt_domain::{DeviceKind, DeviceState, Method, Secret};
use fernamt_identity::SignInError;
use serde_json::json;

use crate::support::{Office, PASSWORD};

fn secret(text: &str) -> Secret<String> {
    Secret::from(text)
}

pub(crate) fn ed25519(seed: u8) -> Vec<u8> {
    let mut blob = Vec::new();
    for field in [b"ssh-ed25519".as_slice(), &[seed; 32]] {
        blob.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
        blob.extend(field);
    }
    blob
}

#[tokio::test]
async fn a_code_used_on_the_web_is_refused_on_ssh_and_the_other_way_round() {
    let office = Office::open().await;
    let (_, app, _) = office.enrolled("a.meier").await;
    let ssh = async |code: &str| {
        let (password, code) = (secret(PASSWORD), secret(code));
        office
            .identity
            .authenticate_password_totp(&office.tenant, &office.situation(), "a.meier", &password, &code)
            .await
    };
    let code = app.code(office.now());
    assert_eq!(office.browser().sign_in("a.meier", PASSWORD, Some(&code)).await.0, StatusCode::OK);
    assert!(matches!(ssh(&code).await, Err(SignInError::Failed(_))));
    office.next_code();
    let code = app.code(office.now());
    let facts = ssh(&code).await.unwrap();
    assert_eq!((facts.device_kind, facts.methods), (DeviceKind::SshPassword, vec![Method::Password, Method::Totp]));
    assert_eq!(office.browser().sign_in("a.meier", PASSWORD, Some(&code)).await.0, StatusCode::UNAUTHORIZED);
    assert!(office.identity.end_session(&office.tenant, facts.session).await.unwrap());
}

#[tokio::test]
async fn of_many_attempts_with_one_code_side_by_side_one_gets_in() {
    let office = Office::open().await;
    let (_, app, _) = office.enrolled("a.meier").await;
    let code = secret(&app.code(office.now()));
    let attempt = || async {
        let password = secret(PASSWORD);
        office
            .identity
            .authenticate_password_totp(&office.tenant, &office.situation(), "a.meier", &password, &code)
            .await
            .is_ok()
    };
    let (a, b, c, d) = tokio::join!(attempt(), attempt(), attempt(), attempt());
    assert_eq!([a, b, c, d].into_iter().filter(|ok| *ok).count(), 1);
}

#[tokio::test]
async fn an_enrolled_key_needs_approval_and_a_code() {
    let office = Office::open().await;
    let (mut browser, app, codes) = office.enrolled("a.meier").await;
    let blob = ed25519(7);
    let key = json!({ "name": "Laptop", "public_key": format!("ssh-ed25519 {} a@b", BASE64.encode(&blob)) });
    let (status, device) = browser.post("/api/v1/me/devices/ssh-key", key.clone()).await;
    assert_eq!((status, &device["state"]), (StatusCode::CREATED, &json!("pending")), "{device}");
    assert!(device["fingerprint"].as_str().unwrap().starts_with("SHA256:"));
    assert_eq!(browser.post("/api/v1/me/devices/ssh-key", key).await.0, StatusCode::CONFLICT);

    let known = async |name| office.identity.is_known_ssh_key(&office.tenant, name, &blob).await.unwrap();
    assert!(known("a.meier").await);
    assert!(!known("nobody").await);
    let ssh = async |blob: &[u8], code: &str| {
        let code = secret(code);
        office.identity.authenticate_key_totp(&office.tenant, &office.situation(), "a.meier", blob, &code).await
    };
    assert!(matches!(ssh(&blob, &app.code(office.now())).await, Err(SignInError::DevicePending)));
    let id = device["id"].as_str().unwrap().parse().unwrap();
    let work = office.tenant.begin().await.unwrap();
    work.devices().set_state(id, DeviceState::Approved, None).await.unwrap();
    work.commit().await.unwrap();
    assert!(matches!(ssh(&blob, "000000").await, Err(SignInError::Failed(_))));
    assert!(matches!(ssh(&ed25519(8), &app.code(office.now())).await, Err(SignInError::Failed(_))));
    office.next_code();
    let facts = ssh(&blob, &app.code(office.now())).await.unwrap();
    assert_eq!((facts.device, facts.methods), (Some(id), vec![Method::SshKey, Method::Totp]));
    let facts = ssh(&blob, &codes[3]).await.unwrap();
    assert_eq!(facts.methods, [Method::SshKey, Method::RecoveryCode]);
    assert!(ssh(&blob, &codes[3]).await.is_err());
}

#[tokio::test]
async fn who_has_no_second_factor_is_sent_to_the_web() {
    let office = Office::open().await;
    office.add_person("a.meier").await;
    let none = secret("");
    let situation = office.situation();
    let result = office
        .identity
        .authenticate_password_totp(&office.tenant, &situation, "a.meier", &secret(PASSWORD), &none)
        .await;
    assert!(matches!(result, Err(SignInError::EnrolmentNeeded)));
    let result = office
        .identity
        .authenticate_password_totp(&office.tenant, &situation, "a.meier", &secret("wrong"), &none)
        .await;
    assert!(matches!(result, Err(SignInError::Failed(_))));
}

#[tokio::test]
async fn connections_of_an_earlier_run_are_over() {
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("a.meier").await;
    let code = secret(&app.code(office.now()));
    let situation = office.situation();
    let facts = office
        .identity
        .authenticate_password_totp(&office.tenant, &situation, "a.meier", &secret(PASSWORD), &code)
        .await
        .unwrap();
    office.identity.end_orphans().await.unwrap();
    assert!(office.tenant.sessions().get(facts.session).await.unwrap().ended_at.is_some());
    assert!(browser.is_signed_in().await);
}
