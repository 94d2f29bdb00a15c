//! Who sits where, what everybody is told, and what the forwarding unit is told: the rooms of one shard as a state machine
//! without sockets. What a method wants done is in [`Control::take_effects`], in the order it has to be done.

mod data;
mod heard;
mod order;
mod request;
#[cfg(test)]
mod tests;
pub(super) mod wire;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use fernamt_domain::{Rng, rng::random_token};
use fernamt_sfu::{Address, Input, SeatId as SeatNo, Sid};
use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;
use time::{Duration, OffsetDateTime};

use crate::{MediaEvent, Permissions, RoomLimits, RoomName, Seat, SeatEnd, SeatId, Source, TrackId, token::TokenKey};

/// The most rooms of one shard.
pub(crate) const MAX_ROOMS: usize = 4096;

/// The most seats that a room remembers: those that are taken, those with a ticket, those that may come back.
pub(crate) const MAX_KNOWN_SEATS: usize = 4096;

/// The most tickets that wait for one seat. The oldest gives way.
const MAX_WAITING_TICKETS: usize = 4;

/// How long a token for coming back is good for, in minutes.
const RETURN_MINUTES: i64 = 10;

/// How often it is renewed, in minutes.
const RENEWAL_MINUTES: i64 = 5;

/// How long a seat is kept whose client is no longer heard, in seconds. Its sound goes on that long.
pub(crate) const LINGER_S: i64 = 15;

/// How long a room stays open that nobody is in and nobody holds a ticket or a token for, in minutes.
pub(crate) const UNUSED_ROOM_MINUTES: i64 = 10;

/// The most bytes of a name.
pub(crate) const MAX_NAME_BYTES: usize = 256;

/// The most bytes of what a client may say about itself: metadata, and all attributes together.
pub(crate) const MAX_METADATA_BYTES: usize = 16 * 1024;

/// Something to do.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Send a message to these seats.
    Send(Vec<SeatNo>, Box<Message>),
    /// Close a seat's socket once everything sent before has left.
    Hang(SeatNo),
    /// Tell the forwarding unit.
    Shard(Input, Option<Tag>),
    /// Tell the feature.
    Event(MediaEvent),
}

/// What an answer of the forwarding unit is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tag {
    /// A seat's join.
    Join(SeatNo),
    /// The announcement of a track.
    AddTrack(SeatNo, Sid),
    /// An offer.
    Offer(SeatNo),
    /// An answer.
    Answer(SeatNo),
    /// The owner's wish to speak again.
    Unmute(SeatNo, Sid),
}

/// What the client said about itself when it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Client {
    /// Whether it wants all tracks without asking.
    pub(crate) auto_subscribe: bool,
    /// Its version of the protocol between clients.
    pub(crate) protocol: i32,
    /// What it can, told to the others.
    pub(crate) capabilities: Vec<i32>,
}

/// A token that was looked at and is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pass {
    /// The seat.
    pub(crate) seat: Seat,
    generation: u64,
}

/// Why a token lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// It is not ours, or used, or withdrawn.
    #[error("the token is not valid")]
    Invalid,
    /// The room is not open.
    #[error("requested room does not exist")]
    NoSuchRoom,
    /// All seats are taken.
    #[error("the room is full")]
    Full,
}

/// The rooms of one shard.
#[derive(Debug)]
pub(crate) struct Control {
    rng: Arc<dyn Rng>,
    key: Arc<TokenKey>,
    addresses: Vec<Address>,
    rooms: HashMap<RoomName, Room>,
    numbers: HashMap<SeatNo, Seat>,
    next_number: u32,
    effects: Vec<Effect>,
}

#[derive(Debug)]
struct Room {
    sid: String,
    opened_at: OffsetDateTime,
    limits: RoomLimits,
    known: HashMap<SeatId, Known>,
    seated: HashMap<SeatId, Seated>,
    /// Since when nobody is there and nobody can come.
    unused_since: Option<OffsetDateTime>,
}

