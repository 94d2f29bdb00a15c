//! Who may work in a mail account that is not their own, and how.

use fernamt_domain::{MailAccountId, PersonId, mail::MailRights};
use time::OffsetDateTime;

use crate::{
    StoreError,
    record::{fields_via, record},
    repo::repository,
    scope::{Writing, is, to},
};

/// The most people who may work in one account beside its owner.
pub const MAX_DELEGATES: usize = 200;

/// The most accounts beside their own that one person may work in.
pub const MAX_ACCOUNTS_OF_OTHERS: usize = 100;

fields_via! {
    MailRights as String: |rights| rights.to_line(), |line| Self::from_line(&line);
}

record! {
    /// That somebody may work in an account. Changes are journaled: a restore brings back no right that was revoked.
    pub struct MailGrantRecord in "mail_grant", key(account, person) journaled {
        /// The account.
        account: MailAccountId => Mail,
        /// Who may.
        person: PersonId => Mail,
        /// What they may.
        rights: MailRights => Mail,
        /// Since when.
        granted_at: OffsetDateTime => Mail,
    }
}

repository! {
    /// Who may work in mail accounts that are not their own.
    MailGrants
}

impl<A> MailGrants<'_, A> {
    /// What a person was granted in an account; nothing if nothing was.
    pub async fn get(&self, account: MailAccountId, person: PersonId) -> Result<Option<MailGrantRecord>, StoreError> {
        self.scope.find(one(account, person)).one().await
    }

    /// All that a person was granted.
    pub async fn of_person(&self, person: PersonId) -> Result<Vec<MailGrantRecord>, StoreError> {
        self.scope.find(is("person", &person)).order("account").all().await
    }

    /// All that was granted in an account.
    pub async fn of_account(&self, account: MailAccountId) -> Result<Vec<MailGrantRecord>, StoreError> {
        self.scope.find(is("account", &account)).order("person").all().await
    }
}

impl MailGrants<'_, Writing> {
    /// Grants exactly these rights from now on, in place of those from before, which are returned. The account was taken
    /// before ([`super::account::MailAccounts::take`]), so that nothing is written meanwhile by a right that goes.
    pub async fn put(
        &self,
        account: MailAccountId,
        person: PersonId,
        rights: MailRights,
    ) -> Result<Option<MailRights>, StoreError> {
        let before = self.get(account, person).await?;
        if before.is_none() {
            let (others, limit) = (is("account", &account), MAX_DELEGATES);
            self.scope.room_for_one::<MailGrantRecord>(others, "delegates", limit).await?;
            let (others, limit) = (is("person", &person), MAX_ACCOUNTS_OF_OTHERS);
            self.scope.room_for_one::<MailGrantRecord>(others, "mail accounts of others", limit).await?;
        }
        let granted_at = self.scope.now();
        let grant = MailGrantRecord { account, person, rights, granted_at };
        self.scope.upsert(&grant).await?;
        if before.is_some() {
            self.scope.journal_state_of(&grant, &rights.to_line()).await?;
        }
        Ok(before.map(|grant| grant.rights))
    }

    /// Revokes all that somebody was granted in an account. Returns what that was.
    pub async fn remove(&self, account: MailAccountId, person: PersonId) -> Result<MailRights, StoreError> {
        let before = self.get(account, person).await?.ok_or(StoreError::NotFound("mail_grant"))?;
        self.scope.delete_one::<MailGrantRecord>(one(account, person)).await?;
        Ok(before.rights)
    }
}

fn one(account: MailAccountId, person: PersonId) -> sea_orm::sea_query::Condition {
    is("account", &account).add(is("person", &person))
}

/// What the journal tells of changed rights is done again.
pub(crate) fn repeated(state: &str) -> Option<Vec<(&'static str, sea_orm::Value)>> {
    MailRights::from_line(state).map(|rights| vec![to("rights", &rights)])
}
