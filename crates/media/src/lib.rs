//! The media plane: whatever carries the sound and the picture of a meeting, behind one trait.
//!
//! [`MediaPlane`] is what features speak to: open a room, hand out a ticket for a seat, mute, remove, listen to what
//! happens. Behind it stands either our own forwarding unit, or a LiveKit of one's own; both speak LiveKit's client
//! protocol, so the same client libraries work with either.

pub mod embedded;
#[doc(hidden)]
pub mod fuzzing;
pub mod livekit;
mod plane;
mod token;
mod words;

pub use plane::{
    MAX_SEATS_PER_ROOM, MAX_TICKET_LIFETIME_S, MediaError, MediaEvent, MediaPlane, Permissions, Presence, Quality,
    RoomLimits, RoomName, Seat, SeatEnd, SeatId, Source, Sources, Ticket, TicketFor, Track, TrackId, Tracks,
};
