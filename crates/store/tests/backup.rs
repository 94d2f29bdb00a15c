//! Backups taken under load, and what a restore must not bring back.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use fernamt_domain::{
    DataCategory, DeviceState, PersonState, Secret,
    audit::{AuditEvent, AuditKind, Outcome},
    mail::{MailRights, MailType, UndoStatus},
};
use fernamt_store::{
    AuditFilter, DatabaseUrl, PersonRecord, RetentionConfig, RuleRecord, StickRecord, Store, StoreError, TargetRecord,
    TenantStore,
    backup::{parse_journal, read_journal},
};
use fernamt_testkit::SeededRng;
use time::Duration;

use crate::support::{Fixture, Place, data::CONTAINER_SHARE, on_both, postgres, run, signing_key};

on_both! {
    a_backup_under_load_is_consistent
    nothing_deleted_or_revoked_comes_back
    sticks_come_back_without_what_ended_since
    mail_comes_back_and_clients_read_it_anew
    no_right_in_a_mailbox_comes_back
    no_share_of_a_container_leaves_the_house_or_comes_back
    the_journal_is_kept_beside
    a_restore_deletes_by_each_tenants_own_periods
    a_damaged_backup_is_refused
    a_restore_needs_an_empty_store
}

async fn usual_periods(_: &TenantStore) -> RetentionConfig {
    RetentionConfig::default()
}

async fn empty(f: &Fixture, name: &str) -> Store {
    let url = DatabaseUrl::Sqlite(f.folder.path().join(name));
    Store::open(url, Arc::new(f.clock.clone()), Arc::new(SeededRng::new(99))).await.unwrap()
}

async fn a_backup_under_load_is_consistent(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let all = f.make().everything(&tenant).await;
    let running = Arc::new(AtomicBool::new(true));
    let mut load = tokio::task::JoinSet::new();
    for writer in 0..3 {
        let (tenant, running, clock, rng) = (tenant.clone(), running.clone(), f.clock.clone(), f.rng.clone());
        load.spawn(async move {
            let make = crate::support::data::Maker { clock: &clock, rng: &rng };
            let mut number = 0;
            while running.load(Ordering::Relaxed) {
                let mut work = tenant.begin().await.unwrap();
                let person = make.person(&format!("load-{writer}-{number}"));
                work.people().insert(&person).await.unwrap();
                // a person without a device of theirs would show that the copy is from two moments
                work.devices().insert(&make.device(person.id, "key")).await.unwrap();
                work.record(AuditEvent::new(AuditKind::Person, "made", Outcome::Success).about(person.id));
                work.commit().await.unwrap();
                number += 1;
            }
        });
    }
    for round in 0..3 {
        let path = f.folder.path().join(format!("backup-{round}"));
        let report = f.store.back_up(&path, &signing_key().public()).await.unwrap();
        assert!(report.bytes > 0);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let restored = empty(&f, &format!("restored-{round}.sqlite")).await;
        restored.restore(&path, &[], usual_periods).await.unwrap();
        let copy = restored.tenant(tenant.id());
        let (people, devices) = (copy.people().count().await.unwrap(), count(&copy).await);
        assert_eq!(people + 1, devices, "everybody has one device, and ada a stick");
        // one entry each, one of the restore, one of the deletion job after it
        assert_eq!(copy.audit().end().await.unwrap().sequence, people + 2);
        assert!(copy.audit().verify(Vec::new(), &signing_key().public()).await.unwrap().is_ok());
        assert_eq!(copy.people().get(all.person).await.unwrap().name, "ada");
        restored.close().await.unwrap();
    }
    running.store(false, Ordering::Relaxed);
    while let Some(done) = load.join_next().await {
        done.unwrap();
    }
    let left: Vec<_> = fs::read_dir(f.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("partial")), "{left:?}");
}

async fn count(tenant: &fernamt_store::TenantStore) -> u64 {
    tenant.devices().list(None, &fernamt_store::Page::default()).await.unwrap().total
}

