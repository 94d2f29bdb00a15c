//! Rooms: a person's own, and those that meetings and lectures are booked in. Anybody signed in.

use fernamt_domain::{
    InviteeId, PersonId, RoomId,
    conference::{LobbyFor, LocalMoment, MeetingRole, Permissions, ProtectionClass, Recurrence, RoomKind, Safeguards},
    text_enum,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    limits::BookingLimits,
    meetings::{Invitation, Meeting, MeetingSummary},
};
use crate::{Page, operations::operations, page::ListQuery};

/// A room as its owner and those who are invited see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Room {
    /// The room.
    pub id: RoomId,
    /// Changes with every change of the room; send it back when changing.
    pub version: String,
    /// What kind of room it is. It stays that.
    pub kind: RoomKind,
    /// Who owns it.
    pub owner: PersonRef,
    /// What the asking person is in its meetings.
    pub role: MeetingRole,
    /// What its owner sets.
    #[serde(flatten)]
    pub fields: RoomFields,
    /// What the protection class and the settings make of that.
    pub safeguards: Safeguards,
    /// Who is invited, with names. Only who runs its meetings sees addresses.
    pub invited: Vec<Invitee>,
    /// Its meetings that are running or to come, the next one first; of a long series the first 50.
    pub meetings: Vec<MeetingSummary>,
}

/// A person of the house, as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
// The administration has a schema of the same Rust name and with other fields.
#[schema(as = Colleague)]
pub struct PersonRef {
    /// The person.
    pub id: PersonId,
    /// The name.
    pub name: String,
}

/// What the owner sets of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomFields {
    /// The name that invitations and the meeting show.
    #[schema(max_length = 120)]
    pub name: String,
    /// What it is about.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub description: String,
    /// How well its meetings are kept.
    pub protection: ProtectionClass,
    /// Who waits in the lobby, where that is to be stricter than the protection class asks for.
    #[serde(default)]
    pub lobby: Option<LobbyFor>,
    /// What those who wait in the lobby read.
    #[serde(default)]
    #[schema(max_length = 300)]
    pub waiting_text: String,
    /// Who may do what when a meeting begins; left out, what is usual for the kind of room.
    #[serde(default)]
    pub permissions: Option<Permissions>,
    /// When it takes place. A personal room has none; every other room needs one.
    #[serde(default)]
    pub booking: Option<Booking>,
    /// Who is invited.
    #[serde(default)]
    pub invitees: Vec<InviteeFields>,
}

/// When a meeting or lecture takes place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Booking {
    /// When the first one begins, on the clock on the wall.
    pub starts: LocalMoment,
    /// How long it takes, in minutes.
    pub minutes: u16,
    /// Whose clock (IANA name); the administration's own if left out.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// How it repeats; left out, it takes place once.
    #[serde(default)]
    pub recurrence: Option<Recurrence>,
}

/// A booking that is looked at before it is made, with those who are to be invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BookingDraft {
    /// When the first one begins, on the clock on the wall.
    pub starts: LocalMoment,
    /// How long it takes, in minutes.
    pub minutes: u16,
    /// Whose clock (IANA name); the administration's own if left out.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// How it repeats; left out, it takes place once.
    #[serde(default)]
    pub recurrence: Option<Recurrence>,
    /// Who is to be invited.
    #[serde(default)]
    pub invitees: Vec<InviteeFields>,
}

/// Somebody who is invited: a person of the house, or an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InviteeFields {
    /// The person of the house.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// The mail address. Of somebody from elsewhere it is needed; of a person of the house it is where the invitation is
    /// sent.
    #[serde(default)]
    pub address: Option<String>,
    /// The name of somebody from elsewhere.
    #[serde(default)]
    pub name: Option<String>,
    /// What they are in the meeting. Somebody from elsewhere is a guest or a listener.
    pub role: MeetingRole,
    /// The language of the invitation, `de` or `en`; the tenant's own if left out.
    #[serde(default)]
    pub language: Option<String>,
}

/// Somebody who is invited, as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invitee {
    /// The invitation.
    pub id: InviteeId,
    /// The person of the house.
    pub person: Option<PersonId>,
    /// The mail address, for those who run the meeting.
    pub address: Option<String>,
    /// The name.
    pub name: String,
    /// What they are in the meeting.
    pub role: MeetingRole,
    /// How far the invitation by mail has come.
    pub mail: MailState,
}

text_enum! {
    /// How far an invitation by mail has come.
    pub enum MailState {
        /// None is sent: there is no address, or mail is off.
        None = "none",
        /// It is on its way.
        Waiting = "waiting",
        /// The mail server has taken it.
        Sent = "sent",
        /// It could not be sent.
        Failed = "failed",
    }
}

