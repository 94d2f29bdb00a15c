//! Clients that do not keep to the rules.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use fernamt_sfu::{
    Allowed, Channel, Event, Gone, Input, MuteBy, Permissions, Proto, Publish, Refusal, RoomId, Source, limits,
};

use crate::world::{World, announcement, everything, track::Track};

const S: Duration = Duration::from_secs(1);

#[test]
fn who_ignores_a_mute_is_not_heard() {
    let mut world = World::new(31);
    let (anna, ben) = (world.join(), world.join());
    let tracks = world.publish(anna, vec![Track::sound("s"), Track::plain_camera("c")]);
    let (seat, track) = (world.seat(anna), tracks[0].clone());
    world.tell(Input::Permissions { seat, permissions: Permissions { unmute: false, ..everything() } });
    world.run(S * 2);
    assert!(world.heard(ben, &tracks[0]).packets > 20);
    world.tell(Input::Mute { seat, track: track.clone(), muted: true, by: MuteBy::Host });
    world.run(S);
    world.forget_heard();
    world.run(S * 3);
    assert_eq!(world.heard(ben, &tracks[0]).packets, 0, "it goes on sending and nobody hears it");
    assert!(world.heard(ben, &tracks[1]).packets > 60, "the other track is not meant");
    let lift = |by| Input::Mute { seat, track: track.clone(), muted: false, by };
    assert_eq!(world.shard.handle(world.now, lift(MuteBy::Owner)), Err(Refusal::NotAllowed));
    world.run(S);
    assert_eq!(world.heard(ben, &tracks[0]).packets, 0);
    world.tell(lift(MuteBy::Host));
    world.run(S);
    let heard = world.heard(ben, &tracks[0]);
    assert!(heard.packets > 30 && heard.missing() == 0, "{heard:?}");
}

#[test]
fn a_muted_camera_comes_back_with_a_keyframe() {
    let mut world = World::new(32);
    let (anna, ben) = (world.join(), world.join());
    let tracks = world.publish(anna, vec![Track::plain_camera("c")]);
    world.run(S * 2);
    let (seat, track) = (world.seat(anna), tracks[0].clone());
    for muted in [true, false] {
        world.forget_heard();
        world.tell(Input::Mute { seat, track: track.clone(), muted, by: MuteBy::Owner });
        world.run(S * 2);
    }
    let heard = world.heard(ben, &tracks[0]);
    assert!(heard.packets > 30 && !heard.began_inside, "{heard:?}");
}

#[test]
fn grants_are_kept_to() {
    let mut world = World::new(33);
    let listener = Permissions { publish: Publish::Nothing, subscribe: true, data: false, unmute: true };
    let deaf = Permissions { subscribe: false, ..everything() };
    let only_sound = Permissions { publish: Publish::Only(vec![Source::Microphone]), ..everything() };
    let anna = world.join();
    let listener = world.join_with(Proto::Udp, listener).unwrap();
    let deaf = world.join_with(Proto::Udp, deaf).unwrap();
    let sound = world.join_with(Proto::Udp, only_sound).unwrap();
    let tracks = world.publish(anna, vec![Track::sound("s")]);
    let add = |world: &mut World, client, track: Track| {
        let seat = world.seat(client);
        world.shard.handle(world.now, Input::AddTrack { seat, track: announcement(&track) })
    };
    assert_eq!(add(&mut world, listener, Track::sound("l")), Err(Refusal::NotAllowed));
    assert_eq!(add(&mut world, sound, Track::camera("sc")), Err(Refusal::NotAllowed));
    assert_eq!(add(&mut world, sound, Track::sound("ss")), Ok(()));
    // It offers and sends all the same.
    world.offer(listener, vec![Track::sound("l")], &[]);
    world.run(S * 4);
    assert!(world.heard(listener, &tracks[0]).packets > 100);
    assert!(world.clients[deaf].heard.is_empty());
    assert!(world.clients[anna].heard.is_empty(), "nothing of the listener");
    assert!(world.clients[listener].say(Channel::Reliable, b"psst"));
    world.run(S);
    assert!(world.clients[anna].data.is_empty(), "it may not send data");
}

