//! How fast one client may act.

use time::{Duration, OffsetDateTime};

/// A bucket that fills with time and is emptied by acts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    burst: i32,
    each: Duration,
    empty_at: OffsetDateTime,
}

impl Pace {
    pub(super) fn new(burst: i32, each: Duration) -> Self {
        Self { burst, each, empty_at: OffsetDateTime::UNIX_EPOCH }
    }

    /// Whether one more act is not too fast. Only an act that is not counts.
    pub(super) fn take(&mut self, now: OffsetDateTime) -> bool {
        let used_until = self.empty_at.max(now);
        let fits = used_until - now <= self.each * (self.burst - 1);
        if fits {
            self.empty_at = used_until + self.each;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_one_at_a_time() {
        let mut pace = Pace::new(3, Duration::seconds(1));
        let t0 = OffsetDateTime::UNIX_EPOCH + Duration::days(1);
        assert_eq!([0; 5].map(|_| pace.take(t0)), [true, true, true, false, false]);
        assert_eq!([0; 2].map(|_| pace.take(t0 + Duration::seconds(1))), [true, false]);
    }
}
