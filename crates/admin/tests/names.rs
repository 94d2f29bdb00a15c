//! Names: what cannot be read, or passes for something else, is refused wherever a name is typed.

use serde_json::{Value, json};

use crate::house::{Client, House, target_fields};

const DECEIVING: &str = "Bau\u{202e}amt";
const UNSEEN: &str = "Bau\u{200b}amt";

/// Everything that has a name, as path and body.
fn named(name: &str) -> Vec<(&'static str, Value, &'static str)> {
    let rule = json!({ "kind": "form", "form": { "effect": "allow", "everybody": true, "all_targets": true } });
    let mut target = target_fields("files");
    target["name"] = json!(name);
    vec![
        ("people", json!({ "name": "anna", "display_name": name }), "display_name"),
        ("groups", json!({ "name": name }), "name"),
        ("targets", target, "name"),
        ("bundles", json!({ "name": name, "targets": [] }), "name"),
        ("rules", json!({ "name": name, "body": rule }), "name"),
    ]
}

async fn post(client: &Client, path: &str, body: Value) -> crate::house::Reply {
    client.post(&format!("/api/v1/admin/{path}"), body).await
}

#[tokio::test]
async fn characters_that_turn_or_hide_others_are_refused_with_their_place() {
    let (_house, client) = House::with_administrator().await;
    for (name, code, character) in [
        (DECEIVING, "bidi_character", "U+202E"),
        (UNSEEN, "invisible_character", "U+200B"),
        ("Bau\tamt", "control_character", "U+0009"),
    ] {
        for (path, body, field) in named(name) {
            let reply = post(&client, path, body).await;
            assert_eq!((reply.status, reply.fields()), (422, vec![(field, code)]), "{path}");
            let params = &reply.body["fields"][0]["params"];
            assert_eq!(*params, json!({ "position": "4", "character": character }), "{path}");
        }
    }
}

#[tokio::test]
async fn names_that_are_too_long_are_refused_and_never_cut() {
    let (_house, client) = House::with_administrator().await;
    for (path, body, field) in named(&"ß".repeat(201)) {
        let reply = post(&client, path, body).await;
        assert_eq!((reply.status, reply.fields()), (422, vec![(field, "too_long")]), "{path}");
    }
    for (path, body, field) in named(&"ß".repeat(100)) {
        let reply = post(&client, path, body).await;
        assert_eq!(reply.status, 201, "{path}: {reply:?}");
        let made = if path == "people" { &reply.body["person"] } else { &reply.body };
        assert_eq!(made[field].as_str().unwrap().chars().count(), 100, "{path}");
    }
}
