//! How the line does, from the answers to the stream's PINGs.

use std::{collections::VecDeque, time::Duration};

use fernamt_resume::PING_EVERY;
use tokio::time::Instant;

/// What is looked back on.
const LOOK_BACK: Duration = Duration::from_mins(1);
/// The most answers that are kept: those of [`LOOK_BACK`].
const MAX_ANSWERS: usize = 120;
/// An answer this much later than usual was lost once on its way: no retransmission is quicker.
const LATE_BY: Duration = Duration::from_millis(200);

/// The answers of the last minute.
#[derive(Debug, Default)]
pub struct Answers {
    answers: VecDeque<(Instant, Duration)>,
    /// Since when PINGs have been sent without an outage.
    since: Option<Instant>,
}

/// What the answers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// The median.
    pub round_trip: Duration,
    /// The median of how much an answer differs from the one before.
    pub jitter: Duration,
    /// The share that came late or not at all, in thousandths.
    pub loss_permille: u16,
}

impl Answers {
    /// An answer came.
    pub fn note(&mut self, now: Instant, round_trip: Duration) {
        self.since.get_or_insert(now);
        if self.answers.len() >= MAX_ANSWERS {
            self.answers.pop_front();
        }
        self.answers.push_back((now, round_trip));
    }

    /// The line is away, or another one: what was is no measure of what is.
    pub fn begin_anew(&mut self) {
        *self = Self::default();
    }

    /// What the last minute says, once there is something.
    pub fn measured(&mut self, now: Instant) -> Option<Measured> {
        while self.answers.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > LOOK_BACK) {
            self.answers.pop_front();
        }
        let times: Vec<Duration> = self.answers.iter().map(|(_, time)| *time).collect();
        let round_trip = median(times.clone())?;
        let steps = times.iter().zip(times.iter().skip(1)).map(|(one, next)| one.abs_diff(*next)).collect();
        let span = now.saturating_duration_since(self.since?).min(LOOK_BACK);
        // The newest question may still be under way.
        let asked = (span.as_millis() / PING_EVERY.as_millis().max(1)).saturating_sub(1);
        let in_time = times.iter().filter(|time| **time <= round_trip + LATE_BY).count() as u128;
        let all = asked.max(times.len() as u128);
        let loss = (all - in_time.min(all)) * 1000 / all.max(1);
        Some(Measured {
            round_trip,
            jitter: median(steps).unwrap_or_default(),
            loss_permille: u16::try_from(loss).unwrap_or(1000),
        })
    }
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_good_line_loses_nothing() {
        let (mut answers, mut now) = (Answers::default(), Instant::now());
        assert_eq!(answers.measured(now), None);
        for _ in 0..200 {
            now += PING_EVERY;
            answers.note(now, ms(30));
        }
        let measured = answers.measured(now).unwrap();
        assert_eq!(measured, Measured { round_trip: ms(30), jitter: ms(0), loss_permille: 0 });
        assert!(answers.answers.len() <= MAX_ANSWERS);
    }

    #[test]
    fn late_and_missing_answers_count_as_lost() {
        let (mut answers, mut now) = (Answers::default(), Instant::now());
        for n in 0..120 {
            now += PING_EVERY;
            match n % 20 {
                5 => {}
                10 => answers.note(now, ms(400)),
                _ => answers.note(now, ms(100)),
            }
        }
        let loss = answers.measured(now).unwrap().loss_permille;
        assert!((80..=105).contains(&loss), "{loss}");
    }

    #[test]
    fn what_is_older_than_a_minute_is_forgotten() {
        let (mut answers, now) = (Answers::default(), Instant::now());
        answers.note(now, ms(900));
        let later = now + LOOK_BACK + ms(1);
        answers.note(later, ms(50));
        assert_eq!(answers.measured(later).unwrap().round_trip, ms(50));
    }
}
