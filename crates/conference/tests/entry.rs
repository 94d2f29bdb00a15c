//! The door: links, numbers with PINs, and what becomes of wrong tries.

use fernamt_api::conference::entry::ProofChallenge;
use fernamt_conference::entry::proof::solve;
use serde_json::{Value, json};

use crate::hall::{Booked, Venue};

fn typed(booked: &Booked, pin: &str) -> Value {
    json!({ "by": "number_and_pin", "number": booked.number, "pin": pin })
}

fn wrong(booked: &Booked) -> &'static str {
    if booked.pin == "000000" { "000001" } else { "000000" }
}

fn challenge(problem: &Value) -> ProofChallenge {
    let text = |name: &str| problem["params"][name].as_str().unwrap().to_owned();
    ProofChallenge {
        challenge: text("challenge"),
        seed: text("seed"),
        puzzles: text("puzzles").parse().unwrap(),
        bits: text("bits").parse().unwrap(),
    }
}

#[tokio::test]
async fn each_way_in_leads_as_far_as_it_may() {
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "internal", json!([])).await;
    let by_link = json!({ "by": "link", "secret": booked.secret });
    let guest = venue.enter([192, 0, 2, 1], "", by_link.clone()).await;
    assert_eq!((guest.status, &guest.body["place"], &guest.body["role"]), (200, &json!("lobby"), &json!("guest")));
    assert_eq!(guest.body["meeting"]["title"], "Lagebesprechung");
    assert_eq!(guest.body["meeting"]["house"]["media"], "this_server");
    assert!(
        guest.body["meeting"]["kept"]
            .as_array()
            .unwrap()
            .contains(&json!({ "what": "attendance", "until": { "rule": "never" } }))
    );
    let typed_in = venue.enter([192, 0, 2, 2], "", typed(&booked, &booked.pin)).await;
    assert_eq!((typed_in.status, &typed_in.body["place"]), (200, &json!("lobby")));
    let owner = venue.enter([192, 0, 2, 3], &ada.cookie, by_link.clone()).await;
    assert_eq!((&owner.body["place"], &owner.body["role"]), (&json!("seat"), &json!("host")));
    let by_room = json!({ "by": "room", "room": booked.room });
    assert_eq!(venue.enter([192, 0, 2, 3], &ada.cookie, by_room.clone()).await.body["role"], "host");
    assert_eq!(venue.enter([192, 0, 2, 3], "", by_room.clone()).await.body["code"], "not_signed_in");
    let stranger = venue.house.person("stranger").await;
    assert_eq!(venue.enter([192, 0, 2, 3], &stranger.cookie, by_room).await.status, 404);

    venue.house.clock.set(time::macros::datetime!(2026-12-01 07:00 UTC));
    let early = venue.enter([192, 0, 2, 1], "", by_link.clone()).await;
    assert_eq!((early.status, &early.body["code"]), (409, &json!("meeting_not_yet")));
    assert!(early.body["params"]["opens_at"].is_string());
    venue.house.clock.set(time::macros::datetime!(2026-12-01 18:00 UTC));
    assert_eq!(venue.enter([192, 0, 2, 1], "", by_link).await.body["code"], "meeting_over");
    assert_eq!(venue.enter([192, 0, 2, 1], "", typed(&booked, &booked.pin)).await.body["code"], "entry_refused");
}

