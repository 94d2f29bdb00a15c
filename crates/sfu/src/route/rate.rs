//! How many bits a second something takes.

use std::time::{Duration, Instant};

/// The window is cut into slots.
const SLOTS: usize = 8;
const SLOT: Duration = Duration::from_millis(125);

/// A meter over the last second.
#[derive(Debug)]
pub(crate) struct Rate {
    slots: [u64; SLOTS],
    /// Which slot is being filled, and since when.
    at: usize,
    since: Option<Instant>,
    began: Option<Instant>,
}

impl Rate {
    pub(crate) fn new() -> Self {
        Self { slots: [0; SLOTS], at: 0, since: None, began: None }
    }

    /// Some bytes went by.
    pub(crate) fn add(&mut self, bytes: usize, now: Instant) {
        self.turn(now);
        if let Some(slot) = self.slots.get_mut(self.at) {
            *slot += bytes as u64;
        }
    }

    /// Bits a second; a stream that has just begun is measured over what there is of it.
    pub(crate) fn bps(&mut self, now: Instant) -> u64 {
        self.turn(now);
        let Some(began) = self.began else { return 0 };
        let window = now.saturating_duration_since(began).clamp(SLOT, SLOT * 8);
        let bits = self.slots.iter().sum::<u64>() * 8;
        u64::try_from(u128::from(bits) * 1_000_000 / window.as_micros()).unwrap_or(u64::MAX)
    }

    fn turn(&mut self, now: Instant) {
        let mut since = *self.since.get_or_insert(now);
        self.began.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        if passed >= SLOT * 8 {
            // Nothing of the window is left.
            *self = Self { since: Some(now), began: Some(now), ..Self::new() };
            return;
        }
        while now.saturating_duration_since(since) >= SLOT {
            since += SLOT;
            self.at = (self.at + 1) % SLOTS;
            if let Some(slot) = self.slots.get_mut(self.at) {
                *slot = 0;
            }
        }
        self.since = Some(since);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_is_measured_within_a_seventh() {
        let start = Instant::now();
        let mut rate = Rate::new();
        for step in 0..300_u32 {
            let now = start + Duration::from_millis(10) * step;
            rate.add(1_250, now);
            if step > 20 {
                let bps = rate.bps(now);
                assert!((850_000..1_160_000).contains(&bps), "{bps} after {step} steps");
            }
        }
    }

    #[test]
    fn what_has_stopped_measures_nothing() {
        let start = Instant::now();
        let mut rate = Rate::new();
        rate.add(100_000, start);
        assert_eq!(rate.bps(start + Duration::from_secs(2)), 0);
    }
}