async fn nothing_deleted_or_revoked_comes_back(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let all = f.make().everything(&tenant).await;
    let make = f.make();
    let (leaver, gone, back) = (make.person("leaver"), make.person("gone"), make.person("back"));
    let (stolen, lost, used) =
        (make.device(all.person, "stolen"), make.device(all.person, "lost"), Secret::new(vec![5; 32]));
    let (web, rule) = (make.web_target("Old", "old"), make.rule("Too wide", 1));
    let work = tenant.begin().await.unwrap();
    for person in [&leaver, &gone, &back] {
        work.people().insert(person).await.unwrap();
    }
    for device in [&stolen, &lost] {
        work.devices().insert(device).await.unwrap();
        work.devices().set_state(device.id, DeviceState::Approved, None).await.unwrap();
    }
    work.targets().insert(&web).await.unwrap();
    work.rules().insert(&rule).await.unwrap();
    work.people().set_state(back.id, PersonState::Disabled).await.unwrap();
    work.commit().await.unwrap();
    let backup = f.folder.path().join("backup");
    f.store.back_up(&backup, &signing_key().public()).await.unwrap();

    f.clock.advance(Duration::hours(1));
    let work = tenant.begin().await.unwrap();
    work.people().set_state(leaver.id, PersonState::Disabled).await.unwrap();
    work.people().remove(gone.id).await.unwrap();
    work.people().set_state(back.id, PersonState::Active).await.unwrap();
    work.devices().set_state(stolen.id, DeviceState::Revoked, None).await.unwrap();
    work.devices().set_state(lost.id, DeviceState::Suspended, None).await.unwrap();
    work.groups().remove_member(all.inner_group, all.person).await.unwrap();
    work.people().set_roles(all.person, &[]).await.unwrap();
    work.passkeys().remove(all.passkey).await.unwrap();
    assert!(work.recovery_codes().use_up_hash(all.person, &used).await.unwrap());
    work.targets().remove(web.id).await.unwrap();
    let target = work.targets().get(all.target).await.unwrap();
    work.targets().update(&TargetRecord { enabled: false, ..target }).await.unwrap();
    work.rules().remove(rule.id).await.unwrap();
    let own_rule = work.rules().get(all.rule).await.unwrap();
    work.rules().update(&RuleRecord { enabled: false, ..own_rule }).await.unwrap();
    work.directories().remove(all.directory).await.unwrap();
    work.groups().remove(all.group).await.unwrap();
    // made after the backup and deleted again
    let brief = make.person("brief");
    work.people().insert(&brief).await.unwrap();
    work.people().remove(brief.id).await.unwrap();
    work.commit().await.unwrap();
    let journal = f.store.journal_entries().await.unwrap();
    let epoch = tenant.policy_epoch().await.unwrap();

    let restored = empty(&f, "restored.sqlite").await;
    let report = restored.restore(&backup, &journal, usual_periods).await.unwrap();
    assert_eq!((report.tenants, report.sessions_ended, report.devices_pending), (1, 1, 3));
    let copy = restored.tenant(tenant.id());
    assert_eq!(copy.sessions().count_live().await.unwrap(), 0);
    assert_eq!(copy.people().get(leaver.id).await.unwrap().state, PersonState::Disabled);
    assert!(matches!(copy.people().get(gone.id).await, Err(StoreError::NotFound(_))));
    assert_eq!(copy.people().get(back.id).await.unwrap().state, PersonState::Active);
    assert!(copy.people().get(brief.id).await.is_err());
    assert_eq!(copy.devices().get(all.device).await.unwrap().state, DeviceState::Pending);
    assert_eq!(copy.devices().get(stolen.id).await.unwrap().state, DeviceState::Revoked);
    assert_eq!(copy.devices().get(lost.id).await.unwrap().state, DeviceState::Suspended);
    assert!(copy.groups().all_of_person(all.person).await.unwrap().is_empty());
    assert!(copy.groups().get(all.group).await.is_err());
    assert!(copy.people().roles(all.person).await.unwrap().is_empty());
    assert!(copy.passkeys().get(all.passkey).await.is_err());
    assert!(!copy.setup_links().is_valid(&Secret::new(vec![8; 32])).await.unwrap());
    assert!(copy.recovery_codes().unused_of_person(all.person).await.unwrap().is_empty());
    assert!(copy.targets().get(web.id).await.is_err());
    assert!(!copy.targets().get(all.target).await.unwrap().enabled);
    assert!(copy.rules().get(rule.id).await.is_err());
    assert!(!copy.rules().get(all.rule).await.unwrap().enabled);
    assert!(copy.directories().get(all.directory).await.is_err());
    assert!(copy.policy_epoch().await.unwrap() > epoch);
    assert!(copy.audit().verify(Vec::new(), &signing_key().public()).await.unwrap().is_ok());
    let entries = copy.audit().newest_first(&AuditFilter::default(), None, 5).await.unwrap();
    assert!(entries.iter().any(|entry| entry.facts.action == "restored"));
    // what was repeated stands in the journal, for the next restore
    assert!(restored.journal_entries().await.unwrap().len() >= journal.len());
    restored.close().await.unwrap();
}

