//! What the feature orders: rooms, tickets, moderation; and the two steps by which a client takes its seat.

use fernamt_domain::rng::{random_bytes, random_token};
use fernamt_sfu::{IceSecrets, Input, Join, MuteBy, RoomId, SeatId as SeatNo};
use livekit_protocol as proto;
use livekit_protocol::signal_response::Message;
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};

use super::{
    Client, Control, Effect, Known, MAX_KNOWN_SEATS, MAX_ROOMS, MAX_WAITING_TICKETS, Pass, Refused, Room, Seated, Tag,
    wire,
};
use crate::{
    MAX_SEATS_PER_ROOM, MAX_TICKET_LIFETIME_S, MediaError, Permissions, Presence, RoomLimits, RoomName, Seat, SeatEnd,
    SeatId, Ticket, TicketFor, Tracks,
    token::{Claims, VideoGrant},
};

/// What a token for a seat says. One with a name of its own is good once, one without as long as nobody withdraws it.
pub(super) fn claims(seat: Seat, known: &Known, until: OffsetDateTime, jti: Option<String>) -> Claims {
    Claims {
        sub: seat.id.to_string(),
        again: jti.is_none(),
        jti: jti.unwrap_or_default(),
        exp: until.unix_timestamp(),
        name: known.name.clone(),
        video: VideoGrant::join(seat.room.to_string(), known.permissions),
        generation: Some(known.generation),
        ..Claims::default()
    }
}

impl Control {
    pub(crate) fn open_room(
        &mut self,
        name: RoomName,
        limits: RoomLimits,
        now: OffsetDateTime,
    ) -> Result<(), MediaError> {
        let limits = RoomLimits { max_seats: limits.max_seats.min(MAX_SEATS_PER_ROOM), ..limits };
        if let Some(room) = self.rooms.get_mut(&name) {
            room.limits = limits;
            room.unused_since = None;
            return Ok(());
        }
        if self.rooms.len() >= MAX_ROOMS {
            return Err(MediaError::TooManyRooms);
        }
        let sid = self.sid("RM").as_str().to_owned();
        let (known, seated) = (HashMap::new(), HashMap::new());
        self.rooms.insert(name, Room { sid, opened_at: now, limits, known, seated, unused_since: None });
        Ok(())
    }

    pub(crate) fn close_room(&mut self, name: RoomName, why: SeatEnd) {
        let Some(room) = self.rooms.get(&name) else { return };
        let seats: Vec<SeatId> = room.seated.keys().copied().collect();
        for id in seats {
            self.vacate(Seat { room: name, id }, why, Some(wire::farewell(wire::disconnect_reason(why))));
        }
        self.rooms.remove(&name);
    }

    /// Sends everybody out of every room.
    pub(crate) fn close_all(&mut self) {
        let names: Vec<RoomName> = self.rooms.keys().copied().collect();
        for name in names {
            self.close_room(name, SeatEnd::Shutdown);
        }
    }

    pub(crate) fn ticket(&mut self, order: &TicketFor, now: OffsetDateTime) -> Result<Ticket, MediaError> {
        let seat = order.seat;
        let room = self.rooms.get_mut(&seat.room).ok_or(MediaError::NoSuchRoom)?;
        if !room.known.contains_key(&seat.id) {
            room.forget(now);
            if room.known.len() >= MAX_KNOWN_SEATS {
                return Err(MediaError::TooManySeats);
            }
        }
        let generation = u64::from_le_bytes(random_bytes(&*self.rng));
        let known = room.known.entry(seat.id).or_insert_with(|| Known {
            generation,
            name: String::new(),
            permissions: order.permissions,
            waiting: Vec::new(),
            returns_until: now,
        });
        known.name.clone_from(&order.name);
        known.permissions = order.permissions;
        known.waiting.retain(|(_, until)| *until > now);
        if known.waiting.len() >= MAX_WAITING_TICKETS {
            known.waiting.remove(0);
        }
        let expires_at = now + Duration::seconds(MAX_TICKET_LIFETIME_S);
        let jti = random_token::<16>(&*self.rng);
        known.waiting.push((jti.clone(), expires_at));
        let claims = claims(seat, known, expires_at, Some(jti));
        Ok(Ticket { url: None, token: self.key.sign(&claims)?, expires_at })
    }

