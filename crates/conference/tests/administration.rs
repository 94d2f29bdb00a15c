//! Who may make what, the limits, and what runs.

use serde_json::{Value, json};

use crate::house::{House, MEETINGS, ROOMS, at, meeting, weekly};

const SETTINGS: &str = "/api/v1/admin/conference/settings";

#[tokio::test]
async fn an_administrator_says_who_may_make_what() {
    let house = House::new().await;
    let (chief, ada) = (house.administrator().await, house.person("ada").await);
    let view = chief.get(SETTINGS).await.body;
    let mut settings = view["settings"].clone();
    settings["lectures"] = json!({ "everybody": false, "groups": [] });
    let saved = chief.put(SETTINGS, json!({ "version": view["version"], "settings": settings })).await;
    assert_eq!(saved.status, 200, "{saved:?}");
    let mut lecture = meeting("Vortrag");
    lecture["kind"] = json!("lecture");
    assert_eq!(ada.post(ROOMS, lecture).await.code(), "not_yours_to_create");
    ada.room(meeting("Planung")).await;
    let options = ada.get("/api/v1/conference/options").await.body;
    assert_eq!(options["may_create"], json!(["personal", "meeting"]));
    assert_eq!(ada.get(SETTINGS).await.status, 403);
    let outdated = chief.put(SETTINGS, json!({ "version": view["version"], "settings": settings })).await;
    assert_eq!(outdated.code(), "outdated");
    assert!(house.actions().await.contains(&"conference_settings_changed".to_owned()));
}

#[tokio::test]
async fn who_lost_the_right_to_book_moves_and_cancels_but_books_no_more() {
    let house = House::new().await;
    let (chief, ada) = (house.administrator().await, house.person("ada").await);
    let booked = ada.room(meeting("Planung")).await;
    let personal = json!({ "kind": "personal", "name": "Adas Raum", "protection": "open" });
    let own = ada.room(personal).await;
    let view = chief.get(SETTINGS).await.body;
    let mut settings = view["settings"].clone();
    settings["meetings"] = json!({ "everybody": false, "groups": [] });
    settings["personal"] = settings["meetings"].clone();
    assert_eq!(chief.put(SETTINGS, json!({ "version": view["version"], "settings": settings })).await.status, 200);
    let change = async |starts: &str, series: Option<u16>| {
        let mut fields = match series {
            Some(count) => weekly("Planung", count),
            None => meeting("Planung"),
        };
        fields["booking"]["starts"] = json!(starts);
        fields["version"] = ada.get(&at(ROOMS, &booked)).await.body["version"].clone();
        fields.as_object_mut().unwrap().remove("kind");
        ada.put(&at(ROOMS, &booked), fields).await
    };
    let moved = change("2026-12-02T09:00", None).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    let more = change("2026-12-01T09:00", Some(3)).await;
    assert_eq!(more.code(), "not_yours_to_create", "{more:?}");
    let opened = ada.post(&format!("{}/open", at(ROOMS, &own)), json!({})).await;
    assert_eq!(opened.code(), "not_yours_to_create", "and nobody opens a room they could not make");
}

#[tokio::test]
async fn what_settings_do_not_know_is_refused_by_name() {
    let house = House::new().await;
    let chief = house.administrator().await;
    let mut view = chief.get(SETTINGS).await.body;
    assert_eq!(chief.put(SETTINGS, view.clone()).await.status, 200, "whoever changes may send back all that was read");
    view["settings"]["lead_minute"] = json!(5);
    view["settings"]["lectures"]["group"] = json!([]);
    view["settings"]["stricter"] = json!({ "open": view["usual"][0]["safeguards"] });
    view["settings"]["stricter"]["open"]["lobbies"] = json!(1);
    let refused = chief.put(SETTINGS, view).await;
    assert_eq!((refused.status, refused.code()), (400, "malformed"));
    let named = "settings.lead_minute, settings.lectures.group, settings.stricter.open.lobbies";
    assert!(refused.text.contains(named), "{}", refused.text);
}

