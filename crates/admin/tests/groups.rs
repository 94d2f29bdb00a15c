//! Groups: members, nesting, and the rules that use them.

use serde_json::json;

use crate::house::House;

const GROUPS: &str = "/api/v1/admin/groups";

#[tokio::test]
async fn members_count_through_nesting() {
    let (house, client) = House::with_administrator().await;
    let anna = house.person("anna", &[]).await;
    let (outer, inner) = (house.group(&client, "Haus").await, house.group(&client, "Bauamt").await);
    let members = |group: &serde_json::Value| format!("{GROUPS}/{}/members", group["id"].as_str().unwrap());
    let set = json!({ "version": inner["version"], "people": [anna], "groups": [] });
    let inner = client.put(&members(&inner), set).await;
    assert_eq!((inner.status, &inner.body["people"]), (200, &json!(1)), "{inner:?}");
    let set = json!({ "version": outer["version"], "people": [], "groups": [inner.body["id"]] });
    let outer = client.put(&members(&outer), set).await;
    assert_eq!((&outer.body["people"], &outer.body["groups"][0]["name"]), (&json!(1), &json!("Bauamt")));
    let circle = json!({ "version": inner.body["version"], "people": [anna], "groups": [outer.body["id"]] });
    let refused = client.put(&members(&inner.body), circle).await;
    assert_eq!((refused.status, refused.fields()), (422, vec![("groups", "circle")]));
    let outdated = json!({ "version": "old", "people": [], "groups": [] });
    assert_eq!(client.put(&members(&inner.body), outdated).await.code(), "outdated");
    let strangers = json!({ "version": inner.body["version"], "people": [uuid::Uuid::nil()], "groups": [] });
    assert_eq!(client.put(&members(&inner.body), strangers).await.fields(), [("people", "unknown")]);
    assert!(house.actions().await.contains(&"member_added".to_owned()));
}

#[tokio::test]
async fn a_group_that_rules_use_says_so_and_stays() {
    let (house, client) = House::with_administrator().await;
    let group = house.group(&client, "Bauamt").await;
    let path = format!("{GROUPS}/{}", group["id"].as_str().unwrap());
    let form = json!({ "effect": "allow", "groups": [group["id"]], "all_targets": true });
    client.post("/api/v1/admin/rules", json!({ "name": "by form", "body": { "kind": "form", "form": form } })).await;
    let cedar = format!("permit (principal in Group::{}, action, resource);", group["id"]);
    client
        .post("/api/v1/admin/rules", json!({ "name": "by hand", "body": { "kind": "expert", "cedar": cedar } }))
        .await;
    let used_by = client.get(&path).await.body["used_by_rules"].clone();
    let names: Vec<_> = used_by.as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["by form", "by hand"]);
    let refused = client.delete(&path).await;
    assert_eq!((refused.status, refused.code()), (409, "used_by_rules"));
    assert_eq!(refused.body["params"]["rules"], "by form, by hand");
    let ids: Vec<_> = used_by.as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(refused.body["params"]["rule_ids"], ids.join(","));
    let renamed = client.patch(&path, json!({ "version": group["version"], "name": "Hochbau" })).await;
    assert_eq!((renamed.status, &renamed.body["name"]), (200, &json!("Hochbau")), "a new name changes no rule");
    let late = client.patch(&path, json!({ "version": group["version"], "name": "Tiefbau" })).await;
    assert_eq!((late.status, late.code()), (409, "outdated"), "somebody else has renamed it since");
    assert_eq!(client.post(GROUPS, json!({ "name": "Hochbau" })).await.fields(), [("name", "taken")]);
}
