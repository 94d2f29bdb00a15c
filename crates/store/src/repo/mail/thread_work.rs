//! Who works on a thread, and what is noted about it inside the house.

use fernamt_domain::{MailAccountId, PersonId, ThreadId, mail::MailType};
use sea_orm::sea_query::Condition;
use time::OffsetDateTime;

use super::{
    account::{Change, Changes, MailAccountRecord},
    destroyed::{self, Gone, Living, MAX_CHANGES},
};
use crate::{
    StoreError,
    record::record,
    repo::repository,
    scope::{Scope, Writing, after, is, is_in, is_null, to},
};

/// The most threads of one account that somebody works on or that have a note.
pub const MAX_THREAD_WORKS: usize = 100_000;

record! {
    /// Who works on a thread, and what is noted about it. Once there was something it stays until the thread ends, so
    /// that clients hear when there is nothing any more.
    pub struct ThreadWorkRecord in "thread_work", key(account, thread) {
        /// The account.
        account: MailAccountId => Mail,
        /// The thread.
        thread: ThreadId => Mail,
        /// Who works on it.
        assignee: Option<PersonId> => Mail,
        /// Since when.
        assigned_at: Option<OffsetDateTime> => Mail,
        /// The note.
        note: String => Mail,
        /// Who wrote it last.
        note_by: Option<PersonId> => Mail,
        /// When that was.
        note_at: Option<OffsetDateTime> => Mail,
        /// The change that made it.
        created_in: u64 => Mail,
        /// Its last change.
        changed_in: u64 => Mail,
    }
}

impl ThreadWorkRecord {
    /// What there is of a thread that nobody works on.
    pub fn none(account: MailAccountId, thread: ThreadId) -> Self {
        Self {
            account,
            thread,
            assignee: None,
            assigned_at: None,
            note: String::new(),
            note_by: None,
            note_at: None,
            created_in: 0,
            changed_in: 0,
        }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.assignee.is_none() && self.note.is_empty()
    }
}

repository! {
    /// Who works on threads.
    ThreadWorks
}

impl<A> ThreadWorks<'_, A> {
    /// What there is of these threads of an account; a thread of which there is nothing is left out.
    pub async fn these(
        &self,
        account: MailAccountId,
        threads: &[ThreadId],
    ) -> Result<Vec<ThreadWorkRecord>, StoreError> {
        self.scope.find(is("account", &account).add(is_in("thread", threads))).order("thread").all().await
    }

    /// What there is in an account, what changed last first: at most `limit`.
    pub async fn of_account(&self, account: MailAccountId, limit: u64) -> Result<Vec<ThreadWorkRecord>, StoreError> {
        let something = Condition::any().add(is_null("assignee").not()).add(is("note", &String::new()).not());
        let found = self.scope.find(is("account", &account).add(something));
        found.newest_first("changed_in").newest_first("thread").limit(limit).all().await
    }

    /// What changed since a state; nothing if that cannot be told.
    pub async fn changes(
        &self,
        account: MailAccountId,
        since: u64,
        newest: u64,
        max: u64,
    ) -> Result<Option<Changes<ThreadId>>, StoreError> {
        let Some(gone) = destroyed::since(&self.scope, account, MailType::ThreadWork, since).await? else {
            return Ok(None);
        };
        let filter = is("account", &account).add(after("changed_in", &since));
        let found: Vec<ThreadWorkRecord> =
            self.scope.find(filter).order("changed_in").limit(MAX_CHANGES + 1).all().await?;
        let living = found
            .iter()
            .map(|one| Living { id: one.thread, created_in: one.created_in, changed_in: one.changed_in })
            .collect();
        Ok(destroyed::together(living, &gone, since, newest, max))
    }
}

impl ThreadWorks<'_, Writing> {
    /// Writes what there is of a thread that has messages.
    pub async fn put(&self, change: Change, work: &ThreadWorkRecord) -> Result<(), StoreError> {
        let is_new = work.created_in == 0;
        if is_new {
            let own = is("account", &change.account);
            self.scope.room_for_one::<ThreadWorkRecord>(own, "threads with work", MAX_THREAD_WORKS).await?;
        }
        let created_in = if is_new { change.number } else { work.created_in };
        let written =
            ThreadWorkRecord { account: change.account, created_in, changed_in: change.number, ..work.clone() };
        self.scope.upsert(&written).await
    }
}

/// Forgets who works on threads of which no message is left.
pub(super) async fn leave(scope: &Scope<'_>, change: Change, ended: &[ThreadId]) -> Result<(), StoreError> {
    let own = is("account", &change.account).add(is_in("thread", ended));
    let there: Vec<ThreadWorkRecord> = scope.find(own.clone()).all().await?;
    if there.is_empty() {
        return Ok(());
    }
    scope.delete::<ThreadWorkRecord>(own).await?;
    let gone: Vec<_> = there
        .iter()
        .map(|one| Gone { kind: MailType::ThreadWork, id: one.thread.0, thread: None, created_in: one.created_in })
        .collect();
    destroyed::note(scope, change, &gone).await?;
    let values = vec![to("thread_work_state", &change.number)];
    scope.set_one::<MailAccountRecord>(is("id", &change.account), values).await
}

/// Forgets that somebody works on threads or wrote notes: they are removed. Each account counts one change.
pub(crate) async fn forget_person(scope: &Scope<'_>, person: PersonId) -> Result<(), StoreError> {
    let named = Condition::any().add(is("assignee", &Some(person))).add(is("note_by", &Some(person)));
    let accounts = scope.tally::<ThreadWorkRecord, MailAccountId>("account", "account", named).await?;
    let mut accounts: Vec<_> = accounts.into_iter().map(|(account, ..)| account).collect();
    // Whoever changes several accounts takes them in this order, or they would wait for each other.
    accounts.sort_unstable();
    for account in accounts {
        scope.add::<MailAccountRecord>(is("id", &account), "counter", 1).await?;
        let number = scope.find::<MailAccountRecord>(is("id", &account)).get().await?.counter;
        let own = || is("account", &account);
        let changed = || to("changed_in", &number);
        let nobody = vec![to("assignee", &None::<PersonId>), to("assigned_at", &None::<OffsetDateTime>), changed()];
        scope.set::<ThreadWorkRecord>(own().add(is("assignee", &Some(person))), nobody).await?;
        let nobody = vec![to("note_by", &None::<PersonId>), changed()];
        scope.set::<ThreadWorkRecord>(own().add(is("note_by", &Some(person))), nobody).await?;
        scope.set_one::<MailAccountRecord>(is("id", &account), vec![to("thread_work_state", &number)]).await?;
    }
    Ok(())
}
