//! What the core is told.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
};

use bytes::Bytes;

use crate::ids::{Channel, Kind, Proto, Quality, RoomId, SeatId, Sid, Source, VideoCodec};

/// One thing that happens. All names are checked by [`crate::Shard::handle`], which refuses what does not fit.
#[derive(Debug)]
pub enum Input {
    /// Time has passed.
    Tick,
    /// Somebody with a valid ticket sits down.
    Join(Join),
    /// The seat is empty from now on; nothing more is sent to it.
    Leave {
        /// Whose.
        seat: SeatId,
    },
    /// The client offers what it publishes. Answered by [`crate::Event::Answer`] with the same id.
    PublisherOffer {
        /// Whose.
        seat: SeatId,
        /// The client's number of the offer.
        id: u32,
        /// The session description.
        sdp: String,
    },
    /// The client answers [`crate::Event::Offer`].
    SubscriberAnswer {
        /// Whose.
        seat: SeatId,
        /// The number of the offer; 0 stands for the newest (the Python client knows no numbers).
        id: u32,
        /// The session description.
        sdp: String,
    },
    /// The client announces a track; media follow in an offer, before or after.
    AddTrack {
        /// Whose.
        seat: SeatId,
        /// The announcement.
        track: NewTrack,
    },
    /// The server takes a track away.
    RemoveTrack {
        /// Whose.
        seat: SeatId,
        /// Which.
        track: Sid,
    },
    /// A track falls silent or speaks again.
    Mute {
        /// Whose.
        seat: SeatId,
        /// Which.
        track: Sid,
        /// Whether nothing is forwarded.
        muted: bool,
        /// Who wants it.
        by: MuteBy,
    },
    /// The seat wants tracks, or no longer. Stands above the seat's `auto_subscribe`; may name tracks that are to come.
    Subscribe {
        /// Who wants.
        seat: SeatId,
        /// What.
        tracks: Vec<Sid>,
        /// Whether it wants them.
        wanted: bool,
    },
    /// How the seat shows a track.
    TrackSetting {
        /// Who shows it.
        seat: SeatId,
        /// What.
        tracks: Vec<Sid>,
        /// How.
        setting: TrackSetting,
    },
    /// The publisher says who may receive its tracks.
    SubscriptionPermission {
        /// The publisher.
        seat: SeatId,
        /// Everyone, or those named.
        allowed: Allowed,
    },
    /// The seat's grants change; what they no longer cover ends at once.
    Permissions {
        /// Whose.
        seat: SeatId,
        /// The new ones.
        permissions: Permissions,
    },
    /// A data message for others, made by the application (for a participant's message: after it has written the
    /// sender's identity into it).
    Data {
        /// The room.
        room: RoomId,
        /// Who sent it and does not get it back.
        from: Option<SeatId>,
        /// Who gets it: these seats, or everyone if none is named.
        to: Option<Vec<SeatId>>,
        /// On which channel.
        channel: Channel,
        /// The message.
        bytes: Bytes,
    },
    /// Bytes from the network.
    Datagram {
        /// How it came.
        proto: Proto,
        /// From where.
        from: SocketAddr,
        /// To which of the candidate addresses.
        to: SocketAddr,
        /// The bytes.
        bytes: Bytes,
    },
}

/// Somebody sits down.
#[derive(Clone, Debug)]
pub struct Join {
    /// The new seat.
    pub seat: SeatId,
    /// The room; it exists while it has seats.
    pub room: RoomId,
    /// The participant's name on the wire (`PA_…`).
    pub name: Sid,
    /// What the ticket grants.
    pub permissions: Permissions,
    /// Whether tracks are subscribed to without being asked for.
    pub auto_subscribe: bool,
    /// The server's addresses this seat is told.
    pub addresses: Vec<Address>,
    /// Fresh random bytes for the ICE credentials of the two connections.
    pub secrets: IceSecrets,
}

/// One of the server's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// How it is reached.
    pub proto: Proto,
    /// Where clients reach it.
    pub addr: SocketAddr,
}

/// Random bytes from which a seat's ICE names and passwords are made.
#[derive(Clone, Copy)]
pub struct IceSecrets {
    /// For the connection that publishes.
    pub publisher: [u8; 24],
    /// For the connection that subscribes.
    pub subscriber: [u8; 24],
}

impl std::fmt::Debug for IceSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IceSecrets")
    }
}

/// What a seat may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// What it may publish.
    pub publish: Publish,
    /// Whether it may receive tracks.
    pub subscribe: bool,
    /// Whether it may send data.
    pub data: bool,
    /// Whether it may lift a mute that a host set.
    pub unmute: bool,
}

/// What a seat may publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publish {
    /// Nothing.
    Nothing,
    /// These sources.
    Only(Vec<Source>),
    /// Everything.
    Everything,
}

impl Publish {
    /// Whether a source is covered.
    pub fn covers(&self, source: Source) -> bool {
        match self {
            Self::Nothing => false,
            Self::Only(sources) => source != Source::Other && sources.contains(&source),
            Self::Everything => true,
        }
    }
}

/// A client's announcement of a track.
#[derive(Clone, Debug)]
pub struct NewTrack {
    /// The name the server gives it (`TR_…`).
    pub sid: Sid,
    /// The client's name for it: the id of its `MediaStreamTrack`, which the offer's msid repeats.
    pub cid: String,
    /// Sound or picture.
    pub kind: Kind,
    /// Where it comes from.
    pub source: Source,
    /// Whether it starts muted.
    pub muted: bool,
    /// The encodings it announces, the smallest first. Empty: unknown.
    pub layers: Vec<Layer>,
    /// Whether payloads are encrypted end to end.
    pub encrypted: bool,
    /// Whether sound may repeat itself (RED). Never where it is encrypted: what is repeated could not be taken out.
    pub red: bool,
    /// The codec the client wants to send pictures with, if it says so.
    pub codec: Option<VideoCodec>,
}

/// An encoding as its client announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Which.
    pub quality: Quality,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// What it may take, in bit/s; 0: unknown.
    pub bitrate_bps: u32,
}

/// Who wants a track muted or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MuteBy {
    /// The one who publishes it.
    Owner,
    /// A host, or the server.
    Host,
}

/// How a seat shows a track. What is `None` is as large and as fast as there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrackSetting {
    /// Not shown at all at the moment.
    pub disabled: bool,
    /// Pixels across and down of the place where it is shown; stands above `quality`.
    pub size: Option<(u32, u32)>,
    /// The largest encoding of use.
    pub quality: Option<Quality>,
}

/// Who may receive a publisher's tracks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Allowed {
    /// Everyone in the room.
    #[default]
    Everyone,
    /// These: seat, and tracks if not all.
    Only(HashMap<SeatId, Option<HashSet<Sid>>>),
}
