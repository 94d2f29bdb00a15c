//! Clients that nobody here wrote, in meetings of the embedded plane: they decode each other's pictures and hear each other's tones.

use std::time::Duration;

use fernamt_media::{
    MediaError, MediaEvent, Permissions, RoomLimits, RoomName, SeatEnd, Source, Sources, TicketFor, Tracks,
};
use fernamt_testkit::peers::{BrowserClient, Driven, SdkClient, Seen, sdk_python};

use serde_json::json;
use uuid::Uuid;

use crate::support::{House, Plan, line::Line};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn two_python_clients_see_and_hear_each_other() {
    fernamt_testkit::peer!(sdk_python());
    let mut house = House::new();
    let join = |house: &House, seat| SdkClient::join(&house.url(), &house.ticket(seat)).expect("joined");
    let (mut erika, mut jonas) = (join(&house, 1), join(&house, 2));
    meet(&mut house, &mut erika, &mut jonas);
    order(&mut house, &mut jonas);
}

#[test]
fn two_browsers_see_and_hear_each_other() {
    let mut erika = fernamt_testkit::peer!(BrowserClient::start());
    let mut jonas = fernamt_testkit::peer!(BrowserClient::start());
    let mut house = House::new();
    erika.join(&house.url(), &house.ticket(1)).expect("joined");
    jonas.join(&house.url(), &house.ticket(2)).expect("joined");
    meet(&mut house, &mut erika, &mut jonas);
}

#[test]
fn browsers_decode_every_codec_that_one_of_them_sends() {
    let mut erika = fernamt_testkit::peer!(BrowserClient::start());
    let mut jonas = fernamt_testkit::peer!(BrowserClient::start());
    let house = House::new();
    erika.join(&house.url(), &house.ticket(1)).expect("joined");
    jonas.join(&house.url(), &house.ticket(2)).expect("joined");
    jonas.publish_tone("tone", 700.0).expect("published");
    let tone = erika.wait_until_seen(LIMIT, |seen| seen.energy > 3000.0 && seen.frames > 100).expect("heard");
    assert!((tone.tone_hz - 700.0).abs() < 30.0 && tone.codec == "audio/opus", "{tone:?}");
    // At 48 kbit/s a packet of 20 ms has at most 120 bytes, unless it repeats the one before.
    assert!(tone.packet_bytes > 140.0, "{tone:?}");
    let sendable = jonas.sendable().expect("told");
    for (codec, mime) in [("vp9", "video/VP9"), ("av1", "video/AV1"), ("h264", "video/H264")] {
        if !sendable.iter().any(|name| name == mime) {
            eprintln!("SKIPPED {codec}: this Chromium has no encoder for it");
            continue;
        }
        jonas.publish_picture_in(codec, [90, 160], json!({ "width": 640, "height": 360 })).expect("published");
        let enough = |seen: &Seen| seen.name == codec && seen.moved > 5 && !seen.codec.is_empty();
        let picture = erika.wait_until_seen(LIMIT, enough).expect(codec);
        assert_eq!(picture.codec, mime, "{picture:?}");
        assert!((picture.colour[0] - 90.0).abs() < 15.0 && (picture.colour[1] - 160.0).abs() < 15.0, "{picture:?}");
        jonas.unpublish(codec).expect("ended");
    }
    // VP9 in two encodings: the smaller one is sent to whom it is large enough, without a break.
    let sizes = json!({ "width": 640, "height": 360, "scalabilityMode": "L1T1" });
    let sid = jonas.publish_picture_in("vp9", [90, 160], sizes).expect("published");
    let large = |seen: &Seen| seen.sid == sid && seen.width == 640 && seen.moved > 5;
    erika.wait_until_seen(LIMIT, large).expect("in full");
    erika.command("settings", json!({ "sid": sid, "width": 160, "height": 90 })).expect("told");
    let before = erika.wait_until_seen(LIMIT, |seen| seen.sid == sid && seen.width < 640).expect("small");
    let more = |seen: &Seen| seen.sid == sid && seen.width < 640 && seen.moved > before.moved + 5;
    let small = erika.wait_until_seen(LIMIT, more).expect("small, and goes on");
    assert_eq!(small.codec, "video/VP9");
}

#[test]
fn where_udp_is_blocked_the_way_of_tcp_carries_all() {
    let mut erika = fernamt_testkit::peer!(BrowserClient::start());
    let mut jonas = fernamt_testkit::peer!(BrowserClient::start());
    let mut house = House::with(Plan { udp: false, tcp: true, ..Plan::default() });
    erika.join(&house.url(), &house.ticket(1)).expect("joined");
    jonas.join(&house.url(), &house.ticket(2)).expect("joined");
    meet(&mut house, &mut erika, &mut jonas);
}

