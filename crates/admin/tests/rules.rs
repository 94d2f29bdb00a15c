//! Rules: forms and experts' text, and never a faulty one.

use serde_json::{Value, json};

use crate::house::House;

const RULES: &str = "/api/v1/admin/rules";

fn form(form: &Value) -> Value {
    json!({ "name": "rule", "body": { "kind": "form", "form": form } })
}

#[tokio::test]
async fn a_form_writes_cedar_and_survives_the_round_trip() {
    let (house, client) = House::with_administrator().await;
    let group = house.group(&client, "Bauamt").await;
    let target = house.target(&client, "files").await;
    let wanted = json!({
        "effect": "allow", "everybody": false, "groups": [group["id"]], "people": [], "all_targets": false,
        "targets": [target["id"]], "bundles": [], "target_kinds": ["rdp"], "device_kinds": ["browser", "stick"],
        "device_states": ["approved"], "second_factor": true, "zones": ["internet"], "networks": ["192.0.2.0/24"],
        "times": [{ "weekdays": [1, 2, 3, 4, 5], "from": "06:00", "to": "20:00" }],
        "valid_from": "2026-11-01", "valid_until": null,
    });
    let made = client.post(RULES, form(&wanted)).await;
    assert_eq!((made.status, &made.body["body"]["form"]), (201, &wanted), "{made:?}");
    let cedar = made.body["cedar"].as_str().unwrap();
    assert!(cedar.contains("context.time.minute >= 360") && cedar.contains("datetime(\"2026-11-01\")"), "{cedar}");
    let path = format!("{RULES}/{}", made.body["id"].as_str().unwrap());
    assert_eq!(client.get(&path).await.body, made.body);
    let preview = client.post(&format!("{RULES}/preview"), made.body["body"].clone()).await;
    assert_eq!(
        preview.body["cedar"].as_str().unwrap().lines().skip(2).collect::<Vec<_>>(),
        cedar.lines().skip(2).collect::<Vec<_>>()
    );
    let mut change = form(&wanted);
    change["version"] = made.body["version"].clone();
    change["enabled"] = json!(false);
    assert_eq!(client.put(&path, change.clone()).await.body["enabled"], false);
    assert_eq!(client.put(&path, change).await.code(), "outdated");
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(RULES).await.body, json!([]));
}

#[tokio::test]
async fn a_faulty_form_names_its_fields_and_is_not_saved() {
    let (_house, client) = House::with_administrator().await;
    let nobody = uuid::Uuid::nil();
    for (wanted, fields) in [
        (json!({ "effect": "allow" }), vec![("body.form.groups", "required"), ("body.form.targets", "required")]),
        (
            json!({ "effect": "allow", "everybody": true, "all_targets": true, "networks": ["x"],
                    "times": [{ "weekdays": [8], "from": "6", "to": "20:00" }] }),
            vec![
                ("body.form.networks[0]", "invalid"),
                ("body.form.times[0].weekdays", "invalid"),
                ("body.form.times[0].from", "invalid"),
            ],
        ),
        (
            json!({ "effect": "allow", "groups": [nobody], "people": [nobody], "targets": [nobody], "bundles": [nobody], "zones": ["intrenet"] }),
            vec![
                ("body.form.groups", "unknown"),
                ("body.form.bundles", "unknown"),
                ("body.form.targets", "unknown"),
                ("body.form.people", "unknown"),
                ("body.form.zones", "unknown"),
            ],
        ),
    ] {
        let reply = client.post(RULES, form(&wanted)).await;
        assert_eq!((reply.status, reply.fields()), (422, fields));
    }
    assert_eq!(client.get(RULES).await.body, json!([]));
}

#[tokio::test]
async fn a_rule_whose_target_is_gone_can_still_be_switched_off() {
    let (house, client) = House::with_administrator().await;
    let target = house.target(&client, "files").await;
    let wanted = json!({ "effect": "allow", "everybody": true, "targets": [target["id"]] });
    let mut rule = client.post(RULES, form(&wanted)).await.body;
    let removed = client.delete(&format!("/api/v1/admin/targets/{}", target["id"].as_str().unwrap())).await;
    assert_eq!(removed.status, 204);
    rule["enabled"] = json!(false);
    let changed = client.put(&format!("{RULES}/{}", rule["id"].as_str().unwrap()), rule).await;
    assert_eq!((changed.status, &changed.body["enabled"]), (200, &json!(false)));
}

#[tokio::test]
async fn an_experts_fault_has_its_line_and_column() {
    let (_house, client) = House::with_administrator().await;
    let expert = |cedar: &str| json!({ "kind": "expert", "cedar": cedar });
    let faulty = expert("permit (principal, action, resource)\nwhen { context.hour < 3 };");
    let preview = client.post(&format!("{RULES}/preview"), faulty.clone()).await;
    assert_eq!(
        (preview.status, &preview.body["faults"][0]["line"], &preview.body["faults"][0]["column"]),
        (200, &json!(2), &json!(8))
    );
    let refused = client.post(RULES, json!({ "name": "x", "body": faulty })).await;
    assert_eq!((refused.status, refused.fields()), (422, vec![("body.cedar", "schema")]));
    assert!(refused.body["fields"][0]["detail"].as_str().unwrap().starts_with("line 2, column 8: "));
    let deep = expert(&format!(
        "permit (principal, action, resource) when {{ {}true{} }};",
        "(".repeat(5_000),
        ")".repeat(5_000)
    ));
    let refused = client.post(RULES, json!({ "name": "x", "body": deep })).await;
    assert_eq!(refused.fields(), [("body.cedar", "too_deep")], "and the server still stands");
    let fine = expert("forbid (principal, action, resource) when { context.zone == \"internet\" };");
    assert_eq!(client.post(RULES, json!({ "name": "x", "body": fine })).await.status, 201);
    let taken = client.post(RULES, json!({ "name": "X", "body": fine })).await;
    assert_eq!(taken.fields(), [("name", "taken")]);
}
