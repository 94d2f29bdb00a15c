//! Messages on their way out, and what became of them.

use fernamt_domain::{
    EmailId, EmailSubmissionId, MailAccountId, MailIdentityId, ThreadId,
    mail::{MailType, UndoStatus},
};
use time::OffsetDateTime;

use super::{
    account::Changes,
    blob::{self, BlobPrint},
    destroyed::{self, Living, MAX_CHANGES},
};
use crate::{
    StoreError,
    record::record,
    repo::repository,
    scope::{Writing, after, is, is_in, is_null, not_after},
};

/// The most messages of one account that wait on their way out.
pub const MAX_WAITING_SUBMISSIONS: usize = 1_000;

record! {
    /// A message on its way out.
    pub struct EmailSubmissionRecord in "email_submission", key(id) {
        /// The id.
        id: EmailSubmissionId => Mail,
        /// The account.
        account: MailAccountId => Mail,
        /// The sender.
        identity: MailIdentityId => Mail,
        /// The message; it may be gone.
        email: EmailId => Mail,
        /// Its thread.
        thread: ThreadId => Mail,
        /// The SHA-256 of what is sent.
        print: BlobPrint => Mail,
        /// The sender's address on the envelope (RFC 5321).
        mail_from: String => Mail,
        /// The receivers on the envelope and what became of the message at each, as the mail feature has them.
        recipients: serde_json::Value => Mail,
        /// Not before when it goes out.
        send_at: OffsetDateTime => Mail,
        /// Whether it can be taken back.
        undo_status: UndoStatus => Mail,
        /// When it was handed in.
        at: OffsetDateTime => Mail,
        /// When it is tried next; nothing once it is through.
        next_at: Option<OffsetDateTime> => Mail,
        /// How often it was tried.
        attempts: u16 => Mail,
        /// The change that made it.
        created_in: u64 => Mail,
        /// Its last change.
        changed_in: u64 => Mail,
    }
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

    /// Those whose turn it is, in all accounts, the oldest first.
    pub async fn due(&self, now: OffsetDateTime, limit: u64) -> Result<Vec<EmailSubmissionRecord>, StoreError> {
        self.scope.find(not_after("next_at", &now)).order("next_at").order("id").limit(limit).all().await
    }

    /// When the next one's turn is.
    pub async fn next(&self) -> Result<Option<OffsetDateTime>, StoreError> {
        let first: Option<EmailSubmissionRecord> =
            self.scope.find(is_null("next_at").not()).order("next_at").one().await?;
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
}
