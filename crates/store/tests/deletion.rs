//! What is over is really gone.

use std::{collections::BTreeMap, fs, path::Path};

use fernamt_domain::{
    DataCategory, DeviceState, Zone,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_store::{
    AuditFilter, HealthState, ImportBatchRecord, Page, RetentionConfig, StoreError, TargetHealthRecord,
};
use serde_json::json;
use time::Duration;

use crate::support::{Fixture, Place, on_both, run, signing_key, sqlite};

on_both! {
    each_category_goes_by_its_rule
    the_chain_verifies_without_its_content
    what_is_not_over_stays
    what_waits_and_is_never_sent_is_over_one_day
}

async fn each_category_goes_by_its_rule(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let all = f.make().everything(&tenant).await;
    let work = tenant.begin().await.unwrap();
    let leaver = f.make().person("leaver");
    work.people().insert(&leaver).await.unwrap();
    work.people().remove(leaver.id).await.unwrap();
    let spare = f.make().device(all.person, "spare");
    work.devices().insert(&spare).await.unwrap();
    work.devices().set_state(spare.id, DeviceState::Revoked, None).await.unwrap();
    work.sessions().end(all.session).await.unwrap();
    let unfinished = f.make().token(Some(all.person), None);
    work.otp_tokens().insert(&unfinished).await.unwrap();
    work.commit().await.unwrap();
    let config = RetentionConfig::default();

    f.clock.advance(Duration::hours(23));
    let report = f.store.delete_expired(&config).await.unwrap();
    // the link for setting up ended an hour after it was made, and credentials are kept no longer
    assert_eq!((report.total(), report.rows["setup_link"]), (1, 1));

    f.clock.advance(Duration::days(8));
    let report = f.store.delete_expired(&config).await.unwrap();
    assert_eq!((report.rows["session"], report.rows["otp_token"]), (1, 1));
    assert_eq!(report.rows["stick_line"], 1);
    assert_eq!(tenant.sticks().line(all.stick).await.unwrap(), None);
    assert!(tenant.sticks().get(all.stick).await.unwrap().activation_print.is_some());
    assert!(matches!(tenant.sessions().get(all.session).await, Err(StoreError::NotFound(_))));
    assert!(tenant.people().get_even_removed(leaver.id).await.is_ok());

    f.clock.advance(Duration::days(23));
    let report = f.store.delete_expired(&config).await.unwrap();
    assert_eq!((report.rows["person"], report.rows["device"]), (1, 1));
    assert_eq!((report.rows["target_health"], report.rows["import_batch"]), (1, 1));
    assert_eq!(report.rows["stick"], 1, "its code was good for two weeks");
    let stick = tenant.sticks().get(all.stick).await.unwrap();
    assert_eq!((stick.activation_print, stick.activation_until), (None, None));
    assert!(tenant.people().get_even_removed(leaver.id).await.is_err());
    assert!(tenant.devices().get(spare.id).await.is_err());
    let entries = tenant.audit().newest_first(&AuditFilter::default(), None, 10).await.unwrap();
    assert_eq!(
        (entries[0].facts.kind, entries[0].facts.details["rows"]["person"].as_u64()),
        (AuditKind::Deletion, Some(1))
    );

    f.clock.advance(Duration::days(400));
    let report = f.store.delete_expired(&config).await.unwrap();
    assert!(report.rows["deletion_journal"] > 0);
    assert_eq!(f.store.delete_expired(&config).await.unwrap().total(), 0, "nothing is left to do");
}

async fn what_waits_and_is_never_sent_is_over_one_day(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let all = f.make().everything(&tenant).await;
    let work = tenant.begin().await.unwrap();
    work.webhooks().tell(all.conference.webhook, vec![f.make().delivery(all.conference.webhook)]).await.unwrap();
    work.commit().await.unwrap();
    let left = async || {
        let waiting = tenant.webhooks().waiting(all.conference.webhook).await.unwrap();
        (tenant.letters().of_room(all.conference.room).await.unwrap().len(), waiting > 0)
    };
    f.clock.advance(Duration::days(6));
    f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert_eq!(left().await, (1, true), "they may still go out");
    f.clock.advance(Duration::days(2));
    f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert_eq!(left().await, (0, true));
    f.clock.advance(Duration::days(7));
    f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert_eq!(left().await, (0, false));
}

async fn the_chain_verifies_without_its_content(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let all = f.make().everything(&tenant).await;
    for _ in 0..20 {
        f.clock.advance(Duration::days(10));
        let event = AuditEvent::new(AuditKind::Decision, "allowed", Outcome::Success).by(all.person);
        tenant.record(event).await.unwrap();
        let work = tenant.begin().await.unwrap();
        work.audit().sign_head(&signing_key()).await.unwrap();
        work.commit().await.unwrap();
    }
    let report = f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert_eq!(report.rows["audit_entry"], 11);
    assert_eq!(report.rows["audit_pseudonym"], 0, "newer entries name it");
    let verified = tenant.audit().verify(Vec::new(), &signing_key().public()).await.unwrap();
    assert_eq!(verified.unwrap().sequence, 22);
    let left = tenant.audit().oldest_first(&AuditFilter::default(), 0, 200).await.unwrap();
    assert_eq!(left[0].sequence, 12);
    assert_eq!(tenant.audit().signed_heads().await.unwrap().len(), 21);

    f.clock.advance(Duration::days(120));
    let report = f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert_eq!(report.rows["audit_pseudonym"], 1);
    assert_eq!(tenant.audit().pseudonym_of(all.person).await.unwrap(), None);
    assert!(tenant.audit().verify(Vec::new(), &signing_key().public()).await.unwrap().is_ok());
}

async fn what_is_not_over_stays(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let all = f.make().everything(&tenant).await;
    f.clock.advance(Duration::days(1000));
    f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert!(tenant.people().get(all.person).await.is_ok());
    assert!(tenant.devices().get(all.device).await.is_ok());
    assert!(tenant.passkeys().get(all.passkey).await.is_ok());
    assert_eq!(tenant.otp_tokens().get(all.token).await.unwrap().serial.as_deref(), Some("SN-1"));
    assert_eq!(tenant.recovery_codes().unused_of_person(all.person).await.unwrap().len(), 1);
    assert_eq!(tenant.targets().list(&Page::default()).await.unwrap().total, 1);
    assert_eq!(tenant.rules().count().await.unwrap(), 1);
}

/// The planted word is gone from the database file and its log, byte for byte.
#[test]
fn a_planted_word_is_gone_from_the_files() {
    const WORD: &str = "Zwiebelfisch-4711";
    run(Some(sqlite()), async |f: Fixture| {
        let Place::Sqlite(path) = &f.place else { unreachable!("the test asked for SQLite") };
        let tenant = f.tenant("rathaus").await;
        let all = f.make().everything(&tenant).await;
        // neighbours that stay, so that pages are shared, split and merged
        for round in 0..40 {
            let mut work = tenant.begin().await.unwrap();
            let mut person = f.make().person(&format!("{WORD}-{round}"));
            person.display_name = format!("Frau {WORD} {}", "x".repeat(round * 40));
            work.people().insert(&person).await.unwrap();
            let mut device = f.make().device(person.id, &format!("{WORD}-{round}"));
            device.name = WORD.to_owned();
            work.devices().insert(&device).await.unwrap();
            let mut session = f.make().session(person.id, Some(device.id));
            session.zone = Zone(WORD.to_owned());
            work.sessions().insert(&session).await.unwrap();
            work.people().insert(&f.make().person(&format!("stays-{round}"))).await.unwrap();
            work.targets()
                .set_health(&TargetHealthRecord {
                    target: all.target,
                    checked_at: f.clock_now(),
                    state: HealthState::Down,
                    detail: Some(WORD.to_owned()),
                    certificate: None,
                })
                .await
                .unwrap();
            let import = ImportBatchRecord {
                id: fernamt_domain::ImportId::new(&f.clock, &f.rng),
                at: f.clock_now(),
                person: None,
                changes: json!({ "name": WORD.repeat(500) }),
                undone_at: None,
            };
            work.imports().insert(&import).await.unwrap();
            let event = AuditEvent::new(AuditKind::Person, "changed", Outcome::Success)
                .about(person.id)
                .details(json!({ "planted": WORD }));
            work.record(event);
            work.commit().await.unwrap();
            let work = tenant.begin().await.unwrap();
            work.people().remove(person.id).await.unwrap();
            work.commit().await.unwrap();
        }
        assert!(holds(path, WORD) || holds(&wal(path), WORD), "the word was there");
        f.clock.advance(Duration::days(120));
        f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
        assert!(!holds(path, WORD), "the word is in the database file");
        assert!(!holds(&wal(path), WORD), "the word is in the log");
        assert!(!holds(path, &WORD.to_lowercase()), "the search text is in the database file");
        assert!(!holds(&wal(path), &WORD.to_lowercase()), "the search text is in the log");
        assert!(tenant.audit().verify(Vec::new(), &signing_key().public()).await.unwrap().is_ok());
        assert!(tenant.people().by_name("stays-7").await.unwrap().is_some());
    });
}

fn wal(path: &Path) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn holds(path: &Path, word: &str) -> bool {
    let bytes = fs::read(path).unwrap_or_default();
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

#[test]
fn periods_have_caps() {
    let parse = |text: &str| serde_json::from_str::<RetentionConfig>(text);
    let config = parse(r#"{"audit": 30}"#).unwrap();
    assert_eq!(config.days(DataCategory::Audit), 30);
    assert_eq!(config.days(DataCategory::Session), 7);
    let error = parse(r#"{"audit": 366}"#).unwrap_err().to_string();
    assert!(error.contains("at most 365 days"), "{error}");
    assert!(RetentionConfig::try_from(BTreeMap::from([(DataCategory::Configuration, 1)])).is_err());
}
