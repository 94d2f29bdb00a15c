//! What a foreign mail server and the index last agreed on.

use fernamt_domain::{MailboxId, mail::MailRights};
use fernamt_store::{
    MailVacationRecord, MirrorAbsenceRecord, MirrorFolderRecord, MirrorMessageRecord, MirrorRightsRecord,
};

use super::{
    Suite,
    mail::{change, own_email},
    suite,
};
use crate::support::mail::{marks, mirrored_email, mirrored_rights};

suite! {
    a_folder_is_known_until_it_is_forgotten
    a_message_is_found_by_its_number_its_copies_and_its_bytes
    what_was_begun_ends_when_the_message_lies_there
    what_is_gone_from_the_index_is_still_known
    an_absence_is_known_until_it_ended_on_the_server
    rights_at_the_server_are_known_by_login_until_they_ended_there
}

async fn a_folder_is_known_until_it_is_forgotten(s: &Suite) {
    let mail = s.own.mail;
    let known = s.see(s.tenant.mail_mirrors().folders(mail.account).await).unwrap();
    assert_eq!((known.len(), known[0].mailbox, known[0].uid_validity), (1, mail.inbox, 7));
    let work = s.tenant.begin().await.unwrap();
    let newer = MirrorFolderRecord { wire: "INBOX".to_owned(), modseq: None, uid_next: 12, ..known[0].clone() };
    work.mail_mirrors().put_folder(&newer).await.unwrap();
    assert_eq!(s.see(work.mail_mirrors().folders(mail.account).await).unwrap(), std::slice::from_ref(&newer));
    work.mail_mirrors().read_anew(mail.inbox).await.unwrap();
    assert_eq!(s.see(work.mail_mirrors().folders(mail.account).await).unwrap()[0].uid_next, 0);
    work.mail_mirrors().remove_folder(mail.inbox).await.unwrap();
    assert_eq!(s.see(work.mail_mirrors().folders(mail.account).await).unwrap(), []);
    assert_eq!(s.see(work.mail_mirrors().messages(mail.account).await).unwrap(), []);
    assert_eq!(s.see(work.mail_mirrors().begun(mail.account).await).unwrap().len(), 1, "another folder's stays");
}

async fn a_message_is_found_by_its_number_its_copies_and_its_bytes(s: &Suite) {
    let (mail, email) = (s.own.mail, own_email(s).await);
    let mirror = s.tenant.mail_mirrors();
    let known = s.see(mirror.messages(mail.account).await).unwrap();
    assert_eq!((known.len(), known[0].uid, known[0].email), (1, 1, mail.email));
    assert_eq!(s.see(mirror.these(mail.inbox, &[1, 2]).await).unwrap(), known);
    assert_eq!(s.see(mirror.these(mail.archive, &[1]).await).unwrap(), []);
    assert_eq!(s.see(mirror.in_folder(mail.inbox).await).unwrap(), known);
    assert_eq!(s.see(mirror.of_emails(mail.account, &[mail.email]).await).unwrap(), known);
    assert_eq!(s.see(mirror.copies(mail.account, &["M1".to_owned(), "M2".to_owned()]).await).unwrap(), known);
    assert_eq!(s.see(mirror.equal(mail.account, &mail.raw).await).unwrap(), std::slice::from_ref(&email));
    assert_eq!(s.see(mirror.marks(mail.account).await).unwrap(), [(mail.email, email.keywords)]);
    let mut lying = s.see(mirror.lying(&[mail.inbox, mail.archive]).await).unwrap();
    lying.sort();
    let mut expected = [(mail.email, mail.inbox), (mail.email, mail.archive)];
    expected.sort();
    assert_eq!(lying, expected);
    let work = s.tenant.begin().await.unwrap();
    let marked = MirrorMessageRecord { flags: marks(&["$seen"]), remote_id: None, ..known[0].clone() };
    work.mail_mirrors().put_message(&marked).await.unwrap();
    let another = MirrorMessageRecord { email: mail.destroyed, ..marked.clone() };
    work.mail_mirrors().remove_message(&another).await.unwrap();
    assert_eq!(s.see(work.mail_mirrors().in_folder(mail.inbox).await).unwrap(), std::slice::from_ref(&marked));
    assert_eq!(s.see(work.mail_mirrors().copies(mail.account, &["M1".to_owned()]).await).unwrap(), []);
    work.mail_mirrors().remove_message(&marked).await.unwrap();
    assert_eq!(s.see(work.mail_mirrors().messages(mail.account).await).unwrap(), []);
}

