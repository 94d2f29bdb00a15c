//! The signalling, message by message, over a real WebSocket.

use fernamt_media::{
    MediaEvent, Permissions, RoomLimits, SeatEnd, Sources,
    embedded::{BURST_MESSAGES, MAX_MESSAGE_BYTES},
};
use livekit_protocol::{
    AddTrackRequest, DisconnectReason, LeaveRequest, Ping, TrackSource, TrackType, UpdateParticipantMetadata,
    leave_request::Action, participant_info::State, request_response::Reason, signal_request::Message as Ask,
    signal_response::Message as Said,
};
use reqwest::StatusCode;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{House, client::Client};

fn join(house: &House, number: u128) -> Client<'_> {
    Client::connect(house, &house.ticket(number), "protocol=17&auto_subscribe=1").unwrap()
}

fn leave(said: &Said) -> Option<LeaveRequest> {
    if let Said::Leave(leave) = said { Some(leave.clone()) } else { None }
}

fn refresh(said: &Said) -> Option<String> {
    if let Said::RefreshToken(token) = said { Some(token.clone()) } else { None }
}

#[test]
fn the_answer_to_the_join_comes_first_and_names_all_that_clients_need() {
    let house = House::new();
    let mut first = join(&house, 1);
    let Some(Said::Join(answer)) = first.next() else { panic!("no answer first") };
    assert_eq!(answer.room.unwrap().name, house.room.to_string());
    let own = answer.participant.unwrap();
    assert!(own.sid.starts_with("PA_") && own.identity == house.seat(1).id.to_string());
    assert!(own.permission.unwrap().can_publish);
    assert!(answer.subscriber_primary && answer.ping_interval == 5 && answer.ping_timeout == 15);
    assert_eq!(answer.server_info.unwrap().protocol, 17);
    let offer = first.until(|said| if let Said::Offer(offer) = said { Some(offer.clone()) } else { None });
    assert!(offer.sdp.contains("a=ice-lite") && offer.sdp.contains("webrtc-datachannel"), "{}", offer.sdp);

    let mut second = join(&house, 2);
    let Some(Said::Join(answer)) = second.next() else { panic!("no answer first") };
    assert_eq!(answer.other_participants.len(), 1);
    let seen =
        first.until(|said| if let Said::Update(update) = said { update.participants.first().cloned() } else { None });
    assert_eq!((seen.identity, seen.state), (house.seat(2).id.to_string(), i32::from(State::Joined)));
}

#[test]
fn pings_are_answered_with_what_they_brought() {
    let house = House::new();
    let mut client = join(&house, 1);
    client.send(Ask::PingReq(Ping { timestamp: 4711, rtt: 5 }));
    let echoed =
        client.until(|said| if let Said::PongResp(pong) = said { Some(pong.last_ping_timestamp) } else { None });
    assert_eq!(echoed, 4711);
}

#[test]
fn a_ticket_lets_in_once_and_only_into_its_room() {
    let house = House::new();
    let ticket = house.ticket(1);
    let _first = Client::connect(&house, &ticket, "").unwrap();
    assert_eq!(Client::connect(&house, &ticket, "").err(), Some(401), "used");
    assert_eq!(Client::connect(&house, "", "").err(), Some(401), "none");
    assert_eq!(Client::connect(&house, &format!("{ticket}A"), "").err(), Some(401), "changed");
    let waiting = house.ticket(2);
    house.wait(house.plane.close_room(house.room)).unwrap();
    assert_eq!(Client::connect(&house, &waiting, "").err(), Some(404), "closed");
    house.open(RoomLimits::default());
    assert_eq!(Client::connect(&house, &waiting, "").err(), Some(401), "opened anew");
}

#[test]
fn a_removed_seat_comes_back_with_a_new_ticket_only() {
    let mut house = House::new();
    let seat = house.seat(1);
    let (plane, room) = (house.plane.clone(), house.room);
    let token = {
        let mut client = join(&house, 1);
        let token = client.until(refresh);
        let waiting = house.ticket(1);
        house.wait(plane.remove(seat)).unwrap();
        let farewell = client.until(leave);
        assert_eq!(farewell.reason(), DisconnectReason::ParticipantRemoved);
        assert_eq!(farewell.action(), Action::Disconnect);
        assert_eq!(client.close_code(), None);
        assert_eq!(Client::connect(&house, &waiting, "").err(), Some(401), "a ticket of before");
        token
    };
    house.event(|event| *event == MediaEvent::SeatLeft(seat, SeatEnd::Removed));
    house.event(|event| *event == MediaEvent::RoomEmpty(room));
    assert_eq!(Client::connect(&house, &token, "").err(), Some(401), "a token of before");
    assert_eq!(Client::connect(&house, &token, "reconnect=1").err(), Some(401), "a token of before");
    assert!(Client::connect(&house, &house.ticket(1), "").is_ok());
    assert_eq!(Client::connect(&house, &token, "").err(), Some(401), "still");
}

