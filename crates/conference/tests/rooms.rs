//! Rooms: who makes them, who sees them, what becomes of their meetings.

use serde_json::{Value, json};
use time::Duration;

use crate::house::{HOST, House, MEETINGS, ROOMS, TWIN_HOST, at, meeting, weekly};

fn days(room: &Value) -> Vec<&str> {
    room["meetings"].as_array().unwrap().iter().map(|meeting| meeting["starts"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_occurrence_has_a_way_in_of_its_own() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(weekly("Jour fixe", 3)).await;
    assert_eq!(days(&room), ["2026-12-01T09:00", "2026-12-08T09:00", "2026-12-15T09:00"]);
    assert_eq!((&room["role"], &room["safeguards"]["lobby"]), (&json!("host"), &json!("guests")));
    let mut seen = std::collections::BTreeSet::new();
    for meeting in room["meetings"].as_array().unwrap() {
        let shown = ada.get(&at(MEETINGS, meeting)).await.body;
        let access = &shown["access"];
        assert_eq!(access["number"].as_str().unwrap().len(), "123 456 789".len());
        assert_eq!(access["pin"].as_str().unwrap().len(), 6);
        assert!(access["link"].as_str().unwrap().starts_with("https://fernamt.example.org/besprechung#"));
        for part in ["number", "link"] {
            assert!(seen.insert(access[part].to_string()), "{part} comes twice");
        }
        // A quarter of an hour before until an hour after; nine o'clock in Berlin is eight in Greenwich.
        assert!(shown["valid_from"].as_str().unwrap().ends_with("T07:45:00Z"), "{shown}");
        assert!(shown["valid_until"].as_str().unwrap().ends_with("T10:00:00Z"));
        assert_eq!(shown["open_now"], false);
    }
    assert!(house.actions().await.contains(&"room_created".to_owned()));
}

#[tokio::test]
async fn only_those_who_are_invited_see_a_room() {
    let house = House::new().await;
    let (ada, bob, eve) = (house.person("ada").await, house.person("bob").await, house.person("eve").await);
    let mut new = meeting("Planung");
    new["invitees"] = json!([
        { "person": bob.person, "role": "presenter" },
        { "address": "gast@amt.example", "name": "Gast", "role": "guest" },
    ]);
    let room = ada.room(new).await;
    let path = at(ROOMS, &room);
    let seen = bob.get(&path).await.body;
    assert_eq!((&seen["role"], seen["invited"].as_array().unwrap().len()), (&json!("presenter"), 2));
    assert!(!seen.to_string().contains("gast@amt.example"), "addresses are the hosts' business: {seen}");
    let hosts = ada.get(&path).await.body;
    let addresses: Vec<_> = hosts["invited"].as_array().unwrap().iter().map(|one| &one["address"]).collect();
    assert!(addresses.contains(&&json!("gast@amt.example")), "{hosts}");
    assert_eq!(eve.get(&path).await.status, 404);
    let meeting = at(MEETINGS, &room["meetings"][0]);
    assert!(bob.get(&meeting).await.body["access"]["pin"].is_string());
    assert_eq!(eve.get(&meeting).await.status, 404);
    // A presenter changes nothing; a stranger does not even learn that there is something.
    for (path, field, value) in [(&path, "name", "Andere Planung"), (&meeting, "starts", "2026-12-02T09:00")] {
        let mut change = bob.get(path).await.body;
        change[field] = json!(value);
        assert_eq!(bob.put(path, change.clone()).await.code(), "not_moderating");
        assert_eq!(eve.put(path, change).await.status, 404);
    }
    assert_eq!(bob.delete(&path).await.code(), "not_owner");
    let listed = bob.get(MEETINGS).await.body;
    assert_eq!((&listed["total"], &listed["items"][0]["role"]), (&json!(1), &json!("presenter")));
    assert_eq!(eve.get(MEETINGS).await.body["total"], 0);
}

#[tokio::test]
async fn a_cohost_runs_a_room_and_does_not_remove_it() {
    let house = House::new().await;
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    let mut new = meeting("Planung");
    new["invitees"] = json!([{ "person": bob.person, "role": "cohost" }]);
    let room = ada.room(new).await;
    let mut change = bob.get(&at(ROOMS, &room)).await.body;
    change["name"] = json!("Planung 2027");
    let changed = bob.put(&at(ROOMS, &room), change.clone()).await;
    assert_eq!((changed.status, &changed.body["name"]), (200, &json!("Planung 2027")));
    assert_eq!(bob.put(&at(ROOMS, &room), change).await.code(), "outdated");
    assert_eq!(bob.delete(&at(ROOMS, &room)).await.code(), "not_owner");
    assert_eq!(ada.delete(&at(ROOMS, &room)).await.status, 204);
    assert_eq!(bob.get(&at(ROOMS, &room)).await.status, 404);
}

#[tokio::test]
async fn what_stays_at_its_time_keeps_its_way_in() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(weekly("Jour fixe", 3)).await;
    let second = ada.get(&at(MEETINGS, &room["meetings"][1])).await.body;
    let mut change = room.clone();
    change["booking"]["recurrence"]["except"] = json!(["2026-12-01"]);
    change["booking"]["minutes"] = json!(90);
    let changed = ada.put(&at(ROOMS, &room), change).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(days(&changed.body), ["2026-12-08T09:00", "2026-12-15T09:00"]);
    let kept = ada.get(&at(MEETINGS, &changed.body["meetings"][0])).await.body;
    assert_eq!((&kept["id"], &kept["access"], &kept["minutes"]), (&second["id"], &second["access"], &json!(90)));
    let gone = ada.get(&at(MEETINGS, &room["meetings"][0])).await.body;
    assert_eq!((&gone["state"], &gone["access"]), (&json!("cancelled"), &Value::Null));
}

#[tokio::test]
async fn nine_stays_nine_over_the_change_of_the_clocks() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let mut new = weekly("Jour fixe", 3);
    new["booking"]["starts"] = json!("2027-03-23T09:00");
    let room = ada.room(new).await;
    let begin = |n: usize| room["meetings"][n]["starts_at"].as_str().unwrap();
    assert_eq!([begin(0), begin(1)], ["2027-03-23T08:00:00Z", "2027-03-30T07:00:00Z"]);
    let skipped = json!({ "starts": "2027-03-28T02:30", "minutes": 30 });
    let preview = ada.post(&format!("{ROOMS}/preview"), skipped).await.body;
    assert_eq!(preview["moved"], json!(["2027-03-28T02:30"]));
    let elsewhere = json!({ "starts": "2027-03-28T02:30", "minutes": 30, "time_zone": "America/New_York" });
    assert_eq!(ada.post(&format!("{ROOMS}/preview"), elsewhere).await.body["moved"], json!([]));
}

