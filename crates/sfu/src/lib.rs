//! The media core: a selective forwarding unit as state machines, without sockets, clocks and threads.
//!
//! A [`Shard`] owns rooms and their seats. It is told of what happens ([`Input`]), says what is to be sent and known
//! ([`Output`]) and when it wants to be called again. Payloads are never looked into beyond what stays in the clear
//! when clients encrypt end to end.

mod dtls;
mod front;
#[doc(hidden)]
pub mod fuzzing;
mod ids;
mod input;
pub mod limits;
mod output;
mod route;
mod sdp;
mod shard;

pub use front::{Datagram, IceName, ShardNo, classify};
pub use ids::{Channel, Kind, MAX_SID_BYTES, Proto, Quality, RoomId, SeatId, Sid, Side, Source, VideoCodec};
pub use input::{
    Address, Allowed, IceSecrets, Input, Join, Layer, MuteBy, NewTrack, Permissions, Publish, TrackSetting,
};
pub use output::{ConnectionQuality, Event, Gone, Output, PublishedTrack, Refusal, Speaker, Transmit};
pub use shard::{Load, Shard, ShardConfig};
