use std::collections::HashSet;

use fernamt_domain::{Rng, SystemRng};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn source(n: u32) -> Source {
    IpAddr::V4((0x0a00_0000 + n).into()).into()
}

fn number(n: u32) -> RoomNumber {
    (100_000_000 + n).to_string().parse().unwrap()
}

fn meeting(n: u32) -> MeetingId {
    MeetingId(Uuid::from_u128(n.into()))
}

fn tried(from: u32, at: u32) -> Try {
    Try { source: source(from), device: None, number: Some(number(at)), proved: false }
}

fn wrong(n: u32) -> Found {
    Found { meeting: Some(meeting(n)), right: false }
}

fn right(n: u32) -> Found {
    Found { meeting: Some(meeting(n)), right: true }
}

const NOTHING: Found = Found { meeting: None, right: false };
const REFUSED: Verdict = Verdict::Refused { alarm: None };

/// Tries once, with a proof of work if it is asked for. Tells the verdict, and whether a proof was needed.
fn go(guard: &Guard, mut tried: Try, found: Found, now: OffsetDateTime) -> (Verdict, bool) {
    match guard.admit(tried, now) {
        Ok(pass) => (guard.settle(&pass, found, now), false),
        Err(ProofNeeded) => {
            tried.proved = true;
            let pass = guard.admit(tried, now).unwrap();
            (guard.settle(&pass, found, now), true)
        }
    }
}

