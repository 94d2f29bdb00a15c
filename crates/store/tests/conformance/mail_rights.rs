//! Who may work in mail accounts that are not their own, and who works on threads.

use fernamt_domain::{
    DomainEvent, PersonId,
    audit::{AuditEvent, AuditKind, Outcome},
    mail::{
        MailRight::{self, Manage, Read, SendAs, Write},
        MailRights, MailType,
    },
};
use fernamt_store::{
    AuditFilter, MailGrantRecord, Notice, StoreError, ThreadWorkRecord, Work,
    repo::mail::delegation::{MAX_ACCOUNTS_OF_OTHERS, MAX_DELEGATES},
};
use serde_json::json;

use super::{
    Suite,
    mail::{change, own_email},
    suite,
};

suite! {
    an_account_begins_whole
    rights_are_granted_changed_and_revoked
    sharing_is_told_and_written_down
    who_is_removed_works_in_no_account_and_that_is_told
    so_many_share_an_account_and_no_more
    work_on_a_thread_is_told_and_goes_with_it
    who_is_removed_is_named_nowhere
}

fn rights(rights: &[MailRight]) -> MailRights {
    rights.iter().copied().collect()
}

fn entry() -> AuditEvent {
    AuditEvent::new(AuditKind::Mail, "mail_granted", Outcome::Success)
}

async fn somebody(s: &Suite, work: &Work, name: &str) -> PersonId {
    let person = s.fixture.make().person(name);
    work.people().insert(&person).await.unwrap();
    person.id
}

async fn an_account_begins_whole(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    let made = s.see(work.mail_accounts().begin(None, "Post", "post@rathaus.example").await).unwrap();
    work.commit().await.unwrap();
    assert_eq!((made.owner, made.name.as_str(), made.counter), (None, "Post", 1));
    assert_eq!((made.state(MailType::Mailbox), made.state(MailType::Identity), made.state(MailType::Email)), (1, 1, 0));
    let roles: Vec<_> = s.see(s.tenant.mailboxes().of_account(made.id).await).unwrap();
    let roles: Vec<_> =
        roles.iter().filter_map(|one| one.role.map(fernamt_domain::mail::MailboxRole::as_str)).collect();
    assert_eq!(roles, ["inbox", "drafts", "sent", "archive", "junk", "trash"]);
    let senders = s.see(s.tenant.mail_identities().of_account(made.id).await).unwrap();
    assert_eq!((senders.len(), senders[0].address.as_str()), (1, "post@rathaus.example"));
    assert_eq!(s.see(s.tenant.mail_accounts().functional().await).unwrap(), std::slice::from_ref(&made));
    let work = s.tenant.begin().await.unwrap();
    work.mail_accounts().rename(made.id, "Poststelle").await.unwrap();
    let twice = work.mail_accounts().begin(None, "Noch eine", "post@rathaus.example").await;
    assert!(matches!(twice, Err(StoreError::Conflict { .. })));
    drop(work);
    assert_eq!(s.tenant.mail_accounts().get(made.id).await.unwrap().name, "Post", "nothing was committed");
}

async fn rights_are_granted_changed_and_revoked(s: &Suite) {
    let account = s.own.mail.account;
    let work = s.tenant.begin().await.unwrap();
    let ben = somebody(s, &work, "ben").await;
    assert_eq!(work.mail_grants().put(account, ben, rights(&[Write])).await.unwrap(), None);
    assert_eq!(work.mail_grants().put(account, ben, rights(&[SendAs])).await.unwrap(), Some(rights(&[Read, Write])));
    work.commit().await.unwrap();
    let granted_at = s.fixture.clock_now();
    let expected = MailGrantRecord { account, person: ben, rights: rights(&[Read, SendAs]), granted_at };
    assert_eq!(s.see(s.tenant.mail_grants().get(account, ben).await).unwrap(), Some(expected.clone()));
    assert_eq!(s.see(s.tenant.mail_grants().of_person(ben).await).unwrap(), std::slice::from_ref(&expected));
    assert!(s.see(s.tenant.mail_grants().of_account(account).await).unwrap().contains(&expected));
    let work = s.tenant.begin().await.unwrap();
    assert_eq!(work.mail_grants().remove(account, ben).await.unwrap(), rights(&[SendAs]));
    let again = work.mail_grants().remove(account, ben).await;
    assert!(matches!(again, Err(StoreError::NotFound("mail_grant"))));
    work.commit().await.unwrap();
    assert_eq!(s.tenant.mail_grants().get(account, ben).await.unwrap(), None);
}

