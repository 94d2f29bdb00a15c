//! What is copied to the twin of a line: what is small. A file copy would only fill both.

use std::time::Instant;

/// Bytes a second that are copied at the most.
const BYTES_PER_SECOND: u64 = 48 * 1024;
/// Bytes copied at once after a quiet time: a few pictures of a desktop.
const BURST_BYTES: u64 = 48 * 1024;
const MICROS_PER_SECOND: u64 = 1_000_000;
/// Who sends more than this at once sends much.
const MOST_AT_ONCE_BYTES: usize = 24 * 1024;

/// How much may be copied.
#[derive(Debug)]
pub(crate) struct Allowance {
    bytes: u64,
    since: Instant,
}

impl Allowance {
    pub(crate) fn new(now: Instant) -> Self {
        Self { bytes: BURST_BYTES, since: now }
    }

    /// Whether so many bytes are copied; whoever asks does so.
    pub(crate) fn take(&mut self, now: Instant, bytes: usize) -> bool {
        let micros = u64::try_from(now.saturating_duration_since(self.since).as_micros()).unwrap_or(u64::MAX);
        let earned = micros.saturating_mul(BYTES_PER_SECOND) / MICROS_PER_SECOND;
        if earned > 0 {
            (self.bytes, self.since) = (self.bytes.saturating_add(earned).min(BURST_BYTES), now);
        }
        // A copy uses the allowance up without being copied: what comes in its midst would wait behind what is not here.
        let left = self.bytes.checked_sub(bytes as u64);
        self.bytes = left.unwrap_or(0);
        left.is_some() && bytes <= MOST_AT_ONCE_BYTES
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn typing_is_copied_and_a_file_is_not() {
        let mut now = tokio::time::Instant::now().into_std();
        let mut allowance = Allowance::new(now);
        for _ in 0..100 {
            now += Duration::from_millis(250);
            assert!(allowance.take(now, 9 * 1024), "a key press and its picture");
        }
        let copied = (0..1000).filter(|_| {
            now += Duration::from_millis(10);
            allowance.take(now, 16 * 1024)
        });
        assert!(copied.count() < 10);
        now += Duration::from_secs(1);
        assert!(allowance.take(now, 1000), "afterwards");
    }

    #[test]
    fn time_that_is_looked_at_often_counts_too() {
        let start = tokio::time::Instant::now().into_std();
        let mut allowance = Allowance::new(start);
        while allowance.take(start, 1024) {}
        assert!((1..=100_000).any(|n| allowance.take(start + Duration::from_micros(10 * n), 1)));
    }
}