/// A new room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewRoom {
    /// What kind of room it is.
    pub kind: RoomKind,
    /// What the owner sets.
    #[serde(flatten)]
    pub fields: RoomFields,
    /// Send invitations by mail, where that is possible.
    #[serde(default = "yes")]
    pub notify: bool,
}

/// A change to a room. Changing the booking moves its meetings that are to come; a meeting that stays at its time keeps
/// its number, PIN and link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeRoom {
    /// The version that the change is based on.
    pub version: String,
    /// All that the owner sets.
    #[serde(flatten)]
    pub fields: RoomFields,
    /// Tell those who are invited by mail, where that is possible.
    #[serde(default = "yes")]
    pub notify: bool,
}

fn yes() -> bool {
    true
}

/// Whether those who are invited are told of it by mail, where that is possible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct NotifyQuery {
    /// Tell nobody.
    pub quietly: bool,
}

/// What somebody may make, and what it may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConferenceOptions {
    /// The kinds of room that the asking person may make.
    pub may_create: Vec<RoomKind>,
    /// What each protection class means here.
    pub classes: Vec<ClassMeaning>,
    /// What is usual for each kind of room: who may do what where its owner says nothing else.
    pub usual: Vec<UsualPermissions>,
    /// The protection class that forms begin with.
    pub default_protection: ProtectionClass,
    /// Whether invitations can be sent by mail. Where not, they are copied or downloaded.
    pub mail: bool,
    /// The administration's time zone.
    pub time_zone: String,
    /// What bookings may be at most.
    pub limits: BookingLimits,
}

/// What a protection class means in this administration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClassMeaning {
    /// The class.
    pub class: ProtectionClass,
    /// What it means.
    pub safeguards: Safeguards,
}

/// Who may do what in a kind of room, unless its owner says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsualPermissions {
    /// The kind of room.
    pub kind: RoomKind,
    /// Who may do what.
    pub permissions: Permissions,
}

/// Whom to search for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    /// Words that stand in the name, two characters at least.
    pub q: String,
}

/// The days that a booking would have, to show before it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BookingPreview {
    /// When its meetings would begin, on the clock on the wall.
    pub starts: Vec<LocalMoment>,
    /// Those of them that the change of the clocks moves: the minute they were booked for does not exist on that day.
    pub moved: Vec<LocalMoment>,
    /// Whether this is all there is, or the limit cut the rest off.
    pub complete: bool,
    /// Who of `invitees` stands further up already, by place, counted from 0.
    pub twice: Vec<u16>,
}

operations! { "conference";
    /// What the asking person may make, and what it may be.
    conference_options: get "/api/v1/conference/options" () [] -> 200 ConferenceOptions;
    /// Rooms that the person owns, by name.
    list_rooms: get "/api/v1/conference/rooms" () query ListQuery [] -> 200 Page<Room>;
    /// Makes a room, with its meetings where it is booked.
    create_room: post "/api/v1/conference/rooms" () [NewRoom] -> 201 Room;
    /// The days that a booking would have, and who would be invited twice.
    preview_booking: post "/api/v1/conference/rooms/preview" () [BookingDraft] -> 200 BookingPreview;
    /// One room, for its owner and those who are invited.
    get_room: get "/api/v1/conference/rooms/{id}" (RoomId) [] -> 200 Room;
    /// Changes a room: its owner and co-hosts.
    change_room: put "/api/v1/conference/rooms/{id}" (RoomId) [ChangeRoom] -> 200 Room;
    /// Removes a room: its meetings to come are cancelled, its running one ends. Its owner.
    remove_room: delete "/api/v1/conference/rooms/{id}" (RoomId) query NotifyQuery [] -> 204;
    /// Opens a personal room: a meeting with a number, PIN and link of its own. If one runs already, it is that.
    open_room: post "/api/v1/conference/rooms/{id}/open" (RoomId) [] -> 200 Meeting;
    /// The invitation to all meetings of a room that are to come, in both languages, and as a calendar.
    room_invitation: get "/api/v1/conference/rooms/{id}/invitation" (RoomId) [] -> 200 Invitation;
    /// The calendar file of a room, for downloading: `text/calendar`.
    room_calendar: get "/api/v1/conference/rooms/{id}/calendar" (RoomId) [] -> 200;
    /// People of the house by name, to invite them: at most 20.
    search_people: get "/api/v1/conference/people" () query PeopleQuery [] -> 200 Vec<PersonRef>;
}