    pub(crate) fn set_permissions(
        &mut self,
        seat: Seat,
        permissions: Permissions,
        now: OffsetDateTime,
    ) -> Result<(), MediaError> {
        let room = self.rooms.get_mut(&seat.room).ok_or(MediaError::NoSuchRoom)?;
        if let Some(known) = room.known.get_mut(&seat.id) {
            known.permissions = permissions;
        }
        let others = room.seated.get(&seat.id).map(|seated| room.numbers(Some(seated.number))).unwrap_or_default();
        let seated = room.seated.get_mut(&seat.id).ok_or(MediaError::NoSuchSeat)?;
        if seated.permissions == permissions {
            return Ok(());
        }
        let vanishes = permissions.hidden && !seated.permissions.hidden;
        seated.permissions = permissions;
        for track in &mut seated.tracks {
            track.ended_by_us |= permissions.hidden || !permissions.publish.allow(track.source);
        }
        let number = seated.number;
        let farewell = vanishes.then(|| {
            let mut gone = wire::participant(seat, seated);
            gone.state = proto::participant_info::State::Disconnected.into();
            gone.tracks.clear();
            gone.version += 1;
            wire::update(gone)
        });
        self.tell_state(seat);
        if let Some(farewell) = farewell {
            self.effects.push(Effect::Send(others, Box::new(farewell)));
        }
        self.shard(Input::Permissions { seat: number, permissions: wire::core_permissions(permissions) });
        self.renew_token(seat, now);
        Ok(())
    }

    pub(crate) fn mute(&mut self, seat: Seat, tracks: &Tracks) -> Result<(), MediaError> {
        let room = self.rooms.get_mut(&seat.room).ok_or(MediaError::NoSuchRoom)?;
        let seated = room.seated.get_mut(&seat.id).ok_or(MediaError::NoSuchSeat)?;
        let number = seated.number;
        let mut muted = Vec::new();
        for track in seated.tracks.iter_mut().filter(|track| tracks.contain(&track.public())) {
            track.info.muted = true;
            muted.push(track.sid.clone());
        }
        if muted.is_empty() && matches!(tracks, Tracks::One(_)) {
            return Err(MediaError::NoSuchTrack);
        }
        for sid in muted {
            let order = proto::MuteTrackRequest { sid: sid.as_str().to_owned(), muted: true };
            self.shard(Input::Mute { seat: number, track: sid, muted: true, by: MuteBy::Host });
            self.send(number, Message::Mute(order));
        }
        self.tell_state(seat);
        Ok(())
    }

