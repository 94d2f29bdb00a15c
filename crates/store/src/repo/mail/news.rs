//! What came into an account since somebody was told of it.

use std::collections::BTreeSet;

use fernamt_domain::{MailAccountId, MailboxId};
use time::OffsetDateTime;

use super::{
    email::{Emails, LyingRecord, MarkRecord},
    query::MAX_IDS_PER_QUERY,
};
use crate::{
    StoreError,
    scope::{after, is, is_in},
};

impl<A> Emails<'_, A> {
    /// The folders in which unread messages lie that were added after a state and did not come before this moment; of more
    /// than a query takes, the newest.
    pub async fn unread_since(
        &self,
        account: MailAccountId,
        state: u64,
        earliest: OffsetDateTime,
    ) -> Result<BTreeSet<MailboxId>, StoreError> {
        let new = is("account", &account).add(after("changed_in", &state)).add(after("created_in", &state));
        let new = new.add(after("received_at", &earliest));
        let new = self.scope.find::<MarkRecord>(new).newest_first("changed_in").limit(MAX_IDS_PER_QUERY as u64);
        let new = new.all().await?;
        let unread = is_in("email", new.iter().map(|one| &one.id)).add(is("unseen", &true));
        let unread: Vec<LyingRecord> = self.scope.find(unread).order("email").all().await?;
        Ok(unread.into_iter().map(|one| one.mailbox).collect())
    }
}
