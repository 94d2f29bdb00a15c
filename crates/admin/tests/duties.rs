//! Who may administer what, and from where.

use fernamt_domain::{Method, Role};
use serde_json::json;

use crate::house::{HOST, House, TWIN_HOST};

const ADMINISTRATOR: &[&str] = &[
    "people",
    "groups",
    "targets",
    "bundles",
    "rules",
    "health",
    "settings",
    "tokens",
    "directories",
    "targets/export",
    "targets/imports",
];
const CONTROL_DESK: &[&str] = &["devices", "sessions"];
const DATA_PROTECTION: &[&str] = &["audit", "audit/export", "audit/head", "audit/reveals"];

#[tokio::test]
async fn each_duty_opens_its_own_doors() {
    let house = House::new().await;
    let all = [ADMINISTRATOR, CONTROL_DESK, DATA_PROTECTION].concat();
    let cases: [(&[Role], Vec<&str>); 4] = [
        (&[Role::Administrator], all.clone()),
        (&[Role::ControlDesk], CONTROL_DESK.to_vec()),
        (&[Role::DataProtection], DATA_PROTECTION.to_vec()),
        (&[], vec![]),
    ];
    for (number, (roles, open)) in cases.iter().enumerate() {
        let person = house.person(&format!("person{number}"), roles).await;
        let client = house.sign_in(person).await;
        for path in &all {
            let reply = client.get(&format!("/api/v1/admin/{path}")).await;
            let expected = if open.contains(path) { (200, "") } else { (403, "duty_missing") };
            assert_eq!((reply.status, reply.code()), expected, "{roles:?} {path}");
        }
    }
}

#[tokio::test]
async fn administration_needs_its_zone_and_a_second_factor() {
    let (house, mut client) = House::with_administrator().await;
    client.administration = false;
    assert_eq!(client.get("/api/v1/admin/people").await.code(), "administration_not_here");
    let password_only = house.sign_in_on(&house.tenant, HOST, client.person, None, &[Method::Password]).await;
    assert_eq!(password_only.get("/api/v1/admin/people").await.code(), "second_factor_missing");
}

#[tokio::test]
async fn a_twin_with_the_same_names_sees_and_changes_nothing_of_the_other() {
    let (house, client) = House::with_administrator().await;
    let target = house.target(&client, "files").await;
    let group = house.group(&client, "office").await;
    let twin_chief = house.person_of(&house.twin, "chief", &[Role::Administrator]).await;
    let methods = [Method::Password, Method::Totp];
    let twin = house.sign_in_on(&house.twin, TWIN_HOST, twin_chief, None, &methods).await;
    for (kind, id) in [("targets", &target["id"]), ("groups", &group["id"]), ("people", &json!(client.person))] {
        let path = format!("/api/v1/admin/{kind}/{}", id.as_str().unwrap());
        assert_eq!(twin.get(&path).await.status, 404, "{kind}");
        assert_eq!(twin.delete(&path).await.status, 404, "{kind}");
        assert_eq!(client.get(&path).await.status, 200, "{kind}");
    }
    assert_eq!(twin.delete(&format!("/api/v1/admin/sessions/{}", client.session)).await.status, 404);
    assert_eq!(twin.get("/api/v1/admin/targets").await.body["total"], 0);
    // A bundle of the twin's cannot take the other's target in.
    let bundle = json!({ "name": "all", "targets": [target["id"]] });
    assert_eq!(twin.post("/api/v1/admin/bundles", bundle).await.fields(), [("targets", "unknown")]);
    // The same name again is free at the twin's.
    assert_eq!(house.target(&twin, "files").await["name"], "files");
}