#[test]
fn a_grant_that_ends_takes_the_track_away_at_once() {
    let mut world = World::new(34);
    let (anna, ben) = (world.join(), world.join());
    let tracks = world.publish(anna, vec![Track::sound("s"), Track::plain_camera("c")]);
    world.run(S * 2);
    let permissions = Permissions { publish: Publish::Only(vec![Source::Microphone]), ..everything() };
    let seat = world.seat(anna);
    world.tell(Input::Permissions { seat, permissions });
    world.run(Duration::from_millis(100));
    world.forget_heard();
    world.run(S * 2);
    assert!(world.heard(ben, &tracks[0]).packets > 80);
    assert_eq!(world.heard(ben, &tracks[1]).packets, 0, "it goes on sending");
    assert_eq!(world.saw(|event| matches!(event, Event::TrackUnpublished { track, .. } if *track == tracks[1])), 1);
    let seat = world.seat(ben);
    world.tell(Input::Permissions { seat, permissions: Permissions { subscribe: false, ..everything() } });
    world.run(Duration::from_millis(100));
    world.forget_heard();
    world.run(S);
    assert!(world.clients[ben].heard.is_empty());
}

#[test]
fn a_publisher_says_who_may_see_it() {
    let mut world = World::new(35);
    let (anna, ben, carla) = (world.join(), world.join(), world.join());
    let tracks = world.publish(anna, vec![Track::sound("s")]);
    let seat = world.seat(anna);
    let allowed = Allowed::Only([(world.seat(carla), None)].into());
    world.tell(Input::SubscriptionPermission { seat, allowed });
    world.run(S * 3);
    assert!(world.clients[ben].heard.is_empty());
    assert!(world.heard(carla, &tracks[0]).packets > 50);
}

#[test]
fn strangers_leave_no_trace() {
    let mut world = World::new(36);
    let anna = world.join();
    world.publish(anna, vec![Track::sound("s")]);
    world.run(S);
    let to = World::server(Proto::Udp);
    let from = SocketAddr::from(([203, 0, 113, 9], 40_000));
    let before = world.shard.load();
    let bound = world.saw(|event| matches!(event, Event::AddressBound { .. }));
    let pieces = world.pieces;
    // Checks for a true name with a wrong password, made by hand; DTLS, RTP, noise.
    let name = format!("p{:04x}{:08x}0000000000:peer", 3, world.seat(anna).0);
    let mut check = vec![0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42];
    check.extend_from_slice(&[7; 12]);
    check.extend_from_slice(&[0x00, 0x06]);
    check.extend_from_slice(&u16::try_from(name.len()).unwrap().to_be_bytes());
    check.extend_from_slice(name.as_bytes());
    check.resize(check.len().next_multiple_of(4), 0);
    check.extend_from_slice(&[0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x1e, 0xff]);
    check.extend_from_slice(&[0x00, 0x08, 0x00, 0x14]);
    check.extend_from_slice(&[9; 20]);
    let length = u16::try_from(check.len() - 20).unwrap().to_be_bytes();
    check[2..4].copy_from_slice(&length);
    let mut count = 0;
    for bytes in [check, vec![22; 100], vec![0x80; 100], vec![0xff; 1_500], Vec::new(), vec![0x80; 9_000]] {
        for port in 0..50 {
            let from = SocketAddr::new(from.ip(), from.port() + port);
            world.tell(Input::Datagram { proto: Proto::Udp, from, to, bytes: Bytes::from(bytes.clone()) });
            count += 1;
        }
    }
    let after = world.shard.load();
    assert_eq!(after.strays - before.strays, count);
    assert_eq!((after.seats, after.rooms), (before.seats, before.rooms));
    assert_eq!(world.saw(|event| matches!(event, Event::AddressBound { .. })), bound);
    assert_eq!(world.pieces, pieces, "nothing is answered");
}

