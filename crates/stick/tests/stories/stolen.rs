//! Sticks that are lost, taken back or copied.

use std::{
    io::Read as _,
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

use fernamt_stick::engine::{Problem, Stage};
use fernamt_testkit::{full, lab::Lab, line::Line, office::pause};
use serde_json::json;

use super::{accepted, branch, plugged::Plugged};

/// What the administration decides acts within this.
const ACTS_WITHIN: Duration = Duration::from_secs(5);

#[test]
fn lost_suspended_and_ended_act_within_seconds_also_in_an_outage() {
    let lab = fernamt_testkit::peer!(Lab::start(5));
    lab.at_office(|| {
        let target = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = target.local_addr().unwrap().port();
        let Some((branch, _programs)) = branch(&lab, &[port]) else { return };
        branch.target("Fachverfahren", port, &json!({ "kind": "tcp" })).unwrap();
        for (number, (click, state)) in
            [("lost", "revoked"), ("suspend", "suspended"), ("end", "revoked")].into_iter().enumerate()
        {
            for outage in [false, true] {
                let colleague = branch.hire(&format!("person{number}{outage}")).unwrap();
                let stick = branch.make_stick(&colleague).unwrap();
                let plugged = Plugged::into(&lab, stick.folder());
                plugged.activate(&stick.activation_code);
                plugged.sign_in(&colleague.fresh_code().unwrap());
                let end = plugged.open("Fachverfahren");
                let _near = lab.at_home(|| TcpStream::connect(end).unwrap());
                let mut far = accepted(&target);
                if outage {
                    lab.lines(Line::cut);
                    plugged.until(
                        "the outage is noticed",
                        |state| matches!(&state.stage, Stage::Ready(desk) if desk.line.away.is_some()),
                    );
                }

                let clicked = Instant::now();
                assert_eq!(branch.click(&stick, click).unwrap()["state"], state);
                far.set_read_timeout(Some(ACTS_WITHIN)).unwrap();
                let end = far.read(&mut [0]);
                assert!(
                    !matches!(&end, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
                        && !matches!(end, Ok(1..)),
                    "{click}, outage {outage}: the target's connection goes on"
                );
                assert!(clicked.elapsed() < ACTS_WITHIN);
                let heard_from = if outage {
                    pause(Duration::from_secs(1));
                    lab.lines(Line::mend);
                    Instant::now()
                } else {
                    clicked
                };
                let state = plugged.until("the stick ends", |state| state.stage == Stage::Ended);
                let took = heard_from.elapsed();
                assert!(took < ACTS_WITHIN, "{click}, outage {outage}: the stick went on for {took:?}");
                assert_eq!(state.problem, Some(Problem::SessionEnded), "{click}, outage {outage}");
                println!("{click}, outage {outage}: the stick ended after {took:?}");
                plugged.leave();
            }
        }
    });
}

#[test]
fn a_copy_that_is_used_later_is_refused_and_shown() {
    let lab = fernamt_testkit::peer!(Lab::start(6));
    lab.at_office(|| {
        let Some((branch, _programs)) = branch(&lab, &[]) else { return };
        let erika = branch.hire("erika").unwrap();
        let stick = branch.make_stick(&erika).unwrap();
        let plugged = Plugged::into(&lab, stick.folder());
        plugged.activate(&stick.activation_code);
        let copy = stick.copied().unwrap();

        // The original is used twice, so the copy's generation is neither the present one nor the one before.
        plugged.sign_in(&erika.fresh_code().unwrap());
        plugged.leave();
        let plugged = Plugged::into(&lab, stick.folder());
        plugged.unlock();
        plugged.sign_in(&erika.fresh_code().unwrap());
        plugged.leave();
        assert_eq!(branch.stick(&stick).unwrap()["copied"], false);

        let thief = Plugged::into(&lab, copy.folder());
        thief.unlock();
        assert_eq!(thief.cannot_sign_in(&erika.fresh_code().unwrap()), Problem::Copied);
        let shown = branch.stick(&stick).unwrap();
        assert_eq!((&shown["copied"], &shown["state"]), (&json!(true), &json!("suspended")), "{shown}");
        let log = branch.audited().unwrap();
        assert!(
            log.iter().any(|entry| entry["action"].as_str().is_some_and(|action| action.contains("cop"))),
            "{log:#?}"
        );
    });
}

#[test]
fn a_copy_that_is_used_first_betrays_itself_when_the_original_comes() {
    if !full() {
        return fernamt_testkit::skip!("codes make it wait for two minutes; FERNAMT_FULL is not set");
    }
    let lab = fernamt_testkit::peer!(Lab::start(7));
    lab.at_office(|| {
        let Some((branch, _programs)) = branch(&lab, &[]) else { return };
        let max = branch.hire("max").unwrap();
        let stick = branch.make_stick(&max).unwrap();
        let plugged = Plugged::into(&lab, stick.folder());
        plugged.activate(&stick.activation_code);
        plugged.sign_in(&max.fresh_code().unwrap());
        plugged.leave();
        let copy = stick.copied().unwrap();

        let thief = Plugged::into(&lab, copy.folder());
        thief.unlock();
        thief.sign_in(&max.fresh_code().unwrap());

        // The copy has kept its new number, so the one before it is nobody's but the original's.
        let original = Plugged::into(&lab, stick.folder());
        original.unlock();
        assert_eq!(original.cannot_sign_in(&max.fresh_code().unwrap()), Problem::Copied);
        // What runs on the copy ends too: nobody knows which of the two is the thief's.
        thief.until("the thief ends", |state| state.stage == Stage::Ended);
        assert_eq!(branch.stick(&stick).unwrap()["copied"], true);
    });
}
