//! Messages on their way out, and what became of them.

use fernamt_domain::{
    EmailId, EmailSubmissionId, MailAccountId, MailIdentityId, ThreadId,
    mail::{MailType, UndoStatus},
};
use sea_orm::sea_query::Condition;
use time::OffsetDateTime;

use super::{
    account::{Change, Changes},
    blob::{self, BlobPrint},
    destroyed::{self, Gone, Living, MAX_CHANGES},
    query::MAX_MATCHES,
};
use crate::{
    StoreError,
    record::record,
    repo::repository,
    scope::{Writing, after, before, is, is_in, is_null, not_after},
};

/// The most of an account's that are forgotten in one step.
pub const MAX_FORGOTTEN_AT_ONCE: u64 = 500;

/// The most messages of one account that wait on their way out.
pub const MAX_WAITING_SUBMISSIONS: usize = 1_000;

record! {
    /// A message on its way out. The message itself is kept as mail is; what became of it at its receivers is of use for a
    /// while only.
    pub struct EmailSubmissionRecord in "email_submission", key(id) {
        /// The id.
        id: EmailSubmissionId => Operation,
        /// The account.
        account: MailAccountId => Operation,
        /// The sender.
        identity: MailIdentityId => Operation,
        /// The message; it may be gone.
        email: EmailId => Operation,
        /// Its thread.
        thread: ThreadId => Operation,
        /// The SHA-256 of what is sent.
        print: BlobPrint => Operation,
        /// The sender's address on the envelope (RFC 5321).
        mail_from: String => Operation,
        /// The receivers on the envelope and what became of the message at each, as the mail feature has them.
        recipients: serde_json::Value => Operation,
        /// Not before when it goes out.
        send_at: OffsetDateTime => Operation,
        /// Whether it can be taken back.
        undo_status: UndoStatus => Operation,
        /// When it was handed in.
        at: OffsetDateTime => Operation,
        /// When it is tried next; nothing once it is through.
        next_at: Option<OffsetDateTime> => Operation,
        /// How often it was tried.
        attempts: u16 => Operation,
        /// The change that made it.
        created_in: u64 => Operation,
        /// Its last change.
        changed_in: u64 => Operation,
    }
}

/// Which of an account's messages on their way out are looked for: those for which everything that is said holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubmissionFilter {
    /// Of one of these senders.
    pub identities: Option<Vec<MailIdentityId>>,
    /// One of these messages.
    pub emails: Option<Vec<EmailId>>,
    /// In one of these threads.
    pub threads: Option<Vec<ThreadId>>,
    /// In this state.
    pub undo_status: Option<UndoStatus>,
    /// That go out before this moment.
    pub before: Option<OffsetDateTime>,
    /// That go out at this moment or after.
    pub after: Option<OffsetDateTime>,
}

/// What messages on their way out are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubmissionOrder {
    /// The message.
    Email,
    /// Its thread.
    Thread,
    /// When it goes out.
    SendAt,
}

repository! {
    /// Messages on their way out.
    EmailSubmissions
}

