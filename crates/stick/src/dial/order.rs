//! Which way is tried first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fernamt_api::stick::Transport;

use super::Way;

/// The ways, the best first. Copies share what they learn.
#[derive(Debug, Clone)]
pub(super) struct Order(Arc<Mutex<[Way; 4]>>);

impl Order {
    /// The usual order, but what worked last first.
    pub(super) fn new(remembered: Option<Transport>) -> Self {
        let mut ways = [Way::Ssh, Way::Websocket, Way::WebsocketByProxy, Way::SshByProxy];
        // The sort is stable: among equals the usual order stays.
        ways.sort_by_key(|way| Some(way.transport()) != remembered);
        Self(Arc::new(Mutex::new(ways)))
    }

    pub(super) fn ways(&self) -> [Way; 4] {
        *self.lock()
    }

    /// It works.
    pub(super) fn praise(&self, way: Way) {
        self.lock().sort_by_key(|known| *known != way);
    }

    /// Nothing came back on it.
    pub(super) fn blame(&self, way: Way) {
        self.lock().sort_by_key(|known| *known == way);
    }

    fn lock(&self) -> MutexGuard<'_, [Way; 4]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_worked_last_comes_first_and_what_failed_last() {
        assert_eq!(Order::new(None).ways()[0], Way::Ssh);
        let order = Order::new(Some(Transport::Proxy));
        assert_eq!(order.ways(), [Way::WebsocketByProxy, Way::SshByProxy, Way::Ssh, Way::Websocket]);
        order.praise(Way::Websocket);
        assert_eq!(order.ways()[0], Way::Websocket);
        order.blame(Way::Websocket);
        assert_eq!(order.ways()[3], Way::Websocket);
    }
}
