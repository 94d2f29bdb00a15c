//! Sharing a mail account: what owners and administrators do alike, in one unit of work.

use fernamt_domain::{
    DomainEvent, MailAccountId, PersonId,
    audit::AuditEvent,
    mail::{MailRight, MailRights},
};
use serde_json::json;

use super::{account::MailAccountRecord, delegation::MailGrantRecord};
use crate::{StoreError, Work};

impl Work {
    /// Grants somebody exactly these rights in an account. The entry is completed with what was granted. The account's
    /// owner has all rights and is granted none: a conflict.
    pub async fn share_mail(
        &mut self,
        account: MailAccountId,
        person: PersonId,
        rights: MailRights,
        entry: AuditEvent,
    ) -> Result<MailGrantRecord, StoreError> {
        let shared = self.mail_accounts().take(account).await?;
        self.people().get(person).await?;
        if shared.owner == Some(person) {
            return Err(StoreError::conflict("mail_grant.owner"));
        }
        let before = self.mail_grants().put(account, person, rights).await?;
        let words = |rights: MailRights| rights.iter().map(MailRight::as_str).collect::<Vec<_>>();
        let details =
            json!({ "account": account, "rights": words(rights), "before": before.map(words).unwrap_or_default() });
        self.record(entry.about(person).details(details));
        if before != Some(rights) {
            self.publish(DomainEvent::MailRightsChanged { account, person });
        }
        self.mail_grants().get(account, person).await?.ok_or(StoreError::NotFound("mail_grant"))
    }

    /// Revokes all that somebody was granted in an account.
    pub async fn unshare_mail(
        &mut self,
        account: MailAccountId,
        person: PersonId,
        entry: AuditEvent,
    ) -> Result<(), StoreError> {
        self.mail_accounts().take(account).await?;
        let before = self.mail_grants().remove(account, person).await?;
        let details = json!({ "account": account, "rights": [], "before": before });
        self.record(entry.about(person).details(details));
        self.publish(DomainEvent::MailRightsChanged { account, person });
        Ok(())
    }

    /// Removes a person, and tells that they may no longer work in the accounts of others.
    pub async fn remove_person(&mut self, person: PersonId) -> Result<(), StoreError> {
        // Accounts before the person and in this order, like whoever grants something in one: they would wait for each other.
        let mut accounts: Vec<_> =
            self.mail_grants().of_person(person).await?.into_iter().map(|grant| grant.account).collect();
        accounts.sort_unstable();
        for account in accounts {
            match self.mail_accounts().take(account).await {
                Ok(_) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.people().take(person).await?;
        // Nothing is granted to them any more from here on.
        let grants = self.mail_grants().of_person(person).await?;
        self.people().remove(person).await?;
        for grant in grants {
            self.publish(DomainEvent::MailRightsChanged { account: grant.account, person });
        }
        Ok(())
    }

    /// Tells everybody who may work in an account that it is not what it was: it has another name, or goes.
    pub async fn tell_mail_delegates(&mut self, account: &MailAccountRecord) -> Result<(), StoreError> {
        let grants = self.mail_grants().of_account(account.id).await?;
        let people: Vec<_> = grants.iter().map(|grant| grant.person).chain(account.owner).collect();
        for person in people {
            self.publish(DomainEvent::MailRightsChanged { account: account.id, person });
        }
        Ok(())
    }
}