#[test]
fn on_a_livekit_of_ones_own_it_is_the_same() {
    fernamt_testkit::peer!(sdk_python());
    let mut house = fernamt_testkit::peer!(House::on_livekit());
    let join = |house: &House, seat| SdkClient::join(&house.url(), &house.ticket(seat)).expect("joined");
    let (mut erika, mut jonas) = (join(&house, 1), join(&house, 2));
    meet(&mut house, &mut erika, &mut jonas);
    order(&mut house, &mut jonas);
}

#[test]
fn what_was_withdrawn_does_not_come_back_with_a_token_of_before() {
    fernamt_testkit::peer!(sdk_python());
    let mut house = fernamt_testkit::peer!(House::on_livekit());
    let (plane, seat) = (house.plane.clone(), house.seat(1));
    let token = house.ticket(1);
    let mut erika = SdkClient::join(&house.url(), &token).expect("joined");
    house.event(|event| *event == MediaEvent::SeatConnected(seat));
    let quiet = Permissions { publish: Sources::NONE, ..Permissions::PARTICIPANT };
    house.wait(plane.set_permissions(seat, quiet)).unwrap();
    erika.leave().expect("left");
    house.event(|event| matches!(event, MediaEvent::SeatLeft(left, _) if *left == seat));

    let _again = SdkClient::join(&house.url(), &token).expect("LiveKit takes a token until its time is over");
    house.event(|event| *event == MediaEvent::SeatConnected(seat));
    let present = house.wait(plane.list(house.room)).unwrap();
    assert_eq!(present.iter().map(|presence| presence.permissions).collect::<Vec<_>>(), [quiet]);
}

#[test]
fn what_is_withdrawn_while_somebody_is_away_counts_when_they_come_back() {
    fernamt_testkit::peer!(sdk_python());
    let mut house = fernamt_testkit::peer!(House::on_livekit());
    let (plane, seat) = (house.plane.clone(), house.seat(1));
    let token = house.ticket(1);
    let quiet = Permissions { publish: Sources::NONE, ..Permissions::PARTICIPANT };
    let away = house.wait(plane.set_permissions(seat, quiet));
    assert!(matches!(away, Err(MediaError::NoSuchSeat)), "{away:?}");
    let _erika = SdkClient::join(&house.url(), &token).expect("joined");
    house.event(|event| *event == MediaEvent::SeatConnected(seat));
    let present = house.wait(plane.list(house.room)).unwrap();
    assert_eq!(present.iter().map(|presence| presence.permissions).collect::<Vec<_>>(), [quiet]);
}

#[test]
fn after_a_restart_nobody_stays_whom_nobody_knows() {
    fernamt_testkit::peer!(sdk_python());
    let mut house = fernamt_testkit::peer!(House::on_livekit());
    let token = house.ticket(1);
    let erika = SdkClient::join(&house.url(), &token).expect("joined");
    house.event(|event| matches!(event, MediaEvent::SeatConnected(_)));
    house.restart_on_livekit();
    erika.event(LIMIT, |event| event["event"] == "disconnected").expect("sent out");
    assert!(house.wait(house.plane.list(house.room)).is_err());

    // The room is opened again, but a token of before the restart opens it no more.
    house.open(RoomLimits::default());
    if let Ok(ghost) = SdkClient::join(&house.url(), &token) {
        ghost.event(LIMIT, |event| event["event"] == "disconnected").expect("sent out again");
    }
    let _erika = SdkClient::join(&house.url(), &house.ticket(1)).expect("joined");
    let seat = house.seat(1);
    house.event(|event| *event == MediaEvent::SeatConnected(seat));
    assert_eq!(house.wait(house.plane.list(house.room)).unwrap().len(), 1);
}

#[test]
fn several_threads_share_one_port() {
    fernamt_testkit::peer!(sdk_python());
    let mut house = House::with(Plan { threads: 3, ..Plan::default() });
    // Rooms lie on the threads in turn, and the operating system brings packets to any of them.
    for other in 1..=2 {
        let room = RoomName(Uuid::from_u128(other));
        house.wait(house.plane.open_room(room, RoomLimits::default())).unwrap();
    }
    let join = |house: &House, seat| SdkClient::join(&house.url(), &house.ticket(seat)).expect("joined");
    let (mut erika, mut jonas) = (join(&house, 1), join(&house, 2));
    meet(&mut house, &mut erika, &mut jonas);
}

#[test]
fn a_browser_comes_back_by_itself_when_the_line_was_cut() {
    let mut erika = fernamt_testkit::peer!(BrowserClient::start());
    let mut jonas = fernamt_testkit::peer!(BrowserClient::start());
    come_back(&mut erika, &mut jonas);
}

#[test]
fn a_python_client_comes_back_by_itself_when_the_line_was_cut() {
    fernamt_testkit::peer!(sdk_python());
    come_back(&mut SdkClient::start().expect("started"), &mut SdkClient::start().expect("started"));
}

