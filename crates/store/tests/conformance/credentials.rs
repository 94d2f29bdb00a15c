//! Devices, one-time codes, passkeys, recovery codes and set-up links.

use fernamt_domain::{DeviceState, Secret};
use fernamt_store::{DeviceRecord, OtpTokenRecord, Page, SetupLinkRecord, StoreError};
use time::{Duration, macros::date};

use super::{Suite, suite};

suite! {
    devices_are_decided_on
    a_code_is_used_once
    hardware_tokens_change_hands
    passkeys_are_found_by_credential
    recovery_codes_work_once
    setup_links_work_once
}

async fn devices_are_decided_on(s: &Suite) {
    let devices = s.tenant.devices();
    let device = s.see(devices.get(s.own.device).await).unwrap();
    assert_eq!((device.state, device.decided_by), (DeviceState::Approved, Some(s.own.person)));
    assert_eq!(s.see(devices.by_key(s.own.person, "thumb").await).unwrap().unwrap().id, s.own.device);
    assert_eq!(s.see(devices.with_key("thumb").await).unwrap().len(), 1);
    let all = s.see(devices.of_person(s.own.person).await).unwrap();
    assert_eq!((all.len(), &all[0]), (2, &device), "and a stick");
    let pending = s.see(devices.list(Some(DeviceState::Pending), &Page::default()).await).unwrap();
    assert_eq!((pending.total, pending.items[0].id), (1, s.own.stick));
    assert_eq!(s.see(devices.list(None, &Page::search("fireFOX")).await).unwrap().total, 1);

    let work = s.tenant.begin().await.unwrap();
    work.devices().rename(s.own.device, "At home").await.unwrap();
    work.devices().touch(s.own.device, date!(2026 - 11 - 03)).await.unwrap();
    work.devices().set_state(s.own.device, DeviceState::Revoked, None).await.unwrap();
    assert_eq!(work.devices().count_of_person(s.own.person).await.unwrap(), 1, "the stick");
    let again = s.see(work.devices().set_state(s.own.device, DeviceState::Approved, None).await);
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "revoked is for good");
    work.commit().await.unwrap();
    let DeviceRecord { state, name, last_seen_on, .. } = s.see(devices.get(s.own.device).await).unwrap();
    assert_eq!((state, name.as_str()), (DeviceState::Revoked, "At home"));
    assert_eq!(last_seen_on, Some(date!(2026 - 11 - 03)));

    let work = s.tenant.begin().await.unwrap();
    let twice = s.see(work.devices().insert(&s.fixture.make().device(s.own.person, "thumb")).await);
    assert!(matches!(twice, Err(StoreError::Conflict { what }) if what.starts_with("device.")));
}

async fn a_code_is_used_once(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    assert!(work.otp_tokens().use_step(s.own.token, 100, 0).await.unwrap());
    assert!(!work.otp_tokens().use_step(s.own.token, 100, 0).await.unwrap(), "the same code again");
    assert!(!work.otp_tokens().use_step(s.own.token, 99, 0).await.unwrap(), "an earlier code");
    work.commit().await.unwrap();

    // the same code by two ways at the same time
    let use_it = async || {
        let work = s.tenant.begin().await.unwrap();
        let won = work.otp_tokens().use_step(s.own.token, 101, 1).await.unwrap();
        work.commit().await.unwrap();
        won
    };
    let (one, other) = tokio::join!(use_it(), use_it());
    assert!(one ^ other, "exactly one wins");
    let OtpTokenRecord { last_step, drift, .. } = s.see(s.tenant.otp_tokens().get(s.own.token).await).unwrap();
    assert_eq!((last_step, drift), (101, 1));
}