#[tokio::test]
async fn faults_name_their_fields() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let with = |path: &str, value: Value| {
        let mut room = weekly("Jour fixe", 3);
        *room.pointer_mut(path).unwrap_or(&mut Value::Null) = value.clone();
        if let Some(name) = path.strip_prefix('/').filter(|name| !name.contains('/')) {
            room[name] = value;
        }
        room
    };
    let series = "/booking/recurrence";
    for (room, field) in [
        (with("/name", json!(" ")), ("name", "required")),
        (with("/description", json!("a\u{202E}b")), ("description", "bidi_character")),
        (with("/booking", Value::Null), ("booking", "required")),
        (with("/booking/minutes", json!(4)), ("booking.minutes", "out_of_range")),
        (with("/booking/minutes", json!(721)), ("booking.minutes", "out_of_range")),
        (with("/booking/starts", json!("2030-12-03T09:00")), ("booking.starts", "too_far")),
        (with("/booking/starts", json!("2026-09-01T09:00")), ("booking.starts", "past")),
        (with("/booking/starts", json!("2026-12-02T09:00")), ("booking.recurrence.every.on", "first_day_missing")),
        (with(&format!("{series}/interval"), json!(0)), ("booking.recurrence.interval", "out_of_range")),
        (
            with(&format!("{series}/until"), json!({ "by": "count", "count": 5000 })),
            ("booking.recurrence.until", "too_many"),
        ),
        (with("/invitees", json!([{ "person": ada.person, "role": "cohost" }])), ("invitees[0].person", "owner")),
        (
            with("/invitees", json!([{ "address": "nobody", "role": "guest" }])),
            ("invitees[0].address", "not_an_address"),
        ),
        (
            with("/invitees", json!([{ "address": "a@b.example", "role": "cohost" }])),
            ("invitees[0].role", "not_for_guests"),
        ),
        (
            with(
                "/invitees",
                json!([
                    { "address": "a@b.example", "role": "guest" }, { "address": "A@B.example", "role": "guest" },
                ]),
            ),
            ("invitees[1]", "twice"),
        ),
    ] {
        let reply = ada.post(ROOMS, room.clone()).await;
        assert!(reply.status == 422 && reply.fields().contains(&field), "{field:?}: {reply:?} for {room}");
    }
    let mut elsewhere = meeting("Planung");
    elsewhere["booking"]["time_zone"] = json!("Europe/Bonn");
    assert_eq!(ada.post(ROOMS, elsewhere).await.fields(), [("booking.time_zone", "unknown")]);
    assert_eq!(ada.get(ROOMS).await.body["total"], 0, "nothing of it was made");
}

