//! One row of everything that the mail feature keeps.

use fernamt_domain::{
    EmailId, EmailSubmissionId, MailAccountId, MailIdentityId, MailboxId, PersonId, ThreadId,
    mail::{Keywords, MailRight, MailRights, MailType, MailboxRole, UndoStatus},
    rng::random_bytes,
};
use fernamt_store::{
    BlobPrint, Change, EmailRecord, EmailSubmissionRecord, EmailTextRecord, MailAccountRecord, MailIdentityRecord,
    MailVacationRecord, MailboxRecord, MirrorAbsenceRecord, MirrorBegunRecord, MirrorFolderRecord, MirrorMessageRecord,
    MirrorRightsRecord, NewEmail, ThreadWorkRecord, Work,
};
use serde_json::json;

use super::data::Maker;

/// The ids of a tenant's mail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MailIds {
    pub(crate) account: MailAccountId,
    pub(crate) inbox: MailboxId,
    pub(crate) archive: MailboxId,
    pub(crate) email: EmailId,
    pub(crate) thread: ThreadId,
    /// A message that is there no more.
    pub(crate) destroyed: EmailId,
    pub(crate) identity: MailIdentityId,
    pub(crate) submission: EmailSubmissionId,
    /// The bytes of the message, of an upload, and a Message-ID that the message names.
    pub(crate) raw: BlobPrint,
    pub(crate) upload: BlobPrint,
    pub(crate) reference: BlobPrint,
    /// Somebody who was told that the account's owner is away.
    pub(crate) answered: BlobPrint,
}

/// The marks of a message.
pub(crate) fn marks(words: &[&str]) -> Keywords {
    words.iter().map(|word| word.parse().unwrap()).collect()
}

