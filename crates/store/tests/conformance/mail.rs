//! Mail accounts with their folders, messages, bytes, senders and what is on its way out.

use std::collections::BTreeSet;

use fernamt_domain::{
    EmailId,
    mail::{MailType, UndoStatus},
};
use fernamt_store::{
    Change, EmailRecord, EmailSubmissionRecord, EmailUpdate, MailboxCounts, MailboxRecord, NewEmail, RetentionConfig,
    StoreError, Work,
    repo::mail::{
        blob::MAX_UPLOADS,
        email::{MAX_REFERENCES, MAX_THREAD_EMAILS},
        identity::MAX_IDENTITIES,
        mailbox::MAX_MAILBOXES,
        submission::MAX_WAITING_SUBMISSIONS,
    },
};
use time::Duration;

use super::{Suite, suite};
use crate::support::{Place, mail::marks};

suite! {
    an_account_is_found_by_its_address
    a_change_counts_and_tells_what_changed
    folders_count_what_lies_in_them
    a_message_is_marked_and_moved
    what_is_destroyed_is_told_once
    a_folder_goes_when_it_is_empty
    a_folder_that_is_renamed_keeps_its_count
    a_message_joins_the_oldest_thread_with_room
    bytes_are_read_by_whom_they_belong_to
    a_message_needs_its_bytes
    bytes_of_something_new_stay_while_others_go
    what_waits_is_sent_in_its_order
    what_is_limited_is_refused_beyond
}

pub(super) async fn change(s: &Suite, work: &Work) -> Change {
    work.mail_accounts().change(s.own.mail.account).await.unwrap()
}

pub(super) async fn own_email(s: &Suite) -> EmailRecord {
    s.see(s.tenant.emails().these(s.own.mail.account, &[s.own.mail.email]).await).unwrap().remove(0)
}

async fn an_account_is_found_by_its_address(s: &Suite) {
    let own = s.see(s.tenant.mail_accounts().by_address("ada@rathaus.example").await).unwrap().unwrap();
    assert_eq!((own.id, own.owner), (s.own.mail.account, Some(s.own.person)));
    assert_eq!(s.see(s.tenant.mail_accounts().of_owner(s.own.person).await).unwrap(), [own]);
    let work = s.tenant.begin().await.unwrap();
    let shared = s.fixture.make().mail_account(None, "post@rathaus.example");
    work.mail_accounts().insert(&shared).await.unwrap();
    let twice = work.mail_accounts().insert(&s.fixture.make().mail_account(None, "post@rathaus.example")).await;
    assert!(matches!(twice, Err(StoreError::Conflict { what }) if what == "mail_account.address"));
}

async fn a_change_counts_and_tells_what_changed(s: &Suite) {
    let before = s.see(s.tenant.mail_accounts().get(s.own.mail.account).await).unwrap();
    let work = s.tenant.begin().await.unwrap();
    let first = change(s, &work).await;
    work.mail_accounts().touch(first, &[]).await.unwrap();
    let second = change(s, &work).await;
    work.mail_accounts().touch(second, &[MailType::Identity, MailType::EmailSubmission]).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!((first.number, second.number), (before.counter + 1, before.counter + 2));
    let after = s.see(s.tenant.mail_accounts().get(s.own.mail.account).await).unwrap();
    assert_eq!(after.counter, second.number);
    for kind in [MailType::Mailbox, MailType::Email, MailType::Thread] {
        assert_eq!(after.state(kind), before.state(kind));
    }
    for kind in [MailType::Identity, MailType::EmailSubmission] {
        assert_eq!(after.state(kind), second.number);
    }
}

async fn folders_count_what_lies_in_them(s: &Suite) {
    let (make, mail) = (s.fixture.make(), s.own.mail);
    let work = s.tenant.begin().await.unwrap();
    let now = change(s, &work).await;
    let empty = make.mailbox(now, "Leer", None);
    work.mailboxes().insert(now, &empty).await.unwrap();
    for (words, thread) in [(&["$seen"][..], None), (&[], Some(mail.thread)), (&["$seen"], Some(mail.thread))] {
        let mut new = make.email(mail.account, &[mail.inbox]);
        new.email.keywords = marks(words);
        new.email.thread = thread.unwrap_or(new.email.thread);
        make.deliver(&work, now, &new).await;
    }
    work.commit().await.unwrap();
    let counts = s.see(s.tenant.mailboxes().counts(&[mail.inbox, mail.archive, empty.id]).await).unwrap();
    let count = |emails, unread_emails, threads, unread_threads| MailboxCounts {
        emails,
        unread_emails,
        threads,
        unread_threads,
    };
    assert_eq!(counts[&mail.inbox], count(4, 2, 2, 1));
    assert_eq!(counts[&mail.archive], count(1, 1, 1, 1));
    assert_eq!(counts[&empty.id], MailboxCounts::default());
}

