//! The limits of the core. What has no limit is a way to bring the server down.

/// Seats in one shard.
pub const MAX_SEATS_PER_SHARD: usize = 4_000;
/// Seats in one room.
pub const MAX_SEATS_PER_ROOM: usize = 600;
/// Tracks a seat may publish at the same time.
pub const MAX_TRACKS_PER_SEAT: usize = 12;
/// Media sections in a client's session description. Sections are never taken away, only emptied.
pub const MAX_SECTIONS: usize = 128;
/// Encodings (SSRCs) of one track.
pub const MAX_ENCODINGS_PER_TRACK: usize = 3;
/// SSRCs a seat may use in its life. An encoder begins anew now and then; who does it all the time is up to no good,
/// and each leaves a trace in the connection's memory.
pub const MAX_SSRCS_PER_SEAT: usize = 512;
/// Tracks a seat may receive at the same time.
pub const MAX_SUBSCRIPTIONS_PER_SEAT: usize = 400;
/// Subscription wishes a client may have stored about tracks, known or not.
pub const MAX_WISHES_PER_SEAT: usize = 2_000;
/// A client's session description.
pub const MAX_SDP_BYTES: usize = 512 * 1024;
/// A datagram of a client; more than an Ethernet frame never is one.
pub const MAX_DATAGRAM_BYTES: usize = 2_000;
/// What a media packet of a client carries; larger ones are not forwarded. No packetiser fills more than an Ethernet frame,
/// and str0m has no room for more than that with all extensions of a header.
pub const MAX_PAYLOAD_BYTES: usize = 1_500;
/// A message on a data channel (LiveKit's clients stop at 64,000 bytes of payload).
pub const MAX_DATA_BYTES: usize = 65_536;
/// Data on its way to one subscriber. Who reads slower loses its seat, because "reliable" cannot be kept.
pub const MAX_QUEUED_DATA_BYTES: usize = 4 * 1024 * 1024;
/// Media waiting to be paced out to one subscriber; beyond, video is dropped until the next keyframe.
pub const MAX_QUEUED_MEDIA_BYTES: usize = 2 * 1024 * 1024;
/// Remote addresses one connection may be heard from.
pub const MAX_ADDRESSES_PER_SIDE: usize = 8;
/// Candidate addresses a seat may be given.
pub const MAX_CANDIDATES: usize = 8;
/// Datagrams of equal size that leave in one piece (UDP GSO).
pub const MAX_SEGMENTS: usize = 44;
/// Bytes that leave in one piece.
pub const MAX_TRANSMIT_BYTES: usize = 60_000;
/// Until an offer must be answered.
pub const ANSWER_TIMEOUT_S: u64 = 30;
/// Until a new connection must stand, and how long one may be silent.
pub const CONNECT_TIMEOUT_S: u64 = 30;
