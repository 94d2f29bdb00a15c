use fernamt_domain::{Secret, SystemRng};
use fernamt_sfu::{
    Allowed, Channel, ConnectionQuality, Event, Gone, Kind, PublishedTrack, Refusal, RoomId, Side, Source, Speaker,
};
use livekit_protocol::{DataPacket, MuteTrackRequest, UserPacket, data_packet, signal_request::Message as Ask};
use prost::Message as _;
use time::macros::datetime;
use uuid::Uuid;

use super::{request::MAX_TRACKS_PER_WISH, *};
use crate::{MAX_SEATS_PER_ROOM, Sources, TicketFor, Tracks};

const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);
const ROOM: RoomName = RoomName(Uuid::from_u128(7));

struct Scene {
    control: Control,
    key: Arc<TokenKey>,
}

fn seat(number: u128) -> Seat {
    Seat { room: ROOM, id: SeatId(Uuid::from_u128(number)) }
}

impl Scene {
    fn new() -> Self {
        let key = Arc::new(TokenKey::new("fernamt", Secret::new(vec![7; 32])));
        let mut control = Control::new(Arc::new(SystemRng), Arc::clone(&key), Vec::new());
        control.open_room(ROOM, RoomLimits::default(), NOW).unwrap();
        Self { control, key }
    }

    fn token(&mut self, number: u128, permissions: Permissions, now: OffsetDateTime) -> String {
        let order = TicketFor { seat: seat(number), name: format!("seat {number}"), permissions };
        self.control.ticket(&order, now).unwrap().token.expose().clone()
    }

    fn enter(&mut self, token: &str, now: OffsetDateTime) -> Result<SeatNo, Refused> {
        let claims = self.key.verify(token, now).ok_or(Refused::Invalid)?;
        let pass = self.control.admit(&claims, now)?;
        self.control.join(pass, Client::default(), now)
    }

    /// A seat that is taken and connected; what followed is forgotten.
    fn sit(&mut self, number: u128, permissions: Permissions) -> SeatNo {
        let token = self.token(number, permissions, NOW);
        let no = self.enter(&token, NOW).unwrap();
        self.control.heard(Event::Connected { seat: no, side: Side::Subscriber });
        self.control.take_effects();
        no
    }

    /// A microphone that is heard; its name.
    fn speak(&mut self, no: SeatNo) -> Sid {
        let request = proto::AddTrackRequest {
            cid: "mic".into(),
            source: proto::TrackSource::Microphone.into(),
            ..proto::AddTrackRequest::default()
        };
        self.control.request(no, Ask::AddTrack(request), NOW);
        let sid = self.control.take_effects().into_iter().find_map(|effect| match effect {
            Effect::Shard(Input::AddTrack { track, .. }, Some(tag)) => Some((track.sid, tag)),
            _ => None,
        });
        let (sid, tag) = sid.unwrap();
        self.control.answered(tag, Ok(()));
        let track = PublishedTrack {
            sid: sid.clone(),
            mid: "0".into(),
            kind: Kind::Audio,
            source: Source::Microphone,
            mime: "audio/opus",
            simulcast: false,
            muted: false,
        };
        self.control.heard(Event::TrackPublished { seat: no, track });
        self.control.take_effects();
        sid
    }

    fn sent(&mut self) -> Vec<(Vec<SeatNo>, Message)> {
        let sent = |effect| if let Effect::Send(to, message) = effect { Some((to, *message)) } else { None };
        self.control.take_effects().into_iter().filter_map(sent).collect()
    }

    fn events(&mut self) -> Vec<MediaEvent> {
        let event = |effect| if let Effect::Event(event) = effect { Some(event) } else { None };
        self.control.take_effects().into_iter().filter_map(event).collect()
    }
}

#[test]
fn a_seat_whose_line_broke_is_kept_for_a_while() {
    let mut scene = Scene::new();
    let no = scene.sit(1, Permissions::PARTICIPANT);
    scene.control.silent(no, NOW);
    scene.control.tick(NOW + Duration::seconds(LINGER_S - 1));
    assert_eq!(scene.control.seats(), 1);
    scene.control.tick(NOW + Duration::seconds(LINGER_S));
    assert_eq!(scene.events(), [MediaEvent::SeatLeft(seat(1), SeatEnd::Lost), MediaEvent::RoomEmpty(ROOM)]);
}