async fn a_message_is_marked_and_moved(s: &Suite) {
    let mail = s.own.mail;
    let email = own_email(s).await;
    let update = |keywords: &[&str], was_in: &[_], mailboxes: &[_]| EmailUpdate {
        email: email.clone(),
        was_in: was_in.iter().copied().collect(),
        keywords: marks(keywords),
        mailboxes: mailboxes.iter().copied().collect(),
    };
    let lies_in = async || s.see(s.tenant.emails().mailboxes(&[mail.email]).await).unwrap().remove(&mail.email);
    let both = [mail.inbox, mail.archive];
    for (keywords, was_in, now_in, unread) in [
        (&["$flagged"][..], &both[..], &both[..], 1),
        (&["$flagged", "$seen"], &both, &both, 0),
        (&["$seen"], &both, &both[1..], 0),
        (&[], &both[1..], &both, 1),
    ] {
        let work = s.tenant.begin().await.unwrap();
        let now = change(s, &work).await;
        work.emails().update(now, &update(keywords, was_in, now_in)).await.unwrap();
        work.commit().await.unwrap();
        let found = own_email(s).await;
        let expected = EmailRecord { keywords: marks(keywords), changed_in: now.number, ..email.clone() };
        assert_eq!(found, expected, "nothing but marks and state");
        assert_eq!(lies_in().await, Some(now_in.iter().copied().collect()));
        let counts = s.tenant.mailboxes().counts(&[mail.archive]).await.unwrap()[&mail.archive];
        assert_eq!(counts.unread_emails, unread);
    }
    let work = s.tenant.begin().await.unwrap();
    let now = change(s, &work).await;
    work.emails().destroy(now, std::slice::from_ref(&email)).await.unwrap();
    let late = work.emails().update(now, &update(&["$seen"], &both, &both)).await;
    assert!(matches!(late, Err(StoreError::NotFound("email"))), "it is gone");
}

async fn what_is_destroyed_is_told_once(s: &Suite) {
    let email = own_email(s).await;
    let work = s.tenant.begin().await.unwrap();
    let now = change(s, &work).await;
    // Two requests that both read the message before the other one's change.
    work.emails().destroy(now, std::slice::from_ref(&email)).await.unwrap();
    let again = change(s, &work).await;
    work.emails().destroy(again, std::slice::from_ref(&email)).await.unwrap();
    work.commit().await.unwrap();
    let told = s.see(s.tenant.emails().changes(email.account, now.number - 1, again.number, 9).await);
    assert_eq!(told.unwrap().unwrap().destroyed, [email.id]);
    let told = s.see(s.tenant.emails().changes(email.account, now.number, again.number, 9).await);
    assert_eq!(told.unwrap().unwrap().destroyed, [], "in the change that it went in");
    assert!(s.tenant.emails().in_mailbox(s.own.mail.inbox, 9).await.unwrap().is_empty());
}

async fn own_folder(s: &Suite) -> MailboxRecord {
    let folders = s.see(s.tenant.mailboxes().of_account(s.own.mail.account).await).unwrap();
    folders.into_iter().find(|folder| folder.id == s.own.mail.inbox).unwrap()
}

async fn a_folder_goes_when_it_is_empty(s: &Suite) {
    let (inbox, email) = (own_folder(s).await, own_email(s).await);
    let work = s.tenant.begin().await.unwrap();
    let now = change(s, &work).await;
    assert!(matches!(work.mailboxes().remove(now, &inbox).await, Err(StoreError::Reference)), "a message lies in it");
    work.emails().destroy(now, std::slice::from_ref(&email)).await.unwrap();
    let inner = MailboxRecord { parent: Some(inbox.id), ..s.fixture.make().mailbox(now, "Darin", None) };
    work.mailboxes().insert(now, &inner).await.unwrap();
    assert!(matches!(work.mailboxes().remove(now, &inbox).await, Err(StoreError::Reference)), "a folder lies in it");
    work.mailboxes().remove(now, &inner).await.unwrap();
    work.mailboxes().remove(now, &inbox).await.unwrap();
    work.commit().await.unwrap();
    let told = s.see(s.tenant.mailboxes().changes(inbox.account, now.number - 1, now.number, 9).await);
    let told = told.unwrap().unwrap();
    assert_eq!(told.changes.destroyed, [inbox.id], "nobody has heard of the other one");
}

