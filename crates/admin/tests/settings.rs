//! Settings and health.

use fernamt_domain::DirectoryId;
use fernamt_store::DirectoryRecord;
use serde_json::{Value, json};

use crate::house::House;

const SETTINGS: &str = "/api/v1/admin/settings";

#[tokio::test]
async fn settings_have_defaults_and_are_checked() {
    let (house, client) = House::with_administrator().await;
    let first = client.get(SETTINGS).await.body;
    let mut settings = first["settings"].clone();
    assert_eq!(settings["time_zone"], "Europe/Berlin");
    settings["idle_minutes"] = json!(30);
    settings["accent"] = json!("#0A5ea8");
    settings["retention_days"] = json!({ "audit": 30 });
    let based_on = |version: &Value, settings: &Value| json!({ "version": version, "settings": settings });
    let saved = client.put(SETTINGS, based_on(&first["version"], &settings)).await;
    assert_eq!((saved.status, &saved.body["settings"]), (200, &settings));
    assert_eq!(client.get(SETTINGS).await.body, saved.body);
    let late = client.put(SETTINGS, based_on(&first["version"], &settings)).await;
    assert_eq!((late.status, late.code()), (409, "outdated"), "what somebody else saved since is not overwritten");
    let version = &saved.body["version"];
    let entries = house.tenant.audit().oldest_first(&fernamt_store::AuditFilter::default(), 0, 10).await.unwrap();
    assert_eq!(entries[0].facts.details["changed"]["idle_minutes"], json!({ "before": 60, "after": 30 }));
    for (field, value, code) in [
        ("time_zone", json!("Europe/Bonn"), "unknown"),
        ("language", json!("fr"), "invalid"),
        ("accent", json!("0a5ea8"), "invalid"),
        ("accent", json!("#0a5eaü"), "invalid"),
        ("idle_minutes", json!(4), "out_of_range"),
        ("session_hours", json!(25), "out_of_range"),
    ] {
        let mut wrong = settings.clone();
        wrong[field] = value;
        assert_eq!(client.put(SETTINGS, based_on(version, &wrong)).await.fields(), [(field, code)]);
    }
    settings["retention_days"] = json!({ "audit": 5_000 });
    let too_long = client.put(SETTINGS, based_on(version, &settings)).await;
    assert_eq!(too_long.fields(), [("retention_days.audit", "out_of_range")]);
    let unknown = client.put(SETTINGS, based_on(version, &json!({ "colour": "red" }))).await;
    assert_eq!(unknown.code(), "malformed");
    assert!(unknown.text.contains("settings.colour"), "{}", unknown.text);
}

#[tokio::test]
async fn limits_come_with_the_settings_and_are_the_ones_that_hold() {
    let (_house, client) = House::with_administrator().await;
    let view = client.get(SETTINGS).await.body;
    for rule in view["retention"].as_array().unwrap() {
        let (category, most) = (rule["category"].as_str().unwrap(), rule["max_days"].as_u64().unwrap());
        for (days, fields) in [(most, 0), (most + 1, 1)] {
            let mut settings = view["settings"].clone();
            settings["retention_days"] = json!({ category: days });
            // An old version, so that nothing is changed: fields are checked first.
            let reply = client.put(SETTINGS, json!({ "version": "old", "settings": settings })).await;
            assert_eq!(reply.fields().len(), fields, "{category}: {days}");
        }
    }
    let audit = view["retention"].as_array().unwrap().iter().find(|rule| rule["category"] == "audit").unwrap();
    assert_eq!(*audit, json!({ "category": "audit", "start": "creation", "default_days": 90, "max_days": 365 }));
    for (field, least, most) in [("idle_minutes", 5, 480), ("session_hours", 1, 24)] {
        assert_eq!(view["limits"][field], json!({ "least": least, "most": most }));
    }
}

#[tokio::test]
async fn what_containers_may_be_told_has_limits() {
    let (_house, client) = House::with_administrator().await;
    let view = client.get(SETTINGS).await.body;
    let guards = json!({ "copy_out": false, "print": false, "download": false, "watermark": false, "blur": false });
    let usual = json!({ "idle_minutes": 10, "passphrase_chars": 12, "offline_days": 0, "guards": guards });
    assert_eq!(view["settings"]["container"], usual);
    for (field, least, most) in [("idle_minutes", 1, 600), ("passphrase_chars", 8, 64), ("offline_days", 0, 30)] {
        assert_eq!(view["limits"][format!("container_{field}")], json!({ "least": least, "most": most }));
        for (number, fits) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
            let mut settings = view["settings"].clone();
            settings["container"][field] = json!(number);
            let reply = client.put(SETTINGS, json!({ "version": "old", "settings": settings })).await;
            match (fits, number) {
                (true, _) => assert_eq!((reply.status, reply.code()), (409, "outdated"), "{field}: {number}"),
                (false, -1) => assert_eq!(reply.code(), "malformed", "{field}: {number}"),
                (false, _) => {
                    assert_eq!(reply.fields(), [(format!("container.{field}").as_str(), "out_of_range")]);
                }
            }
        }
    }
    let mut settings = view["settings"].clone();
    let guards = json!({ "copy_out": true, "print": false, "download": true, "watermark": true, "blur": false });
    settings["container"] =
        json!({ "idle_minutes": 600, "passphrase_chars": 64, "offline_days": 30, "guards": guards });
    let saved = client.put(SETTINGS, json!({ "version": view["version"], "settings": settings })).await;
    assert_eq!((saved.status, &saved.body["settings"]), (200, &settings));
}

