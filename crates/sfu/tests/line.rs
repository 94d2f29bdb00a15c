//! Lines that lose, reorder, shrink and move.

use std::{net::SocketAddr, time::Duration};

use fernamt_sfu::{ConnectionQuality, Event, Gone, Input, Proto, Side, TrackSetting};

use crate::world::{
    World, everything,
    net::{DOWN, Line, UP},
    track::Track,
};

const S: Duration = Duration::from_secs(1);

#[test]
fn lost_packets_are_repeated_on_both_sides() {
    let mut world = World::new(11);
    let (anna, ben) = (world.join(), world.join());
    *world.net.line(anna, UP) = Line { lost: 30, ..Line::GOOD };
    *world.net.line(ben, DOWN) = Line { lost: 30, ..Line::GOOD };
    let tracks = world.publish(anna, vec![Track::plain_camera("c")]);
    world.run(S * 20);
    let heard = world.heard(ben, &tracks[0]);
    assert!(heard.packets > 500, "{heard:?}");
    let missing = heard.missing();
    assert!(missing * 200 < heard.packets, "6 % are lost on the way, and {missing} of {} stay so", heard.packets);
}

#[test]
fn reordered_packets_keep_their_numbers() {
    let mut world = World::new(12);
    let (anna, ben) = (world.join(), world.join());
    let shaky = Line { jitter: Duration::from_millis(15), ..Line::GOOD };
    *world.net.line(anna, UP) = shaky;
    *world.net.line(ben, DOWN) = shaky;
    let tracks = world.publish(anna, vec![Track::sound("s"), Track::plain_camera("c")]);
    world.run(S * 8);
    for sid in &tracks {
        let heard = world.heard(ben, sid);
        assert!(heard.packets > 150, "{heard:?}");
        assert!(heard.missing() <= 2, "{heard:?}");
    }
}

#[test]
fn a_narrow_line_gets_a_smaller_picture_and_a_wide_one_the_large_again() {
    let mut world = World::new(13);
    let (anna, ben) = (world.join(), world.join());
    let tracks = world.publish(anna, vec![Track::sound("s"), Track::camera("c")]);
    let camera = &tracks[1];
    world.run_until(S * 15, "the large picture", |world| world.heard(ben, camera).layer == 2);
    world.net.line(ben, DOWN).bits_per_second = Some(450_000);
    world.run_until(S * 10, "a smaller picture", |world| world.heard(ben, camera).layer < 2);
    world.run(S * 10);
    world.forget_heard();
    world.run(S * 5);
    let sound = world.heard(ben, &tracks[0]);
    assert!(sound.packets > 235, "sound does not suffer: {sound:?}");
    assert!(world.heard(ben, camera).layers[2] == 0, "{:?}", world.heard(ben, camera));
    world.net.line(ben, DOWN).bits_per_second = None;
    world.run_until(S * 40, "the large picture again", |world| world.heard(ben, camera).layer == 2);
}

#[test]
fn a_line_too_narrow_for_any_picture_keeps_the_sound_and_says_so() {
    let mut world = World::new(14);
    let (anna, ben) = (world.join(), world.join());
    let tracks = world.publish(anna, vec![Track::sound("s"), Track::plain_camera("c")]);
    world.run(S * 5);
    world.net.line(ben, DOWN).bits_per_second = Some(120_000);
    world.run_until(S * 20, "the pause", |world| {
        world.saw(|event| matches!(event, Event::StreamState { paused: true, .. })) > 0
    });
    world.run(S * 5);
    world.forget_heard();
    world.run(S * 5);
    assert!(world.heard(ben, &tracks[0]).packets > 230, "{:?}", world.heard(ben, &tracks[0]));
    world.net.line(ben, DOWN).bits_per_second = None;
    world.forget_heard();
    world.run_until(S * 20, "the picture again", |world| world.heard(ben, &tracks[1]).packets > 30);
}

