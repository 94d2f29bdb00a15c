//! A running meeting through the API, without a socket: who is there, moderation, media tickets.

use fernamt_api::conference::socket::{PresenceEnded, SocketMessage};
use serde_json::{Value, json};

use crate::{
    hall::{Booked, Told, Venue},
    house::MEETINGS,
};

fn below(booked: &Booked, what: &str) -> String {
    format!("{MEETINGS}/{}/{what}", booked.id)
}

#[tokio::test]
async fn a_host_moderates_without_a_seat() {
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let (seats, moderation) = (below(&booked, "seats"), below(&booked, "moderation"));
    let idle = venue.ask("GET", &seats, &ada.cookie, None).await;
    assert_eq!((idle.status, &idle.body["code"]), (409, &json!("meeting_not_running")));
    let mut guest = venue.join(&booked, "", "Gast").await;
    let own = guest.welcome().await.own.seat.id;
    let there = venue.ask("GET", &seats, &ada.cookie, None).await;
    assert_eq!((there.status, &there.body["seats"][0]["name"]), (200, &json!("Gast")), "{}", there.text);
    assert_eq!((&there.body["counts"]["seated"], &there.body["rules"]["locked"]), (&json!(1), &json!(false)));

    let act = async |act: Value| venue.ask("POST", &moderation, &ada.cookie, Some(act)).await;
    assert_eq!(act(json!({ "act": "mute", "seat": own })).await.status, 204);
    venue.plane.hears(|told| matches!(told, Told::Mute(seat) if seat.id.0 == own.0)).await;
    assert_eq!(act(json!({ "act": "set_rules", "locked": true })).await.status, 204);
    let locked = |message| match message {
        SocketMessage::Rules(rules) => Some(rules.locked),
        _ => None,
    };
    assert!(guest.until(locked).await);
    assert_eq!(act(json!({ "act": "mute", "seat": "00000000-0000-4000-8000-000000000000" })).await.status, 404);
    assert_eq!(act(json!({ "act": "end_for_all" })).await.status, 400, "to end it there is an endpoint");
    assert_eq!(act(json!({ "act": "remove", "seat": own })).await.status, 204);
    let ended = |message| match message {
        SocketMessage::Ended { why } => Some(why),
        _ => None,
    };
    assert_eq!(guest.until(ended).await, PresenceEnded::Removed);
    let actions = venue.house.actions().await;
    for action in ["muted", "rules_changed", "removed"] {
        assert!(actions.iter().any(|done| done == action), "{actions:?}");
    }
}

#[tokio::test]
async fn who_does_not_run_it_moderates_nothing_and_strangers_learn_nothing() {
    let venue = Venue::new().await;
    let (ada, bob, mallory) =
        (venue.house.person("ada").await, venue.house.person("bob").await, venue.house.person("mallory").await);
    let booked = venue.book(&ada, "meeting", "open", json!([{ "person": bob.person, "role": "participant" }])).await;
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    let own = host.welcome().await.own.seat.id;
    for (cookie, status) in [(bob.cookie.as_str(), 403), (mallory.cookie.as_str(), 404), ("", 401)] {
        let remove = Some(json!({ "act": "remove", "seat": own }));
        assert_eq!(venue.ask("POST", &below(&booked, "moderation"), cookie, remove).await.status, status);
        assert_eq!(venue.ask("GET", &below(&booked, "seats"), cookie, None).await.status, status);
    }
    let act = json!({ "act": "remove", "seat": own });
    let refused = venue.ask("POST", &below(&booked, "moderation"), &ada.cookie, Some(act)).await;
    assert_eq!(refused.status, 403, "the owner removes not even themselves: {}", refused.text);
}

#[tokio::test]
async fn a_media_ticket_is_for_who_sits_there() {
    let venue = Venue::new().await;
    let (ada, bob, mallory) =
        (venue.house.person("ada").await, venue.house.person("bob").await, venue.house.person("mallory").await);
    let booked = venue.book(&ada, "meeting", "open", json!([{ "person": bob.person, "role": "participant" }])).await;
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    let own = host.welcome().await.own.seat.id;
    let path = below(&booked, "ticket");
    let given = venue.ask("POST", &path, &ada.cookie, None).await;
    assert_eq!((given.status, &given.body["ticket"]), (200, &json!(format!("ticket of {own}"))), "{}", given.text);
    let none = venue.ask("POST", &path, &bob.cookie, None).await;
    assert_eq!((none.status, &none.body["code"]), (409, &json!("not_seated")));
    assert_eq!(venue.ask("POST", &path, &mallory.cookie, None).await.status, 404);
}
