//! Targets: their fields, health and certificate.

use serde_json::json;

use crate::house::{House, target_fields};

const TARGETS: &str = "/api/v1/admin/targets";

#[tokio::test]
async fn a_target_is_made_changed_and_removed() {
    let (house, client) = House::with_administrator().await;
    let made = house.target(&client, "files").await;
    let path = format!("{TARGETS}/{}", made["id"].as_str().unwrap());
    let mut change = target_fields("Files");
    change["version"] = made["version"].clone();
    change["host"] = json!("NAS.amt.test");
    let changed = client.put(&path, change.clone()).await;
    assert_eq!((changed.status, &changed.body["host"]), (200, &json!("nas.amt.test")), "{changed:?}");
    assert_eq!(client.put(&path, change).await.code(), "outdated");
    assert_eq!(client.get(&path).await.body, changed.body);
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(&path).await.status, 404);
}

#[tokio::test]
async fn faulty_fields_are_named() {
    let (_house, client) = House::with_administrator().await;
    let web =
        json!({ "name": "GIS", "host": "gis.amt.test", "port": 443, "settings": { "kind": "web", "label": "gis" } });
    assert_eq!(client.post(TARGETS, web.clone()).await.status, 201);
    let mut again = web.clone();
    again["name"] = json!("GIS 2");
    let mut post = again.clone();
    post["settings"]["label"] = json!("post");
    let mut host = again.clone();
    (host["host"], host["port"]) = (json!("a b"), json!(0));
    let mut named = web;
    named["settings"]["label"] = json!("gis2");
    for (body, fields) in [
        (named, vec![("name", "taken")]),
        (again, vec![("settings.label", "taken")]),
        (post, vec![("settings.label", "reserved")]),
        (host, vec![("host", "invalid"), ("port", "invalid")]),
    ] {
        let reply = client.post(TARGETS, body).await;
        assert_eq!((reply.status, reply.fields()), (422, fields), "{reply:?}");
    }
}

