//! What a seat publishes: announcements, offers, and which section carries which track.

use str0m::{change::SdpOffer, media::Mid};

use super::{
    Shard,
    seat::{Slot, Track},
};
use crate::{
    ids::{Kind, SeatId, Sid, Side},
    input::{MuteBy, NewTrack},
    limits::{MAX_ENCODINGS_PER_TRACK, MAX_SDP_BYTES, MAX_SECTIONS, MAX_TRACKS_PER_SEAT},
    output::{Event, Refusal, Speaker},
    sdp::{self, Section, Wish},
};

/// What descriptions are refused for that str0m would stumble over.
pub(super) const TWO_MEANINGS: &str = "a payload type has two meanings";

impl Shard {
    pub(super) fn publisher_offer(&mut self, id: SeatId, number: u32, sdp: &str) -> Result<(), Refusal> {
        let slot = self.slot(id)?;
        if sdp.len() > MAX_SDP_BYTES {
            return Err(Refusal::Limit("bytes in a session description"));
        }
        let sections = sdp::sections(sdp);
        if sections.len() > MAX_SECTIONS {
            return Err(Refusal::Limit("sections in a session description"));
        }
        let offer = SdpOffer::from_sdp_string(sdp).map_err(|error| Refusal::Sdp(error.to_string()))?;
        let Some(seat) = self.seat(slot) else { return Err(Refusal::UnknownSeat) };
        if seat.publisher.is_none() {
            let join = seat.join.clone();
            let peer = self.new_peer(&join, Side::Publisher)?;
            if let Some(seat) = self.seat(slot) {
                seat.publisher = Some(peer);
            }
        }
        let Some(peer) = self.peer(slot, Side::Publisher) else { return Err(Refusal::UnknownSeat) };
        if !peer.types.learn(sdp) {
            return Err(Refusal::Sdp(TWO_MEANINGS.to_owned()));
        }
        let answer = peer.rtc.sdp_api().accept_offer(offer).map_err(|error| Refusal::Sdp(error.to_string()));
        self.enqueue(slot, Side::Publisher);
        let answer = answer?.to_sdp_string();
        self.match_sections(slot, &sections);
        let Some(seat) = self.seat(slot) else { return Err(Refusal::UnknownSeat) };
        let wish = |track: &Track| {
            let red = track.new.red && !track.new.encrypted;
            Some(Wish { mid: track.mid?.to_string(), codec: track.new.codec, red })
        };
        let wishes: Vec<_> = seat.tracks.iter().filter_map(wish).collect();
        let answer = sdp::tailored(&answer, &wishes);
        let mids =
            seat.tracks.iter().filter_map(|track| Some((track.mid?.to_string(), track.new.sid.clone()))).collect();
        self.event(Event::Answer { seat: id, id: number, sdp: answer, mids });
        Ok(())
    }

    pub(super) fn add_track(&mut self, id: SeatId, new: NewTrack) -> Result<(), Refusal> {
        let slot = self.slot(id)?;
        let Some(seat) = self.seat(slot) else { return Err(Refusal::UnknownSeat) };
        if !seat.join.permissions.publish.covers(new.source) {
            return Err(Refusal::NotAllowed);
        }
        if seat.tracks.len() >= MAX_TRACKS_PER_SEAT {
            return Err(Refusal::Limit("tracks"));
        }
        if new.layers.len() > MAX_ENCODINGS_PER_TRACK {
            return Err(Refusal::Limit("encodings of a track"));
        }
        if seat.track(&new.sid).is_some() {
            return Err(Refusal::Limit("tracks of one name"));
        }
        let mut track = Track::new(new);
        // The offer may have come before the announcement.
        let named = |(_, _, name): &(Mid, Kind, Option<String>)| name.as_deref() == Some(track.new.cid.as_str());
        let of_kind = |(_, kind, _): &(Mid, Kind, Option<String>)| *kind == track.new.kind;
        let place = seat.unbound.iter().position(named).or_else(|| seat.unbound.iter().position(of_kind));
        if let Some(place) = place {
            let (mid, _, _) = seat.unbound.remove(place);
            track.mid = Some(mid);
        }
        seat.tracks.push(track);
        Ok(())
    }

