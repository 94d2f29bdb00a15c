//! Which encoding of a video one subscriber gets, packet by packet: it changes only where a decoder can begin.

use std::time::{Duration, Instant};

use super::frame::Entry;
use crate::ids::Quality;

/// After a keyframe request, the first frame of an unreadable stream that may be the keyframe.
const UNREADABLE_AFTER: Duration = Duration::from_millis(150);

/// What to do with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It continues what the subscriber gets.
    Forward,
    /// The subscriber's stream goes on with this packet.
    Switch,
    /// It is not for this subscriber.
    Drop,
}

/// What is known of a packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) quality: Quality,
    pub(crate) entry: Entry,
    /// The first packet of its frame, as far as the order of arrival tells.
    pub(crate) first: bool,
    /// When a keyframe of this encoding was last asked for.
    pub(crate) asked_at: Option<Instant>,
}

/// The choice for one subscription.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    current: Option<Quality>,
    target: Option<Quality>,
}

impl Choice {
    /// What the subscriber gets now.
    pub(crate) fn current(&self) -> Option<Quality> {
        self.current
    }

    /// What it is to get.
    pub(crate) fn target(&self) -> Option<Quality> {
        self.target
    }

    /// The encoding a keyframe is needed of.
    pub(crate) fn waits_for(&self) -> Option<Quality> {
        self.target.filter(|_| self.current != self.target)
    }

    /// Sets what it is to get; nothing takes effect at once, everything else at the next keyframe.
    pub(crate) fn aim(&mut self, target: Option<Quality>) {
        self.target = target;
        if target.is_none() {
            self.current = None;
        }
    }

    /// What it gets is of no use any more (packets were dropped): it needs a keyframe.
    pub(crate) fn broken(&mut self) {
        self.current = None;
    }

    /// Decides about a packet.
    pub(crate) fn step(&mut self, seen: Seen, now: Instant) -> Step {
        if self.current == Some(seen.quality) {
            return Step::Forward;
        }
        if self.target != Some(seen.quality) {
            return Step::Drop;
        }
        let enters = match seen.entry {
            Entry::Key => true,
            Entry::Inside => false,
            Entry::Unknown => {
                seen.first && seen.asked_at.is_some_and(|at| now.saturating_duration_since(at) >= UNREADABLE_AFTER)
            }
        };
        if enters {
            self.current = self.target;
            return Step::Switch;
        }
        Step::Drop
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(quality: Quality, entry: Entry) -> Seen {
        Seen { quality, entry, first: true, asked_at: None }
    }

    #[test]
    fn the_old_layer_goes_on_until_the_new_one_has_a_keyframe() {
        let now = Instant::now();
        let mut choice = Choice::default();
        choice.aim(Some(Quality::Low));
        assert_eq!(choice.step(seen(Quality::Low, Entry::Inside), now), Step::Drop);
        assert_eq!(choice.step(seen(Quality::Low, Entry::Key), now), Step::Switch);
        choice.aim(Some(Quality::High));
        assert_eq!(choice.waits_for(), Some(Quality::High));
        assert_eq!(choice.step(seen(Quality::High, Entry::Inside), now), Step::Drop);
        assert_eq!(choice.step(seen(Quality::Low, Entry::Inside), now), Step::Forward);
        assert_eq!(choice.step(seen(Quality::High, Entry::Key), now), Step::Switch);
        assert_eq!(choice.step(seen(Quality::Low, Entry::Key), now), Step::Drop);
        assert_eq!(choice.waits_for(), None);
    }

    #[test]
    fn an_unreadable_stream_is_entered_some_time_after_a_request() {
        let asked = Instant::now();
        let mut choice = Choice::default();
        choice.aim(Some(Quality::Low));
        let packet = Seen { asked_at: Some(asked), ..seen(Quality::Low, Entry::Unknown) };
        assert_eq!(choice.step(packet, asked), Step::Drop);
        let later = asked + UNREADABLE_AFTER;
        assert_eq!(choice.step(Seen { first: false, ..packet }, later), Step::Drop);
        assert_eq!(choice.step(packet, later), Step::Switch);
    }

    proptest! {
        /// A subscriber never gets an encoding that it did not enter with a keyframe, and only one at a time.
        #[test]
        fn each_layer_is_entered_by_a_keyframe(steps in prop::collection::vec((0_usize..4, 0_usize..3, any::<bool>()), 1..200)) {
            let now = Instant::now();
            let mut choice = Choice::default();
            let mut entered = None;
            for (aim, layer, key) in steps {
                choice.aim(Quality::ALL.get(aim).copied());
                if aim == 3 {
                    entered = None;
                }
                let quality = Quality::ALL[layer];
                match choice.step(seen(quality, if key { Entry::Key } else { Entry::Inside }), now) {
                    Step::Forward => prop_assert_eq!(entered, Some(quality)),
                    Step::Switch => {
                        prop_assert!(key);
                        entered = Some(quality);
                    }
                    Step::Drop => prop_assert_ne!(entered, Some(quality)),
                }
            }
        }
    }
}