#[test]
fn a_source_is_an_ipv4_address_or_an_ipv6_network() {
    let of = |text: &str| Source::from(text.parse::<IpAddr>().unwrap());
    assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::"));
    assert_ne!(of("2001:db8:1:2::"), of("2001:db8:1:3::"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
}

#[test]
fn guessing_needs_proofs_after_five_at_one_number_and_ten_in_all() {
    let guard = Guard::default();
    for _ in 0..5 {
        assert_eq!(go(&guard, tried(1, 1), wrong(1), T0), (REFUSED, false));
    }
    assert_eq!(go(&guard, tried(1, 1), wrong(1), T0), (REFUSED, true), "the sixth at one number");
    for n in 2..6 {
        assert_eq!(go(&guard, tried(1, n), NOTHING, T0), (REFUSED, false));
    }
    assert_eq!(go(&guard, tried(1, 9), NOTHING, T0), (REFUSED, true), "the eleventh in all");
    assert_eq!(go(&guard, tried(2, 1), wrong(1), T0), (REFUSED, false), "another source is free");
    let later = T0 + Duration::seconds(31);
    assert_eq!(go(&guard, tried(1, 9), NOTHING, later), (REFUSED, false), "one in 30 s is free again");
    assert_eq!(go(&guard, tried(1, 9), NOTHING, later), (REFUSED, true));
}

#[test]
fn whether_a_number_exists_makes_no_difference_to_who_guesses() {
    let (real, void) = (Guard::default(), Guard::default());
    for n in 0..200 {
        let now = T0 + Duration::seconds(n.into());
        let tried = tried(n % 7, n % 3);
        assert_eq!(go(&real, tried, wrong(n % 3), now).1, go(&void, tried, NOTHING, now).1, "try {n}");
    }
}

#[test]
fn after_fifty_failures_even_the_right_pin_leads_to_the_lobby() {
    let guard = Guard::default();
    for n in 0..49 {
        assert_eq!(go(&guard, tried(n, 1), wrong(1), T0).0, REFUSED);
    }
    let seat = Verdict::Admitted(EntryPlace::Seat);
    assert_eq!(go(&guard, tried(100, 1), right(1), T0).0, seat);
    assert!(!guard.is_guessed(meeting(1), T0));
    assert_eq!(go(&guard, tried(49, 1), wrong(1), T0).0, Verdict::Refused { alarm: Some(meeting(1)) });
    assert!(guard.is_guessed(meeting(1), T0));
    let lobby = Verdict::Admitted(EntryPlace::Lobby);
    assert_eq!(go(&guard, tried(101, 1), right(1), T0).0, lobby);
    assert_eq!(go(&guard, tried(101, 2), right(2), T0).0, seat, "other meetings are as they were");
    assert_eq!(go(&guard, tried(101, 1), right(1), T0 + Duration::HOUR).0, seat, "in time it is over");
    guard.renewed(meeting(1), T0);
    assert_eq!(go(&guard, tried(101, 1), right(1), T0).0, seat, "and with a new PIN at once");
}

#[test]
fn renewing_again_buys_no_more_guesses() {
    let guard = Guard::default();
    let mut counted = 0;
    for n in 0..400 {
        if n % 10 == 0 {
            guard.renewed(meeting(1), T0);
        }
        let before = guard.is_guessed(meeting(1), T0);
        go(&guard, tried(n, 1), wrong(1), T0);
        counted += usize::from(!before);
    }
    assert!(counted <= MAX_FAILURES_OF_ALL, "{counted} of the guesses could have been right");
}

#[test]
fn guesses_spread_over_all_meetings_are_capped_together() {
    let guard = Guard::default();
    for n in 0..90 {
        assert_eq!(go(&guard, tried(n, n), wrong(n), T0).0, REFUSED);
    }
    assert_eq!(go(&guard, tried(1_000, 1_000), right(1_000), T0).0, Verdict::Admitted(EntryPlace::Lobby));
    let later = T0 + Duration::HOUR;
    assert_eq!(go(&guard, tried(1_000, 1_000), right(1_000), later).0, Verdict::Admitted(EntryPlace::Seat));
}

#[test]
fn a_right_pin_costs_nothing_behind_a_shared_address() {
    let guard = Guard::default();
    for colleague in 0..1_000 {
        let (verdict, proved) = go(&guard, tried(500, 1), right(1), T0);
        assert_eq!((verdict, proved), (Verdict::Admitted(EntryPlace::Seat), false), "colleague {colleague}");
    }
    assert!(!guard.is_guessed(meeting(1), T0));
}

#[test]
fn colleagues_who_know_the_pin_take_back_nothing_of_who_guesses_behind_their_address() {
    let guard = Guard::default();
    let (mut could_win, mut proofs) = (0, 0);
    for _ in 0..500 {
        could_win += usize::from(!guard.is_guessed(meeting(1), T0));
        proofs += usize::from(go(&guard, tried(500, 1), wrong(1), T0).1);
        let known = Try { device: Some(DeviceMark([7; 16])), ..tried(500, 1) };
        go(&guard, known, right(1), T0);
        go(&guard, tried(500, 1), right(1), T0);
    }
    assert_eq!(could_win, MAX_FAILURES_PER_MEETING);
    assert!(proofs > 400, "and guessing goes on to cost: {proofs}");
}

#[test]
fn a_browser_with_a_meeting_of_its_own_guesses_no_cheaper_elsewhere() {
    let guard = Guard::default();
    let known = |at| Try { device: Some(DeviceMark([7; 16])), ..tried(1, at) };
    let mut proofs = 0;
    for _ in 0..100 {
        proofs += usize::from(go(&guard, known(1), NOTHING, T0).1);
        go(&guard, known(2), right(2), T0);
    }
    assert!(proofs > 80, "{proofs}");
}

#[test]
fn an_attacker_with_a_meeting_of_their_own_takes_nothing_back_elsewhere() {
    let guard = Guard::default();
    let mut counted = 0;
    for n in 0..10_000 {
        let victim = n % 40;
        let before = guard.is_guessed(meeting(victim), T0);
        go(&guard, tried(n % 50, victim), wrong(victim), T0);
        counted += usize::from(!before);
        go(&guard, tried(n % 50, 77_777), right(77_777), T0);
    }
    assert!(counted <= MAX_FAILURES_OF_ALL, "{counted} of the guesses could have been right");
}

#[test]
fn a_known_browser_does_not_pay_for_who_shares_its_address() {
    let guard = Guard::default();
    for n in 0..1_000 {
        go(&guard, tried(1, n), NOTHING, T0);
    }
    assert_eq!(guard.admit(tried(1, 5_000), T0).unwrap_err(), ProofNeeded);
    let known = Try { device: Some(DeviceMark([1; 16])), ..tried(1, 5_000) };
    for _ in 0..5 {
        assert_eq!(go(&guard, known, wrong(1), T0), (REFUSED, false));
    }
    assert_eq!(go(&guard, known, wrong(1), T0), (REFUSED, true), "five of its own, then it is a stranger");
}

#[test]
fn what_was_our_fault_is_not_counted() {
    let guard = Guard::default();
    for _ in 0..100 {
        let pass = guard.admit(tried(1, 1), T0).unwrap();
        guard.withdraw(&pass, T0);
    }
    assert_eq!(go(&guard, tried(1, 1), wrong(1), T0), (REFUSED, false));
}

#[test]
fn memory_is_bounded() {
    let guard = Guard::default();
    for n in 0..u32::try_from(MAX_BUCKETS).unwrap() + 1_000 {
        let pass = guard.admit(Try { proved: true, ..tried(n, n) }, T0).unwrap();
        guard.settle(&pass, wrong(n), T0);
        let known = Try { device: Some(DeviceMark(u128::from(n).to_le_bytes())), ..tried(n, n) };
        let pass = guard.admit(known, T0).unwrap();
        guard.settle(&pass, wrong(n), T0);
    }
    let [sources, pairs, devices, meetings] = guard.remembered();
    assert!(sources <= MAX_BUCKETS && pairs <= MAX_BUCKETS && devices <= MAX_BUCKETS, "{sources} {pairs} {devices}");
    assert!(meetings <= MAX_FAILURES_OF_ALL, "{meetings}");
}

proptest! {
    /// Whatever attackers do, wherever and in whatever order, within no hour more than the capped number of wrong PINs
    /// could have been right.
    #[test]
    fn no_order_of_tries_beats_the_caps(
        steps in proptest::collection::vec((0..30u32, 0..5u32, 0..4u32, 0..90i64, any::<bool>()), 1..600)
    ) {
        let guard = Guard::default();
        let mut now = T0;
        let mut could_win: Vec<OffsetDateTime> = Vec::new();
        for (from, at, kind, seconds, renew) in steps {
            now += Duration::seconds(seconds);
            if renew && kind == 3 {
                guard.renewed(meeting(at), now);
            }
            let open = !guard.is_guessed(meeting(at), now);
            if kind == 0 {
                go(&guard, tried(from, at), right(at), now);
            } else {
                go(&guard, tried(from, at), wrong(at), now);
                if open {
                    could_win.push(now);
                }
            }
            let within = could_win.iter().filter(|then| **then + Duration::HOUR > now).count();
            prop_assert!(within <= MAX_FAILURES_OF_ALL, "{within} guesses within an hour");
        }
    }
}

/// What a simulated siege came to.
struct Siege {
    hits: f64,
    could_win: usize,
    most_within_an_hour: usize,
    proofs: usize,
    served_at_once: usize,
    in_the_lobby: usize,
    most_proofs_of_one: u32,
}

/// `guesses` wrong PINs from 10,000 sources, spread evenly over an hour, among `targets` meetings that exist (one in `void`
/// tries goes to a number that exists), while 300 people come from one address by number and PIN, some of whom mistype.
fn siege(guesses: u32, targets: u32, void: u32) -> Siege {
    let guard = Guard::default();
    let mut siege = Siege {
        hits: 0.0,
        could_win: 0,
        most_within_an_hour: 0,
        proofs: 0,
        served_at_once: 0,
        in_the_lobby: 0,
        most_proofs_of_one: 0,
    };
    let office = 5_000_000;
    let mut seen = HashSet::new();
    let mut won: std::collections::VecDeque<OffsetDateTime> = std::collections::VecDeque::new();
    let every = (guesses / 300).max(1);
    for n in 0..guesses {
        let now = T0 + Duration::HOUR * f64::from(n) / f64::from(guesses);
        let mut random = [0; 4];
        SystemRng.fill(&mut random);
        let drawn = u32::from_le_bytes(random);
        let at = drawn % targets;
        let exists = n % void == 0;
        let found = if exists { wrong(at) } else { NOTHING };
        let open = exists && !guard.is_guessed(meeting(at), now);
        let (_, proved) =
            go(&guard, tried(n % 10_000, if exists { at } else { 1_000_000 + drawn % 1_000_000 }), found, now);
        siege.proofs += usize::from(proved);
        if open {
            // One PIN in a million is right.
            siege.hits += 1e-6;
            siege.could_win += 1;
            won.push_back(now);
            while won.front().is_some_and(|then| *then + Duration::HOUR <= now) {
                won.pop_front();
            }
            siege.most_within_an_hour = siege.most_within_an_hour.max(won.len());
        }
        if n.is_multiple_of(every) && seen.len() < 300 {
            let person = n / every;
            seen.insert(person);
            let (mut proofs, mut typed) = (0, tried(office, person % targets));
            if person.is_multiple_of(10) {
                let (_, proved) = go(&guard, typed, wrong(person % targets), now);
                proofs += u32::from(proved);
                // Whoever has done the work gets a mark, as the answer's cookie does it.
                typed.device = proved.then(|| DeviceMark(u128::from(person).to_le_bytes()));
            }
            let (verdict, proved) = go(&guard, typed, right(person % targets), now);
            proofs += u32::from(proved);
            match verdict {
                Verdict::Admitted(EntryPlace::Seat) => siege.served_at_once += 1,
                Verdict::Admitted(EntryPlace::Lobby) => siege.in_the_lobby += 1,
                Verdict::Refused { .. } => panic!("person {person} was refused"),
            }
            siege.most_proofs_of_one = siege.most_proofs_of_one.max(proofs);
        }
    }
    assert_eq!(seen.len(), 300);
    siege
}

#[test]
fn an_attack_wins_next_to_nothing_and_refuses_none_of_300_people() {
    let guesses = if fernamt_testkit::full() { 1_000_000 } else { 30_000 };
    for (what, targets, void) in [
        ("one known meeting", 1, 1),
        ("300 known meetings", 300, 1),
        ("all numbers, one try in 1000 at one that exists", 300, 1_000),
    ] {
        let siege = siege(guesses, targets, void);
        println!(
            "{what}: {guesses} guesses from 10000 sources in an hour: {:.1e} hits past the lobby an hour expected ({} guesses could have been right), {} proofs of work; of 300 people {} seated, {} in the lobby, at most {} proof each",
            siege.hits,
            siege.could_win,
            siege.proofs,
            siege.served_at_once,
            siege.in_the_lobby,
            siege.most_proofs_of_one,
        );
        assert!(siege.hits <= 1e-4, "{what}: {} hits", siege.hits);
        assert!(siege.most_within_an_hour <= MAX_FAILURES_OF_ALL);
        assert_eq!(siege.served_at_once + siege.in_the_lobby, 300);
        assert!(siege.most_proofs_of_one <= 1, "{what}");
    }
}
