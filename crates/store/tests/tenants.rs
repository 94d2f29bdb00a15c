//! Tenants, and that another tenant's ids lead nowhere.

use std::collections::BTreeSet;

use fernamt_domain::{
    DeviceState, PersonState, TenantId,
    mail::{MailRights, MailType},
};
use fernamt_store::{
    Change, ContainerRecord, EmailRecord, EmailUpdate, HealthState, MailboxCounts, MirrorAbsenceRecord, NewEmail,
    StoreError, SubmissionFilter, TargetHealthRecord, ThreadWorkRecord,
};
use time::macros::date;

use crate::support::{
    Fixture,
    mail::{marks, mirrored_rights},
    on_both,
};

on_both! {
    tenants_are_found_by_host
    another_tenants_ids_lead_nowhere
    no_row_joins_two_tenants
}

async fn tenants_are_found_by_host(f: Fixture) {
    let tenants = f.store.tenants();
    let made = tenants.create("Rathaus", "Fernamt.Example.org").await.unwrap();
    assert_eq!(tenants.by_host("FERNAMT.example.org").await.unwrap(), Some(made.clone()));
    assert_eq!(tenants.by_name("RATHAUS").await.unwrap(), Some(made.clone()));
    assert_eq!(tenants.by_host("other.example.org").await.unwrap(), None);
    let twice = tenants.create("rathaus", "other.example.org").await;
    assert!(matches!(twice, Err(StoreError::Conflict { what }) if what == "tenant.name"));
    tenants.set_host(made.id, "New.example.org").await.unwrap();
    assert_eq!(tenants.all().await.unwrap()[0].host, "new.example.org");
    let unknown = f.store.tenant(TenantId::new(&f.clock, &f.rng));
    assert!(matches!(unknown.policy_epoch().await, Err(StoreError::NotFound("tenant"))));
    f.store.ping().await.unwrap();
}