async fn sticks_come_back_without_what_ended_since(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let all = f.make().everything(&tenant).await;
    let make = f.make();
    let sticks: Vec<_> = (0..4).map(|_| make.stick(all.person)).collect();
    let [used, lost, rekeyed, later] = [0, 1, 2, 3].map(|index: usize| sticks[index].0.id);
    let work = tenant.begin().await.unwrap();
    for (device, stick) in &sticks {
        work.devices().insert(device).await.unwrap();
        work.sticks().insert(stick).await.unwrap();
    }
    for id in [used, lost, rekeyed] {
        work.sticks().activate(id, b"key", &format!("SHA256:{id}")).await.unwrap();
    }
    let kept = StickRecord {
        generation: 7,
        previous_generation: Some(6),
        highest_generation: 7,
        ..work.sticks().locked(used).await.unwrap()
    };
    work.sticks().replace(&kept).await.unwrap();
    work.commit().await.unwrap();
    let backup = f.folder.path().join("backup");
    f.store.back_up(&backup, &signing_key().public()).await.unwrap();

    f.clock.advance(Duration::hours(1));
    let work = tenant.begin().await.unwrap();
    work.sticks().replace(&StickRecord { generation: 12, highest_generation: 12, ..kept }).await.unwrap();
    work.sticks().lose(lost).await.unwrap();
    work.devices().set_state(lost, DeviceState::Revoked, None).await.unwrap();
    let until = f.clock_now() + Duration::days(14);
    work.sticks().order_anew(rekeyed, Secret::new(vec![9; 32]), until, None).await.unwrap();
    work.sticks().activate(rekeyed, b"new", "SHA256:new").await.unwrap();
    work.sticks().activate(later, b"key", "SHA256:later").await.unwrap();
    work.commit().await.unwrap();
    let journal = f.store.journal_entries().await.unwrap();

    let restored = empty(&f, "restored.sqlite").await;
    restored.restore(&backup, &journal, usual_periods).await.unwrap();
    let copy = restored.tenant(tenant.id());
    let state = async |id| {
        let device = copy.devices().get(id).await.unwrap();
        (device.state, device.public_key.is_empty())
    };
    let stick = copy.sticks().get(used).await.unwrap();
    assert_eq!(state(used).await, (DeviceState::Pending, false), "to be approved again");
    assert_eq!((stick.generation, stick.previous_generation, stick.takes_over), (7, Some(6), true));
    assert!(stick.highest_generation > 1 << 32, "above all that can have been given out");
    assert_eq!(state(lost).await.0, DeviceState::Revoked);
    assert!(copy.sticks().get(lost).await.unwrap().lost);
    assert_eq!(state(rekeyed).await, (DeviceState::Pending, true), "the key of before was taken away");
    assert_eq!(state(later).await, (DeviceState::Pending, true));
    for stick in copy.sticks().all().await.unwrap() {
        assert_eq!((stick.activation_print, stick.activation_until), (None, None), "a used code is not good again");
    }
    restored.close().await.unwrap();
}

