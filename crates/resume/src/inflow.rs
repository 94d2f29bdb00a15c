//! What comes of one flow in one direction, when the flow may change once from the channel that it began on to another.
//!
//! A flow is one program's connection to a target. Its channels lie in two ordered streams that know nothing of each other,
//! so what was sent first on the old one may come after what was sent later on the new one. The sender ends the old channel
//! after its last byte there and goes on with the new one; the receiver lets nothing of the new one through before that end
//! has come. Both directions change by themselves, each with one of these.

use std::collections::VecDeque;

use bytes::{Buf as _, Bytes};

/// What a part that waits costs beside its bytes: its place in the queue, which may have twice as many, and its own piece of
/// memory. Somebody who sends single bytes must not get more memory than the limit says.
const PART_BYTES: usize = 128;

/// On which channel something came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The one on which the flow began.
    First,
    /// The one to which it moves.
    Second,
}

/// What has come and was not taken yet, in the order in which it was sent.
#[derive(Debug, Default)]
pub struct Inflow {
    course: Course,
    queue: Queue,
    /// What came on the new channel before the end of the old one.
    ahead: Queue,
    /// A channel was closed before all had come.
    broken: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Course {
    /// All comes on the first.
    #[default]
    First,
    /// The other side was asked whether it moves. Whether an end on the first is a real one is open until it answers.
    Asked { ended: bool },
    /// It moves; the first has not ended yet.
    Moving { ended: bool },
    /// All comes on the second.
    Second,
    /// No more comes. By this way the last came.
    Ended(Way),
}

#[derive(Debug, Default)]
struct Queue {
    parts: VecDeque<Bytes>,
    bytes: usize,
}

impl Queue {
    /// What it costs to keep this.
    fn cost(&self) -> usize {
        self.bytes + self.parts.len() * PART_BYTES
    }

    fn push(&mut self, part: &[u8]) {
        if !part.is_empty() {
            self.parts.push_back(Bytes::copy_from_slice(part));
            self.bytes += part.len();
        }
    }

    fn append(&mut self, later: Self) {
        self.parts.extend(later.parts);
        self.bytes += later.bytes;
    }
}

impl Inflow {
    /// The other side is asked to move. `false` if it can no more: the flow has ended, or moved before. Until
    /// [`Inflow::move_accepted`] or [`Inflow::move_refused`] an end on the first way may mean either.
    pub fn ask_to_move(&mut self) -> bool {
        let can = self.course == Course::First;
        if can {
            self.course = Course::Asked { ended: false };
        }
        can
    }

    /// It moves: what ends on the first way goes on on the second.
    pub fn move_accepted(&mut self) {
        if let Course::Asked { ended } = self.course {
            self.course = if ended { Course::Second } else { Course::Moving { ended: false } };
        }
    }

    /// It does not, and nothing has happened: an end that came meanwhile was a real one.
    pub fn move_refused(&mut self) {
        if let Course::Asked { ended } = self.course {
            self.course = if ended { Course::Ended(Way::First) } else { Course::First };
        }
    }

    /// Whether bytes that come this way now are the next, and nothing waits before them.
    pub fn is_next(&self, way: Way) -> bool {
        self.queue.parts.is_empty() && self.current() == Some(way)
    }

    /// Bytes came. What comes after an end, or on a channel that has no part in the flow, is not kept.
    pub fn push(&mut self, way: Way, bytes: &[u8]) {
        if self.current() == Some(way) {
            self.queue.push(bytes);
        } else if way == Way::Second && self.course == (Course::Moving { ended: false }) {
            self.ahead.push(bytes);
        }
    }

