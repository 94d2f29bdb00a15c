//! Work of many kinds side by side, of each kind only so much at once: one that is slow holds nobody else up.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A lane for each kind.
#[derive(Debug)]
pub(crate) struct Lanes<K> {
    /// How many are in one lane at once.
    most: usize,
    lanes: Mutex<HashMap<K, Arc<Semaphore>>>,
}

impl<K: Eq + Hash> Lanes<K> {
    /// Lanes for so many at once each.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, lanes: Mutex::default() }
    }

    /// Waits for a place in the lane of a kind.
    pub(crate) async fn enter(&self, kind: K) -> Option<OwnedSemaphorePermit> {
        self.lane(kind).acquire_owned().await.ok()
    }

    fn lane(&self, kind: K) -> Arc<Semaphore> {
        let mut lanes = self.lock();
        // Whoever is in a lane or waits for it holds it, too.
        lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
        Arc::clone(lanes.entry(kind).or_insert_with(|| Arc::new(Semaphore::new(self.most))))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Arc<Semaphore>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_lane_has_so_many_places_and_others_have_theirs() {
        let lanes = Lanes::new(2);
        let [first, _second] = [lanes.enter("slow").await.unwrap(), lanes.enter("slow").await.unwrap()];
        let mut third = Box::pin(lanes.enter("slow"));
        assert!((&mut third).now_or_never().is_none());
        assert!(lanes.enter("quick").now_or_never().flatten().is_some());
        drop(first);
        assert!(third.await.is_some());
    }

    #[tokio::test]
    async fn a_lane_that_nobody_uses_is_forgotten() {
        let lanes = Lanes::new(1);
        let held = lanes.enter("held").await.unwrap();
        let mut waits = Box::pin(lanes.enter("held"));
        assert!((&mut waits).now_or_never().is_none());
        drop(held);
        drop(lanes.enter("left").await.unwrap());
        let _other = lanes.enter("other").await.unwrap();
        let mut left: Vec<_> = lanes.lock().keys().copied().collect();
        left.sort_unstable();
        assert_eq!(left, ["held", "other"]);
        assert!(waits.await.is_some());
    }
}