async fn what_was_begun_ends_when_the_message_lies_there(s: &Suite) {
    let (mail, email) = (s.own.mail, own_email(s).await);
    let begun = s.see(s.tenant.mail_mirrors().begun(mail.account).await).unwrap();
    assert_eq!((begun.len(), begun[0].mailbox, begun[0].refused), (1, mail.archive, false));
    let work = s.tenant.begin().await.unwrap();
    work.mail_mirrors().put_message(&mirrored_email(mail.archive, 4, &email)).await.unwrap();
    assert_eq!(s.see(work.mail_mirrors().begun(mail.account).await).unwrap(), []);
    work.mail_mirrors().begin(&begun[0]).await.unwrap();
    work.mail_mirrors().end(MailboxId(uuid::Uuid::nil()), mail.email).await.unwrap();
    assert_eq!(s.see(work.mail_mirrors().begun(mail.account).await).unwrap(), begun);
    work.mail_mirrors().end(mail.archive, mail.email).await.unwrap();
    assert_eq!(s.see(work.mail_mirrors().begun(mail.account).await).unwrap(), []);
}

async fn what_is_gone_from_the_index_is_still_known(s: &Suite) {
    let (mail, email) = (s.own.mail, own_email(s).await);
    let work = s.tenant.begin().await.unwrap();
    let change = change(s, &work).await;
    work.emails().destroy(change, &[email]).await.unwrap();
    let folders = work.mailboxes().of_account(mail.account).await.unwrap();
    for folder in &folders {
        work.mailboxes().remove(change, folder).await.unwrap();
    }
    assert_eq!(s.see(work.mail_mirrors().folders(mail.account).await).unwrap().len(), 1);
    assert_eq!(s.see(work.mail_mirrors().messages(mail.account).await).unwrap().len(), 1);
}

async fn an_absence_is_known_until_it_ended_on_the_server(s: &Suite) {
    let account = s.own.mail.account;
    let known = s.see(s.tenant.mail_mirrors().absence(account).await).unwrap().unwrap();
    assert_eq!(known, MirrorAbsenceRecord { account, print: Some([3; 32]) });
    assert_eq!(s.see(s.tenant.mail_mirrors().absent().await).unwrap(), [account]);
    assert_eq!(s.see(s.tenant.mail_vacations().enabled().await).unwrap(), [account]);
    let work = s.tenant.begin().await.unwrap();
    let begun = MirrorAbsenceRecord { print: None, ..known };
    work.mail_mirrors().put_absence(&begun).await.unwrap();
    assert_eq!(s.see(work.mail_mirrors().absence(account).await).unwrap(), Some(begun));
    work.mail_mirrors().end_absence(account).await.unwrap();
    assert_eq!(s.see(work.mail_mirrors().absent().await).unwrap(), []);
    let vacation = work.mail_vacations().get(account).await.unwrap().unwrap();
    work.mail_vacations().put(&MailVacationRecord { enabled: false, ..vacation }).await.unwrap();
    assert_eq!(s.see(work.mail_vacations().enabled().await).unwrap(), []);
}

async fn rights_at_the_server_are_known_by_login_until_they_ended_there(s: &Suite) {
    let account = s.own.mail.account;
    let known = mirrored_rights(account);
    assert_eq!(s.see(s.tenant.mail_mirrors().rights(account).await).unwrap(), std::slice::from_ref(&known));
    assert_eq!(s.see(s.tenant.mail_mirrors().shared().await).unwrap(), [account].into());
    let work = s.tenant.begin().await.unwrap();
    let ends = MirrorRightsRecord { least: MailRights::NONE, begun: true, refused: true, ..known.clone() };
    work.mail_mirrors().put_rights(&ends).await.unwrap();
    let other = MirrorRightsRecord { login: "eva".to_owned(), ..known };
    work.mail_mirrors().put_rights(&other).await.unwrap();
    assert_eq!(s.see(work.mail_mirrors().rights(account).await).unwrap(), [ends, other.clone()]);
    work.mail_mirrors().end_rights(account, "ben").await.unwrap();
    assert_eq!(s.see(work.mail_mirrors().rights(account).await).unwrap(), [other]);
    work.mail_mirrors().end_rights(account, "eva").await.unwrap();
    assert_eq!(s.see(work.mail_mirrors().shared().await).unwrap(), [].into());
}