/// Every method that takes an id, given the twin's.
#[expect(clippy::too_many_lines, reason = "it is a list")]
async fn another_tenants_ids_lead_nowhere(f: Fixture) {
    let (own, other) = (f.tenant("rathaus").await, f.tenant("zwilling").await);
    let theirs = f.make().everything(&other).await;
    let before = f.place.dump(other.id()).await;
    let mine = f.make().everything(&own).await;
    macro_rules! not_found {
        ($($call:expr;)+) => {$(
            assert!(matches!($call.await, Err(StoreError::NotFound(_))), "{}", stringify!($call));
        )+};
    }
    macro_rules! nothing {
        ($($call:expr;)+) => {$( assert!($call.await.unwrap().is_empty(), "{}", stringify!($call)); )+};
    }
    not_found! {
        own.people().get(theirs.person);
        own.people().get_even_removed(theirs.person);
        own.groups().get(theirs.group);
        own.devices().get(theirs.device);
        own.sessions().get(theirs.session);
        own.otp_tokens().get(theirs.token);
        own.passkeys().get(theirs.passkey);
        own.targets().get(theirs.target);
        own.bundles().get(theirs.bundle);
        own.rules().get(theirs.rule);
        own.directories().get(theirs.directory);
        own.imports().get(theirs.import);
        own.rooms().get(theirs.conference.room);
        own.meetings().get(theirs.conference.meeting);
        own.webhooks().get(theirs.conference.webhook);
        own.mail_accounts().get(theirs.mail.account);
        own.mailboxes().changes(theirs.mail.account, 0, 9, 100);
        own.thread_works().changes(theirs.mail.account, 0, 9, 100);
        own.emails().changes(theirs.mail.account, 0, 9, 100);
        own.emails().thread_changes(theirs.mail.account, 0, 9, 100);
        own.mail_identities().changes(theirs.mail.account, 0, 9, 100);
        own.email_submissions().changes(theirs.mail.account, 0, 9, 100);
        own.emails().touched(theirs.mail.account, 0);
    }
    let (meeting, seat) = (theirs.conference.meeting, theirs.conference.seat);
    assert_eq!(own.meetings().seat(meeting, seat).await.unwrap(), None);
    nothing! {
        own.people().roles(theirs.person);
        own.groups().members(theirs.inner_group);
        own.groups().children(theirs.group);
        own.groups().of_person(theirs.person);
        own.groups().all_of_person(theirs.person);
        own.groups().all_members(theirs.group);
        own.devices().of_person(theirs.person);
        own.sessions().live_of_person(theirs.person);
        own.otp_tokens().of_person(theirs.person);
        own.passkeys().of_person(theirs.person);
        own.recovery_codes().unused_of_person(theirs.person);
        own.targets().used_by(theirs.person);
        own.bundles().targets(theirs.bundle);
        own.bundles().of_target(theirs.target);
        own.rooms().invitees(theirs.conference.room);
        own.rooms().these(&[theirs.conference.room]);
        own.rooms().of_person(theirs.person);
        own.meetings().of_room(theirs.conference.room);
        own.meetings().seats(theirs.conference.meeting);
        own.messages().of_meeting(theirs.conference.meeting);
        own.letters().of_room(theirs.conference.room);
        own.webhooks().deliveries(theirs.conference.webhook, 10);
        own.mail_accounts().of_owner(theirs.person);
        own.mail_accounts().these(&[theirs.mail.account]);
        own.mail_grants().of_account(theirs.mail.account);
        own.mail_grants().of_person(theirs.person);
        own.thread_works().these(theirs.mail.account, &[theirs.mail.thread]);
        own.thread_works().of_account(theirs.mail.account, 10);
        own.mailboxes().of_account(theirs.mail.account);
        own.emails().these(theirs.mail.account, &[theirs.mail.email]);
        own.emails().mailboxes(&[theirs.mail.email]);
        own.emails().of_threads(theirs.mail.account, &[theirs.mail.thread]);
        own.emails().in_mailbox(theirs.mail.inbox, 10);
        own.emails().newest_in(theirs.mail.inbox, 0, 10);
        own.emails().matching(theirs.mail.account, None, &[]);
        own.mail_mirrors().folders(theirs.mail.account);
        own.mail_mirrors().messages(theirs.mail.account);
        own.mail_mirrors().in_folder(theirs.mail.inbox);
        own.mail_mirrors().these(theirs.mail.inbox, &[1]);
        own.mail_mirrors().of_emails(theirs.mail.account, &[theirs.mail.email]);
        own.mail_mirrors().copies(theirs.mail.account, &["M1".to_owned()]);
        own.mail_mirrors().begun(theirs.mail.account);
        own.mail_mirrors().equal(theirs.mail.account, &theirs.mail.raw);
        own.mail_mirrors().marks(theirs.mail.account);
        own.mail_mirrors().lying(&[theirs.mail.inbox]);
        own.mail_mirrors().rights(theirs.mail.account);
        own.mail_identities().of_account(theirs.mail.account);
        own.email_submissions().these(theirs.mail.account, &[theirs.mail.submission]);
        own.email_submissions().of_account(theirs.mail.account, 10);
        own.email_submissions().matching(theirs.mail.account, &SubmissionFilter::default(), &[]);
    }
    let (mail, inbox) = (theirs.mail, theirs.mail.inbox);
    assert_eq!(own.mail_grants().get(mail.account, theirs.person).await.unwrap(), None);
    assert!(!own.mailboxes().has(mail.account, inbox).await.unwrap());
    assert_eq!(own.mailboxes().counts(&[inbox]).await.unwrap()[&inbox], MailboxCounts::default());
    assert_eq!(own.emails().thread_of(mail.account, &[mail.reference]).await.unwrap(), None);
    assert_eq!(own.mail_blobs().get(mail.account, &mail.raw).await.unwrap(), None);
    assert_eq!(own.mail_blobs().get(mail.account, &mail.upload).await.unwrap(), None);
    assert_eq!(own.mail_blobs().get(mine.mail.account, &mail.raw).await.unwrap(), None);
    assert_eq!(own.mail_blobs().of_submission(mail.submission).await.unwrap(), None);
    assert_eq!(own.mail_blobs().uploads(mail.account).await.unwrap(), 0);
    assert_eq!(own.mail_vacations().get(mail.account).await.unwrap(), None);
    assert_eq!(own.mail_vacations().enabled().await.unwrap(), [mine.mail.account]);
    assert_eq!(own.mail_mirrors().absence(mail.account).await.unwrap(), None);
    assert_eq!(own.mail_mirrors().absent().await.unwrap(), [mine.mail.account]);
    assert_eq!(own.mail_mirrors().shared().await.unwrap(), [mine.mail.account].into());
    assert_eq!(own.targets().health(theirs.target).await.unwrap(), None);
    assert_eq!(own.enrolments().get(theirs.device).await.unwrap(), None);
    assert_eq!(own.containers().get(theirs.device).await.unwrap(), ContainerRecord::none(theirs.device));

    let email = other.emails().these(mail.account, &[mail.email]).await.unwrap().remove(0);
    let mailbox = other.mailboxes().of_account(mail.account).await.unwrap().remove(0);
    let identity = other.mail_identities().of_account(mail.account).await.unwrap().remove(0);
    let submission = other.email_submissions().of_account(mail.account, 1).await.unwrap().remove(0);
    let update = EmailUpdate {
        email: email.clone(),
        was_in: BTreeSet::from([mail.inbox, mail.archive]),
        keywords: marks(&["$seen"]),
        mailboxes: BTreeSet::from([mail.inbox]),
    };
    let change = |account, number| Change { account, number };
    let work = own.begin().await.unwrap();
    not_found! {
        work.people().set_state(theirs.person, PersonState::Disabled);
        work.people().set_password_hash(theirs.person, None);
        work.people().set_language(theirs.person, "en");
        work.people().remove(theirs.person);
        work.groups().remove(theirs.group);
        work.devices().set_state(theirs.device, DeviceState::Revoked, None);
        work.devices().rename(theirs.device, "x");
        work.containers().held(theirs.device);
        work.containers().wipe(theirs.device);
        work.enrolments().other_containers(theirs.person, mine.device);
        work.devices().touch(theirs.device, date!(2026 - 11 - 21));
        work.sessions().touch(theirs.session);
        work.otp_tokens().assign(theirs.token, None);
        work.otp_tokens().confirm(theirs.token);
        work.otp_tokens().remove(theirs.token);
        work.passkeys().used(theirs.passkey, &serde_json::json!({}), date!(2026 - 11 - 21));
        work.passkeys().remove(theirs.passkey);
        work.targets().pin_certificate(theirs.target, None);
        work.targets().remove(theirs.target);
        work.bundles().remove(theirs.bundle);
        work.rules().reorder(&[theirs.rule]);
        work.rules().remove(theirs.rule);
        work.directories().synced(theirs.directory, &serde_json::json!({}));
        work.directories().remove(theirs.directory);
        work.rooms().locked(theirs.conference.room);
        work.rooms().remove(theirs.conference.room);
        work.rooms().uninvite(theirs.conference.invitee);
        work.meetings().locked(theirs.conference.meeting);
        work.meetings().renew_pin(theirs.conference.meeting, &[], &[]);
        work.letters().sent(theirs.conference.letter);
        work.webhooks().tell(theirs.conference.webhook, Vec::new());
        work.webhooks().failing(theirs.conference.webhook, None);
        work.webhooks().remove(theirs.conference.webhook);
        work.mail_accounts().change(theirs.mail.account);
        work.mail_accounts().remove(theirs.mail.account);
        work.mail_accounts().take(theirs.mail.account);
        work.mail_accounts().rename(theirs.mail.account, "Neu");
        work.mail_grants().remove(theirs.mail.account, theirs.person);
        work.mail_accounts().touch(change(theirs.mail.account, 9), &[MailType::Email]);
        work.mailboxes().replace(&mailbox);
        work.mailboxes().remove(change(theirs.mail.account, 9), &mailbox);
        work.emails().update(change(theirs.mail.account, 9), &update);
        work.mail_identities().replace(&identity);
        work.mail_identities().remove(change(theirs.mail.account, 9), &identity);
        work.email_submissions().replace(&submission);
    }
    // With the account's own change, the twin's rows are out of reach as well.
    let own_change = work.mail_accounts().change(mine.mail.account).await.unwrap();
    work.mailboxes().counted(own_change, &[theirs.mail.inbox]).await.unwrap();
    work.emails().destroy(own_change, std::slice::from_ref(&email)).await.unwrap();
    let late = time::OffsetDateTime::from_unix_timestamp(1 << 33).unwrap();
    let out_of_reach = Change { account: mail.account, number: own_change.number };
    assert_eq!(work.email_submissions().forget(out_of_reach, late).await.unwrap(), 0);
    let newest = own_change.number;
    let changes = work.emails().changes(mine.mail.account, newest - 1, newest, 100).await.unwrap().unwrap();
    assert!(changes.destroyed.is_empty(), "nobody hears of the twin's message");
    assert!(!work.sessions().end(theirs.session).await.unwrap());
    assert!(!work.otp_tokens().use_step(theirs.token, 1 << 40, 0).await.unwrap());
    assert!(!work.groups().remove_member(theirs.inner_group, theirs.person).await.unwrap());
    assert!(!work.groups().remove_child(theirs.group, theirs.inner_group).await.unwrap());
    assert!(!work.imports().undone(theirs.import).await.unwrap());
    assert!(!work.meetings().open(theirs.conference.meeting).await.unwrap());
    assert!(!work.meetings().end(theirs.conference.meeting).await.unwrap());
    assert!(!work.meetings().cancel(theirs.conference.meeting).await.unwrap());
    assert_eq!(work.messages().clear(theirs.conference.meeting).await.unwrap(), 0);
    nothing! {
        work.sessions().end_of_person(theirs.person, None);
        work.sessions().end_of_device(theirs.device);
    }
    assert_eq!(work.passkeys().remove_of_person(theirs.person).await.unwrap(), 0);
    work.otp_tokens().remove_of_person(theirs.person).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(f.place.dump(other.id()).await, before);
}

