//! The mirror of a foreign mail server: what it and the index last agreed on. Whatever differs from this on one side was
//! changed there, and is to be done on the other.
//!
//! It is in backups like the index that it belongs to: without it a restore would put back onto the server what was
//! destroyed there since.

use std::collections::BTreeSet;

use fernamt_domain::{
    EmailId, MailAccountId, MailboxId,
    mail::{Keywords, MailRights},
};
use time::OffsetDateTime;

use super::{
    blob::BlobPrint,
    email::{EmailRecord, LyingRecord},
    query::MAX_IDS_PER_QUERY,
};
use crate::{
    StoreError,
    record::record,
    repo::repository,
    scope::{Writing, any, is, is_in, to},
};

/// The most messages with equal bytes that are told.
pub const MAX_EQUAL: u64 = 100;

record! {
    /// A folder of the server, as both sides last knew it.
    pub struct MirrorFolderRecord in "mail_mirror_folder", key(mailbox) {
        /// The folder in the index.
        mailbox: MailboxId => Mail,
        /// The account.
        account: MailAccountId => Mail,
        /// Its name as the server writes it.
        wire: String => Mail,
        /// The folder that it lies in.
        parent: Option<MailboxId> => Mail,
        /// Its name in the index.
        name: String => Mail,
        /// Whether messages can lie in it.
        selectable: bool => Mail,
        /// For as long as this stays, its messages keep their numbers.
        uid_validity: u32 => Mail,
        /// The number of the message that comes next; 0 as long as the folder was not read in whole.
        uid_next: u32 => Mail,
        /// Its newest change that is known, where the server counts changes.
        modseq: Option<u64> => Mail,
        /// How many messages lay in it.
        messages: u32 => Mail,
    }
}

record! {
    /// A message in a folder of the server, as both sides last knew it.
    pub struct MirrorMessageRecord in "mail_mirror_message", key(mailbox, uid) {
        /// The folder.
        mailbox: MailboxId => Mail,
        /// Its number there.
        uid: u32 => Mail,
        /// The account.
        account: MailAccountId => Mail,
        /// The message in the index.
        email: EmailId => Mail,
        /// Its marks on the server.
        flags: Keywords => Mail,
        /// What is the same for all copies of it, where the server knows that.
        remote_id: Option<String> => Mail,
    }
}

record! {
    /// That a message is being put into a folder of the server: it may be there already.
    pub struct MirrorBegunRecord in "mail_mirror_begun", key(mailbox, email) {
        /// The folder.
        mailbox: MailboxId => Mail,
        /// The message.
        email: EmailId => Mail,
        /// The account.
        account: MailAccountId => Mail,
        /// The marks that it is put there with.
        flags: Keywords => Mail,
        /// When that began.
        at: OffsetDateTime => Mail,
        /// Whether the server refused it.
        refused: bool => Mail,
    }
}

record! {
    /// That an absence lies at the server, or may: it is there for as long as the server may answer for somebody.
    pub struct MirrorAbsenceRecord in "mail_mirror_absence", key(account) {
        /// The account.
        account: MailAccountId => Mail,
        /// The SHA-256 of the script that the server took; nothing from when one is put there until it took that.
        print: Option<BlobPrint> => Mail,
    }
}

record! {
    /// What somebody may do in an account at the server, as both sides last knew it.
    pub struct MirrorRightsRecord in "mail_mirror_rights", key(account, login) {
        /// The account.
        account: MailAccountId => Mail,
        /// The name by which the server knows them.
        login: String => Mail,
        /// What both sides agreed on; while more or less is carried or was refused, the most that may lie on some folder.
        rights: MailRights => Mail,
        /// What both sides agreed on; while more or less is carried or was refused, what lies on every folder unless it was
        /// taken there.
        least: MailRights => Mail,
        /// Whether other rights are being carried to the server: some folders may have them already.
        begun: bool => Mail,
        /// Whether the server refused to take away what it has beyond the least.
        refused: bool => Mail,
    }
}

repository! {
    /// What a foreign mail server and the index last agreed on.
    MailMirrors
}

