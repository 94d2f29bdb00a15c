//! What clients ask for.

#![expect(deprecated, reason = "clients of the frozen version read and write these fields")]

use std::collections::HashMap;

use fernamt_sfu::{
    Allowed, Input, Kind, Layer, MuteBy, NewTrack, Quality, SeatId as SeatNo, Sid, TrackSetting, VideoCodec,
};
use livekit_protocol as proto;
use livekit_protocol::{
    request_response::{Reason, Request},
    signal_request::Message as Asked,
    signal_response::Message,
};
use time::OffsetDateTime;

use super::{Control, Effect, MAX_METADATA_BYTES, MAX_NAME_BYTES, Published, Seated, Tag, wire};
use crate::{MediaEvent, Seat, SeatEnd, SeatId, words};

/// The most bytes of the words that describe a track.
const MAX_TRACK_WORDS_BYTES: usize = 512;

/// The most tracks that one wish names.
pub(super) const MAX_TRACKS_PER_WISH: usize = 1000;

/// The most pixels of a side that somebody may speak of.
const MAX_SIDE_PIXELS: u32 = 16_384;

impl Control {
    /// A client asks for something. What is not for us, or makes no sense, changes nothing.
    pub(crate) fn request(&mut self, number: SeatNo, asked: Asked, now: OffsetDateTime) {
        if !self.numbers.contains_key(&number) {
            return;
        }
        match asked {
            Asked::Offer(offer) => self.effects.push(Effect::Shard(
                Input::PublisherOffer { seat: number, id: offer.id, sdp: offer.sdp },
                Some(Tag::Offer(number)),
            )),
            Asked::Answer(answer) => {
                let input = Input::SubscriberAnswer { seat: number, id: answer.id, sdp: answer.sdp };
                self.effects.push(Effect::Shard(input, Some(Tag::Answer(number))));
            }
            Asked::AddTrack(request) => self.add_track(number, request),
            Asked::Mute(request) => self.mute_own(number, &request),
            Asked::Subscription(wish) => {
                let named = wish.participant_tracks.into_iter().flat_map(|tracks| tracks.track_sids);
                let tracks = sids(wish.track_sids.into_iter().chain(named));
                self.shard(Input::Subscribe { seat: number, tracks, wanted: wish.subscribe });
            }
            Asked::TrackSetting(wish) => self.track_setting(number, wish),
            Asked::SubscriptionPermission(permission) => self.allow(number, permission),
            Asked::UpdateMetadata(request) => self.update_metadata(number, request),
            Asked::UpdateAudioTrack(request) => self.audio_features(number, request),
            Asked::Leave(_) => {
                if let Some(seat) = self.numbers.get(&number).copied() {
                    self.vacate(seat, SeatEnd::Left, None);
                }
            }
            Asked::Ping(at) => self.send(number, Message::Pong(at)),
            Asked::PingReq(ping) => {
                let timestamp = i64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
                let pong = proto::Pong { last_ping_timestamp: ping.timestamp, timestamp };
                self.send(number, Message::PongResp(pong));
            }
            Asked::UpdateVideoTrack(request) => self.refuse(number, 0, Request::UpdateVideoTrack(request)),
            Asked::PublishDataTrackRequest(request) => self.refuse(number, 0, Request::PublishDataTrack(request)),
            Asked::UnpublishDataTrackRequest(request) => self.refuse(number, 0, Request::UnpublishDataTrack(request)),
            // Our candidates stand in the descriptions, and the client's are learned from its checks.
            Asked::Trickle(_) | Asked::SyncState(_) | Asked::UpdateLayers(_) | Asked::Simulate(_) => {}
            Asked::UpdateDataSubscription(_) | Asked::StoreDataBlobRequest(_) | Asked::GetDataBlobRequest(_) => {}
        }
    }

    fn refuse(&mut self, number: SeatNo, request_id: u32, request: Request) {
        self.send(number, wire::response(request_id, Reason::UnsupportedType, request));
    }

