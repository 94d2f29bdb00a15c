//! Keyframe requests of many subscribers as few requests to one publisher.

use std::time::{Duration, Instant};

/// The least time between two requests to one encoder. A keyframe is as large as a second of picture, but who comes right
/// after somebody else waits for it this long.
const AT_MOST_EVERY: Duration = Duration::from_millis(200);

/// The requests for one encoding.
#[derive(Debug, Default)]
pub(crate) struct KeyframeRequests {
    wanted: bool,
    asked_at: Option<Instant>,
}

impl KeyframeRequests {
    /// Somebody needs a keyframe.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// A keyframe has begun: everybody has what they wanted.
    pub(crate) fn arrived(&mut self) {
        self.wanted = false;
    }

    /// Whether to ask now. Asks again while nothing arrives.
    pub(crate) fn ask(&mut self, now: Instant) -> bool {
        let due = self.due().is_some_and(|due| due <= now);
        if self.wanted && (due || self.asked_at.is_none()) {
            self.asked_at = Some(now);
            return true;
        }
        false
    }

    /// When to look again.
    pub(crate) fn due(&self) -> Option<Instant> {
        if self.wanted { self.asked_at.map(|at| at + AT_MOST_EVERY) } else { None }
    }

    /// When it was last asked.
    pub(crate) fn asked_at(&self) -> Option<Instant> {
        self.asked_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_wishes_are_one_request() {
        let start = Instant::now();
        let mut requests = KeyframeRequests::default();
        let mut asked = 0;
        for step in 0..100_u32 {
            requests.want();
            asked += u32::from(requests.ask(start + Duration::from_millis(1) * step));
        }
        assert_eq!(asked, 1);
    }

    #[test]
    fn a_request_that_got_lost_is_made_again() {
        let start = Instant::now();
        let mut requests = KeyframeRequests::default();
        requests.want();
        assert!(requests.ask(start));
        assert_eq!(requests.due(), Some(start + AT_MOST_EVERY));
        assert!(requests.ask(start + AT_MOST_EVERY));
        requests.arrived();
        assert!(!requests.ask(start + AT_MOST_EVERY * 3));
        assert_eq!(requests.due(), None);
    }
}