async fn sharing_is_told_and_written_down(s: &Suite) {
    let account = s.own.mail.account;
    let mut bus = s.tenant.store().subscribe();
    let mut work = s.tenant.begin().await.unwrap();
    let ben = somebody(s, &work, "ben").await;
    let grant = s.see(work.share_mail(account, ben, rights(&[Manage]), entry()).await).unwrap();
    assert_eq!(grant.rights, rights(&[Read, Manage]));
    let own = work.share_mail(account, s.own.person, rights(&[Read]), entry()).await;
    assert!(matches!(own, Err(StoreError::Conflict { what }) if what == "mail_grant.owner"));
    let nobody = work.share_mail(account, s.fixture.make().person("x").id, rights(&[Read]), entry()).await;
    assert!(matches!(nobody, Err(StoreError::NotFound("person"))));
    work.commit().await.unwrap();
    let expected = DomainEvent::MailRightsChanged { account, person: ben };
    loop {
        let Some(Notice::Event(told)) = bus.next().await else { panic!("nothing is told") };
        if told.event == expected {
            break;
        }
    }
    let entries = s.tenant.audit().newest_first(&AuditFilter::default(), None, 1).await.unwrap();
    assert_eq!(
        (
            &entries[0].facts.details["account"],
            &entries[0].facts.details["rights"],
            &entries[0].facts.details["before"]
        ),
        (&json!(account), &json!(["read", "manage"]), &json!([]))
    );
    let mut work = s.tenant.begin().await.unwrap();
    work.unshare_mail(account, ben, entry()).await.unwrap();
    work.commit().await.unwrap();
    let entries = s.tenant.audit().newest_first(&AuditFilter::default(), None, 1).await.unwrap();
    assert_eq!(
        (&entries[0].facts.details["rights"], &entries[0].facts.details["before"]),
        (&json!([]), &json!(["read", "manage"]))
    );
}

async fn who_is_removed_works_in_no_account_and_that_is_told(s: &Suite) {
    let account = s.own.mail.account;
    let mut work = s.tenant.begin().await.unwrap();
    let ben = somebody(s, &work, "ben").await;
    work.share_mail(account, ben, rights(&[Read]), entry()).await.unwrap();
    work.commit().await.unwrap();
    let mut bus = s.tenant.store().subscribe();
    let mut work = s.tenant.begin().await.unwrap();
    s.see(work.remove_person(ben).await).unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.tenant.mail_grants().get(account, ben).await.unwrap(), None);
    let expected = DomainEvent::MailRightsChanged { account, person: ben };
    loop {
        let Some(Notice::Event(told)) = bus.next().await else { panic!("nothing is told") };
        if told.event == expected {
            break;
        }
    }
    let nobody = s.tenant.begin().await.unwrap().remove_person(s.fixture.make().person("x").id).await;
    assert!(matches!(nobody, Err(StoreError::NotFound(_))));
}

async fn so_many_share_an_account_and_no_more(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    // The owner stands there too, in the rows of this suite.
    for number in 1..MAX_DELEGATES {
        let person = somebody(s, &work, &format!("delegate{number}")).await;
        work.mail_grants().put(s.own.mail.account, person, rights(&[Read])).await.unwrap();
    }
    let (ben, eva) = (somebody(s, &work, "ben").await, somebody(s, &work, "eva").await);
    let refused = work.mail_grants().put(s.own.mail.account, ben, rights(&[Read])).await;
    assert!(matches!(refused, Err(StoreError::TooMany { what: "delegates", limit: MAX_DELEGATES })));
    work.mail_grants().put(s.own.mail.account, s.own.person, rights(&[Write])).await.unwrap();
    for number in 0..MAX_ACCOUNTS_OF_OTHERS {
        let account = s.fixture.make().mail_account(None, &format!("post{number}@rathaus.example"));
        work.mail_accounts().insert(&account).await.unwrap();
        work.mail_grants().put(account.id, eva, rights(&[Read])).await.unwrap();
    }
    let account = s.fixture.make().mail_account(None, "noch.eine@rathaus.example");
    work.mail_accounts().insert(&account).await.unwrap();
    let refused = work.mail_grants().put(account.id, eva, rights(&[Read])).await;
    let limit = MAX_ACCOUNTS_OF_OTHERS;
    assert!(
        matches!(refused, Err(StoreError::TooMany { what: "mail accounts of others", limit: found }) if found == limit)
    );
    work.commit().await.unwrap();
    assert_eq!(s.see(s.tenant.mail_grants().of_person(eva).await).unwrap().len(), limit);
}