#[test]
fn who_comes_late_sees_a_keyframe_at_once() {
    let mut world = World::new(15);
    let anna = world.join();
    let tracks = world.publish(anna, vec![Track::plain_camera("c")]);
    let _ben = world.join();
    world.run(S * 10);
    let carla = world.join();
    let took = world.run_until(S * 2, "a picture", |world| world.heard(carla, &tracks[0]).packets > 0);
    assert!(took < Duration::from_millis(400), "{took:?}");
    let heard = world.heard(carla, &tracks[0]);
    assert!(!heard.began_inside && heard.keyframes >= 1, "{heard:?}");
}

#[test]
fn who_comes_right_after_another_waits_little_longer() {
    let mut world = World::new(24);
    let anna = world.join();
    let tracks = world.publish(anna, vec![Track::plain_camera("c")]);
    world.run(S * 2);
    for _ in 0..4 {
        let late = world.join();
        let took = world.run_until(S * 2, "a picture", |world| world.heard(late, &tracks[0]).packets > 0);
        assert!(took < Duration::from_millis(400), "{took:?}");
    }
}

#[test]
fn a_screen_on_which_nothing_moves_is_seen_by_who_comes_late() {
    let mut world = World::new(23);
    let (anna, ben) = (world.join(), world.join());
    let mut screen = Track::plain_camera("s");
    screen.still = true;
    let tracks = world.publish(anna, vec![screen]);
    world.run_until(S * 2, "the picture", |world| world.heard(ben, &tracks[0]).keyframes > 0);
    let asked = world.clients[anna].tracks[0].layers[0].keyframes_asked;
    world.run(S * 20);
    assert_eq!(world.clients[anna].tracks[0].layers[0].keyframes_asked, asked, "who has the picture asks no more");
    let carla = world.join();
    world.run_until(S * 2, "the picture", |world| world.heard(carla, &tracks[0]).keyframes > 0);
}

#[test]
fn many_who_come_at_once_cost_few_keyframes() {
    let mut world = World::new(16);
    let anna = world.join();
    let tracks = world.publish(anna, vec![Track::plain_camera("c")]);
    world.run(S * 2);
    let before = world.clients[anna].tracks[0].layers[0].keyframes_sent;
    for _ in 0..25 {
        world.join();
        world.run(Duration::from_millis(40));
    }
    world.run(S * 2);
    for client in 1..26 {
        let heard = world.heard(client, &tracks[0]);
        assert!(heard.packets > 30 && !heard.began_inside, "{client}: {heard:?}");
    }
    let cost = world.clients[anna].tracks[0].layers[0].keyframes_sent - before;
    assert!(cost <= 6, "{cost} keyframes for 25 who came within a second");
}

#[test]
fn a_client_that_changes_its_address_goes_on() {
    let mut world = World::new(17);
    let (anna, ben) = (world.join(), world.join());
    let tracks = world.publish(anna, vec![Track::sound("s")]);
    world.run(S * 3);
    // From one network into another.
    let moved = SocketAddr::from(([10, 0, 0, 99], 2000));
    world.clients[ben].roam(moved);
    world.run(S * 2);
    world.forget_heard();
    world.run(S * 2);
    assert!(world.heard(ben, &tracks[0]).packets > 80, "{:?}", world.heard(ben, &tracks[0]));
    assert_eq!(world.saw(|event| matches!(event, Event::AddressBound { from, .. } if *from == moved)), 1);
}

#[test]
fn a_short_cut_ends_nothing_and_a_long_one_empties_the_seat() {
    let mut world = World::new(18);
    let (anna, ben) = (world.join(), world.join());
    let tracks = world.publish(anna, vec![Track::sound("s")]);
    world.run(S * 3);
    let cut = |world: &mut World, cut: bool| {
        world.net.line(ben, UP).cut = cut;
        world.net.line(ben, DOWN).cut = cut;
    };
    cut(&mut world, true);
    world.run(S * 10);
    cut(&mut world, false);
    world.run(S * 6);
    world.forget_heard();
    world.run(S);
    assert!(world.heard(ben, &tracks[0]).packets > 40, "back after ten seconds");
    cut(&mut world, true);
    world.run_until(S * 90, "the seat is empty", |world| {
        world.saw(|event| matches!(event, Event::Gone { why: Gone::Timeout, .. })) == 1
    });
    assert_eq!(world.shard.load().seats, 1);
}