async fn hardware_tokens_change_hands(s: &Suite) {
    let tokens = s.tenant.otp_tokens();
    assert_eq!(s.see(tokens.by_serial("SN-1").await).unwrap().unwrap().id, s.own.token);
    assert_eq!(s.see(tokens.list_hardware(&Page::search("sn-")).await).unwrap().total, 1);
    let work = s.tenant.begin().await.unwrap();
    work.otp_tokens().confirm(s.own.token).await.unwrap();
    let app = s.fixture.make().token(Some(s.own.person), None);
    work.otp_tokens().insert(&app).await.unwrap();
    assert_eq!(s.see(work.otp_tokens().of_person(s.own.person).await).unwrap().len(), 2);
    work.otp_tokens().remove_of_person(s.own.person).await.unwrap();
    work.commit().await.unwrap();
    assert!(s.see(tokens.of_person(s.own.person).await).unwrap().is_empty());
    assert!(matches!(s.see(tokens.get(app.id).await), Err(StoreError::NotFound(_))));
    let work = s.tenant.begin().await.unwrap();
    work.otp_tokens().assign(s.own.token, Some(s.own.person)).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(tokens.get(s.own.token).await).unwrap().confirmed_at, None, "it must be confirmed again");
    let work = s.tenant.begin().await.unwrap();
    work.otp_tokens().remove(s.own.token).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(tokens.by_serial("SN-1").await).unwrap(), None);
}

async fn passkeys_are_found_by_credential(s: &Suite) {
    let passkeys = s.tenant.passkeys();
    let found = s.see(passkeys.by_credential_id(b"credential").await).unwrap().unwrap();
    assert_eq!(found.id, s.own.passkey);
    let credential = serde_json::json!({ "counter": 2 });
    let work = s.tenant.begin().await.unwrap();
    work.passkeys().used(s.own.passkey, &credential, date!(2026 - 11 - 03)).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(passkeys.get(s.own.passkey).await).unwrap().credential, credential);
    let work = s.tenant.begin().await.unwrap();
    work.passkeys().remove(s.own.passkey).await.unwrap();
    let gone = s.see(work.passkeys().remove(s.own.passkey).await);
    assert!(matches!(gone, Err(StoreError::NotFound("passkey"))));
    assert_eq!(work.passkeys().remove_of_person(s.own.person).await.unwrap(), 0);
    work.commit().await.unwrap();
    assert!(s.see(passkeys.of_person(s.own.person).await).unwrap().is_empty());
}

async fn recovery_codes_work_once(s: &Suite) {
    let codes = s.tenant.recovery_codes();
    let code = s.see(codes.unused_of_person(s.own.person).await).unwrap().remove(0);
    let use_it = async || {
        let work = s.tenant.begin().await.unwrap();
        let won = work.recovery_codes().use_up_hash(s.own.person, &code.hash).await.unwrap();
        work.commit().await.unwrap();
        won
    };
    let (one, other) = tokio::join!(use_it(), use_it());
    assert!(one ^ other, "exactly one wins");
    assert!(s.see(codes.unused_of_person(s.own.person).await).unwrap().is_empty());
    let work = s.tenant.begin().await.unwrap();
    let hashes = (0..10).map(|number| Secret::new(vec![number; 32])).collect();
    work.recovery_codes().replace(s.own.person, hashes).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(codes.unused_of_person(s.own.person).await).unwrap().len(), 10);
}

async fn setup_links_work_once(s: &Suite) {
    let hash = Secret::new(vec![8; 32]);
    assert!(s.tenant.setup_links().is_valid(&hash).await.unwrap());
    assert!(!s.tenant.setup_links().is_valid(&Secret::new(vec![9; 32])).await.unwrap());
    let work = s.tenant.begin().await.unwrap();
    assert!(work.setup_links().use_up(&hash).await.unwrap());
    assert!(!work.setup_links().use_up(&hash).await.unwrap());
    let expires_at = fernamt_domain::Clock::now(&s.fixture.clock) + Duration::minutes(5);
    let late = SetupLinkRecord { hash: Secret::new(vec![10; 32]), expires_at, used_at: None };
    work.setup_links().insert(&late).await.unwrap();
    work.commit().await.unwrap();
    s.fixture.clock.advance(Duration::minutes(6));
    assert!(!s.see(s.tenant.setup_links().is_valid(&late.hash).await).unwrap());
}
