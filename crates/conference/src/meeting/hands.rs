//! Raised hands, in the order in which they were raised.

use fernamt_api::conference::socket::RaisedHand;
use fernamt_domain::SeatId;
use time::OffsetDateTime;

/// The most hands that are raised at once.
pub const MAX_HANDS: usize = 500;
/// The most hands that one message tells.
pub const MAX_HANDS_TOLD: usize = 100;

/// The raised hands of a meeting.
#[derive(Debug, Default)]
pub(super) struct Hands {
    raised: Vec<RaisedHand>,
}

/// There are [`MAX_HANDS`] already.
#[derive(Debug)]
pub(super) struct TooManyHands;

impl Hands {
    /// Raises a hand, or changes the question of one that is raised; it keeps its place.
    pub(super) fn raise(
        &mut self,
        seat: SeatId,
        (name, guest): (&str, bool),
        question: Option<String>,
        now: OffsetDateTime,
    ) -> Result<(), TooManyHands> {
        if let Some(hand) = self.raised.iter_mut().find(|hand| hand.seat == seat) {
            hand.question = question;
            return Ok(());
        }
        if self.raised.len() >= MAX_HANDS {
            return Err(TooManyHands);
        }
        self.raised.push(RaisedHand { seat, name: name.to_owned(), guest, since: now, question });
        Ok(())
    }

    /// Lowers a hand. Tells whether it was raised.
    pub(super) fn lower(&mut self, seat: SeatId) -> bool {
        let before = self.raised.len();
        self.raised.retain(|hand| hand.seat != seat);
        self.raised.len() < before
    }

    /// Lowers all hands and tells whose they were.
    pub(super) fn clear(&mut self) -> Vec<SeatId> {
        self.raised.drain(..).map(|hand| hand.seat).collect()
    }

    pub(super) fn rename(&mut self, seat: SeatId, name: &str) -> bool {
        let hand = self.raised.iter_mut().find(|hand| hand.seat == seat);
        hand.map(|hand| name.clone_into(&mut hand.name)).is_some()
    }

    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.raised.len()).unwrap_or(u32::MAX)
    }

    /// The first hands.
    pub(super) fn first(&self) -> Vec<RaisedHand> {
        self.raised.iter().take(MAX_HANDS_TOLD).cloned().collect()
    }

    /// One's own hand.
    pub(super) fn of(&self, seat: SeatId) -> Vec<RaisedHand> {
        self.raised.iter().filter(|hand| hand.seat == seat).cloned().collect()
    }
}