#[test]
fn an_old_name_does_not_fit_a_new_seat() {
    let mut world = World::new(37);
    let (anna, ben) = (world.join(), world.join());
    let tracks = world.publish(anna, vec![Track::sound("s")]);
    world.run(S * 2);
    let seat = world.seat(anna);
    world.tell(Input::Leave { seat });
    assert_eq!(world.saw(|event| matches!(event, Event::AddressReleased { .. })), 2);
    world.run(Duration::from_millis(100));
    world.forget_heard();
    world.run(S * 3);
    assert_eq!(world.heard(ben, &tracks[0]).packets, 0, "it still sends");
    assert_eq!(world.shard.load().seats, 1);
    assert_eq!(world.shard.handle(world.now, Input::Leave { seat }), Err(Refusal::UnknownSeat));
}

#[test]
fn tracks_are_limited() {
    let mut world = World::new(38);
    let anna = world.join();
    let seat = world.seat(anna);
    let mut add = |number: usize| {
        let track = announcement(&Track::sound(&number.to_string()));
        world.shard.handle(world.now, Input::AddTrack { seat, track })
    };
    for number in 0..limits::MAX_TRACKS_PER_SEAT {
        assert_eq!(add(number), Ok(()));
    }
    assert_eq!(add(99), Err(Refusal::Limit("tracks")));
}

#[test]
fn who_changes_its_ssrcs_all_the_time_loses_its_seat() {
    let mut world = World::new(41);
    let anna = world.join();
    let tracks = world.publish(anna, vec![Track::sound("s")]);
    world.run(S);
    for number in 0..limits::MAX_SSRCS_PER_SEAT {
        world.clients[anna].rename(&tracks[0], 1_000 + u32::try_from(number).unwrap());
        world.run(Duration::from_millis(20));
    }
    world.run(S);
    assert_eq!(world.saw(|event| matches!(event, Event::Gone { why: Gone::Fault, .. })), 1);
    assert_eq!(world.shard.load().seats, 0);
}

#[test]
fn rooms_do_not_hear_each_other() {
    let mut world = World::new(42);
    let anna = world.join();
    world.room = RoomId(8);
    let ben = world.join();
    let (sound, other) = (world.publish(anna, vec![Track::sound("a")]), world.publish(ben, vec![Track::sound("b")]));
    let seat = world.seat(ben);
    world.tell(Input::Subscribe { seat, tracks: sound.clone(), wanted: true });
    world.run(S * 2);
    assert_eq!(world.shard.load().rooms, 2);
    assert!(world.clients[ben].heard.is_empty(), "not even when asked for by name");
    assert_eq!(world.heard(anna, &other[0]).packets, 0);
    let to = Some(vec![world.seat(anna)]);
    let bytes = Bytes::from_static(b"psst");
    world.tell(Input::Data { room: RoomId(8), from: Some(seat), to, channel: Channel::Reliable, bytes });
    world.run(S);
    assert!(world.clients[anna].data.is_empty(), "not even when addressed");
}

#[test]
fn nobody_receives_more_tracks_than_there_may_be() {
    let mut world = World::new(43);
    let speaker = Permissions { subscribe: false, ..everything() };
    let ben = world.join();
    for number in 0..=limits::MAX_SUBSCRIPTIONS_PER_SEAT / limits::MAX_TRACKS_PER_SEAT {
        let client = world.join_with(Proto::Udp, speaker.clone()).unwrap();
        let names = (0..limits::MAX_TRACKS_PER_SEAT).map(|track| Track::sound(&format!("{number}-{track}")));
        world.publish(client, names.collect());
    }
    world.run(Duration::from_millis(400));
    world.clients.iter_mut().flat_map(|client| &mut client.tracks).for_each(|track| track.stopped = true);
    assert_eq!(world.shard.load().subscriptions, limits::MAX_SUBSCRIPTIONS_PER_SEAT);
    assert!(world.clients[ben].mids.len() <= limits::MAX_SUBSCRIPTIONS_PER_SEAT);
}

