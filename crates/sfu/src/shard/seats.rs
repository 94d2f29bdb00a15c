//! Sitting down, getting up, and what a seat may do.

use std::collections::HashSet;

use super::{
    Room, Shard,
    peer::Peer,
    seat::{Seat, Slot},
};
use crate::{
    front::IceName,
    ids::{SeatId, Side},
    input::{Allowed, Join, Permissions},
    limits::{MAX_CANDIDATES, MAX_SEATS_PER_ROOM, MAX_SEATS_PER_SHARD, MAX_WISHES_PER_SEAT},
    output::{Event, Gone, Refusal},
};

impl Shard {
    pub(super) fn join(&mut self, join: Join) -> Result<(), Refusal> {
        if self.by_id.contains_key(&join.seat) {
            return Err(Refusal::SeatTaken);
        }
        if self.by_id.len() >= MAX_SEATS_PER_SHARD {
            return Err(Refusal::Limit("seats in a shard"));
        }
        if self.rooms.get(&join.room).is_some_and(|room| room.slots.len() >= MAX_SEATS_PER_ROOM) {
            return Err(Refusal::Limit("seats in a room"));
        }
        if join.addresses.len() > MAX_CANDIDATES {
            return Err(Refusal::Limit("candidate addresses"));
        }
        let (id, room) = (join.seat, join.room);
        let subscriber = self.new_peer(&join, Side::Subscriber)?;
        let seat = Box::new(Seat::new(join, subscriber, self.config.initial_bitrate_bps));
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.seats.push(None);
                self.seats.len() - 1
            }
        };
        if let Some(place) = self.seats.get_mut(slot) {
            *place = Some(seat);
        }
        self.by_id.insert(id, slot);
        let look_at = self.next_look();
        let others = self.slots_of(room);
        self.rooms.entry(room).or_insert_with(|| Room { slots: Vec::new(), look_at }).slots.push(slot);
        for other in others {
            self.reconsider_all(slot, other);
        }
        self.offers.push(slot);
        Ok(())
    }

    pub(super) fn new_peer(&self, join: &Join, side: Side) -> Result<Peer, Refusal> {
        let name = IceName { shard: self.config.number, seat: join.seat, side };
        let secret = match side {
            Side::Publisher => &join.secrets.publisher,
            Side::Subscriber => &join.secrets.subscriber,
        };
        Peer::new(&self.config, (&self.crypto, &self.cert), &name, secret, &join.addresses, self.now)
    }

    /// Empties a seat; its tracks end for the others.
    pub(super) fn remove(&mut self, slot: Slot) {
        let Some(seat) = self.seat(slot) else { return };
        let tracks: Vec<_> = seat.tracks.iter().map(|track| track.new.sid.clone()).collect();
        for sid in tracks {
            self.unpublish(slot, &sid);
        }
        let Some(seat) = self.seat(slot) else { return };
        for index in 0..seat.subs.len() {
            self.unsubscribe(slot, index);
        }
        let Some(seat) = self.seats.get_mut(slot).and_then(Option::take) else { return };
        let sides = [Some(&seat.subscriber), seat.publisher.as_ref()];
        let addresses: Vec<_> = sides.into_iter().flatten().flat_map(|peer| peer.addresses.iter().copied()).collect();
        for address in addresses {
            self.release(address);
        }
        self.by_id.remove(&seat.id);
        if let Some(room) = self.rooms.get_mut(&seat.join.room) {
            room.slots.retain(|other| *other != slot);
            if room.slots.is_empty() {
                self.rooms.remove(&seat.join.room);
            }
        }
        self.free.push(slot);
    }

    /// The core itself ends a seat.
    pub(super) fn end(&mut self, slot: Slot, why: Gone) {
        let Some(seat) = self.seat(slot) else { return };
        let id = seat.id;
        self.remove(slot);
        self.event(Event::Gone { seat: id, why });
    }

    pub(super) fn permit(&mut self, id: SeatId, permissions: Permissions) -> Result<(), Refusal> {
        let slot = self.slot(id)?;
        let Some(seat) = self.seat(slot) else { return Err(Refusal::UnknownSeat) };
        seat.join.permissions = permissions;
        let ended: Vec<_> = seat
            .tracks
            .iter()
            .filter(|track| !seat.join.permissions.publish.covers(track.new.source))
            .map(|track| track.new.sid.clone())
            .collect();
        for sid in ended {
            self.unpublish(slot, &sid);
        }
        self.reconsider_from(slot);
        Ok(())
    }

    pub(super) fn allow(&mut self, id: SeatId, allowed: Allowed) -> Result<(), Refusal> {
        if let Allowed::Only(list) = &allowed {
            let named: usize = list.values().map(|tracks| 1 + tracks.as_ref().map_or(0, HashSet::len)).sum();
            if named > MAX_WISHES_PER_SEAT {
                return Err(Refusal::Limit("subscription permissions"));
            }
        }
        let slot = self.slot(id)?;
        let Some(seat) = self.seat(slot) else { return Err(Refusal::UnknownSeat) };
        seat.allowed = allowed;
        let room = seat.join.room;
        for other in self.slots_of(room) {
            self.reconsider_all(other, slot);
        }
        Ok(())
    }
}
