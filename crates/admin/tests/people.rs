//! People: made, changed, disabled and removed, and nobody locks everybody out.

use fernamt_domain::{DomainEvent, Role};
use fernamt_store::Notice;
use serde_json::json;

use crate::house::House;

const PEOPLE: &str = "/api/v1/admin/people";

#[tokio::test]
async fn a_person_is_made_with_a_password_shown_once() {
    let (house, client) = House::with_administrator().await;
    let group = house.group(&client, "Bauamt").await;
    let new = json!({ "name": "anna.beispiel", "display_name": "Anna Beispiel", "groups": [group["id"]], "roles": ["control_desk"] });
    let made = client.post(PEOPLE, new).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body["password"].as_str().unwrap().len(), 23);
    let person = &made.body["person"];
    assert_eq!((&person["roles"], &person["groups"][0]["name"]), (&json!(["control_desk"]), &json!("Bauamt")));
    let path = format!("{PEOPLE}/{}", person["id"].as_str().unwrap());
    assert_eq!(client.get(&path).await.body, *person);
    let stored = house.tenant.people().by_name("anna.beispiel").await.unwrap().unwrap();
    assert!(stored.password_hash.unwrap().expose().starts_with("$argon2id$"));
    assert_eq!(client.get(&format!("{PEOPLE}?q=beispiel")).await.body["total"], 1);
}

#[tokio::test]
async fn faulty_fields_are_named() {
    let (house, client) = House::with_administrator().await;
    house.person("anna", &[]).await;
    for (body, fields) in [
        (json!({ "name": "", "display_name": "A" }), vec![("name", "required")]),
        (json!({ "name": "Anna B", "display_name": "" }), vec![("name", "invalid"), ("display_name", "required")]),
        (json!({ "name": "anna", "display_name": "A" }), vec![("name", "taken")]),
        (json!({ "name": "b", "display_name": "B", "language": "fr" }), vec![("language", "invalid")]),
        (json!({ "name": "b", "display_name": "B", "groups": [uuid::Uuid::nil()] }), vec![("groups", "unknown")]),
        (json!({ "name": "b", "display_name": "B", "password": "kurz" }), vec![("password", "password_too_short")]),
    ] {
        let reply = client.post(PEOPLE, body).await;
        assert_eq!((reply.status, reply.fields()), (422, fields), "{reply:?}");
    }
}

#[tokio::test]
async fn what_ends_access_ends_sessions_and_tells_everybody() {
    let (house, client) = House::with_administrator().await;
    let anna = house.person("anna", &[Role::ControlDesk]).await;
    let path = format!("{PEOPLE}/{anna}");
    for action in ["disable", "password", "second-factor/reset"] {
        client.post(&format!("{path}/enable"), json!({})).await;
        let hers = house.sign_in(anna).await;
        assert_eq!(hers.get("/api/v1/admin/devices").await.status, 200);
        let mut events = house.store.subscribe();
        let reply = client.post(&format!("{path}/{action}"), json!({})).await;
        assert!(reply.status < 300, "{action}: {reply:?}");
        assert_eq!(hers.get("/api/v1/admin/devices").await.status, 401, "{action}");
        let mut seen = Vec::new();
        while seen.len() < 2 {
            let Some(Notice::Event(event)) = events.next().await else { panic!("{action}") };
            seen.push(event.event);
        }
        assert!(seen.contains(&DomainEvent::PersonChanged { person: anna }), "{action}");
        assert!(seen.contains(&DomainEvent::SessionEnded { session: hers.session }), "{action}");
    }
    let hers = house.sign_in(anna).await;
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(hers.get("/api/v1/admin/devices").await.status, 401);
    assert_eq!(client.get(&path).await.status, 404);
}

#[tokio::test]
async fn nobody_does_to_themselves_what_only_another_may() {
    let (_house, client) = House::with_administrator().await;
    let path = format!("{PEOPLE}/{}", client.person);
    for action in ["disable", "password", "second-factor/reset"] {
        let reply = client.post(&format!("{path}/{action}"), json!({})).await;
        assert_eq!((reply.status, reply.code()), (409, "oneself"), "{action}");
    }
    assert_eq!(client.delete(&path).await.code(), "oneself");
    let version = client.get(&path).await.body["version"].clone();
    let reply = client.patch(&path, json!({ "version": version, "roles": [] })).await;
    assert_eq!((reply.status, reply.code()), (409, "oneself"));
}

#[tokio::test]
async fn somebody_remains_who_can_administer() {
    let (house, client) = House::with_administrator().await;
    let deputy = house.person("deputy", &[Role::Administrator]).await;
    let path = format!("{PEOPLE}/{deputy}");
    assert_eq!(client.post(&format!("{path}/disable"), json!({})).await.status, 200, "one of two may go");
    client.post(&format!("{path}/enable"), json!({})).await;
    let version = client.get(&path).await.body["version"].clone();
    let changed = client.patch(&path, json!({ "version": version, "roles": ["data_protection"] })).await;
    assert_eq!((changed.status, &changed.body["roles"]), (200, &json!(["data_protection"])));
    // The deputy administers again, and the two disable each other at the same moment.
    let work = house.tenant.begin().await.unwrap();
    work.people().set_roles(deputy, &[Role::Administrator]).await.unwrap();
    work.commit().await.unwrap();
    let theirs = house.sign_in(deputy).await;
    let chief = format!("{PEOPLE}/{}", client.person);
    let (chief, path) = (format!("{chief}/disable"), format!("{path}/disable"));
    let (first, second) = tokio::join!(theirs.post(&chief, json!({})), client.post(&path, json!({})));
    let mut outcomes = [first.status, second.status];
    outcomes.sort_unstable();
    assert!(matches!(outcomes, [200, 401 | 409]), "both at once: one wins, never both: {outcomes:?}");
}

#[tokio::test]
async fn a_change_is_based_on_what_was_seen() {
    let (house, client) = House::with_administrator().await;
    let anna = house.person("anna", &[]).await;
    let path = format!("{PEOPLE}/{anna}");
    let seen = client.get(&path).await.body["version"].clone();
    let name = |name: &str| json!({ "version": seen, "display_name": name });
    assert_eq!(client.patch(&path, name("Anna A")).await.body["display_name"], "Anna A");
    assert_eq!(client.patch(&path, name("Anna B")).await.code(), "outdated");
    assert_eq!(client.get(&path).await.body["display_name"], "Anna A");
}

#[tokio::test]
async fn a_start_code_is_made_for_who_has_no_second_factor() {
    let (house, client) = House::with_administrator().await;
    let anna = house.person("anna", &[]).await;
    let path = format!("{PEOPLE}/{anna}/start-code");
    let code = client.post(&path, json!({})).await;
    assert_eq!((code.status, code.body["code"].as_str().unwrap().len()), (200, 19));
    assert_ne!(client.post(&path, json!({})).await.body, code.body, "the next one takes its place");
    assert!(house.actions().await.contains(&"start_code_made".to_owned()));
    let file = "serial,secret\nA1,JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\n";
    client.post("/api/v1/admin/tokens/import", json!({ "file": file })).await;
    let token = client.get("/api/v1/admin/tokens").await.body["items"][0]["id"].clone();
    let handed = format!("/api/v1/admin/tokens/{}/person", token.as_str().unwrap());
    assert_eq!(client.put(&handed, json!({ "person_id": anna })).await.status, 200);
    let refused = client.post(&path, json!({})).await;
    assert_eq!((refused.status, refused.code()), (409, "has_second_factor"));
}
