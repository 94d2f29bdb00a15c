//! How a mail account begins: with its folders and its sender.

use fernamt_domain::{
    MailAccountId, MailIdentityId, MailboxId, PersonId,
    mail::{MailType, MailboxRole},
};

use super::{
    account::{MailAccountRecord, MailAccounts},
    identity::MailIdentityRecord,
    mailbox::MailboxRecord,
};
use crate::{
    StoreError,
    scope::{Writing, is_null},
};

/// The most accounts that are nobody's own.
pub const MAX_FUNCTIONAL_ACCOUNTS: usize = 2_000;

/// The folders that every account begins with.
const FIRST_MAILBOXES: [(MailboxRole, &str); 6] = [
    (MailboxRole::Inbox, "Inbox"),
    (MailboxRole::Drafts, "Drafts"),
    (MailboxRole::Sent, "Sent"),
    (MailboxRole::Archive, "Archive"),
    (MailboxRole::Junk, "Junk"),
    (MailboxRole::Trash, "Trash"),
];

impl MailAccounts<'_, Writing> {
    /// Makes an account with its folders and its sender. The address is in lower case; one that is taken is a conflict.
    pub async fn begin(
        &self,
        owner: Option<PersonId>,
        name: &str,
        address: &str,
    ) -> Result<MailAccountRecord, StoreError> {
        if owner.is_none() {
            let (what, limit) = ("functional mailboxes", MAX_FUNCTIONAL_ACCOUNTS);
            self.scope.room_for_one::<MailAccountRecord>(is_null("owner"), what, limit).await?;
        }
        let (clock, rng) = (self.scope.clock(), self.scope.rng());
        let id = MailAccountId::new(clock, rng);
        self.insert(&MailAccountRecord {
            id,
            owner,
            name: name.to_owned(),
            address: address.to_owned(),
            created_at: self.scope.now(),
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
        })
        .await?;
        let change = self.change(id).await?;
        let (account, created_in, changed_in) = (id, change.number, change.number);
        let mailboxes: Vec<_> = (1..)
            .zip(FIRST_MAILBOXES)
            .map(|(sort_order, (role, name))| MailboxRecord {
                id: MailboxId::new(clock, rng),
                account,
                parent: None,
                name: name.to_owned(),
                role: Some(role),
                sort_order,
                subscribed: true,
                created_in,
                changed_in,
                counted_in: change.number,
            })
            .collect();
        self.scope.insert_all(&mailboxes).await?;
        let identity = MailIdentityRecord {
            id: MailIdentityId::new(clock, rng),
            account,
            name: name.to_owned(),
            address: address.to_owned(),
            text_signature: String::new(),
            html_signature: String::new(),
            created_in,
            changed_in,
        };
        self.scope.insert(&identity).await?;
        self.touch(change, &[MailType::Mailbox, MailType::Identity]).await?;
        self.get(id).await
    }
}