async fn mail_comes_back_and_clients_read_it_anew(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let (make, mail) = (f.make(), f.make().everything(&tenant).await.mail);
    let work = tenant.begin().await.unwrap();
    let shared = make.mail_account(None, "post@rathaus.example");
    work.mail_accounts().insert(&shared).await.unwrap();
    let change = work.mail_accounts().change(mail.account).await.unwrap();
    for _ in 0..9 {
        make.deliver(&work, change, &make.email(mail.account, &[mail.inbox])).await;
    }
    work.commit().await.unwrap();
    let backup = f.folder.path().join("backup");
    f.store.back_up(&backup, &signing_key().public()).await.unwrap();

    let work = tenant.begin().await.unwrap();
    let newest = work.mail_accounts().change(mail.account).await.unwrap();
    let email = work.emails().these(mail.account, &[mail.email]).await.unwrap();
    work.emails().destroy(newest, &email).await.unwrap();
    work.mail_accounts().touch(newest, &[MailType::Email]).await.unwrap();
    work.mail_accounts().remove(shared.id).await.unwrap();
    work.commit().await.unwrap();
    let journal = f.store.journal_entries().await.unwrap();

    let restored = empty(&f, "restored.sqlite").await;
    restored.restore(&backup, &journal, usual_periods).await.unwrap();
    let copy = restored.tenant(tenant.id());
    assert!(copy.mail_accounts().get(shared.id).await.is_err(), "an account that was removed stays away");
    let all = copy.emails().newest_in(mail.inbox, 0, 50).await.unwrap();
    assert_eq!(all.len(), 10);
    assert!(all.iter().any(|one| one.email == mail.email), "a message that was destroyed is there again");
    for email in copy.emails().these(mail.account, &all.iter().map(|one| one.email).collect::<Vec<_>>()).await.unwrap()
    {
        assert!(copy.mail_blobs().get(mail.account, &email.print).await.unwrap().is_some());
    }
    let account = copy.mail_accounts().get(mail.account).await.unwrap();
    let state = account.state(MailType::Email);
    assert!(state > newest.number && state == account.counter);
    let absence = copy.mail_mirrors().absence(mail.account).await.unwrap();
    assert!(absence.is_some_and(|absence| absence.print.is_none()), "the mail server may say another one since");
    let waited = copy.email_submissions().these(mail.account, &[mail.submission]).await.unwrap().remove(0);
    assert_eq!((waited.next_at, waited.undo_status), (None, UndoStatus::Final), "it is not sent by itself");
    assert_eq!(copy.emails().changes(mail.account, newest.number, state, 100).await.unwrap(), None);
    assert!(copy.emails().changes(mail.account, state, state, 100).await.unwrap().is_some());
    restored.close().await.unwrap();
}

async fn no_right_in_a_mailbox_comes_back(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let (make, account) = (f.make(), f.make().everything(&tenant).await.mail.account);
    let rights = |line: &str| MailRights::from_line(line).unwrap();
    let (kept, gone, less, later) =
        (make.person("kept"), make.person("gone"), make.person("less"), make.person("later"));
    let work = tenant.begin().await.unwrap();
    for person in [&kept, &gone, &less, &later] {
        work.people().insert(person).await.unwrap();
    }
    for person in [&kept, &gone, &less] {
        work.mail_grants().put(account, person.id, rights("read write send_as")).await.unwrap();
    }
    work.commit().await.unwrap();
    let backup = f.folder.path().join("backup");
    f.store.back_up(&backup, &signing_key().public()).await.unwrap();
    f.clock.advance(Duration::hours(1));
    let work = tenant.begin().await.unwrap();
    work.mail_grants().remove(account, gone.id).await.unwrap();
    work.mail_grants().put(account, less.id, rights("read")).await.unwrap();
    work.mail_grants().put(account, later.id, rights("read")).await.unwrap();
    work.mail_grants().put(account, later.id, rights("read manage")).await.unwrap();
    work.commit().await.unwrap();
    let journal = f.store.journal_entries().await.unwrap();

    let restored = empty(&f, "restored.sqlite").await;
    restored.restore(&backup, &journal, usual_periods).await.unwrap();
    let copy = restored.tenant(tenant.id());
    let found = async |person: &PersonRecord| {
        let grant = copy.mail_grants().get(account, person.id).await.unwrap();
        grant.map(|grant| grant.rights.to_line())
    };
    assert_eq!(found(&kept).await.as_deref(), Some("read write send_as"));
    assert_eq!(found(&gone).await, None);
    assert_eq!(found(&less).await.as_deref(), Some("read"));
    assert_eq!(found(&later).await, None, "it was granted since");
    restored.close().await.unwrap();
    let odd: Vec<_> = journal
        .into_iter()
        .map(|mut entry| {
            entry.record.state = entry.record.state.map(|_| "everything".to_owned());
            entry
        })
        .collect();
    let refused = empty(&f, "refused.sqlite").await;
    assert!(matches!(refused.restore(&backup, &odd, usual_periods).await, Err(StoreError::Backup(_))));
    refused.close().await.unwrap();
}

