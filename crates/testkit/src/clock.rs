//! Virtual time.

use std::sync::{Arc, Mutex, PoisonError};

use fernamt_domain::Clock;
use time::{Duration, OffsetDateTime, macros::datetime};

/// A clock that stands still until a test moves it. Clones share one time.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<Mutex<OffsetDateTime>>);

impl TestClock {
    /// Starts on Monday, 2 November 2026, 08:00 UTC: an ordinary working morning.
    pub fn new() -> Self {
        Self::at(datetime!(2026-11-02 08:00 UTC))
    }

    /// Starts at `start`.
    pub fn at(start: OffsetDateTime) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    /// Moves the clock forward by `step`.
    pub fn advance(&self, step: Duration) {
        *self.lock() += step;
    }

    /// Moves the clock to `moment`, forward or back: operating systems do both.
    pub fn set(&self, moment: OffsetDateTime) {
        *self.lock() = moment;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, OffsetDateTime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        *self.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_one_time() {
        let clock = TestClock::new();
        let other = clock.clone();
        clock.advance(Duration::minutes(5));
        assert_eq!(other.now(), datetime!(2026-11-02 08:05 UTC));
    }
}
