//! Moderation that holds: removed guests, withdrawn roles, rooms whose owner is gone, ends that the store refuses at first.

use fernamt_api::conference::socket::{PresenceEnded, RulesChange, SocketAct, SocketMessage, SocketRequest};
use fernamt_domain::{DomainEvent, conference::MeetingRole};
use serde_json::{Value, json};

use crate::{
    hall::{Booked, Line, Told, Venue},
    house::{Client, ROOMS},
};

async fn ended(line: &mut Line) -> PresenceEnded {
    line.until(|message| match message {
        SocketMessage::Ended { why } => Some(why),
        _ => None,
    })
    .await
}

/// Waits until this line is told that it is something else now.
async fn becomes(line: &mut Line, role: MeetingRole) {
    line.until(|message| match message {
        SocketMessage::Welcome(welcome) if welcome.own.seat.role == role => Some(()),
        _ => None,
    })
    .await;
}

fn by_link(booked: &Booked) -> Value {
    json!({ "by": "link", "secret": booked.secret })
}

/// Changes who is invited to a booked room.
async fn invite(owner: &Client, booked: &Booked, invitees: Value) {
    let path = format!("{ROOMS}/{}", booked.room);
    let mut room = owner.get(&path).await.body;
    room["invitees"] = invitees;
    let changed = owner.put(&path, room).await;
    assert_eq!(changed.status, 200, "{changed:?}");
}

#[tokio::test]
async fn a_removed_first_time_guest_does_not_walk_back_in_by_the_link() {
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    host.welcome().await;
    let entered = venue.enter([192, 0, 2, 5], "", by_link(&booked)).await;
    assert_eq!(entered.body["place"], "seat");
    let cookie = entered.cookie.clone().expect("a browser that is let in is marked");
    let mut guest = venue.line(&booked.id, &cookie).await;
    guest.hello(entered.body["entry"].as_str(), None, Some("Gast")).await;
    let seat = guest.welcome().await.own.seat.id;
    host.act(SocketAct::Remove { seat }).await.unwrap();
    assert_eq!(ended(&mut guest).await, PresenceEnded::Removed);
    let entered = venue.enter([192, 0, 2, 6], &cookie, by_link(&booked)).await;
    assert_eq!(entered.body["place"], "lobby", "and hears so at the door");
    let mut again = venue.line(&booked.id, &cookie).await;
    again.hello(entered.body["entry"].as_str(), None, Some("Gast")).await;
    let waits = |message| match message {
        SocketMessage::Waiting(_) => Some(true),
        SocketMessage::Welcome(_) => Some(false),
        _ => None,
    };
    assert!(again.until(waits).await, "whoever was removed waits in the lobby");
}

#[tokio::test]
async fn a_meeting_whose_owner_leaves_the_house_ends() {
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let mut guest = venue.join(&booked, "", "Gast").await;
    guest.welcome().await;
    let mut work = venue.house.tenant.begin().await.unwrap();
    work.people().remove(ada.person).await.unwrap();
    work.publish(DomainEvent::PersonChanged { person: ada.person });
    work.commit().await.unwrap();
    assert_eq!(ended(&mut guest).await, PresenceEnded::Cancelled);
}

