//! What another mail server handed over lately, so that nothing comes twice if our answer to it was lost.

use fernamt_domain::MailAccountId;
use time::OffsetDateTime;

use super::blob::BlobPrint;
use crate::{
    StoreError,
    record::record,
    repo::repository,
    scope::{Writing, before},
};

record! {
    /// That a message was handed over for an account.
    pub struct MailArrivalRecord in "mail_arrival", key(account, print) {
        /// The account.
        account: MailAccountId => Mail,
        /// The SHA-256 of what makes this handing over one, and no other.
        print: BlobPrint => Mail,
        /// When.
        at: OffsetDateTime => Mail,
    }
}

repository! {
    /// What another mail server handed over lately.
    MailArrivals
}

impl MailArrivals<'_, Writing> {
    /// Notes that something was handed over. Tells whether it is new.
    pub async fn note(&self, account: MailAccountId, print: &BlobPrint) -> Result<bool, StoreError> {
        self.scope.insert_if_absent(&MailArrivalRecord { account, print: *print, at: self.scope.now() }).await
    }

    /// Forgets what was handed over before this moment. Returns how much that was.
    pub async fn forget(&self, handed_over_before: OffsetDateTime) -> Result<u64, StoreError> {
        self.scope.delete::<MailArrivalRecord>(before("at", &handed_over_before)).await
    }
}