async fn no_share_of_a_container_leaves_the_house_or_comes_back(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let all = f.make().everything(&tenant).await;
    let holds_share = |bytes: &[u8]| bytes.windows(CONTAINER_SHARE.len()).any(|window| window == CONTAINER_SHARE);
    let backup = f.folder.path().join("backup");
    let report = f.store.back_up(&backup, &signing_key().public()).await.unwrap();
    assert!(report.rows.contains(&("container", 0)) && report.rows.contains(&("device", 2)));
    assert!(!holds_share(&fs::read(&backup).unwrap()), "not even in pages that are free");
    assert!(tenant.containers().get(all.device).await.unwrap().share.is_some(), "it goes on here");

    let restored = empty(&f, "restored.sqlite").await;
    restored.restore(&backup, &[], usual_periods).await.unwrap();
    assert!(restored.tenant(tenant.id()).containers().devices().await.unwrap().is_empty());
    restored.close().await.unwrap();

    // A copy of the database's own file, taken without us, is taken for a backup too: what it holds stays behind.
    if let Place::Sqlite(path) = &f.place {
        f.store.clone().close().await.unwrap();
        assert!(holds_share(&fs::read(path).unwrap()), "the test finds a share where there is one");
        let restored = empty(&f, "copied.sqlite").await;
        restored.restore(path, &[], usual_periods).await.unwrap();
        assert!(restored.tenant(tenant.id()).containers().devices().await.unwrap().is_empty());
        restored.close().await.unwrap();
    }
}

async fn the_journal_is_kept_beside(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let all = f.make().everything(&tenant).await;
    let work = tenant.begin().await.unwrap();
    work.passkeys().remove(all.passkey).await.unwrap();
    work.commit().await.unwrap();
    let path = f.folder.path().join("journal");
    f.store.write_journal(&path).await.unwrap();
    f.store.write_journal(&path).await.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(&all.passkey.to_string()) && !text.contains("Lovelace"), "ids and times only: {text}");
    assert_eq!(read_journal(&path).unwrap(), f.store.journal_entries().await.unwrap());
    fs::write(&path, text.clone() + "{").unwrap();
    assert!(matches!(read_journal(&path), Err(StoreError::Backup(_))));
    // Refused as a whole, before anything is restored.
    for (from, to) in [("\"passkey\"", "\"no_table\""), (&*all.passkey.to_string(), "no-id"), ("[\"", "[\"x\",\"")] {
        let damaged = text.replace(from, to);
        assert_ne!(damaged, text, "{from}");
        assert!(matches!(parse_journal(damaged.as_bytes()), Err(StoreError::Backup(_))), "{damaged}");
    }
}

