//! Invitations over a real mail server, as those who get them see them. Both readers are foreign: of letters, and of the
//! calendar in them.

use std::{collections::BTreeSet, fs, sync::Arc};

use fernamt_conference::{PostOffice as _, Smtp, SmtpAddress, SmtpSecurity};
use fernamt_domain::Secret;
use fernamt_testkit::peers::{Exim, read_calendar, read_letter};
use lettre::Message;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::house::{Client, HOST, House, MEETINGS, ROOMS, at, meeting};

const TITLE: &str = "Ämter & Räume – Abstimmung über die Öffnungszeiten der Außenstelle \"Süd\", Teil 2";

/// A house whose letters go to this mail server.
async fn house(post: &Exim, security: SmtpSecurity, password: &str) -> House {
    House::with_post(Some(Arc::new(smtp(post, security, password)))).await
}

fn smtp(post: &Exim, security: SmtpSecurity, password: &str) -> Smtp {
    let door = if security == SmtpSecurity::Tls { &post.tls_door } else { &post.door };
    let address = SmtpAddress {
        host: "localhost",
        port: door.address().port(),
        security,
        login: Some((post.user.to_owned(), Secret::from(password))),
        authority_pem: Some(fs::read(post.authority_file()).unwrap()),
    };
    Smtp::new(address).unwrap()
}

fn inviting(name: &str, addresses: &[&str]) -> Value {
    let mut room = meeting(name);
    let guest =
        |address: &&str| json!({ "address": address, "name": "Gisela Größe-Gast", "role": "guest", "language": "de" });
    room["invitees"] = addresses.iter().map(guest).collect();
    room
}

/// A letter, and the calendar in it.
fn seen(letter: &str) -> (Value, Value) {
    let letter = read_letter(letter).unwrap();
    let parts = letter["parts"].as_array().unwrap();
    let types: Vec<_> = parts.iter().map(|part| (&part["type"], &part["charset"])).collect();
    let utf8 = json!("utf-8");
    assert_eq!(types, [(&json!("text/plain"), &utf8), (&json!("text/calendar"), &utf8)]);
    assert_eq!(letter["kind"], "multipart/alternative");
    assert_eq!(letter["to"], json!([["Gisela Größe-Gast", "gisela@gast.example"]]));
    assert_eq!(letter["from"][0][1], "fernamt@amt.example");
    for header in ["from", "to", "subject", "date", "message-id", "mime-version", "content-type"] {
        let count = letter["headers"].as_array().unwrap().iter().filter(|name| *name == header).count();
        assert_eq!(count, 1, "{header} in {letter}");
    }
    let calendar = read_calendar(parts[1]["text"].as_str().unwrap()).unwrap();
    assert_eq!(calendar["method"], parts[1]["method"], "the letter's head says the same");
    (letter, calendar)
}

/// How far the letters to the invited have come.
async fn mail_states(house: &House, ada: &Client, room: &Value) -> Vec<(String, String)> {
    let room = house.again(ada).await.get(&at(ROOMS, room)).await.body;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let invited = room["invited"].as_array().unwrap();
    let mut states: Vec<_> = invited.iter().map(|one| (text(&one["address"]), text(&one["mail"]))).collect();
    states.sort();
    states
}