/// What is remembered about a seat, taken or not.
#[derive(Debug)]
struct Known {
    /// Tokens of another generation are worth nothing.
    generation: u64,
    name: String,
    permissions: Permissions,
    /// Names of unused tickets, and until when they are good.
    waiting: Vec<(String, OffsetDateTime)>,
    /// Until when a token for coming back may be out there.
    returns_until: OffsetDateTime,
}

/// Somebody on a seat.
#[derive(Debug)]
struct Seated {
    number: SeatNo,
    sid: Sid,
    name: String,
    metadata: String,
    attributes: HashMap<String, String>,
    permissions: Permissions,
    state: proto::participant_info::State,
    version: u32,
    joined_at: OffsetDateTime,
    client: Client,
    tracks: Vec<Published>,
    /// Who may receive it, and which tracks if not all; nothing stands for everyone.
    allowed: Option<HashMap<SeatId, Option<HashSet<Sid>>>>,
    renew_at: OffsetDateTime,
    /// Since when its socket is gone.
    silent_since: Option<OffsetDateTime>,
    /// Whether its client has closed its connections.
    closed: bool,
}

/// A track that was announced.
#[derive(Debug)]
struct Published {
    sid: Sid,
    source: Source,
    info: proto::TrackInfo,
    /// The client's own name for it.
    cid: String,
    /// Whether media has come and the others were told.
    live: bool,
    /// Whether the server ended it, so that the client is told when it is gone.
    ended_by_us: bool,
}

impl Control {
    pub(crate) fn new(rng: Arc<dyn Rng>, key: Arc<TokenKey>, addresses: Vec<Address>) -> Self {
        Self {
            rng,
            key,
            addresses,
            rooms: HashMap::new(),
            numbers: HashMap::new(),
            next_number: 1,
            effects: Vec::new(),
        }
    }

    /// What is to be done, in this order.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// How many rooms are open.
    pub(crate) fn rooms(&self) -> usize {
        self.rooms.len()
    }

    /// How many seats are taken.
    pub(crate) fn seats(&self) -> usize {
        self.numbers.len()
    }

    fn sid(&self, prefix: &str) -> Sid {
        Sid::new(&format!("{prefix}_{}", random_token::<9>(&*self.rng)))
            .expect("twelve characters of base64url after two letters are a name")
    }

    fn seated(&mut self, number: SeatNo) -> Option<(Seat, &mut Seated)> {
        let seat = *self.numbers.get(&number)?;
        let seated = self.rooms.get_mut(&seat.room)?.seated.get_mut(&seat.id)?;
        Some((seat, seated))
    }

    fn send(&mut self, to: SeatNo, message: Message) {
        self.effects.push(Effect::Send(vec![to], Box::new(message)));
    }

    fn shard(&mut self, input: Input) {
        self.effects.push(Effect::Shard(input, None));
    }

    fn event(&mut self, event: MediaEvent) {
        self.effects.push(Effect::Event(event));
    }

    /// Tells everybody who may know about a seat how it is now.
    fn tell_state(&mut self, seat: Seat) {
        let Some(room) = self.rooms.get_mut(&seat.room) else { return };
        let Some(seated) = room.seated.get_mut(&seat.id) else { return };
        seated.version += 1;
        let update = wire::update(wire::participant(seat, seated));
        let to = if seated.permissions.hidden { vec![seated.number] } else { room.numbers(None) };
        self.effects.push(Effect::Send(to, Box::new(update)));
    }

