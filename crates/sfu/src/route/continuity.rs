//! One unbroken stream for a subscriber, whatever it is made of: sequence numbers and timestamps go on where they
//! were when the source changes its encoding, and packets left out leave no gap.

use std::{collections::VecDeque, time::Instant};

/// Older stretches that late packets may still belong to.
const MAX_STRETCHES: usize = 32;
/// Where a stream begins. Its upper bits must be 0 (SRTP's rollover counter).
const FIRST_SEQ: u64 = 1_000;

/// Packets of the source that are numbered with one distance.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: u64,
    /// One past its last packet; open for the newest.
    until: u64,
    /// What is added to a source's number, wrapping.
    distance: u64,
}

/// Maps the numbers of a source to the numbers of one subscriber's stream.
#[derive(Debug)]
pub(crate) struct Continuity {
    clock_hz: u32,
    stretches: VecDeque<Stretch>,
    time_distance: u32,
    highest_in: u64,
    highest_out: u64,
    last_time_out: u32,
    last_at: Option<Instant>,
}

impl Continuity {
    pub(crate) fn new(clock_hz: u32) -> Self {
        Self {
            clock_hz,
            stretches: VecDeque::new(),
            time_distance: 0,
            highest_in: 0,
            highest_out: FIRST_SEQ - 1,
            last_time_out: 0,
            last_at: None,
        }
    }

    /// The stream goes on with this packet of a new source. Earlier packets of it are never mapped.
    pub(crate) fn rebase(&mut self, seq: u64, time: u32, now: Instant) {
        let time_out = match self.last_at {
            // A source that follows at once still takes one tick: two frames never share a timestamp.
            Some(at) => self.last_time_out.wrapping_add(ticks(now, at, self.clock_hz).max(1)),
            None => time,
        };
        self.time_distance = time_out.wrapping_sub(time);
        self.stretches.clear();
        self.stretches.push_back(Stretch {
            from: seq,
            until: u64::MAX,
            distance: (self.highest_out + 1).wrapping_sub(seq),
        });
        self.highest_in = seq.saturating_sub(1);
    }

    /// The number and time a packet leaves with; nothing if it belongs to no stretch.
    pub(crate) fn map(&mut self, seq: u64, time: u32, now: Instant) -> Option<(u64, u32)> {
        let stretch = self.stretches.iter().rev().find(|stretch| (stretch.from..stretch.until).contains(&seq))?;
        let out = seq.wrapping_add(stretch.distance);
        let time_out = time.wrapping_add(self.time_distance);
        self.highest_in = self.highest_in.max(seq);
        if out > self.highest_out || self.last_at.is_none() {
            self.highest_out = out;
            self.last_time_out = time_out;
            self.last_at = Some(now);
        }
        Some((out, time_out))
    }

    /// A packet of the present source is left out on purpose; those after it close up.
    pub(crate) fn skip(&mut self, seq: u64) {
        // A late one was waited for by now: its gap stays.
        if seq <= self.highest_in {
            return;
        }
        let Some(newest) = self.stretches.back_mut() else { return };
        self.highest_in = seq;
        let next = Stretch { from: seq + 1, until: u64::MAX, distance: newest.distance.wrapping_sub(1) };
        if newest.from == seq {
            *newest = next;
            return;
        }
        newest.until = seq;
        self.stretches.push_back(next);
        if self.stretches.len() > MAX_STRETCHES {
            self.stretches.pop_front();
        }
    }
}

/// The ticks of a clock between two moments.
fn ticks(now: Instant, then: Instant, clock_hz: u32) -> u32 {
    let passed = now.saturating_duration_since(then).as_micros() * u128::from(clock_hz) / 1_000_000;
    // Timestamps wrap; only the lower half says anything.
    u32::try_from(passed & u128::from(u32::MAX)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_new_source_goes_on_where_the_old_one_was() {
        let start = Instant::now();
        let mut stream = Continuity::new(90_000);
        stream.rebase(50_000, 7, start);
        assert_eq!(stream.map(50_000, 7, start), Some((FIRST_SEQ, 7)));
        assert_eq!(stream.map(50_001, 7, start), Some((FIRST_SEQ + 1, 7)));
        let later = start + Duration::from_millis(100);
        stream.rebase(3, 4_000_000_000, later);
        assert_eq!(stream.map(3, 4_000_000_000, later), Some((FIRST_SEQ + 2, 9_007)));
        assert_eq!(stream.map(2, 4_000_000_000, later), None, "before the keyframe");
        assert_eq!(stream.map(4, 4_000_003_000, later), Some((FIRST_SEQ + 3, 12_007)));
    }

    #[test]
    fn a_late_packet_keeps_its_place_among_those_left_out() {
        let now = Instant::now();
        let mut stream = Continuity::new(48_000);
        stream.rebase(10, 0, now);
        assert_eq!(stream.map(10, 0, now), Some((FIRST_SEQ, 0)));
        // 11 is on its way
        stream.skip(12);
        assert_eq!(stream.map(13, 0, now), Some((FIRST_SEQ + 2, 0)));
        assert_eq!(stream.map(11, 0, now), Some((FIRST_SEQ + 1, 0)));
        assert_eq!(stream.map(12, 0, now), None);
    }

    proptest! {
        /// Whatever is left out, lost or late: no number is used twice, order is kept, and without loss none is missing.
        #[test]
        fn numbers_stay_unique_and_in_order(
            begin in 0_u64..1 << 40,
            kept in prop::collection::vec((any::<bool>(), 0_usize..4), 1..300),
        ) {
            let now = Instant::now();
            let mut stream = Continuity::new(90_000);
            stream.rebase(begin, 0, now);
            let mut order: Vec<usize> = (0..kept.len()).collect();
            order.sort_by_key(|index| index + kept[*index].1);
            let mut out: Vec<(u64, u64)> = Vec::new();
            let mut in_order = true;
            let mut last = 0;
            for index in order {
                in_order &= index >= last;
                last = index;
                let seq = begin + index as u64;
                if kept[index].0 {
                    out.extend(stream.map(seq, 0, now).map(|(number, _)| (seq, number)));
                } else {
                    stream.skip(seq);
                }
            }
            out.sort_unstable();
            for pair in out.windows(2) {
                prop_assert!(pair[0].1 < pair[1].1, "{:?}", pair);
            }
            if in_order {
                let wanted = kept.iter().filter(|(keep, _)| *keep).count();
                prop_assert_eq!(out.len(), wanted);
                if let (Some(first), Some(last)) = (out.first(), out.last()) {
                    prop_assert_eq!(last.1 - first.1 + 1, wanted as u64);
                }
            }
        }
    }
}