#[tokio::test]
async fn of_the_server_itself_only_what_the_configuration_names_may_be_a_target() {
    let (house, client) = House::with_administrator().await;
    let at = |name: &str, host: &str, port: u16| {
        let mut fields = target_fields(name);
        (fields["host"], fields["port"]) = (json!(host), json!(port));
        fields
    };
    for host in ["127.0.0.1", "::1", "localhost", "akte.localhost", "0.0.0.0", "169.254.169.254"] {
        let refused = client.post(TARGETS, at("Own", host, 22)).await;
        assert_eq!((refused.status, refused.fields()), (422, vec![("host", "this_server")]), "{host}: {refused:?}");
    }
    let made = client.post(TARGETS, at("Own", "127.0.0.1", 8080)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("{TARGETS}/{}", made.body["id"].as_str().unwrap());
    let mut change = at("Own", "127.0.0.1", 8081);
    change["version"] = made.body["version"].clone();
    assert_eq!(client.put(&path, change).await.fields(), [("host", "this_server")]);

    // One that was there before can at least be switched off where it is.
    let mut old = house.tenant.targets().by_name("Own").await.unwrap().unwrap();
    old.port = 9;
    let work = house.tenant.begin().await.unwrap();
    work.targets().update(&old).await.unwrap();
    work.commit().await.unwrap();
    let mut off = client.get(&path).await.body;
    assert_eq!(client.put(&path, off.clone()).await.fields(), [("host", "this_server")], "left on, it must move");
    off["enabled"] = json!(false);
    assert_eq!(client.put(&path, off).await.status, 200);
}

#[tokio::test]
async fn lists_are_searched_filtered_and_paged() {
    let (house, client) = House::with_administrator().await;
    for name in ["files", "mail", "wiki"] {
        house.target(&client, name).await;
    }
    let wiki =
        json!({ "name": "gis", "host": "gis.amt.test", "port": 443, "settings": { "kind": "web", "label": "gis" } });
    let wiki = client.post(TARGETS, wiki).await.body;
    client.post(&format!("{TARGETS}/{}/check", wiki["id"].as_str().unwrap()), json!({})).await;
    let names = async |query: &str| {
        let body = client.get(&format!("{TARGETS}?{query}")).await.body;
        let names: Vec<_> =
            body["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect();
        (names.join(" "), body["total"].as_u64().unwrap())
    };
    assert_eq!(names("").await, ("files gis mail wiki".into(), 4));
    assert_eq!(names("q=MAIL").await, ("mail".into(), 1));
    assert_eq!(names("limit=2&offset=2").await, ("mail wiki".into(), 4));
    assert_eq!(names("kind=ssh&limit=2").await, ("files mail".into(), 3));
    assert_eq!(names("health=unreachable").await, ("gis".into(), 1));
    assert_eq!(names("health=unknown&q=i").await, ("files mail wiki".into(), 3));
}

#[tokio::test]
async fn a_certificate_is_looked_at_compared_and_pinned() {
    let (house, client) = House::with_administrator().await;
    let target = house.target(&client, "ts1").await;
    let path = format!("{TARGETS}/{}", target["id"].as_str().unwrap());
    let certificate = format!("{path}/certificate");
    assert_eq!(client.post(&certificate, json!({})).await.code(), "no_certificate");
    let key = rcgen::generate_simple_self_signed(vec!["ts1.amt.test".into()]).unwrap();
    *house.prober.certificate.lock().unwrap() = Some(key.cert.der().to_vec());
    let seen = client.post(&certificate, json!({})).await;
    assert_eq!(seen.status, 200, "{seen:?}");
    let other = client.put(&certificate, json!({ "sha256": "00".repeat(32) })).await;
    assert_eq!((other.status, other.code()), (409, "other_certificate"));
    let pinned = client.put(&certificate, json!({ "sha256": seen.body["sha256"] })).await;
    assert_eq!((pinned.status, &pinned.body["pinned_certificate"]), (200, &seen.body["sha256"]));
    assert_ne!(pinned.body["version"], target["version"], "a new pin is a change");
    let free = client.put(&certificate, json!({ "sha256": null })).await;
    assert_eq!(free.body["pinned_certificate"], json!(null));
}

#[tokio::test]
async fn a_target_names_the_rules_that_name_it_or_its_bundle() {
    let (house, client) = House::with_administrator().await;
    let (target, other) = (house.target(&client, "files").await, house.target(&client, "wiki").await);
    let bundle = json!({ "name": "Bauamt", "targets": [target["id"]] });
    let bundle = client.post("/api/v1/admin/bundles", bundle).await.body;
    let rule = async |name: &str, form: serde_json::Value, enabled: bool| {
        let body = json!({ "kind": "form", "form": form });
        let reply = client.post("/api/v1/admin/rules", json!({ "name": name, "enabled": enabled, "body": body })).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        json!({ "id": reply.body["id"], "name": name })
    };
    let direct = json!({ "effect": "allow", "everybody": true, "targets": [target["id"]], "bundles": [bundle["id"]] });
    let direct = rule("direct", direct, true).await;
    let bundled = json!({ "effect": "deny", "everybody": true, "bundles": [bundle["id"]] });
    let bundled = rule("bundled, off", bundled, false).await;
    rule("all", json!({ "effect": "allow", "everybody": true, "all_targets": true }), true).await;
    let used_by = async |target: &serde_json::Value| {
        let path = format!("{TARGETS}/{}", target["id"].as_str().unwrap());
        client.get(&path).await.body["used_by_rules"].clone()
    };
    assert_eq!(used_by(&target).await, json!([direct, bundled]));
    assert_eq!(used_by(&other).await, json!([]));
    assert_eq!(client.get(TARGETS).await.body["items"][0]["used_by_rules"], json!([direct, bundled]));
}