/// Rows that would join one tenant's with another's are refused by the database itself.
async fn no_row_joins_two_tenants(f: Fixture) {
    let (own, other) = (f.tenant("rathaus").await, f.tenant("zwilling").await);
    let (mine, theirs) = (f.make().everything(&own).await, f.make().everything(&other).await);
    let before = (f.place.dump(own.id()).await, f.place.dump(other.id()).await);
    macro_rules! refused {
        ($($work:ident => $call:expr;)+) => {$(
            let $work = own.begin().await.unwrap();
            assert!(matches!($call.await, Err(StoreError::Reference)), "{}", stringify!($call));
            drop($work);
        )+};
    }
    let health = TargetHealthRecord {
        target: theirs.target,
        checked_at: f.clock_now(),
        state: HealthState::Up,
        detail: None,
        certificate: None,
    };
    let (own_mail, other_mail) = (mine.mail, theirs.mail);
    let change = |account| Change { account, number: 9 };
    // Both tenants have bytes with these prints, so nothing but the reference is wrong.
    let (elsewhere, astray) =
        (f.make().email(other_mail.account, &[]), f.make().email(own_mail.account, &[other_mail.inbox]));
    let unkept = f.make().email(own_mail.account, &[own_mail.inbox]);
    let their_bytes = EmailRecord { print: other_mail.raw, ..unkept.email.clone() };
    let work = own.begin().await.unwrap();
    for email in [&elsewhere, &astray] {
        work.mail_blobs().put(&email.email.print, b"raw").await.unwrap();
    }
    work.commit().await.unwrap();
    let before = (f.place.dump(own.id()).await, before.1);
    refused! {
        work => work.mail_accounts().insert(&f.make().mail_account(Some(theirs.person), "new@rathaus.example"));
        work => work.mail_accounts().begin(Some(theirs.person), "Neu", "neu@rathaus.example");
        work => work.mail_grants().put(other_mail.account, mine.person, MailRights::all());
        work => work.mail_grants().put(own_mail.account, theirs.person, MailRights::all());
        work => work.thread_works().put(change(other_mail.account), &ThreadWorkRecord::none(other_mail.account, own_mail.thread));
        work => work.mailboxes().insert(change(other_mail.account), &f.make().mailbox(change(other_mail.account), "Neu", None));
        work => work.emails().insert(change(other_mail.account), &elsewhere);
        work => work.emails().insert(change(own_mail.account), &astray);
        work => work.emails().insert(change(own_mail.account), &NewEmail { email: their_bytes.clone(), ..unkept.clone() });
        work => work.mail_blobs().upload(other_mail.account, &[1; 32], "text/plain", b"text");
        work => work.mail_vacations().put(&f.make().vacation(other_mail.account));
        work => work.mail_vacations().note(other_mail.account, &[1; 32]);
        work => work.mail_mirrors().put_rights(&mirrored_rights(other_mail.account));
        work => work.mail_mirrors().put_absence(&MirrorAbsenceRecord { account: other_mail.account, print: None });
        work => work.mail_identities().insert(&f.make().mail_identity(change(other_mail.account)));
        work => work.email_submissions().insert(&f.make().submission(change(own_mail.account), own_mail.identity, &their_bytes));
        work => work.email_submissions().insert(&f.make().submission(change(other_mail.account), other_mail.identity, &elsewhere.email));
        work => work.groups().add_member(mine.group, theirs.person);
        work => work.groups().add_member(theirs.group, mine.person);
        work => work.groups().add_child(mine.group, theirs.group);
        work => work.bundles().set_targets(mine.bundle, &[theirs.target]);
        work => work.devices().insert(&f.make().device(theirs.person, "new"));
        work => work.sessions().insert(&f.make().session(mine.person, Some(theirs.device)));
        work => work.targets().set_health(&health);
        work => work.targets().used(mine.person, theirs.target, date!(2026 - 11 - 21));
        work => work.otp_tokens().assign(mine.token, Some(theirs.person));
        work => work.rooms().insert(&f.make().room(theirs.person, fernamt_domain::conference::RoomKind::Meeting));
        work => work.meetings().insert(mine.conference.room, &[f.make().meeting(theirs.conference.room)]);
        work => work.meetings().keep_seat(&f.make().seat(theirs.conference.meeting, None));
        work => work.messages().put(&f.make().message(theirs.conference.meeting, 1));
    }
    assert_eq!((f.place.dump(own.id()).await, f.place.dump(other.id()).await), before);
}
