//! When something is said on a line: pings, and changes not too close together.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The shortest time between pings, in seconds. RFC 8620, section 7.3 wants it to be at most 30.
const MIN_PING_S: u64 = 5;
/// The longest one. RFC 8620, section 7.3 wants it to be at least 300.
const MAX_PING_S: u64 = 300;
/// How long changes gather after some were told: a burst is told in few steps.
const BETWEEN_CHANGES: Duration = Duration::from_millis(250);

/// What comes when nothing was said for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    /// A ping, with the seconds between two.
    Ping(u64),
    /// Nothing that a client sees. It finds out whether anybody still reads.
    Silent,
}

/// The rhythm of a line.
#[derive(Debug)]
pub(super) struct Pace {
    beat: Beat,
    last: Instant,
    changes_told: Option<Instant>,
}

impl Pace {
    /// A line with pings after so many seconds, or without any.
    pub(super) fn new(ping_s: u64) -> Self {
        let beat = if ping_s == 0 { Beat::Silent } else { Beat::Ping(ping_s.clamp(MIN_PING_S, MAX_PING_S)) };
        Self { beat, last: Instant::now(), changes_told: None }
    }

    /// Something was said.
    pub(super) fn said(&mut self) {
        self.last = Instant::now();
    }

    /// Changes were told.
    pub(super) fn told(&mut self) {
        self.said();
        self.changes_told = Some(self.last);
    }

    /// It was looked whether there is anything to tell.
    pub(super) fn looked(&mut self) {
        self.changes_told = Some(Instant::now());
    }

    /// Waits until nothing was said for so long that something has to be.
    pub(super) async fn beat(&self) -> Beat {
        sleep_until(self.next_beat()).await;
        self.beat
    }

    /// Waits until changes may be told again.
    pub(super) async fn changes(&self) {
        if let Some(next) = self.next_changes() {
            sleep_until(next).await;
        }
    }

    fn next_beat(&self) -> Instant {
        let rest = match self.beat {
            Beat::Ping(seconds) => seconds,
            Beat::Silent => MAX_PING_S,
        };
        self.last + Duration::from_secs(rest)
    }

    fn next_changes(&self) -> Option<Instant> {
        self.changes_told.map(|told| told + BETWEEN_CHANGES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_come_as_asked_within_limits() {
        for (asked, seconds) in [(1, 5), (5, 5), (30, 30), (300, 300), (u64::MAX, 300)] {
            let pace = Pace::new(asked);
            assert_eq!(pace.beat, Beat::Ping(seconds));
            assert_eq!(pace.next_beat() - pace.last, Duration::from_secs(seconds));
        }
        let silent = Pace::new(0);
        assert_eq!((silent.beat, silent.next_beat() - silent.last), (Beat::Silent, Duration::from_secs(300)));
    }

    #[test]
    fn the_first_change_is_told_at_once_and_others_gather() {
        let mut pace = Pace::new(30);
        let first = pace.next_beat();
        assert_eq!(pace.next_changes(), None);
        pace.told();
        assert_eq!(pace.next_changes(), Some(pace.last + BETWEEN_CHANGES));
        assert!(pace.next_beat() > first, "a ping waits from the last word on");
        let told = pace.next_changes();
        pace.said();
        assert_eq!(pace.next_changes(), told, "a ping holds no change up");
        pace.looked();
        assert!(pace.next_changes() > told, "whoever looked does not look again at once");
    }
}
