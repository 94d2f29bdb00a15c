//! The media plane as features see it.

use std::fmt;

use async_trait::async_trait;
use fernamt_domain::Secret;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::broadcast;
use uuid::Uuid;

/// How long a ticket may wait to be used, in seconds.
pub const MAX_TICKET_LIFETIME_S: i64 = 60;

/// The most seats that the embedded plane holds in one room, hidden ones included: a lecture with 500 who listen, those
/// who speak, and room for those who come back before their old seat is known to be empty. Whoever promises people more
/// seats than this promises too much.
pub const MAX_SEATS_PER_ROOM: u32 = 600;

const _: () = assert!(MAX_SEATS_PER_ROOM as usize == fernamt_sfu::limits::MAX_SEATS_PER_ROOM);

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

names! {
    /// The name of a media room: the UUID of the meeting that it belongs to.
    RoomName;
    /// A seat's identity in its room: a pseudonym that is worth nothing outside the meeting.
    SeatId;
}

/// One presence of one person or guest in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Seat {
    /// The room.
    pub room: RoomName,
    /// The pseudonym. Whoever joins under one that is taken replaces who has it.
    pub id: SeatId,
}

/// The plane's own name for a track, such as `TR_AMx3…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackId(pub String);

/// What a track shows or lets hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Something that the client did not name.
    Unknown,
    /// A camera.
    Camera,
    /// A microphone.
    Microphone,
    /// A shared screen or window.
    ScreenShare,
    /// The sound of a shared screen or window.
    ScreenShareAudio,
}

/// Which sources a seat may publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sources {
    /// Its microphone.
    pub microphone: bool,
    /// Its camera.
    pub camera: bool,
    /// Its screen, with sound.
    pub screen: bool,
}

impl Sources {
    /// Everything.
    pub const ALL: Self = Self { microphone: true, camera: true, screen: true };
    /// Nothing.
    pub const NONE: Self = Self { microphone: false, camera: false, screen: false };

    /// Whether anything may be published.
    pub fn any(self) -> bool {
        self != Self::NONE
    }

    /// Whether this source may be published. One that the client did not name counts as whatever is least.
    pub fn allow(self, source: Source) -> bool {
        match source {
            Source::Microphone => self.microphone,
            Source::Camera => self.camera,
            Source::ScreenShare | Source::ScreenShareAudio => self.screen,
            Source::Unknown => self == Self::ALL,
        }
    }
}

/// What a seat may do in the media plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    /// What it may publish. What it publishes already and may no longer is ended.
    pub publish: Sources,
    /// Whether it receives the others.
    pub subscribe: bool,
    /// Whether it may send data through the media plane.
    pub send_data: bool,
    /// Whether the others see that it is there. A hidden seat publishes nothing.
    pub hidden: bool,
    /// Whether the client may change its own name and attributes in the plane.
    pub own_metadata: bool,
}

impl Permissions {
    /// Speaks, shows and shares.
    pub const PARTICIPANT: Self =
        Self { publish: Sources::ALL, subscribe: true, send_data: true, hidden: false, own_metadata: false };
    /// Hears and sees, and is only a number to the others.
    pub const LISTENER: Self =
        Self { publish: Sources::NONE, subscribe: true, send_data: false, hidden: true, own_metadata: false };
}

/// What a room may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomLimits {
    /// The most seats at once, hidden ones included. More than [`MAX_SEATS_PER_ROOM`] count as so many in the embedded
    /// plane.
    pub max_seats: u32,
    /// The most tracks that one seat may publish at once.
    pub max_tracks_per_seat: u8,
}

impl Default for RoomLimits {
    fn default() -> Self {
        Self { max_seats: 500, max_tracks_per_seat: 6 }
    }
}

/// For whom a ticket is, and what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketFor {
    /// The seat.
    pub seat: Seat,
    /// The name that the others see.
    pub name: String,
    /// What it may do.
    pub permissions: Permissions,
}

/// Lets one client take one seat, once, within [`MAX_TICKET_LIFETIME_S`].
#[derive(Debug, Clone)]
pub struct Ticket {
    /// Where the client connects to: `wss://…`, or nothing for the very site that the client has its page from.
    pub url: Option<String>,
    /// The token, a JWT as LiveKit's clients take it.
    pub token: Secret<String>,
    /// Until when it may be used.
    pub expires_at: OffsetDateTime,
}

/// A published track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// Its name in the plane.
    pub id: TrackId,
    /// What it shows.
    pub source: Source,
    /// Whether it is silent or dark now.
    pub muted: bool,
}