    pub(super) fn remove_track(&mut self, id: SeatId, sid: &Sid) -> Result<(), Refusal> {
        let slot = self.slot(id)?;
        if self.seat(slot).is_none_or(|seat| seat.track(sid).is_none()) {
            return Err(Refusal::UnknownTrack);
        }
        self.unpublish(slot, sid);
        Ok(())
    }

    /// Binds tracks to the sections that send, and ends those whose section no longer does.
    fn match_sections(&mut self, slot: Slot, sections: &[Section]) {
        for section in sections {
            let (Some(kind), mid) = (section.kind, Mid::from(section.mid.as_str())) else { continue };
            let Some(seat) = self.seat(slot) else { return };
            seat.unbound.retain(|(other, ..)| *other != mid);
            let held = seat.tracks.iter().find(|track| track.mid == Some(mid));
            let waiting = |track: &Track| track.mid.is_none() && track.new.kind == kind;
            let named = seat
                .tracks
                .iter()
                .find(|track| waiting(track) && section.track.as_deref() == Some(track.new.cid.as_str()))
                .map(|track| track.new.sid.clone());
            // A section stays with its track until it falls silent or carries another one.
            let ended = held.filter(|_| !section.sends || named.is_some()).map(|track| track.new.sid.clone());
            let keeps = held.is_some() && ended.is_none();
            if let Some(sid) = ended {
                self.unpublish(slot, &sid);
            }
            if !section.sends || keeps {
                continue;
            }
            let Some(seat) = self.seat(slot) else { return };
            let chosen =
                named.or_else(|| seat.tracks.iter().find(|track| waiting(track)).map(|track| track.new.sid.clone()));
            match chosen.and_then(|sid| seat.track_mut(&sid)) {
                Some(track) => {
                    track.mid = Some(mid);
                    track.simulcast = section.simulcast;
                }
                None => seat.unbound.push((mid, kind, section.track.clone())),
            }
        }
    }

    /// Ends a track for everybody.
    pub(super) fn unpublish(&mut self, slot: Slot, sid: &Sid) {
        let Some(seat) = self.seat(slot) else { return };
        let Some(place) = seat.tracks.iter().position(|track| track.new.sid == *sid) else { return };
        let mut track = seat.tracks.remove(place);
        seat.sources.retain(|_, (of, _)| of != sid);
        let (id, room) = (seat.id, seat.join.room);
        let spoke = track.levels.silence().is_some() && !seat.speaks();
        for held in &track.subscribers {
            self.unsubscribe(held.slot, held.index);
        }
        if track.params.is_some() {
            self.event(Event::TrackUnpublished { seat: id, track: sid.clone() });
        }
        if spoke {
            let changes = vec![Speaker { seat: id, level: 0.0, active: false }];
            self.event(Event::Speakers { room, changes });
        }
    }

    pub(super) fn mute(&mut self, id: SeatId, sid: &Sid, muted: bool, by: MuteBy) -> Result<(), Refusal> {
        let slot = self.slot(id)?;
        let Some(seat) = self.seat(slot) else { return Err(Refusal::UnknownSeat) };
        let may_lift = seat.join.permissions.unmute;
        let room = seat.join.room;
        let track = seat.track_mut(sid).ok_or(Refusal::UnknownTrack)?;
        match (by, muted) {
            (MuteBy::Owner, false) if track.silenced && !may_lift => return Err(Refusal::NotAllowed),
            (MuteBy::Owner, false) => (track.muted, track.silenced) = (false, false),
            (MuteBy::Owner, true) => track.muted = true,
            (MuteBy::Host, _) => track.silenced = muted,
        }
        let quiet = track.quiet();
        if quiet && track.levels.silence().is_some() {
            let changes = vec![Speaker { seat: id, level: 0.0, active: false }];
            self.event(Event::Speakers { room, changes });
        }
        // What was sent before does not fit to what will come.
        self.interrupt(slot, sid);
        Ok(())
    }

    /// All subscribers of a track begin anew with what comes next.
    fn interrupt(&mut self, slot: Slot, sid: &Sid) {
        let Some(track) = self.seat(slot).and_then(|seat| seat.track(sid)) else { return };
        for held in track.subscribers.clone() {
            let sub = self.seat(held.slot).and_then(|seat| seat.subs.get_mut(held.index)?.as_mut());
            if let Some(sub) = sub {
                sub.choice.broken();
                sub.source = None;
            }
            self.allocate(held.slot);
        }
    }
}