impl Maker<'_> {
    pub(crate) fn print(&self) -> BlobPrint {
        random_bytes::<32>(self.rng)
    }

    pub(crate) fn mail_account(&self, owner: Option<PersonId>, address: &str) -> MailAccountRecord {
        MailAccountRecord {
            id: MailAccountId::new(self.clock, self.rng),
            owner,
            name: "Ada Lovelace".to_owned(),
            address: address.to_owned(),
            created_at: self.clock.now(),
            counter: 0,
            mailbox_state: 0,
            email_state: 0,
            thread_state: 0,
            identity_state: 0,
            submission_state: 0,
            delivery_state: 0,
            vacation_state: 0,
            thread_work_state: 0,
            forgotten: 0,
        }
    }

    pub(crate) fn mailbox(&self, change: Change, name: &str, role: Option<MailboxRole>) -> MailboxRecord {
        MailboxRecord {
            id: MailboxId::new(self.clock, self.rng),
            account: change.account,
            parent: None,
            name: name.to_owned(),
            role,
            sort_order: 0,
            subscribed: true,
            created_in: change.number,
            changed_in: change.number,
            counted_in: change.number,
        }
    }

    /// A message of a thread of its own, made of bytes that have to be put first.
    pub(crate) fn email(&self, account: MailAccountId, mailboxes: &[MailboxId]) -> NewEmail {
        let id = EmailId::new(self.clock, self.rng);
        let email = EmailRecord {
            id,
            account,
            thread: ThreadId::new(self.clock, self.rng),
            print: self.print(),
            size: 1_000,
            received_at: self.clock.now(),
            sent_at: None,
            subject: "haushalt".to_owned(),
            sender: "gast".to_owned(),
            envelope: json!({ "subject": "Haushalt" }),
            preview: "Sehr geehrte".to_owned(),
            has_attachment: false,
            keywords: Keywords::default(),
            created_in: 0,
            changed_in: 0,
        };
        let text = EmailTextRecord {
            email: id,
            subject: "haushalt".to_owned(),
            sender: "gast gast@amt.example".to_owned(),
            recipient: "ada@rathaus.example".to_owned(),
            cc: String::new(),
            bcc: String::new(),
            body: "sehr geehrte frau lovelace".to_owned(),
        };
        NewEmail { email, text, references: Vec::new(), mailboxes: mailboxes.iter().copied().collect() }
    }

    pub(crate) fn mail_identity(&self, change: Change) -> MailIdentityRecord {
        MailIdentityRecord {
            id: MailIdentityId::new(self.clock, self.rng),
            account: change.account,
            name: "Ada Lovelace".to_owned(),
            address: "ada@rathaus.example".to_owned(),
            text_signature: String::new(),
            html_signature: String::new(),
            created_in: change.number,
            changed_in: change.number,
        }
    }

    /// A message on its way out, due now.
    pub(crate) fn submission(
        &self,
        change: Change,
        identity: MailIdentityId,
        email: &EmailRecord,
    ) -> EmailSubmissionRecord {
        EmailSubmissionRecord {
            id: EmailSubmissionId::new(self.clock, self.rng),
            account: change.account,
            identity,
            email: email.id,
            thread: email.thread,
            print: email.print,
            mail_from: "ada@rathaus.example".to_owned(),
            recipients: json!([{ "address": "gast@amt.example" }]),
            send_at: self.clock.now(),
            undo_status: UndoStatus::Pending,
            at: self.clock.now(),
            next_at: Some(self.clock.now()),
            attempts: 0,
            created_in: change.number,
            changed_in: change.number,
        }
    }

    pub(crate) fn vacation(&self, account: MailAccountId) -> MailVacationRecord {
        MailVacationRecord {
            account,
            enabled: true,
            begins_at: Some(self.clock.now()),
            ends_at: None,
            subject: None,
            text: Some("Ich bin im Urlaub".to_owned()),
            html: None,
            answers_outside: false,
            outside_text: Some("Ich bin am Montag wieder da".to_owned()),
        }
    }

    /// A message that is being put onto a mail server.
    pub(crate) fn begun(&self, mailbox: MailboxId, email: &EmailRecord) -> MirrorBegunRecord {
        let (account, email, flags) = (email.account, email.id, email.keywords.clone());
        MirrorBegunRecord { mailbox, email, account, flags, at: self.clock.now(), refused: false }
    }

    /// Puts the bytes of a message and adds it.
    pub(crate) async fn deliver(&self, work: &Work, change: Change, new: &NewEmail) -> EmailRecord {
        work.mail_blobs().put(&new.email.print, b"From: gast@amt.example").await.unwrap();
        work.emails().insert(change, new).await.unwrap()
    }

    /// An account of a person with folders, a message in both of them, one that was destroyed, an upload, a sender and
    /// something on its way out.
    pub(crate) async fn mail(&self, work: &Work, owner: PersonId) -> MailIds {
        let account = self.mail_account(Some(owner), "ada@rathaus.example");
        work.mail_accounts().insert(&account).await.unwrap();
        let change = work.mail_accounts().change(account.id).await.unwrap();
        let inbox = self.mailbox(change, "Eingang", Some(MailboxRole::Inbox));
        let archive = self.mailbox(change, "Archiv", Some(MailboxRole::Archive));
        work.mailboxes().insert(change, &inbox).await.unwrap();
        work.mailboxes().insert(change, &archive).await.unwrap();
        let reference = self.print();
        let email = NewEmail { references: vec![reference], ..self.email(account.id, &[inbox.id, archive.id]) };
        let email = self.deliver(work, change, &email).await;
        let gone = self.deliver(work, change, &self.email(account.id, &[inbox.id])).await;
        let upload = self.print();
        work.mail_blobs().upload(account.id, &upload, "image/png", b"PNG").await.unwrap();
        let identity = self.mail_identity(change);
        work.mail_identities().insert(&identity).await.unwrap();
        let submission = self.submission(change, identity.id, &email);
        work.email_submissions().insert(&submission).await.unwrap();
        let answered = self.print();
        work.mail_vacations().put(&self.vacation(account.id)).await.unwrap();
        assert!(work.mail_vacations().note(account.id, &answered).await.unwrap());
        assert!(work.mail_arrivals().note(account.id, &answered).await.unwrap());
        work.mail_grants().put(account.id, owner, MailRights::all()).await.unwrap();
        let assigned = ThreadWorkRecord {
            assignee: Some(owner),
            assigned_at: Some(self.clock.now()),
            ..ThreadWorkRecord::none(account.id, email.thread)
        };
        work.thread_works().put(change, &assigned).await.unwrap();
        let mirror = work.mail_mirrors();
        mirror.put_folder(&mirrored(&inbox)).await.unwrap();
        mirror.put_message(&mirrored_email(inbox.id, 1, &email)).await.unwrap();
        mirror.begin(&self.begun(archive.id, &email)).await.unwrap();
        mirror.put_absence(&MirrorAbsenceRecord { account: account.id, print: Some([3; 32]) }).await.unwrap();
        mirror.put_rights(&mirrored_rights(account.id)).await.unwrap();
        let kinds =
            [MailType::Mailbox, MailType::Email, MailType::Thread, MailType::Identity, MailType::EmailSubmission];
        work.mail_accounts().touch(change, &kinds).await.unwrap();
        let change = work.mail_accounts().change(account.id).await.unwrap();
        work.emails().destroy(change, std::slice::from_ref(&gone)).await.unwrap();
        work.mailboxes().counted(change, &[inbox.id]).await.unwrap();
        work.mail_accounts().touch(change, &kinds[..3]).await.unwrap();
        MailIds {
            account: account.id,
            inbox: inbox.id,
            archive: archive.id,
            email: email.id,
            thread: email.thread,
            destroyed: gone.id,
            identity: identity.id,
            submission: submission.id,
            raw: email.print,
            upload,
            reference,
            answered,
        }
    }
}

/// A folder of a mail server that was read.
pub(crate) fn mirrored(mailbox: &MailboxRecord) -> MirrorFolderRecord {
    MirrorFolderRecord {
        mailbox: mailbox.id,
        account: mailbox.account,
        wire: mailbox.name.clone(),
        parent: mailbox.parent,
        name: mailbox.name.clone(),
        selectable: true,
        uid_validity: 7,
        uid_next: 2,
        modseq: Some(9),
        messages: 1,
    }
}

/// What ben may do in an account at a mail server.
pub(crate) fn mirrored_rights(account: MailAccountId) -> MirrorRightsRecord {
    let rights = MailRights::from_iter([MailRight::Write]);
    MirrorRightsRecord { account, login: "ben".to_owned(), rights, least: rights, begun: false, refused: false }
}

/// A message that lies on a mail server as well.
pub(crate) fn mirrored_email(mailbox: MailboxId, uid: u32, email: &EmailRecord) -> MirrorMessageRecord {
    let (account, email, flags) = (email.account, email.id, email.keywords.clone());
    MirrorMessageRecord { mailbox, uid, account, email, flags, remote_id: Some("M1".to_owned()) }
}
