//! How good a connection is, in one word that does not flicker.

use crate::output::ConnectionQuality;

/// Packets lost, in percent, from which a connection is good, and from which poor.
const GOOD_PERCENT: f32 = 2.0;
const POOR_PERCENT: f32 = 8.0;
/// How much an old number weighs.
const MEMORY: f32 = 0.6;

/// One seat's connection.
#[derive(Debug)]
pub(crate) struct Quality {
    loss_percent: f32,
    told: Option<ConnectionQuality>,
}

impl Quality {
    pub(crate) fn new() -> Self {
        Self { loss_percent: 0.0, told: None }
    }

    /// Takes in what was measured: the share of packets lost (0 to 1), whether anything had to be left out, and
    /// whether the connection stands. Says what is new.
    pub(crate) fn look(&mut self, loss: f32, starved: bool, stands: bool) -> Option<(ConnectionQuality, f32)> {
        self.loss_percent = self.loss_percent * MEMORY + loss.clamp(0.0, 1.0) * 100.0 * (1.0 - MEMORY);
        let quality = if !stands {
            ConnectionQuality::Lost
        } else if starved || self.loss_percent >= POOR_PERCENT {
            ConnectionQuality::Poor
        } else if self.loss_percent >= GOOD_PERCENT {
            ConnectionQuality::Good
        } else {
            ConnectionQuality::Excellent
        };
        if self.told == Some(quality) {
            return None;
        }
        self.told = Some(quality);
        let score = if stands { (1.0 - self.loss_percent / 25.0).clamp(0.0, 1.0) } else { 0.0 };
        Some((quality, if starved { score.min(0.4) } else { score }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(quality: &mut Quality, loss: f32, starved: bool, stands: bool) -> Option<ConnectionQuality> {
        quality.look(loss, starved, stands).map(|(word, _)| word)
    }

    #[test]
    fn one_bad_moment_does_not_make_a_poor_connection() {
        let mut quality = Quality::new();
        assert_eq!(word(&mut quality, 0.0, false, true), Some(ConnectionQuality::Excellent));
        assert_eq!(word(&mut quality, 0.1, false, true), Some(ConnectionQuality::Good));
        assert_eq!(word(&mut quality, 0.2, false, true), Some(ConnectionQuality::Poor));
        assert_eq!(word(&mut quality, 0.2, false, true), None);
    }

    #[test]
    fn a_starved_subscriber_is_told() {
        let mut quality = Quality::new();
        assert_eq!(word(&mut quality, 0.0, true, true), Some(ConnectionQuality::Poor));
        assert_eq!(word(&mut quality, 0.0, false, false), Some(ConnectionQuality::Lost));
    }
}
