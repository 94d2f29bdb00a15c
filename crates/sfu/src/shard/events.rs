//! What str0m reports, and what is looked after regularly.

use std::time::Duration;

use str0m::{Event as RtcEvent, IceConnectionState, bwe::BweKind, media::Mid};

use super::{
    Shard,
    bandwidth::{ALLOCATE_EVERY, GROW_EVERY},
    seat::Slot,
};
use crate::{
    ids::{Channel, Kind, RoomId, Side},
    limits::CONNECT_TIMEOUT_S,
    output::{Event, Gone, Speaker},
};

/// What is of use to subscribers is looked at once in so many rounds of care.
const TELL_EVERY_ROUNDS: u32 = 3;

impl Shard {
    pub(super) fn on_event(&mut self, slot: Slot, side: Side, event: RtcEvent) {
        match event {
            RtcEvent::RtpPacket(packet) if side == Side::Publisher => self.packet(slot, &packet),
            RtcEvent::Connected => {
                if let Some(peer) = self.peer(slot, side) {
                    peer.secured = true;
                }
                self.stands(slot, side, true);
            }
            RtcEvent::IceConnectionStateChange(state) => {
                let stands = matches!(state, IceConnectionState::Connected | IceConnectionState::Completed);
                self.stands(slot, side, stands);
            }
            RtcEvent::ChannelOpen(id, label) => {
                let (Some(channel), Some(seat)) = (Channel::from_label(&label), self.seat(slot)) else { return };
                match side {
                    Side::Publisher if seat.channels_in.len() < 8 => {
                        seat.channels_in.insert(id, channel);
                    }
                    Side::Publisher => {}
                    Side::Subscriber => {
                        if let Some(place) = seat.channels_out.get_mut(channel.index()) {
                            *place = Some(id);
                        }
                        self.flush(slot);
                    }
                }
            }
            RtcEvent::ChannelClose(id) => {
                if let Some(seat) = self.seat(slot) {
                    seat.channels_in.remove(&id);
                }
            }
            RtcEvent::ChannelData(data) if side == Side::Publisher => self.data_in(slot, data.id, data.data),
            RtcEvent::ChannelBufferedAmountLow(_) => self.flush(slot),
            RtcEvent::KeyframeRequest(request) if side == Side::Subscriber => self.keyframe_wanted(slot, request.mid),
            RtcEvent::EgressBitrateEstimate(BweKind::Twcc { estimate, .. }) if side == Side::Subscriber => {
                let now = self.now;
                let Some(seat) = self.seat(slot) else { return };
                let less = estimate.as_u64() < seat.allocated_bps;
                let short = seat.allocated_bps < seat.wanted_bps && estimate.as_u64() > seat.estimate_bps;
                let lately = seat.allocated_at.is_some_and(|at| now.saturating_duration_since(at) < GROW_EVERY);
                // The first one is what it was told to begin with.
                seat.estimated |= estimate.as_u64() != seat.estimate_bps;
                seat.estimate_bps = estimate.as_u64();
                // Less than is being sent is acted upon at once, more soon where something is missing, all else when
                // the shares are made anew.
                if less || (short && !lately) {
                    self.allocate(slot);
                }
            }
            RtcEvent::PeerStats(stats) => {
                let loss = match side {
                    Side::Publisher => stats.ingress_loss_fraction,
                    Side::Subscriber => stats.egress_loss_fraction,
                };
                if let Some(peer) = self.peer(slot, side) {
                    peer.loss = loss.unwrap_or(0.0);
                }
                if let (Side::Subscriber, Some(seat)) = (side, self.seat(slot)) {
                    seat.measured = true;
                }
            }
            _ => {}
        }
    }

    /// A connection stands or falls.
    fn stands(&mut self, slot: Slot, side: Side, stands: bool) {
        let now = self.now;
        let Some(peer) = self.peer(slot, side) else { return };
        let connected = stands && peer.secured;
        if peer.connected == connected {
            return;
        }
        peer.connected = connected;
        peer.lost_at = now;
        let Some(seat) = self.seat(slot) else { return };
        let id = seat.id;
        self.event(if connected {
            Event::Connected { seat: id, side }
        } else {
            Event::Disconnected { seat: id, side }
        });
        if connected && side == Side::Subscriber {
            self.allocate(slot);
        }
    }

