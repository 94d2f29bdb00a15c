//! Random histories: whatever the network does, the applications see what the model says.

use std::time::Duration;

use fernamt_resume::{End, Input, Settings, UNARMED_BYTES};
use fernamt_testkit::SeededRng;

use crate::{
    network::{ACCEPTOR, INITIATOR, Weather},
    world::{Plan, World},
};

/// `FERNAMT_SEED=n` repeats one history.
fn seeds() -> Vec<u64> {
    if let Some(seed) = std::env::var("FERNAMT_SEED").ok().and_then(|seed| seed.parse().ok()) {
        return vec![seed];
    }
    let count = if fernamt_testkit::full() { 100_000 } else { 400 };
    ONCE_WRONG.iter().copied().chain(0..count).collect()
}

/// A late proof, a lost acknowledgement, a lost end, an end that nobody looked at, a line
/// too slow for its first message.
const ONCE_WRONG: [u64; 5] = [4_146, 13_167, 27_445, 16_732, 16_947];

/// What befalls a history at one moment.
#[derive(Debug, Clone, Copy)]
enum Blow {
    Cut,
    Reset,
    NewAddress,
    /// The stick is told of its new address, as an operating system would.
    Moved,
    NewWeather,
}

fn weather(rng: &SeededRng, faulty: bool) -> Weather {
    Weather {
        delay: Duration::from_millis(rng.below(300)),
        jitter: Duration::from_millis(rng.below(80)),
        // One that arrives in one piece must not take as long as silence.
        bytes_per_second: [if faulty { 125_000 } else { 8_000 }, 125_000, 1_000_000, 100_000_000]
            [usize::try_from(rng.below(4)).unwrap()],
        lost_per_mille: rng.below(60),
        faulty_per_mille: if faulty { rng.below(40) } else { 0 },
        refused_per_mille: rng.below(200),
    }
}

fn plan(rng: &SeededRng) -> Plan {
    let size = |most: u64| usize::try_from(1 + rng.below(most)).unwrap();
    Plan {
        bytes: rng.below([0, 3_000, 60_000, 200_000][size(4) - 1] + 1) + 3_000,
        largest_write: size([10_000, 200_000][size(2) - 1]),
        largest_read: size([10_000, 200_000][size(2) - 1]),
        pause: Duration::from_millis(rng.below(200)),
        ends: true,
    }
}

/// One history; `early` lets it be hit before anybody has signed in.
fn history(seed: u64, early: bool) -> World {
    let rng = SeededRng::new(seed ^ 0x5EED);
    let faulty = rng.below(4) == 0;
    let settings = Settings {
        replay_bytes: UNARMED_BYTES + usize::try_from(rng.below(200_000)).unwrap(),
        window_bytes: UNARMED_BYTES + usize::try_from(rng.below(200_000)).unwrap(),
        ..Settings::default()
    };
    let calm = Weather { faulty_per_mille: 0, lost_per_mille: 0, refused_per_mille: 0, ..weather(&rng, faulty) };
    let patience = Duration::from_secs(120 + rng.below(480));
    let mut world = World::new(seed, calm.clone(), settings, patience, [plan(&rng), plan(&rng)]);
    world.network.in_one_piece = faulty;
    if !early {
        world.run_until(|world| world.is_armed() || world.is_over());
    }
    for _ in 0..rng.below(12) {
        if world.is_over() {
            break;
        }
        let blow = [Blow::Cut, Blow::Reset, Blow::NewAddress, Blow::Moved, Blow::NewWeather]
            [usize::try_from(rng.below(5)).unwrap()];
        match blow {
            Blow::Cut => {
                let longest = if rng.below(8) == 0 { 90_000 } else { 8_000 };
                world.network.cut(Duration::from_millis(rng.below(longest)));
            }
            Blow::Reset => world.network.reset(),
            Blow::NewAddress => world.network.change_address(),
            Blow::Moved => {
                world.network.change_address();
                world.tell(INITIATOR, Input::Moved);
            }
            Blow::NewWeather => world.network.weather = weather(&rng, faulty),
        }
        let quiet = [300, 3_000, 30_000][usize::try_from(rng.below(3)).unwrap()];
        world.run_for(Duration::from_millis(rng.below(quiet)));
    }
    world.network.weather = calm;
    world
}

#[test]
fn whatever_the_line_does_both_sides_get_every_byte_once_and_in_order() {
    for seed in seeds() {
        let mut world = history(seed, false);
        world.run_until(World::is_over);
        world.take_rest();
        assert!(world.is_settled(), "{}", world.describe());
        let ends = [INITIATOR, ACCEPTOR].map(|side| world.apps[side].ended.unwrap());
        assert_eq!(ends, [End::Finished; 2], "{}", world.describe());
    }
}

#[test]
fn a_line_lost_before_the_sign_in_never_brings_wrong_bytes() {
    let mut lost = 0;
    for seed in seeds() {
        let mut world = history(seed, true);
        world.run_until(World::is_over_somewhere);
        let end = world.apps[INITIATOR].ended;
        if end != Some(End::Finished) {
            lost += 1;
        }
        // The model has looked at every byte that was read; here it only counts that both outcomes occur.
        assert!(
            matches!(end, Some(End::Finished | End::Lost | End::Refused(_)) | None),
            "{end:?}: {}",
            world.describe()
        );
    }
    assert!(lost > 0 || seeds().len() < 100, "no history was cut before the sign-in");
}

impl World {
    /// The initiator has ended, or the acceptor where it ever began.
    fn is_over_somewhere(&self) -> bool {
        self.apps[INITIATOR].ended.is_some()
    }
}
