//! What reads the bytes of clients and of LiveKit, as functions of bytes, for the fuzz targets.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use fernamt_domain::{Rng, Secret};
use fernamt_sfu::{Channel, Event, Input, SeatId as SeatNo, Sid};
use livekit_protocol as proto;
use prost::Message as _;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use crate::{
    Permissions, RoomLimits, RoomName, Seat, SeatEnd, SeatId, TicketFor,
    embedded::control::{Client, Control, Effect, Tag},
    token::{Claims, TokenKey, VideoGrant},
};

const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);
const ROOM: RoomName = RoomName(Uuid::from_u128(1));

/// Bytes that differ each time and are the same in each run.
#[derive(Debug, Default)]
struct Counted(AtomicU64);

impl Rng for Counted {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let bytes = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

fn key() -> TokenKey {
    TokenKey::new("fernamt", Secret::new(b"a key of the fuzzer".to_vec()))
}

fn seat(number: u128) -> Seat {
    Seat { room: ROOM, id: SeatId(Uuid::from_u128(number)) }
}

/// A room with two seats, one of which says whatever the bytes are: messages with two bytes of length before each. The
/// highest bit of the length makes it data on a channel.
///
/// # Panics
/// When the other seat is lost, a limit does not hold, or data go out in a foreign name: a fuzzer looks for panics.
pub fn signalling(data: &[u8]) {
    let mut control = Control::new(Arc::new(Counted::default()), Arc::new(key()), Vec::new());
    control.open_room(ROOM, RoomLimits::default(), NOW).expect("the first room fits");
    let [victim, guest] = [1, 2].map(|number| sit(&mut control, number));
    control.take_effects();
    let mut rest = data;
    let mut now = NOW;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = u16::from_le_bytes(*length);
        let (message, after) = after.split_at(usize::from(length & 0x7fff).min(after.len()));
        rest = after;
        now += Duration::milliseconds(20);
        if length & 0x8000 != 0 {
            control.heard(Event::Data { seat: guest, channel: Channel::Lossy, bytes: message.to_vec().into() });
        } else if let Ok(proto::SignalRequest { message: Some(asked) }) = proto::SignalRequest::decode(message) {
            control.request(guest, asked, now);
        }
        follow(&mut control, victim, guest);
        control.tick(now);
    }
    let present = control.list(ROOM).expect("the room stays open");
    assert!(present.iter().any(|presence| presence.seat == seat(1)), "a seat was lost by what another said");
    assert!(
        present.iter().all(|presence| presence.tracks.len() <= usize::from(RoomLimits::default().max_tracks_per_seat))
    );
    control.close_room(ROOM, SeatEnd::RoomClosed);
    assert_eq!((control.rooms(), control.seats()), (0, 0), "something stays behind");
}

fn sit(control: &mut Control, number: u128) -> SeatNo {
    let permissions = Permissions { own_metadata: true, ..Permissions::PARTICIPANT };
    let order = TicketFor { seat: seat(number), name: "somebody".to_owned(), permissions };
    let ticket = control.ticket(&order, NOW).expect("the room is open");
    let claims = key().verify(ticket.token.expose(), NOW).expect("the ticket is ours");
    let pass = control.admit(&claims, NOW).expect("the ticket is good");
    let client = Client { auto_subscribe: true, ..Client::default() };
    control.join(pass, client, NOW).expect("the pass is good")
}

/// Does what the forwarding unit would: takes what it is told, and publishes what was announced.
fn follow(control: &mut Control, victim: SeatNo, guest: SeatNo) {
    for effect in control.take_effects() {
        match effect {
            Effect::Shard(Input::AddTrack { track, .. }, Some(tag)) => {
                control.answered(tag, Ok(()));
                let published = fernamt_sfu::PublishedTrack {
                    sid: track.sid,
                    mid: "0".to_owned(),
                    kind: track.kind,
                    source: track.source,
                    mime: "video/VP8",
                    simulcast: false,
                    muted: track.muted,
                };
                control.heard(Event::TrackPublished { seat: guest, track: published });
            }
            Effect::Shard(Input::Data { from, bytes, .. }, _) => {
                assert_eq!(from, Some(guest));
                let packet = proto::DataPacket::decode(bytes).expect("what we wrote can be read");
                assert_eq!(packet.participant_identity, seat(2).id.to_string(), "data go out in a foreign name");
            }
            Effect::Hang(number) => assert_ne!(number, victim),
            Effect::Shard(_, Some(Tag::Unmute(number, sid))) => {
                assert!(Sid::new(sid.as_str()).is_some() && number == guest);
            }
            _ => {}
        }
    }
}

/// A token: the bytes as they are, and one of ours that they change.
///
/// # Panics
/// When a token is good that we did not sign: a fuzzer looks for panics.
pub fn tickets(data: &[u8]) {
    let claims = Claims {
        sub: seat(1).id.to_string(),
        exp: NOW.unix_timestamp() + 60,
        video: VideoGrant::join(ROOM.to_string(), Permissions::PARTICIPANT),
        ..Claims::default()
    };
    let ours = key().sign(&claims).expect("claims can be signed");
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(text == ours.expose() || key().verify(text, NOW).is_none(), "a forged token holds");
        let _ = key().verify_webhook(text, NOW);
    }
    let mut changed = ours.expose().as_bytes().to_vec();
    for pair in data.chunks_exact(2) {
        let place = usize::from(pair[0]) % changed.len();
        changed[place] = pair[1];
    }
    if let Ok(text) = String::from_utf8(changed)
        && let Some(read) = key().verify(&text, NOW)
    {
        assert_eq!(read, claims, "a changed token holds");
    }
}

/// A webhook of LiveKit, its signature checked already.
pub fn webhooks(data: &[u8]) {
    let _ = serde_json::from_slice::<proto::WebhookEvent>(data);
}
