//! Whatever takes the right to sit in a meeting away empties the seat within five seconds: each cause in a row of its own,
//! with the media plane told, the grant given back, and every token of that seat good for nothing.

use std::time::Duration;

use fernamt_api::conference::socket::{PresenceEnded, SocketMessage};
use fernamt_domain::{DeviceState, DomainEvent, PersonState};
use fernamt_identity::session;
use serde_json::json;
use tokio::time::timeout;

use crate::{
    hall::{Line, Told, Venue},
    house::{Client, ROOMS},
};

/// What the issue allows.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Why the seat goes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cause {
    Session,
    SuspendedDevice,
    LostDevice,
    DisabledPerson,
    RemovedPerson,
    Invitation,
    SignedOut,
}

#[tokio::test]
async fn an_ended_session_empties_the_seat() {
    row(Cause::Session).await;
}

#[tokio::test]
async fn a_suspended_device_empties_the_seat() {
    row(Cause::SuspendedDevice).await;
}

#[tokio::test]
async fn a_lost_device_empties_the_seat() {
    row(Cause::LostDevice).await;
}

#[tokio::test]
async fn a_suspended_person_loses_the_seat() {
    row(Cause::DisabledPerson).await;
}

#[tokio::test]
async fn a_removed_person_loses_the_seat() {
    row(Cause::RemovedPerson).await;
}

#[tokio::test]
async fn a_withdrawn_invitation_empties_the_seat() {
    row(Cause::Invitation).await;
}

#[tokio::test]
async fn signing_out_empties_the_seat() {
    row(Cause::SignedOut).await;
}

/// One row of the matrix.
async fn row(cause: Cause) {
    let venue = Venue::new().await;
    let (ada, bob) = (venue.house.person("ada").await, venue.house.person("bob").await);
    let invited = json!([{ "person": bob.person, "role": "participant" }]);
    let booked = venue.book(&ada, "meeting", "confidential", invited).await;
    let mut host = venue.join(&booked, &ada.cookie, "").await;
    host.welcome().await;
    // Where everybody waits, the host lets them in.
    let mut line = venue.join(&booked, &bob.cookie, "").await;
    let seat = admitted(&mut host, &mut line).await;
    let resume = seat.resume.clone();
    let own = seat.own.seat.id;
    assert_eq!(venue.grants.len(), 2);

    take_away(&venue, &ada, &bob, &booked.room, cause).await;
    let why = timeout(AT_ONCE, ended(&mut line)).await.unwrap_or_else(|_| panic!("{cause:?} leaves the seat taken"));
    let wanted = if cause == Cause::Invitation { PresenceEnded::EnterAgain } else { PresenceEnded::Revoked };
    assert_eq!(why, wanted, "{cause:?}");
    venue.plane.hears(|told| matches!(told, Told::Remove(seat) if seat.id.0 == own.0)).await;
    while venue.grants.snapshot().iter().any(|grant| grant.facts.person == bob.person) {
        tokio::task::yield_now().await;
    }
    let mut back = venue.line(&booked.id, &bob.cookie).await;
    back.hello(None, Some(&resume), None).await;
    assert!([PresenceEnded::EnterAgain, PresenceEnded::Revoked].contains(&ended(&mut back).await), "{cause:?}");
}

async fn admitted(host: &mut Line, line: &mut Line) -> fernamt_api::conference::socket::MeetingWelcome {
    use fernamt_api::conference::socket::SocketAct;
    let waits = line
        .until(|message| match message {
            SocketMessage::Waiting(_) => Some(None),
            SocketMessage::Welcome(welcome) => Some(Some(*welcome)),
            _ => None,
        })
        .await;
    match waits {
        Some(welcome) => welcome,
        None => {
            host.act(SocketAct::AdmitAll).await.unwrap();
            line.welcome().await
        }
    }
}

async fn ended(line: &mut Line) -> PresenceEnded {
    line.until(|message| match message {
        SocketMessage::Ended { why } => Some(why),
        _ => None,
    })
    .await
}

async fn take_away(venue: &Venue, ada: &Client, bob: &Client, room: &str, cause: Cause) {
    let tenant = &venue.house.tenant;
    if cause == Cause::Invitation {
        let path = format!("{ROOMS}/{room}");
        let mut room = ada.get(&path).await.body;
        room["invitees"] = json!([]);
        assert_eq!(ada.put(&path, room).await.status, 200);
        return;
    }
    let device = tenant.devices().of_person(bob.person).await.unwrap()[0].id;
    let mut work = tenant.begin().await.unwrap();
    match cause {
        Cause::Session => session::end_all(&mut work, bob.person, None).await.unwrap(),
        Cause::SuspendedDevice | Cause::LostDevice => {
            let lost = cause == Cause::LostDevice;
            let state = if lost { DeviceState::Revoked } else { DeviceState::Suspended };
            work.devices().set_state(device, state, None).await.unwrap();
            work.publish(DomainEvent::DeviceChanged { device });
        }
        Cause::DisabledPerson => {
            work.people().set_state(bob.person, PersonState::Disabled).await.unwrap();
            work.publish(DomainEvent::PersonChanged { person: bob.person });
        }
        Cause::RemovedPerson => {
            work.people().remove(bob.person).await.unwrap();
            work.publish(DomainEvent::PersonChanged { person: bob.person });
        }
        Cause::SignedOut => {
            let session = tenant.sessions().live_of_person(bob.person).await.unwrap()[0].id;
            assert!(session::end(&mut work, session).await.unwrap());
        }
        Cause::Invitation => {}
    }
    work.commit().await.unwrap();
}