impl<A> MailMirrors<'_, A> {
    /// The folders of an account.
    pub async fn folders(&self, account: MailAccountId) -> Result<Vec<MirrorFolderRecord>, StoreError> {
        self.scope.find(is("account", &account)).order("wire").all().await
    }

    /// All messages of an account, those of one folder together.
    pub async fn messages(&self, account: MailAccountId) -> Result<Vec<MirrorMessageRecord>, StoreError> {
        self.scope.find(is("account", &account)).order("mailbox").order("uid").all().await
    }

    /// All messages of a folder.
    pub async fn in_folder(&self, mailbox: MailboxId) -> Result<Vec<MirrorMessageRecord>, StoreError> {
        self.scope.find(is("mailbox", &mailbox)).order("uid").all().await
    }

    /// Those of these messages of a folder that are known.
    pub async fn these(&self, mailbox: MailboxId, uids: &[u32]) -> Result<Vec<MirrorMessageRecord>, StoreError> {
        let mut found = Vec::new();
        for part in uids.chunks(MAX_IDS_PER_QUERY) {
            found.extend(self.scope.find(is("mailbox", &mailbox).add(is_in("uid", part))).order("uid").all().await?);
        }
        Ok(found)
    }

    /// Where these messages of the index lie on the server.
    pub async fn of_emails(
        &self,
        account: MailAccountId,
        emails: &[EmailId],
    ) -> Result<Vec<MirrorMessageRecord>, StoreError> {
        let mut found = Vec::new();
        for part in emails.chunks(MAX_IDS_PER_QUERY) {
            let filter = is("account", &account).add(is_in("email", part));
            found.extend(self.scope.find(filter).order("mailbox").order("uid").all().await?);
        }
        Ok(found)
    }

    /// Copies that the server says are of these messages.
    pub async fn copies(
        &self,
        account: MailAccountId,
        remote_ids: &[String],
    ) -> Result<Vec<MirrorMessageRecord>, StoreError> {
        let mut found = Vec::new();
        for part in remote_ids.chunks(MAX_IDS_PER_QUERY) {
            let filter = is("account", &account).add(is_in("remote_id", part));
            found.extend(self.scope.find(filter).order("mailbox").order("uid").all().await?);
        }
        Ok(found)
    }

    /// What is being put into folders of the server.
    pub async fn begun(&self, account: MailAccountId) -> Result<Vec<MirrorBegunRecord>, StoreError> {
        self.scope.find(is("account", &account)).order("at").order("email").all().await
    }

    /// The absence of an account that lies at the server.
    pub async fn absence(&self, account: MailAccountId) -> Result<Option<MirrorAbsenceRecord>, StoreError> {
        self.scope.find(is("account", &account)).one().await
    }

    /// The accounts whose absence may lie at the server.
    pub async fn absent(&self) -> Result<Vec<MailAccountId>, StoreError> {
        let rows: Vec<MirrorAbsenceRecord> = self.scope.find(any()).order("account").all().await?;
        Ok(rows.into_iter().map(|row| row.account).collect())
    }

    /// What others may do in an account at the server.
    pub async fn rights(&self, account: MailAccountId) -> Result<Vec<MirrorRightsRecord>, StoreError> {
        self.scope.find(is("account", &account)).order("login").all().await
    }

    /// The accounts in which others may do something at the server.
    pub async fn shared(&self) -> Result<BTreeSet<MailAccountId>, StoreError> {
        let rows = self.scope.find_only::<MirrorRightsRecord>(["account", "login"], any());
        let rows: Vec<(MailAccountId, String)> = rows.pairs().await?;
        Ok(rows.into_iter().map(|(account, _)| account).collect())
    }

    /// Messages of the index with these bytes, at most [`MAX_EQUAL`].
    pub async fn equal(&self, account: MailAccountId, print: &BlobPrint) -> Result<Vec<EmailRecord>, StoreError> {
        let filter = is("account", &account).add(is("print", print));
        self.scope.find(filter).order("id").limit(MAX_EQUAL).all().await
    }

    /// The marks of every message of the index.
    pub async fn marks(&self, account: MailAccountId) -> Result<Vec<(EmailId, Keywords)>, StoreError> {
        self.scope.find_only::<EmailRecord>(["id", "keywords"], is("account", &account)).pairs().await
    }

    /// Which messages of the index lie in these folders.
    pub async fn lying(&self, mailboxes: &[MailboxId]) -> Result<Vec<(EmailId, MailboxId)>, StoreError> {
        let mut found = Vec::new();
        for part in mailboxes.chunks(MAX_IDS_PER_QUERY) {
            let find = self.scope.find_only::<LyingRecord>(["email", "mailbox"], is_in("mailbox", part));
            found.extend(find.pairs().await?);
        }
        Ok(found)
    }
}

