//! Mail accounts: whose they are, who may open which, and how one begins.

use fernamt_domain::{
    MailAccountId, MailIdentityId, MailboxId, PersonId, PersonState,
    mail::{MailType, MailboxRole},
};
use fernamt_store::{MailAccountRecord, MailIdentityRecord, MailboxRecord, StoreError, TenantStore};

use crate::{Mail, jmap::error::MethodError};

/// The folders that every account begins with.
const FIRST_MAILBOXES: [(MailboxRole, &str); 6] = [
    (MailboxRole::Inbox, "Inbox"),
    (MailboxRole::Drafts, "Drafts"),
    (MailboxRole::Sent, "Sent"),
    (MailboxRole::Archive, "Archive"),
    (MailboxRole::Junk, "Junk"),
    (MailboxRole::Trash, "Trash"),
];

/// An account that is open to somebody.
#[derive(Debug, Clone)]
pub(crate) struct OpenAccount {
    pub(crate) record: MailAccountRecord,
    /// Whether it is their own.
    pub(crate) own: bool,
}

impl Mail {
    /// The accounts that are open to a person; their own is made when it is needed first.
    pub(crate) async fn accounts_of(
        &self,
        tenant: &TenantStore,
        person: PersonId,
    ) -> Result<Vec<OpenAccount>, StoreError> {
        let mut records = tenant.mail_accounts().of_owner(person).await?;
        if records.is_empty() {
            let known = tenant.people().get(person).await?;
            records.extend(self.begin(tenant, person, &known.name, &known.display_name).await?);
        }
        Ok(records.into_iter().map(|record| OpenAccount { record, own: true }).collect())
    }

    /// The account of this id, if it is open to the person.
    pub(crate) async fn account(
        &self,
        tenant: &TenantStore,
        person: PersonId,
        id: &str,
    ) -> Result<MailAccountRecord, MethodError> {
        let id: MailAccountId = id.parse().map_err(|_| MethodError::account_not_found())?;
        let open = self.accounts_of(tenant, person).await?;
        open.into_iter()
            .map(|account| account.record)
            .find(|record| record.id == id)
            .ok_or_else(MethodError::account_not_found)
    }

    /// The account that mail to an address of this house goes to. That of a person begins with their first letter.
    pub(crate) async fn receiver(
        &self,
        tenant: &TenantStore,
        address: &str,
    ) -> Result<Option<MailAccountRecord>, StoreError> {
        let address = address.to_lowercase();
        if let Some(account) = tenant.mail_accounts().by_address(&address).await? {
            return Ok(Some(account));
        }
        let Some(name) = address.strip_suffix(&format!("@{}", self.domain(tenant).await?)) else { return Ok(None) };
        match tenant.people().by_name(name).await? {
            Some(person) if person.state == PersonState::Active => {
                self.begin(tenant, person.id, &person.name, &person.display_name).await
            }
            _ => Ok(None),
        }
    }

    /// Makes a person's account with its folders and its sender, unless it is there.
    async fn begin(
        &self,
        tenant: &TenantStore,
        person: PersonId,
        name: &str,
        display_name: &str,
    ) -> Result<Option<MailAccountRecord>, StoreError> {
        let (clock, rng) = (&*self.parts.clock, &*self.parts.rng);
        let address = format!("{name}@{}", self.domain(tenant).await?);
        let work = tenant.begin().await?;
        if let Some(there) = work.mail_accounts().of_owner(person).await?.into_iter().next() {
            return Ok(Some(there));
        }
        let account = MailAccountRecord {
            id: MailAccountId::new(clock, rng),
            owner: Some(person),
            name: display_name.to_owned(),
            address: address.clone(),
            created_at: clock.now(),
            counter: 0,
            mailbox_state: 0,
            email_state: 0,
            thread_state: 0,
            identity_state: 0,
            submission_state: 0,
            delivery_state: 0,
            vacation_state: 0,
            forgotten: 0,
        };
        match work.mail_accounts().insert(&account).await {
            Ok(()) => {}
            // Two requests may need it at the same moment; the other one made it.
            Err(StoreError::Conflict { .. }) => {
                drop(work);
                return Ok(tenant.mail_accounts().of_owner(person).await?.into_iter().next());
            }
            Err(error) => return Err(error),
        }
        let change = work.mail_accounts().change(account.id).await?;
        for (place, (role, name)) in (1..).zip(FIRST_MAILBOXES) {
            let mailbox = MailboxRecord {
                id: MailboxId::new(clock, rng),
                account: account.id,
                parent: None,
                name: name.to_owned(),
                role: Some(role),
                sort_order: place,
                subscribed: true,
                created_in: change.number,
                changed_in: change.number,
                counted_in: change.number,
            };
            work.mailboxes().insert(change, &mailbox).await?;
        }
        let identity = MailIdentityRecord {
            id: MailIdentityId::new(clock, rng),
            account: account.id,
            name: display_name.to_owned(),
            address,
            text_signature: String::new(),
            html_signature: String::new(),
            created_in: change.number,
            changed_in: change.number,
        };
        work.mail_identities().insert(&identity).await?;
        work.mail_accounts().touch(change, &[MailType::Mailbox, MailType::Identity]).await?;
        work.commit().await?;
        tenant.mail_accounts().get(account.id).await.map(Some)
    }
}