#[test]
fn a_subscriber_that_stops_reading_is_bounded() {
    let mut world = World::new(19);
    let (anna, ben) = (world.join(), world.join());
    world.publish(anna, vec![Track::camera("c")]);
    world.run(S * 3);
    world.net.line(ben, UP).cut = true;
    let before = world.datagrams;
    world.run(S * 20);
    // Without feedback the estimate falls, and with it what is sent.
    let sent = world.datagrams - before;
    assert!(sent < 3_500, "{sent} datagrams to somebody who says nothing");
    let bytes = vec![7; 60_000];
    let room = world.room;
    for _ in 0..100 {
        let input = Input::Data {
            room,
            from: None,
            to: Some(vec![world.seat(ben)]),
            channel: fernamt_sfu::Channel::Reliable,
            bytes: bytes.clone().into(),
        };
        world.tell(input);
    }
    assert_eq!(world.saw(|event| matches!(event, Event::Gone { why: Gone::TooSlow, .. })), 1);
    assert_eq!(world.shard.load().seats, 1);
}

#[test]
fn ice_over_tcp_carries_everything() {
    let mut world = World::new(20);
    let anna = world.join_with(Proto::Tcp, everything()).unwrap();
    let ben = world.join();
    let tracks = world.publish(anna, vec![Track::sound("a")]);
    let back = world.publish(ben, vec![Track::plain_camera("b")]);
    world.run(S * 5);
    assert!(world.heard(ben, &tracks[0]).packets > 180);
    assert!(world.heard(anna, &back[0]).packets > 100);
}

#[test]
fn what_is_not_shown_is_not_sent_and_a_thumbnail_is_sent_small() {
    let mut world = World::new(21);
    let (anna, ben) = (world.join(), world.join());
    let tracks = world.publish(anna, vec![Track::camera("c")]);
    let (seat, sids) = (world.seat(ben), tracks.clone());
    let set = |world: &mut World, setting| {
        world.tell(Input::TrackSetting { seat, tracks: sids.clone(), setting });
    };
    world.run(S * 4);
    set(&mut world, TrackSetting { disabled: true, ..TrackSetting::default() });
    world.run(S);
    world.forget_heard();
    world.run(S * 2);
    assert_eq!(world.heard(ben, &tracks[0]).packets, 0);
    set(&mut world, TrackSetting { size: Some((160, 90)), ..TrackSetting::default() });
    world.run(S * 2);
    world.forget_heard();
    world.run(S * 2);
    let heard = world.heard(ben, &tracks[0]);
    assert_eq!((heard.missing(), heard.picture_jumps), (0, 0), "{heard:?}");
    assert!(heard.layers[0] > 50 && heard.layers[1..] == [0, 0], "{heard:?}");
    world.run(S * 6);
    let told = world.events.iter().rev().find_map(|(_, event)| match event {
        Event::WantedQualities { wanted, .. } => Some(*wanted),
        _ => None,
    });
    assert_eq!(told, Some([true, false, false]), "the publisher need not encode the rest");
    for size in [(600, 300), (1280, 720), (600, 300), (160, 90)] {
        set(&mut world, TrackSetting { size: Some(size), ..TrackSetting::default() });
        world.run(S * 2);
    }
    let heard = world.heard(ben, &tracks[0]);
    assert_eq!((heard.missing(), heard.picture_jumps), (0, 0), "changes of layer are seamless: {heard:?}");
    assert!(heard.layers.iter().all(|packets| *packets > 30), "{heard:?}");
}

#[test]
fn a_bad_line_is_told_in_a_word() {
    let mut world = World::new(22);
    let (anna, ben) = (world.join(), world.join());
    world.publish(anna, vec![Track::sound("s"), Track::plain_camera("c")]);
    world.run(S * 8);
    world.net.line(ben, DOWN).lost = 250;
    let seat = world.seat(ben);
    world.run_until(S * 30, "the word", |world| {
        let poor = |event: &Event| {
            matches!(event, Event::ConnectionQuality { seat: of, quality, .. }
                if *of == seat && *quality <= ConnectionQuality::Poor)
        };
        world.saw(poor) > 0
    });
    assert_eq!(world.saw(|event| matches!(event, Event::Disconnected { side: Side::Subscriber, .. })), 0);
}
