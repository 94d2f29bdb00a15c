//! What is answered while somebody is away, and who got such an answer.

use fernamt_domain::MailAccountId;
use time::OffsetDateTime;

use super::blob::BlobPrint;
use crate::{
    StoreError,
    record::record,
    repo::repository,
    scope::{Writing, before, is},
};

/// The most senders of whom it is known that they got an answer. When there are more, nobody gets one.
pub const MAX_VACATION_ANSWERS: u64 = 10_000;

record! {
    /// What is answered while somebody is away.
    pub struct MailVacationRecord in "mail_vacation", key(account) {
        /// The account.
        account: MailAccountId => Mail,
        /// Whether anything is answered.
        enabled: bool => Mail,
        /// From when on; always, if nothing is said.
        begins_at: Option<OffsetDateTime> => Mail,
        /// Until when; for ever, if nothing is said.
        ends_at: Option<OffsetDateTime> => Mail,
        /// The answer's subject.
        subject: Option<String> => Mail,
        /// Its plain text.
        text: Option<String> => Mail,
        /// Its formatted text.
        html: Option<String> => Mail,
        /// Whether those outside the house are answered, too.
        answers_outside: bool => Mail,
        /// What those outside are answered; the same as all, if nothing is said.
        outside_text: Option<String> => Mail,
    }
}

record! {
    /// That a sender got an answer.
    pub struct MailVacationAnswerRecord in "mail_vacation_answer", key(account, print) {
        /// The account.
        account: MailAccountId => Mail,
        /// The SHA-256 of the sender's address.
        print: BlobPrint => Mail,
        /// When.
        at: OffsetDateTime => Mail,
    }
}

repository! {
    /// What is answered while somebody is away.
    MailVacations
}

impl<A> MailVacations<'_, A> {
    /// What an account answers; nothing where nobody ever said.
    pub async fn get(&self, account: MailAccountId) -> Result<Option<MailVacationRecord>, StoreError> {
        self.scope.find(is("account", &account)).one().await
    }

    /// The accounts that answer, whatever their period is.
    pub async fn enabled(&self) -> Result<Vec<MailAccountId>, StoreError> {
        let rows = self.scope.find_only::<MailVacationRecord>(["account", "enabled"], is("enabled", &true));
        let rows: Vec<(MailAccountId, bool)> = rows.pairs().await?;
        Ok(rows.into_iter().map(|(account, _)| account).collect())
    }
}

impl MailVacations<'_, Writing> {
    /// Writes what an account answers. A new period begins: everybody may get an answer again.
    pub async fn put(&self, vacation: &MailVacationRecord) -> Result<(), StoreError> {
        self.scope.delete::<MailVacationAnswerRecord>(is("account", &vacation.account)).await?;
        self.scope.upsert(vacation).await
    }

    /// Notes that a sender gets an answer. Tells whether it is the first one, and there is room to remember it.
    pub async fn note(&self, account: MailAccountId, sender: &BlobPrint) -> Result<bool, StoreError> {
        let known = self.scope.count::<MailVacationAnswerRecord>(is("account", &account)).await?;
        if known >= MAX_VACATION_ANSWERS {
            return Ok(false);
        }
        self.scope.insert_if_absent(&MailVacationAnswerRecord { account, print: *sender, at: self.scope.now() }).await
    }

    /// Forgets who got an answer before this moment. Returns how many that were.
    pub async fn forget(&self, answered_before: OffsetDateTime) -> Result<u64, StoreError> {
        self.scope.delete::<MailVacationAnswerRecord>(before("at", &answered_before)).await
    }
}