#[tokio::test]
async fn each_opening_of_a_personal_room_is_another_meeting() {
    let house = House::new().await;
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    let new = json!({ "kind": "personal", "name": "Adas Raum", "protection": "open",
        "invitees": [{ "person": bob.person, "role": "participant" }] });
    let room = ada.room(new).await;
    let open = format!("{}/open", at(ROOMS, &room));
    assert_eq!(bob.post(&open, json!({})).await.code(), "not_moderating");
    let first = ada.post(&open, json!({})).await.body;
    assert_eq!((&first["state"], &first["open_now"]), (&json!("running"), &json!(true)));
    assert_eq!(ada.post(&open, json!({})).await.body, first, "it is open already");
    assert_eq!(ada.post(&format!("{}/end", at(MEETINGS, &first)), json!({})).await.status, 204);
    assert_eq!(ada.post(&format!("{}/end", at(MEETINGS, &first)), json!({})).await.code(), "meeting_over");
    assert_eq!(ada.get(&at(MEETINGS, &first)).await.body["access"], Value::Null);
    let second = ada.post(&open, json!({})).await.body;
    for part in ["number", "link"] {
        assert_ne!(second["access"][part], first["access"][part]);
    }
    // Whoever forgets to end it ends it after eight hours.
    house.clock.advance(Duration::hours(8));
    house.conference.look_around().await.unwrap();
    let ada = house.again(&ada).await;
    assert_eq!(ada.get(&at(MEETINGS, &second)).await.body["state"], "ended");
    let actions = house.actions().await;
    for action in ["room_opened", "meeting_ended", "meeting_time_over"] {
        assert!(actions.iter().any(|done| done == action), "{action} is not in {actions:?}");
    }
}

#[tokio::test]
async fn people_are_found_by_name_and_not_listed() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    house.person("adam").await;
    let people = "/api/v1/conference/people";
    assert_eq!(ada.get(&format!("{people}?q=a")).await.body, json!([]));
    assert_eq!(ada.get(&format!("{people}?q=%25%25")).await.body, json!([]));
    let found = ada.get(&format!("{people}?q=adam")).await.body;
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["name"], "adam of the office");
}

#[tokio::test]
async fn another_administration_sees_nothing() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(weekly("Jour fixe", 2)).await;
    let stranger = house.person_of(&house.twin, TWIN_HOST, "ada", &[]).await;
    assert_ne!(HOST, TWIN_HOST);
    for path in [at(ROOMS, &room), at(MEETINGS, &room["meetings"][0])] {
        assert_eq!(stranger.get(&path).await.status, 404);
        assert_eq!(stranger.delete(&path).await.status, 404);
    }
    assert_eq!(ada.get(&at(ROOMS, &room)).await.status, 200);
}

#[tokio::test]
async fn who_only_listens_does_not_see_who_is_invited() {
    let house = House::new().await;
    let (ada, bob, cleo) = (house.person("ada").await, house.person("bob").await, house.person("cleo").await);
    let mut new = meeting("Vortrag");
    new["kind"] = json!("lecture");
    new["invitees"] = json!([
        { "person": bob.person, "role": "presenter" },
        { "person": cleo.person, "role": "listener" },
        { "address": "gast@amt.example", "name": "Gisela Gast", "role": "guest" },
    ]);
    let room = ada.room(new).await;
    let seen = async |who: &crate::house::Client| {
        let room = who.get(&at(ROOMS, &room)).await.body;
        let count = |list: &str| room[list].as_array().unwrap().len();
        (count("invited"), count("invitees"))
    };
    assert_eq!(seen(&ada).await, (3, 3));
    assert_eq!(seen(&bob).await, (3, 3), "who presents sees the roster, too");
    assert_eq!(seen(&cleo).await, (1, 1), "oneself");
    let shown = cleo.get(&at(ROOMS, &room)).await;
    assert!(!shown.text.contains("Gisela") && !shown.text.contains("bob of"), "{}", shown.text);
}