    pub(crate) fn stop_video(&mut self, seat: Seat) -> Result<(), MediaError> {
        let room = self.rooms.get_mut(&seat.room).ok_or(MediaError::NoSuchRoom)?;
        let seated = room.seated.get_mut(&seat.id).ok_or(MediaError::NoSuchSeat)?;
        let number = seated.number;
        let mut ended = Vec::new();
        for track in seated.tracks.iter_mut().filter(|track| Tracks::Video.contain(&track.public())) {
            track.ended_by_us = true;
            ended.push(track.sid.clone());
        }
        for track in ended {
            self.shard(Input::RemoveTrack { seat: number, track });
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, seat: Seat) -> Result<(), MediaError> {
        let room = self.rooms.get_mut(&seat.room).ok_or(MediaError::NoSuchRoom)?;
        // Whatever was signed for the seat names a generation that nobody remembers any more.
        room.known.remove(&seat.id);
        let reason = wire::disconnect_reason(SeatEnd::Removed);
        self.vacate(seat, SeatEnd::Removed, Some(wire::farewell(reason)));
        Ok(())
    }

    pub(crate) fn list(&self, name: RoomName) -> Result<Vec<Presence>, MediaError> {
        let room = self.rooms.get(&name).ok_or(MediaError::NoSuchRoom)?;
        let presence = |(id, seated): (&SeatId, &Seated)| Presence {
            seat: Seat { room: name, id: *id },
            name: seated.name.clone(),
            permissions: seated.permissions,
            tracks: seated.tracks.iter().filter(|track| track.live).map(super::Published::public).collect(),
            since: seated.joined_at,
        };
        Ok(room.seated.iter().map(presence).collect())
    }

    /// Looks at a token whose signature and times are good; uses nothing up.
    pub(crate) fn look_at(&self, claims: &Claims, now: OffsetDateTime) -> Result<Seat, Refused> {
        let room = claims.video.room.parse().map(RoomName).map_err(|_| Refused::Invalid)?;
        let id = claims.sub.parse().map(SeatId).map_err(|_| Refused::Invalid)?;
        let known = self.rooms.get(&room).ok_or(Refused::NoSuchRoom)?.known.get(&id).ok_or(Refused::Invalid)?;
        let waits = known.waiting.iter().any(|(jti, until)| *jti == claims.jti && *until > now);
        let good = claims.video.room_join && claims.generation == Some(known.generation) && (claims.again || waits);
        if good { Ok(Seat { room, id }) } else { Err(Refused::Invalid) }
    }

    /// Takes a token whose signature and times are good. A ticket is used up by that.
    pub(crate) fn admit(&mut self, claims: &Claims, now: OffsetDateTime) -> Result<Pass, Refused> {
        let seat = self.look_at(claims, now)?;
        let room = self.rooms.get_mut(&seat.room).ok_or(Refused::NoSuchRoom)?;
        let known = room.known.get_mut(&seat.id).ok_or(Refused::Invalid)?;
        let taken = usize::try_from(room.limits.max_seats).unwrap_or(usize::MAX);
        if room.seated.len() >= taken && !room.seated.contains_key(&seat.id) {
            return Err(Refused::Full);
        }
        if !claims.again {
            known.waiting.retain(|(jti, _)| *jti != claims.jti);
        }
        // What came between the look at the token and the join must not forget the seat.
        known.returns_until = known.returns_until.max(now + Duration::seconds(MAX_TICKET_LIFETIME_S));
        Ok(Pass { seat, generation: known.generation })
    }

    /// Whoever holds a pass sits down. The first message to the seat is the answer to its join.
    pub(crate) fn join(&mut self, pass: Pass, client: Client, now: OffsetDateTime) -> Result<SeatNo, Refused> {
        let seat = pass.seat;
        let room = self.rooms.get(&seat.room).ok_or(Refused::NoSuchRoom)?;
        let known = room.known.get(&seat.id).filter(|known| known.generation == pass.generation);
        let known = known.ok_or(Refused::Invalid)?;
        let (name, permissions) = (known.name.clone(), known.permissions);
        let full = room.seated.len() >= usize::try_from(room.limits.max_seats).unwrap_or(usize::MAX);
        if full && !room.seated.contains_key(&seat.id) {
            return Err(Refused::Full);
        }
        let reason = wire::disconnect_reason(SeatEnd::Replaced);
        self.vacate(seat, SeatEnd::Replaced, Some(wire::farewell(reason)));

        let number = SeatNo(self.next_number);
        self.next_number += 1;
        let sid = self.sid("PA");
        let auto_subscribe = client.auto_subscribe;
        let seated = Seated {
            number,
            sid: sid.clone(),
            name,
            metadata: String::new(),
            attributes: HashMap::new(),
            permissions,
            state: proto::participant_info::State::Joined,
            version: 1,
            joined_at: now,
            client,
            tracks: Vec::new(),
            allowed: None,
            renew_at: now,
            silent_since: None,
            closed: false,
        };
        let secrets = IceSecrets { publisher: random_bytes(&*self.rng), subscriber: random_bytes(&*self.rng) };
        let Some(room) = self.rooms.get_mut(&seat.room) else { return Err(Refused::NoSuchRoom) };
        let others = room.seated.iter().filter(|(_, other)| wire::seen(other));
        let others = others.map(|(id, other)| wire::participant(Seat { room: seat.room, id: *id }, other)).collect();
        let own = wire::participant(seat, &seated);
        let everyone = room.numbers(None);
        room.seated.insert(seat.id, seated);
        let may_publish = permissions.publish.any() && !permissions.hidden;
        let answer = wire::join(own.clone(), others, wire::room(seat.room, room), may_publish);
        self.numbers.insert(number, seat);
        self.send(number, answer);
        if !permissions.hidden {
            self.effects.push(Effect::Send(everyone, Box::new(wire::update(own))));
        }
        let join = Join {
            seat: number,
            room: RoomId(seat.room.0.as_u128()),
            name: sid,
            permissions: wire::core_permissions(permissions),
            auto_subscribe,
            addresses: self.addresses.clone(),
            secrets,
        };
        self.effects.push(Effect::Shard(Input::Join(join), Some(Tag::Join(number))));
        self.renew_token(seat, now);
        self.tell_of(seat);
        Ok(number)
    }

    /// The socket of a seat is gone; the seat is kept for a while.
    pub(crate) fn silent(&mut self, number: SeatNo, now: OffsetDateTime) {
        if let Some((_, seated)) = self.seated(number) {
            seated.silent_since = Some(now);
        }
    }

    /// A seat does not read what it is sent.
    pub(crate) fn overrun(&mut self, number: SeatNo) {
        if let Some(seat) = self.numbers.get(&number).copied() {
            self.vacate(seat, SeatEnd::Lost, None);
        }
    }
}
