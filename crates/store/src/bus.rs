//! The bus: what happened, for everybody in this process who must react to it.

use fernamt_domain::event::TenantEvent;
use tokio::sync::broadcast;

/// How many notices a slow subscriber may be behind before it is told to look at everything anew.
pub const BUS_CAPACITY: usize = 1024;

/// What a subscriber is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Something happened. It may be told more than once.
    Event(TenantEvent),
    /// Notices may have been lost: look at everything anew.
    Everything,
}

/// The sending side.
#[derive(Debug, Clone)]
pub(crate) struct Bus(broadcast::Sender<Notice>);

impl Bus {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(BUS_CAPACITY))
    }

    pub(crate) fn tell(&self, notice: Notice) {
        // nobody listening is no fault
        let _ = self.0.send(notice);
    }

    pub(crate) fn subscribe(&self) -> Subscription {
        Subscription(self.0.subscribe())
    }
}

/// The receiving side.
#[derive(Debug)]
pub struct Subscription(broadcast::Receiver<Notice>);

impl Subscription {
    /// The next notice; `None` once the store is gone. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.0.recv().await {
            Ok(notice) => Some(notice),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Notice::Everything),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
