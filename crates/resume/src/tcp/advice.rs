//! When BBR is helped, and how: a pure rule over what the kernel tells.
//!
//! On a far line BBR errs both ways. Of a connection that says a
//! little now and then it believes that it could carry no more than that, and stretches a picture of 8 KiB over 150 ms: its
//! filter takes what it paced itself for what the line carries. So where nothing is under way it begins anew from time to
//! time. Of a file copy it believes too much, and fills the queue before the narrow place until it overflows, for everybody.
//! So where the way takes longer than the line is long, the copy is slowed down until it does not (the idea of RFC 6817).

use std::time::{Duration, Instant};

/// On nearer lines BBR's errors are too short to be felt. The same measure gives a line its twin.
const FAR: Duration = Duration::from_millis(150);
/// A look costs a system call.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Who has more packets than these under way sends much.
const MUCH_PACKETS: u32 = 40;
/// Who has no more than these sends next to nothing: an acknowledgement, or a sign of life.
const NOTHING_PACKETS: u32 = 2;
/// How long somebody who sent much is not taken for one who says little.
const MUCH_LASTS: Duration = Duration::from_secs(5);
/// BBR forgets what it believes of somebody who says little, not more often than this.
const ANEW_EVERY: Duration = Duration::from_secs(3);
/// A queue that takes longer is too long.
const LONG_QUEUE: Duration = Duration::from_millis(40);
/// With one that is shorter, more may be tried.
const SHORT_QUEUE: Duration = Duration::from_millis(20);
/// Nobody is slowed down to less, in bytes a second: the queue may be other people's.
const LEAST_PACE: u64 = 250_000;
/// A limit so many times what is delivered limits nothing.
const LOOSE: u64 = 4;

/// What the kernel tells of a connection (`struct tcp_info`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    /// The smoothed way there and back.
    pub(super) round_trip: Duration,
    /// The shortest way there and back of the last minutes.
    pub(super) shortest: Duration,
    /// Packets that are not acknowledged.
    pub(super) under_way: u32,
    /// Bytes acknowledged so far.
    pub(super) acknowledged: u64,
    /// The last measured rate of delivery, in bytes a second.
    pub(super) delivered: u64,
    /// What the kernel sends at, in bytes a second.
    pub(super) pace: u64,
}

/// What is known of one connection.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    looked_at: Option<Instant>,
    begun_anew_at: Option<Instant>,
    much: Option<Much>,
    limit: Option<u64>,
}

/// Much is being sent.
#[derive(Debug, Clone, Copy)]
struct Much {
    seen_at: Instant,
    /// When the pace was judged last, and how much had been acknowledged then.
    judged_at: Instant,
    acknowledged: u64,
}

/// What the kernel is to be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Advice {
    /// BBR begins anew.
    pub(super) begin_anew: bool,
    /// A new limit, in bytes a second; `u64::MAX` is none.
    pub(super) most: Option<u64>,
}

impl Pacing {
    /// Whether it is time to ask the kernel.
    pub(super) fn wants_a_look(&self, now: Instant) -> bool {
        self.looked_at.is_none_or(|at| now >= at + LOOK_EVERY)
    }

    /// Judges by what the kernel told at `now`, just before something is written.
    pub(super) fn look(&mut self, now: Instant, facts: &Facts) -> Advice {
        self.looked_at = Some(now);
        if facts.shortest < FAR {
            return Advice { most: self.unlimited(), ..Advice::default() };
        }
        if facts.under_way >= MUCH_PACKETS {
            return Advice { most: self.judge(now, facts), ..Advice::default() };
        }
        if self.much.is_some_and(|much| now < much.seen_at + MUCH_LASTS) {
            return Advice::default();
        }
        self.much = None;
        let due = self.begun_anew_at.is_none_or(|at| now >= at + ANEW_EVERY);
        let begin_anew = due && facts.under_way <= NOTHING_PACKETS;
        if begin_anew {
            self.begun_anew_at = Some(now);
        }
        Advice { begin_anew, most: self.unlimited() }
    }

    /// Looks at the queue of somebody who sends much, once in a round.
    fn judge(&mut self, now: Instant, facts: &Facts) -> Option<u64> {
        let fresh = Much { seen_at: now, judged_at: now, acknowledged: facts.acknowledged };
        let much = self.much.get_or_insert(fresh);
        much.seen_at = now;
        let since = now.saturating_duration_since(much.judged_at);
        if since < facts.round_trip {
            return None;
        }
        let carried = u128::from(facts.acknowledged.saturating_sub(much.acknowledged)) * 1_000_000;
        let carried = u64::try_from(carried / since.as_micros().max(1)).unwrap_or(u64::MAX);
        *much = fresh;
        let queue = facts.round_trip.saturating_sub(facts.shortest);
        let limit = if queue > LONG_QUEUE {
            let keeps = if queue > LONG_QUEUE * 2 { 85 } else { 93 };
            let present = self.limit.unwrap_or(facts.pace).min(facts.delivered.max(carried));
            (present / 100 * keeps).max(LEAST_PACE)
        } else if queue < SHORT_QUEUE {
            let limit = self.limit?;
            if limit > facts.delivered.saturating_mul(LOOSE) {
                return self.unlimited();
            }
            limit / 100 * 106
        } else {
            return None;
        };
        self.limit = Some(limit);
        self.limit
    }

