//! What rooms and meetings may be at most, for forms to say before somebody is refused.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The most characters of a room's name.
pub const MAX_NAME_CHARS: u16 = 120;
/// The most characters of a room's description.
pub const MAX_DESCRIPTION_CHARS: u16 = 1000;
/// The most characters of the text that people read while they wait.
pub const MAX_WAITING_TEXT_CHARS: u16 = 300;
/// The most people who are invited to one room.
pub const MAX_INVITEES: u16 = 600;
/// The most meetings of one series.
pub const MAX_OCCURRENCES: u16 = 260;
/// How far ahead a meeting may be, in days.
pub const MAX_DAYS_AHEAD: u16 = 731;
/// The shortest meeting, in minutes.
pub const MIN_MINUTES: u16 = 5;
/// The longest meeting that settings may allow, in minutes.
pub const MAX_MINUTES: u16 = 24 * 60;
/// The most rooms that one person owns.
pub const MAX_ROOMS_PER_PERSON: u16 = 200;

/// What a booking may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BookingLimits {
    /// Characters of a name.
    pub name_chars: u16,
    /// Characters of a description.
    pub description_chars: u16,
    /// Characters of the text for those who wait.
    pub waiting_text_chars: u16,
    /// People invited to one room.
    pub invitees: u16,
    /// Meetings of one series.
    pub occurrences: u16,
    /// Days that a meeting may be ahead.
    pub days_ahead: u16,
    /// Minutes of a meeting, at least.
    pub least_minutes: u16,
    /// Minutes of a meeting, at most.
    pub most_minutes: u16,
}