    /// The other side sends no more this way.
    pub fn end(&mut self, way: Way) {
        self.course = match (self.course, way) {
            (Course::First, Way::First) => Course::Ended(Way::First),
            (Course::Asked { .. }, Way::First) => Course::Asked { ended: true },
            (Course::Moving { ended }, Way::First) => {
                self.queue.append(std::mem::take(&mut self.ahead));
                if ended { Course::Ended(Way::Second) } else { Course::Second }
            }
            (Course::Moving { .. }, Way::Second) => Course::Moving { ended: true },
            (Course::Second, Way::Second) => Course::Ended(Way::Second),
            (course, _) => course,
        };
    }

    /// Whether the flow is over, in both directions, when the channel of this way is closed: not where it has left it, and
    /// not while it is open whether it has.
    pub fn rests_on(&self, way: Way) -> bool {
        match self.course {
            Course::First | Course::Asked { ended: false } => way == Way::First,
            Course::Asked { ended: true } => false,
            Course::Moving { .. } => true,
            Course::Second => way == Way::Second,
            Course::Ended(last) => way == last,
        }
    }

    /// The channel of this way is closed: nothing comes any more, whatever was still to come. Where all of it has come, the
    /// end of the old channel is still waited for.
    pub fn break_off(&mut self, way: Way) {
        let complete = way == Way::Second && self.course == Course::Moving { ended: true };
        if self.rests_on(way) && !complete {
            self.ahead = Queue::default();
            self.broken |= !self.has_ended();
            self.course = Course::Ended(way);
        }
    }

    /// Whether so much waits on this way that no more of it should be brought. Each part counts for more than its bytes.
    pub fn is_full(&self, way: Way, limit_bytes: usize) -> bool {
        let waits = match (self.course, way) {
            (Course::Moving { .. }, Way::Second) => self.ahead.cost(),
            (Course::Second | Course::Ended(Way::Second), Way::First) => 0,
            _ => self.queue.cost(),
        };
        waits >= limit_bytes
    }

    /// Bytes that wait, those of the new channel included.
    pub fn waiting_bytes(&self) -> usize {
        self.queue.bytes + self.ahead.bytes
    }

    /// The next bytes.
    pub fn front(&self) -> Option<&Bytes> {
        self.queue.parts.front()
    }

    /// So many of the [`Inflow::front`] were taken.
    pub fn take(&mut self, bytes: usize) {
        if let Some(first) = self.queue.parts.front_mut() {
            let bytes = bytes.min(first.len());
            first.advance(bytes);
            self.queue.bytes -= bytes;
            if first.is_empty() {
                self.queue.parts.pop_front();
            }
        }
    }

    /// Whether nothing waits that could be taken.
    pub fn is_drained(&self) -> bool {
        self.queue.parts.is_empty()
    }

    /// Whether nothing more comes.
    pub fn has_ended(&self) -> bool {
        matches!(self.course, Course::Ended(_))
    }

    /// Whether it has ended before all had come.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether nothing more comes, and what has come was taken.
    pub fn is_over(&self) -> bool {
        self.is_drained() && self.has_ended()
    }

    /// Nobody takes anything any more.
    pub fn abandon(&mut self) {
        *self = Self { course: Course::Ended(Way::First), broken: true, ..Self::default() };
    }

