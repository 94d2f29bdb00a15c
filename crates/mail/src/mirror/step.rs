//! One step of an account's mirror: a transaction in which the index and what is remembered of the server change together.

use std::collections::{BTreeSet, HashMap};

use fernamt_domain::{
    DomainEvent, EmailId, MailAccountId, MailboxId,
    mail::{Keyword, Keywords, MailType},
};
use fernamt_store::{Change, EmailRecord, EmailUpdate, StoreError, TenantStore, Work};

/// A transaction with the account taken.
pub(super) struct Step {
    pub(super) work: Work,
    pub(super) change: Change,
    changed: bool,
    came: bool,
}

/// Messages with their folders, read at once.
pub(super) struct Known {
    pub(super) emails: HashMap<EmailId, EmailRecord>,
    folders: HashMap<EmailId, BTreeSet<MailboxId>>,
}

impl Known {
    /// The folders of a message.
    pub(super) fn folders_of(&self, email: EmailId) -> BTreeSet<MailboxId> {
        self.folders.get(&email).cloned().unwrap_or_default()
    }
}

impl Step {
    pub(super) async fn begin(tenant: &TenantStore, account: MailAccountId) -> Result<Self, StoreError> {
        let work = tenant.begin().await?;
        let change = work.mail_accounts().change(account).await?;
        Ok(Self { work, change, changed: false, came: false })
    }

    /// Notes that something changed in the index.
    pub(super) fn changed(&mut self) {
        self.changed = true;
    }

    /// Notes that a message came.
    pub(super) fn came(&mut self) {
        (self.changed, self.came) = (true, true);
    }

    pub(super) async fn known(&self, ids: &[EmailId]) -> Result<Known, StoreError> {
        let found = self.work.emails().these(self.change.account, ids).await?;
        let ids: Vec<_> = found.iter().map(|email| email.id).collect();
        let folders = self.work.emails().mailboxes(&ids).await?;
        Ok(Known { emails: found.into_iter().map(|email| (email.id, email)).collect(), folders })
    }

    /// Gives a message other marks and folders, or destroys it where there are none left.
    pub(super) async fn update(
        &mut self,
        email: &EmailRecord,
        was_in: BTreeSet<MailboxId>,
        keywords: Keywords,
        mailboxes: BTreeSet<MailboxId>,
    ) -> Result<(), StoreError> {
        if keywords == email.keywords && mailboxes == was_in {
            return Ok(());
        }
        self.changed();
        if mailboxes.is_empty() {
            self.work.emails().destroy(self.change, std::slice::from_ref(email)).await?;
            let left: Vec<_> = was_in.into_iter().collect();
            return self.work.mailboxes().counted(self.change, &left).await;
        }
        let counted: Vec<_> = if email.keywords.has(Keyword::SEEN) == keywords.has(Keyword::SEEN) {
            was_in.symmetric_difference(&mailboxes).copied().collect()
        } else {
            was_in.union(&mailboxes).copied().collect()
        };
        let update = EmailUpdate { email: email.clone(), was_in, keywords, mailboxes };
        self.work.emails().update(self.change, &update).await?;
        self.work.mailboxes().counted(self.change, &counted).await
    }

    /// Makes it real, and tells whoever listens if the index changed.
    pub(super) async fn commit(mut self) -> Result<bool, StoreError> {
        if self.changed {
            let came: &[_] = if self.came { &[MailType::EmailDelivery] } else { &[] };
            let kinds = [&[MailType::Mailbox, MailType::Email, MailType::Thread], came].concat();
            self.work.mail_accounts().touch(self.change, &kinds).await?;
            self.work.publish(DomainEvent::MailChanged { account: self.change.account });
        }
        self.work.commit().await?;
        Ok(self.changed)
    }
}
