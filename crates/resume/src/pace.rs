//! How much may be under way at once: as much as keeps the line busy, and little that waits in queues on it.
//!
//! Queues before a narrow place hold seconds of what is sent too fast, and TCP fills them: a key press would wait behind
//! a file copy that was sent long ago. So we measure, round by round, how fast the other side acknowledges and how long
//! the way takes when nothing queues, and keep no more under way than the one times the other. It is the idea of BBR
//! (draft-ietf-ccwg-bbr), at a place where it works with every kernel, through TLS and through proxies.

use std::time::{Duration, Instant};

use crate::{ACK_DELAY, BUSY_ACK_BYTES, BUSY_ACK_DELAY, FIRST_TRANSMIT_BYTES};

/// What may be under way before anything has been measured.
pub(crate) const FIRST_ALLOWED_BYTES: u64 = 16 * 1024;
/// Less is never allowed, or a slow line would stand still between two acknowledgements.
const LEAST_ALLOWED_BYTES: u64 = FIRST_TRANSMIT_BYTES as u64;
/// More than any window.
const MOST_ALLOWED_BYTES: u64 = 1 << 30;
/// The fastest of so many rounds counts.
const ROUNDS: usize = 8;
/// Rounds without a faster one that end the beginning, in which the allowance doubles.
const ROUNDS_WITHOUT_GAIN: u8 = 3;
/// The shortest way there and back is measured anew after this time, on a line that we have emptied for that.
const SHORTEST_HOLDS: Duration = Duration::from_secs(10);
/// What waits longer than this beyond the shortest way is in a queue: the line has become slower.
const QUEUED: Duration = Duration::from_millis(250);
/// From this on the way is far, and what waits for a packet that comes again waits longer than in most queues.
const FAR: Duration = Duration::from_millis(150);
/// With so much under way, one of its packets is often lost where any are.
const OFTEN_HIT_BYTES: u64 = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Pace {
    allowed: u64,
    round: Option<Round>,
    /// Bytes a second.
    rates: [u64; ROUNDS],
    rate_at: usize,
    shortest: Option<(Duration, Instant)>,
    /// In the beginning, the fastest round and how many were no faster.
    growing: Option<(u64, u8)>,
    /// Something had to wait for its turn since the round began.
    held_back: bool,
    /// The line is being emptied.
    emptying: bool,
}

#[derive(Debug)]
struct Round {
    /// The round ends when this has arrived.
    until: u64,
    since: Instant,
    /// What had arrived when it began.
    arrived: u64,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            allowed: FIRST_ALLOWED_BYTES,
            round: None,
            rates: [0; ROUNDS],
            rate_at: 0,
            shortest: None,
            growing: Some((0, 0)),
            held_back: false,
            emptying: false,
        }
    }

    /// Allows this much, until something is measured.
    #[cfg(test)]
    pub(crate) fn of(allowed: u64) -> Self {
        Self { allowed, ..Self::new() }
    }

    /// How many bytes may be under way now.
    pub(crate) fn allowed(&self) -> u64 {
        if self.emptying { (self.allowed / 3).max(LEAST_ALLOWED_BYTES) } else { self.allowed }
    }

    /// Bytes a second that the line has been seen to carry; `None` before the first measurement.
    pub(crate) fn rate(&self) -> Option<u64> {
        self.rates.iter().copied().max().filter(|rate| *rate > 0)
    }

    /// All before `next` has been sent, all before `arrived` has arrived.
    pub(crate) fn sent(&mut self, now: Instant, next: u64, arrived: u64) {
        if self.round.is_none() {
            self.round = Some(Round { until: next, since: now, arrived });
        }
    }

    /// Something that could have been sent was not.
    pub(crate) fn hold_back(&mut self) {
        self.held_back = true;
    }

    /// All before `arrived` has arrived.
    pub(crate) fn arrived(&mut self, now: Instant, arrived: u64) {
        let Some(round) = self.round.take_if(|round| arrived >= round.until) else { return };
        let took = now.saturating_duration_since(round.since).max(Duration::from_micros(100));
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let rate = (arrived - round.arrived).saturating_mul(1_000_000) / micros;
        let held_back = std::mem::take(&mut self.held_back);
        self.learn(now, took, rate, held_back);
    }

    fn learn(&mut self, now: Instant, took: Duration, rate: u64, held_back: bool) {
        let emptied = std::mem::take(&mut self.emptying);
        let shortest = match self.shortest {
            Some((shortest, at)) if took > shortest && !emptied => {
                // On a line that is not busy, the way is short by itself.
                self.emptying = held_back && now.saturating_duration_since(at) > SHORTEST_HOLDS;
                shortest
            }
            _ => {
                self.shortest = Some((took, now));
                took
            }
        };
        let queued = took > shortest + ACK_DELAY + QUEUED + self.repetition(shortest);
        if queued && held_back {
            self.rates = [0; ROUNDS];
        }
        // A round in which there was nothing to send says nothing about the line, unless it was fast.
        if held_back || rate > self.rate().unwrap_or(0) {
            self.rates[self.rate_at] = rate;
            self.rate_at = (self.rate_at + 1) % ROUNDS;
        }
        if !held_back {
            return;
        }
        if let Some((fastest, without_gain)) = self.growing {
            let gains = rate > fastest + fastest / 4;
            let without_gain = if gains { 0 } else { without_gain + 1 };
            self.growing = (!queued && without_gain < ROUNDS_WITHOUT_GAIN).then_some((rate.max(fastest), without_gain));
            if gains && self.growing.is_some() {
                self.allowed = (self.allowed * 2).min(MOST_ALLOWED_BYTES);
            }
        }
        if self.growing.is_none() {
            let rate = self.rate().unwrap_or(0);
            let busy = shortest + told_after(rate) + self.repetition(shortest);
            let micros = u64::try_from(busy.as_micros()).unwrap_or(u64::MAX);
            let carried = rate.saturating_mul(micros) / 1_000_000;
            // A quarter more, so that a line that has become faster shows.
            let allowed = carried + carried / 4;
            self.allowed = allowed.clamp(LEAST_ALLOWED_BYTES, MOST_ALLOWED_BYTES);
        }
    }

    /// How long a lost packet holds up what follows, where that counts; without it we would take each loss for a queue and
    /// send less and less. What queues for that time is the price, as far as the kernel's own pace lets it.
    fn repetition(&self, shortest: Duration) -> Duration {
        let carried = u128::from(self.rate().unwrap_or(0)) * shortest.as_micros() / 1_000_000;
        if shortest < FAR || carried < u128::from(OFTEN_HIT_BYTES) { Duration::ZERO } else { shortest }
    }
}

