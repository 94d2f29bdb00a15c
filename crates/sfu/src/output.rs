//! What the core says.

use std::net::SocketAddr;

use bytes::Bytes;

use crate::ids::{Channel, Kind, Proto, RoomId, SeatId, Sid, Side, Source};

/// One thing to do or to know.
#[derive(Debug)]
pub enum Output {
    /// Bytes to send.
    Transmit(Transmit),
    /// Something for the application.
    Event(Event),
}

/// One or several datagrams to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// How.
    pub proto: Proto,
    /// From which of the server's addresses.
    pub from: SocketAddr,
    /// To where.
    pub to: SocketAddr,
    /// The datagrams, one after the other.
    pub bytes: Vec<u8>,
    /// The size of each, where there are several; only the last may be smaller. UDP GSO takes it as it is.
    pub segment_bytes: Option<usize>,
}

impl Transmit {
    /// The single datagrams.
    pub fn datagrams(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks(self.segment_bytes.unwrap_or(self.bytes.len()).max(1))
    }
}

/// Something for the application.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The answer to [`crate::Input::PublisherOffer`].
    Answer {
        /// For whom.
        seat: SeatId,
        /// The number of the offer.
        id: u32,
        /// The session description.
        sdp: String,
        /// Which section carries which track.
        mids: Vec<(String, Sid)>,
    },
    /// An offer for the connection that subscribes; [`crate::Input::SubscriberAnswer`] must follow. Tracks it names
    /// have been announced by [`Event::TrackPublished`] before.
    Offer {
        /// For whom.
        seat: SeatId,
        /// Its number, rising.
        id: u32,
        /// The session description.
        sdp: String,
        /// Which section carries which track.
        mids: Vec<(String, Sid)>,
    },
    /// ICE and DTLS of a connection stand.
    Connected {
        /// Whose.
        seat: SeatId,
        /// Which.
        side: Side,
    },
    /// A connection is lost; ICE may bring it back, then [`Event::Connected`] follows.
    Disconnected {
        /// Whose.
        seat: SeatId,
        /// Which.
        side: Side,
    },
    /// The first packet of a track has arrived: tell the others of it.
    TrackPublished {
        /// Whose.
        seat: SeatId,
        /// What.
        track: PublishedTrack,
    },
    /// A track is gone: the client emptied its section, the server took it, a grant ended.
    TrackUnpublished {
        /// Whose.
        seat: SeatId,
        /// Which.
        track: Sid,
    },
    /// The first subscriber of a track receives it.
    TrackSubscribed {
        /// The publisher.
        seat: SeatId,
        /// Which.
        track: Sid,
    },
    /// A subscriber's client cannot take the codec of a track: it does not get it.
    CodecRefused {
        /// The subscriber.
        seat: SeatId,
        /// Which.
        track: Sid,
    },
    /// Who speaks, as changes to what was said before. A seat with `active: false` has fallen silent.
    Speakers {
        /// Where.
        room: RoomId,
        /// The changes, the loudest first.
        changes: Vec<Speaker>,
    },
    /// How good a seat's connection is.
    ConnectionQuality {
        /// Whose.
        seat: SeatId,
        /// The word for it.
        quality: ConnectionQuality,
        /// The number behind it, 0 to 1.
        score: f32,
    },
    /// A subscriber's bandwidth does not suffice for a track, or does again.
    StreamState {
        /// The subscriber.
        seat: SeatId,
        /// Which.
        track: Sid,
        /// Whether nothing of it is sent.
        paused: bool,
    },
    /// The encodings of a track that anybody receives (dynacast).
    WantedQualities {
        /// The publisher.
        seat: SeatId,
        /// Which.
        track: Sid,
        /// For low, medium and high whether it is of use.
        wanted: [bool; 3],
    },
    /// A data message of a seat that may send data. The application writes the sender into it and hands it back as
    /// [`crate::Input::Data`].
    Data {
        /// From whom.
        seat: SeatId,
        /// On which channel.
        channel: Channel,
        /// The message.
        bytes: Bytes,
    },
    /// The seat is empty; the core ended it.
    Gone {
        /// Which.
        seat: SeatId,
        /// Why.
        why: Gone,
    },
    /// The core has heard an authenticated packet of a seat from this address: what comes from there belongs to this
    /// shard.
    AddressBound {
        /// How.
        proto: Proto,
        /// Where.
        from: SocketAddr,
    },
    /// The address belongs to no seat any more.
    AddressReleased {
        /// How.
        proto: Proto,
        /// Where.
        from: SocketAddr,
    },
}

/// A track as the others are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedTrack {
    /// Its name.
    pub sid: Sid,
    /// The section of the publisher's description it came by.
    pub mid: String,
    /// Sound or picture.
    pub kind: Kind,
    /// Where it comes from.
    pub source: Source,
    /// `audio/opus`, `audio/red`, `video/VP8`, `video/H264`, `video/VP9`, `video/AV1`.
    pub mime: &'static str,
    /// Whether it has several encodings.
    pub simulcast: bool,
    /// Whether it is muted.
    pub muted: bool,
}

/// One who speaks or has stopped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speaker {
    /// Who.
    pub seat: SeatId,
    /// How loud, 0 to 1.
    pub level: f32,
    /// Whether it speaks.
    pub active: bool,
}

/// How good a connection is, in LiveKit's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectionQuality {
    /// Nothing arrives.
    Lost,
    /// Much is lost.
    Poor,
    /// Some is lost.
    Good,
    /// All is well.
    Excellent,
}

/// Why the core emptied a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// Its connection never stood or was lost for too long.
    Timeout,
    /// The client closed its connection.
    Closed,
    /// It did not read what it asked for.
    TooSlow,
    /// Its connection broke in a way that cannot be mended, or the client did what no client does.
    Fault,
}

/// Why an input was refused. Nothing has changed then, but a session description that str0m takes in part may cost the
/// seat its connection ([`Event::Gone`]).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such seat.
    #[error("unknown seat")]
    UnknownSeat,
    /// There is such a seat already.
    #[error("the seat is taken")]
    SeatTaken,
    /// There is no such track.
    #[error("unknown track")]
    UnknownTrack,
    /// The grants do not cover it.
    #[error("not allowed")]
    NotAllowed,
    /// A limit is reached.
    #[error("the limit of {0} is reached")]
    Limit(&'static str),
    /// The session description is not usable.
    #[error("the session description cannot be used: {0}")]
    Sdp(String),
    /// The answer is to no outstanding offer.
    #[error("no such offer")]
    NoSuchOffer,
}