#[tokio::test]
async fn days_beyond_all_calendars_are_refused() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(meeting("Planung")).await;
    let path = at(crate::house::MEETINGS, &room["meetings"][0]);
    let version = ada.get(&path).await.body["version"].clone();
    for far in ["2099-01-01T09:00", "9999-12-31T09:00", "9999-12-31T23:59"] {
        let change = json!({ "version": version, "starts": far, "minutes": 60 });
        assert_eq!(ada.put(&path, change).await.fields(), [("starts", "too_far")], "{far}");
        let mut new = meeting("Planung");
        new["booking"]["starts"] = json!(far);
        assert_eq!(ada.post(ROOMS, new).await.fields(), [("booking.starts", "too_far")], "{far}");
    }
    let rules = [
        json!({ "by": "day" }),
        json!({ "by": "week", "on": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] }),
        json!({ "by": "month_day" }),
        json!({ "by": "month_weekday" }),
    ];
    for starts in ["-9999-01-01T00:00", "0000-01-01T00:00", "0001-01-01T00:00", "1900-01-01T00:00"] {
        for every in &rules {
            let until = json!({ "by": "day", "day": "9999-12-31" });
            let rule =
                json!({ "every": every, "interval": 1, "until": until, "except": ["9999-12-31", "-9999-01-01"] });
            let booking = json!({ "starts": starts, "minutes": 60, "recurrence": rule });
            let mut new = meeting("Planung");
            new["booking"] = booking.clone();
            for reply in [ada.post(&format!("{ROOMS}/preview"), booking).await, ada.post(ROOMS, new).await] {
                assert!([200, 400, 422].contains(&reply.status), "{starts} {every} {reply:?}");
            }
        }
    }
}

#[tokio::test]
async fn forms_learn_what_is_usual_for_each_kind_of_room() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let options = ada.get("/api/v1/conference/options").await.body;
    let usual = |kind: &str, what: &str| {
        let all = options["usual"].as_array().unwrap();
        all.iter().find(|usual| usual["kind"] == kind).unwrap()["permissions"][what].clone()
    };
    assert_eq!((usual("meeting", "share"), usual("lecture", "share")), (json!("participants"), json!("presenters")));
    assert_eq!((usual("personal", "unmute"), usual("lecture", "chat")), (json!("participants"), json!("everybody")));
}

#[tokio::test]
async fn what_nobody_understands_is_refused_by_name_and_what_was_read_may_be_sent_back() {
    let house = House::new().await;
    let (ada, chief) = (house.person("ada").await, house.administrator().await);
    let refused = async |reply: crate::house::Reply, named: &str| {
        let detail = reply.body["detail"].as_str().unwrap_or_default();
        assert!((reply.status, reply.code()) == (400, "malformed") && detail.contains(named), "{named}: {reply:?}");
    };
    let mut new = weekly("Jour fixe", 2);
    new["headline"] = json!("Jour fixe");
    refused(ada.post(ROOMS, new).await, "headline").await;
    let mut new = weekly("Jour fixe", 2);
    new["booking"]["recurrence"]["until"]["cuont"] = json!(3);
    new["booking"]["recurrence"]["expect"] = json!([]);
    new["booking"]["minute"] = json!(30);
    new["invitees"] = json!([{ "address": "gast@amt.example", "role": "guest", "nick": "Gast" }]);
    new["permissions"] = json!({ "microphone": "everybody" });
    refused(
        ada.post(ROOMS, new).await,
        "booking.minute, booking.recurrence.expect (did you mean except?), booking.recurrence.until.cuont, invitees[0].nick, \
         permissions.microphone",
    )
    .await;
    assert_eq!(ada.get(ROOMS).await.body["total"], 0, "nothing of it was made");

    let room = ada.room(weekly("Jour fixe", 2)).await;
    let mut change = ada.get(&at(ROOMS, &room)).await.body;
    assert_eq!(ada.put(&at(ROOMS, &room), change.clone()).await.status, 200);
    change["lobbby"] = json!("everybody");
    refused(ada.put(&at(ROOMS, &room), change).await, "lobbby").await;
    let path = at(MEETINGS, &room["meetings"][0]);
    let mut change = ada.get(&path).await.body;
    assert_eq!(ada.put(&path, change.clone()).await.status, 200);
    change["ends"] = json!("2026-12-01T10:00");
    refused(ada.put(&path, change).await, "ends").await;
    let hook = json!({ "name": "x", "url": "https://hooks.amt.example/", "events": ["trial"], "secret": "mine" });
    refused(chief.post("/api/v1/admin/webhooks", hook).await, "secret").await;
    let draft = json!({ "starts": "2026-12-01T09:00", "minutes": 30, "title": "x" });
    refused(ada.post(&format!("{ROOMS}/preview"), draft).await, "title").await;
}

