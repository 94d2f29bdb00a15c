//! Bundles: the exemplary slice, tested as every slice is.

use serde_json::json;

use crate::house::House;

const BUNDLES: &str = "/api/v1/admin/bundles";

#[tokio::test]
async fn a_bundle_is_made_changed_and_removed() {
    let (house, client) = House::with_administrator().await;
    let (files, mail) = (house.target(&client, "files").await, house.target(&client, "mail").await);
    let made = client.post(BUNDLES, json!({ "name": "Bauamt", "targets": [files["id"], files["id"]] })).await;
    assert_eq!((made.status, &made.body["targets"]), (201, &json!([files["id"]])), "named twice, it is in once");
    let path = format!("{BUNDLES}/{}", made.body["id"].as_str().unwrap());
    let change = json!({
        "version": made.body["version"],
        "name": "Bauamt",
        "description": "für alle im Haus",
        "targets": [mail["id"]],
    });
    let changed = client.put(&path, change).await;
    assert_eq!((changed.status, &changed.body["targets"]), (200, &json!([mail["id"]])));
    assert_eq!(client.get(&path).await.body, changed.body);
    let listed = client.get(&format!("{BUNDLES}?q=bau")).await;
    assert_eq!(listed.body, json!({ "items": [changed.body], "total": 1 }));
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(&path).await.status, 404);
    let actions = house.actions().await;
    assert_eq!(actions[2..], ["bundle_created", "bundle_changed", "bundle_removed"]);
}

#[tokio::test]
async fn two_administrators_do_not_overwrite_each_other() {
    let (_house, client) = House::with_administrator().await;
    let made = client.post(BUNDLES, json!({ "name": "Bauamt", "targets": [] })).await.body;
    let path = format!("{BUNDLES}/{}", made["id"].as_str().unwrap());
    let with = |name: &str| json!({ "version": made["version"], "name": name, "targets": [] });
    assert_eq!(client.put(&path, with("Hochbau")).await.status, 200);
    let late = client.put(&path, with("Tiefbau")).await;
    assert_eq!((late.status, late.code()), (409, "outdated"));
    assert_eq!(client.get(&path).await.body["name"], "Hochbau");
}

#[tokio::test]
async fn faulty_fields_are_named() {
    let (_house, client) = House::with_administrator().await;
    client.post(BUNDLES, json!({ "name": "Bauamt", "targets": [] })).await;
    for (body, fields) in [
        (json!({ "name": "", "targets": [] }), [("name", "required")]),
        (json!({ "name": "x".repeat(101), "targets": [] }), [("name", "too_long")]),
        (json!({ "name": "a\nb", "targets": [] }), [("name", "control_character")]),
        (json!({ "name": "Bauamt", "targets": [] }), [("name", "taken")]),
        (json!({ "name": "x", "targets": [uuid::Uuid::nil()] }), [("targets", "unknown")]),
        (json!({ "name": "x", "targets": vec![uuid::Uuid::nil(); 10_001] }), [("targets", "too_many")]),
    ] {
        let reply = client.post(BUNDLES, body).await;
        assert_eq!((reply.status, reply.fields()), (422, fields.to_vec()));
    }
}

#[tokio::test]
async fn a_bundle_that_a_rule_names_stays() {
    let (_house, client) = House::with_administrator().await;
    let bundle = client.post(BUNDLES, json!({ "name": "Bauamt", "targets": [] })).await.body;
    let form = json!({ "effect": "deny", "everybody": true, "bundles": [bundle["id"]] });
    let rule = json!({ "name": "closed", "body": { "kind": "form", "form": form } });
    assert_eq!(client.post("/api/v1/admin/rules", rule).await.status, 201);
    let path = format!("{BUNDLES}/{}", bundle["id"].as_str().unwrap());
    for shown in [client.get(&path).await.body, client.get(BUNDLES).await.body["items"][0].clone()] {
        assert_eq!(shown["used_by_rules"][0]["name"], "closed");
    }
    let refused = client.delete(&path).await;
    assert_eq!((refused.status, refused.code()), (409, "used_by_rules"));
    assert_eq!(refused.body["params"]["rules"], "closed");
}