impl<A> EmailSubmissions<'_, A> {
    /// These of an account; one that is not there is left out.
    pub async fn these(
        &self,
        account: MailAccountId,
        ids: &[EmailSubmissionId],
    ) -> Result<Vec<EmailSubmissionRecord>, StoreError> {
        self.scope.find(is("account", &account).add(is_in("id", ids))).order("id").all().await
    }

    /// Those of an account, the newest first, at most `limit`.
    pub async fn of_account(
        &self,
        account: MailAccountId,
        limit: u64,
    ) -> Result<Vec<EmailSubmissionRecord>, StoreError> {
        self.scope.find(is("account", &account)).newest_first("id").limit(limit).all().await
    }

    /// The ids of all of an account that fit, in this order; `true` beside a column means ascending.
    pub async fn matching(
        &self,
        account: MailAccountId,
        filter: &SubmissionFilter,
        order: &[(SubmissionOrder, bool)],
    ) -> Result<Vec<EmailSubmissionId>, StoreError> {
        let mut condition = is("account", &account);
        if let Some(ids) = &filter.identities {
            condition = condition.add(is_in("identity", ids));
        }
        if let Some(ids) = &filter.emails {
            condition = condition.add(is_in("email", ids));
        }
        if let Some(ids) = &filter.threads {
            condition = condition.add(is_in("thread", ids));
        }
        if let Some(status) = &filter.undo_status {
            condition = condition.add(is("undo_status", status));
        }
        if let Some(moment) = &filter.before {
            condition = condition.add(before("send_at", moment));
        }
        if let Some(moment) = &filter.after {
            condition = condition.add(before("send_at", moment).not());
        }
        let mut found = self.scope.find_only::<EmailSubmissionRecord>(["id", "account"], condition);
        for (column, ascending) in order {
            let name = match column {
                SubmissionOrder::Email => "email",
                SubmissionOrder::Thread => "thread",
                SubmissionOrder::SendAt => "send_at",
            };
            found = if *ascending { found.order(name) } else { found.newest_first(name) };
        }
        let pairs = found.newest_first("id").limit(MAX_MATCHES).pairs::<_, MailAccountId>().await?;
        Ok(pairs.into_iter().map(|(id, _)| id).collect())
    }

    /// The accounts with some that are through and were handed in before this moment, in the order in which accounts are
    /// taken.
    pub async fn accounts_with_old(&self, handed_in_before: OffsetDateTime) -> Result<Vec<MailAccountId>, StoreError> {
        let old = through(&handed_in_before);
        let found = self.scope.tally::<EmailSubmissionRecord, MailAccountId>("account", "account", old).await?;
        let mut accounts: Vec<_> = found.into_iter().map(|(account, ..)| account).collect();
        accounts.sort_unstable();
        Ok(accounts)
    }

    /// Those whose turn it is, in all accounts and but for these, the oldest first.
    pub async fn due(
        &self,
        now: OffsetDateTime,
        limit: u64,
        but: &[EmailSubmissionId],
    ) -> Result<Vec<EmailSubmissionRecord>, StoreError> {
        let turn = not_after("next_at", &now).add(is_in("id", but).not());
        self.scope.find(turn).order("next_at").order("id").limit(limit).all().await
    }

    /// When the next one's turn is but for these.
    pub async fn next(&self, but: &[EmailSubmissionId]) -> Result<Option<OffsetDateTime>, StoreError> {
        let turn = Condition::all().add(is_null("next_at").not()).add(is_in("id", but).not());
        let first: Option<EmailSubmissionRecord> = self.scope.find(turn).order("next_at").one().await?;
        Ok(first.and_then(|first| first.next_at))
    }

    /// What changed since a state; nothing if that cannot be told.
    pub async fn changes(
        &self,
        account: MailAccountId,
        since: u64,
        newest: u64,
        max: u64,
    ) -> Result<Option<Changes<EmailSubmissionId>>, StoreError> {
        let Some(gone) = destroyed::since(&self.scope, account, MailType::EmailSubmission, since).await? else {
            return Ok(None);
        };
        let filter = is("account", &account).add(after("changed_in", &since));
        let found: Vec<EmailSubmissionRecord> =
            self.scope.find(filter).order("id").limit(MAX_CHANGES + 1).all().await?;
        let living = found
            .iter()
            .map(|one| Living { id: one.id, created_in: one.created_in, changed_in: one.changed_in })
            .collect();
        Ok(destroyed::together(living, &gone, since, newest, max))
    }
}

impl EmailSubmissions<'_, Writing> {
    /// Adds one. Its raw bytes are there already.
    pub async fn insert(&self, submission: &EmailSubmissionRecord) -> Result<(), StoreError> {
        let waiting = is("account", &submission.account).add(is_null("next_at").not());
        let (what, limit) = ("messages on their way out", MAX_WAITING_SUBMISSIONS);
        self.scope.room_for_one::<EmailSubmissionRecord>(waiting, what, limit).await?;
        blob::hold(&self.scope, &submission.print).await?;
        self.scope.insert(submission).await
    }

    /// Writes all columns of one that was read after the change began.
    pub async fn replace(&self, submission: &EmailSubmissionRecord) -> Result<(), StoreError> {
        self.scope.replace(submission).await
    }

    /// Forgets what became of messages that are through and were handed in before this moment: at most
    /// [`MAX_FORGOTTEN_AT_ONCE`]. Returns how many that were.
    pub async fn forget(&self, change: Change, handed_in_before: OffsetDateTime) -> Result<u64, StoreError> {
        let old = is("account", &change.account).add(through(&handed_in_before));
        let found: Vec<EmailSubmissionRecord> =
            self.scope.find(old).order("id").limit(MAX_FORGOTTEN_AT_ONCE).all().await?;
        let ids: Vec<_> = found.iter().map(|one| one.id).collect();
        let rows = self.scope.delete::<EmailSubmissionRecord>(is_in("id", &ids)).await?;
        let gone: Vec<_> = found
            .iter()
            .map(|one| Gone { kind: MailType::EmailSubmission, id: one.id.0, thread: None, created_in: one.created_in })
            .collect();
        destroyed::note(&self.scope, change, &gone).await?;
        Ok(rows)
    }
}

fn through(handed_in_before: &OffsetDateTime) -> Condition {
    is_null("next_at").add(before("at", handed_in_before))
}