#[tokio::test]
async fn an_unknown_number_and_a_wrong_pin_are_answered_alike() {
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let unknown = if booked.number == "123 456 789" { "123456780" } else { "123456789" };
    let tries = [
        typed(&booked, wrong(&booked)),
        json!({ "by": "number_and_pin", "number": unknown, "pin": "000000" }),
        json!({ "by": "number_and_pin", "number": "no number", "pin": "000000" }),
        typed(&booked, "no pin"),
        json!({ "by": "link", "secret": "AAAA" }),
    ];
    let mut answers = Vec::new();
    for (n, body) in (1..).zip(tries) {
        let began = tokio::time::Instant::now();
        let answer = venue.enter([198, 51, 100, n], "", body).await;
        assert!(began.elapsed() >= std::time::Duration::from_millis(100), "refusals take their time");
        answers.push((answer.status, answer.cookie, answer.text));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert!(answers[0].2.contains("entry_refused"));
}

#[tokio::test]
async fn who_guesses_works_and_who_works_gets_in() {
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let from = [203, 0, 113, 1];
    for _ in 0..5 {
        assert_eq!(venue.enter(from, "", typed(&booked, wrong(&booked))).await.body["code"], "entry_refused");
    }
    let asked = venue.enter(from, "", typed(&booked, &booked.pin)).await;
    assert_eq!((asked.status, &asked.body["code"]), (403, &json!("proof_needed")));
    let proof = tokio::task::spawn_blocking({
        let challenge = challenge(&asked.body);
        move || solve(&challenge)
    })
    .await
    .unwrap();
    let with = |pin: &str| {
        let mut body = typed(&booked, pin);
        body["proof"] = serde_json::to_value(&proof).unwrap();
        body
    };
    let slip = venue.enter(from, "", with(wrong(&booked))).await;
    assert_eq!(slip.body["code"], "entry_refused");
    let again = venue.enter(from, "", with(&booked.pin)).await;
    assert_eq!(again.body["code"], "proof_needed", "work counts once");
    let marked = slip.cookie.expect("whoever has worked gets a mark");
    let entered = venue.enter(from, &marked, typed(&booked, &booked.pin)).await;
    assert_eq!((entered.status, &entered.body["place"]), (200, &json!("seat")), "no second work for a slip");
    let by_link = venue.enter(from, "", json!({ "by": "link", "secret": booked.secret })).await;
    assert_eq!(by_link.status, 200, "a link is never held up");
}

#[tokio::test]
async fn after_fifty_wrong_pins_the_lobby_waits_and_hosts_hear_of_it() {
    use fernamt_api::conference::socket::{SocketAct, SocketMessage};
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    host.welcome().await;
    for n in 0..50 {
        let answer = venue.enter([10, 0, 0, n], "", typed(&booked, wrong(&booked))).await;
        assert_eq!(answer.body["code"], "entry_refused");
    }
    host.until(|message| (message == SocketMessage::Guessed { now: true }).then_some(())).await;
    let entered = venue.enter([192, 0, 2, 9], "", typed(&booked, &booked.pin)).await;
    assert_eq!(entered.body["place"], "lobby", "{}", entered.text);
    let by_link = venue.enter([192, 0, 2, 9], "", json!({ "by": "link", "secret": booked.secret })).await;
    assert_eq!(by_link.body["place"], "seat");

    host.send(fernamt_api::conference::socket::SocketRequest { re: Some(900), act: SocketAct::RenewPin }).await;
    let renewed = host
        .until(|message| match message {
            SocketMessage::PinRenewed(renewed) => Some(renewed),
            _ => None,
        })
        .await;
    host.until(|message| (message == SocketMessage::Guessed { now: false }).then_some(())).await;
    assert_eq!(venue.enter([192, 0, 2, 8], "", typed(&booked, &booked.pin)).await.body["code"], "entry_refused");
    let entered = venue.enter([192, 0, 2, 10], "", typed(&booked, renewed.pin.expose())).await;
    assert_eq!(entered.body["place"], "seat");
}

#[tokio::test]
async fn the_door_understands_everything_that_it_is_told() {
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let slip = json!({ "by": "link", "secret": booked.secret, "nickname": "Ada" });
    let refused = venue.enter([192, 0, 2, 9], "", slip).await;
    assert_eq!((refused.status, &refused.body["code"]), (400, &json!("malformed")), "{}", refused.text);
    assert!(refused.text.contains("nickname") && !refused.text.contains(&booked.secret), "{}", refused.text);
}

#[tokio::test]
async fn what_is_said_of_the_audit_log_is_the_houses_own_period() {
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let work = venue.house.tenant.begin().await.unwrap();
    let mut settings = (*fernamt_identity::settings::load(&venue.house.tenant).await.unwrap()).clone();
    settings.retention_days.insert(fernamt_domain::DataCategory::Audit, 30);
    fernamt_identity::settings::save(&work, &settings).await.unwrap();
    work.commit().await.unwrap();
    let entered = venue.enter([192, 0, 2, 9], "", json!({ "by": "link", "secret": booked.secret })).await.body;
    let kept = entered["meeting"]["kept"].as_array().unwrap();
    let moderation = kept.iter().find(|kept| kept["what"] == "moderation").unwrap();
    assert_eq!(moderation["until"]["days"], 30, "{moderation}");
}
