//! A full meeting and a server that is killed in the middle of it.

use std::time::Instant;

use fernamt_api::conference::socket::{RulesChange, SocketAct};

use fernamt_testkit::peers::must_start;

use crate::{
    crowd::{Browsers, Crowd, Place, Step, TOLD, Word},
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
    let mut browsers = match Browsers::set_out(&place.link) {
        Ok(browsers) => Some(browsers),
        Err(why) if must_start(&why) => panic!("{why:#}"),
        Err(why) => {
            fernamt_testkit::skip!("the two browsers of a killed meeting: {why:#}");
            None
        }
    };
    if let Some(browsers) = &mut browsers {
        browsers.say(&Word::Come).unwrap();
    }
    let crowd = Crowd::gather(place, &ada, guests).unwrap();
    let joined = crowd.settle(&vec![0; guests + 1], None).unwrap();
    let everybody = crowd.members.len();
    let mut beside = 0;
    if let Some(browsers) = &mut browsers {
        crowd.read(&TOLD, || browsers.still_there()).unwrap();
        beside = TOLD.len();
    }

    // Whoever comes anew waits from now on; who was in does not.
    assert!(crowd.act(0, SocketAct::SetRules(RulesChange { lobby: Some(true), ..RulesChange::default() })).unwrap());
    crowd.all_write("vorher").unwrap();
    let kept = crowd.keep(everybody + beside).unwrap();

    // It is killed while everybody writes. What it said yes to must be there afterwards; the rest may be.
    let writing = crowd.begin_to_write("mitten").unwrap();
    server.office.kill().unwrap();
    if let Some(browsers) = &mut browsers {
        browsers.say(&Word::Killed).unwrap();
        browsers.reach(Step::CutOff).unwrap();
    }
    let visits = crowd.visits();
    crowd.fall_silent();
    server.office.revive().unwrap();
    let back = crowd.settle(&visits, Some(Instant::now())).unwrap();

    let second = crowd.taken(writing).unwrap();
    let after = crowd.still_has(&kept).unwrap();
    let lost: Vec<_> = second.iter().filter(|taken| after.iter().all(|(_, text)| text != *taken)).collect();
    assert!(lost.is_empty(), "taken and lost: {lost:?}");
    assert!((0..everybody).all(|number| crowd.welcome(number).rules.lobby), "what the host decided stands");
    crowd.all_write("nachher").unwrap();
    let counts = crowd.counts(0, everybody + beside).unwrap();
    assert_eq!((counts.seated as usize, counts.waiting), (everybody + beside, 0));
    if let Some(mut browsers) = browsers {
        browsers.reach(Step::Received).unwrap();
        let chat = crowd.chat(0).unwrap();
        browsers.say(&Word::Chat { texts: chat.iter().map(|(_, text)| text.as_str()).collect() }).unwrap();
        browsers.reach(Step::Read).unwrap();
        browsers.go_home().unwrap();
    }
    let slowest = |times: &[f64]| times.iter().copied().fold(0.0, f64::max);
    let [joined, back] = [joined, back].map(|times| (slowest(&times.seated), slowest(&times.heard)));
    println!("{everybody} in their seats, and with sound, after s: {joined:?}; again after the restart: {back:?}");
}
