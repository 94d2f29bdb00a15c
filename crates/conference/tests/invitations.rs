//! Invitations: read by a reader of calendars that is not ours, and sent by mail.

use std::sync::Arc;

use fernamt_conference::NotSent;
use fernamt_testkit::peers;
use serde_json::{Value, json};
use time::Duration;

use crate::house::{House, MEETINGS, ROOMS, TWIN_HOST, at, meeting, weekly};

fn invited(mut room: Value) -> Value {
    room["invitees"] =
        json!([{ "address": "gast@amt.example", "name": "Gisela Gast", "role": "guest", "language": "en" }]);
    room
}

/// The calendar file in a letter.
fn calendar_in(letter: &str) -> String {
    let (_, part) = letter.split_once("Content-Type: text/calendar").unwrap();
    let (head, body) = part.split_once("\r\n\r\n").unwrap();
    let body = body.split("\r\n--").next().unwrap();
    if head.contains("base64") {
        let text: String = body.split_whitespace().collect();
        return String::from_utf8(data_encoding::BASE64.decode(text.as_bytes()).unwrap()).unwrap();
    }
    assert!(head.contains("quoted-printable"), "{head}");
    unquoted(body)
}

fn unquoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn others_read_a_series_with_each_dates_own_way_in() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let mut new = weekly("Ämter, Räume; \"und\" mehr", 4);
    new["booking"]["starts"] = json!("2027-03-16T09:00");
    new["booking"]["recurrence"]["except"] = json!(["2027-03-23"]);
    new["description"] = json!("Erste Zeile\nZweite Zeile, mit Komma");
    let room = ada.room(new).await;
    let moved = at(MEETINGS, &room["meetings"][1]);
    let version = ada.get(&moved).await.body["version"].clone();
    ada.put(&moved, json!({ "version": version, "starts": "2027-03-31T14:00", "minutes": 30 })).await;
    let file = ada.get(&format!("{}/calendar", at(ROOMS, &room))).await;
    assert!(file.content_type.starts_with("text/calendar"));
    assert!(file.text.lines().all(|line| line.trim_end().len() <= 75), "lines are folded");
    let read = fernamt_testkit::peer!(peers::read_calendar(&file.text));
    assert_eq!((&read["method"], &read["zones"]), (&json!("PUBLISH"), &json!(["Europe/Berlin"])));
    let dates = read["dates"].as_array().unwrap();
    let starts: Vec<_> = dates.iter().map(|date| date["starts_utc"].as_str().unwrap()).collect();
    // The 23rd is left out; the 30th was moved to the 31st, after the clocks were changed.
    assert_eq!(starts, ["2027-03-16T08:00:00+00:00", "2027-03-31T12:00:00+00:00", "2027-04-06T07:00:00+00:00"]);
    assert_eq!(dates[1]["ends_utc"], "2027-03-31T12:30:00+00:00");
    assert_eq!(dates[1]["recurrence_id"], "2027-03-30T09:00:00+02:00");
    for (date, meeting) in dates.iter().zip(room["meetings"].as_array().unwrap()) {
        let access = ada.get(&at(MEETINGS, meeting)).await.body["access"].clone();
        let description = date["description"].as_str().unwrap();
        for part in ["number", "pin", "link"] {
            assert!(description.contains(access[part].as_str().unwrap()), "{part} is missing in {description}");
        }
        assert!(description.contains("Zweite Zeile, mit Komma") && description.contains("Room number"));
        assert_eq!(date["location"], access["link"]);
        assert_eq!(date["summary"], "Ämter, Räume; \"und\" mehr");
    }
    let ids: std::collections::BTreeSet<_> = dates.iter().map(|date| date["uid"].to_string()).collect();
    assert_eq!(ids.len(), 1, "a series is one thing in a calendar");
}

