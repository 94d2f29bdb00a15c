//! Events on their way: written with the change, marked as done once they were handed out.

use fernamt_domain::{DomainEvent, OutboxId};
use time::OffsetDateTime;

use crate::record::record;

record! {
    /// An event on its way.
    pub struct OutboxRecord in "outbox", key(id) {
        /// The id.
        id: OutboxId => Operation,
        /// When it happened.
        at: OffsetDateTime => Operation,
        /// What happened.
        event: DomainEvent => Operation,
        /// When it was handed out.
        done_at: Option<OffsetDateTime> => Operation,
    }
}
