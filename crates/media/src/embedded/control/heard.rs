//! What the forwarding unit says.

use std::collections::HashMap;

use fernamt_sfu::{self as sfu, Event, Gone, Refusal, SeatId as SeatNo, Sid, Side};
use livekit_protocol as proto;
use livekit_protocol::{
    participant_info::State,
    request_response::{Reason, Request},
    signal_response::Message,
};

use super::{Control, Effect, Tag, wire};
use crate::{MediaEvent, RoomName, SeatEnd, TrackId};

impl Control {
    /// Something happened in the forwarding unit.
    pub(crate) fn heard(&mut self, event: Event) {
        match event {
            Event::Answer { seat, id, sdp, mids } => {
                self.send(seat, Message::Answer(wire::description("answer", id, sdp, mids)));
            }
            Event::Offer { seat, id, sdp, mids } => {
                self.send(seat, Message::Offer(wire::description("offer", id, sdp, mids)));
            }
            Event::Connected { seat, side: Side::Subscriber } => self.connected(seat),
            Event::Connected { .. } | Event::Disconnected { .. } => {}
            Event::TrackPublished { seat, track } => self.published(seat, &track),
            Event::TrackUnpublished { seat, track } => self.unpublished(seat, &track),
            Event::TrackSubscribed { seat, track } => {
                let track_sid = track.as_str().to_owned();
                self.send(seat, Message::TrackSubscribed(proto::TrackSubscribed { track_sid }));
            }
            Event::CodecRefused { seat, track } => {
                let track_sid = track.as_str().to_owned();
                let err = proto::SubscriptionError::SeCodecUnsupported.into();
                self.send(seat, Message::SubscriptionResponse(proto::SubscriptionResponse { track_sid, err }));
            }
            Event::Speakers { room, changes } => self.speakers(RoomName(uuid::Uuid::from_u128(room.0)), &changes),
            Event::ConnectionQuality { seat, quality, score } => self.quality(seat, quality, score),
            Event::StreamState { seat, track, paused } => self.stream_state(seat, &track, paused),
            Event::WantedQualities { seat, track, wanted } => self.wanted(seat, &track, wanted),
            Event::Data { seat, channel, bytes } => self.data(seat, channel, &bytes),
            Event::Gone { seat, why } => self.gone(seat, why),
            // Which shard hears which address is the sockets' business.
            Event::AddressBound { .. } | Event::AddressReleased { .. } => {}
        }
    }

    /// The forwarding unit has dealt with something that somebody waits for.
    pub(crate) fn answered(&mut self, tag: Tag, result: Result<(), Refusal>) {
        match (tag, result) {
            (Tag::AddTrack(number, sid), Ok(())) => {
                let Some((_, seated)) = self.seated(number) else { return };
                let Some(track) = seated.track(sid.as_str()) else { return };
                let published =
                    proto::TrackPublishedResponse { cid: track.cid.clone(), track: Some(track.info.clone()) };
                self.send(number, Message::TrackPublished(published));
            }
            (Tag::AddTrack(number, sid), Err(refusal)) => {
                let Some((_, seated)) = self.seated(number) else { return };
                let Some(place) = seated.tracks.iter().position(|track| track.sid == sid) else { return };
                let track = seated.tracks.remove(place);
                let reason = match refusal {
                    Refusal::NotAllowed => Reason::NotAllowed,
                    Refusal::Limit(_) => Reason::LimitExceeded,
                    _ => Reason::InvalidRequest,
                };
                let request = proto::AddTrackRequest { cid: track.cid, ..proto::AddTrackRequest::default() };
                self.send(number, wire::response(0, reason, Request::AddTrack(request)));
            }
            (Tag::Unmute(number, sid), Err(_)) => {
                let Some((seat, seated)) = self.seated(number) else { return };
                let Some(track) = seated.track(sid.as_str()) else { return };
                track.info.muted = true;
                let order = proto::MuteTrackRequest { sid: sid.as_str().to_owned(), muted: true };
                self.send(number, Message::Mute(order));
                self.tell_state(seat);
            }
            // An answer to an offer that a newer one replaced is of no use, and no harm.
            (Tag::Answer(_), Err(Refusal::NoSuchOffer)) => {}
            (Tag::Join(number) | Tag::Offer(number) | Tag::Answer(number), Err(refusal)) => {
                tracing::info!(error = %refusal, "The forwarding unit refused a seat");
                self.end(number, SeatEnd::Lost, proto::DisconnectReason::JoinFailure);
            }
            (Tag::Join(_) | Tag::Offer(_) | Tag::Answer(_) | Tag::Unmute(..), Ok(())) => {}
        }
    }

    fn end(&mut self, number: SeatNo, why: SeatEnd, reason: proto::DisconnectReason) {
        if let Some(seat) = self.numbers.get(&number).copied() {
            self.vacate(seat, why, Some(wire::farewell(reason)));
        }
    }

    fn connected(&mut self, number: SeatNo) {
        let Some((seat, seated)) = self.seated(number) else { return };
        if seated.state != State::Active {
            seated.state = State::Active;
            self.tell_state(seat);
            self.event(MediaEvent::SeatConnected(seat));
        }
    }

