//! What is promised in seconds.

use std::time::{Duration, Instant};

use fernamt_resume::{End, Event, Input, Settings};
use fernamt_testkit::SeededRng;

use crate::{
    network::{ACCEPTOR, INITIATOR, Weather},
    world::{Plan, World},
};

const NOTICED: Duration = Duration::from_secs(2);
const BACK: Duration = Duration::from_secs(2);
const POLICY: Duration = Duration::from_mins(10);

fn signed_in(seed: u64, weather: Weather, plans: [Plan; 2]) -> World {
    let mut world = World::new(seed, weather, Settings::default(), POLICY, plans);
    world.run_until(World::is_armed);
    world.run_for(Duration::from_secs(3));
    world
}

fn idle(seed: u64, delay_ms: u64) -> World {
    signed_in(seed, Weather::fine(delay_ms), [Plan::quick(0), Plan::quick(3_000)])
}

fn when(world: &World, side: usize, since: Instant, wanted: fn(&Event) -> bool) -> Option<Duration> {
    let events = world.apps[side].events.iter();
    let mut events = events.filter(|(at, event)| *at >= since && wanted(event));
    events.next().map(|(at, _)| *at - since)
}

fn is_back(event: &Event) -> bool {
    matches!(event, Event::Back { .. })
}

#[test]
fn a_dead_line_is_noticed_within_two_seconds_on_both_sides() {
    for seed in 0..200 {
        let delay = SeededRng::new(seed).below(200);
        let mut world = idle(seed, delay);
        let phase = Duration::from_millis(seed * 7);
        world.run_for(phase);
        let cut_at = world.now();
        world.network.cut(Duration::from_secs(20));
        world.run_for(Duration::from_secs(3));
        for side in [INITIATOR, ACCEPTOR] {
            let noticed = when(&world, side, cut_at, |event| *event == Event::Away).expect("nobody noticed");
            assert!(noticed <= NOTICED, "side {side} noticed after {noticed:?} with {delay} ms one way");
        }
    }
}

#[test]
fn the_stream_is_back_within_two_seconds_of_the_lines_return() {
    for seed in 0..if fernamt_testkit::full() { 5_000 } else { 300 } {
        let rng = SeededRng::new(seed);
        let mut world = idle(seed, rng.below(101));
        if rng.below(2) == 0 {
            world.network.change_address();
        }
        let outage = Duration::from_millis(2_000 + rng.below(120_000));
        world.network.cut(outage);
        world.run_for(outage);
        let returned = world.now();
        world.run_for(BACK);
        let stream = world.stream(INITIATOR);
        let back = when(&world, INITIATOR, returned, is_back);
        assert!(back.is_some() && stream.away_since().is_none(), "not back after {outage:?}: {}", world.describe());
        assert!(world.stream(ACCEPTOR).away_since().is_none());
    }
}

#[test]
fn a_change_of_address_that_is_told_costs_no_silence() {
    let mut world = idle(1, 40);
    world.network.change_address();
    let moved_at = world.now();
    world.tell(INITIATOR, Input::Moved);
    world.run_for(Duration::from_secs(1));
    let back = when(&world, INITIATOR, moved_at, is_back).expect("not back");
    // Three ways there and back for the line, one for the proof.
    assert!(back <= Duration::from_millis(8 * 40 + 10), "{back:?}");
}

#[test]
fn ten_minutes_without_a_line_are_survived_and_longer_ones_are_not() {
    for (seconds, survives) in [(595, true), (605, false)] {
        let outage = Duration::from_secs(seconds);
        let slow = Weather { bytes_per_second: 100_000, ..Weather::fine(30) };
        let mut world = signed_in(3, slow, [Plan::quick(1_000_000), Plan::quick(1_000_000)]);
        assert!(!world.is_settled(), "nothing was on its way any more");
        world.network.cut(outage);
        world.run_for(outage + Duration::from_secs(5));
        let ends = [INITIATOR, ACCEPTOR].map(|side| world.apps[side].ended);
        assert_eq!(ends, [if survives { None } else { Some(End::Lost) }; 2], "{outage:?}");
        if survives {
            world.run_until(World::is_settled);
        }
    }
}

#[test]
fn what_was_on_its_way_when_the_line_was_cut_arrives_after_it() {
    let slow = Weather { bytes_per_second: 1_000_000, ..Weather::fine(50) };
    let plans = [Plan::quick(3_000_000), Plan::quick(3_000_000)];
    let mut world = World::new(9, slow, Settings::default(), POLICY, plans);
    world.run_until(World::is_armed);
    world.run_for(Duration::from_millis(700));
    for _ in 0..5 {
        assert!(!world.is_settled(), "nothing was on its way any more");
        world.network.change_address();
        world.network.cut(Duration::from_secs(30));
        world.run_for(Duration::from_millis(30_900));
    }
    world.run_until(World::is_settled);
}

#[test]
fn a_doubted_line_that_speaks_again_is_kept() {
    let mut world = idle(4, 20);
    let line = world.stream(INITIATOR).line();
    world.network.cut(Duration::from_millis(1_900));
    let cut_at = world.now();
    // Nobody can be dialled, so only the old line can come back.
    world.network.weather.refused_per_mille = 1_000;
    world.run_for(Duration::from_secs(10));
    assert!(when(&world, INITIATOR, cut_at, is_back).is_some(), "{}", world.describe());
    assert_eq!(world.stream(INITIATOR).line(), line);
    assert!(!world.network.is_cut());
}

#[test]
fn a_line_that_is_dead_in_one_direction_is_left() {
    let mut world = idle(5, 20);
    let (line, since) = (world.stream(INITIATOR).line(), world.now());
    world.network.deafen();
    world.run_for(fernamt_resume::ANSWER_PATIENCE + NOTICED);
    assert!(when(&world, INITIATOR, since, is_back).is_some(), "{}", world.describe());
    assert_ne!(world.stream(INITIATOR).line(), line);
}

#[test]
fn the_way_there_and_back_is_measured() {
    let world = idle(5, 70);
    for side in [INITIATOR, ACCEPTOR] {
        let measured = world.stream(side).round_trip().expect("nothing was measured");
        assert!(measured >= Duration::from_millis(140) && measured < Duration::from_millis(150), "{measured:?}");
    }
}

#[test]
fn an_abort_reaches_the_other_side_at_once_or_when_it_comes_back() {
    let mut world = idle(6, 20);
    world.tell(ACCEPTOR, Input::Abort);
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.apps[INITIATOR].ended, Some(End::Dismissed));

    let mut world = idle(7, 20);
    world.network.cut(Duration::from_secs(30));
    world.run_for(Duration::from_secs(5));
    world.tell(ACCEPTOR, Input::Abort);
    world.run_for(Duration::from_secs(27));
    let end = world.apps[INITIATOR].ended;
    assert!(matches!(end, Some(End::Refused(_) | End::Dismissed)), "{end:?}");
}

#[test]
fn a_line_that_never_stands_is_given_up() {
    let mut world = World::new(8, Weather::fine(20), Settings::default(), POLICY, [Plan::quick(0), Plan::quick(0)]);
    world.network.cut(Duration::from_mins(5));
    world.run_until(|world| world.apps[INITIATOR].ended.is_some());
    assert_eq!(world.apps[INITIATOR].ended, Some(End::Lost));
    assert!(world.now() - world.began_at <= fernamt_resume::OPEN_PATIENCE);
}
