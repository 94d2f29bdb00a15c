//! Buckets and windows that count failures, and tables of them in bounded memory.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

use time::{Duration, OffsetDateTime};

/// How many entries are looked at to find the one worth least when another is needed.
const EVICTION_SAMPLE: usize = 16;

/// How many failures are free, and how soon one of them is forgotten.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) burst: u32,
    pub(super) refill: Duration,
}

/// A bucket of failures, kept as the moment when all of them will be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bucket {
    clean_at: OffsetDateTime,
}

impl Bucket {
    pub(super) fn new(now: OffsetDateTime) -> Self {
        Self { clean_at: now }
    }

    /// Whether another failure would be free.
    pub(super) fn has_room(self, pace: Pace, now: OffsetDateTime) -> bool {
        self.clean_at - now <= pace.refill * pace.burst.saturating_sub(1)
    }

    /// Counts a failure. A full bucket stays full.
    pub(super) fn charge(&mut self, pace: Pace, now: OffsetDateTime) {
        let full = now + pace.refill * pace.burst;
        self.clean_at = (self.clean_at.max(now) + pace.refill).min(full);
    }

    /// Takes failures back.
    pub(super) fn refund(&mut self, pace: Pace, failures: u32) {
        self.clean_at -= pace.refill * failures;
    }

    fn is_clean(self, now: OffsetDateTime) -> bool {
        self.clean_at <= now
    }
}

/// Buckets by key. When there are too many, the mildest of a few goes; the map's own random order makes the choice, so
/// that nobody can aim at one.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    pace: Pace,
    most: usize,
    by_key: HashMap<K, Bucket>,
}

impl<K: Hash + Eq + Copy> Buckets<K> {
    pub(super) fn new(pace: Pace, most: usize) -> Self {
        Self { pace, most, by_key: HashMap::new() }
    }

    pub(super) fn has_room(&self, key: &K, now: OffsetDateTime) -> bool {
        self.by_key.get(key).is_none_or(|bucket| bucket.has_room(self.pace, now))
    }

    pub(super) fn charge(&mut self, key: K, now: OffsetDateTime) {
        if !self.by_key.contains_key(&key) {
            self.make_room(now);
        }
        self.by_key.entry(key).or_insert_with(|| Bucket::new(now)).charge(self.pace, now);
    }

    pub(super) fn refund(&mut self, key: &K, failures: u32, now: OffsetDateTime) {
        if let Some(bucket) = self.by_key.get_mut(key) {
            bucket.refund(self.pace, failures);
            if bucket.is_clean(now) {
                self.by_key.remove(key);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    fn make_room(&mut self, now: OffsetDateTime) {
        while self.by_key.len() >= self.most {
            let mildest = self.by_key.iter().take(EVICTION_SAMPLE).min_by_key(|(_, bucket)| **bucket);
            let Some((&mildest, bucket)) = mildest else { return };
            if bucket.is_clean(now) {
                // Where one is clean, many are: the rest of the room comes in one go.
                self.by_key.retain(|_, bucket| !bucket.is_clean(now));
            } else {
                self.by_key.remove(&mildest);
            }
        }
    }
}

/// The last failures within an hour; never more than a fixed number.
#[derive(Debug)]
pub(super) struct Window {
    most: usize,
    failures: VecDeque<OffsetDateTime>,
}

/// How long a window is.
pub(super) const WINDOW: Duration = Duration::HOUR;

impl Window {
    pub(super) fn new(most: usize) -> Self {
        Self { most, failures: VecDeque::with_capacity(most) }
    }

    /// Whether as many failures lie within the last hour as there may.
    pub(super) fn is_full(&mut self, now: OffsetDateTime) -> bool {
        while self.failures.front().is_some_and(|at| *at + WINDOW <= now) {
            self.failures.pop_front();
        }
        self.failures.len() >= self.most
    }

    pub(super) fn is_empty(&mut self, now: OffsetDateTime) -> bool {
        !self.is_full(now) && self.failures.is_empty()
    }

    /// Counts a failure. The caller has asked whether it is full.
    pub(super) fn add(&mut self, now: OffsetDateTime) {
        debug_assert!(self.failures.len() < self.most, "a full window takes no more");
        self.failures.push_back(now);
    }

    pub(super) fn clear(&mut self) {
        self.failures.clear();
    }
}
