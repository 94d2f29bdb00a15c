//! What is done while a line seems too narrow for what is being sent.
//!
//! An estimate backs off below what is being sent at every delay, also where a radio cell or a busy machine held the
//! packets up for a moment, and grows back slowly. A picture that was paused for it would be missing for long. So what
//! is being sent goes on for a while, and the line is measured meanwhile.

use std::time::{Duration, Instant};

/// How long what is being sent goes on, by how much of it is left: an estimate of less than half is believed at once.
const PATIENCE: [(u64, Duration); 2] = [(70, Duration::from_secs(2)), (50, Duration::from_secs(1))];
/// How long until the line is measured again while something is missing: twice as long each time.
const ASK_AFTER: Duration = Duration::from_millis(250);
const ASK_AT_LATEST_AFTER: Duration = Duration::from_secs(16);
/// How long less is desired before more is: str0m looks every 25 ms.
const LESS_FOR: Duration = Duration::from_millis(75);

/// One subscriber's line.
#[derive(Debug, Default)]
pub(crate) struct Shortage {
    since: Option<Instant>,
}

impl Shortage {
    /// What may be shared out, of an estimate and of what is being sent.
    pub(crate) fn budget(&mut self, estimate_bps: u64, held_bps: u64, now: Instant) -> u64 {
        if held_bps <= estimate_bps {
            self.since = None;
            return estimate_bps;
        }
        let since = now.saturating_duration_since(*self.since.get_or_insert(now));
        let left = |percent: u64| estimate_bps * 100 >= held_bps * percent;
        let patience = PATIENCE.iter().find(|(percent, _)| left(*percent)).map_or(Duration::ZERO, |(_, time)| *time);
        if since < patience { held_bps } else { estimate_bps }
    }
}

/// How to have a line measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Not now.
    Nothing,
    /// str0m measures when what is desired grows, so it is told less first.
    DesireLess,
    /// That was of no use: the estimate has not grown, because too little is sent for it and a delay of long ago keeps
    /// str0m from measuring.
    BeginAnew,
}

/// When a line on which something is missing is measured.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    next: Option<(Instant, Duration)>,
    less_until: Option<Instant>,
    /// The estimate when it was last asked for.
    asked_at_bps: Option<u64>,
}

impl Asking {
    /// What is to be done now.
    pub(crate) fn look(&mut self, missing: bool, estimate_bps: u64, now: Instant) -> Ask {
        if !missing {
            *self = Self::default();
            return Ask::Nothing;
        }
        if let Some(until) = self.less_until {
            if now < until {
                return Ask::DesireLess;
            }
            self.less_until = None;
        }
        let (at, after) = *self.next.get_or_insert((now + ASK_AFTER, ASK_AFTER));
        if now < at {
            return Ask::Nothing;
        }
        self.next = Some((now + after, (after * 2).min(ASK_AT_LATEST_AFTER)));
        if self.asked_at_bps.replace(estimate_bps).is_some_and(|asked_at| estimate_bps <= asked_at) {
            return Ask::BeginAnew;
        }
        self.less_until = Some(now + LESS_FOR);
        Ask::DesireLess
    }

    /// Whether to look again now.
    pub(crate) fn due(&self, now: Instant) -> bool {
        self.less_until.or(self.next.map(|(at, _)| at)).is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn a_back_off_is_borne_for_a_while() {
        let (mut shortage, now) = (Shortage::default(), Instant::now());
        assert_eq!(shortage.budget(850, 1_000, now), 1_000);
        assert_eq!(shortage.budget(850, 1_000, now + S), 1_000);
        assert_eq!(shortage.budget(850, 1_000, now + S * 2), 850);
        // It was enough in between.
        assert_eq!(shortage.budget(1_200, 1_000, now + S * 2), 1_200);
        assert_eq!(shortage.budget(850, 1_000, now + S * 3), 1_000);
    }

    #[test]
    fn the_narrower_a_line_the_sooner_it_is_believed() {
        let now = Instant::now();
        assert_eq!(Shortage::default().budget(490, 1_000, now), 490);
        let mut shortage = Shortage::default();
        assert_eq!(shortage.budget(690, 1_000, now), 1_000);
        assert_eq!(shortage.budget(690, 1_000, now + S), 690);
    }

    #[test]
    fn while_something_is_missing_the_line_is_measured_ever_more_rarely() {
        let (mut asking, start) = (Asking::default(), Instant::now());
        let mut asked = Vec::new();
        for step in 0..600_u64 {
            let at = Duration::from_millis(step * 100);
            // It grows for ten seconds, then stands still.
            let ask = asking.look(true, step.min(100), start + at);
            if ask != Ask::Nothing {
                asked.push((at.as_millis(), ask));
            }
        }
        let (less, anew) = (Ask::DesireLess, Ask::BeginAnew);
        let times = [300, 600, 1_100, 2_100, 4_100, 8_100, 16_100, 32_100, 48_100];
        let wanted: Vec<_> = times.into_iter().map(|at| (at, if at > 17_000 { anew } else { less })).collect();
        assert_eq!(asked, wanted);
        assert_eq!(asking.look(false, 1, start + S * 60), Ask::Nothing);
        assert_eq!(asking.look(true, 1, start + S * 60), Ask::Nothing);
    }
}
