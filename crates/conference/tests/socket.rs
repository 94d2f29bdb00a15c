//! A running meeting over its sockets: roles, moderation, second tabs, lost lines, restarts, revocation, hostile clients.

use fernamt_api::conference::socket::{
    ChatTo, MAX_MESSAGE_BYTES, PresenceEnded, RulesChange, SocketAct, SocketMessage, SocketRefusal, close,
};
use fernamt_domain::{DomainEvent, PersonState};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::hall::{Booked, Line, Told, Venue};

fn say(text: &str) -> SocketAct {
    SocketAct::ChatSend { to: ChatTo::Everybody, text: text.into(), reply_to: None }
}

async fn ended(line: &mut Line) -> PresenceEnded {
    line.until(|message| match message {
        SocketMessage::Ended { why } => Some(why),
        _ => None,
    })
    .await
}

/// An open meeting with its host and one guest in it.
async fn meeting() -> (Venue, Booked, crate::house::Client, Line, Line) {
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    host.welcome().await;
    let guest = venue.join(&booked, "", "Gast").await;
    (venue, booked, ada, host, guest)
}

#[tokio::test]
async fn people_meet_talk_and_are_moderated() {
    let (venue, _, _, mut host, mut guest) = meeting().await;
    let welcome = guest.welcome().await;
    assert_eq!((welcome.own.seat.name.as_str(), welcome.roster.len()), ("Gast", 2));
    let own = welcome.own.seat.id;
    let media = guest
        .until(|message| match message {
            SocketMessage::Media(media) => Some(media),
            _ => None,
        })
        .await;
    assert!(media.url.starts_with("wss://") && media.ticket.expose().contains(&own.to_string()));
    assert!(media.expires_at <= guest.now() + time::Duration::minutes(1));

    guest.act(say("Guten Morgen")).await.unwrap();
    let heard = host
        .until(|message| match message {
            SocketMessage::Chat(message) => Some(message),
            _ => None,
        })
        .await;
    assert_eq!((heard.text.as_str(), heard.name.as_str()), ("Guten Morgen", "Gast"));
    host.act(SocketAct::Mute { seat: own }).await.unwrap();
    venue.plane.hears(|told| matches!(told, Told::Mute(seat) if seat.id.0 == own.0)).await;
    for act in [SocketAct::MuteAll, SocketAct::EndForAll, SocketAct::Remove { seat: own }, SocketAct::RenewPin] {
        assert_eq!(guest.act(act).await, Err(SocketRefusal::NotAllowed));
    }
    assert!(venue.house.actions().await.contains(&"muted".to_owned()));
}

#[tokio::test]
async fn who_was_removed_stays_out_with_every_old_token() {
    let (venue, booked, _, mut host, mut guest) = meeting().await;
    let welcome = guest.welcome().await;
    host.act(SocketAct::Remove { seat: welcome.own.seat.id }).await.unwrap();
    assert_eq!(ended(&mut guest).await, PresenceEnded::Removed);
    assert_eq!(guest.closed().await, close::ENDED);
    venue.plane.hears(|told| matches!(told, Told::Remove(seat) if seat.id.0 == welcome.own.seat.id.0)).await;
    let mut back = venue.line(&booked.id, "").await;
    back.hello(None, Some(&welcome.resume), None).await;
    assert_eq!(ended(&mut back).await, PresenceEnded::Removed);
}

#[tokio::test]
async fn after_a_restart_all_are_back_and_the_chat_is_intact() {
    let (mut venue, booked, ada, mut host, mut guest) = meeting().await;
    let guest_welcome = guest.welcome().await;
    guest.act(say("Erstens")).await.unwrap();
    host.act(SocketAct::SetRules(RulesChange { lobby: Some(true), ..RulesChange::default() })).await.unwrap();
    venue.restart().await;
    let mut guest = venue.line(&booked.id, "").await;
    guest.hello(None, Some(&guest_welcome.resume), None).await;
    let welcome = guest.welcome().await;
    assert_eq!(welcome.own.seat.id, guest_welcome.own.seat.id, "the seat is the same");
    assert_eq!(welcome.chat.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["Erstens"]);
    assert!(welcome.rules.lobby);
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    assert!(host.welcome().await.roster.iter().any(|seat| seat.id == welcome.own.seat.id));
}