    fn current(&self) -> Option<Way> {
        match self.course {
            Course::First | Course::Asked { ended: false } | Course::Moving { .. } => Some(Way::First),
            Course::Second => Some(Way::Second),
            Course::Asked { ended: true } | Course::Ended(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drain(inflow: &mut Inflow) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(front) = inflow.front() {
            let count = front.len().div_ceil(2);
            all.extend_from_slice(&front[..count]);
            inflow.take(count);
        }
        all
    }

    #[test]
    fn an_end_that_came_before_the_answer_is_real_only_if_nothing_moves() {
        let asked = || {
            let mut inflow = Inflow::default();
            inflow.push(Way::First, b"all");
            assert!(inflow.ask_to_move());
            inflow.end(Way::First);
            assert_eq!(drain(&mut inflow), b"all");
            assert!(!inflow.is_over(), "nobody knows yet");
            inflow
        };
        let mut refused = asked();
        refused.move_refused();
        assert!(refused.is_over() && !refused.ask_to_move());
        let mut accepted = asked();
        accepted.move_accepted();
        assert!(!accepted.is_over() && !accepted.rests_on(Way::First));
        accepted.push(Way::Second, b" of it");
        accepted.end(Way::Second);
        assert_eq!(drain(&mut accepted), b" of it");
        assert!(accepted.is_over());
    }

    #[test]
    fn what_runs_ahead_is_counted_by_itself() {
        let mut inflow = Inflow::default();
        inflow.ask_to_move();
        inflow.move_accepted();
        inflow.push(Way::Second, &[2; 100]);
        assert!(inflow.is_full(Way::Second, 100) && !inflow.is_full(Way::First, 100));
        assert!(inflow.is_drained() && inflow.waiting_bytes() == 100);
        inflow.end(Way::First);
        assert!(inflow.is_full(Way::Second, 100) && !inflow.is_drained());
    }

    #[test]
    fn single_bytes_cost_more_than_their_number() {
        const LIMIT_BYTES: usize = 1024 * 1024;
        for way in [Way::First, Way::Second] {
            let mut inflow = Inflow::default();
            inflow.ask_to_move();
            inflow.move_accepted();
            while !inflow.is_full(way, LIMIT_BYTES) {
                inflow.push(way, b"x");
            }
            assert!(inflow.waiting_bytes() <= LIMIT_BYTES / PART_BYTES);
            inflow.end(Way::First);
            while inflow.is_full(way, LIMIT_BYTES) {
                inflow.take(1);
            }
        }
        let mut inflow = Inflow::default();
        let whole = vec![0; LIMIT_BYTES / 2];
        inflow.push(Way::First, &whole);
        assert!(!inflow.is_full(Way::First, LIMIT_BYTES));
        inflow.push(Way::First, &whole);
        assert!(inflow.is_full(Way::First, LIMIT_BYTES));
    }

    #[test]
    fn a_channel_that_was_left_may_be_closed_and_another_may_not() {
        let mut inflow = Inflow::default();
        assert!(inflow.rests_on(Way::First) && !inflow.rests_on(Way::Second));
        inflow.ask_to_move();
        inflow.move_accepted();
        inflow.push(Way::Second, b"x");
        assert!(inflow.rests_on(Way::First) && inflow.rests_on(Way::Second));
        inflow.end(Way::First);
        inflow.break_off(Way::First);
        assert!(!inflow.is_over() && drain(&mut inflow) == b"x");
        inflow.break_off(Way::Second);
        assert!(inflow.is_over());
        // All of the new channel is here; what the old one still brings must not be lost with it.
        let mut inflow = Inflow::default();
        inflow.ask_to_move();
        inflow.move_accepted();
        inflow.push(Way::Second, b"y");
        inflow.end(Way::Second);
        inflow.break_off(Way::Second);
        inflow.push(Way::First, b"x");
        inflow.end(Way::First);
        assert!(drain(&mut inflow) == b"xy" && inflow.is_over());
    }

    #[test]
    fn a_channel_that_ended_and_closed_before_the_answer_is_judged_by_the_answer() {
        let asked = || {
            let mut inflow = Inflow::default();
            assert!(inflow.ask_to_move());
            inflow.push(Way::First, b"all");
            inflow.end(Way::First);
            assert!(!inflow.rests_on(Way::First), "nobody knows yet");
            inflow.break_off(Way::First);
            inflow
        };
        let mut accepted = asked();
        accepted.move_accepted();
        accepted.push(Way::Second, b" of it");
        accepted.end(Way::Second);
        assert!(drain(&mut accepted) == b"all of it" && accepted.is_over());
        let mut refused = asked();
        refused.move_refused();
        assert!(drain(&mut refused) == b"all" && refused.is_over());
    }

    #[test]
    fn a_flow_that_is_cut_off_is_told_from_one_that_ends() {
        let ended = || {
            let mut inflow = Inflow::default();
            inflow.push(Way::First, b"all");
            inflow.end(Way::First);
            inflow
        };
        let mut closed = ended();
        closed.break_off(Way::First);
        assert!(!closed.is_broken() && drain(&mut closed) == b"all" && closed.is_over());
        let mut cut = Inflow::default();
        cut.push(Way::First, b"some");
        cut.break_off(Way::First);
        assert!(cut.is_broken() && drain(&mut cut) == b"some" && cut.is_over());
        let mut abandoned = Inflow::default();
        abandoned.abandon();
        assert!(abandoned.is_broken());
        for (left, closed) in [(false, Way::First), (false, Way::Second), (true, Way::Second)] {
            let mut moving = Inflow::default();
            moving.ask_to_move();
            moving.move_accepted();
            if left {
                moving.end(Way::First);
            }
            moving.break_off(closed);
            assert!(moving.is_broken(), "{left} {closed:?}");
        }
    }

    /// What comes on a channel.
    enum Came {
        Bytes(Vec<u8>),
        End,
        Close,
    }

    /// What happens at the receiver, in some order that two ordered ways allow.
    fn history(
        bytes: usize,
        moves_at: Option<usize>,
        part: usize,
        choices: &[bool],
        accepts_after: usize,
    ) -> (Vec<u8>, Inflow) {
        let all: Vec<u8> = (0..bytes).map(|n| (n % 251).to_le_bytes()[0]).collect();
        let (first, second) = all.split_at(moves_at.unwrap_or(bytes).min(bytes));
        let parts = |bytes: &[u8]| {
            let parts = bytes.chunks(part).map(|part| Came::Bytes(part.to_vec()));
            parts.chain([Came::End, Came::Close]).collect::<VecDeque<_>>()
        };
        let mut ways = [parts(first), if moves_at.is_some() { parts(second) } else { VecDeque::new() }];
        let (mut inflow, mut seen, mut steps) = (Inflow::default(), Vec::new(), 0);
        assert!(inflow.ask_to_move());
        let mut choices = choices.iter().cycle();
        while !ways.iter().all(VecDeque::is_empty) || steps <= accepts_after {
            if steps == accepts_after {
                if moves_at.is_some() { inflow.move_accepted() } else { inflow.move_refused() }
            }
            // The second channel does not stand before it was accepted.
            let may_second = steps >= accepts_after && !ways[1].is_empty();
            let second = may_second && (ways[0].is_empty() || *choices.next().unwrap());
            let (way, next) = if second { (Way::Second, &mut ways[1]) } else { (Way::First, &mut ways[0]) };
            match next.pop_front() {
                Some(Came::Bytes(bytes)) if inflow.is_next(way) => seen.extend_from_slice(&bytes),
                Some(Came::Bytes(bytes)) => inflow.push(way, &bytes),
                Some(Came::End) => inflow.end(way),
                Some(Came::Close) => inflow.break_off(way),
                None => {}
            }
            if *choices.next().unwrap() {
                seen.extend(drain(&mut inflow));
            }
            steps += 1;
        }
        seen.extend(drain(&mut inflow));
        assert_eq!(seen, all);
        (seen, inflow)
    }

    proptest! {
        #[test]
        fn whatever_overtakes_what_the_bytes_come_as_they_were_sent(
            bytes in 0_usize..300,
            moves_at in prop::option::of(0_usize..300),
            part in 1_usize..40,
            choices in prop::collection::vec(any::<bool>(), 7..60),
            accepts_after in 0_usize..30,
        ) {
            prop_assume!(choices.iter().any(|choice| *choice) && choices.iter().any(|choice| !choice));
            let (_, inflow) = history(bytes, moves_at, part, &choices, accepts_after);
            prop_assert!(inflow.is_over() && !inflow.is_broken());
            prop_assert_eq!(inflow.waiting_bytes(), 0);
        }
    }
}