#[test]
fn the_token_for_coming_back_is_renewed_in_time_and_ends() {
    let mut scene = Scene::new();
    scene.sit(1, Permissions::PARTICIPANT);
    let later = NOW + Duration::minutes(RENEWAL_MINUTES);
    scene.control.tick(later);
    let token = scene.sent().into_iter().find_map(|(_, message)| match message {
        Message::RefreshToken(token) => Some(token),
        _ => None,
    });
    let token = token.unwrap();
    let end = later + Duration::minutes(RETURN_MINUTES);
    assert!(scene.enter(&token, end - Duration::seconds(1)).is_ok());
    assert_eq!(scene.enter(&token, end), Err(Refused::Invalid));
}

#[test]
fn only_the_newest_tickets_of_a_seat_wait_and_each_for_a_minute() {
    let mut scene = Scene::new();
    let tokens: Vec<_> = (0..=MAX_WAITING_TICKETS).map(|_| scene.token(1, Permissions::PARTICIPANT, NOW)).collect();
    assert_eq!(scene.enter(&tokens[0], NOW), Err(Refused::Invalid));
    assert!(scene.enter(&tokens[1], NOW).is_ok());
    assert_eq!(scene.enter(&tokens[2], NOW + Duration::minutes(1)), Err(Refused::Invalid));
}

#[test]
fn seats_that_nobody_can_come_back_to_are_forgotten() {
    let mut scene = Scene::new();
    for number in 0..MAX_KNOWN_SEATS {
        scene.token(number as u128, Permissions::PARTICIPANT, NOW);
    }
    let more = TicketFor { seat: seat(u128::MAX), name: String::new(), permissions: Permissions::PARTICIPANT };
    assert!(scene.control.ticket(&more, NOW).is_err());
    assert!(scene.control.ticket(&more, NOW + Duration::minutes(1)).is_ok());
}

#[test]
fn a_room_that_nobody_uses_any_more_is_closed() {
    let mut scene = Scene::new();
    let unused = Duration::minutes(UNUSED_ROOM_MINUTES);
    let no = scene.sit(1, Permissions::PARTICIPANT);
    assert_eq!(scene.control.tick(NOW + unused * 5), [], "somebody is there");
    scene.control.request(no, Ask::Leave(proto::LeaveRequest::default()), NOW);
    // The token for coming back was renewed at the last tick.
    let nobody = NOW + unused * 5 + Duration::minutes(RETURN_MINUTES);
    assert_eq!(scene.control.tick(nobody - Duration::seconds(1)), [], "somebody can come back");
    assert_eq!(scene.control.tick(nobody), []);
    let late = nobody + unused - Duration::seconds(1);
    scene.token(2, Permissions::PARTICIPANT, late);
    assert_eq!(scene.control.tick(late), []);
    let nobody = late + Duration::minutes(1);
    assert_eq!(scene.control.tick(nobody), []);
    assert_eq!(scene.control.tick(nobody + unused - Duration::seconds(1)), []);
    scene.control.take_effects();
    assert_eq!(scene.control.tick(nobody + unused), [ROOM]);
    assert_eq!(scene.events(), [MediaEvent::RoomGone(ROOM)]);
    assert!(scene.control.list(ROOM).is_err());
}

#[test]
fn rooms_that_people_left_make_place_for_others() {
    let mut scene = Scene::new();
    let room = |number: usize| RoomName(Uuid::from_u128(1000 + number as u128));
    let mut open = |number, now| scene.control.open_room(room(number), RoomLimits::default(), now).map_err(drop);
    for number in 1..MAX_ROOMS {
        assert_eq!(open(number, NOW), Ok(()));
    }
    assert_eq!(open(0, NOW), Err(()));
    scene.control.tick(NOW);
    assert_eq!(scene.control.tick(NOW + Duration::minutes(UNUSED_ROOM_MINUTES)).len(), MAX_ROOMS);
    assert!(scene.control.open_room(room(0), RoomLimits::default(), NOW).is_ok());
}

#[test]
fn a_room_holds_what_the_forwarding_unit_holds_whatever_was_promised() {
    let mut scene = Scene::new();
    let promised = RoomLimits { max_seats: 1000, ..RoomLimits::default() };
    scene.control.open_room(ROOM, promised, NOW).unwrap();
    for number in 0..MAX_SEATS_PER_ROOM {
        scene.sit(number.into(), Permissions::LISTENER);
    }
    let token = scene.token(u128::MAX, Permissions::LISTENER, NOW);
    assert_eq!(scene.enter(&token, NOW), Err(Refused::Full));
}

