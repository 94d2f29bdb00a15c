//! One speaks to many, and who speaks is known.

use std::time::Duration;

use fernamt_sfu::{Event, Input, Permissions, Proto, Publish};

use crate::world::{
    World, everything,
    net::{DOWN, Line},
    track::Track,
};

const S: Duration = Duration::from_secs(1);

/// Packets come in bursts and out of order, but all come.
const BUSY: Line = Line { jitter: Duration::from_millis(60), ..Line::GOOD };

#[test]
fn a_frame_leaves_in_one_piece_for_each_listener() {
    let mut world = World::new(51);
    let listener = Permissions { publish: Publish::Nothing, data: false, ..everything() };
    let anna = world.join();
    let tracks = world.publish(anna, vec![Track::camera("c")]);
    for _ in 0..30 {
        world.join_with(Proto::Udp, listener.clone()).unwrap();
    }
    world.run_until(S * 20, "the large picture for all", |world| {
        (1..31).all(|client| world.heard(client, &tracks[0]).layer == 2)
    });
    world.forget_heard();
    let (pieces, datagrams) = (world.pieces, world.datagrams);
    world.run(S * 5);
    let (pieces, datagrams) = (world.pieces - pieces, world.datagrams - datagrams);
    assert!(pieces * 2 < datagrams, "{datagrams} datagrams in {pieces} pieces");
    for client in 1..31 {
        let heard = world.heard(client, &tracks[0]);
        assert!(heard.missing() == 0 && heard.picture_jumps == 0, "{heard:?}");
        assert!(heard.slowest < Duration::from_millis(25), "20 ms are the network's: {:?}", heard.slowest);
    }
}

#[test]
fn who_comes_late_sees_a_picture_that_has_one_size_only() {
    let mut world = World::new(58);
    let anna = world.join();
    let mut camera = Track::plain_camera("c");
    // 1.6 Mbit/s: more than is taken for granted of a line.
    camera.layers[0].frame_bytes = 6_600;
    let mut tracks = world.publish(anna, vec![camera]);
    world.run(S * 3);
    let late = world.join();
    let took = world.run_until(S * 3, "a picture", |world| world.heard(late, &tracks[0]).packets > 0);
    assert!(took < Duration::from_millis(300), "what is taken for granted is a guess that nobody waits for: {took:?}");
    assert!(!world.heard(late, &tracks[0]).began_inside);
    // While nothing is sent nothing is measured: a line that was bad at first must not be taken for bad for ever.
    let narrow = Line { bits_per_second: Some(700_000), ..Line::GOOD };
    for sound in [false, true] {
        if sound {
            tracks.extend(world.publish(anna, vec![Track::sound("s")]));
        }
        let late = world.join();
        *world.net.line(late, DOWN) = narrow;
        world.run(S * 7);
        world.forget_heard();
        world.run(S * 3);
        assert_eq!(world.heard(late, &tracks[0]).packets, 0, "the line does not bear it");
        *world.net.line(late, DOWN) = Line::GOOD;
        world.run_until(S * 20, "a picture at last", |world| world.heard(late, &tracks[0]).packets > 100);
    }
}

#[test]
fn a_line_that_only_shakes_shows_the_smaller_sizes_all_the_time() {
    let mut world = World::new(59);
    let (anna, ben) = (world.join(), world.join());
    *world.net.line(ben, DOWN) = BUSY;
    let tracks = world.publish(anna, vec![Track::camera("c")]);
    for _ in 0..6 {
        world.forget_heard();
        world.run(S * 4);
        assert!(world.heard(ben, &tracks[0]).packets > 50, "{:?}", world.heard(ben, &tracks[0]));
    }
}

