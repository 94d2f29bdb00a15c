//! The inlets of one connection, by their channels.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use russh::ChannelId;
use tokio_util::sync::CancellationToken;

use super::inlet::Inlet;

/// The inlets of one connection. Copies share them.
#[derive(Debug, Clone)]
pub(crate) struct Inlets {
    limit_bytes: usize,
    stop: CancellationToken,
    open: Arc<Mutex<HashMap<ChannelId, Entry>>>,
}

#[derive(Debug)]
enum Entry {
    /// Whoever asked for the channel has not taken it yet.
    Waiting(Arc<Inlet>),
    /// The same, and it is closed already.
    Closed(Arc<Inlet>),
    Taken(Arc<Inlet>),
    /// Somebody else takes its data.
    Ignored,
}

impl Inlets {
    /// Each inlet queues so many bytes; nobody waits for room any more once `stop` is cancelled.
    pub(crate) fn new(limit_bytes: usize, stop: CancellationToken) -> Self {
        Self { limit_bytes, stop, open: Arc::default() }
    }

    /// The gateway confirmed a channel. What comes on it from now on is kept, though nobody may take it yet. Whoever asked
    /// for the channel may hear of it before us.
    pub(crate) fn opened(&self, id: ChannelId) {
        self.lock().entry(id).or_insert_with(|| Entry::Waiting(self.fresh()));
    }

    /// The inlet of a channel that was confirmed, with all that came on it, its end and close included.
    pub(crate) fn take(&self, id: ChannelId) -> Option<Arc<Inlet>> {
        let mut open = self.lock();
        let inlet = match open.remove(&id) {
            Some(Entry::Closed(inlet)) => return Some(inlet),
            Some(Entry::Waiting(inlet) | Entry::Taken(inlet)) => inlet,
            Some(Entry::Ignored) => {
                open.insert(id, Entry::Ignored);
                return None;
            }
            None => self.fresh(),
        };
        open.insert(id, Entry::Taken(Arc::clone(&inlet)));
        Some(inlet)
    }

    /// What comes on this channel is not kept: somebody else takes it.
    pub(crate) fn ignore(&self, id: ChannelId) {
        let known = self.lock().insert(id, Entry::Ignored);
        if let Some(Entry::Waiting(inlet) | Entry::Closed(inlet)) = known {
            // Nobody is to wait for room in it.
            inlet.abandon();
        }
    }

    pub(crate) fn get(&self, id: ChannelId) -> Option<Arc<Inlet>> {
        match self.lock().get(&id) {
            Some(Entry::Waiting(inlet) | Entry::Taken(inlet)) => Some(Arc::clone(inlet)),
            Some(Entry::Closed(_) | Entry::Ignored) | None => None,
        }
    }

    /// The gateway closed a channel. Whoever asked for it may hear so later than us, and must not take it for an open one.
    pub(crate) fn close(&self, id: ChannelId) {
        let inlet = {
            let mut open = self.lock();
            match open.remove(&id) {
                Some(Entry::Waiting(inlet)) => {
                    open.insert(id, Entry::Closed(Arc::clone(&inlet)));
                    inlet
                }
                Some(Entry::Taken(inlet)) => inlet,
                Some(closed @ Entry::Closed(_)) => {
                    open.insert(id, closed);
                    return;
                }
                Some(Entry::Ignored) | None => return,
            }
        };
        inlet.close();
    }

    /// Nobody takes anything from this inlet any more. The channel's number may be another's by now.
    pub(super) fn remove(&self, id: ChannelId, inlet: &Arc<Inlet>) {
        let mut open = self.lock();
        if let Some(Entry::Taken(known)) = open.get(&id)
            && Arc::ptr_eq(known, inlet)
        {
            open.remove(&id);
        }
    }

    /// What comes on this channel is of no use to anybody any more.
    pub(crate) fn forget(&self, id: ChannelId) {
        self.lock().remove(&id);
    }

    /// Nobody waits for room any more.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    pub(crate) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    fn fresh(&self) -> Arc<Inlet> {
        Arc::new(Inlet::new(self.limit_bytes))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ChannelId, Entry>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