#[tokio::test]
async fn who_would_be_invited_twice_is_told_before_the_booking() {
    let house = House::new().await;
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    let draft = json!({ "starts": "2026-12-01T09:00", "minutes": 30, "invitees": [
        { "address": "gast@amt.example", "role": "guest" }, { "person": bob.person, "role": "participant" },
        { "address": "GAST@amt.example", "role": "listener" }, { "person": bob.person, "role": "presenter" },
        { "role": "guest" }, { "role": "guest" },
    ] });
    let seen = ada.post(&format!("{ROOMS}/preview"), draft).await.body;
    assert_eq!((&seen["twice"], seen["starts"].as_array().unwrap().len()), (&json!([2, 3]), 1));
}

#[tokio::test]
async fn a_date_is_not_moved_to_a_minute_that_no_clock_shows() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(meeting("Nachtschicht")).await;
    let path = at(MEETINGS, &room["meetings"][0]);
    let version = ada.get(&path).await.body["version"].clone();
    let moved = async |starts: &str, minutes: u16| {
        ada.put(&path, json!({ "version": version, "starts": starts, "minutes": minutes })).await
    };
    assert_eq!(moved("2027-03-28T02:30", 30).await.fields(), [("starts", "no_such_time")]);
    let short = moved("2027-03-28T03:30", 4).await;
    assert_eq!((&short.body["fields"][0]["params"]["unit"], short.status), (&json!("minutes"), 422));
    assert_eq!(moved("2027-03-28T03:30", 30).await.status, 200);
}

#[tokio::test]
async fn nothing_is_booked_for_a_minute_that_no_clock_shows_but_a_series_goes_on_over_it() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let starting = |starts: &str, on: Option<&str>| {
        let mut room = if on.is_some() { weekly("Nachtschicht", 3) } else { meeting("Nachtschicht") };
        room["booking"]["starts"] = json!(starts);
        if let Some(on) = on {
            room["booking"]["recurrence"]["every"]["on"] = json!([on]);
        }
        room
    };
    for on in [None, Some("sunday")] {
        let refused = ada.post(ROOMS, starting("2027-03-28T02:30", on)).await;
        assert_eq!(refused.fields(), [("booking.starts", "no_such_time")], "{on:?}");
    }
    let mut change = ada.room(starting("2027-03-28T03:30", None)).await;
    let path = at(ROOMS, &change);
    change["booking"]["starts"] = json!("2027-03-28T02:30");
    assert_eq!(ada.put(&path, change.clone()).await.fields(), [("booking.starts", "no_such_time")]);
    change["booking"]["time_zone"] = json!("America/New_York");
    assert_eq!(ada.put(&path, change).await.status, 200, "other clocks are put forward on other days");

    // A date of a series comes an hour later, and everybody is told the hour that their clock shows then.
    let room = ada.room(starting("2027-03-21T02:30", Some("sunday"))).await;
    let night = &room["meetings"][1];
    assert_eq!((&night["starts"], &night["starts_at"]), (&json!("2027-03-28T02:30"), &json!("2027-03-28T01:30:00Z")));
    let invitation = ada.get(&format!("{}/invitation", at(MEETINGS, night))).await.body;
    let told = invitation["de"]["text"].as_str().unwrap();
    assert!(told.contains("28. März 2027, 03:30 bis 04:30 Uhr"), "{told}");
}

#[tokio::test]
async fn families_and_flags_stand_in_a_title() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let room = ada.room(meeting("👨\u{200D}👩\u{200D}👧 Elternabend 🏳\u{FE0F}\u{200D}🌈")).await;
    assert_eq!(room["name"], "👨\u{200D}👩\u{200D}👧 Elternabend 🏳\u{FE0F}\u{200D}🌈");
    assert_eq!(ada.post(ROOMS, meeting("Bau\u{200D}amt")).await.fields(), [("name", "invisible_character")]);
}