#[test]
fn who_wants_to_resume_is_asked_to_join_anew_and_can() {
    let house = House::new();
    let mut client = join(&house, 1);
    let token = client.until(refresh);
    let mut back = Client::connect(&house, &token, "reconnect=1&sid=PA_x").unwrap();
    let Some(Said::Leave(asked)) = back.next() else { panic!("no leave first") };
    assert_eq!((asked.action(), asked.reason()), (Action::Reconnect, DisconnectReason::StateMismatch));
    let mut back = Client::connect(&house, &token, "").unwrap();
    assert!(matches!(back.next(), Some(Said::Join(_))));
    assert_eq!(client.until(leave).reason(), DisconnectReason::DuplicateIdentity);
    let present = house.wait(house.plane.list(house.room)).unwrap();
    assert_eq!(present.len(), 1);
}

#[test]
fn the_newer_way_in_is_not_here_in_a_way_that_every_page_may_read() {
    let house = House::new();
    let get = |path: &str| {
        let url = format!("http://{}{path}", house.address);
        house.wait(async { reqwest::get(url).await.unwrap() })
    };
    for path in ["/rtc/v1", "/rtc/v1/validate", "/rtc/v1/validate?access_token=x"] {
        let answer = get(path);
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        assert!(!house.wait(answer.text()).unwrap().contains("requested room does not exist"));
    }
    let ticket = house.ticket(1);
    assert_eq!(get(&format!("/rtc/validate?access_token={ticket}")).status(), StatusCode::OK);
    let refused = get("/rtc/validate?access_token=x");
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers()["access-control-allow-origin"], "*");
    // Neither the look nor a request that is no WebSocket has used it up.
    assert!(get(&format!("/rtc?access_token={ticket}")).status().is_client_error());
    assert!(Client::connect(&house, &ticket, "").is_ok());
}

#[test]
fn a_track_that_the_ticket_does_not_name_is_refused() {
    let house = House::new();
    let permissions =
        Permissions { publish: Sources { microphone: true, ..Sources::NONE }, ..Permissions::PARTICIPANT };
    let mut client = Client::connect(&house, &house.ticket_with(1, permissions), "").unwrap();
    let add = |source: TrackSource, kind: TrackType| {
        Ask::AddTrack(AddTrackRequest {
            cid: format!("{source:?}"),
            source: source.into(),
            r#type: kind.into(),
            ..AddTrackRequest::default()
        })
    };
    let answer = |said: &Said| match said {
        Said::TrackPublished(published) => Some(Ok(published.clone())),
        Said::RequestResponse(response) => Some(Err(response.reason())),
        _ => None,
    };
    client.send(add(TrackSource::Camera, TrackType::Video));
    assert_eq!(client.until(answer), Err(Reason::NotAllowed));
    client.send(add(TrackSource::Unknown, TrackType::Audio));
    assert_eq!(client.until(answer), Err(Reason::NotAllowed));
    client.send(add(TrackSource::Microphone, TrackType::Audio));
    let published = client.until(answer).unwrap();
    assert_eq!(published.cid, "Microphone");
    assert!(published.track.unwrap().sid.starts_with("TR_"));

    let seat = house.seat(1);
    house.wait(house.plane.set_permissions(seat, Permissions::LISTENER)).unwrap();
    client.send(add(TrackSource::Microphone, TrackType::Audio));
    assert_eq!(client.until(answer), Err(Reason::NotAllowed));
}