impl MailMirrors<'_, Writing> {
    /// Notes how a folder is on both sides.
    pub async fn put_folder(&self, folder: &MirrorFolderRecord) -> Result<(), StoreError> {
        self.scope.upsert(folder).await
    }

    /// Sees to it that a folder is read in whole again.
    pub async fn read_anew(&self, mailbox: MailboxId) -> Result<(), StoreError> {
        let values = vec![to("uid_next", &0_u32), to("modseq", &None::<u64>)];
        self.scope.set::<MirrorFolderRecord>(is("mailbox", &mailbox), values).await.map(|_| ())
    }

    /// Forgets a folder with the messages in it.
    pub async fn remove_folder(&self, mailbox: MailboxId) -> Result<(), StoreError> {
        self.scope.delete::<MirrorMessageRecord>(is("mailbox", &mailbox)).await?;
        self.scope.delete::<MirrorBegunRecord>(is("mailbox", &mailbox)).await?;
        self.scope.delete::<MirrorFolderRecord>(is("mailbox", &mailbox)).await.map(|_| ())
    }

    /// Notes where a message lies, and with which marks. Nothing is being put there any more.
    pub async fn put_message(&self, message: &MirrorMessageRecord) -> Result<(), StoreError> {
        self.end(message.mailbox, message.email).await?;
        self.scope.upsert(message).await
    }

    /// Forgets that a message lies in a folder, unless its number is another message's by now.
    pub async fn remove_message(&self, message: &MirrorMessageRecord) -> Result<(), StoreError> {
        let one = is("mailbox", &message.mailbox).add(is("uid", &message.uid)).add(is("email", &message.email));
        self.scope.delete::<MirrorMessageRecord>(one).await.map(|_| ())
    }

    /// Notes that a message is being put into a folder.
    pub async fn begin(&self, begun: &MirrorBegunRecord) -> Result<(), StoreError> {
        self.scope.upsert(begun).await
    }

    /// Notes that a message is no longer being put into a folder.
    pub async fn end(&self, mailbox: MailboxId, email: EmailId) -> Result<(), StoreError> {
        let one = is("mailbox", &mailbox).add(is("email", &email));
        self.scope.delete::<MirrorBegunRecord>(one).await.map(|_| ())
    }

    /// Notes how an absence lies at the server.
    pub async fn put_absence(&self, absence: &MirrorAbsenceRecord) -> Result<(), StoreError> {
        self.scope.upsert(absence).await
    }

    /// Notes that no absence of an account lies at the server any more.
    pub async fn end_absence(&self, account: MailAccountId) -> Result<(), StoreError> {
        self.scope.delete::<MirrorAbsenceRecord>(is("account", &account)).await.map(|_| ())
    }

    /// Notes what somebody may do in an account at the server.
    pub async fn put_rights(&self, rights: &MirrorRightsRecord) -> Result<(), StoreError> {
        self.scope.upsert(rights).await
    }

    /// Notes that somebody may do nothing any more in an account at the server.
    pub async fn end_rights(&self, account: MailAccountId, login: &str) -> Result<(), StoreError> {
        let one = is("account", &account).add(is("login", &login.to_owned()));
        self.scope.delete::<MirrorRightsRecord>(one).await.map(|_| ())
    }
}