    /// A subscriber's decoder cannot go on.
    fn keyframe_wanted(&mut self, slot: Slot, mid: Mid) {
        let Some(seat) = self.seat(slot) else { return };
        let Some(sub) = seat.subs.iter().flatten().find(|sub| sub.mid == Some(mid)) else { return };
        let Some(quality) = sub.choice.current().or(sub.choice.target()) else { return };
        let (publisher, sid) = (sub.publisher, sub.track.clone());
        self.want_keyframe(publisher, &sid, quality);
    }

    /// Regular care: shares, keyframes asked for again, who speaks, who is lost.
    pub(super) fn care(&mut self) {
        let now = self.now;
        self.rounds = self.rounds.wrapping_add(1);
        for slot in 0..self.seats.len() {
            let Some(seat) = self.seat(slot) else { continue };
            let lost = now.saturating_duration_since(seat.subscriber.lost_at);
            let gone = !seat.subscriber.connected && lost >= Duration::from_secs(CONNECT_TIMEOUT_S);
            if gone || seat.owes_answer(now) {
                self.end(slot, Gone::Timeout);
                continue;
            }
            let video = seat.subs.iter().flatten().any(|sub| sub.kind == Kind::Video);
            let due = seat.allocated_at.is_none_or(|at| now.saturating_duration_since(at) >= ALLOCATE_EVERY);
            if video && (due || seat.asking.due(now)) {
                self.allocate(slot);
            }
            self.ask_again(slot);
            self.flush(slot);
            self.judge(slot);
        }
        let due: Vec<RoomId> = self.rooms.iter().filter(|(_, room)| room.look_at <= now).map(|(id, _)| *id).collect();
        for room in due {
            self.look(room);
        }
    }

    /// Keyframes that were asked for and did not come.
    fn ask_again(&mut self, slot: Slot) {
        let now = self.now;
        let tell = self.rounds.is_multiple_of(TELL_EVERY_ROUNDS);
        let Some(seat) = self.seat(slot) else { return };
        let mut due = Vec::new();
        let mut videos = Vec::new();
        for track in &seat.tracks {
            if tell && track.new.kind == Kind::Video {
                videos.push(track.new.sid.clone());
            }
            for encoding in &track.encodings {
                if !track.quiet() && encoding.keyframes.due().is_some_and(|at| at <= now) {
                    due.push((track.new.sid.clone(), encoding.quality));
                }
            }
        }
        for (sid, quality) in due {
            self.want_keyframe(slot, &sid, quality);
        }
        for sid in videos {
            self.tell_wanted(slot, &sid);
        }
    }

    /// How good a seat's connection is, after each measurement.
    fn judge(&mut self, slot: Slot) {
        let Some(seat) = self.seat(slot) else { return };
        let stands = seat.subscriber.connected;
        if !seat.measured && stands {
            return;
        }
        if !stands && !seat.subscriber.secured {
            return;
        }
        seat.measured = false;
        let up = seat.publisher.as_ref().map_or(0.0, |peer| peer.loss);
        let starved = seat.starved();
        let told = seat.quality.look(seat.subscriber.loss.max(up), starved, stands);
        let id = seat.id;
        if let Some((quality, score)) = told {
            self.event(Event::ConnectionQuality { seat: id, quality, score });
        }
    }

    /// Who speaks in a room.
    fn look(&mut self, room: RoomId) {
        let next = self.next_look();
        if let Some(room) = self.rooms.get_mut(&room) {
            room.look_at = next;
        }
        let mut changes: Vec<Speaker> = Vec::new();
        for slot in self.slots_of(room) {
            let Some(seat) = self.seat(slot) else { continue };
            let id = seat.id;
            let spoke = seat.speaks();
            let told: Vec<_> = seat.tracks.iter_mut().filter_map(|track| track.levels.look()).collect();
            let speaks = seat.speaks();
            let loudest = told.iter().map(|change| change.level).fold(0.0, f32::max);
            if speaks && !told.is_empty() && loudest > 0.0 {
                changes.push(Speaker { seat: id, level: loudest, active: true });
            } else if spoke && !speaks {
                changes.push(Speaker { seat: id, level: 0.0, active: false });
            }
        }
        if !changes.is_empty() {
            changes.sort_by(|one, other| other.level.total_cmp(&one.level));
            self.event(Event::Speakers { room, changes });
        }
    }
}