#[test]
fn who_comes_costs_no_more_than_those_who_named_them() {
    let mut scene = Scene::new();
    let nos: Vec<_> = (1..=20).map(|number| scene.sit(number, Permissions::PARTICIPANT)).collect();
    let allow = |identities: &[u128], all_participants| {
        let of = |number: &u128| proto::TrackPermission {
            participant_identity: seat(*number).id.to_string(),
            all_tracks: true,
            ..proto::TrackPermission::default()
        };
        let track_permissions = identities.iter().map(of).collect();
        Ask::SubscriptionPermission(proto::SubscriptionPermission { all_participants, track_permissions })
    };
    let told = |scene: &mut Scene| -> Vec<(SeatNo, Allowed)> {
        let told = |effect| match effect {
            Effect::Shard(Input::SubscriptionPermission { seat, allowed }, _) => Some((seat, allowed)),
            _ => None,
        };
        scene.control.take_effects().into_iter().filter_map(told).collect()
    };
    for no in &nos[2..] {
        scene.control.request(*no, allow(&[], true), NOW);
    }
    scene.control.request(nos[0], allow(&[2, 21], false), NOW);
    scene.control.request(nos[1], allow(&[1], false), NOW);
    let named = |numbers: &[SeatNo]| Allowed::Only(numbers.iter().map(|number| (*number, None)).collect());
    assert_eq!(told(&mut scene), [(nos[0], named(&[nos[1]])), (nos[1], named(&[nos[0]]))]);
    scene.control.request(nos[1], allow(&[1], false), NOW);
    assert_eq!(told(&mut scene), [], "said again");

    let token = scene.token(21, Permissions::PARTICIPANT, NOW);
    let newcomer = scene.enter(&token, NOW).unwrap();
    assert_eq!(told(&mut scene), [(nos[0], named(&[nos[1], newcomer]))]);
    let many: Vec<u128> = (0..=MAX_TRACKS_PER_WISH as u128).collect();
    scene.control.request(nos[0], allow(&many, false), NOW);
    assert_eq!(told(&mut scene), [(nos[0], named(&[]))], "too long a list lets nobody in");
}

#[test]
fn a_wish_names_so_many_tracks_and_no_more() {
    let mut scene = Scene::new();
    let no = scene.sit(1, Permissions::PARTICIPANT);
    let names = |count: usize| (0..count).map(|number| format!("TR_{number}")).collect();
    let participant_tracks = vec![proto::ParticipantTracks { track_sids: names(5000), ..Default::default() }; 3];
    let wish = proto::UpdateSubscription { track_sids: names(10), participant_tracks, subscribe: true };
    scene.control.request(no, Ask::Subscription(wish), NOW);
    let setting = proto::UpdateTrackSettings { track_sids: names(5000), ..Default::default() };
    scene.control.request(no, Ask::TrackSetting(setting), NOW);
    let counts: Vec<_> = scene
        .control
        .take_effects()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Shard(Input::Subscribe { tracks, .. } | Input::TrackSetting { tracks, .. }, _) => {
                Some(tracks.len())
            }
            _ => None,
        })
        .collect();
    assert_eq!(counts, [MAX_TRACKS_PER_WISH, MAX_TRACKS_PER_WISH]);
}

#[test]
fn data_go_out_in_the_name_of_who_sent_them() {
    let mut scene = Scene::new();
    let sender = scene.sit(1, Permissions::PARTICIPANT);
    let (second, _third) = (scene.sit(2, Permissions::PARTICIPANT), scene.sit(3, Permissions::PARTICIPANT));
    let data = |scene: &mut Scene, packet: &DataPacket| {
        let bytes = packet.encode_to_vec().into();
        scene.control.heard(Event::Data { seat: sender, channel: Channel::Reliable, bytes });
        scene.control.take_effects().into_iter().find_map(|effect| match effect {
            Effect::Shard(Input::Data { from, to, bytes, .. }, _) => {
                Some((from, to, DataPacket::decode(bytes).unwrap()))
            }
            _ => None,
        })
    };
    let mut packet = DataPacket {
        participant_identity: seat(2).id.to_string(),
        sequence: 5,
        value: Some(data_packet::Value::User(UserPacket { payload: b"hello".into(), ..UserPacket::default() })),
        ..DataPacket::default()
    };
    let (from, to, out) = data(&mut scene, &packet).unwrap();
    assert_eq!((from, to), (Some(sender), None));
    assert_eq!((out.participant_identity, out.sequence), (seat(1).id.to_string(), 5));
    assert!(out.participant_sid.starts_with("PA_"));

    packet.destination_identities = vec![seat(2).id.to_string(), "nobody".into()];
    assert_eq!(data(&mut scene, &packet).unwrap().1, Some(vec![second]));
    packet.destination_identities = vec!["nobody".into()];
    assert_eq!(data(&mut scene, &packet).unwrap().1, Some(vec![]), "to nobody is not to everybody");

    packet.value = None;
    assert_eq!(data(&mut scene, &packet), None);
    let quiet = Permissions { send_data: false, ..Permissions::PARTICIPANT };
    scene.control.set_permissions(seat(1), quiet, NOW).unwrap();
    packet.value = Some(data_packet::Value::User(UserPacket::default()));
    assert_eq!(data(&mut scene, &packet), None);
}

