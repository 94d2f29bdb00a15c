//! A meeting that goes as it should.

use std::time::Duration;

use fernamt_sfu::{Channel, Event, Side};

use crate::world::{World, track::Track};

#[test]
fn two_see_and_hear_each_other() {
    let mut world = World::new(1);
    let (anna, ben) = (world.join(), world.join());
    let anna_tracks = world.publish(anna, vec![Track::sound("am"), Track::camera("ac")]);
    let ben_tracks = world.publish(ben, vec![Track::sound("bm"), Track::plain_camera("bc")]);
    world.run(Duration::from_secs(8));
    for (client, tracks) in [(ben, anna_tracks), (anna, ben_tracks)] {
        let sound = world.heard(client, &tracks[0]);
        assert!(sound.packets > 300, "{sound:?}");
        let video = world.heard(client, &tracks[1]);
        assert!(video.packets > 180, "{video:?}");
        assert!(!video.began_inside, "the first packet is a keyframe's");
        assert_eq!((video.picture_jumps, sound.missing(), video.missing()), (0, 0, 0), "{video:?}");
    }
    assert_eq!(world.saw(|event| matches!(event, Event::Connected { side: Side::Subscriber, .. })), 2);
    assert_eq!(world.saw(|event| matches!(event, Event::TrackPublished { .. })), 4);
}

#[test]
fn data_goes_to_all_others_on_the_same_channel() {
    let mut world = World::new(2);
    let (anna, ben, carla) = (world.join(), world.join(), world.join());
    for client in [anna, ben, carla] {
        world.publish(client, vec![]);
    }
    world.run(Duration::from_secs(2));
    assert!(world.clients[anna].say(Channel::Reliable, b"hello"));
    assert!(world.clients[anna].say(Channel::Lossy, b"there"));
    world.run(Duration::from_secs(1));
    assert!(world.clients[anna].data.is_empty());
    for client in [ben, carla] {
        let mut data = world.clients[client].data.clone();
        data.sort();
        assert_eq!(data, [(Channel::Reliable, b"hello".to_vec()), (Channel::Lossy, b"there".to_vec())]);
    }
}
