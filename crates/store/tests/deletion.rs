//! What is over is really gone.

use std::{collections::BTreeMap, fs, path::Path};

use fernamt_domain::{
    DataCategory, DeviceState, DomainEvent, TenantId, Zone,
    audit::{AuditEvent, AuditKind, Outcome},
    event::TenantEvent,
    mail::MailType,
};
use fernamt_store::{
    AuditFilter, EmailSubmissionRecord, HealthState, ImportBatchRecord, Notice, Page, RetentionConfig, StoreError,
    TargetHealthRecord,
};
use serde_json::json;
use time::Duration;

use crate::support::{Fixture, Place, on_both, run, signing_key, sqlite};

on_both! {
    each_category_goes_by_its_rule
    the_chain_verifies_without_its_content
    what_is_not_over_stays
    what_waits_and_is_never_sent_is_over_one_day
    mail_goes_with_the_person
    what_was_destroyed_is_forgotten
    bytes_go_when_nothing_needs_them
    what_became_of_what_was_sent_is_forgotten
    a_sender_may_be_answered_again_one_day
    what_was_handed_over_is_known_for_a_day
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

/// What of a tenant's mail is there, by table.
async fn mail_rows(f: &Fixture, tenant: TenantId) -> BTreeMap<String, usize> {
    let mut rows = BTreeMap::new();
    for line in f.place.dump(tenant).await {
        let table = line.split(':').next().unwrap();
        if table.contains("mail") || table == "thread_reference" {
            *rows.entry(table.to_owned()).or_default() += 1;
        }
    }
    rows
}

async fn mail_goes_with_the_person(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let all = f.make().everything(&tenant).await;
    assert_eq!(mail_rows(&f, tenant.id()).await.len(), 19, "one of everything");
    let work = tenant.begin().await.unwrap();
    work.mail_accounts().insert(&f.make().mail_account(None, "post@rathaus.example")).await.unwrap();
    work.people().remove(all.person).await.unwrap();
    let address_is_free = f.make().mail_account(None, "ada@rathaus.example");
    work.mail_accounts().insert(&address_is_free).await.unwrap();
    work.commit().await.unwrap();
    let left = |accounts, blobs| {
        let rows = [("mail_account", accounts), ("mail_blob", blobs)];
        rows.into_iter().filter(|(_, count)| *count > 0).map(|(table, count)| (table.to_owned(), count)).collect()
    };
    assert_eq!(mail_rows(&f, tenant.id()).await, left(2, 3));
    f.clock.advance(Duration::hours(25));
    let report = f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert_eq!(report.rows["mail_blob"], 3);
    assert_eq!(mail_rows(&f, tenant.id()).await, left(2, 0));
}

async fn what_was_destroyed_is_forgotten(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let mail = f.make().everything(&tenant).await.mail;
    let days = i64::from(RetentionConfig::default().days(DataCategory::Operation));
    f.clock.advance(Duration::days(days));
    let report = f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert_eq!(report.rows["mail_destroyed"], 0);
    assert_eq!(tenant.mail_accounts().get(mail.account).await.unwrap().forgotten, 0);
    let work = tenant.begin().await.unwrap();
    let change = work.mail_accounts().change(mail.account).await.unwrap();
    let identity = work.mail_identities().of_account(mail.account).await.unwrap().remove(0);
    work.mail_identities().remove(change, &identity).await.unwrap();
    work.commit().await.unwrap();
    f.clock.advance(Duration::SECOND);
    let report = f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert_eq!(report.rows["mail_destroyed"], 1, "the newer one stays");
    assert_eq!(tenant.mail_accounts().get(mail.account).await.unwrap().forgotten, 2);
    let told = tenant.mail_identities().changes(mail.account, 2, change.number, 9).await.unwrap().unwrap();
    assert_eq!(told.destroyed, [identity.id]);
    assert_eq!(tenant.mail_identities().changes(mail.account, 1, change.number, 9).await.unwrap(), None);
}

async fn bytes_go_when_nothing_needs_them(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let mail = f.make().everything(&tenant).await.mail;
    let config = RetentionConfig::default();
    let forgotten = async || {
        let report = f.store.delete_expired(&config).await.unwrap();
        (report.rows["mail_upload"], report.rows["mail_blob"])
    };
    f.clock.advance(Duration::hours(23));
    assert_eq!(forgotten().await, (0, 0));
    f.clock.advance(Duration::hours(2));
    assert_eq!(forgotten().await, (1, 2), "the upload, and what the destroyed message was made of");
    assert!(tenant.mail_blobs().get(mail.account, &mail.raw).await.unwrap().is_some());
    let work = tenant.begin().await.unwrap();
    let change = work.mail_accounts().change(mail.account).await.unwrap();
    let email = work.emails().these(mail.account, &[mail.email]).await.unwrap();
    work.emails().destroy(change, &email).await.unwrap();
    work.commit().await.unwrap();
    f.clock.advance(Duration::days(2));
    assert_eq!(forgotten().await, (0, 0));
    assert_eq!(tenant.mail_blobs().get(mail.account, &mail.raw).await.unwrap(), None);
    assert!(tenant.mail_blobs().of_submission(mail.submission).await.unwrap().is_some(), "it is still to be sent");
    let work = tenant.begin().await.unwrap();
    let submission = work.email_submissions().of_account(mail.account, 1).await.unwrap().remove(0);
    work.email_submissions().replace(&EmailSubmissionRecord { next_at: None, ..submission }).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(forgotten().await, (0, 1), "it was sent");
    assert_eq!(tenant.mail_blobs().of_submission(mail.submission).await.unwrap(), None);
}

async fn what_became_of_what_was_sent_is_forgotten(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let (make, mail) = (f.make(), f.make().everything(&tenant).await.mail);
    let work = tenant.begin().await.unwrap();
    let change = work.mail_accounts().change(mail.account).await.unwrap();
    let email = work.emails().these(mail.account, &[mail.email]).await.unwrap().remove(0);
    let through = EmailSubmissionRecord { next_at: None, ..make.submission(change, mail.identity, &email) };
    work.email_submissions().insert(&through).await.unwrap();
    work.commit().await.unwrap();
    let left = async || {
        let left = tenant.email_submissions().of_account(mail.account, 9).await.unwrap();
        left.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    f.clock.advance(Duration::days(14));
    let report = f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert_eq!((report.rows["email_submission"], left().await.len()), (0, 2));
    let mut bus = f.store.subscribe();
    f.clock.advance(Duration::SECOND);
    let report = f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert_eq!((report.rows["email_submission"], left().await), (1, vec![mail.submission]), "the other one waits");
    let account = tenant.mail_accounts().get(mail.account).await.unwrap();
    let state = account.state(MailType::EmailSubmission);
    let told = tenant.email_submissions().changes(mail.account, change.number, state, 9).await.unwrap().unwrap();
    assert_eq!(told.destroyed, [through.id]);
    let event = DomainEvent::MailChanged { account: mail.account };
    assert_eq!(bus.next().await, Some(Notice::Event(TenantEvent { tenant: tenant.id(), event })));
}

async fn what_was_handed_over_is_known_for_a_day(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let mail = f.make().everything(&tenant).await.mail;
    let is_new = async || {
        let work = tenant.begin().await.unwrap();
        work.mail_arrivals().note(mail.account, &mail.answered).await.unwrap()
    };
    f.clock.advance(Duration::DAY);
    f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert!(!is_new().await);
    f.clock.advance(Duration::SECOND);
    let report = f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert_eq!(report.rows["mail_arrival"], 1);
    assert!(is_new().await);
}

async fn a_sender_may_be_answered_again_one_day(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let mail = f.make().everything(&tenant).await.mail;
    let again = async || {
        let work = tenant.begin().await.unwrap();
        work.mail_vacations().note(mail.account, &mail.answered).await.unwrap()
    };
    f.clock.advance(Duration::days(30));
    f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert!(!again().await);
    f.clock.advance(Duration::SECOND);
    let report = f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert_eq!(report.rows["mail_vacation_answer"], 1);
    assert!(again().await);
    assert!(tenant.mail_vacations().get(mail.account).await.unwrap().is_some(), "what is answered stays");
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