async fn a_folder_that_is_renamed_keeps_its_count(s: &Suite) {
    let inbox = own_folder(s).await;
    let work = s.tenant.begin().await.unwrap();
    let now = change(s, &work).await;
    work.mailboxes().counted(now, &[inbox.id]).await.unwrap();
    let renamed = MailboxRecord { name: "Posteingang".to_owned(), changed_in: now.number, ..inbox };
    work.mailboxes().replace(&renamed).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(own_folder(s).await, MailboxRecord { counted_in: now.number, ..renamed });
    let told = s.see(s.tenant.mailboxes().changes(s.own.mail.account, now.number - 1, now.number, 9).await);
    assert!(!told.unwrap().unwrap().counts_only, "its name is new too");
    let work = s.tenant.begin().await.unwrap();
    let later = change(s, &work).await;
    work.mailboxes().counted(later, &[s.own.mail.inbox]).await.unwrap();
    work.commit().await.unwrap();
    let told = s.see(s.tenant.mailboxes().changes(s.own.mail.account, now.number, later.number, 9).await);
    assert!(told.unwrap().unwrap().counts_only);
}

async fn a_message_joins_the_oldest_thread_with_room(s: &Suite) {
    let (make, mail) = (s.fixture.make(), s.own.mail);
    let oldest = async |references: &[_]| s.see(s.tenant.emails().thread_of(mail.account, references).await).unwrap();
    assert_eq!(oldest(&[mail.reference]).await, Some(mail.thread));
    assert_eq!(oldest(&[]).await, None);
    let others: Vec<_> = (0..=MAX_REFERENCES).map(|_| make.print()).collect();
    let references: Vec<_> = others.iter().copied().chain([mail.reference]).collect();
    s.fixture.clock.advance(Duration::MILLISECOND);
    let second = NewEmail { references: references.clone(), ..make.email(mail.account, &[mail.inbox]) };
    let work = s.tenant.begin().await.unwrap();
    let now = change(s, &work).await;
    let second = make.deliver(&work, now, &second).await;
    work.commit().await.unwrap();
    assert_eq!(oldest(&others[..MAX_REFERENCES]).await, Some(second.thread));
    assert_eq!(oldest(&others[MAX_REFERENCES..]).await, None, "so many references are kept, and no more");
    s.fixture.clock.advance(Duration::MILLISECOND);
    let work = s.tenant.begin().await.unwrap();
    let now = change(s, &work).await;
    let third = NewEmail { references: vec![mail.reference, others[0]], ..make.email(mail.account, &[mail.inbox]) };
    make.deliver(&work, now, &third).await;
    work.commit().await.unwrap();
    assert_eq!(oldest(&[others[0], mail.reference]).await, Some(mail.thread));

    // A mailing list: everything in the thread names its first message.
    let place = &s.fixture.place;
    place.multiply("email", mail.email.0, "id", MAX_THREAD_EMAILS).await;
    let (thread, print) = match place {
        Place::Sqlite(_) => (format!("x'{}'", mail.thread.0.simple()), format!("x'{}'", hex(&mail.reference))),
        Place::Postgres(_) => (format!("'{}'", mail.thread), format!("'\\x{}'::bytea", hex(&mail.reference))),
    };
    place
        .tamper(&format!(
            "INSERT INTO thread_reference (tenant_id, account, print, email, thread) \
             SELECT tenant_id, account, {print}, id, thread FROM email e WHERE thread = {thread} \
             AND NOT EXISTS (SELECT 1 FROM thread_reference t WHERE t.email = e.id)"
        ))
        .await;
    assert_eq!(oldest(&[mail.reference]).await, Some(third.email.thread), "the oldest thread is full");
}