#[test]
fn one_changes_ones_own_name_if_one_may() {
    let house = House::new();
    let mut client = join(&house, 1);
    let rename = |name: &str| {
        Ask::UpdateMetadata(UpdateParticipantMetadata {
            name: name.into(),
            request_id: 7,
            ..UpdateParticipantMetadata::default()
        })
    };
    let response = |said: &Said| {
        if let Said::RequestResponse(response) = said { Some((response.request_id, response.reason())) } else { None }
    };
    client.send(rename("Erika"));
    assert_eq!(client.until(response), (7, Reason::Ok));
    let name = client
        .until(|said| if let Said::Update(update) = said { update.participants.first().cloned() } else { None })
        .name;
    assert_eq!(name, "Erika");
    client.send(rename(&"x".repeat(300)));
    assert_eq!(client.until(response), (7, Reason::LimitExceeded));
    let mut other = Client::connect(&house, &house.ticket_with(2, Permissions::PARTICIPANT), "").unwrap();
    other.send(rename("Jonas"));
    assert_eq!(other.until(response), (7, Reason::NotAllowed));
}

#[test]
fn a_hidden_seat_is_seen_by_nobody_but_itself() {
    let house = House::new();
    let mut client = join(&house, 1);
    let mut listener = Client::connect(&house, &house.ticket_with(2, Permissions::LISTENER), "").unwrap();
    let Some(Said::Join(answer)) = listener.next() else { panic!("no answer first") };
    assert_eq!(answer.other_participants.len(), 1);
    assert!(!answer.participant.unwrap().permission.unwrap().can_publish);
    client.send(Ask::PingReq(Ping::default()));
    let before_the_pong = client.until(|said| match said {
        Said::Update(update) => {
            update.participants.iter().any(|of| of.identity == house.seat(2).id.to_string()).then_some(true)
        }
        Said::PongResp(_) => Some(false),
        _ => None,
    });
    assert!(!before_the_pong);
    assert_eq!(house.wait(house.plane.list(house.room)).unwrap().len(), 2);
}

#[test]
fn a_full_room_takes_nobody_more_but_those_who_are_in() {
    let house = House::new();
    house.open(RoomLimits { max_seats: 1, ..RoomLimits::default() });
    let mut first = join(&house, 1);
    let token = first.until(refresh);
    assert_eq!(Client::connect(&house, &house.ticket(2), "").err(), Some(503));
    assert!(Client::connect(&house, &token, "").is_ok());
}

#[test]
fn what_is_no_message_ends_the_conversation() {
    let house = House::new();
    let mut json = join(&house, 1);
    json.send_raw(Message::text("{\"ping\":1}"));
    assert_eq!(json.close_code(), Some(1003));
    let mut noise = join(&house, 2);
    noise.send_raw(Message::binary(vec![0xff; 40]));
    assert_eq!(noise.close_code(), Some(1007));
    let mut long = join(&house, 3);
    long.send_raw(Message::binary(vec![0; MAX_MESSAGE_BYTES + 1]));
    assert_eq!(long.close_code(), None);
    // Whoever was disturbed by that sits where it sat.
    assert!(matches!(join(&house, 4).next(), Some(Said::Join(_))));
}

#[test]
fn a_client_that_talks_too_much_is_heard_slowly() {
    let house = House::new();
    let mut client = join(&house, 1);
    let count = i64::from(BURST_MESSAGES) + 25;
    let begun = std::time::Instant::now();
    for number in 0..count {
        client.send(Ask::PingReq(Ping { timestamp: number, rtt: 0 }));
    }
    client.until(|said| matches!(said, Said::PongResp(pong) if pong.last_ping_timestamp == count - 1).then_some(()));
    assert!(begun.elapsed() >= std::time::Duration::from_millis(400), "{:?}", begun.elapsed());
}

#[test]
fn when_the_server_stops_everybody_is_told() {
    let mut house = House::new();
    let ticket = house.ticket(1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = format!("{}/rtc?access_token={ticket}", house.url());
    let (mut socket, _) = runtime.block_on(tokio_tungstenite::connect_async(url)).unwrap();
    let first = runtime.block_on(async { futures_util::StreamExt::next(&mut socket).await });
    assert!(matches!(first, Some(Ok(Message::Binary(_)))));
    house.shut_down();
    let farewell = runtime.block_on(async {
        use futures_util::StreamExt as _;
        use prost::Message as _;
        loop {
            let Some(Ok(Message::Binary(bytes))) = socket.next().await else { return None };
            if let Some(Said::Leave(leave)) = livekit_protocol::SignalResponse::decode(bytes).unwrap().message {
                return Some(leave.reason());
            }
        }
    });
    assert_eq!(farewell, Some(DisconnectReason::ServerShutdown));
}
