//! What reads the bytes of clients, as functions of bytes, for the fuzz targets.

use std::{
    collections::HashSet,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use str0m::format::Codec;

use crate::{
    Address, Channel, IceName, IceSecrets, Input, Join, Kind, MuteBy, NewTrack, Output, Permissions, Proto, Publish,
    Quality, RoomId, SeatId, Shard, ShardConfig, ShardNo, Sid, Side, Source, TrackSetting, VideoCodec, front,
    route::{
        continuity::Continuity,
        descriptor::Descriptor,
        frame::entry,
        layer::{Choice, Seen, Step},
        picture::Pictures,
        red::newest,
    },
};

const SERVER: ([u8; 4], u16) = ([192, 0, 2, 1], 3478);
const SECRETS: IceSecrets = IceSecrets { publisher: [7; 24], subscriber: [9; 24] };
const ROOM: RoomId = RoomId(1);
const VICTIM: SeatId = SeatId(1);
const GUEST: SeatId = SeatId(2);
/// Within this time nobody loses a seat for being silent.
const PATIENCE: Duration = Duration::from_secs(20);

/// A shard with two seats, one of which does whatever the bytes say: checks with the right password and any content,
/// other datagrams, descriptions, tracks, mutes, data. What it does is told by a byte, the length of its bytes by two.
///
/// # Panics
/// When something is sent to an address that never authenticated itself, or the other seat is lost: a fuzzer looks
/// for panics.
pub fn datagrams(data: &[u8]) {
    let start = Instant::now();
    let mut table = Table { shard: Shard::new(ShardConfig::new(ShardNo(1)), start), now: start, known: HashSet::new() };
    table.tell(Input::Join(join(VICTIM)));
    table.tell(Input::Join(join(GUEST)));
    let mut rest = data;
    for _ in 0..64 {
        let [what, low, high, after @ ..] = rest else { return };
        let size = usize::from(u16::from_le_bytes([*low, *high])).min(after.len());
        let (bytes, after) = after.split_at(size);
        rest = after;
        table.act(*what, bytes);
        let here = table.shard.load().seats;
        assert!(here >= 1 && table.now - start < PATIENCE, "a seat was lost to somebody else's bytes");
        let taken = table.shard.handle(table.now, Input::Join(join(VICTIM)));
        assert_eq!(taken, Err(crate::Refusal::SeatTaken), "a seat was lost to somebody else's bytes");
    }
}

struct Table {
    shard: Shard,
    now: Instant,
    /// Addresses from which a check with the right password came.
    known: HashSet<SocketAddr>,
}

impl Table {
    fn act(&mut self, what: u8, bytes: &[u8]) {
        let from = SocketAddr::from(([203, 0, 113, 1], 5000 + u16::from(what >> 6)));
        let to = SocketAddr::from(SERVER);
        let text = || String::from_utf8_lossy(bytes).into_owned();
        let sid = Sid::new(if what & 8 == 0 { "TR_a" } else { "TR_b" }).expect("a name");
        let seat = GUEST;
        let id = u32::from(what >> 6);
        let on = what & 16 == 0;
        let input = match what & 7 {
            0 => {
                let proto = if what & 8 == 0 { Proto::Udp } else { Proto::Tcp };
                Input::Datagram { proto, from, to, bytes: Bytes::copy_from_slice(bytes) }
            }
            1 => {
                self.known.insert(from);
                let bytes = check(if what & 8 == 0 { Side::Publisher } else { Side::Subscriber }, bytes);
                Input::Datagram { proto: Proto::Udp, from, to, bytes: bytes.into() }
            }
            2 => Input::PublisherOffer { seat, id, sdp: text() },
            3 => Input::SubscriberAnswer { seat, id, sdp: text() },
            4 => Input::AddTrack {
                seat,
                track: NewTrack {
                    sid,
                    cid: text(),
                    kind: if on { Kind::Audio } else { Kind::Video },
                    source: if on { Source::Microphone } else { Source::Camera },
                    muted: false,
                    layers: Vec::new(),
                    encrypted: !on,
                    red: on,
                    codec: VideoCodec::ALL.get(usize::from(what >> 6)).copied(),
                },
            },
            5 => match bytes.first().copied().unwrap_or(0) % 4 {
                0 => Input::RemoveTrack { seat, track: sid },
                1 => Input::Mute { seat, track: sid, muted: on, by: MuteBy::Owner },
                2 => Input::Subscribe { seat, tracks: vec![sid], wanted: on },
                _ => Input::TrackSetting { seat, tracks: vec![sid], setting: TrackSetting::default() },
            },
            6 => Input::Data {
                room: ROOM,
                from: Some(seat),
                to: None,
                channel: if on { Channel::Reliable } else { Channel::Lossy },
                bytes: Bytes::copy_from_slice(bytes),
            },
            _ => {
                self.now += Duration::from_millis(bytes.first().copied().unwrap_or(10).into());
                Input::Tick
            }
        };
        self.tell(input);
    }

    fn tell(&mut self, input: Input) {
        // A refusal is as good as anything.
        let _ = self.shard.handle(self.now, input);
        while let Some(output) = self.shard.poll() {
            if let Output::Transmit(transmit) = output {
                assert!(self.known.contains(&transmit.to), "a stranger is answered");
                assert!(transmit.datagrams().all(|datagram| !datagram.is_empty()), "an empty datagram");
            }
        }
        assert!(self.shard.deadline().is_some_and(|at| at > self.now), "the next call is not due at once");
    }
}

/// A binding request with the right name and password; the bytes are its transaction and further attributes.
fn check(side: Side, bytes: &[u8]) -> Vec<u8> {
    let secret = match side {
        Side::Publisher => SECRETS.publisher,
        Side::Subscriber => SECRETS.subscriber,
    };
    let name = IceName { shard: ShardNo(1), seat: GUEST, side };
    let (ufrag, password) = front::credentials(&name, &secret);
    let (id, attributes) = bytes.split_at(bytes.len().min(12));
    let mut message = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    message.extend_from_slice(id);
    message.resize(20, 0);
    attribute(&mut message, 0x0006, format!("{ufrag}:peer").as_bytes());
    message.extend_from_slice(attributes.get(..attributes.len().min(1_000) / 4 * 4).unwrap_or_default());
    // The length covers what is to follow.
    let length = u16::try_from(message.len() - 20 + 24).unwrap_or(0).to_be_bytes();
    if let Some(place) = message.get_mut(2..4) {
        place.copy_from_slice(&length);
    }
    let tag = front::sha1_hmac(password.as_bytes(), &[&message]);
    attribute(&mut message, 0x0008, &tag);
    message
}

fn attribute(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    message.extend_from_slice(&kind.to_be_bytes());
    message.extend_from_slice(&u16::try_from(value.len()).unwrap_or(0).to_be_bytes());
    message.extend_from_slice(value);
    message.resize(message.len().next_multiple_of(4), 0);
}

/// The packets of a publisher's track on their way to one subscriber: a byte for codec, encoding and whether the
/// subscriber's aim changes, one for the step in numbers, one for the length of the payload.
///
/// # Panics
/// When the subscriber's stream uses a number twice or changes its source other than where it may: a fuzzer looks
/// for panics.
pub fn payloads(data: &[u8]) {
    let now = Instant::now();
    let mut choice = Choice::default();
    let mut stream = Continuity::new(90_000);
    let mut pictures = Pictures::default();
    let mut used = HashSet::new();
    let mut numbers = [1_000_u64; 3];
    let mut rest = data;
    while let [what, step, size, after @ ..] = rest {
        let (payload, after) = after.split_at(usize::from(*size).min(after.len()));
        rest = after;
        let index = usize::from(what & 3) % 3;
        let Some((quality, number)) = Quality::ALL.get(index).zip(numbers.get_mut(index)) else { return };
        // Backwards, too: packets come late. str0m hands on each number once.
        *number = number.saturating_add_signed(i64::from(step.cast_signed()));
        if what & 4 != 0 {
            choice.aim(Quality::ALL.get(usize::from(what >> 3 & 3)).copied());
        }
        let codec = match (what & 32, what >> 7) {
            (0, 0) => Codec::Vp8,
            (0, _) => Codec::Vp9,
            (_, 0) => Codec::H264,
            _ => Codec::Av1,
        };
        let descriptor = Descriptor::new(payload);
        if let Some((_, block)) = newest(payload) {
            assert!(!block.is_empty() && payload.ends_with(block), "a block that is none");
        }
        let before = choice.current();
        let seen = Seen { quality: *quality, entry: entry(codec, payload), first: true, asked_at: None };
        let step = choice.step(seen, now);
        if step == Step::Switch {
            assert_eq!(choice.current(), choice.target());
            stream.rebase(*number, 0, now);
            pictures.rebase(codec, payload, descriptor.as_ref());
            used.retain(|(layer, _, _): &(Quality, u64, u64)| layer != quality);
        } else {
            assert_eq!(choice.current(), before);
        }
        if step == Step::Drop {
            continue;
        }
        pictures.map(codec, payload, descriptor.as_ref());
        if what & 64 != 0 {
            stream.skip(*number);
        } else if let Some((out, _)) = stream.map(*number, 0, now) {
            let twice = used.iter().any(|(_, from, to)| *to == out && from != number);
            assert!(!twice, "two packets leave with one number");
            used.insert((*quality, *number, out));
        }
    }
}

fn join(seat: SeatId) -> Join {
    Join {
        seat,
        room: ROOM,
        name: Sid::new("PA_x").expect("a name"),
        permissions: Permissions { publish: Publish::Everything, subscribe: true, data: true, unmute: true },
        auto_subscribe: true,
        addresses: vec![Address { proto: Proto::Udp, addr: SocketAddr::from(SERVER) }],
        secrets: SECRETS,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_taken(data in prop::collection::vec(any::<u8>(), 0..600)) {
            payloads(&data);
        }

        #[test]
        fn any_deeds_are_taken(deeds in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..80)), 0..30)) {
            let mut data = Vec::new();
            for (what, bytes) in deeds {
                data.push(what);
                data.extend_from_slice(&u16::try_from(bytes.len()).unwrap().to_le_bytes());
                data.extend_from_slice(&bytes);
            }
            datagrams(&data);
        }
    }
}
