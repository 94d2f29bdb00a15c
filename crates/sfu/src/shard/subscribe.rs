//! Who receives what: wishes, settings, grants and limits make subscriptions.

use std::collections::HashSet;

use super::{
    Shard,
    seat::{Slot, SubRef, Subscription},
};
use crate::{
    ids::{Kind, SeatId, Sid},
    input::TrackSetting,
    limits::{MAX_SUBSCRIPTIONS_PER_SEAT, MAX_WISHES_PER_SEAT},
    output::{Event, Refusal},
    route::{continuity::Continuity, layer::Choice, picture::Pictures},
};

impl Shard {
    pub(super) fn wish(&mut self, id: SeatId, tracks: Vec<Sid>, wanted: bool) -> Result<(), Refusal> {
        let slot = self.slot(id)?;
        let Some(seat) = self.seat(slot) else { return Err(Refusal::UnknownSeat) };
        let new = tracks.iter().filter(|sid| !seat.wishes.contains_key(*sid)).count();
        if seat.wishes.len() + new > MAX_WISHES_PER_SEAT {
            return Err(Refusal::Limit("subscription wishes"));
        }
        if wanted && !seat.join.permissions.subscribe {
            return Err(Refusal::NotAllowed);
        }
        // Who says again what was said costs nothing.
        let changed: HashSet<Sid> =
            tracks.into_iter().filter(|sid| seat.wishes.insert(sid.clone(), wanted) != Some(wanted)).collect();
        if !changed.is_empty() {
            let room = seat.join.room;
            for other in self.slots_of(room) {
                self.reconsider_among(slot, other, |sid| changed.contains(sid));
            }
        }
        Ok(())
    }

    pub(super) fn setting(&mut self, id: SeatId, tracks: Vec<Sid>, setting: TrackSetting) -> Result<(), Refusal> {
        let slot = self.slot(id)?;
        let Some(seat) = self.seat(slot) else { return Err(Refusal::UnknownSeat) };
        let new = tracks.iter().filter(|sid| !seat.settings.contains_key(*sid)).count();
        if seat.settings.len() + new > MAX_WISHES_PER_SEAT {
            return Err(Refusal::Limit("track settings"));
        }
        for sid in tracks {
            seat.settings.insert(sid, setting);
        }
        self.allocate(slot);
        Ok(())
    }

    /// Looks again at what a seat receives from all others.
    pub(super) fn reconsider_from(&mut self, slot: Slot) {
        let Some(seat) = self.seat(slot) else { return };
        let room = seat.join.room;
        for other in self.slots_of(room) {
            self.reconsider_all(slot, other);
        }
    }

    /// Looks again at what a seat receives from one other.
    pub(super) fn reconsider_all(&mut self, slot: Slot, publisher: Slot) {
        self.reconsider_among(slot, publisher, |_| true);
    }

    fn reconsider_among(&mut self, slot: Slot, publisher: Slot, which: impl Fn(&Sid) -> bool) {
        let Some(seat) = self.seat(publisher) else { return };
        let sids: Vec<_> = seat.tracks.iter().map(|track| &track.new.sid).filter(|sid| which(sid)).cloned().collect();
        for sid in sids {
            self.reconsider(slot, publisher, &sid);
        }
    }

    /// Subscribes or unsubscribes, as grants and wishes say.
    pub(super) fn reconsider(&mut self, slot: Slot, publisher: Slot, sid: &Sid) {
        if slot == publisher {
            return;
        }
        self.looks += 1;
        let Some(seat) = self.seat(slot) else { return };
        let id = seat.id;
        let wanted = seat.join.permissions.subscribe
            && seat.wishes.get(sid).copied().unwrap_or(seat.join.auto_subscribe)
            && !seat.refused.contains(sid);
        let held = seat.held.get(sid).copied();
        let Some(source) = self.seat(publisher) else { return };
        let offered = source.lets(id, sid);
        let Some(track) = source.track(sid).filter(|track| track.params.is_some()) else { return };
        let kind = track.new.kind;
        let clock_hz = match kind {
            Kind::Audio => 48_000,
            Kind::Video => 90_000,
        };
        match (wanted && offered, held) {
            (true, None) => self.subscribe(slot, publisher, sid, kind, clock_hz),
            (false, Some(index)) => self.unsubscribe(slot, index),
            _ => {}
        }
    }

    fn subscribe(&mut self, slot: Slot, publisher: Slot, sid: &Sid, kind: Kind, clock_hz: u32) {
        let Some(seat) = self.seat(slot) else { return };
        if seat.live_subs() >= MAX_SUBSCRIPTIONS_PER_SEAT {
            tracing::debug!("A seat has as many subscriptions as it may");
            return;
        }
        let sub = Subscription {
            publisher,
            track: sid.clone(),
            kind,
            mid: None,
            sending: None,
            choice: Choice::default(),
            continuity: Continuity::new(clock_hz),
            pictures: Pictures::default(),
            source: None,
            paused: false,
            most: None,
        };
        let index = match seat.subs.iter().position(Option::is_none) {
            Some(index) => index,
            None => {
                seat.subs.push(None);
                seat.subs.len() - 1
            }
        };
        if let Some(place) = seat.subs.get_mut(index) {
            *place = Some(sub);
        }
        seat.held.insert(sid.clone(), index);
        seat.negotiation.needed = true;
        self.offers.push(slot);
        let Some(source) = self.seat(publisher) else { return };
        let id = source.id;
        let Some(track) = source.track_mut(sid) else { return };
        track.subscribers.push(SubRef { slot, index });
        if !std::mem::replace(&mut track.told_subscribed, true) {
            self.event(Event::TrackSubscribed { seat: id, track: sid.clone() });
        }
    }

    /// Ends a subscription; its section is stopped with the next offer.
    pub(super) fn unsubscribe(&mut self, slot: Slot, index: usize) {
        let Some(seat) = self.seat(slot) else { return };
        let Some(sub) = seat.subs.get_mut(index).and_then(Option::take) else { return };
        seat.held.remove(&sub.track);
        if let Some(mid) = sub.mid {
            seat.stopped.push(mid);
            seat.negotiation.needed = true;
            self.offers.push(slot);
        }
        if let Some(track) = self.seat(sub.publisher).and_then(|source| source.track_mut(&sub.track)) {
            track.subscribers.retain(|held| *held != SubRef { slot, index });
        }
    }
}
