//! Meetings one by one: moved, called off, and their PINs.

use fernamt_conference::credentials::{find_by_number, find_by_secret, is_pin};
use fernamt_domain::conference::{EntrySecret, Pin, RoomNumber};
use serde_json::{Value, json};
use time::Duration;

use crate::house::{House, MEETINGS, ROOMS, at, meeting, weekly};

fn parsed(access: &Value) -> (RoomNumber, Pin, EntrySecret) {
    let text = |part: &str| access[part].as_str().unwrap();
    let secret = text("link").split_once('#').unwrap().1;
    (text("number").parse().unwrap(), text("pin").parse().unwrap(), secret.parse().unwrap())
}

#[tokio::test]
async fn number_pin_and_link_lead_to_their_meeting() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(weekly("Jour fixe", 2)).await;
    let shown = ada.get(&at(MEETINGS, &room["meetings"][0])).await.body;
    let (number, pin, secret) = parsed(&shown["access"]);
    let by_number = find_by_number(&house.tenant, &house.sealer, number).await.unwrap().unwrap();
    let by_secret = find_by_secret(&house.tenant, &house.sealer, &secret).await.unwrap().unwrap();
    assert_eq!((by_number.id.to_string(), by_number.id), (shown["id"].as_str().unwrap().into(), by_secret.id));
    let tenant = house.tenant.id();
    let wrong: Pin = if pin.expose() == "000000" { "000001" } else { "000000" }.parse().unwrap();
    assert!(is_pin(&house.sealer, tenant, Some(&by_number), &pin));
    assert!(!is_pin(&house.sealer, tenant, Some(&by_number), &wrong));
    assert!(!is_pin(&house.sealer, tenant, None, &pin));
    assert!(find_by_secret(&house.twin, &house.sealer, &secret).await.unwrap().is_none());
    assert!(find_by_number(&house.twin, &house.sealer, number).await.unwrap().is_none());
    // It opens a quarter of an hour before and closes an hour after.
    for (when, open) in [("2026-12-01T07:44", false), ("2026-12-01T07:45", true), ("2026-12-01T10:00", false)] {
        let when = time::OffsetDateTime::parse(&format!("{when}:00Z"), &time::format_description::well_known::Rfc3339)
            .unwrap();
        assert_eq!(by_number.is_open(when), open, "{when}");
    }
}

#[tokio::test]
async fn another_pin_counts_at_once_and_the_link_stays() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(meeting("Planung")).await;
    let path = at(MEETINGS, &room["meetings"][0]);
    let before = ada.get(&path).await.body["access"].clone();
    let after = ada.post(&format!("{path}/pin"), json!({})).await.body["access"].clone();
    assert_ne!(before["pin"], after["pin"]);
    assert_eq!((&before["number"], &before["link"]), (&after["number"], &after["link"]));
    let (number, pin, _) = parsed(&after);
    let found = find_by_number(&house.tenant, &house.sealer, number).await.unwrap().unwrap();
    assert!(is_pin(&house.sealer, house.tenant.id(), Some(&found), &pin));
    assert!(!is_pin(&house.sealer, house.tenant.id(), Some(&found), &parsed(&before).1));
    assert!(house.actions().await.contains(&"pin_renewed".to_owned()));
}

#[tokio::test]
async fn one_date_of_a_series_is_moved_and_stays_moved() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(weekly("Jour fixe", 3)).await;
    let path = at(MEETINGS, &room["meetings"][1]);
    let present = ada.get(&path).await.body;
    let change = json!({ "version": present["version"], "starts": "2026-12-09T14:00", "minutes": 45 });
    let moved = ada.put(&path, change.clone()).await;
    assert_eq!((moved.status, &moved.body["moved"]), (200, &json!(true)), "{moved:?}");
    assert_eq!(moved.body["access"], present["access"], "the way in stays");
    assert_eq!(ada.put(&path, change).await.code(), "outdated");
    let mut room = ada.get(&at(ROOMS, &room)).await.body;
    room["name"] = json!("Jour fixe neu");
    let changed = ada.put(&at(ROOMS, &room), room.clone()).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["meetings"][1]["starts"], "2026-12-09T14:00");
    let past = json!({ "version": moved.body["version"], "starts": "2026-11-01T09:00", "minutes": 2 });
    assert_eq!(ada.put(&path, past).await.fields(), [("minutes", "out_of_range"), ("starts", "past")]);
}

#[tokio::test]
async fn one_date_is_called_off_and_does_not_come_back() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(weekly("Jour fixe", 3)).await;
    let path = at(MEETINGS, &room["meetings"][1]);
    let access = ada.get(&path).await.body["access"].clone();
    assert_eq!(ada.delete(&path).await.status, 204);
    assert_eq!(ada.delete(&path).await.code(), "meeting_over");
    let (number, _, secret) = parsed(&access);
    assert!(find_by_number(&house.tenant, &house.sealer, number).await.unwrap().is_none());
    assert!(find_by_secret(&house.tenant, &house.sealer, &secret).await.unwrap().is_none());
    let mut room = ada.get(&at(ROOMS, &room)).await.body;
    assert_eq!(room["booking"]["recurrence"]["except"], json!(["2026-12-08"]));
    room["name"] = json!("Jour fixe neu");
    let changed = ada.put(&at(ROOMS, &room), room.clone()).await.body;
    assert_eq!(changed["meetings"].as_array().unwrap().len(), 2);
    assert_eq!(ada.get(&format!("{path}/invitation")).await.code(), "meeting_over");
}

#[tokio::test]
async fn upcoming_and_past_are_lists_of_their_own() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    ada.room(weekly("Jour fixe", 3)).await;
    let starts = |body: &Value| {
        body["items"].as_array().unwrap().iter().map(|m| m["starts"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    house.clock.advance(Duration::days(37));
    let ada = house.again(&ada).await;
    let upcoming = ada.get(MEETINGS).await.body;
    assert_eq!(starts(&upcoming), ["2026-12-15T09:00"]);
    let past = ada.get(&format!("{MEETINGS}?when=past")).await.body;
    assert_eq!(
        (starts(&past), &past["total"]),
        (vec!["2026-12-08T09:00".into(), "2026-12-01T09:00".into()], &json!(2))
    );
    assert_eq!(past["items"][0]["state"], "ended");
}