#[test]
fn what_is_encrypted_end_to_end_is_told_as_such_and_known_to_the_core() {
    let mut scene = Scene::new();
    let (no, other) = (scene.sit(1, Permissions::PARTICIPANT), scene.sit(2, Permissions::PARTICIPANT));
    let gcm = proto::encryption::Type::Gcm;
    let request = proto::AddTrackRequest {
        cid: "mic".into(),
        source: proto::TrackSource::Microphone.into(),
        encryption: gcm.into(),
        ..proto::AddTrackRequest::default()
    };
    scene.control.request(no, Ask::AddTrack(request), NOW);
    let added = scene.control.take_effects().into_iter().find_map(|effect| match effect {
        Effect::Shard(Input::AddTrack { track, .. }, Some(tag)) => Some((track, tag)),
        _ => None,
    });
    let (track, tag) = added.unwrap();
    assert!(track.encrypted);
    scene.control.answered(tag, Ok(()));
    let told = scene.sent().into_iter().find_map(|(to, message)| match message {
        Message::TrackPublished(told) => Some((to, told.track.unwrap())),
        _ => None,
    });
    let (to, told) = told.unwrap();
    assert_eq!((to, told.encryption(), told.disable_red), (vec![no], gcm, true));
    let seen = PublishedTrack {
        sid: track.sid,
        mid: "0".into(),
        kind: Kind::Audio,
        source: Source::Microphone,
        mime: "audio/opus",
        simulcast: false,
        muted: false,
    };
    scene.control.heard(Event::TrackPublished { seat: no, track: seen });
    let told = scene.sent().into_iter().find_map(|(to, message)| match message {
        Message::Update(update) if to.contains(&other) => update.participants.into_iter().next(),
        _ => None,
    });
    let told = told.unwrap().tracks.into_iter().next().unwrap();
    assert_eq!((told.encryption(), told.disable_red, told.codecs.len()), (gcm, true, 1), "no second codec");
}

#[test]
fn what_a_track_is_sent_as_is_known_to_the_core() {
    let mut scene = Scene::new();
    let no = scene.sit(1, Permissions::PARTICIPANT);
    let named = |codec: &str| proto::SimulcastCodec { codec: codec.into(), ..proto::SimulcastCodec::default() };
    let camera = proto::AddTrackRequest {
        cid: "cam".into(),
        r#type: proto::TrackType::Video.into(),
        source: proto::TrackSource::Camera.into(),
        disable_red: true,
        simulcast_codecs: vec![named("vp9"), named("vp8")],
        ..proto::AddTrackRequest::default()
    };
    scene.control.request(no, Ask::AddTrack(camera), NOW);
    let added = scene.control.take_effects().into_iter().find_map(|effect| match effect {
        Effect::Shard(Input::AddTrack { track, .. }, _) => Some(track),
        _ => None,
    });
    let added = added.unwrap();
    assert_eq!((added.codec, added.red), (Some(fernamt_sfu::VideoCodec::Vp9), false), "the first, not the backup");
}

#[test]
fn who_cannot_take_a_codec_is_told_why_there_is_no_picture() {
    let mut scene = Scene::new();
    let no = scene.sit(1, Permissions::PARTICIPANT);
    scene.control.take_effects();
    let track = Sid::new("TR_x").unwrap();
    scene.control.heard(Event::CodecRefused { seat: no, track });
    let sent = scene.sent();
    let Message::SubscriptionResponse(told) = &sent[0].1 else { panic!("{sent:?}") };
    assert_eq!((sent[0].0.as_slice(), told.track_sid.as_str()), (&[no][..], "TR_x"));
    assert_eq!(told.err(), proto::SubscriptionError::SeCodecUnsupported);
}