    fn add_track(&mut self, number: SeatNo, request: proto::AddTrackRequest) {
        let sid = self.sid("TR");
        let Some(seat) = self.numbers.get(&number).copied() else { return };
        let Some(room) = self.rooms.get_mut(&seat.room) else { return };
        let limit = usize::from(room.limits.max_tracks_per_seat);
        let Some(seated) = room.seated.get_mut(&seat.id) else { return };
        let source = words::source(request.source());
        let words = request.cid.len() + request.name.len() + request.stream.len();
        let reason = if seated.permissions.hidden || !seated.permissions.publish.allow(source) {
            Some(Reason::NotAllowed)
        } else if seated.tracks.len() >= limit {
            Some(Reason::LimitExceeded)
        } else if request.cid.is_empty() || words > MAX_TRACK_WORDS_BYTES {
            Some(Reason::InvalidRequest)
        } else if request.r#type() == proto::TrackType::Data {
            Some(Reason::UnsupportedType)
        } else {
            None
        };
        if let Some(reason) = reason {
            return self.send(number, wire::response(0, reason, Request::AddTrack(request)));
        }
        let kind = if request.r#type() == proto::TrackType::Audio { Kind::Audio } else { Kind::Video };
        let track = NewTrack {
            sid: sid.clone(),
            cid: request.cid.clone(),
            kind,
            source: wire::core_source(source),
            muted: request.muted,
            layers: layers(&request),
            encrypted: request.encryption() != proto::encryption::Type::None,
            red: !request.disable_red,
            // The first is the one that is sent; the second would be a backup codec.
            codec: request.simulcast_codecs.first().and_then(|named| VideoCodec::from_name(&named.codec)),
        };
        let info = wire::track_info(sid.as_str(), &request);
        seated.tracks.push(Published {
            sid: sid.clone(),
            source,
            info,
            cid: request.cid,
            live: false,
            ended_by_us: false,
        });
        self.effects.push(Effect::Shard(Input::AddTrack { seat: number, track }, Some(Tag::AddTrack(number, sid))));
    }

    fn mute_own(&mut self, number: SeatNo, request: &proto::MuteTrackRequest) {
        let Some((seat, seated)) = self.seated(number) else { return };
        let Some(track) = seated.track(&request.sid) else { return };
        let sid = track.sid.clone();
        let changed = track.info.muted != request.muted;
        track.info.muted = request.muted;
        let (live, public) = (track.live, track.public());
        let input = Input::Mute { seat: number, track: sid.clone(), muted: request.muted, by: MuteBy::Owner };
        self.effects.push(Effect::Shard(input, (!request.muted).then_some(Tag::Unmute(number, sid))));
        if changed && live {
            self.tell_state(seat);
            self.event(MediaEvent::TrackPublished(seat, public));
        }
    }

    fn track_setting(&mut self, number: SeatNo, wish: proto::UpdateTrackSettings) {
        let quality = match wish.quality() {
            proto::VideoQuality::Low => Some(Quality::Low),
            proto::VideoQuality::Medium => Some(Quality::Medium),
            proto::VideoQuality::High => None,
            proto::VideoQuality::Off => Some(Quality::Low),
        };
        let sized = (1..=MAX_SIDE_PIXELS).contains(&wish.width) && (1..=MAX_SIDE_PIXELS).contains(&wish.height);
        let setting = TrackSetting {
            disabled: wish.disabled || wish.quality() == proto::VideoQuality::Off,
            size: sized.then_some((wish.width, wish.height)),
            quality: if sized { None } else { quality },
        };
        self.shard(Input::TrackSetting { seat: number, tracks: sids(wish.track_sids), setting });
    }

    fn allow(&mut self, number: SeatNo, permission: proto::SubscriptionPermission) {
        let Some(seat) = self.numbers.get(&number).copied() else { return };
        let Some(room) = self.rooms.get_mut(&seat.room) else { return };
        let words = permission.track_permissions.iter().map(|of| 1 + of.track_sids.len()).sum::<usize>();
        let allowed = if permission.all_participants {
            None
        } else if words > MAX_TRACKS_PER_WISH {
            // Whoever says more than is kept must not show more than was said.
            Some(HashMap::new())
        } else {
            let sids_of: HashMap<&str, SeatId> =
                room.seated.iter().map(|(id, seated)| (seated.sid.as_str(), *id)).collect();
            let named = permission.track_permissions.into_iter().filter_map(|of| {
                let id = of.participant_identity.parse().ok().map(SeatId);
                let id = id.or_else(|| sids_of.get(of.participant_sid.as_str()).copied())?;
                Some((id, (!of.all_tracks).then(|| sids(of.track_sids).into_iter().collect())))
            });
            Some(named.collect())
        };
        let Some(seated) = room.seated.get_mut(&seat.id) else { return };
        if seated.allowed != allowed {
            seated.allowed = allowed;
            self.tell_allowed(seat);
        }
    }

    /// Tells the core who may receive a seat. Clients name each other; the core knows those who are there.
    fn tell_allowed(&mut self, seat: Seat) {
        let Some(room) = self.rooms.get(&seat.room) else { return };
        let Some(publisher) = room.seated.get(&seat.id) else { return };
        let allowed = match &publisher.allowed {
            None => Allowed::Everyone,
            Some(named) => {
                let here = named.iter().filter_map(|(id, tracks)| Some((room.seated.get(id)?.number, tracks.clone())));
                Allowed::Only(here.collect())
            }
        };
        let seat = publisher.number;
        self.shard(Input::SubscriptionPermission { seat, allowed });
    }

    /// Somebody came: those who named this seat, and only they, let it receive them.
    pub(super) fn tell_of(&mut self, newcomer: Seat) {
        let Some(room) = self.rooms.get(&newcomer.room) else { return };
        let names = |seated: &Seated| seated.allowed.as_ref().is_some_and(|named| named.contains_key(&newcomer.id));
        let publishers: Vec<_> = room.seated.iter().filter(|(_, seated)| names(seated)).map(|(id, _)| *id).collect();
        for id in publishers {
            self.tell_allowed(Seat { room: newcomer.room, id });
        }
    }

    fn update_metadata(&mut self, number: SeatNo, request: proto::UpdateParticipantMetadata) {
        let Some((seat, seated)) = self.seated(number) else { return };
        let attributes = request.attributes.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>()
            + seated.attributes.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        let reason = if !seated.permissions.own_metadata {
            Reason::NotAllowed
        } else if request.name.len() > MAX_NAME_BYTES
            || request.metadata.len() > MAX_METADATA_BYTES
            || attributes > MAX_METADATA_BYTES
        {
            Reason::LimitExceeded
        } else {
            Reason::Ok
        };
        if reason == Reason::Ok {
            if !request.name.is_empty() {
                seated.name.clone_from(&request.name);
            }
            if !request.metadata.is_empty() {
                seated.metadata.clone_from(&request.metadata);
            }
            for (key, value) in &request.attributes {
                if value.is_empty() {
                    seated.attributes.remove(key);
                } else {
                    seated.attributes.insert(key.clone(), value.clone());
                }
            }
        }
        self.send(number, wire::response(request.request_id, reason, Request::UpdateMetadata(request)));
        if reason == Reason::Ok {
            self.tell_state(seat);
        }
    }

    fn audio_features(&mut self, number: SeatNo, request: proto::UpdateLocalAudioTrack) {
        let Some((seat, seated)) = self.seated(number) else { return };
        let Some(track) = seated.track(&request.track_sid) else { return };
        if request.features.len() <= 16 {
            track.info.audio_features = request.features;
            if track.live {
                self.tell_state(seat);
            }
        }
    }
}

fn sids(names: impl IntoIterator<Item = String>) -> Vec<Sid> {
    names.into_iter().take(MAX_TRACKS_PER_WISH).filter_map(|name| Sid::new(&name)).collect()
}

fn layers(request: &proto::AddTrackRequest) -> Vec<Layer> {
    let announced = if request.layers.is_empty() {
        request.simulcast_codecs.first().map(|codec| codec.layers.as_slice()).unwrap_or_default()
    } else {
        &request.layers
    };
    let mut layers: Vec<Layer> = announced
        .iter()
        .filter_map(|layer| {
            let quality = match layer.quality() {
                proto::VideoQuality::Low => Quality::Low,
                proto::VideoQuality::Medium => Quality::Medium,
                proto::VideoQuality::High => Quality::High,
                proto::VideoQuality::Off => return None,
            };
            let (width, height) = (layer.width.min(MAX_SIDE_PIXELS), layer.height.min(MAX_SIDE_PIXELS));
            Some(Layer { quality, width, height, bitrate_bps: layer.bitrate })
        })
        .collect();
    layers.sort_by_key(|layer| layer.quality);
    layers.dedup_by_key(|layer| layer.quality);
    layers
}