#[tokio::test]
async fn settings_make_classes_stricter_and_never_laxer() {
    let house = House::new().await;
    let (chief, ada) = (house.administrator().await, house.person("ada").await);
    let view = chief.get(SETTINGS).await.body;
    let put = async |stricter: Value, lead: u16| {
        let mut settings = view["settings"].clone();
        settings["stricter"] = stricter;
        settings["lead_minutes"] = json!(lead);
        chief.put(SETTINGS, json!({ "version": view["version"], "settings": settings })).await
    };
    let lax =
        json!({ "lobby": "nobody", "encryption": "transport", "dial_in": true, "guests": true, "keep_chat_days": 7 });
    assert_eq!(put(json!({ "internal": lax }), 15).await.fields(), [("stricter.internal", "laxer")]);
    assert_eq!(put(json!({}), 121).await.fields(), [("lead_minutes", "out_of_range")]);
    let strict = json!({ "lobby": "everybody", "encryption": "transport", "dial_in": false, "guests": false, "keep_chat_days": 1 });
    assert_eq!(put(json!({ "internal": strict }), 30).await.status, 200);
    let room = ada.room(meeting("Planung")).await;
    assert_eq!(room["safeguards"], strict);
    assert!(room["meetings"][0]["valid_from"].as_str().unwrap().ends_with("T07:30:00Z"));
    let mut open = meeting("Offen");
    (open["protection"], open["lobby"]) = (json!("open"), json!("guests"));
    assert_eq!(ada.room(open).await["safeguards"]["lobby"], "guests", "its owner wants a lobby");
}

#[tokio::test]
async fn a_class_is_encrypted_from_device_to_device_where_the_administration_asks_for_it() {
    let house = House::new().await;
    let (chief, ada) = (house.administrator().await, house.person("ada").await);
    let view = chief.get(SETTINGS).await.body;
    let put = async |dial_in: bool| {
        let mut settings = view["settings"].clone();
        settings["stricter"] = json!({ "internal": {
            "lobby": "guests", "encryption": "end_to_end", "dial_in": dial_in, "guests": true, "keep_chat_days": 7
        } });
        chief.put(SETTINGS, json!({ "version": view["version"], "settings": settings })).await
    };
    assert_eq!(put(true).await.fields(), [("stricter.internal", "laxer")], "no telephone holds a key");
    assert_eq!(put(false).await.status, 200);
    let room = ada.room(meeting("Planung")).await;
    assert_eq!(room["safeguards"]["encryption"], "end_to_end");
    let invitation = ada.get(&format!("{}/invitation", at(ROOMS, &room))).await.body;
    for (language, told) in [("de", "Der Schlüssel steht nicht in dieser Einladung"), ("en", "The key is not in this")]
    {
        let text = invitation[language]["text"].as_str().unwrap();
        assert!(text.contains(told), "{text}");
    }
}

#[tokio::test]
async fn an_administrator_sees_what_runs_and_ends_it() {
    let house = House::new().await;
    let (chief, ada) = (house.administrator().await, house.person("ada").await);
    let room = ada.room(json!({ "kind": "personal", "name": "Adas Raum", "protection": "open" })).await;
    let opened = ada.post(&format!("{}/open", at(ROOMS, &room)), json!({})).await.body;
    let running = chief.get("/api/v1/admin/conference/running").await.body;
    assert_eq!((&running["meetings"][0]["id"], &running["meetings"][0]["seats"]), (&opened["id"], &json!(0)));
    let end = format!("{}/end", at("/api/v1/admin/conference/meetings", &opened));
    assert_eq!(ada.post(&end, json!({})).await.status, 403);
    assert_eq!(chief.post(&end, json!({})).await.status, 204);
    assert_eq!(chief.post(&end, json!({})).await.code(), "meeting_over");
    assert_eq!(ada.get(&at(MEETINGS, &opened)).await.body["state"], "ended");
    assert_eq!(chief.get("/api/v1/admin/conference/running").await.body["meetings"], json!([]));
}

#[tokio::test]
async fn no_more_meetings_run_than_allowed() {
    let house = House::new().await;
    let (chief, ada) = (house.administrator().await, house.person("ada").await);
    let view = chief.get(SETTINGS).await.body;
    let mut settings = view["settings"].clone();
    settings["most_running"] = json!(1);
    chief.put(SETTINGS, json!({ "version": view["version"], "settings": settings })).await;
    for (name, status) in [("eins", 200), ("zwei", 409)] {
        let room = ada.room(json!({ "kind": "personal", "name": name, "protection": "open" })).await;
        let opened = ada.post(&format!("{}/open", at(ROOMS, &room)), json!({})).await;
        assert_eq!(opened.status, status, "{opened:?}");
    }
}