#[test]
fn a_mute_that_the_core_keeps_is_told_again() {
    let mut scene = Scene::new();
    let no = scene.sit(1, Permissions::PARTICIPANT);
    let sid = scene.speak(no);
    scene.control.mute(seat(1), &Tracks::Audio).unwrap();
    scene.control.take_effects();
    let wish = MuteTrackRequest { sid: sid.as_str().into(), muted: false };
    scene.control.request(no, Ask::Mute(wish), NOW);
    scene.control.take_effects();
    scene.control.answered(Tag::Unmute(no, sid), Err(Refusal::NotAllowed));
    let sent = scene.sent();
    assert!(matches!(&sent[0].1, Message::Mute(order) if order.muted), "{sent:?}");
    assert!(scene.control.list(ROOM).unwrap()[0].tracks[0].muted);
}

#[test]
fn a_grant_that_shrinks_ends_what_it_no_longer_names() {
    let mut scene = Scene::new();
    let no = scene.sit(1, Permissions::PARTICIPANT);
    let sid = scene.speak(no);
    let permissions = Permissions { publish: Sources::NONE, ..Permissions::PARTICIPANT };
    scene.control.set_permissions(seat(1), permissions, NOW).unwrap();
    scene.control.take_effects();
    scene.control.heard(Event::TrackUnpublished { seat: no, track: sid.clone() });
    let sent = scene.sent();
    assert!(sent.iter().any(|(to, message)| {
        *to == [no] && matches!(message, Message::TrackUnpublished(order) if order.track_sid == sid.as_str())
    }));
    assert!(scene.control.list(ROOM).unwrap()[0].tracks.is_empty());
}

#[test]
fn who_steps_down_into_hiding_is_gone_for_the_others() {
    let mut scene = Scene::new();
    let (first, second) = (scene.sit(1, Permissions::PARTICIPANT), scene.sit(2, Permissions::PARTICIPANT));
    scene.control.set_permissions(seat(2), Permissions::LISTENER, NOW).unwrap();
    let gone = scene.sent().into_iter().find_map(|(to, message)| match message {
        Message::Update(update) if to == [first] => update.participants.first().map(proto::ParticipantInfo::state),
        _ => None,
    });
    assert_eq!(gone, Some(proto::participant_info::State::Disconnected));
    // From then on only the seat itself hears of it.
    let quality = Event::ConnectionQuality { seat: second, quality: ConnectionQuality::Poor, score: 0.2 };
    scene.control.heard(quality);
    assert!(scene.sent().iter().all(|(to, _)| *to == [second]));
    let change = Speaker { seat: second, level: 0.5, active: true };
    scene.control.heard(Event::Speakers { room: RoomId(ROOM.0.as_u128()), changes: vec![change] });
    assert!(scene.sent().is_empty());
}

#[test]
fn a_lost_connection_is_answered_with_the_wish_to_join_anew() {
    let mut scene = Scene::new();
    let no = scene.sit(1, Permissions::PARTICIPANT);
    scene.control.heard(Event::Gone { seat: no, why: Gone::Timeout });
    let effects = scene.control.take_effects();
    let asked = effects.iter().any(|effect| match effect {
        Effect::Send(_, message) => {
            matches!(&**message, Message::Leave(leave) if leave.action() == proto::leave_request::Action::Reconnect)
        }
        _ => false,
    });
    assert!(asked && effects.iter().any(|effect| matches!(effect, Effect::Hang(number) if *number == no)));
}

#[test]
fn a_farewell_may_come_after_the_connections_were_closed() {
    let mut scene = Scene::new();
    let no = scene.sit(1, Permissions::PARTICIPANT);
    scene.control.heard(Event::Gone { seat: no, why: Gone::Closed });
    assert_eq!(scene.events(), []);
    scene.control.request(no, Ask::Leave(proto::LeaveRequest::default()), NOW);
    assert_eq!(scene.events()[0], MediaEvent::SeatLeft(seat(1), SeatEnd::Left));

    let no = scene.sit(1, Permissions::PARTICIPANT);
    scene.control.heard(Event::Gone { seat: no, why: Gone::Closed });
    scene.control.tick(NOW);
    scene.control.tick(NOW + Duration::seconds(LINGER_S));
    assert_eq!(scene.events()[0], MediaEvent::SeatLeft(seat(1), SeatEnd::Lost));
}
