//! What the log says of mirrors: each thing once.

use std::sync::atomic::Ordering;

use fernamt_domain::MailAccountId;

use super::MirrorError;
use crate::Mail;

impl Mail {
    /// Says once that the server does not do as it should.
    pub(super) fn server_fails(&self, error: &MirrorError) {
        let error: &dyn std::error::Error = error;
        if self.mirrors.is_down.swap(true, Ordering::Relaxed) {
            tracing::debug!(error, "The mail server cannot be mirrored");
        } else {
            tracing::warn!(error, "The mail server cannot be mirrored; mail is read as it was last known");
        }
    }

    /// Says that it does again.
    pub(super) fn server_does(&self) {
        if self.mirrors.is_down.swap(false, Ordering::Relaxed) {
            tracing::info!("The mail server is mirrored again");
        }
    }
}

/// Says once that an account cannot be mirrored, whatever becomes of others.
pub(super) fn tell(account: MailAccountId, faults: u32, error: &MirrorError) {
    let error: &dyn std::error::Error = error;
    if faults == 0 {
        tracing::warn!(%account, error, "A mailbox cannot be mirrored now; it is read as it was last known");
    } else {
        tracing::debug!(%account, error, "A mailbox cannot be mirrored");
    }
}
