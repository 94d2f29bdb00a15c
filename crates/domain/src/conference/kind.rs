//! What a room is, what somebody is in a meeting, and how far a meeting has come.

use serde::{Deserialize, Serialize};

use crate::text_enum;

text_enum! {
    /// The kind of a room.
    pub enum RoomKind {
        /// A person's own room, opened when it is needed.
        Personal = "personal",
        /// A booked meeting, once or again and again.
        Meeting = "meeting",
        /// A booked lecture: few speak, many listen.
        Lecture = "lecture",
    }
}

text_enum! {
    /// What somebody is in a meeting, the mightiest first.
    pub enum MeetingRole {
        /// Runs the meeting; its owner is one.
        Host = "host",
        /// Runs the meeting beside the host.
        Cohost = "cohost",
        /// May speak and present in a lecture.
        Presenter = "presenter",
        /// A person of the house who takes part.
        Participant = "participant",
        /// Somebody without an account who takes part.
        Guest = "guest",
        /// Receives, and asks by raising a hand.
        Listener = "listener",
    }
}

impl MeetingRole {
    /// Whether this role runs the meeting: lets people in, mutes, removes, ends.
    pub fn moderates(self) -> bool {
        matches!(self, Self::Host | Self::Cohost)
    }

    /// Whether this role may send audio and video at all. Moderation may restrict it further.
    pub fn speaks(self) -> bool {
        !matches!(self, Self::Listener)
    }

    /// What somebody is who was not invited in person: people of the house take part, strangers are guests, and in a
    /// lecture both listen.
    pub fn uninvited(kind: RoomKind, of_the_house: bool) -> Self {
        match (kind, of_the_house) {
            (RoomKind::Lecture, _) => Self::Listener,
            (_, true) => Self::Participant,
            (_, false) => Self::Guest,
        }
    }
}

text_enum! {
    /// How far a meeting has come.
    pub enum MeetingState {
        /// Booked; nobody has come yet.
        Planned = "planned",
        /// Somebody has opened it.
        Running = "running",
        /// It is over.
        Ended = "ended",
        /// It was called off.
        Cancelled = "cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_not_invited_never_runs_a_meeting() {
        for kind in RoomKind::ALL {
            for of_the_house in [true, false] {
                let role = MeetingRole::uninvited(*kind, of_the_house);
                assert!(!role.moderates());
                assert_eq!(role.speaks(), *kind != RoomKind::Lecture);
            }
        }
    }
}