#[tokio::test]
async fn a_role_that_the_booking_takes_back_is_gone_in_the_meeting() {
    let venue = Venue::new().await;
    let (ada, bob) = (venue.house.person("ada").await, venue.house.person("bob").await);
    let cohost = json!([{ "person": bob.person, "role": "cohost" }]);
    let booked = venue.book(&ada, "meeting", "open", cohost.clone()).await;
    let mut line = venue.join(&booked, &bob.cookie, "").await;
    let welcome = line.welcome().await;
    assert_eq!(welcome.own.seat.role, MeetingRole::Cohost);
    invite(&ada, &booked, json!([{ "person": bob.person, "role": "participant" }])).await;
    becomes(&mut line, MeetingRole::Participant).await;
    assert!(line.act(SocketAct::MuteAll).await.is_err());
    // Neither does an old token bring it back.
    let mut back = venue.line(&booked.id, &bob.cookie).await;
    back.hello(None, Some(&welcome.resume), None).await;
    assert_eq!(back.welcome().await.own.seat.role, MeetingRole::Participant);
    invite(&ada, &booked, cohost).await;
    becomes(&mut back, MeetingRole::Cohost).await;
    // Whom the meeting would make wait now, it sends to the door.
    let path = format!("{ROOMS}/{}", booked.room);
    let mut room = ada.get(&path).await.body;
    room["lobby"] = json!("uninvited");
    assert_eq!(ada.put(&path, room).await.status, 200);
    invite(&ada, &booked, json!([])).await;
    assert_eq!(ended(&mut back).await, PresenceEnded::EnterAgain);
    let entered = venue.enter([192, 0, 2, 1], &bob.cookie, by_link(&booked)).await;
    assert_eq!(entered.body["place"], "lobby", "{}", entered.text);
    let mut stale = venue.line(&booked.id, &bob.cookie).await;
    stale.hello(None, Some(&welcome.resume), None).await;
    assert_eq!(ended(&mut stale).await, PresenceEnded::EnterAgain);
}

#[tokio::test]
async fn what_a_host_made_of_somebody_outlasts_other_changes_of_the_booking() {
    let venue = Venue::new().await;
    let (ada, bob) = (venue.house.person("ada").await, venue.house.person("bob").await);
    let booked = venue.book(&ada, "meeting", "open", json!([{ "person": bob.person, "role": "participant" }])).await;
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    host.welcome().await;
    let mut line = venue.join(&booked, &bob.cookie, "").await;
    let seat = line.welcome().await.own.seat.id;
    host.act(SocketAct::SetRole { seat, role: MeetingRole::Cohost }).await.unwrap();
    becomes(&mut line, MeetingRole::Cohost).await;
    let cleo = venue.house.person("cleo").await;
    let both =
        json!([{ "person": bob.person, "role": "participant" }, { "person": cleo.person, "role": "participant" }]);
    invite(&ada, &booked, both).await;
    line.act(SocketAct::MuteAll).await.unwrap();
}

#[tokio::test]
async fn no_grant_is_kept_for_whom_the_meeting_turns_away() {
    let venue = Venue::new().await;
    let (ada, bob) = (venue.house.person("ada").await, venue.house.person("bob").await);
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    host.welcome().await;
    host.act(SocketAct::SetRules(RulesChange { locked: Some(true), ..RulesChange::default() })).await.unwrap();
    let mut line = venue.join(&booked, &bob.cookie, "").await;
    assert_eq!(ended(&mut line).await, PresenceEnded::Locked);
    line.closed().await;
    assert_eq!(venue.grants.len(), 1, "only who sits there holds a grant");
}

#[tokio::test]
async fn an_end_that_the_store_refuses_is_made_up_for() {
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    host.welcome().await;
    let set = async |settings: Value| {
        let work = venue.house.tenant.begin().await.unwrap();
        work.settings().set("conference", &settings).await.unwrap();
        work.commit().await.unwrap();
    };
    // Settings that do not parse stand for a store that fails for a while.
    set(json!("unreadable")).await;
    host.act(SocketAct::EndForAll).await.unwrap();
    assert_eq!(ended(&mut host).await, PresenceEnded::MeetingEnded);
    let state = async || {
        let id = booked.id.parse().unwrap();
        venue.house.tenant.meetings().get(id).await.unwrap().ended_at
    };
    assert_eq!(state().await, None);
    set(json!({})).await;
    let made_up = async {
        while state().await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), made_up).await.expect("the end is tried again");
    let ends = venue.house.actions().await.into_iter().filter(|action| action.contains("ended"));
    assert_eq!(ends.collect::<Vec<_>>(), ["ended_for_all"], "and written down once");
}

#[tokio::test]
async fn a_stranger_with_many_idle_sockets_holds_up_nobody_else() {
    use fernamt_api::conference::socket::close;
    use fernamt_conference::meeting::ungreeted::MAX_UNGREETED_OF_SOURCE;
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let (stranger, ungreeted) = ([203, 0, 113, 9], venue.hall.ungreeted());
    let place = || ungreeted.place(std::net::IpAddr::from(stranger).into());
    let _idle: Vec<_> = (0..MAX_UNGREETED_OF_SOURCE).map(|_| place().expect("there is room")).collect();
    assert_eq!(venue.line_from(stranger, &booked.id, "").await.closed().await, close::LATER);
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    host.welcome().await;
}

