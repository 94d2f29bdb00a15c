//! Hands events on that other processes committed, or that were committed and not handed out before a crash.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use fernamt_domain::OutboxId;

use crate::{StoreError, repo::outbox::OutboxRecord, scope::Scope};

/// The PostgreSQL channel on which processes tell each other of outbox rows.
const CHANNEL: &str = "fernamt_outbox";

/// More rows than this are not named one by one.
const MAX_NAMED_ROWS: usize = 100;

/// The outbox rows that this process handed out itself and has not marked as done yet.
#[derive(Debug, Default)]
pub(crate) struct Delivered(Mutex<HashSet<OutboxId>>);

impl Delivered {
    pub(crate) fn add(&self, ids: impl Iterator<Item = OutboxId>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(ids);
    }

    pub(crate) fn remove(&self, ids: impl Iterator<Item = OutboxId>) {
        let mut set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for id in ids {
            set.remove(&id);
        }
    }
}

/// Tells other processes which rows come with this transaction.
pub(crate) async fn announce(scope: &Scope<'_>, rows: &[OutboxRecord]) -> Result<(), StoreError> {
    let named: Vec<_> = rows.iter().take(MAX_NAMED_ROWS).map(|row| row.id.to_string()).collect();
    scope.notify(CHANNEL, named.join(",")).await
}