    /// Empties a seat. `farewell` is what the client is told, if it still listens.
    fn vacate(&mut self, seat: Seat, why: SeatEnd, farewell: Option<Message>) {
        let Some(room) = self.rooms.get_mut(&seat.room) else { return };
        let Some(mut gone) = room.seated.remove(&seat.id) else { return };
        self.numbers.remove(&gone.number);
        gone.state = proto::participant_info::State::Disconnected;
        gone.version += 1;
        for track in &mut gone.tracks {
            track.live = false;
        }
        let update = (!gone.permissions.hidden)
            .then(|| Effect::Send(room.numbers(None), Box::new(wire::update(wire::participant(seat, &gone)))));
        let empty = room.seated.is_empty();
        if let Some(farewell) = farewell {
            self.send(gone.number, farewell);
        }
        self.effects.push(Effect::Hang(gone.number));
        self.shard(Input::Leave { seat: gone.number });
        self.effects.extend(update);
        self.event(MediaEvent::SeatLeft(seat, why));
        if empty && why != SeatEnd::Replaced {
            self.event(MediaEvent::RoomEmpty(seat.room));
        }
    }

    /// Time has passed. The rooms that were closed by that.
    pub(crate) fn tick(&mut self, now: OffsetDateTime) -> Vec<RoomName> {
        let (mut lost, mut stale, mut unused) = (Vec::new(), Vec::new(), Vec::new());
        for (name, room) in &mut self.rooms {
            for (id, seated) in &mut room.seated {
                let seat = Seat { room: *name, id: *id };
                if seated.closed {
                    seated.silent_since.get_or_insert(now);
                }
                if seated.silent_since.is_some_and(|since| now - since >= Duration::seconds(LINGER_S)) {
                    lost.push(seat);
                } else if seated.renew_at <= now && seated.silent_since.is_none() {
                    stale.push(seat);
                }
            }
            room.forget(now);
            if !room.known.is_empty() || !room.seated.is_empty() {
                room.unused_since = None;
            } else if now - *room.unused_since.get_or_insert(now) >= Duration::minutes(UNUSED_ROOM_MINUTES) {
                unused.push(*name);
            }
        }
        for seat in lost {
            // Whoever is still there may join anew.
            let again = wire::join_anew(proto::DisconnectReason::ConnectionTimeout);
            self.vacate(seat, SeatEnd::Lost, Some(again));
        }
        for seat in stale {
            self.renew_token(seat, now);
        }
        for room in &unused {
            self.rooms.remove(room);
            self.event(MediaEvent::RoomGone(*room));
        }
        unused
    }

    /// Whether a room is open.
    pub(crate) fn has(&self, room: RoomName) -> bool {
        self.rooms.contains_key(&room)
    }

    /// Hands a seat the token with which it may come back.
    fn renew_token(&mut self, seat: Seat, now: OffsetDateTime) {
        let Some(room) = self.rooms.get_mut(&seat.room) else { return };
        let (Some(known), Some(seated)) = (room.known.get_mut(&seat.id), room.seated.get_mut(&seat.id)) else { return };
        let until = now + Duration::minutes(RETURN_MINUTES);
        known.returns_until = until;
        seated.renew_at = now + Duration::minutes(RENEWAL_MINUTES);
        let number = seated.number;
        let claims = order::claims(seat, known, until, None);
        match self.key.sign(&claims) {
            Ok(token) => self.send(number, Message::RefreshToken(token.expose().clone())),
            Err(error) => tracing::error!(%error, "A token could not be signed"),
        }
    }
}

impl Room {
    /// The numbers of all seats, but one.
    fn numbers(&self, but: Option<SeatNo>) -> Vec<SeatNo> {
        self.seated.values().map(|seated| seated.number).filter(|number| Some(*number) != but).collect()
    }

    /// Drops what nobody can come back with.
    fn forget(&mut self, now: OffsetDateTime) {
        let seated = &self.seated;
        self.known.retain(|id, known| {
            known.waiting.retain(|(_, until)| *until > now);
            seated.contains_key(id) || !known.waiting.is_empty() || known.returns_until > now
        });
    }
}

impl Seated {
    fn track(&mut self, sid: &str) -> Option<&mut Published> {
        self.tracks.iter_mut().find(|track| track.sid.as_str() == sid)
    }
}

impl Published {
    fn public(&self) -> crate::Track {
        crate::Track { id: TrackId(self.sid.as_str().to_owned()), source: self.source, muted: self.info.muted }
    }
}