/// The one who speaks loses the line, and is heard again without anybody doing anything.
fn come_back(erika: &mut Driven, jonas: &mut Driven) {
    let mut house = House::new();
    let line = Line::to(&house);
    let second = house.seat(2);
    erika.join(&house.url(), &house.ticket(1)).expect("joined");
    jonas.join(&line.url(), &house.ticket(2)).expect("joined");
    let before = jonas.publish_tone("tone", 700.0).expect("published");
    erika.wait_until_seen(LIMIT, |seen| seen.energy > 3000.0).expect("heard");

    line.cut();
    jonas.event(LIMIT, |event| event["event"] == "reconnecting").expect("the cut is noticed");
    line.mend();
    jonas.event(LIMIT, |event| event["event"] == "reconnected").expect("back");
    let left = |why| MediaEvent::SeatLeft(second, why);
    house.event(|event| *event == left(SeatEnd::Replaced) || *event == left(SeatEnd::Lost));
    house.event(|event| *event == MediaEvent::SeatConnected(second));
    let again = erika.wait_until_seen(LIMIT, |seen| seen.sid != before && seen.energy > 3000.0).expect("heard again");
    assert!((again.tone_hz - 700.0).abs() < 30.0, "{again:?}");
}

/// What a host orders is done: no picture any more, out, and the room closed.
fn order(house: &mut House, jonas: &mut Driven) {
    let (plane, second) = (house.plane.clone(), house.seat(2));
    house.wait(plane.stop_video(second)).unwrap();
    house.event(|event| matches!(event, MediaEvent::TrackUnpublished(seat, _) if *seat == second));
    let left = house.wait(plane.list(house.room)).unwrap();
    let tracks: Vec<_> = left.iter().flat_map(|presence| &presence.tracks).map(|track| track.source).collect();
    assert_eq!(tracks, [Source::Microphone]);

    let token = house.ticket(2);
    house.wait(plane.remove(second)).unwrap();
    house.event(|event| *event == MediaEvent::SeatLeft(second, SeatEnd::Removed));
    house.event(|event| *event == MediaEvent::RoomEmpty(second.room));
    jonas.event(LIMIT, |event| event["event"] == "disconnected").expect("told");

    // A ticket of before may still open LiveKit's door, but nobody stays.
    if let Ok(back) = SdkClient::join(&house.url(), &token) {
        back.event(LIMIT, |event| event["event"] == "disconnected").expect("sent out again");
    }
    house.wait(plane.close_room(house.room)).unwrap();
    assert!(house.wait(plane.list(house.room)).is_err());
    let nobody = TicketFor { seat: second, name: String::new(), permissions: Permissions::PARTICIPANT };
    assert!(house.wait(plane.ticket(nobody)).is_err());
}

/// The second publishes, the first sees and hears; both send data; a host mutes; the first leaves.
fn meet(house: &mut House, erika: &mut Driven, jonas: &mut Driven) {
    let (first, second) = (house.seat(1), house.seat(2));
    let who = second.id.to_string();
    erika
        .event(LIMIT, |event| event["event"] == "participant_connected" && event["who"] == who.as_str())
        .expect("the one who comes later is seen");
    jonas.publish_tone("tone", 700.0).expect("published");
    jonas.publish_picture("picture", (640, 360), [90, 160]).expect("published");
    let tone = erika.wait_until_seen(LIMIT, |seen| seen.energy > 3000.0).expect("heard");
    assert!((tone.tone_hz - 700.0).abs() < 30.0, "{tone:?}");
    let picture = erika.wait_until_seen(LIMIT, |seen| seen.moved > 5).expect("seen");
    assert!((picture.colour[0] - 90.0).abs() < 15.0 && (picture.colour[1] - 160.0).abs() < 15.0, "{picture:?}");

    erika.send_data("Grüße", "chat").expect("sent");
    let data = jonas.event(LIMIT, |event| event["event"] == "data_received").expect("received");
    assert_eq!((data["who"].as_str(), data["text"].as_str()), (Some(first.id.to_string().as_str()), Some("Grüße")));

    let plane = house.plane.clone();
    house.wait(plane.mute(second, Tracks::Audio)).unwrap();
    erika.wait_until_seen(LIMIT, |seen| seen.name == "tone" && seen.energy < 300.0).expect("silent");
    let present = house.wait(plane.list(house.room)).unwrap();
    let muted = present.iter().flat_map(|presence| &presence.tracks).find(|track| track.source == Source::Microphone);
    assert!(muted.is_some_and(|track| track.muted), "{present:?}");

    erika.leave().expect("left");
    house.event(|event| *event == MediaEvent::SeatLeft(first, SeatEnd::Left));
    jonas.event(LIMIT, |event| event["event"] == "participant_disconnected").expect("seen");
}
