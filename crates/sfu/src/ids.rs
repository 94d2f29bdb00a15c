//! What the core calls rooms, seats and tracks, and the few words both sides share about tracks.

use std::{fmt, sync::Arc};

/// The longest [`Sid`]. The msid of a track holds two of them and str0m cuts at 64 characters.
pub const MAX_SID_BYTES: usize = 30;

/// A media room: the id of the meeting it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub u128);

/// One seat of one room; the caller counts, and never uses a number twice in the life of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeatId(pub u32);

/// A name the clients see (`PA_…`, `TR_…`): letters, digits, `_` and `-`, at most [`MAX_SID_BYTES`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sid(Arc<str>);

impl Sid {
    /// The name, if it is one.
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= MAX_SID_BYTES;
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        (fits && plain).then(|| Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a track comes from; grants name sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A camera.
    Camera,
    /// A microphone.
    Microphone,
    /// A shared screen or window.
    Screen,
    /// The sound of a shared screen.
    ScreenAudio,
    /// A source the client did not name. Only who may publish everything may publish it.
    Other,
}

/// Sound or picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

/// A codec of pictures that can be forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VideoCodec {
    /// What every client knows, and what is sent where no other is asked for.
    Vp8,
    /// H.264.
    H264,
    /// VP9.
    Vp9,
    /// AV1.
    Av1,
}

impl VideoCodec {
    /// All.
    pub const ALL: [Self; 4] = [Self::Vp8, Self::H264, Self::Vp9, Self::Av1];

    /// Its name in session descriptions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vp8 => "VP8",
            Self::H264 => "H264",
            Self::Vp9 => "VP9",
            Self::Av1 => "AV1",
        }
    }

    /// The codec of a name, with or without `video/` before it, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.split_once('/').map_or(name, |(_, name)| name);
        Self::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name))
    }
}

/// The two connections of a seat (LiveKit's pair mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// What the seat sends; the client offers.
    Publisher,
    /// What the seat receives; the core offers.
    Subscriber,
}

/// One of up to three encodings of a video, the smallest first (LiveKit's rids `q`, `h`, `f`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quality {
    /// `q`, or the only one.
    Low,
    /// `h`.
    Medium,
    /// `f`.
    High,
}

impl Quality {
    /// All, the smallest first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// Its place in [`Quality::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::Low => 0,
            Self::Medium => 1,
            Self::High => 2,
        }
    }

    /// The quality a rid stands for.
    pub fn from_rid(rid: &str) -> Option<Self> {
        match rid {
            "q" => Some(Self::Low),
            "h" => Some(Self::Medium),
            "f" => Some(Self::High),
            _ => None,
        }
    }
}

/// The two data channels of LiveKit's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// `_reliable`: ordered, repeated until it arrives.
    Reliable,
    /// `_lossy`: unordered, never repeated.
    Lossy,
}

impl Channel {
    /// The label both sides know it by.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reliable => "_reliable",
            Self::Lossy => "_lossy",
        }
    }

    /// The channel of a label.
    pub fn from_label(label: &str) -> Option<Self> {
        match label {
            "_reliable" => Some(Self::Reliable),
            "_lossy" => Some(Self::Lossy),
            _ => None,
        }
    }
}

/// How a datagram travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Proto {
    /// A UDP datagram.
    Udp,
    /// One frame of ICE-TCP (RFC 4571), without its two bytes of length.
    Tcp,
}
