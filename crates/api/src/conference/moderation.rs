//! Running a meeting from outside it: who is there, what a host may do to them, and the way to sound and pictures, for
//! programs that hold no socket. Who runs the meeting.

use fernamt_domain::{MeetingId, SeatId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::socket::{LobbyGuest, MediaAccess, MeetingCounts, MeetingRules, RulesChange, Seat};
use crate::operations::operations;

/// Who is in a running meeting, and who waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeetingSeats {
    /// Who is there. In a lecture without the listeners.
    pub seats: Vec<Seat>,
    /// Who waits in the lobby.
    pub waiting: Vec<LobbyGuest>,
    /// How many are there.
    pub counts: MeetingCounts,
    /// What the meeting allows.
    pub rules: MeetingRules,
}

/// What a host does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum ModerationAct {
    /// Lets somebody in from the lobby.
    Admit {
        /// Who waits.
        seat: SeatId,
    },
    /// Lets everybody in from the lobby.
    AdmitAll,
    /// Sends somebody away from the lobby.
    Refuse {
        /// Who waits.
        seat: SeatId,
    },
    /// Mutes somebody's microphone.
    Mute {
        /// Whose.
        seat: SeatId,
    },
    /// Mutes everybody but hosts.
    MuteAll,
    /// Stops somebody's camera.
    StopVideo {
        /// Whose.
        seat: SeatId,
    },
    /// Stops somebody's screen share.
    StopShare {
        /// Whose.
        seat: SeatId,
    },
    /// Removes somebody. They do not come back by themselves.
    Remove {
        /// Whom.
        seat: SeatId,
    },
    /// Changes what the meeting allows, such as whether it is locked; what is left out stays.
    SetRules(RulesChange),
}

operations! { "conference";
    /// Who is in a running meeting and who waits. Who runs it. To end it there is `end_meeting`.
    meeting_seats: get "/api/v1/conference/meetings/{id}/seats" (MeetingId) [] -> 200 MeetingSeats;
    /// Moderates a running meeting: admits, mutes, removes, locks. Who runs it.
    moderate_meeting: post "/api/v1/conference/meetings/{id}/moderation" (MeetingId) [ModerationAct] -> 204;
    /// A new media ticket for the seat that the asking person has in a running meeting.
    media_ticket: post "/api/v1/conference/meetings/{id}/ticket" (MeetingId) [] -> 200 MediaAccess;
}