#[test]
fn who_does_not_answer_offers_loses_its_seat() {
    let mut world = World::new(44);
    let (anna, ben) = (world.join(), world.join());
    world.run(S * 2);
    world.clients[ben].answers = false;
    world.publish(anna, vec![Track::sound("s")]);
    world.run(S * (u32::try_from(limits::ANSWER_TIMEOUT_S).unwrap() - 1));
    assert_eq!(world.shard.load().seats, 2);
    world.run(S * 2);
    let seat = world.seat(ben);
    assert_eq!(world.saw(|event| matches!(event, Event::Gone { seat: of, why: Gone::Timeout } if *of == seat)), 1);
}

#[test]
fn an_answer_that_fits_no_offer_changes_nothing_and_a_broken_one_costs_the_seat() {
    let mut world = World::new(45);
    let anna = world.join();
    world.publish(anna, vec![Track::sound("s")]);
    let ben = world.join();
    world.run(S);
    let (seat, now) = (world.seat(ben), world.now);
    let answer = |id, sdp: &str| Input::SubscriberAnswer { seat, id, sdp: sdp.to_owned() };
    assert!(matches!(world.shard.handle(now, answer(1, "nonsense")), Err(Refusal::Sdp(_))));
    let plain = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";
    assert_eq!(world.shard.handle(now, answer(99, plain)), Err(Refusal::NoSuchOffer));
    assert_eq!(world.shard.handle(now, answer(0, plain)), Err(Refusal::NoSuchOffer));
    world.clients[ben].answers = false;
    world.publish(anna, vec![Track::sound("t")]);
    world.run(S);
    let now = world.now;
    assert!(matches!(world.shard.handle(now, answer(0, plain)), Err(Refusal::Sdp(_))));
    world.drain();
    assert_eq!(world.saw(|event| matches!(event, Event::Gone { why: Gone::Fault, .. })), 1);
}

#[test]
fn descriptions_wishes_and_messages_are_limited() {
    let mut world = World::new(39);
    let anna = world.join();
    let seat = world.seat(anna);
    let now = world.now;
    let mut tell = |input| world.shard.handle(now, input);
    let sdp = "a".repeat(limits::MAX_SDP_BYTES + 1);
    assert_eq!(
        tell(Input::PublisherOffer { seat, id: 1, sdp: sdp.clone() }),
        Err(Refusal::Limit("bytes in a session description"))
    );
    assert_eq!(
        tell(Input::SubscriberAnswer { seat, id: 1, sdp }),
        Err(Refusal::Limit("bytes in a session description"))
    );
    let sdp = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n".repeat(limits::MAX_SECTIONS + 1);
    assert_eq!(
        tell(Input::PublisherOffer { seat, id: 1, sdp }),
        Err(Refusal::Limit("sections in a session description"))
    );
    assert!(matches!(tell(Input::PublisherOffer { seat, id: 1, sdp: "v=0".to_owned() }), Err(Refusal::Sdp(_))));
    let tracks: Vec<_> =
        (0..=limits::MAX_WISHES_PER_SEAT).map(|number| Track::sound(&number.to_string()).sid).collect();
    assert_eq!(
        tell(Input::Subscribe { seat, tracks: tracks.clone(), wanted: true }),
        Err(Refusal::Limit("subscription wishes"))
    );
    let setting = fernamt_sfu::TrackSetting::default();
    assert_eq!(tell(Input::TrackSetting { seat, tracks, setting }), Err(Refusal::Limit("track settings")));
    let bytes = Bytes::from(vec![0; limits::MAX_DATA_BYTES + 1]);
    assert_eq!(
        tell(Input::Data { room: crate::world::ROOM, from: None, to: None, channel: Channel::Lossy, bytes }),
        Err(Refusal::Limit("bytes in a data message"))
    );
}