#[tokio::test]
async fn a_mail_server_takes_an_invitation_a_change_and_a_cancellation() {
    let post = fernamt_testkit::peer!(Exim::start());
    let house = house(&post, SmtpSecurity::StartTls, post.password).await;
    let ada = house.person("ada").await;
    let room = ada.room(inviting(TITLE, &["gisela@gast.example"])).await;
    house.conference.look_around().await.unwrap();
    let (letter, invited) = seen(&post.letters().unwrap()[0]);
    assert!(letter["subject"].as_str().unwrap().contains(TITLE), "{letter}");
    let date = OffsetDateTime::parse(letter["date"].as_str().unwrap(), &Rfc3339).unwrap();
    assert_eq!(date.unix_timestamp(), house.now().unix_timestamp());
    let access = ada.get(&at(MEETINGS, &room["meetings"][0])).await.body["access"].clone();
    for part in ["number", "pin", "link"] {
        let wanted = access[part].as_str().unwrap();
        for place in [&letter["parts"][0]["text"], &invited["events"][0]["description"]] {
            assert!(place.as_str().unwrap().contains(wanted), "{part} is missing in {place}");
        }
    }
    let event = &invited["events"][0];
    assert_eq!((&invited["method"], &event["sequence"]), (&json!("REQUEST"), &json!(0)));
    assert_eq!((&event["summary"], &event["attendee"]), (&json!(TITLE), &json!("mailto:gisela@gast.example")));
    assert_eq!(mail_states(&house, &ada, &room).await, [("gisela@gast.example".to_owned(), "sent".to_owned())]);

    let mut change = ada.get(&at(ROOMS, &room)).await.body;
    change["booking"]["starts"] = json!("2026-12-02T14:00");
    assert_eq!(ada.put(&at(ROOMS, &room), change).await.status, 200);
    house.conference.look_around().await.unwrap();
    let (_, changed) = seen(&post.letters().unwrap()[1]);
    let after = &changed["events"][0];
    assert_eq!((&after["uid"], &after["sequence"]), (&event["uid"], &json!(1)));
    assert_eq!(after["starts"], "2026-12-02T14:00:00+01:00");

    assert_eq!(ada.delete(&at(ROOMS, &room)).await.status, 204);
    house.conference.look_around().await.unwrap();
    let letters = post.letters().unwrap();
    let (letter, gone) = seen(&letters[2]);
    assert!(letter["subject"].as_str().unwrap().contains(TITLE), "{letter}");
    assert_eq!((&gone["method"], &gone["events"][0]["status"]), (&json!("CANCEL"), &json!("CANCELLED")));
    assert_eq!(gone["events"][0]["uid"], event["uid"]);
    let ids: BTreeSet<_> = letters.iter().map(|letter| seen(letter).0["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((letters.len(), ids.len()), (3, 3), "a letter is sent once");
    assert!(ids.iter().all(|id| id.ends_with(&format!("@{HOST}>"))), "{ids:?}");
}

#[tokio::test]
async fn a_mail_server_that_is_away_gets_the_letter_when_it_is_back() {
    let post = fernamt_testkit::peer!(Exim::start());
    let house = house(&post, SmtpSecurity::Tls, post.password).await;
    let ada = house.person("ada").await;
    // The way to it is known and kept, so that going away cuts a line that stands.
    ada.room(inviting("Vorher", &["gisela@gast.example"])).await;
    house.conference.look_around().await.unwrap();
    assert_eq!(post.letters().unwrap().len(), 1);
    post.tls_door.shut();
    let room = ada.room(inviting("Nachher", &["gisela@gast.example"])).await;
    for pause_s in [0, 61, 301] {
        house.clock.advance(Duration::seconds(pause_s));
        house.conference.look_around().await.unwrap();
        assert_eq!(mail_states(&house, &ada, &room).await[0].1, "waiting");
    }
    post.tls_door.open();
    house.conference.look_around().await.unwrap();
    assert_eq!(mail_states(&house, &ada, &room).await[0].1, "waiting", "not before its time");
    house.clock.advance(Duration::seconds(901));
    house.conference.look_around().await.unwrap();
    assert_eq!(mail_states(&house, &ada, &room).await[0].1, "sent");
    let letters = post.letters().unwrap();
    assert_eq!(letters.len(), 2);
    assert!(seen(&letters[1]).0["subject"].as_str().unwrap().contains("Nachher"));
}

#[tokio::test]
async fn whoever_invited_is_told_whom_the_mail_server_refused() {
    let post = fernamt_testkit::peer!(Exim::start());
    let house = house(&post, SmtpSecurity::StartTls, post.password).await;
    let ada = house.person("ada").await;
    let addresses = ["gisela@gast.example", "later@gast.example", "nobody@gast.example"];
    let room = ada.room(inviting("Planung", &addresses)).await;
    house.conference.look_around().await.unwrap();
    let states = mail_states(&house, &ada, &room).await;
    let states: Vec<_> = states.iter().map(|(address, state)| (address.as_str(), state.as_str())).collect();
    assert_eq!(states, [(addresses[0], "sent"), (addresses[1], "waiting"), (addresses[2], "failed")]);
    assert_eq!(post.letters().unwrap().len(), 1, "nobody's refusal holds up the others");
}

#[tokio::test]
async fn a_letter_waits_while_the_mail_server_refuses_its_sender() {
    let post = fernamt_testkit::peer!(Exim::start());
    for security in [SmtpSecurity::StartTls, SmtpSecurity::Tls] {
        let smtp = smtp(&post, security, post.password);
        let send = async |from: &str, to: &str| {
            let letter = Message::builder().from(from.parse().unwrap()).to(to.parse().unwrap());
            smtp.send(letter.body(String::new()).unwrap()).await
        };
        for from in ["at-once@refused.example", "later@refused.example"] {
            let not = send(from, "gisela@gast.example").await.unwrap_err();
            assert!(!not.permanent && not.reason.contains("sender"), "that is mended in the configuration: {not:?}");
            assert!(!not.reason.contains('@'), "{not:?}");
        }
        let not = send("fernamt@amt.example", "nobody@gast.example").await.unwrap_err();
        assert!(not.permanent && !not.reason.contains("sender"), "{not:?}");
        send("fernamt@amt.example", "gisela@gast.example").await.unwrap();
    }
}

#[tokio::test]
async fn nothing_that_people_write_becomes_a_header() {
    let post = fernamt_testkit::peer!(Exim::start());
    let house = house(&post, SmtpSecurity::StartTls, post.password).await;
    let ada = house.person("ada").await;
    let mut new = inviting("Planung\r\nBcc: x@amt.example", &["gisela@gast.example"]);
    assert_eq!(ada.post(ROOMS, new.clone()).await.fields(), [("name", "control_character")]);
    new["name"] = json!("Planung Bcc: x@amt.example, =?utf-8?q?=0D=0AX-Evil:_1?=");
    new["description"] = json!("Eins\n.\nQUIT\n\nX-Evil: 1");
    new["invitees"][0]["name"] = json!("Gisela\r\nX-Evil: 1");
    assert_eq!(ada.post(ROOMS, new.clone()).await.fields(), [("invitees[0].name", "control_character")]);
    new["invitees"][0]["name"] = json!("Gisela Größe-Gast");
    ada.room(new.clone()).await;
    house.conference.look_around().await.unwrap();
    let letters = post.letters().unwrap();
    let (letter, invited) = seen(&letters[0]);
    let headers = letter["headers"].as_array().unwrap();
    assert!(!headers.contains(&json!("bcc")) && !headers.contains(&json!("x-evil")), "{headers:?}");
    assert!(letter["subject"].as_str().unwrap().contains("Planung Bcc: x@amt.example"), "{letter}");
    for place in [&letter["parts"][0]["text"], &invited["events"][0]["description"]] {
        assert!(place.as_str().unwrap().contains("Eins\n.\nQUIT\n\nX-Evil: 1"), "{place}");
    }
}

#[tokio::test]
async fn letters_wait_while_the_mail_server_refuses_the_password() {
    let post = fernamt_testkit::peer!(Exim::start());
    let house = house(&post, SmtpSecurity::StartTls, "Post-Kutsche-8").await;
    let ada = house.person("ada").await;
    let room = ada.room(inviting("Planung", &["gisela@gast.example"])).await;
    house.conference.look_around().await.unwrap();
    assert_eq!(mail_states(&house, &ada, &room).await[0].1, "waiting", "that is mended in the configuration");
    assert!(post.letters().unwrap().is_empty());
}
