//! Senders that a mail account may write as.

use fernamt_domain::{MailAccountId, MailIdentityId, mail::MailType};

use super::{
    account::{Change, Changes},
    destroyed::{self, Gone, Living},
};
use crate::{
    StoreError,
    record::record,
    repo::repository,
    scope::{Writing, is},
};

/// The most senders of one account.
pub const MAX_IDENTITIES: usize = 50;

record! {
    /// A sender.
    pub struct MailIdentityRecord in "mail_identity", key(id) {
        /// The id.
        id: MailIdentityId => Mail,
        /// The account.
        account: MailAccountId => Mail,
        /// The name that receivers read.
        name: String => Mail,
        /// The address.
        address: String => Mail,
        /// What stands below a plain text.
        text_signature: String => Mail,
        /// What stands below a formatted text.
        html_signature: String => Mail,
        /// The change that made it.
        created_in: u64 => Mail,
        /// Its last change.
        changed_in: u64 => Mail,
    }
}

repository! {
    /// Senders of mail accounts.
    MailIdentities
}

impl<A> MailIdentities<'_, A> {
    /// The senders of an account, the oldest first.
    pub async fn of_account(&self, account: MailAccountId) -> Result<Vec<MailIdentityRecord>, StoreError> {
        self.scope.find(is("account", &account)).order("id").all().await
    }

    /// What changed since a state; nothing if that cannot be told.
    pub async fn changes(
        &self,
        account: MailAccountId,
        since: u64,
        newest: u64,
        max: u64,
    ) -> Result<Option<Changes<MailIdentityId>>, StoreError> {
        let Some(gone) = destroyed::since(&self.scope, account, MailType::Identity, since).await? else {
            return Ok(None);
        };
        let found = self.of_account(account).await?;
        let living = found
            .iter()
            .filter(|one| one.changed_in > since)
            .map(|one| Living { id: one.id, created_in: one.created_in, changed_in: one.changed_in })
            .collect();
        Ok(destroyed::together(living, &gone, since, newest, max))
    }
}

impl MailIdentities<'_, Writing> {
    /// Adds a sender.
    pub async fn insert(&self, identity: &MailIdentityRecord) -> Result<(), StoreError> {
        let there = is("account", &identity.account);
        self.scope.room_for_one::<MailIdentityRecord>(there, "senders", MAX_IDENTITIES).await?;
        self.scope.insert(identity).await
    }

    /// Writes all columns of a sender.
    pub async fn replace(&self, identity: &MailIdentityRecord) -> Result<(), StoreError> {
        self.scope.replace(identity).await
    }

    /// Removes a sender.
    pub async fn remove(&self, change: Change, identity: &MailIdentityRecord) -> Result<(), StoreError> {
        let own = is("account", &change.account).add(is("id", &identity.id));
        self.scope.delete_one::<MailIdentityRecord>(own).await?;
        let (kind, created_in) = (MailType::Identity, identity.created_in);
        let gone = [Gone { kind, id: identity.id.0, thread: None, created_in }];
        destroyed::note(&self.scope, change, &gone).await
    }
}
