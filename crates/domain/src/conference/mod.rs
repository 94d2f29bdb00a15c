//! The conference's words: rooms, meetings, roles, protection classes, and what lets somebody in.

mod credential;
mod kind;
mod permission;
mod protection;
mod recurrence;

pub use credential::{
    ENTRY_SECRET_BYTES, EntrySecret, MalformedEntrySecret, MalformedPin, MalformedRoomNumber, PIN_DIGITS, Pin,
    ROOM_NUMBER_DIGITS, RoomNumber,
};
pub use kind::{MeetingRole, MeetingState, RoomKind};
pub use permission::{Allowed, Permissions};
pub use protection::{Encryption, LobbyFor, ProtectionClass, Safeguards};
pub use recurrence::{Every, LocalDate, LocalMoment, Recurrence, Until, Weekday};