#[tokio::test]
async fn what_comes_before_a_container_has_limits() {
    let (_house, client) = House::with_administrator().await;
    let view = client.get(SETTINGS).await.body;
    let usual = json!({
        "terms_de": "", "terms_en": "", "containers": 10, "chromium": 0, "firefox": 0, "safari": 0,
        "app": { "demanded": false, "name": "", "licences": 0 }, "unattested": "allow",
    });
    assert_eq!(view["settings"]["enrolment"], usual);
    assert_eq!(view["limits"]["enrolment_terms_chars"], 20_000);
    let put = async |field: &str, value: Value| {
        let mut settings = view["settings"].clone();
        settings["enrolment"][field] = value;
        client.put(SETTINGS, json!({ "version": "old", "settings": settings })).await
    };
    for (field, least, most) in [("containers", 1, 50), ("chromium", 0, 999), ("firefox", 0, 999), ("safari", 0, 999)] {
        for (number, fits) in [(least, true), (most, true), (most + 1, false)] {
            let reply = put(field, json!(number)).await;
            if fits {
                assert_eq!((reply.status, reply.code()), (409, "outdated"), "{field}: {number}");
            } else {
                assert_eq!(reply.fields(), [(format!("enrolment.{field}").as_str(), "out_of_range")]);
            }
        }
    }
    assert_eq!(put("containers", json!(0)).await.fields(), [("enrolment.containers", "out_of_range")]);
    for field in ["terms_de", "terms_en"] {
        // Characters count, however many bytes they have.
        assert_eq!(put(field, json!("ä".repeat(20_000))).await.code(), "outdated");
        let reply = put(field, json!("ä".repeat(20_001))).await;
        assert_eq!(reply.fields(), [(format!("enrolment.{field}").as_str(), "too_long")]);
    }
    for unattested in ["allow", "online_only", "refuse"] {
        assert_eq!(put("unattested", json!(unattested)).await.code(), "outdated");
    }
    assert_eq!(put("unattested", json!("perhaps")).await.code(), "malformed");
    for (app, code) in [
        (json!({ "demanded": true, "name": "ä".repeat(80), "licences": 50_000 }), None),
        (json!({ "demanded": true, "name": "Wächter", "licences": 0 }), Some(("enrolment.app.licences", "required"))),
        (json!({ "demanded": true, "name": " ", "licences": 1 }), Some(("enrolment.app.name", "required"))),
        (json!({ "demanded": true, "name": "ä".repeat(81), "licences": 1 }), Some(("enrolment.app.name", "too_long"))),
        (json!({ "demanded": false, "licences": 50_001 }), Some(("enrolment.app.licences", "out_of_range"))),
    ] {
        assert_eq!(put("app", app).await.fields(), code.into_iter().collect::<Vec<_>>());
    }
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
    assert_eq!(states, [("database", "ok"), ("targets", "warning"), ("directory", "off"), ("sticks", "off")]);
    assert_eq!(health["parts"][1]["params"], json!({ "wrong": "0", "down": "1", "seen": "1" }));
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
    let result = json!({ "ok": false, "code": "directory_unreachable", "detail": "the password was refused", "params": { "host": "dc1:636", "why": "-" }, "people": 0, "groups": 0, "name_clashes": 0, "lockout_threshold": null });
    work.directories().synced(directory.id, &result).await.unwrap();
    work.commit().await.unwrap();
    let health = client.get("/api/v1/admin/health").await.body;
    let part = health["parts"].as_array().unwrap().iter().find(|part| part["part"] == "directory").unwrap();
    assert_eq!((&part["state"], &part["code"]), (&json!("failed"), &json!("sync_failed")));
    assert_eq!(part["detail"], "AD was not synchronised: the password was refused");
    assert_eq!(
        part["params"],
        json!({ "name": "AD", "fault": "directory_unreachable", "host": "dc1:636", "why": "-" })
    );
    let listed = client.get("/api/v1/admin/directories").await.body;
    assert_eq!(
        (&listed[0]["last_sync"]["ok"], &listed[0]["last_sync"]["code"], &listed[0]["last_sync"]["params"]["host"]),
        (&json!(false), &json!("directory_unreachable"), &json!("dc1:636"))
    );
}

#[tokio::test]
async fn push_services_are_named_by_their_hosts() {
    let (_house, client) = House::with_administrator().await;
    let view = client.get(SETTINGS).await.body;
    assert_eq!(view["settings"]["push"]["enabled"], false);
    let put = async |enabled: bool, hosts: Value| {
        let mut settings = view["settings"].clone();
        settings["push"] = json!({ "enabled": enabled, "hosts": hosts });
        // An old version, so that nothing is changed: fields are checked first.
        client.put(SETTINGS, json!({ "version": "old", "settings": settings })).await
    };
    let most: Vec<_> = (0..20).map(|number| format!("push{number}.example")).collect();
    for fits in [view["settings"]["push"]["hosts"].clone(), json!(["*.notify.example"]), json!(most)] {
        assert_eq!(put(true, fits).await.code(), "outdated");
    }
    assert_eq!(put(false, json!([])).await.code(), "outdated");
    assert_eq!(put(true, json!([])).await.fields(), [("push.hosts", "required")]);
    assert_eq!(put(true, json!(["https://push.example"])).await.fields(), [("push.hosts", "invalid")]);
    let many = [most, vec!["push.example".to_owned()]].concat();
    assert_eq!(put(true, json!(many)).await.fields(), [("push.hosts", "too_many")]);
}