#[test]
fn who_speaks_is_told_and_silence_is_not_sent() {
    let mut world = World::new(52);
    let (anna, ben, carla) = (world.join(), world.join(), world.join());
    let loud = world.publish(anna, vec![Track::sound("a")]);
    let mut quiet = Track::sound("b");
    quiet.level = 127;
    let quiet = world.publish(ben, vec![quiet]);
    world.run(S * 4);
    let speaks = |world: &World, client: usize, wanted: bool| {
        let seat = world.seat(client);
        world.saw(|event| match event {
            Event::Speakers { changes, .. } => {
                changes.iter().any(|speaker| speaker.seat == seat && speaker.active == wanted)
            }
            _ => false,
        })
    };
    assert_eq!((speaks(&world, anna, true), speaks(&world, ben, true)), (1, 0));
    assert!(world.heard(carla, &loud[0]).packets > 150);
    assert_eq!(world.heard(carla, &quiet[0]).packets, 0, "silence is not sent");
    world.clients[ben].tracks[0].level = 15;
    world.clients[anna].tracks[0].level = 127;
    world.run(S * 3);
    assert_eq!((speaks(&world, anna, false), speaks(&world, ben, true)), (1, 1));
    let heard = world.heard(carla, &quiet[0]);
    assert!(heard.packets > 100 && heard.missing() == 0, "{heard:?}");
}

#[test]
fn a_track_that_ends_is_stopped_and_its_section_used_again() {
    let mut world = World::new(53);
    let (anna, ben) = (world.join(), world.join());
    let first = world.publish(anna, vec![Track::plain_camera("one")]);
    world.run(S * 2);
    world.offer(anna, Vec::new(), &first);
    world.run(S);
    assert_eq!(world.saw(|event| matches!(event, Event::TrackUnpublished { .. })), 1);
    assert_eq!(world.shard.load().subscriptions, 0);
    for name in ["two", "three"] {
        let next = world.publish(anna, vec![Track::plain_camera(name)]);
        world.run(S * 2);
        assert!(world.heard(ben, &next[0]).packets > 30, "{name}");
        world.offer(anna, Vec::new(), &next);
        world.run(S);
    }
}

#[test]
fn the_order_of_announcement_and_offer_does_not_matter() {
    let mut world = World::new(54);
    let (anna, ben) = (world.join(), world.join());
    let (track, seat) = (Track::plain_camera("c"), world.seat(anna));
    let (sid, new) = (track.sid.clone(), crate::world::announcement(&track));
    world.offer(anna, vec![track], &[]);
    world.run(S);
    world.tell(Input::AddTrack { seat, track: new });
    world.run(S * 2);
    let heard = world.heard(ben, &sid);
    assert!(heard.packets > 30 && !heard.began_inside, "{heard:?}");
}

#[test]
fn who_does_not_subscribe_by_itself_chooses() {
    let mut world = World::new(55);
    let (anna, ben) = (world.join(), world.join());
    let tracks = world.publish(anna, vec![Track::sound("a"), Track::plain_camera("c")]);
    let seat = world.seat(ben);
    world.tell(Input::Subscribe { seat, tracks: tracks[..1].to_vec(), wanted: false });
    world.run(S * 3);
    assert_eq!(world.heard(ben, &tracks[0]).packets, 0);
    assert!(world.heard(ben, &tracks[1]).packets > 30);
    world.tell(Input::Subscribe { seat, tracks: tracks[..1].to_vec(), wanted: true });
    world.tell(Input::Subscribe { seat, tracks: tracks[1..].to_vec(), wanted: false });
    world.run(S);
    world.forget_heard();
    world.run(S * 2);
    assert!(world.heard(ben, &tracks[0]).packets > 80);
    assert_eq!(world.heard(ben, &tracks[1]).packets, 0);
}

#[test]
fn an_encoder_that_begins_anew_is_one_stream_for_its_listeners() {
    let mut world = World::new(57);
    let (anna, ben) = (world.join(), world.join());
    let tracks = world.publish(anna, vec![Track::sound("s")]);
    world.run(S * 2);
    world.clients[anna].rename(&tracks[0], 77_777);
    world.run(S * 2);
    let heard = world.heard(ben, &tracks[0]);
    assert!(heard.packets > 180 && heard.missing() == 0, "{heard:?}");
}
