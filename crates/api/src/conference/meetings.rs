//! Meetings: what was booked, one by one, and openings of personal rooms. Anybody signed in.

use fernamt_domain::{
    MeetingId, RoomId, Secret,
    conference::{LocalMoment, MeetingRole, MeetingState, ProtectionClass, RoomKind, Safeguards},
    text_enum,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::{
    expose,
    rooms::{NotifyQuery, PersonRef},
};
use crate::{Page, operations::operations};

/// A meeting, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeetingSummary {
    /// The meeting.
    pub id: MeetingId,
    /// Its room.
    pub room: RoomId,
    /// The room's name.
    pub name: String,
    /// The room's kind.
    pub kind: RoomKind,
    /// Who runs it.
    pub owner: PersonRef,
    /// What the asking person is in it.
    pub role: MeetingRole,
    /// How far it has come.
    pub state: MeetingState,
    /// When it begins.
    #[serde(with = "time::serde::rfc3339")]
    pub starts_at: OffsetDateTime,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub ends_at: OffsetDateTime,
    /// When it begins on the clock on the wall.
    pub starts: LocalMoment,
    /// Whose clock that is.
    pub time_zone: String,
    /// How long it takes, in minutes.
    pub minutes: u16,
    /// Whether it is one of a series.
    pub recurring: bool,
    /// Whether it was moved away from the time that its series has.
    pub moved: bool,
    /// How well it is kept.
    pub protection: ProtectionClass,
    /// From when on one can enter.
    #[serde(with = "time::serde::rfc3339")]
    pub valid_from: OffsetDateTime,
    /// Until when.
    #[serde(with = "time::serde::rfc3339")]
    pub valid_until: OffsetDateTime,
    /// Whether one can enter now.
    pub open_now: bool,
}

/// A meeting with all that its page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Meeting {
    /// Changes with every change of the meeting; send it back when changing.
    pub version: String,
    /// What lists show.
    #[serde(flatten)]
    pub summary: MeetingSummary,
    /// What it is about.
    pub description: String,
    /// What its protection means.
    pub safeguards: Safeguards,
    /// How others get in; not once it is over.
    pub access: Option<MeetingAccess>,
}

/// How somebody gets into a meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MeetingAccess {
    /// The number, in groups of three.
    pub number: String,
    /// The PIN.
    #[schema(value_type = String)]
    #[serde(serialize_with = "expose")]
    pub pin: Secret<String>,
    /// The link. Its fragment is a secret: whoever has it needs no PIN.
    #[schema(value_type = String)]
    #[serde(serialize_with = "expose")]
    pub link: Secret<String>,
    /// The address where number and PIN are typed.
    pub join_page: String,
}

/// An invitation, to copy or to download.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// In German.
    pub de: InvitationText,
    /// In English.
    pub en: InvitationText,
    /// The calendar file (RFC 5545).
    pub calendar: String,
    /// The name that the file should have.
    pub file_name: String,
}

/// An invitation in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationText {
    /// The line above it.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// A change to one meeting of a series, or to the only one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeMeeting {
    /// The version that the change is based on.
    pub version: String,
    /// When it begins, on the clock of its booking.
    pub starts: LocalMoment,
    /// How long it takes, in minutes.
    pub minutes: u16,
    /// Tell nobody by mail.
    #[serde(default)]
    pub quietly: bool,
}

text_enum! {
    /// Which meetings.
    pub enum MeetingsWhen {
        /// Those that run or are to come, the next one first.
        Upcoming = "upcoming",
        /// Those that are over, the last one first.
        Past = "past",
    }
}

/// Which meetings to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct MeetingsQuery {
    /// `upcoming` (unless said) or `past`.
    #[param(inline)]
    pub when: MeetingsWhen,
    /// How many entries to skip.
    pub offset: u64,
    /// How many entries to return: 50 unless said, at most 200.
    pub limit: Option<u64>,
}

impl Default for MeetingsQuery {
    fn default() -> Self {
        Self { when: MeetingsWhen::Upcoming, offset: 0, limit: None }
    }
}

operations! { "conference";
    /// Meetings that the person owns or is invited to.
    list_meetings: get "/api/v1/conference/meetings" () query MeetingsQuery [] -> 200 Page<MeetingSummary>;
    /// One meeting, for its owner and those who are invited.
    get_meeting: get "/api/v1/conference/meetings/{id}" (MeetingId) [] -> 200 Meeting;
    /// Moves one meeting. Who runs it.
    change_meeting: put "/api/v1/conference/meetings/{id}" (MeetingId) [ChangeMeeting] -> 200 Meeting;
    /// Calls one meeting off. Who runs it.
    cancel_meeting: delete "/api/v1/conference/meetings/{id}" (MeetingId) query NotifyQuery [] -> 204;
    /// Ends a running meeting for all. Who runs it.
    end_meeting: post "/api/v1/conference/meetings/{id}/end" (MeetingId) [] -> 204;
    /// Gives the meeting another PIN; the link and the number stay. Who runs it.
    renew_pin: post "/api/v1/conference/meetings/{id}/pin" (MeetingId) [] -> 200 Meeting;
    /// The invitation to this meeting alone, in both languages, and as a calendar.
    meeting_invitation: get "/api/v1/conference/meetings/{id}/invitation" (MeetingId) [] -> 200 Invitation;
    /// The calendar file of this meeting alone, for downloading: `text/calendar`.
    meeting_calendar: get "/api/v1/conference/meetings/{id}/calendar" (MeetingId) [] -> 200;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_people_in_is_sent_and_not_printed() {
        let access = MeetingAccess {
            number: "123 456 789".into(),
            pin: "471108".into(),
            link: "https://amt.example/besprechung#geheim".into(),
            join_page: "https://amt.example/besprechung".into(),
        };
        let json = serde_json::to_value(&access).unwrap();
        assert_eq!((&json["pin"], &json["link"]), (&"471108".into(), &"https://amt.example/besprechung#geheim".into()));
        let shown = format!("{access:?}");
        assert!(!shown.contains("471108") && !shown.contains("geheim"), "{shown}");
    }
}
