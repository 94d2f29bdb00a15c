//! A second line beside the first, where a lost packet costs much time.
//!
//! TCP holds back all that follows a lost packet until that has come again, a whole way there and back later at the
//! least. On a far line that is what people feel. So what is small goes out on two lines, and what comes first counts; see
//! the twins in [`fernamt_resume`].

use std::time::Duration;

use fernamt_resume::{Handle as StreamHandle, LineId, Status};
use tokio::time::{MissedTickBehavior, interval};
use tracing::debug;

use super::lines::Lines;

/// The way there and back from which on a line gets a twin, measured when nothing queues.
const FAR: Duration = Duration::from_millis(150);
/// Answers that must have come before a line is called far.
const ANSWERS: u32 = 2;
/// Twins are not dialled more often.
const DIAL_EVERY: Duration = Duration::from_secs(5);

/// Sees to it that a far line has a twin, until the stream is over.
pub(super) async fn keep(stream: StreamHandle, lines: Lines) {
    let mut status = stream.watch();
    let mut pause = interval(DIAL_EVERY);
    pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pause.tick().await;
        let mut distance = Distance::default();
        let wanted =
            status.wait_for(|status| status.ended.is_some() || wants_twin(distance.note(status), status)).await;
        if !wanted.is_ok_and(|status| status.ended.is_none()) {
            return;
        }
        match lines.dial_twin().await {
            Ok(line) => {
                let stands = stream.add_twin(line);
                debug!(stands, "A twin for the line");
            }
            Err(error) => debug!(error = &error as &dyn std::error::Error, "No twin for the line"),
        }
    }
}

fn wants_twin(is_far: bool, status: &Status) -> bool {
    is_far && status.away_since.is_none() && !status.has_twin
}

/// How far the present line is.
#[derive(Debug, Default)]
pub(super) struct Distance {
    line: Option<LineId>,
    last: Option<Duration>,
    shortest: Option<Duration>,
    answers: u32,
}

impl Distance {
    /// Looks at the newest answer; tells whether the line is known to be far.
    pub(super) fn note(&mut self, status: &Status) -> bool {
        if self.line != status.line {
            *self = Self { line: status.line, ..Self::default() };
        }
        if status.round_trip != self.last {
            self.last = status.round_trip;
            self.answers += 1;
            self.shortest = self.shortest.into_iter().chain(status.round_trip).min();
        }
        self.answers >= ANSWERS && self.shortest.is_some_and(|shortest| shortest >= FAR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(line: u64, round_trip_ms: u64) -> Status {
        let round_trip = Some(Duration::from_millis(round_trip_ms));
        Status { line: Some(LineId(line)), round_trip, ..Status::default() }
    }

    #[test]
    fn a_far_line_wants_one_and_a_busy_one_does_not() {
        let mut distance = Distance::default();
        assert!(!distance.note(&status(0, 200)), "one answer may have been unlucky");
        assert!(distance.note(&status(0, 250)));
        assert!(!distance.note(&status(0, 80)), "it was the queue");
        assert!(!distance.note(&status(0, 900)));
        assert!(!distance.note(&status(1, 900)), "another line");
        assert!(distance.note(&status(1, 901)));
    }

    #[test]
    fn a_line_that_has_one_or_is_away_wants_none() {
        let far = status(0, 200);
        assert!(wants_twin(true, &far));
        assert!(!wants_twin(true, &Status { has_twin: true, ..far.clone() }));
        assert!(!wants_twin(true, &Status { away_since: Some(std::time::Instant::now()), ..far }));
    }
}
