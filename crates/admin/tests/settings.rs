//! Settings and health.

use fernamt_domain::DirectoryId;
use fernamt_store::DirectoryRecord;
use serde_json::json;

use crate::house::House;

const SETTINGS: &str = "/api/v1/admin/settings";

#[tokio::test]
async fn settings_have_defaults_and_are_checked() {
    let (house, client) = House::with_administrator().await;
    let mut settings = client.get(SETTINGS).await.body;
    assert_eq!(settings["time_zone"], "Europe/Berlin");
    settings["idle_minutes"] = json!(30);
    settings["retention_days"] = json!({ "audit": 30 });
    assert_eq!(client.put(SETTINGS, settings.clone()).await.status, 200);
    assert_eq!(client.get(SETTINGS).await.body, settings);
    let entries = house.tenant.audit().oldest_first(&fernamt_store::AuditFilter::default(), 0, 10).await.unwrap();
    assert_eq!(entries[0].facts.details["changed"]["idle_minutes"], json!({ "before": 60, "after": 30 }));
    for (field, value, code) in [
        ("time_zone", json!("Europe/Bonn"), "unknown"),
        ("language", json!("fr"), "invalid"),
        ("idle_minutes", json!(4), "out_of_range"),
        ("session_hours", json!(25), "out_of_range"),
    ] {
        let mut wrong = settings.clone();
        wrong[field] = value;
        assert_eq!(client.put(SETTINGS, wrong).await.fields(), [(field, code)]);
    }
    settings["retention_days"] = json!({ "audit": 5_000 });
    assert_eq!(client.put(SETTINGS, settings).await.fields(), [("retention_days.audit", "out_of_range")]);
    assert_eq!(client.put(SETTINGS, json!({ "colour": "red" })).await.code(), "malformed");
}

#[tokio::test]
async fn health_tells_what_needs_a_look() {
    let (house, client) = House::with_administrator().await;
    let target = house.target(&client, "files").await;
    client.post(&format!("/api/v1/admin/targets/{}/check", target["id"].as_str().unwrap()), json!({})).await;
    house.device(client.person, fernamt_domain::DeviceState::Pending).await;
    let health = client.get("/api/v1/admin/health").await.body;
    let states: Vec<_> = health["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| (part["part"].as_str().unwrap(), part["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [("database", "ok"), ("targets", "warning"), ("directory", "off")]);
    assert_eq!(
        (&health["pending_devices"], &health["open_sessions"], &health["zones"][0]),
        (&json!(1), &json!(1), &json!("internet"))
    );
}

#[tokio::test]
async fn a_directory_that_refuses_is_a_failure_however_recent() {
    let (house, client) = House::with_administrator().await;
    let directory = DirectoryRecord {
        id: DirectoryId::new(&house.clock, &*house.rng),
        name: "AD".to_owned(),
        url: "ldaps://dc1.amt.test".to_owned(),
        bind_dn: "cn=fernamt".to_owned(),
        bind_password_sealed: Vec::new(),
        base_dn: "dc=amt,dc=test".to_owned(),
        person_filter: String::new(),
        group_filter: String::new(),
        ca_pem: None,
        enabled: true,
        last_sync_at: None,
        last_sync_result: None,
    };
    let work = house.tenant.begin().await.unwrap();
    work.directories().insert(&directory).await.unwrap();
    let result = json!({ "ok": false, "code": "bind_refused", "detail": "the password was refused", "people": 0, "groups": 0, "name_clashes": 0, "lockout_threshold": null });
    work.directories().synced(directory.id, &result).await.unwrap();
    work.commit().await.unwrap();
    let health = client.get("/api/v1/admin/health").await.body;
    let part = health["parts"].as_array().unwrap().iter().find(|part| part["part"] == "directory").unwrap();
    assert_eq!((&part["state"], &part["code"]), (&json!("failed"), &json!("sync_failed")));
    assert_eq!(part["detail"], "AD was not synchronised: the password was refused");
}
