//! How many notices a push service is handed at once, and when it may be asked again: one that answers slowly or not at all
//! keeps the others waiting no longer than its own places go.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use time::{Duration, OffsetDateTime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::waiting::Key;

/// How many notices are on their way at once.
const MAX_AT_ONCE: usize = 16;
/// How many of them to one push service.
const MAX_OF_ONE: usize = 4;
/// How many devices are looked at at once, before it is known whether they are told.
const MAX_LOOKS: usize = 8;
/// For how long one answer keeps other devices from a push service, at most.
const LONGEST_REST: Duration = Duration::minutes(5);
/// For how long a failure with one device counts beside that with another.
const FAILURE_COUNTS: Duration = Duration::minutes(5);

/// The ways to push services.
#[derive(Debug)]
pub(super) struct Lanes {
    looks: Semaphore,
    all: Semaphore,
    services: Mutex<HashMap<String, Lane>>,
}

#[derive(Debug)]
struct Lane {
    places: Arc<Semaphore>,
    rests_until: Option<OffsetDateTime>,
    /// With which device it failed last, and when.
    failed: Option<(Key, OffsetDateTime)>,
}

impl Lane {
    /// With which device it failed last, if that still counts.
    fn failed_with(&self, now: OffsetDateTime) -> Option<Key> {
        self.failed.filter(|(_, at)| now - *at < FAILURE_COUNTS).map(|(device, _)| device)
    }
}

/// A place on the way to one push service.
#[derive(Debug)]
pub(super) struct LanePlace {
    _permit: OwnedSemaphorePermit,
}

impl Default for Lanes {
    fn default() -> Self {
        Self { looks: Semaphore::new(MAX_LOOKS), all: Semaphore::new(MAX_AT_ONCE), services: Mutex::default() }
    }
}

impl Lanes {
    /// Waits for the turn to look at a device.
    pub(super) async fn look(&self) -> Option<SemaphorePermit<'_>> {
        self.looks.acquire().await.ok()
    }

    /// A place on the way to a push service, if one is free.
    pub(super) fn try_enter(&self, service: &str, now: OffsetDateTime) -> Option<LanePlace> {
        self.places_of(service, now).try_acquire_owned().ok().map(|permit| LanePlace { _permit: permit })
    }

    /// Waits for a place on the way to a push service.
    pub(super) async fn enter(&self, service: &str, now: OffsetDateTime) -> Option<LanePlace> {
        self.places_of(service, now).acquire_owned().await.ok().map(|permit| LanePlace { _permit: permit })
    }

    /// Waits for a place among all that are told, which who has one of the push service's takes for the time of telling.
    pub(super) async fn go(&self, _place: &LanePlace) -> Option<SemaphorePermit<'_>> {
        self.all.acquire().await.ok()
    }

    /// Until when a push service is left alone.
    pub(super) fn rests_until(&self, service: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.lock().get(service).and_then(|lane| lane.rests_until).filter(|until| *until > now)
    }

    /// Notes that a push service answered for a device: it is left alone no longer.
    pub(super) fn answered(&self, service: &str) {
        if let Some(lane) = self.lock().get_mut(service) {
            (lane.rests_until, lane.failed) = (None, None);
        }
    }

    /// Notes that a push service failed with a device. It is left alone for a while if it did with another one shortly before:
    /// what one device meets says nothing of those of others, and an address can be made to fail.
    pub(super) fn failed(&self, service: &str, device: Key, rest: Duration, now: OffsetDateTime) {
        if let Some(lane) = self.lock().get_mut(service) {
            if lane.failed_with(now).is_some_and(|before| before != device) {
                lane.rests_until = Some(now + rest.min(LONGEST_REST));
            }
            lane.failed = Some((device, now));
        }
    }

    fn places_of(&self, service: &str, now: OffsetDateTime) -> Arc<Semaphore> {
        let mut lanes = self.lock();
        let is_needed = |lane: &Lane| {
            let rests = lane.rests_until.is_some_and(|end| end > now);
            rests || lane.failed_with(now).is_some() || Arc::strong_count(&lane.places) > 1
        };
        lanes.retain(|name, lane| name == service || is_needed(lane));
        let new = || Lane { places: Arc::new(Semaphore::new(MAX_OF_ONE)), rests_until: None, failed: None };
        Arc::clone(&lanes.entry(service.to_owned()).or_insert_with(new).places)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Lane>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{DeviceId, TenantId};
    use futures_util::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn device(number: u128) -> Key {
        (TenantId(Uuid::nil()), DeviceId(Uuid::from_u128(number)))
    }

    #[test]
    fn one_push_service_takes_so_many_places_and_no_other_waits_for_it() {
        let lanes = Lanes::default();
        let mut held: Vec<_> = (0..MAX_OF_ONE).map(|_| lanes.try_enter("slow", T0).unwrap()).collect();
        assert!(lanes.try_enter("slow", T0).is_none() && lanes.enter("slow", T0).now_or_never().is_none());
        assert!(lanes.try_enter("quick", T0).is_some());
        held.pop();
        assert!(lanes.try_enter("slow", T0).is_some());
    }

    #[test]
    fn all_together_have_so_many_on_their_way() {
        let lanes = Lanes::default();
        let place = lanes.try_enter("a", T0).unwrap();
        let going: Vec<_> = (0..MAX_AT_ONCE).map(|_| lanes.go(&place).now_or_never().unwrap()).collect();
        assert!(lanes.go(&place).now_or_never().is_none());
        drop(going);
        assert!(lanes.go(&place).now_or_never().is_some());
    }

    #[test]
    fn a_push_service_rests_for_a_while_and_is_forgotten_after_it() {
        let lanes = Lanes::default();
        drop(lanes.try_enter("a", T0));
        lanes.failed("a", device(1), Duration::HOUR, T0);
        drop(lanes.try_enter("b", T0));
        lanes.failed("a", device(2), Duration::HOUR, T0);
        assert_eq!([lanes.rests_until("a", T0), lanes.rests_until("b", T0)], [Some(T0 + LONGEST_REST), None]);
        assert_eq!(lanes.rests_until("a", T0 + LONGEST_REST), None);
        assert_eq!(lanes.lock().len(), 2);
        lanes.answered("a");
        assert_eq!(lanes.rests_until("a", T0), None);
        drop(lanes.try_enter("b", T0 + LONGEST_REST));
        assert_eq!(lanes.lock().len(), 1);
    }

    #[test]
    fn a_push_service_rests_only_after_it_failed_with_two_devices() {
        let lanes = Lanes::default();
        drop(lanes.try_enter("a", T0));
        let fails = |number, now| {
            lanes.failed("a", device(number), Duration::MINUTE, now);
            lanes.rests_until("a", now)
        };
        assert_eq!([fails(1, T0), fails(1, T0)], [None, None], "one device waits alone");
        let later = T0 + FAILURE_COUNTS;
        assert_eq!(fails(2, later), None, "that was long ago");
        lanes.answered("a");
        assert_eq!(fails(1, later), None, "it answered in between");
        assert_eq!(fails(2, later), Some(later + Duration::MINUTE));
    }
}
