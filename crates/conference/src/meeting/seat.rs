//! Those who sit in a meeting, and those who wait for it.

use fernamt_api::conference::{
    entry::EntryPlace,
    socket::{LobbyGuest, Seat},
};
use fernamt_domain::{PersonId, SeatId, conference::MeetingRole};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::pace::Pace;

/// One socket of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(pub u64);

/// What a token says of who comes: the entry token when they come, the resume token when they come back. Sealed, it is
/// with the client; so a seat outlives a restart of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The seat: of a person always the same in one meeting, of a guest new with each entry.
    pub seat: SeatId,
    /// The person, unless it is a guest.
    pub person: Option<PersonId>,
    /// The name that others see; guests give theirs when they come.
    pub name: Option<String>,
    /// What they are, unless a host changed that since.
    pub role: MeetingRole,
    /// Where the token leads.
    pub place: EntryPlace,
    /// Whether they came by a typed number and PIN.
    pub by_pin: bool,
    /// Whether they own the room or were invited in person.
    #[serde(default)]
    pub invited: bool,
    /// The mark of their browser, if it has one: to know again who was removed.
    pub mark: Option<[u8; 16]>,
    /// When the token was made.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub at: OffsetDateTime,
}

/// Somebody in the meeting or in its lobby.
#[derive(Debug, Clone)]
pub(super) struct Presence {
    pub(super) id: SeatId,
    pub(super) person: Option<PersonId>,
    pub(super) name: String,
    pub(super) role: MeetingRole,
    /// What the booking says that they are; a host may have made something else of them.
    pub(super) booked: MeetingRole,
    pub(super) on_stage: bool,
    pub(super) by_pin: bool,
    pub(super) invited: bool,
    pub(super) mark: Option<[u8; 16]>,
    pub(super) since: OffsetDateTime,
    pub(super) line: Option<LineId>,
    pub(super) away_since: Option<OffsetDateTime>,
    pub(super) acts: Pace,
    pub(super) sayings: Pace,
    pub(super) signs: Pace,
}

impl Presence {
    pub(super) fn new(claim: &Claim, name: String, role: MeetingRole, line: LineId, now: OffsetDateTime) -> Self {
        Self {
            id: claim.seat,
            person: claim.person,
            name,
            role,
            booked: claim.role,
            on_stage: false,
            by_pin: claim.by_pin,
            invited: claim.invited,
            mark: claim.mark,
            since: now,
            line: Some(line),
            away_since: None,
            acts: Pace::new(40, Duration::milliseconds(100)),
            sayings: Pace::new(8, Duration::seconds(1)),
            signs: Pace::new(6, Duration::milliseconds(500)),
        }
    }

    pub(super) fn guest(&self) -> bool {
        self.person.is_none()
    }

    /// Whether others are told of this one; listeners are but a number.
    pub(super) fn is_shown(&self) -> bool {
        self.role.speaks() || self.on_stage
    }

    /// Whether even those are told who do not see everybody.
    pub(super) fn is_prominent(&self) -> bool {
        self.role.moderates() || self.role == MeetingRole::Presenter || self.on_stage
    }

    pub(super) fn told(&self) -> Seat {
        Seat {
            id: self.id,
            name: self.name.clone(),
            role: self.role,
            guest: self.guest(),
            on_stage: self.on_stage,
            away: self.line.is_none(),
        }
    }

    pub(super) fn told_waiting(&self) -> LobbyGuest {
        LobbyGuest {
            seat: self.id,
            name: self.name.clone(),
            guest: self.guest(),
            by_pin: self.by_pin,
            since: self.since,
        }
    }

    pub(super) fn claim(&self, place: EntryPlace, now: OffsetDateTime) -> Claim {
        Claim {
            seat: self.id,
            person: self.person,
            name: Some(self.name.clone()),
            role: self.role,
            place,
            by_pin: self.by_pin,
            invited: self.invited,
            mark: self.mark,
            at: now,
        }
    }
}
