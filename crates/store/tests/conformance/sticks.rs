//! Sticks, and targets that people set up for themselves.

use fernamt_domain::{DeviceState, Secret, TargetSettings, target::SshSettings};
use fernamt_store::{DeviceRecord, Page, StickLineRecord, StickRecord, StoreError, TargetRecord, keyless_thumbprint};
use time::{Duration, macros::date};

use super::{Suite, suite};

suite! {
    a_stick_gets_its_key_once
    a_new_code_takes_the_key_away
    a_revoked_stick_gets_neither_code_nor_key
    a_line_is_noted_over_the_last_one
    own_targets_are_apart_from_the_administrations
}

async fn a_stick_gets_its_key_once(s: &Suite) {
    let stick = s.see(s.tenant.sticks().get(s.own.stick).await).unwrap();
    assert_eq!((stick.generation, stick.previous_generation, stick.takes_over), (0, None, false));
    assert!(stick.activation_print.is_some());
    let work = s.tenant.begin().await.unwrap();
    work.sticks().activate(s.own.stick, b"key", "SHA256:print").await.unwrap();
    work.commit().await.unwrap();
    let stick = s.see(s.tenant.sticks().get(s.own.stick).await).unwrap();
    assert_eq!((stick.activation_print, stick.activation_until), (None, None));
    let device = s.see(s.tenant.devices().by_key(s.own.person, "SHA256:print").await).unwrap().unwrap();
    assert_eq!((device.state, device.public_key.as_slice()), (DeviceState::Approved, &b"key"[..]));
    assert_eq!(s.see(s.tenant.sticks().all().await).unwrap().len(), 1);
}

async fn a_new_code_takes_the_key_away(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    work.sticks().activate(s.own.stick, b"key", "SHA256:print").await.unwrap();
    let copied = StickRecord {
        generation: 7,
        previous_generation: Some(6),
        highest_generation: 7,
        copied_at: Some(s.fixture.clock_now()),
        program: Some("0.1.0".to_owned()),
        ..work.sticks().locked(s.own.stick).await.unwrap()
    };
    work.sticks().replace(&copied).await.unwrap();
    work.devices().set_state(s.own.stick, DeviceState::Suspended, None).await.unwrap();
    let until = s.fixture.clock_now() + Duration::days(14);
    work.sticks().order_anew(s.own.stick, Secret::new(vec![7; 32]), until, Some(s.own.person)).await.unwrap();
    work.commit().await.unwrap();
    let stick = s.see(s.tenant.sticks().get(s.own.stick).await).unwrap();
    assert_eq!((stick.generation, stick.previous_generation, stick.copied_at), (0, None, None));
    assert_eq!(stick.highest_generation, 7, "no number is given out again");
    assert_eq!(stick.program.as_deref(), Some("0.1.0"));
    assert_eq!(s.see(s.tenant.devices().by_key(s.own.person, "SHA256:print").await).unwrap(), None);
    let device = s.see(s.tenant.devices().get(s.own.stick).await).unwrap();
    assert_eq!((device.state, device.thumbprint), (DeviceState::Pending, keyless_thumbprint(s.own.stick)));
    assert!(device.public_key.is_empty());
}

async fn a_revoked_stick_gets_neither_code_nor_key(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    work.sticks().lose(s.own.stick).await.unwrap();
    work.devices().set_state(s.own.stick, DeviceState::Revoked, Some(s.own.person)).await.unwrap();
    work.commit().await.unwrap();
    assert!(s.see(s.tenant.sticks().get(s.own.stick).await).unwrap().lost);
    let work = s.tenant.begin().await.unwrap();
    let until = s.fixture.clock_now();
    let code = s.see(work.sticks().order_anew(s.own.stick, Secret::new(vec![7; 32]), until, None).await);
    assert!(matches!(code, Err(StoreError::Conflict { .. })));
    let key = s.see(work.sticks().activate(s.own.stick, b"key", "SHA256:print").await);
    assert!(matches!(key, Err(StoreError::Conflict { .. })));
    let DeviceRecord { public_key, .. } = s.see(work.devices().get(s.own.stick).await).unwrap();
    assert!(public_key.is_empty());
}

async fn a_line_is_noted_over_the_last_one(s: &Suite) {
    let first = s.see(s.tenant.sticks().line(s.own.stick).await).unwrap().unwrap();
    let second = StickLineRecord { round_trip_ms: 300, measured_on: date!(2026 - 11 - 03), ..first };
    let work = s.tenant.begin().await.unwrap();
    work.sticks().set_line(&second).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(s.tenant.sticks().lines().await).unwrap(), [second]);
    assert_eq!(s.see(s.tenant.sticks().line(s.own.device).await).unwrap(), None);
}

async fn own_targets_are_apart_from_the_administrations(s: &Suite) {
    let make = s.fixture.make();
    let other = make.person("bert");
    let of = |owner| TargetRecord {
        owner,
        ..make.target("Register", "pc.inside", TargetSettings::Ssh(SshSettings::default()))
    };
    let (own, others) = (of(Some(s.own.person)), of(Some(other.id)));
    let work = s.tenant.begin().await.unwrap();
    work.people().insert(&other).await.unwrap();
    work.targets().insert(&own).await.unwrap();
    work.targets().insert(&others).await.unwrap();
    work.commit().await.unwrap();
    let targets = s.tenant.targets();
    assert_eq!(s.see(targets.by_name("Register").await).unwrap().unwrap().id, s.own.target, "names are apart");
    assert_eq!(s.see(targets.all().await).unwrap().len(), 1);
    assert_eq!(s.see(targets.list(&Page::search("pc.inside")).await).unwrap().total, 0);
    assert_eq!(s.see(targets.of_owner(s.own.person).await).unwrap(), std::slice::from_ref(&own));
    assert_eq!(s.see(targets.of_owners().await).unwrap().len(), 2);
    assert_eq!(s.see(targets.get(others.id).await).unwrap(), others);

    let found = s.see(targets.by_address("PC.inside", 443, s.own.person).await).unwrap();
    assert_eq!(found, std::slice::from_ref(&own), "not those of others");

    let work = s.tenant.begin().await.unwrap();
    let twice = s.see(work.targets().insert(&of(Some(s.own.person))).await);
    assert!(matches!(twice, Err(StoreError::Conflict { what }) if what == "target.name"));
    drop(work);
    let work = s.tenant.begin().await.unwrap();
    let twice = s.see(work.targets().insert(&of(None)).await);
    assert!(matches!(twice, Err(StoreError::Conflict { what }) if what == "target.name"));
    drop(work);

    let work = s.tenant.begin().await.unwrap();
    work.people().remove(other.id).await.unwrap();
    work.commit().await.unwrap();
    assert!(matches!(s.see(targets.get(others.id).await), Err(StoreError::NotFound("target"))));
    assert_eq!(s.see(targets.count_of_owners().await).unwrap(), 1);
}
