//! Codecs other than VP8 and plain Opus.

use std::time::Duration;

use fernamt_sfu::{Event, Input, NewTrack, TrackSetting, VideoCodec};

use crate::world::{
    World, announcement,
    net::DOWN,
    track::{Heard, Track},
};

const S: Duration = Duration::from_secs(1);

#[test]
fn every_codec_is_forwarded_from_a_keyframe_on() {
    for codec in VideoCodec::ALL {
        let mut world = World::new(56);
        let (anna, ben) = (world.join(), world.join());
        let camera = Track { codec: Some(codec), ..Track::plain_camera("e") };
        let tracks = world.publish(anna, vec![camera]);
        world.run(S * 3);
        let heard = world.heard(ben, &tracks[0]);
        assert!(heard.packets > 40 && heard.missing() == 0 && !heard.began_inside, "{codec:?}: {heard:?}");
        let named = |event: &Event| matches!(event, Event::TrackPublished { track, .. } if track.mime == format!("video/{}", codec.name()));
        assert_eq!(world.saw(named), 1, "{codec:?}");
    }
}

#[test]
fn layers_of_every_codec_are_changed_without_a_seam() {
    for codec in [VideoCodec::H264, VideoCodec::Vp9, VideoCodec::Av1] {
        let mut world = World::new(58);
        let (anna, ben) = (world.join(), world.join());
        let tracks = world.publish(anna, vec![Track { codec: Some(codec), ..Track::camera("c") }]);
        world.run(S * 4);
        let seat = world.seat(ben);
        for size in [(160, 90), (600, 300), (1280, 720), (160, 90)] {
            let setting = TrackSetting { size: Some(size), ..TrackSetting::default() };
            world.tell(Input::TrackSetting { seat, tracks: tracks.clone(), setting });
            world.run(S * 2);
        }
        let heard = world.heard(ben, &tracks[0]);
        assert_eq!((heard.missing(), heard.picture_jumps), (0, 0), "{codec:?}: {heard:?}");
        assert!(heard.layers.iter().all(|packets| *packets > 30), "{codec:?}: {heard:?}");
    }
}

#[test]
fn sound_that_repeats_itself_outlives_a_lossy_line() {
    let mut world = World::new(59);
    let (anna, ben) = (world.join(), world.join());
    world.takes.red = false;
    let clara = world.join();
    for listener in [ben, clara] {
        world.net.line(listener, DOWN).lost = 100;
    }
    let tracks = world.publish(anna, vec![Track { red: true, ..Track::sound("r") }]);
    world.run(S * 3);
    world.forget_heard();
    world.run(S * 20);
    let heard = [ben, clara].map(|listener| world.heard(listener, &tracks[0]));
    let [repaired, plain] = heard.each_ref().map(|heard| heard.sounds.len());
    let [lost, lost_plain] = heard.each_ref().map(Heard::missing);
    assert!(lost > 50 && lost_plain > 50, "the line loses: {lost}, {lost_plain}");
    assert!(repaired >= 980, "{repaired} of 1000, {lost} packets lost");
    assert!(heard[0].repeating > 800 && heard[1].repeating == 0, "who does not take RED gets none");
    assert!((850..950).contains(&plain), "{plain} of 1000 are what comes through: whole, and nothing else");
    assert_eq!(world.saw(|event| matches!(event, Event::TrackPublished { track, .. } if track.mime == "audio/red")), 1);
}

#[test]
fn sound_repeats_itself_only_where_it_may() {
    for (red, encrypted, may) in [(true, false, true), (false, false, false), (true, true, false)] {
        let mut world = World::new(60);
        let (anna, ben) = (world.join(), world.join());
        let track = Track { red: true, ..Track::sound("r") };
        let sid = track.sid.clone();
        let new = NewTrack { red, encrypted, ..announcement(&track) };
        world.tell(Input::AddTrack { seat: world.seat(anna), track: new });
        world.offer(anna, vec![track], &[]);
        world.run(S * 3);
        let heard = world.heard(ben, &sid);
        assert!(heard.packets > 80 && (heard.repeating > 80) == may, "{red} {encrypted}: {heard:?}");
    }
}

#[test]
fn who_does_not_know_a_codec_is_told_and_gets_no_empty_picture() {
    let mut world = World::new(61);
    let (anna, ben) = (world.join(), world.join());
    world.takes.av1 = false;
    let clara = world.join();
    let camera = Track { codec: Some(VideoCodec::Av1), ..Track::plain_camera("a") };
    let tracks = world.publish(anna, vec![camera, Track::plain_camera("v")]);
    world.run(S * 3);
    let clara_seat = world.seat(clara);
    let refused = |event: &Event| matches!(event, Event::CodecRefused { seat, track } if *seat == clara_seat && *track == tracks[0]);
    assert_eq!(world.saw(refused), 1);
    assert_eq!(world.saw(|event| matches!(event, Event::CodecRefused { .. })), 1, "nobody else");
    assert!(world.heard(ben, &tracks[0]).packets > 40);
    assert_eq!(world.heard(clara, &tracks[0]).packets, 0);
    assert!(world.heard(clara, &tracks[1]).packets > 40, "what it knows comes");
    // Asking again makes no new section.
    let sections = world.clients[clara].mids.len();
    world.tell(Input::Subscribe { seat: clara_seat, tracks: tracks.clone(), wanted: true });
    world.run(S * 2);
    assert!(
        world.clients[clara].mids.len() <= sections && world.clients[clara].mids.values().all(|sid| *sid != tracks[0])
    );
    assert_eq!(world.shard.load().seats, 3);
}
