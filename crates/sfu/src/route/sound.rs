//! Silence costs nothing: packets of a microphone that only carry quiet are not forwarded once nobody has spoken into
//! it for a while. The gap in time without a gap in numbers is to the listener what Opus' own pauses (DTX) are.

use std::time::{Duration, Instant};

/// Quieter than this (dB below the loudest) is silence.
const SILENCE_DB: u8 = 60;
/// The end of a word is quiet too.
const LINGER: Duration = Duration::from_millis(600);

/// One microphone.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    loud_at: Option<Instant>,
}

impl Gate {
    /// Whether a packet is forwarded. Without a level nothing is known, so everything is.
    pub(crate) fn open(&mut self, below_db: Option<u8>, now: Instant) -> bool {
        if below_db.is_none_or(|below| below < SILENCE_DB) {
            self.loud_at = Some(now);
            return true;
        }
        self.loud_at.is_some_and(|at| now.saturating_duration_since(at) < LINGER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_left_out_after_the_end_of_a_word() {
        let start = Instant::now();
        let mut gate = Gate::default();
        assert!(!gate.open(Some(127), start), "never spoken");
        assert!(gate.open(Some(20), start));
        assert!(gate.open(Some(127), start + LINGER / 2));
        assert!(!gate.open(Some(127), start + LINGER));
        assert!(gate.open(Some(30), start + LINGER * 2));
    }

    #[test]
    fn a_client_without_levels_is_forwarded() {
        assert!(Gate::default().open(None, Instant::now()));
    }
}
