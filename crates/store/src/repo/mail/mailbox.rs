//! Folders of a mail account.

use std::collections::HashMap;

use fernamt_domain::{
    MailAccountId, MailboxId,
    mail::{MailType, MailboxRole},
};

use super::{
    account::{Change, Changes},
    destroyed::{self, Gone, Living, MAX_CHANGES},
    email::LyingRecord,
};
use crate::{
    StoreError,
    record::record,
    repo::repository,
    scope::{Writing, after, is, is_in, to},
};

/// The most folders of one account.
pub const MAX_MAILBOXES: usize = 2_000;

record! {
    /// A folder.
    pub struct MailboxRecord in "mailbox", key(id) {
        /// The id.
        id: MailboxId => Mail,
        /// The account.
        account: MailAccountId => Mail,
        /// The folder that it lies in.
        parent: Option<MailboxId> => Mail,
        /// The name, unique within its parent.
        name: String => Mail,
        /// What it is for; one folder of an account has each role.
        role: Option<MailboxRole> => Mail,
        /// Its place among its siblings.
        sort_order: u32 => Mail,
        /// Whether it is shown.
        subscribed: bool => Mail,
        /// The change that made it.
        created_in: u64 => Mail,
        /// The last change of any of this.
        changed_in: u64 => Mail,
        /// The last change of what lies in it.
        counted_in: u64 => Mail,
    }
}

/// How much lies in a folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MailboxCounts {
    /// Messages.
    pub emails: u64,
    /// Messages that were not read.
    pub unread_emails: u64,
    /// Threads.
    pub threads: u64,
    /// Threads with a message in this folder that was not read.
    pub unread_threads: u64,
}

/// Changes of folders, and whether nothing but their counts changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxChanges {
    /// What changed.
    pub changes: Changes<MailboxId>,
    /// Whether the updated ones differ in their counts alone.
    pub counts_only: bool,
}

repository! {
    /// Folders of mail accounts.
    Mailboxes
}

impl<A> Mailboxes<'_, A> {
    /// All folders of an account, by their place and name.
    pub async fn of_account(&self, account: MailAccountId) -> Result<Vec<MailboxRecord>, StoreError> {
        self.scope.find(is("account", &account)).order("sort_order").order("name").order("id").all().await
    }

    /// Whether a folder belongs to an account.
    pub async fn has(&self, account: MailAccountId, mailbox: MailboxId) -> Result<bool, StoreError> {
        Ok(self.scope.count::<MailboxRecord>(is("account", &account).add(is("id", &mailbox))).await? > 0)
    }

    /// How much lies in each of these folders.
    pub async fn counts(&self, mailboxes: &[MailboxId]) -> Result<HashMap<MailboxId, MailboxCounts>, StoreError> {
        let mut counts: HashMap<_, _> = mailboxes.iter().map(|id| (*id, MailboxCounts::default())).collect();
        let lying = is_in("mailbox", mailboxes);
        for tally in self.scope.tally_marked::<LyingRecord, MailboxId>("mailbox", "thread", "unseen", lying).await? {
            let count = MailboxCounts {
                emails: tally.rows,
                unread_emails: tally.marked_rows,
                threads: tally.different,
                unread_threads: tally.marked_different,
            };
            counts.insert(tally.value, count);
        }
        Ok(counts)
    }

    /// What changed since a state; nothing if that cannot be told.
    pub async fn changes(
        &self,
        account: MailAccountId,
        since: u64,
        newest: u64,
        max: u64,
    ) -> Result<Option<MailboxChanges>, StoreError> {
        let Some(gone) = destroyed::since(&self.scope, account, MailType::Mailbox, since).await? else {
            return Ok(None);
        };
        let own = || is("account", &account);
        let changed =
            sea_orm::sea_query::Condition::any().add(after("changed_in", &since)).add(after("counted_in", &since));
        let found: Vec<MailboxRecord> =
            self.scope.find(own().add(changed)).order("id").limit(MAX_CHANGES + 1).all().await?;
        let counts_only = found.iter().all(|one| one.changed_in <= since);
        let living = found
            .iter()
            .map(|one| Living {
                id: one.id,
                created_in: one.created_in,
                changed_in: one.changed_in.max(one.counted_in),
            })
            .collect();
        let changes = destroyed::together(living, &gone, since, newest, max);
        Ok(changes.map(|changes| MailboxChanges { changes, counts_only }))
    }
}

impl Mailboxes<'_, Writing> {
    /// Adds a folder.
    pub async fn insert(&self, change: Change, mailbox: &MailboxRecord) -> Result<(), StoreError> {
        self.scope.room_for_one::<MailboxRecord>(is("account", &change.account), "folders", MAX_MAILBOXES).await?;
        self.scope.insert(mailbox).await
    }

    /// Writes the columns of a folder, except what [`Mailboxes::counted`] notes.
    pub async fn replace(&self, mailbox: &MailboxRecord) -> Result<(), StoreError> {
        let values = vec![
            to("parent", &mailbox.parent),
            to("name", &mailbox.name),
            to("role", &mailbox.role),
            to("sort_order", &mailbox.sort_order),
            to("subscribed", &mailbox.subscribed),
            to("changed_in", &mailbox.changed_in),
        ];
        let own = is("account", &mailbox.account).add(is("id", &mailbox.id));
        self.scope.set_one::<MailboxRecord>(own, values).await
    }

    /// Notes that something came into these folders, left them, or was read.
    pub async fn counted(&self, change: Change, mailboxes: &[MailboxId]) -> Result<(), StoreError> {
        let values = vec![to("counted_in", &change.number)];
        let own = is("account", &change.account).add(is_in("id", mailboxes));
        self.scope.set::<MailboxRecord>(own, values).await.map(|_| ())
    }

    /// Removes a folder in which nothing lies any more, neither messages nor folders.
    pub async fn remove(&self, change: Change, mailbox: &MailboxRecord) -> Result<(), StoreError> {
        // Messages that lie nowhere else would be there and never be seen again.
        let emails = self.scope.count::<LyingRecord>(is("mailbox", &mailbox.id)).await?;
        let inside = is("account", &change.account).add(is("parent", &Some(mailbox.id)));
        if emails + self.scope.count::<MailboxRecord>(inside).await? > 0 {
            return Err(StoreError::Reference);
        }
        let own = is("account", &change.account).add(is("id", &mailbox.id));
        self.scope.delete_one::<MailboxRecord>(own).await?;
        let (kind, created_in) = (MailType::Mailbox, mailbox.created_in);
        let gone = [Gone { kind, id: mailbox.id.0, thread: None, created_in }];
        destroyed::note(&self.scope, change, &gone).await
    }
}