/// A seat that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// The seat.
    pub seat: Seat,
    /// The name that the others see.
    pub name: String,
    /// What it may do.
    pub permissions: Permissions,
    /// What it publishes.
    pub tracks: Vec<Track>,
    /// Since when it is there.
    pub since: OffsetDateTime,
}

/// Which of a seat's tracks an order is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tracks {
    /// All that can be heard.
    Audio,
    /// All that can be seen, and the sound of shared screens.
    Video,
    /// One.
    One(TrackId),
}

impl Tracks {
    /// Whether this track is meant.
    pub fn contain(&self, track: &Track) -> bool {
        match self {
            Self::Audio => matches!(track.source, Source::Microphone | Source::ScreenShareAudio),
            Self::Video => !matches!(track.source, Source::Microphone),
            Self::One(id) => *id == track.id,
        }
    }
}

/// How good a seat's line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Sound and picture suffer.
    Poor,
    /// Good enough.
    Good,
    /// Nothing to complain of.
    Excellent,
    /// Nothing comes any more.
    Lost,
}

/// Why a seat was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatEnd {
    /// The client said goodbye.
    Left,
    /// The line broke. The client may come back with a new ticket.
    Lost,
    /// The same identity joined anew.
    Replaced,
    /// It was removed.
    Removed,
    /// The room was closed.
    RoomClosed,
    /// The server stops.
    Shutdown,
}

/// What happened in the plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaEvent {
    /// A seat is connected: sound and picture flow.
    SeatConnected(Seat),
    /// A seat is empty.
    SeatLeft(Seat, SeatEnd),
    /// A track is published, or its state changed.
    TrackPublished(Seat, Track),
    /// A track is gone.
    TrackUnpublished(Seat, TrackId),
    /// The last seat of a room was left. The room stays open.
    RoomEmpty(RoomName),
    /// The room is gone without an order from here: LiveKit was restarted, or nobody has used the room for long.
    RoomGone(RoomName),
}

/// Why the plane did not do as it was told.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// There is no such room.
    #[error("there is no such media room")]
    NoSuchRoom,
    /// The seat is empty.
    #[error("nobody sits there")]
    NoSuchSeat,
    /// There is no such track.
    #[error("there is no such track")]
    NoSuchTrack,
    /// The installation has as many media rooms as it may.
    #[error("there are too many media rooms")]
    TooManyRooms,
    /// The room remembers as many seats as it may.
    #[error("the media room has too many seats")]
    TooManySeats,
    /// The forwarding unit is too far behind; nothing was done. Sending out and closing are always taken.
    #[error("the media plane is too busy")]
    Busy,
    /// A ticket could not be signed.
    #[error("the ticket could not be signed")]
    Signing(#[source] jsonwebtoken::errors::Error),
    /// LiveKit could not be reached or did not understand.
    #[error("the media server did not do it")]
    Remote(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The plane is stopping.
    #[error("the media plane stops")]
    Stopped,
}

/// Carries the sound and the picture of meetings.
#[async_trait]
pub trait MediaPlane: Send + Sync + fmt::Debug {
    /// Opens a room, or gives an open one new limits. Nobody can join a room that was not opened. One that nobody uses
    /// any more may be closed by the plane itself; opening it again is fine.
    async fn open_room(&self, room: RoomName, limits: RoomLimits) -> Result<(), MediaError>;

    /// Closes a room and sends everybody out. Fine for one that is not open.
    async fn close_room(&self, room: RoomName) -> Result<(), MediaError>;

    /// Makes a ticket for a seat in an open room.
    async fn ticket(&self, ticket: TicketFor) -> Result<Ticket, MediaError>;

    /// Changes what a seat may do. Tracks that it may no longer publish end at once.
    async fn set_permissions(&self, seat: Seat, permissions: Permissions) -> Result<(), MediaError>;

    /// Mutes tracks. They are no longer forwarded from then on, whatever the client sends; the client may unmute what
    /// it may publish. To keep it from that, take the permission away.
    async fn mute(&self, seat: Seat, tracks: Tracks) -> Result<(), MediaError>;

    /// Ends a seat's camera and screen. The client may start them again if it may publish them.
    async fn stop_video(&self, seat: Seat) -> Result<(), MediaError>;

    /// Sends a seat out. Tickets and tokens made for it so far are worth nothing from then on. Fine for an empty one.
    async fn remove(&self, seat: Seat) -> Result<(), MediaError>;

    /// Who is there.
    async fn list(&self, room: RoomName) -> Result<Vec<Presence>, MediaError>;

    /// What happens from now on. Whoever lags behind asks [`MediaPlane::list`].
    fn events(&self) -> broadcast::Receiver<MediaEvent>;
}