async fn a_restore_deletes_by_each_tenants_own_periods(f: Fixture) {
    let (strict, usual) = (f.tenant("rathaus").await, f.tenant("kreis").await);
    let mut revoked = Vec::new();
    for tenant in [&strict, &usual] {
        let all = f.make().everything(tenant).await;
        let work = tenant.begin().await.unwrap();
        work.devices().set_state(all.device, DeviceState::Revoked, None).await.unwrap();
        work.commit().await.unwrap();
        revoked.push(all.device);
    }
    let backup = f.folder.path().join("backup");
    f.store.back_up(&backup, &signing_key().public()).await.unwrap();
    f.clock.advance(Duration::days(2));
    let restored = empty(&f, "restored.sqlite").await;
    let periods = async |tenant: &TenantStore| {
        let days =
            if tenant.id() == strict.id() { BTreeMap::from([(DataCategory::Device, 1)]) } else { BTreeMap::new() };
        RetentionConfig::try_from(days).unwrap()
    };
    restored.restore(&backup, &[], periods).await.unwrap();
    let gone = restored.tenant(strict.id()).devices().get(revoked[0]).await;
    assert!(matches!(gone, Err(StoreError::NotFound(_))), "the tenant keeps devices for a day only");
    assert!(restored.tenant(usual.id()).devices().get(revoked[1]).await.is_ok(), "the other one keeps them longer");
    restored.close().await.unwrap();
}

async fn a_damaged_backup_is_refused(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    f.make().everything(&tenant).await;
    let backup = f.folder.path().join("backup");
    f.store.back_up(&backup, &signing_key().public()).await.unwrap();
    let mut bytes = fs::read(&backup).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xA5);
    fs::write(&backup, &bytes).unwrap();
    refused(&f, &backup, "restored.sqlite").await;
    fs::write(&backup, "no backup at all").unwrap();
    refused(&f, &backup, "restored2.sqlite").await;

    // a store whose audit log was changed does not get a backup that looks good
    f.place.tamper("UPDATE audit_entry SET action = 'nothing'").await;
    let path = f.folder.path().join("second");
    assert!(matches!(f.store.back_up(&path, &signing_key().public()).await, Err(StoreError::Backup(_))));
    assert!(!path.exists());
}

async fn refused(f: &Fixture, backup: &Path, name: &str) {
    let restored = empty(f, name).await;
    restored.restore(backup, &[], usual_periods).await.unwrap_err();
    assert!(restored.tenants().all().await.unwrap().is_empty(), "all or nothing");
    restored.close().await.unwrap();
}

async fn a_restore_needs_an_empty_store(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    f.make().everything(&tenant).await;
    let backup = f.folder.path().join("backup");
    f.store.back_up(&backup, &signing_key().public()).await.unwrap();
    let before = f.place.dump(tenant.id()).await;
    let refused = f.store.restore(&backup, &[], usual_periods).await;
    assert!(matches!(refused, Err(StoreError::Backup(_))));
    assert_eq!(f.place.dump(tenant.id()).await, before);
}

/// The way from SQLite to PostgreSQL, and back.
#[test]
fn a_backup_restores_into_the_other_database() {
    run(postgres(), async |target: Fixture| {
        let (place, folder) = crate::support::sqlite();
        let source = Fixture::open(place, folder).await;
        let tenant = source.tenant("rathaus").await;
        let all = source.make().everything(&tenant).await;
        let backup = source.folder.path().join("backup");
        source.store.back_up(&backup, &signing_key().public()).await.unwrap();
        target.store.restore(&backup, &[], usual_periods).await.unwrap();
        let copy = target.store.tenant(tenant.id());
        assert_eq!(copy.people().get(all.person).await.unwrap(), tenant.people().get(all.person).await.unwrap());
        assert_eq!(copy.targets().all().await.unwrap(), tenant.targets().all().await.unwrap());
        assert!(copy.audit().verify(Vec::new(), &signing_key().public()).await.unwrap().is_ok());
        copy.record(AuditEvent::new(AuditKind::Backup, "moved", Outcome::Success)).await.unwrap();

        let backup = target.folder.path().join("backup");
        target.store.back_up(&backup, &signing_key().public()).await.unwrap();
        let again = empty(&source, "again.sqlite").await;
        again.restore(&backup, &[], usual_periods).await.unwrap();
        assert_eq!(again.tenant(tenant.id()).people().get(all.person).await.unwrap().name, "ada");
        again.close().await.unwrap();
        source.store.close().await.unwrap();
    });
}