fn hex(print: &[u8]) -> String {
    print.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

async fn bytes_are_read_by_whom_they_belong_to(s: &Suite) {
    let (make, mail) = (s.fixture.make(), s.own.mail);
    let get = async |account, print| s.see(s.tenant.mail_blobs().get(account, print).await).unwrap();
    assert_eq!(get(mail.account, &mail.raw).await.as_deref(), Some(&b"From: gast@amt.example"[..]));
    assert_eq!(get(mail.account, &mail.upload).await.as_deref(), Some(&b"PNG"[..]));
    assert_eq!(s.see(s.tenant.mail_blobs().uploads(mail.account).await).unwrap(), 3);
    let work = s.tenant.begin().await.unwrap();
    let other = make.mail_account(None, "post@rathaus.example");
    work.mail_accounts().insert(&other).await.unwrap();
    work.mail_blobs().upload(mail.account, &mail.upload, "text/plain", b"PNG").await.unwrap();
    work.mail_blobs().upload(mail.account, &[7; 32], "text/plain", b"12345").await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(get(other.id, &mail.raw).await, None, "another account of the same house");
    assert_eq!(get(other.id, &mail.upload).await, None);
    assert_eq!(s.tenant.mail_blobs().uploads(mail.account).await.unwrap(), 8);
    let work = s.tenant.begin().await.unwrap();
    let now = change(s, &work).await;
    let mut sent = make.email(mail.account, &[mail.inbox]);
    sent.email.print = mail.upload;
    work.emails().insert(now, &sent).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.tenant.mail_blobs().uploads(mail.account).await.unwrap(), 5, "it belongs to a message now");
    assert!(get(mail.account, &mail.upload).await.is_some());
    let outgoing = s.see(s.tenant.mail_blobs().of_submission(mail.submission).await).unwrap();
    assert_eq!(outgoing.as_deref(), Some(&b"From: gast@amt.example"[..]));
}

async fn a_message_needs_its_bytes(s: &Suite) {
    let mail = s.own.mail;
    let new = s.fixture.make().email(mail.account, &[mail.inbox]);
    s.see(new.email.id);
    let work = s.tenant.begin().await.unwrap();
    let now = change(s, &work).await;
    assert!(matches!(work.emails().insert(now, &new).await, Err(StoreError::Reference)));
    let submission = s.fixture.make().submission(now, mail.identity, &new.email);
    assert!(matches!(work.email_submissions().insert(&submission).await, Err(StoreError::Reference)));
}

/// A clean-up that runs at the same time waits for whoever uses old bytes again.
async fn bytes_of_something_new_stay_while_others_go(s: &Suite) {
    let (make, mail) = (s.fixture.make(), s.own.mail);
    let (again, used, unused) = (make.print(), make.print(), make.print());
    let work = s.tenant.begin().await.unwrap();
    for print in [&again, &used, &unused] {
        work.mail_blobs().put(print, b"old").await.unwrap();
    }
    work.commit().await.unwrap();
    s.fixture.clock.advance(Duration::days(2));

    let work = s.tenant.begin().await.unwrap();
    let now = change(s, &work).await;
    work.mail_blobs().put(&again, b"old").await.unwrap();
    let mut new = make.email(mail.account, &[mail.inbox]);
    new.email.print = used;
    work.emails().insert(now, &new).await.unwrap();
    let tenant = s.tenant.clone();
    let cleaning = tokio::spawn(async move { tenant.delete_expired(&RetentionConfig::default()).await });
    if let Place::Postgres(_) = &s.fixture.place {
        let waiting = "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() \
                       AND wait_event_type = 'Lock'";
        while !cleaning.is_finished() && s.fixture.place.ask(waiting).await == ["0"] {
            tokio::task::yield_now().await;
        }
    }
    work.commit().await.unwrap();
    let report = s.see(cleaning.await.unwrap()).unwrap();
    assert_eq!((report.rows["mail_upload"], report.rows["mail_blob"]), (1, 3), "upload, unused, and of the destroyed");
    assert!(s.tenant.mail_blobs().get(mail.account, &used).await.unwrap().is_some());
    let work = s.tenant.begin().await.unwrap();
    let now = change(s, &work).await;
    new.email.id = EmailId::new(&s.fixture.clock, &s.fixture.rng);
    new.email.print = again;
    work.emails().insert(now, &new).await.unwrap();
}