async fn work_on_a_thread_is_told_and_goes_with_it(s: &Suite) {
    let (mail, works) = (s.own.mail, s.tenant.thread_works());
    let first = s.see(works.these(mail.account, &[mail.thread]).await).unwrap().remove(0);
    assert_eq!(first.assignee, Some(s.own.person));
    let state = async || s.tenant.mail_accounts().get(mail.account).await.unwrap().state(MailType::ThreadWork);
    let work = s.tenant.begin().await.unwrap();
    let now = change(s, &work).await;
    let noted = ThreadWorkRecord { assignee: None, note: "Rückruf".to_owned(), ..first.clone() };
    work.thread_works().put(now, &noted).await.unwrap();
    work.mail_accounts().touch(now, &[MailType::ThreadWork]).await.unwrap();
    work.commit().await.unwrap();
    let found = s.see(works.of_account(mail.account, 9).await).unwrap();
    assert_eq!(found, [ThreadWorkRecord { changed_in: now.number, ..noted.clone() }]);
    assert_eq!(state().await, now.number);
    let told = s.see(works.changes(mail.account, now.number - 1, now.number, 9).await).unwrap().unwrap();
    assert_eq!((told.created, told.updated), (vec![], vec![mail.thread]));
    let work = s.tenant.begin().await.unwrap();
    let empty = change(s, &work).await;
    work.thread_works().put(empty, &ThreadWorkRecord { note: String::new(), ..found[0].clone() }).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(works.of_account(mail.account, 9).await.unwrap(), [], "there is nothing to say");
    let email = own_email(s).await;
    let work = s.tenant.begin().await.unwrap();
    let end = change(s, &work).await;
    work.emails().destroy(end, &[email]).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(works.these(mail.account, &[mail.thread]).await).unwrap(), []);
    assert_eq!(state().await, end.number);
    let told = works.changes(mail.account, empty.number, end.number, 9).await.unwrap().unwrap();
    assert_eq!(told.destroyed, [mail.thread]);
}

async fn who_is_removed_is_named_nowhere(s: &Suite) {
    let mail = s.own.mail;
    let work = s.tenant.begin().await.unwrap();
    let ben = somebody(s, &work, "ben").await;
    work.mail_grants().put(mail.account, ben, rights(&[Write])).await.unwrap();
    let now = change(s, &work).await;
    let first = s.tenant.thread_works().these(mail.account, &[mail.thread]).await.unwrap().remove(0);
    let his = ThreadWorkRecord { assignee: Some(ben), note: "x".to_owned(), note_by: Some(ben), ..first };
    work.thread_works().put(now, &his).await.unwrap();
    work.people().remove(ben).await.unwrap();
    work.commit().await.unwrap();
    let left = s.see(s.tenant.thread_works().these(mail.account, &[mail.thread]).await).unwrap().remove(0);
    assert_eq!((left.assignee, left.assigned_at, left.note_by, left.note.as_str()), (None, None, None, "x"));
    assert!(left.changed_in > now.number, "clients hear of it");
    assert_eq!(s.tenant.mail_accounts().get(mail.account).await.unwrap().state(MailType::ThreadWork), left.changed_in);
    assert_eq!(s.tenant.mail_grants().of_person(ben).await.unwrap(), []);
    assert_eq!(s.see(s.tenant.mail_grants().of_account(mail.account).await).unwrap().len(), 1);
}
