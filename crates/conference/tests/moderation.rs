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
    let cookie = entered.cookie.clone().expect("a browser that is let in is marked");
    let mut guest = venue.line(&booked.id, &cookie).await;
    guest.hello(entered.body["entry"].as_str(), None, Some("Gast")).await;
    let seat = guest.welcome().await.own.seat.id;
    host.act(SocketAct::Remove { seat }).await.unwrap();
    assert_eq!(ended(&mut guest).await, PresenceEnded::Removed);
    let entered = venue.enter([192, 0, 2, 6], &cookie, by_link(&booked)).await;
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
