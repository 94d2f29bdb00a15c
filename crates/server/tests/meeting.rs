//! A full meeting and a server that is killed in the middle of it.

use std::{collections::BTreeSet, time::Instant};

use fernamt_api::conference::socket::{RulesChange, SocketAct};

use fernamt_testkit::peers::must_start;

use crate::{
    crowd::{Browsers, Crowd, Place, TOLD},
    support::Server,
};

/// Guests in every run; with the host and two browsers `cargo xtask test --full` has 300.
const GUESTS: usize = 19;
const MOST_GUESTS: usize = 297;

#[test]
fn a_killed_server_is_started_again_and_everybody_is_back_with_the_chat_intact() {
    let mut server = Server::start("");
    let ada = server.ada();
    let place = Place::open(&server.office, &ada).unwrap();
    let guests = if fernamt_testkit::full() { MOST_GUESTS } else { GUESTS };
    let mut browsers = match Browsers::set_out(&place, guests + 1) {
        Ok(browsers) => Some(browsers),
        Err(why) if must_start(&why) => panic!("{why:#}"),
        Err(why) => {
            fernamt_testkit::skip!("the two browsers of a killed meeting: {why:#}");
            None
        }
    };
    let crowd = Crowd::gather(place, &ada, guests).unwrap();
    let joined = crowd.settle(&vec![0; guests + 1], None).unwrap();
    let everybody = crowd.members.len();
    let mut beside = 0;
    if let Some(browsers) = &mut browsers {
        crowd.read(&TOLD, || browsers.still_there()).unwrap();
        beside = TOLD.len();
    }
    let seats: Vec<_> = (0..everybody).map(|number| crowd.welcome(number).own.seat).collect();
    assert_eq!(seats.iter().map(|seat| seat.id).collect::<BTreeSet<_>>().len(), everybody, "a seat each");

    // Whoever comes anew waits from now on; who was in does not.
    assert!(crowd.act(0, SocketAct::SetRules(RulesChange { lobby: Some(true), ..RulesChange::default() })).unwrap());
    crowd.all_write("vorher").unwrap();
    let before = crowd.chat(0).unwrap();
    assert_eq!(before.len(), everybody + beside);

    // It is killed while everybody writes. What it said yes to must be there afterwards; the rest may be.
    let writing = crowd.begin_to_write("mitten").unwrap();
    server.office.kill().unwrap();
    let visits = crowd.visits();
    crowd.fall_silent();
    server.office.revive().unwrap();
    let back = crowd.settle(&visits, Some(Instant::now())).unwrap();

    let second = crowd.taken(writing).unwrap();
    let after = crowd.chat(everybody - 1).unwrap();
    assert_eq!(after[..before.len()], before, "what was written before stands where it stood");
    assert!(after.windows(2).all(|pair| pair[0].0 < pair[1].0), "in order and once: {after:?}");
    let texts: BTreeSet<_> = after.iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(texts.len(), after.len(), "nothing is there twice");
    let lost: Vec<_> = second.iter().filter(|text| !texts.contains(*text)).collect();
    assert!(lost.is_empty(), "taken and lost: {lost:?}");
    for (number, seat) in seats.iter().enumerate() {
        let welcome = crowd.welcome(number);
        let own = welcome.own.seat;
        assert_eq!((own.id, &own.name, own.role), (seat.id, &seat.name, seat.role), "member {number} has another seat");
        let told: Vec<_> = welcome.chat.iter().map(|message| message.id).collect();
        let known: Vec<_> = after.iter().map(|(id, _)| *id).collect();
        assert!(known.ends_with(&told), "member {number} was told {told:?} of {known:?}");
        assert!(welcome.rules.lobby, "what the host decided stands");
    }
    crowd.all_write("nachher").unwrap();
    let counts = crowd.counts(0, everybody + beside).unwrap();
    assert_eq!((counts.seated as usize, counts.waiting), (everybody + beside, 0));
    if let Some(browsers) = browsers {
        println!("{}", browsers.go_home().unwrap());
    }
    let slowest = |times: &[f64]| times.iter().copied().fold(0.0, f64::max);
    let [joined, back] = [joined, back].map(|times| (slowest(&times.seated), slowest(&times.heard)));
    println!("{everybody} in their seats, and with sound, after s: {joined:?}; again after the restart: {back:?}");
}