/// How long the other side waits before it acknowledges, at this rate.
fn told_after(rate: u64) -> Duration {
    let filled = Duration::from_micros(BUSY_ACK_BYTES * 1_000_000 / rate.max(1));
    filled.clamp(BUSY_ACK_DELAY, ACK_DELAY)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// A line with a queue that never overflows, and somebody who acknowledges as we do.
    struct Line {
        bytes_per_second: u64,
        one_way: Duration,
        now: Instant,
        pace: Pace,
        next: u64,
        arrived: u64,
        /// One packet in so many is lost, either way, and comes again one way there and back later; it holds up all that follow.
        lost_of: Option<u64>,
        luck: u64,
        /// What arrives when.
        under_way: VecDeque<(Instant, u64)>,
        free_at: Instant,
        received: u64,
        told: u64,
        told_at: Instant,
        ack_at: Option<Instant>,
        acks: VecDeque<(Instant, u64)>,
    }

    impl Line {
        fn new(bytes_per_second: u64, one_way_ms: u64) -> Self {
            let now = tokio::time::Instant::now().into_std();
            Self {
                bytes_per_second,
                one_way: Duration::from_millis(one_way_ms),
                now,
                pace: Pace::new(),
                next: 0,
                arrived: 0,
                lost_of: None,
                luck: 1,
                under_way: VecDeque::new(),
                free_at: now,
                received: 0,
                told: 0,
                told_at: now,
                ack_at: None,
                acks: VecDeque::new(),
            }
        }

        /// How long the next packet takes, with all its repetitions.
        fn way(&mut self) -> Duration {
            let mut way = self.one_way;
            while self.lost_of.is_some_and(|of| {
                self.luck = self.luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (self.luck >> 33).is_multiple_of(of)
            }) {
                way += self.one_way * 2;
            }
            way
        }

        /// Sends as much as is allowed for so long. Returns the bytes a second, and the longest wait in the queue.
        fn run(&mut self, seconds: u64) -> (u64, Duration) {
            const TICK: Duration = Duration::from_millis(1);
            const PIECE: u64 = 1_400;
            let (began, end) = (self.received, self.now + Duration::from_secs(seconds));
            let mut longest = Duration::ZERO;
            while self.now < end {
                self.now += TICK;
                while self.acks.front().is_some_and(|(at, _)| *at <= self.now) {
                    let (_, taken) = self.acks.pop_front().unwrap();
                    self.arrived = taken;
                    self.pace.arrived(self.now, taken);
                }
                while self.next + PIECE <= self.arrived + self.pace.allowed() {
                    self.next += PIECE;
                    self.pace.sent(self.now, self.next, self.arrived);
                    self.free_at =
                        self.free_at.max(self.now) + Duration::from_micros(PIECE * 1_000_000 / self.bytes_per_second);
                    longest = longest.max(self.free_at - self.now);
                    let arrives = self.free_at + self.way();
                    let held_up = self.under_way.back().map_or(arrives, |(before, _)| arrives.max(*before));
                    self.under_way.push_back((held_up, self.next));
                }
                self.pace.hold_back();
                while self.under_way.front().is_some_and(|(at, _)| *at <= self.now) {
                    self.received = self.under_way.pop_front().unwrap().1;
                    self.ack_at.get_or_insert(self.now + ACK_DELAY);
                }
                if self.received - self.told >= BUSY_ACK_BYTES && self.now >= self.told_at + BUSY_ACK_DELAY {
                    self.ack_at = Some(self.now);
                }
                let urgent = self.received - self.told >= 64 * 1024;
                if urgent || self.ack_at.is_some_and(|at| at <= self.now) {
                    self.ack_at = None;
                    (self.told, self.told_at) = (self.received, self.now);
                    let arrives = self.now + self.way();
                    let held_up = self.acks.back().map_or(arrives, |(before, _)| arrives.max(*before));
                    self.acks.push_back((held_up, self.received));
                }
            }
            ((self.received - began) / seconds, longest)
        }
    }

    #[test]
    fn a_line_is_kept_busy_and_its_queue_short() {
        for (bytes_per_second, one_way_ms) in [(125_000, 50), (125_000, 10), (1_250_000, 25), (12_500_000, 5)] {
            let mut line = Line::new(bytes_per_second, one_way_ms);
            line.run(5);
            let (rate, longest) = line.run(30);
            assert!(rate > bytes_per_second * 88 / 100, "{rate} of {bytes_per_second}, {:?}", line.pace);
            assert!(longest < Duration::from_millis(250), "{longest:?} at {bytes_per_second}, {:?}", line.pace);
        }
    }

    #[test]
    fn even_a_very_slow_line_has_no_seconds_in_its_queue() {
        let mut line = Line::new(8_000, 100);
        line.run(10);
        let (rate, longest) = line.run(30);
        assert!(rate > 7_000, "{rate}");
        assert!(longest < Duration::from_millis(900), "{longest:?}");
    }

    #[test]
    fn a_fast_line_is_found_quickly() {
        let mut line = Line::new(12_500_000, 10);
        let (rate, _) = line.run(2);
        assert!(rate > 9_000_000, "{rate}");
    }

    #[test]
    fn a_far_line_that_loses_packets_is_kept_busy() {
        let mut line = Line::new(2_500_000, 100);
        line.lost_of = Some(50);
        line.run(5);
        let (rate, _) = line.run(30);
        // At a queue's pace it carried 740,000.
        assert!(rate > 1_900_000, "{rate}, {:?}", line.pace);
    }

    #[test]
    fn a_far_line_that_is_slow_has_no_seconds_in_its_queue() {
        let mut line = Line::new(125_000, 150);
        line.run(5);
        let (rate, longest) = line.run(30);
        assert!(rate > 110_000 && longest < Duration::from_millis(600), "{rate}, {longest:?}, {:?}", line.pace);
    }

    #[test]
    fn a_line_that_changes_is_followed_both_ways() {
        let mut line = Line::new(1_250_000, 20);
        line.run(5);
        line.bytes_per_second = 125_000;
        line.run(5);
        let (rate, longest) = line.run(10);
        assert!(rate > 110_000 && longest < Duration::from_millis(250), "{rate}, {longest:?}, {:?}", line.pace);
        line.bytes_per_second = 1_250_000;
        line.run(5);
        let (rate, _) = line.run(5);
        assert!(rate > 1_100_000, "{rate}, {:?}", line.pace);
    }

    #[test]
    fn who_has_little_to_say_is_not_slowed_down_later() {
        let mut line = Line::new(1_250_000, 20);
        line.run(5);
        let allowed = line.pace.allowed();
        for second in 0..100_u64 {
            let (since, arrived) = (line.now + Duration::from_secs(second), line.next + second);
            line.pace.sent(since, arrived + 1, arrived);
            line.pace.arrived(since + Duration::from_millis(90), arrived + 1);
        }
        assert!(line.pace.allowed() >= allowed);
    }
}
