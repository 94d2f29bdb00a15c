//! Codecs other than VP8 and plain Opus.

use std::time::Duration;

use fernamt_sfu::{Event, Input, TrackSetting, VideoCodec};

use crate::world::{World, track::Track};

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
