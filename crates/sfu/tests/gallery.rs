//! Several see each other at once.

use std::time::Duration;

use fernamt_sfu::{Input, Sid};

use crate::world::{
    World,
    net::{DOWN, Line, UP},
    track::Track,
};

const S: Duration = Duration::from_secs(1);

/// Some who publish a camera of 0.8 Mbit/s each in one size, and do not look yet.
fn gallery(seed: u64, people: usize, line: Line) -> (World, Vec<Sid>) {
    let mut world = World::new(seed);
    let mut cameras = Vec::new();
    for number in 0..people {
        let client = world.join();
        for direction in [UP, DOWN] {
            *world.net.line(client, direction) = line;
        }
        let mut camera = Track::plain_camera(&number.to_string());
        camera.layers[0].frame_bytes = 3_300;
        cameras.push(camera);
    }
    let sids: Vec<_> = cameras.iter().map(|camera| camera.sid.clone()).collect();
    look(&mut world, &sids, false);
    for (client, camera) in cameras.into_iter().enumerate() {
        world.publish(client, vec![camera]);
    }
    world.run(S);
    (world, sids)
}

fn look(world: &mut World, sids: &[Sid], wanted: bool) {
    for client in 0..sids.len() {
        let seat = world.seat(client);
        let others = sids.iter().enumerate().filter(|(other, _)| *other != client);
        let tracks = others.map(|(_, sid)| sid.clone()).collect();
        world.tell(Input::Subscribe { seat, tracks, wanted });
    }
}

/// How many pictures are being seen, of all.
fn seen(world: &World, sids: &[Sid]) -> usize {
    let sees = |client: usize| sids.iter().filter(move |sid| world.heard(client, sid).packets > 0).count();
    (0..sids.len()).map(sees).sum()
}

#[test]
fn a_gallery_that_fits_is_there_at_once() {
    let (mut world, sids) = gallery(71, 4, Line::GOOD);
    look(&mut world, &sids, true);
    // 2.4 Mbit/s each: more than is taken for granted of a line, so it is measured first, but for one picture. What comes
    // of that is shared out as it comes.
    world.run_until(Duration::from_millis(300), "two of three for each", |world| seen(world, &sids) >= 8);
    world.run_until(S, "all", |world| seen(world, &sids) == 12);
}

#[test]
fn lines_that_stop_for_a_moment_now_and_then_are_not_taken_for_narrow() {
    let (mut world, sids) = gallery(72, 4, Line { stalls: Duration::from_millis(120), ..Line::GOOD });
    look(&mut world, &sids, true);
    world.run(S * 3);
    let (mut there, mut looks) = (0, 0);
    for _ in 0..24 {
        world.forget_heard();
        world.run(Duration::from_millis(250));
        there += seen(&world, &sids);
        looks += 12;
    }
    assert!(there * 100 >= looks * 95, "{there} of {looks} pictures were there");
}