#[tokio::test]
async fn a_letter_invites_tells_of_changes_and_calls_off() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(invited(meeting("Planung"))).await;
    assert_eq!(ada.get(&at(ROOMS, &room)).await.body["invited"][0]["mail"], "waiting");
    let letters = house.letters().await;
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains("To: \"Gisela Gast\" <gast@amt.example>"), "{}", letters[0]);
    assert!(letters[0].contains("method=REQUEST") && letters[0].contains("Message-ID: <"));
    assert_eq!(ada.get(&at(ROOMS, &room)).await.body["invited"][0]["mail"], "sent");
    let read = fernamt_testkit::peer!(peers::read_calendar(&calendar_in(&letters[0])));
    let event = &read["events"][0];
    assert_eq!((&read["method"], &event["attendee"]), (&json!("REQUEST"), &json!("mailto:gast@amt.example")));
    assert_eq!((&event["sequence"], &event["status"]), (&json!(0), &json!("CONFIRMED")));
    assert_eq!(event["organizer"], "mailto:fernamt@amt.example");
    assert!(house.letters().await.is_empty(), "it is sent once");

    let mut change = ada.get(&at(ROOMS, &room)).await.body;
    change["booking"]["starts"] = json!("2026-12-02T10:00");
    assert_eq!(ada.put(&at(ROOMS, &room), change).await.status, 200);
    let letters = house.letters().await;
    let read = fernamt_testkit::peer!(peers::read_calendar(&calendar_in(&letters[0])));
    let changed = &read["events"][0];
    assert_eq!((&changed["uid"], &changed["sequence"]), (&event["uid"], &json!(1)));
    assert_eq!(changed["starts"], "2026-12-02T10:00:00+01:00");

    let room = ada.get(&at(ROOMS, &room)).await.body;
    assert_eq!(ada.delete(&at(ROOMS, &room)).await.status, 204);
    let letters = house.letters().await;
    let read = fernamt_testkit::peer!(peers::read_calendar(&calendar_in(&letters[0])));
    assert!(letters[0].contains("To: \"Gisela Gast\" <gast@amt.example>"), "{}", letters[0]);
    assert_eq!((&read["method"], &read["events"][0]["status"]), (&json!("CANCEL"), &json!("CANCELLED")));
    assert_eq!(read["events"][0]["uid"], event["uid"]);
}

#[tokio::test]
async fn calling_off_one_date_names_that_date() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(invited(weekly("Jour fixe", 3))).await;
    house.letters().await;
    assert_eq!(ada.delete(&at(MEETINGS, &room["meetings"][1])).await.status, 204);
    let letters = house.letters().await;
    let read = fernamt_testkit::peer!(peers::read_calendar(&calendar_in(&letters[0])));
    assert_eq!(read["events"][0]["recurrence_id"], "2026-12-08T09:00:00+01:00");
    assert_eq!((&read["method"], &read["events"][0]["sequence"]), (&json!("CANCEL"), &json!(1)));
    assert_eq!(ada.delete(&format!("{}?quietly=true", at(MEETINGS, &room["meetings"][2]))).await.status, 204);
    assert!(house.letters().await.is_empty(), "nobody is told");
}

#[tokio::test]
async fn who_has_no_language_of_their_own_gets_all_letters_in_that_of_the_house() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let mut settings = (*fernamt_identity::settings::load(&house.tenant).await.unwrap()).clone();
    settings.language = "en".into();
    let work = house.tenant.begin().await.unwrap();
    fernamt_identity::settings::save(&work, &settings).await.unwrap();
    work.commit().await.unwrap();
    let mut series = weekly("Planung", 3);
    series["invitees"] = json!([{ "address": "gast@amt.example", "name": "Gisela Gast", "role": "guest" }]);
    let room = ada.room(series).await;
    house.letters().await;
    let dates = &room["meetings"];
    let version = ada.get(&at(MEETINGS, &dates[0])).await.body["version"].clone();
    let moved = json!({ "version": version, "starts": "2026-12-02T14:00", "minutes": 30 });
    assert_eq!(ada.put(&at(MEETINGS, &dates[0]), moved).await.status, 200);
    assert_eq!(ada.delete(&at(MEETINGS, &dates[1])).await.status, 204);
    assert_eq!(ada.delete(&at(ROOMS, &room)).await.status, 204);
    let letters = house.letters().await;
    assert!(!letters.is_empty());
    for letter in letters {
        assert!(letter.contains("\r\nSubject: Cancelled") || letter.contains("invites you"), "{letter}");
    }
}

#[tokio::test]
async fn a_letter_is_sent_again_until_it_is_taken() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    *house.tray.refuses.lock().unwrap() = Some(NotSent { permanent: false, reason: "451 later".into() });
    let room = ada.room(invited(meeting("Planung"))).await;
    assert!(house.letters().await.is_empty());
    *house.tray.refuses.lock().unwrap() = None;
    assert!(house.letters().await.is_empty(), "not before its time");
    house.clock.advance(Duration::seconds(61));
    assert_eq!(house.letters().await.len(), 1);
    *house.tray.refuses.lock().unwrap() = Some(NotSent { permanent: true, reason: "550 no such user".into() });
    let mut change = ada.get(&at(ROOMS, &room)).await.body;
    change["name"] = json!("Anders");
    ada.put(&at(ROOMS, &room), change).await;
    house.letters().await;
    assert_eq!(ada.get(&at(ROOMS, &room)).await.body["invited"][0]["mail"], "failed");
}

#[tokio::test]
async fn a_letter_tells_what_holds_when_it_is_sent() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(invited(meeting("Planung"))).await;
    let path = at(MEETINGS, &room["meetings"][0]);
    let renewed = ada.post(&format!("{path}/pin"), json!({})).await.body;
    let letters = house.letters().await;
    let calendar = calendar_in(&letters[0]).replace("\r\n ", "");
    assert!(calendar.contains(renewed["access"]["pin"].as_str().unwrap()));
}

