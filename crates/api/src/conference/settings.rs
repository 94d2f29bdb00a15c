//! The conference's settings, and what runs now. Role: administrator.

use std::collections::BTreeMap;

use fernamt_domain::{
    GroupId, MeetingId, RoomId,
    conference::{ProtectionClass, RoomKind, Safeguards},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::rooms::{ClassMeaning, PersonRef};
use crate::{admin::settings::Range, operations::operations};

/// What an administrator sets for the conference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ConferenceSettings {
    /// Who may have a personal room.
    pub personal: Who,
    /// Who may book meetings.
    pub meetings: Who,
    /// Who may book lectures.
    pub lectures: Who,
    /// The protection class that forms begin with.
    pub default_protection: ProtectionClass,
    /// Where a protection class is to be stricter than usual. Nothing makes it laxer.
    pub stricter: BTreeMap<ProtectionClass, Safeguards>,
    /// How many minutes before its beginning a meeting can be entered.
    pub lead_minutes: u16,
    /// How many minutes after its end it can still be entered, and ends at the latest.
    pub lag_minutes: u16,
    /// How many hours the opening of a personal room lasts at most.
    pub personal_hours: u16,
    /// How long a booked meeting may take, in minutes.
    pub most_minutes: u16,
    /// How many may take part in one meeting.
    pub most_participants: u16,
    /// How many may listen to one lecture.
    pub most_listeners: u16,
    /// How many meetings may run at the same time.
    pub most_running: u16,
    /// Send invitations by mail, where the configuration names a mail server.
    pub mail: bool,
}

impl Default for ConferenceSettings {
    fn default() -> Self {
        Self {
            personal: Who::everybody(),
            meetings: Who::everybody(),
            lectures: Who::everybody(),
            default_protection: ProtectionClass::Internal,
            stricter: BTreeMap::new(),
            lead_minutes: 15,
            lag_minutes: 60,
            personal_hours: 8,
            most_minutes: 12 * 60,
            most_participants: 150,
            most_listeners: 500,
            most_running: 100,
            mail: true,
        }
    }
}

impl ConferenceSettings {
    /// Who may make rooms of a kind.
    pub fn who(&self, kind: RoomKind) -> &Who {
        match kind {
            RoomKind::Personal => &self.personal,
            RoomKind::Meeting => &self.meetings,
            RoomKind::Lecture => &self.lectures,
        }
    }

    /// What a protection class means with these settings.
    pub fn safeguards(&self, class: ProtectionClass) -> Safeguards {
        let usual = class.safeguards();
        self.stricter.get(&class).map_or(usual, |stricter| usual.at_least(*stricter))
    }
}

/// Who may do something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Who {
    /// Everybody of the house.
    pub everybody: bool,
    /// Or those in one of these groups, or in a group inside.
    pub groups: Vec<GroupId>,
}

impl Who {
    /// Everybody.
    pub fn everybody() -> Self {
        Self { everybody: true, groups: Vec::new() }
    }
}

impl Default for Who {
    fn default() -> Self {
        Self::everybody()
    }
}

/// Minutes before its beginning from which a meeting can be entered.
pub const LEAD_MINUTES: Range = Range { least: 0, most: 120 };
/// Minutes after its end until which it can be entered.
pub const LAG_MINUTES: Range = Range { least: 0, most: 240 };
/// Hours that the opening of a personal room lasts.
pub const PERSONAL_HOURS: Range = Range { least: 1, most: 24 };
/// Minutes that a booked meeting may take.
pub const MOST_MINUTES: Range = Range { least: 15, most: super::limits::MAX_MINUTES };
/// People in one meeting.
pub const MOST_PARTICIPANTS: Range = Range { least: 2, most: 300 };
/// Listeners of one lecture: with those who speak, as many as one media room holds.
pub const MOST_LISTENERS: Range = Range { least: 2, most: 500 };
/// Meetings at the same time.
pub const MOST_RUNNING: Range = Range { least: 1, most: 1000 };

/// The settings in force, with what they may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConferenceSettingsView {
    /// Changes with every change of the settings; send it back when changing.
    pub version: String,
    /// What the administrator sets.
    pub settings: ConferenceSettings,
    /// What each protection class usually means.
    pub usual: Vec<ClassMeaning>,
    /// What each protection class means with these settings.
    pub classes: Vec<ClassMeaning>,
    /// What the numbers may be.
    pub limits: ConferenceSettingsLimits,
    /// Whether the configuration names a mail server.
    pub mail_server: bool,
}

/// What the numbers of the conference's settings may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConferenceSettingsLimits {
    /// See [`ConferenceSettings::lead_minutes`].
    pub lead_minutes: Range,
    /// See [`ConferenceSettings::lag_minutes`].
    pub lag_minutes: Range,
    /// See [`ConferenceSettings::personal_hours`].
    pub personal_hours: Range,
    /// See [`ConferenceSettings::most_minutes`].
    pub most_minutes: Range,
    /// See [`ConferenceSettings::most_participants`].
    pub most_participants: Range,
    /// See [`ConferenceSettings::most_listeners`].
    pub most_listeners: Range,
    /// See [`ConferenceSettings::most_running`].
    pub most_running: Range,
}

/// A change to the conference's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeConferenceSettings {
    /// The version that the change is based on.
    pub version: String,
    /// All settings.
    pub settings: ConferenceSettings,
}

/// What runs now, and how hard the machine works for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunningView {
    /// Running meetings, the longest first. Who is in them is nobody's business here.
    pub meetings: Vec<RunningMeeting>,
    /// How hard the machine works.
    pub load: MediaLoad,
}

/// A running meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunningMeeting {
    /// The meeting.
    pub id: MeetingId,
    /// Its room.
    pub room: RoomId,
    /// The room's name.
    pub name: String,
    /// The room's kind.
    pub kind: RoomKind,
    /// Who owns it.
    pub owner: PersonRef,
    /// Since when it runs.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// How many are seated.
    pub seats: u32,
    /// How many wait in the lobby.
    pub lobby: u32,
    /// How many send sound.
    pub microphones: u32,
    /// How many send pictures.
    pub cameras: u32,
}

/// How hard the machine works for the conference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MediaLoad {
    /// Packets forwarded a second.
    pub packets_a_second: u64,
    /// Bits sent a second.
    pub bits_a_second: u64,
    /// How busy the busiest part is: 1.0 is all of a processor.
    pub busiest: f32,
    /// Seats in all meetings of this installation.
    pub seats: u32,
}

operations! { "conference";
    /// The settings in force.
    get_conference_settings: get "/api/v1/admin/conference/settings" () [] -> 200 ConferenceSettingsView;
    /// Changes the settings.
    set_conference_settings: put "/api/v1/admin/conference/settings" () [ChangeConferenceSettings] -> 200 ConferenceSettingsView;
    /// What runs now.
    running_meetings: get "/api/v1/admin/conference/running" () [] -> 200 RunningView;
    /// Ends a running meeting for all.
    admin_end_meeting: post "/api/v1/admin/conference/meetings/{id}/end" (MeetingId) [] -> 204;
}