    /// Lifts the limit, if there is one.
    fn unlimited(&mut self) -> Option<u64> {
        self.limit.take().map(|_| u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const QUIET: Facts = Facts {
        round_trip: Duration::from_millis(202),
        shortest: Duration::from_millis(200),
        under_way: 0,
        acknowledged: 0,
        delivered: 50_000,
        pace: 50_000,
    };
    const COPY: Facts = Facts { under_way: 600, delivered: 2_200_000, pace: 2_400_000, ..QUIET };

    fn start() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    #[test]
    fn who_says_little_begins_anew_now_and_then() {
        let (mut pacing, start) = (Pacing::default(), start());
        let anew = (0..100).filter(|n| pacing.look(start + 100 * MS * *n, &QUIET).begin_anew).count();
        assert_eq!(anew, 4, "ten seconds");
    }

    #[test]
    fn nobody_begins_anew_amid_something() {
        let (mut pacing, start) = (Pacing::default(), start());
        let amid = Facts { under_way: NOTHING_PACKETS + 1, ..QUIET };
        assert!((0..100).all(|n| !pacing.look(start + 100 * MS * n, &amid).begin_anew));
        assert!(pacing.look(start + 10_000 * MS, &QUIET).begin_anew);
    }

    #[test]
    fn a_copy_that_pauses_does_not_begin_anew() {
        let (mut pacing, start) = (Pacing::default(), start());
        pacing.look(start, &COPY);
        assert!(!pacing.look(start + 4_900 * MS, &QUIET).begin_anew, "BBR itself pauses to measure the way");
        assert!(pacing.look(start + 5_000 * MS, &QUIET).begin_anew);
    }

    #[test]
    fn a_near_line_is_left_alone() {
        let (mut pacing, start) = (Pacing::default(), start());
        let near = |facts: Facts| Facts { shortest: FAR * 9 / 10, round_trip: 900 * MS, ..facts };
        for n in 0..100 {
            assert_eq!(pacing.look(start + 100 * MS * n, &near(QUIET)), Advice::default());
            assert_eq!(pacing.look(start + 100 * MS * n + 50 * MS, &near(COPY)), Advice::default());
        }
    }

    #[test]
    fn a_look_is_not_taken_at_every_write() {
        let (mut pacing, start) = (Pacing::default(), start());
        assert!(pacing.wants_a_look(start));
        pacing.look(start, &QUIET);
        assert!(!pacing.wants_a_look(start + 19 * MS) && pacing.wants_a_look(start + 20 * MS));
    }

    /// A line with a queue, and a sender that keeps to its limit or sends `eager` bytes a second.
    fn queue_after(seconds: u32, carries: u64, eager: u64) -> (Duration, u64) {
        let (mut pacing, start) = (Pacing::default(), start());
        let (mut waiting, mut acknowledged, mut most) = (0_u64, 0_u64, u64::MAX);
        let mut facts = COPY;
        for tick in 1..=seconds * 50 {
            let pace = eager.min(most);
            waiting += pace / 50;
            let carried = waiting.min(carries / 50);
            waiting = (waiting - carried).min(carries);
            acknowledged += carried;
            let queue = Duration::from_micros(waiting * 1_000_000 / carries);
            facts = Facts { round_trip: 200 * MS + queue, acknowledged, delivered: carries, pace, ..COPY };
            if let Some(limit) = pacing.look(start + 20 * MS * tick, &facts).most {
                most = limit;
            }
        }
        (facts.round_trip.saturating_sub(facts.shortest), acknowledged / u64::from(seconds))
    }

    #[test]
    fn a_copy_that_fills_the_queue_is_slowed_down_and_the_line_stays_busy() {
        let (queue, rate) = queue_after(30, 2_000_000, 3_000_000);
        assert!(queue < 100 * MS, "{queue:?}");
        assert!(rate > 1_800_000, "{rate}");
    }

    #[test]
    fn a_queue_of_others_does_not_starve_anybody() {
        let (mut pacing, start) = (Pacing::default(), start());
        let theirs = Facts { round_trip: 900 * MS, delivered: 1_000, ..COPY };
        let least = (1..100).filter_map(|n| pacing.look(start + 1_000 * MS * n, &theirs).most).min();
        assert_eq!(least, Some(LEAST_PACE));
    }

    #[test]
    fn a_limit_goes_when_it_is_not_needed() {
        let (mut pacing, start) = (Pacing::default(), start());
        pacing.look(start, &COPY);
        let full = Facts { round_trip: 300 * MS, ..COPY };
        assert_eq!(pacing.look(start + 400 * MS, &full).most, Some(2_200_000 / 100 * 85));
        let lifted =
            (2..200).find_map(|n| pacing.look(start + 400 * MS * n, &COPY).most.filter(|most| *most == u64::MAX));
        assert_eq!(lifted, Some(u64::MAX));
        pacing.look(start + 100_000 * MS, &full);
        pacing.look(start + 100_400 * MS, &full);
        assert_eq!(pacing.look(start + 110_000 * MS, &QUIET).most, Some(u64::MAX), "who sends little needs none");
    }
}
