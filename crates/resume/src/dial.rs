//! The initiator's search for a line: several are dialled, one at a time is attached.

use std::time::Instant;

use crate::{ANSWERED_GRACE, ATTACH_PATIENCE, DIAL_EVERY, DIAL_PATIENCE, LineId, MAX_DIALS, line::Line};

#[derive(Debug)]
pub(crate) struct Dial {
    next_id: u64,
    /// Oldest first.
    attempts: Vec<Attempt>,
    next_at: Instant,
    pub(crate) attaching: Option<Attaching>,
}

#[derive(Debug)]
struct Attempt {
    id: LineId,
    since: Instant,
    answered_at: Option<Instant>,
}

/// A line on which ATTACH was said and nothing answered yet.
#[derive(Debug)]
pub(crate) struct Attaching {
    pub(crate) line: Line,
    pub(crate) epoch: u64,
    pub(crate) received: u64,
    pub(crate) since: Instant,
}

/// What a step of dialling comes to.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) give_up: Vec<LineId>,
    pub(crate) dial: Option<LineId>,
}

impl Dial {
    pub(crate) fn new(now: Instant) -> Self {
        Self { next_id: 0, attempts: Vec::new(), next_at: now, attaching: None }
    }

    /// The next line is dialled at once.
    pub(crate) fn hurry(&mut self, now: Instant) {
        self.next_at = now;
    }

    pub(crate) fn answered(&mut self, id: LineId, now: Instant) {
        if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.id == id) {
            attempt.answered_at.get_or_insert(now);
        }
    }

    /// Takes an attempt off the list. `false` if it is not on it, or no longer.
    pub(crate) fn take(&mut self, id: LineId) -> bool {
        let before = self.attempts.len();
        self.attempts.retain(|attempt| attempt.id != id);
        self.attempts.len() < before
    }

    /// Gives up all attempts.
    pub(crate) fn clear(&mut self) -> Vec<LineId> {
        self.attempts.drain(..).map(|attempt| attempt.id).collect()
    }

    /// What is due while a line is wanted and none is being attached.
    pub(crate) fn step(&mut self, now: Instant) -> Step {
        let mut step = Step::default();
        self.attempts.retain(|attempt| {
            let over = now >= attempt.since + DIAL_PATIENCE;
            if over {
                step.give_up.push(attempt.id);
            }
            !over
        });
        if now >= self.dial_at() {
            if self.attempts.len() >= MAX_DIALS {
                // The oldest waits longest before it asks again.
                step.give_up.push(self.attempts.remove(0).id);
            }
            let id = LineId(self.next_id);
            self.next_id += 1;
            self.next_at = now + DIAL_EVERY;
            self.attempts.push(Attempt { id, since: now, answered_at: None });
            step.dial = Some(id);
        }
        step
    }

    fn dial_at(&self) -> Instant {
        let answered = self.attempts.iter().filter_map(|attempt| attempt.answered_at).max();
        answered.map_or(self.next_at, |at| self.next_at.max(at + ANSWERED_GRACE))
    }

    /// When [`Dial::step`] has something to do next.
    pub(crate) fn deadline(&self) -> Instant {
        let over = self.attempts.iter().map(|attempt| attempt.since + DIAL_PATIENCE).min();
        over.map_or(self.dial_at(), |over| over.min(self.dial_at()))
    }

    /// By when the line being attached must have answered.
    pub(crate) fn attach_deadline(&self) -> Option<Instant> {
        self.attaching.as_ref().map(|attaching| attaching.since + ATTACH_PATIENCE)
    }
}