#[tokio::test]
async fn the_media_room_is_closed_behind_the_last_one_and_opened_for_the_next() {
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let media = |message| match message {
        SocketMessage::Media(_) => Some(()),
        _ => None,
    };
    for rooms in 1..=2 {
        let mut guest = venue.join(&booked, "", "Gast").await;
        guest.until(media).await;
        let told = |wanted: Told| venue.plane.told.lock().unwrap().iter().filter(|told| **told == wanted).count();
        assert_eq!((told(Told::Open), told(Told::Close)), (rooms, rooms - 1));
        guest.send(SocketRequest { re: None, act: SocketAct::Leave }).await;
        guest.closed().await;
        while told(Told::Close) < rooms {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_media_room_that_the_plane_closed_by_itself_is_opened_for_the_next() {
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let media = |message| match message {
        SocketMessage::Media(_) => Some(()),
        _ => None,
    };
    let mut first = venue.join(&booked, "", "Gast").await;
    first.until(media).await;
    venue.plane.open.store(false, std::sync::atomic::Ordering::SeqCst);
    let mut next = venue.join(&booked, "", "Gästin").await;
    next.until(media).await;
}

#[tokio::test]
async fn a_busy_media_plane_is_told_again_what_somebody_may_do_no_longer() {
    use std::sync::atomic::Ordering::SeqCst;
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    host.welcome().await;
    let mut guest = venue.join(&booked, "", "Gast").await;
    let seat = guest.welcome().await.own.seat.id;
    venue.plane.busy.store(2, SeqCst);
    let quiet = RulesChange { may_unmute: Some(false), ..RulesChange::default() };
    host.act(SocketAct::SetRules(quiet)).await.unwrap();
    let silent = |told: &Told| matches!(told, Told::Permit(to, may) if to.id.0 == seat.0 && !may.publish.microphone);
    venue.plane.hears(silent).await;
    venue.plane.busy.store(2, SeqCst);
    host.act(SocketAct::Mute { seat }).await.unwrap();
    venue.plane.hears(|told| matches!(told, Told::Mute(_))).await;
}

#[tokio::test]
async fn the_door_says_who_will_wait_once_a_host_lets_nobody_in_unseen() {
    let mut venue = Venue::new().await;
    let (ada, bob) = (venue.house.person("ada").await, venue.house.person("bob").await);
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    host.welcome().await;
    host.act(SocketAct::SetRules(RulesChange { lobby: Some(true), ..RulesChange::default() })).await.unwrap();
    for restarted in [false, true] {
        for (cookie, place) in [("", "lobby"), (&bob.cookie, "lobby"), (&ada.cookie, "seat")] {
            let entered = venue.enter([192, 0, 2, 7], cookie, by_link(&booked)).await;
            assert_eq!(entered.body["place"], place, "{restarted}: {}", entered.text);
        }
        venue.restart().await;
    }
}

#[tokio::test]
async fn nobody_is_told_that_they_are_silent_before_they_are() {
    use std::sync::atomic::Ordering::SeqCst;
    let venue = Venue::new().await;
    let ada = venue.house.person("ada").await;
    let booked = venue.book(&ada, "meeting", "open", json!([])).await;
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    host.welcome().await;
    let mut guest = venue.join(&booked, "", "Gast").await;
    let seat = guest.welcome().await.own.seat.id;
    for (act, orders) in [(SocketAct::Mute { seat }, 1), (SocketAct::StopVideo { seat }, 2)] {
        venue.plane.told.lock().unwrap().clear();
        venue.plane.busy.store(2, SeqCst);
        host.act(act).await.unwrap();
        guest.until(|message| matches!(message, SocketMessage::Moderated { .. }).then_some(())).await;
        let is_order = |told: &&Told| matches!(told, Told::Mute(_) | Told::Permit(..));
        assert_eq!(venue.plane.told.lock().unwrap().iter().filter(is_order).count(), orders);
    }
}