#[tokio::test]
async fn a_guest_who_loads_the_page_again_does_not_wait_again() {
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "internal", json!([])).await;
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    host.welcome().await;
    let mut guest = venue.join(&booked, "", "Gast").await;
    let waiting = async |line: &mut Line| {
        line.until(|message| match message {
            SocketMessage::Waiting(waiting) => Some(waiting),
            _ => None,
        })
        .await
    };
    let place = waiting(&mut guest).await.resume;
    drop(guest);
    let mut guest = venue.line(&booked.id, "").await;
    guest.hello(None, Some(&place), None).await;
    waiting(&mut guest).await;
    host.act(SocketAct::AdmitAll).await.unwrap();
    let seated = guest.welcome().await;
    drop(guest);
    let mut guest = venue.line(&booked.id, "").await;
    guest.hello(None, Some(&seated.resume), None).await;
    let again = guest.welcome().await;
    assert_eq!((again.own.seat.id, again.own.seat.name.as_str()), (seated.own.seat.id, "Gast"));
    assert_eq!((again.counts.seated, again.counts.waiting), (2, 0), "the seat is not taken twice");
}

#[tokio::test]
async fn a_second_tab_takes_over_and_a_token_in_another_session_is_nobodys() {
    let (venue, booked, ada, mut host, _guest) = meeting().await;
    let mut second = venue.join(&booked, &ada.cookie, "").await;
    let welcome = second.welcome().await;
    assert_eq!(ended(&mut host).await, PresenceEnded::Elsewhere);
    assert_eq!(host.closed().await, close::ELSEWHERE);
    let mallory = venue.house.person("mallory").await;
    for cookie in ["", &mallory.cookie] {
        let mut stolen = venue.line(&booked.id, cookie).await;
        stolen.hello(None, Some(&welcome.resume), None).await;
        assert_eq!(ended(&mut stolen).await, PresenceEnded::EnterAgain);
        assert_eq!(stolen.closed().await, close::ENTER_AGAIN);
    }
}

#[tokio::test]
async fn revocation_empties_the_seat_within_five_seconds() {
    let (venue, _, ada, mut host, _guest) = meeting().await;
    let began = tokio::time::Instant::now();
    let mut work = venue.house.tenant.begin().await.unwrap();
    work.people().set_state(ada.person, PersonState::Disabled).await.unwrap();
    work.publish(DomainEvent::PersonChanged { person: ada.person });
    work.commit().await.unwrap();
    assert_eq!(ended(&mut host).await, PresenceEnded::Revoked);
    venue.plane.hears(|told| matches!(told, Told::Remove(_))).await;
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
}

#[tokio::test]
async fn the_end_is_for_all_and_nobody_comes_back() {
    let (venue, booked, _, mut host, mut guest) = meeting().await;
    let welcome = guest.welcome().await;
    host.act(SocketAct::EndForAll).await.unwrap();
    assert_eq!(ended(&mut guest).await, PresenceEnded::MeetingEnded);
    venue.plane.hears(|told| *told == Told::Close).await;
    let mut back = venue.line(&booked.id, "").await;
    back.hello(None, Some(&welcome.resume), None).await;
    assert_eq!(ended(&mut back).await, PresenceEnded::MeetingEnded);
    let entered = venue.enter([192, 0, 2, 1], "", json!({ "by": "link", "secret": booked.secret })).await;
    assert!(entered.status >= 400, "{}", entered.text);
}

#[tokio::test]
async fn hostile_clients_get_nowhere() {
    let (venue, booked, _, mut host, mut guest) = meeting().await;
    guest.welcome().await;
    for first in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"act":"admit_all"}"#,
        r#"{"act":"hello"}"#,
        r#"{"act":"hello","entry":"AAAA"}"#,
        r#"{"act":"hello","entry":"AAAA","resume":"AAAA"}"#,
        r#"{"act":"hello","resume":{"seat":"x"}}"#,
        r#"{"re":-1,"act":"leave"}"#,
    ] {
        let mut line = venue.line(&booked.id, "").await;
        line.raw(Message::text(first)).await;
        let code = line.closed().await;
        assert!([close::MALFORMED, close::ENTER_AGAIN].contains(&code), "{first} gave {code}");
    }
    let mut huge = venue.line(&booked.id, "").await;
    huge.raw(Message::text("x".repeat(MAX_MESSAGE_BYTES + 1))).await;
    huge.closed().await;
    let mut other = venue.line("00000000-0000-7000-8000-000000000001", "").await;
    other.hello(Some("AAAA"), None, None).await;
    assert_eq!(other.closed().await, close::ENTER_AGAIN);
    guest.raw(Message::text(r#"{"act":"no_such_act"}"#)).await;
    assert_eq!(guest.closed().await, close::MALFORMED);
    host.act(say("Es geht weiter.")).await.unwrap();
}
