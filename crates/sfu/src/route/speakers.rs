//! Who speaks, from the levels that clients write into the headers of their packets (RFC 6464).

use std::time::{Duration, Instant};

/// How often a room is looked at.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(400);
/// A packet this loud (dB below the loudest) or louder counts as speech.
const SPEECH_DB: u8 = 40;
/// Packets of speech that make a speaker, in percent of those that would fill the time.
const SPEECH_PERCENT: u32 = 30;
/// Packets that fill the time between two looks: 20 ms each.
const PACKETS_PER_LOOK: u32 = 20;
/// A change of level that is worth telling.
const LEVEL_STEP: f32 = 0.15;

/// The levels of one microphone since the last look.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    loud: u32,
    loudest_db: Option<u8>,
    /// As it was told last: nothing while silent.
    told: Option<f32>,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) level: f32,
    pub(crate) active: bool,
}

impl Levels {
    /// A packet with a level: 0 dB is the loudest there is, 127 silence.
    pub(crate) fn heard(&mut self, below_db: u8) {
        if below_db <= SPEECH_DB {
            self.loud += 1;
            self.loudest_db = Some(self.loudest_db.map_or(below_db, |loudest| loudest.min(below_db)));
        }
    }

    /// Whether it speaks, as was told.
    pub(crate) fn speaks(&self) -> bool {
        self.told.is_some()
    }

    /// Takes stock; says what is worth telling.
    pub(crate) fn look(&mut self) -> Option<Change> {
        let loud = std::mem::take(&mut self.loud);
        let loudest = self.loudest_db.take();
        let needed = PACKETS_PER_LOOK * SPEECH_PERCENT / 100;
        let level = loudest.filter(|_| loud >= needed).map(level);
        let change = match (self.told, level) {
            (None, None) => None,
            (Some(_), None) => Some(Change { level: 0.0, active: false }),
            (Some(told), Some(level)) if (told - level).abs() < LEVEL_STEP => None,
            (_, Some(level)) => Some(Change { level, active: true }),
        };
        if change.is_some() {
            self.told = level;
        }
        change
    }

    /// The microphone is muted or gone.
    pub(crate) fn silence(&mut self) -> Option<Change> {
        *self = Self { told: self.told, ..Self::default() };
        self.told.take().map(|_| Change { level: 0.0, active: false })
    }
}

/// From decibels to 0 to 1.
fn level(below_db: u8) -> f32 {
    10.0_f32.powf(-f32::from(below_db) / 20.0).clamp(0.0, 1.0)
}

/// When a room is looked at next.
pub(crate) fn next_look(last: Instant) -> Instant {
    last + LOOK_EVERY
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speak(levels: &mut Levels, packets: u32, below_db: u8) -> Option<Change> {
        for _ in 0..packets {
            levels.heard(below_db);
        }
        levels.look()
    }

    #[test]
    fn who_speaks_is_told_once_and_when_it_ends() {
        let mut levels = Levels::default();
        assert_eq!(speak(&mut levels, 20, 127), None);
        assert!(speak(&mut levels, 20, 10).is_some_and(|change| change.active));
        assert_eq!(speak(&mut levels, 20, 10), None, "nothing new");
        assert_eq!(speak(&mut levels, 20, 90), Some(Change { level: 0.0, active: false }));
        assert_eq!(speak(&mut levels, 20, 90), None);
    }

    #[test]
    fn a_knock_makes_no_speaker() {
        assert_eq!(speak(&mut Levels::default(), 3, 0), None);
    }

    #[test]
    fn who_is_muted_speaks_no_more() {
        let mut levels = Levels::default();
        assert!(speak(&mut levels, 20, 5).is_some());
        assert_eq!(levels.silence(), Some(Change { level: 0.0, active: false }));
        assert_eq!(levels.silence(), None);
        assert!(!levels.speaks());
    }
}