#[test]
fn packets_larger_than_an_ethernet_frame_are_not_forwarded() {
    let mut world = World::new(47);
    let (anna, ben) = (world.join(), world.join());
    let camera = |name, bytes| {
        let mut camera = Track { packet_bytes: bytes, ..Track::plain_camera(name) };
        camera.layers[0].frame_bytes = bytes;
        camera
    };
    // With its header in front, and once more for a repetition, the larger would not fit into what str0m sends from.
    let cameras = vec![camera("large", limits::MAX_PAYLOAD_BYTES + 1), camera("full", limits::MAX_PAYLOAD_BYTES)];
    let tracks = world.publish(anna, cameras);
    world.net.line(ben, crate::world::net::DOWN).lost = 100;
    world.run(S * 3);
    assert_eq!(world.heard(ben, &tracks[0]).packets, 0);
    let heard = world.heard(ben, &tracks[1]);
    assert!(heard.packets > 60, "{heard:?}");
}

#[test]
fn a_payload_type_that_means_two_things_is_refused() {
    let types = "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";
    let mut world = World::new(46);
    let anna = world.join();
    let (seat, now) = (world.seat(anna), world.now);
    let mut offer = |sdp: String| world.shard.handle(now, Input::PublisherOffer { seat, id: 1, sdp });
    let other = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:96 AV1/90000\r\n";
    let told = offer(format!("{HEAD}{types}{other}").replace("BUNDLE 0", "BUNDLE 0 1"));
    assert!(matches!(told, Err(Refusal::Sdp(_))), "{told:?}");
    assert_eq!(offer(format!("{HEAD}{types}")), Ok(()));
    let told = offer(format!("{HEAD}{types}").replace("96 VP8", "96 VP9"));
    assert!(matches!(told, Err(Refusal::Sdp(_))), "{told:?}");
}

/// An offer of one picture, without its payload types.
const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
    m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaa\r\n\
    a=fingerprint:sha-256 00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00\r\n\
    a=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n";

#[test]
fn a_wish_costs_no_more_than_it_changes() {
    let mut world = World::new(41);
    let seats: Vec<_> = (0..4).map(|_| world.join()).collect();
    let tracks: Vec<_> = seats[1..]
        .iter()
        .flat_map(|client| {
            world
                .publish(*client, vec![Track::sound(&format!("s{client}")), Track::plain_camera(&format!("c{client}"))])
        })
        .collect();
    world.run(S * 2);
    let seat = world.seat(seats[0]);
    let mut looks = |tracks: &[_], wanted| {
        let before = world.shard.load().looks;
        world.tell(Input::Subscribe { seat, tracks: tracks.to_vec(), wanted });
        world.shard.load().looks - before
    };
    assert_eq!(looks(&tracks, false), 6);
    assert_eq!(looks(&tracks, false), 0, "said again");
    assert_eq!(looks(&tracks[..1], true), 1);
    assert_eq!(looks(&[Track::sound("nobody").sid], true), 0);
}

#[test]
fn a_room_is_full_at_its_limit() {
    let mut world = World::new(40);
    for _ in 0..limits::MAX_SEATS_PER_ROOM {
        join_bare(&mut world).unwrap();
    }
    assert_eq!(join_bare(&mut world), Err(Refusal::Limit("seats in a room")));
}

/// A seat nobody sits on.
fn join_bare(world: &mut World) -> Result<(), Refusal> {
    let number = u32::try_from(world.shard.load().seats).unwrap() + 1000;
    let join = fernamt_sfu::Join {
        seat: fernamt_sfu::SeatId(number),
        room: crate::world::ROOM,
        name: fernamt_sfu::Sid::new(&format!("PA_{number}")).unwrap(),
        permissions: everything(),
        auto_subscribe: true,
        addresses: Vec::new(),
        secrets: fernamt_sfu::IceSecrets { publisher: [1; 24], subscriber: [2; 24] },
    };
    world.shard.handle(world.now, Input::Join(join))
}
