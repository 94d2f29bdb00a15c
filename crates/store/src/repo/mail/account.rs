//! Mail accounts and the counters of their changes.

use fernamt_domain::{
    MailAccountId, PersonId,
    mail::{MailType, MailboxRole, UndoStatus},
};
use time::OffsetDateTime;

use super::destroyed::DestroyedRecord;
use crate::{
    StoreError,
    record::{fields_via, record, word_fields},
    repo::repository,
    scope::{Writing, before, is, is_in, is_null, to},
};

word_fields! { MailType MailboxRole UndoStatus }
fields_via! {
    fernamt_domain::mail::Keywords as String: |words| words.to_line(), |line| Self::from_line(&line).ok();
}

record! {
    /// A mail account. Its states are values of its counter: when objects of a kind changed last.
    pub struct MailAccountRecord in "mail_account", key(id) journaled {
        /// The id.
        id: MailAccountId => Mail,
        /// Whose it is; nobody's own is one that several people work on.
        owner: Option<PersonId> => Mail,
        /// The name that people read.
        name: String => Mail,
        /// The address, in lower case, unique within the tenant.
        address: String => Mail,
        /// When it was made.
        created_at: OffsetDateTime => Mail,
        /// How many changes there were.
        counter: u64 => Mail,
        /// The last change of a folder.
        mailbox_state: u64 => Mail,
        /// The last change of a message.
        email_state: u64 => Mail,
        /// The last change of a thread.
        thread_state: u64 => Mail,
        /// The last change of a sender.
        identity_state: u64 => Mail,
        /// The last change of what is on its way out.
        submission_state: u64 => Mail,
        /// When a message came last.
        delivery_state: u64 => Mail,
        /// The last change of what is answered while somebody is away.
        vacation_state: u64 => Mail,
        /// The last change of who works on threads.
        thread_work_state: u64 => Mail,
        /// Up to which change it is forgotten what was destroyed: who knows less must read everything anew.
        forgotten: u64 => Mail,
    }
}

impl MailAccountRecord {
    /// The state of one kind of object.
    pub fn state(&self, kind: MailType) -> u64 {
        match kind {
            MailType::Mailbox => self.mailbox_state,
            MailType::Email => self.email_state,
            MailType::Thread => self.thread_state,
            MailType::Identity => self.identity_state,
            MailType::EmailSubmission => self.submission_state,
            MailType::EmailDelivery => self.delivery_state,
            MailType::VacationResponse => self.vacation_state,
            MailType::ThreadWork => self.thread_work_state,
        }
    }
}

/// One step of an account's counter. Whatever is written under it is one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The account.
    pub account: MailAccountId,
    /// The counter's new value.
    pub number: u64,
}

/// What changed since a state (RFC 8620, section 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes<Id> {
    /// What is new.
    pub created: Vec<Id>,
    /// What is not as it was.
    pub updated: Vec<Id>,
    /// What is gone.
    pub destroyed: Vec<Id>,
    /// The state after these changes.
    pub state: u64,
    /// Whether there are more.
    pub more: bool,
}

repository! {
    /// Mail accounts.
    MailAccounts
}

impl<A> MailAccounts<'_, A> {
    /// The account with this id.
    pub async fn get(&self, id: MailAccountId) -> Result<MailAccountRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// The accounts that a person owns, by name.
    pub async fn of_owner(&self, owner: PersonId) -> Result<Vec<MailAccountRecord>, StoreError> {
        self.scope.find(is("owner", &Some(owner))).order("name").order("id").all().await
    }

    /// These accounts, by name; one that is not there is left out.
    pub async fn these(&self, ids: &[MailAccountId]) -> Result<Vec<MailAccountRecord>, StoreError> {
        self.scope.find(is_in("id", ids)).order("name").order("id").all().await
    }

    /// The accounts that are nobody's own, by name.
    pub async fn functional(&self) -> Result<Vec<MailAccountRecord>, StoreError> {
        self.scope.find(is_null("owner")).order("name").order("id").all().await
    }

    /// The account that an address, in lower case, belongs to.
    pub async fn by_address(&self, address: &str) -> Result<Option<MailAccountRecord>, StoreError> {
        self.scope.find(is("address", &address.to_owned())).one().await
    }
}

impl MailAccounts<'_, Writing> {
    /// Adds an account.
    pub async fn insert(&self, account: &MailAccountRecord) -> Result<(), StoreError> {
        self.scope.insert(account).await
    }

    /// Begins a change of the account, which others wait for: what it goes by is read after this. Whoever changes
    /// several accounts in one unit of work begins with the smallest id.
    pub async fn change(&self, account: MailAccountId) -> Result<Change, StoreError> {
        self.scope.add::<MailAccountRecord>(is("id", &account), "counter", 1).await?;
        let number = self.get(account).await?.counter;
        Ok(Change { account, number })
    }

    /// Takes the account without a change of it: until the unit of work ends nobody changes it, nor who may work in it.
    pub async fn take(&self, account: MailAccountId) -> Result<MailAccountRecord, StoreError> {
        self.scope.find(is("id", &account)).locked().get().await
    }

    /// Gives an account another name.
    pub async fn rename(&self, account: MailAccountId, name: &str) -> Result<(), StoreError> {
        self.scope.set_one::<MailAccountRecord>(is("id", &account), vec![to("name", &name.to_owned())]).await
    }

    /// Notes that objects of these kinds changed.
    pub async fn touch(&self, change: Change, kinds: &[MailType]) -> Result<(), StoreError> {
        let column = |kind: &MailType| match kind {
            MailType::Mailbox => "mailbox_state",
            MailType::Email => "email_state",
            MailType::Thread => "thread_state",
            MailType::Identity => "identity_state",
            MailType::EmailSubmission => "submission_state",
            MailType::EmailDelivery => "delivery_state",
            MailType::VacationResponse => "vacation_state",
            MailType::ThreadWork => "thread_work_state",
        };
        if kinds.is_empty() {
            return Ok(());
        }
        let values = kinds.iter().map(|kind| to(column(kind), &change.number)).collect();
        self.scope.set_one::<MailAccountRecord>(is("id", &change.account), values).await
    }

    /// Forgets what was destroyed before this moment, in all accounts. Who knows an older state must read everything
    /// anew. Returns how much was forgotten.
    pub async fn forget(&self, destroyed_before: OffsetDateTime) -> Result<u64, StoreError> {
        let old = || before("at", &destroyed_before);
        let spans = self.scope.span_by::<DestroyedRecord, MailAccountId, u64>("account", "destroyed_in", old());
        let mut spans = spans.await?;
        // Whoever changes several accounts takes them in this order, or they would wait for each other.
        spans.sort_unstable();
        for (account, _, number) in spans {
            let behind = is("id", &account).add(before("forgotten", &number));
            self.scope.set::<MailAccountRecord>(behind, vec![to("forgotten", &number)]).await?;
        }
        self.scope.delete::<DestroyedRecord>(old()).await
    }

    /// Removes an account with everything in it.
    pub async fn remove(&self, id: MailAccountId) -> Result<(), StoreError> {
        self.scope.delete_one::<MailAccountRecord>(is("id", &id)).await
    }
}