    fn published(&mut self, number: SeatNo, seen: &sfu::PublishedTrack) {
        let Some((seat, seated)) = self.seated(number) else { return };
        let Some(track) = seated.track(seen.sid.as_str()) else { return };
        wire::complete(track, seen);
        track.live = true;
        let public = track.public();
        self.tell_state(seat);
        self.event(MediaEvent::TrackPublished(seat, public));
    }

    fn unpublished(&mut self, number: SeatNo, sid: &Sid) {
        let Some((seat, seated)) = self.seated(number) else { return };
        let Some(place) = seated.tracks.iter().position(|track| track.sid == *sid) else { return };
        let track = seated.tracks.remove(place);
        let track_sid = sid.as_str().to_owned();
        if track.ended_by_us {
            let order = proto::TrackUnpublishedResponse { track_sid: track_sid.clone() };
            self.send(number, Message::TrackUnpublished(order));
        }
        if track.live {
            self.tell_state(seat);
            self.event(MediaEvent::TrackUnpublished(seat, TrackId(track_sid)));
        }
    }

    fn speakers(&mut self, name: RoomName, changes: &[sfu::Speaker]) {
        let Some(room) = self.rooms.get(&name) else { return };
        let sids: HashMap<SeatNo, &Sid> = room
            .seated
            .values()
            .filter(|seated| wire::seen(seated))
            .map(|seated| (seated.number, &seated.sid))
            .collect();
        let speakers: Vec<_> = changes
            .iter()
            .filter_map(|change| {
                let sid = sids.get(&change.seat)?.as_str().to_owned();
                Some(proto::SpeakerInfo { sid, level: change.level, active: change.active })
            })
            .collect();
        if !speakers.is_empty() {
            let message = Message::SpeakersChanged(proto::SpeakersChanged { speakers });
            self.effects.push(Effect::Send(room.numbers(None), Box::new(message)));
        }
    }

    fn quality(&mut self, number: SeatNo, quality: sfu::ConnectionQuality, score: f32) {
        let Some((seat, seated)) = self.seated(number) else { return };
        let word = match quality {
            sfu::ConnectionQuality::Lost => proto::ConnectionQuality::Lost,
            sfu::ConnectionQuality::Poor => proto::ConnectionQuality::Poor,
            sfu::ConnectionQuality::Good => proto::ConnectionQuality::Good,
            sfu::ConnectionQuality::Excellent => proto::ConnectionQuality::Excellent,
        };
        let participant_sid = seated.sid.as_str().to_owned();
        let info = proto::ConnectionQualityInfo { participant_sid, quality: word.into(), score };
        let message = Message::ConnectionQuality(proto::ConnectionQualityUpdate { updates: vec![info] });
        let hidden = seated.permissions.hidden;
        let Some(room) = self.rooms.get(&seat.room) else { return };
        let to = if hidden { vec![number] } else { room.numbers(None) };
        self.effects.push(Effect::Send(to, Box::new(message)));
    }

    fn stream_state(&mut self, number: SeatNo, sid: &Sid, paused: bool) {
        let Some(seat) = self.numbers.get(&number) else { return };
        let Some(room) = self.rooms.get(&seat.room) else { return };
        let mut publishers = room.seated.values();
        let publisher = publishers.find(|seated| seated.tracks.iter().any(|track| track.sid == *sid));
        let Some(publisher) = publisher else { return };
        let state = if paused { proto::StreamState::Paused } else { proto::StreamState::Active };
        let info = proto::StreamStateInfo {
            participant_sid: publisher.sid.as_str().to_owned(),
            track_sid: sid.as_str().to_owned(),
            state: state.into(),
        };
        self.send(number, Message::StreamStateUpdate(proto::StreamStateUpdate { stream_states: vec![info] }));
    }

    fn wanted(&mut self, number: SeatNo, sid: &Sid, wanted: [bool; 3]) {
        let Some((_, seated)) = self.seated(number) else { return };
        let Some(track) = seated.track(sid.as_str()) else { return };
        let words = [proto::VideoQuality::Low, proto::VideoQuality::Medium, proto::VideoQuality::High];
        let qualities: Vec<_> = words
            .into_iter()
            .zip(wanted)
            .map(|(quality, enabled)| proto::SubscribedQuality { quality: quality.into(), enabled })
            .collect();
        let codec = track.info.mime_type.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let update = proto::SubscribedQualityUpdate {
            track_sid: sid.as_str().to_owned(),
            subscribed_codecs: vec![proto::SubscribedCodec { codec, qualities }],
            ..proto::SubscribedQualityUpdate::default()
        };
        self.send(number, Message::SubscribedQualityUpdate(update));
    }

    fn gone(&mut self, number: SeatNo, why: Gone) {
        let Some(seat) = self.numbers.get(&number).copied() else { return };
        match why {
            // Clients that leave say so by the socket, which may be slower; clients that join anew close without a word.
            // Either comes soon, or the seat is lost.
            Gone::Closed => {
                if let Some((_, seated)) = self.seated(number) {
                    seated.closed = true;
                }
            }
            Gone::Timeout | Gone::TooSlow | Gone::Fault => {
                let again = wire::join_anew(proto::DisconnectReason::ConnectionTimeout);
                self.vacate(seat, SeatEnd::Lost, Some(again));
            }
        }
    }
}