async fn what_waits_is_sent_in_its_order(s: &Suite) {
    let (make, mail) = (s.fixture.make(), s.own.mail);
    let now = s.fixture.clock_now();
    let email = own_email(s).await;
    let work = s.tenant.begin().await.unwrap();
    let step = change(s, &work).await;
    let later =
        EmailSubmissionRecord { next_at: Some(now + Duration::HOUR), ..make.submission(step, mail.identity, &email) };
    s.fixture.clock.advance(Duration::MILLISECOND);
    let earlier =
        EmailSubmissionRecord { next_at: Some(now - Duration::HOUR), ..make.submission(step, mail.identity, &email) };
    work.email_submissions().insert(&later).await.unwrap();
    work.email_submissions().insert(&earlier).await.unwrap();
    work.commit().await.unwrap();
    let ids = |found: Vec<EmailSubmissionRecord>| found.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(s.see(s.tenant.email_submissions().due(now, 9, &[]).await).unwrap()), [earlier.id, mail.submission]);
    assert_eq!(ids(s.tenant.email_submissions().due(now, 1, &[]).await.unwrap()), [earlier.id]);
    assert_eq!(ids(s.tenant.email_submissions().due(now, 9, &[earlier.id]).await.unwrap()), [mail.submission]);
    let others = [earlier.id, mail.submission];
    assert_eq!(s.tenant.email_submissions().next(&others).await.unwrap(), later.next_at);
    assert_eq!(s.see(s.tenant.email_submissions().next(&[]).await).unwrap(), earlier.next_at);
    let newest = s.see(s.tenant.email_submissions().of_account(mail.account, 2).await).unwrap();
    assert_eq!(ids(newest), [earlier.id, later.id]);
    let work = s.tenant.begin().await.unwrap();
    let step = change(s, &work).await;
    for one in s.tenant.email_submissions().of_account(mail.account, 9).await.unwrap() {
        let changed_in = step.number;
        let through = EmailSubmissionRecord { next_at: None, undo_status: UndoStatus::Final, changed_in, ..one };
        work.email_submissions().replace(&through).await.unwrap();
    }
    work.commit().await.unwrap();
    assert_eq!(s.tenant.email_submissions().next(&[]).await.unwrap(), None);
    let told = s.see(s.tenant.email_submissions().changes(mail.account, step.number - 1, step.number, 9).await);
    let told: BTreeSet<_> = told.unwrap().unwrap().updated.into_iter().collect();
    assert_eq!(told, BTreeSet::from([earlier.id, later.id, mail.submission]));
}

async fn what_is_limited_is_refused_beyond(s: &Suite) {
    let (make, mail) = (s.fixture.make(), s.own.mail);
    let (place, email) = (&s.fixture.place, own_email(s).await);
    // Two folders, one sender, one upload and one message on its way out are there.
    place.multiply("mailbox", mail.inbox.0, "id", MAX_MAILBOXES - 3).await;
    place.multiply("mail_identity", mail.identity.0, "id", MAX_IDENTITIES - 2).await;
    place.multiply("mail_upload", mail.account.0, "print", MAX_UPLOADS - 2).await;
    place.multiply("email_submission", mail.submission.0, "id", MAX_WAITING_SUBMISSIONS - 2).await;
    let work = s.tenant.begin().await.unwrap();
    let now = change(s, &work).await;
    macro_rules! one_more {
        ($what:literal, $limit:expr, $call:expr) => {
            $call.await.unwrap();
            let refused = $call.await;
            let Err(StoreError::TooMany { what, limit }) = refused else { panic!("{}: {refused:?}", $what) };
            assert_eq!((what, limit), ($what, $limit));
        };
    }
    one_more!("folders", MAX_MAILBOXES, work.mailboxes().insert(now, &make.mailbox(now, "Neu", None)));
    one_more!("senders", MAX_IDENTITIES, work.mail_identities().insert(&make.mail_identity(now)));
    one_more!("uploads", MAX_UPLOADS, work.mail_blobs().upload(mail.account, &make.print(), "text/plain", b"x"));
    work.mail_blobs().upload(mail.account, &mail.upload, "text/plain", b"PNG").await.unwrap();
    one_more!(
        "messages on their way out",
        MAX_WAITING_SUBMISSIONS,
        work.email_submissions().insert(&make.submission(now, mail.identity, &email))
    );
}