#[tokio::test]
async fn the_text_to_copy_is_there_in_both_languages() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(meeting("Planung")).await;
    let invitation = ada.get(&format!("{}/invitation", at(MEETINGS, &room["meetings"][0]))).await.body;
    let de = invitation["de"]["text"].as_str().unwrap();
    assert!(de.contains("ada of the office lädt Sie zu einer Besprechung ein: Planung"), "{de}");
    assert!(de.contains("Wann: Dienstag, 1. Dezember 2026, 09:00 bis 10:00 Uhr (Europe/Berlin)"), "{de}");
    assert!(de.contains("Gäste warten im Warteraum"), "{de}");
    let en = invitation["en"]["text"].as_str().unwrap();
    assert!(en.contains("When: Tuesday, 1 December 2026, 09:00 to 10:00 (Europe/Berlin)"), "{en}");
    assert_eq!(invitation["file_name"], "planung.ics");
}

#[tokio::test]
async fn a_letter_does_not_go_to_who_is_invited_no_more() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let refusal = NotSent { permanent: false, reason: "451 later".into() };
    *house.tray.refuses.lock().unwrap() = Some(refusal);
    let room = ada.room(invited(meeting("Planung"))).await;
    assert!(house.letters().await.is_empty());
    let mut change = ada.get(&at(ROOMS, &room)).await.body;
    change["invitees"] = json!([{ "address": "andere@amt.example", "role": "guest" }]);
    assert_eq!(ada.put(&at(ROOMS, &room), change).await.status, 200);
    *house.tray.refuses.lock().unwrap() = None;
    house.clock.advance(Duration::seconds(61));
    let letters = house.letters().await;
    let invitations: Vec<_> = letters.iter().filter(|letter| letter.contains("method=REQUEST")).collect();
    assert_eq!(invitations.len(), 1, "{letters:?}");
    assert!(invitations[0].contains("To: andere@amt.example"), "{}", invitations[0]);
}

#[tokio::test]
async fn nothing_is_sent_while_mail_is_switched_off() {
    const SETTINGS: &str = "/api/v1/admin/conference/settings";
    let house = House::new().await;
    let (chief, ada) = (house.administrator().await, house.person("ada").await);
    ada.room(invited(meeting("Planung"))).await;
    let mail = async |on: bool| {
        let view = chief.get(SETTINGS).await.body;
        let mut settings = view["settings"].clone();
        settings["mail"] = json!(on);
        let saved = chief.put(SETTINGS, json!({ "version": view["version"], "settings": settings })).await;
        assert_eq!(saved.status, 200, "{saved:?}");
    };
    mail(false).await;
    assert!(house.letters().await.is_empty());
    mail(true).await;
    assert_eq!(house.letters().await.len(), 1, "what still holds is sent when it is on again");
}

#[tokio::test]
async fn a_carriage_return_ends_no_line_of_a_calendar_file() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let mut new = meeting("Planung");
    for bad in ["Plan\rATTENDEE:mailto:x@amt.example", "Plan\r\nX-EVIL:1", "Plan\n"] {
        new["name"] = json!(bad);
        assert_eq!(ada.post(ROOMS, new.clone()).await.fields(), [("name", "control_character")], "{bad:?}");
    }
    new["name"] = json!("Planung");
    new["description"] = json!("Eins\rX-EVIL:1");
    assert_eq!(ada.post(ROOMS, new.clone()).await.fields(), [("description", "control_character")]);
    new["description"] = json!("Eins\r\nX-EVIL:1\r\n");
    new["waiting_text"] = json!("Gleich\r\nda");
    let room = ada.room(new).await;
    assert_eq!((&room["description"], &room["waiting_text"]), (&json!("Eins\nX-EVIL:1\n"), &json!("Gleich\nda")));
    let file = ada.get(&format!("{}/calendar", at(ROOMS, &room))).await.text;
    assert!(!file.replace("\r\n", "").contains('\r'), "{file:?}");
    assert!(!file.contains("\nX-EVIL"), "{file}");
}

#[tokio::test]
async fn a_mail_server_that_hangs_holds_up_its_own_tenant_only() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let bob = house.person_of(&house.twin, TWIN_HOST, "bob", &[]).await;
    *house.tray.hangs_at.lock().unwrap() = Some("Planung".into());
    ada.room(invited(meeting("Planung"))).await;
    bob.room(invited(meeting("Anderswo"))).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&house.conference).run(stop.clone()));
    let sent = async {
        while !house.tray.letters.lock().unwrap().iter().any(|letter| letter.contains("Anderswo")) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), sent).await.expect("the other tenant's letter goes out");
    stop.cancel();
    running.await.unwrap();
}
