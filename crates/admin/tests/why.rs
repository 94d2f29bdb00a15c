//! "Why?" in words, and what a person may reach.

use serde_json::{Value, json};

use crate::house::{Client, House};

struct Case {
    house: House,
    client: Client,
    anna: fernamt_domain::PersonId,
    group: Value,
    target: Value,
    rule: Value,
}

/// Anna of the building office may reach the files, Mondays to Fridays, with a code, on an approved device.
async fn case() -> Case {
    let (house, client) = House::with_administrator().await;
    let anna = house.person("anna", &[]).await;
    let group = house.group(&client, "Bauamt").await;
    let set = json!({ "version": group["version"], "people": [anna], "groups": [] });
    client.put(&format!("/api/v1/admin/groups/{}/members", group["id"].as_str().unwrap()), set).await;
    let target = house.target(&client, "files").await;
    let form = json!({
        "effect": "allow", "groups": [group["id"]], "targets": [target["id"]], "device_states": ["approved"],
        "second_factor": true, "times": [{ "weekdays": [1, 2, 3, 4, 5], "from": "06:00", "to": "20:00" }],
    });
    let rule = json!({ "name": "Bauamt im Dienst", "body": { "kind": "form", "form": form } });
    let rule = client.post("/api/v1/admin/rules", rule).await.body;
    Case { house, client, anna, group, target, rule }
}

impl Case {
    async fn ask(&self, change: impl Fn(&mut Value)) -> Value {
        let mut request = json!({
            "person_id": self.anna, "target_id": self.target["id"], "device_kind": "browser", "device_state": "approved",
            "methods": ["password", "totp"], "zone": "internet", "address": "198.51.100.7", "at": "2026-11-02T10:00:00Z",
        });
        change(&mut request);
        let reply = self.client.post("/api/v1/admin/why", request).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body
    }
}

fn failing(answer: &Value) -> Vec<&str> {
    let conditions = answer["rules"][0]["conditions"].as_array().unwrap().iter();
    conditions
        .filter(|condition| condition["holds"] == false)
        .map(|condition| condition["code"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn it_names_the_rule_that_allows_and_until_when() {
    let case = case().await;
    let answer = case.ask(|_| {}).await;
    assert_eq!((&answer["allowed"], &answer["reason"]), (&json!(true), &json!("rule")));
    assert_eq!((&answer["rules"][0]["id"], &answer["rules"][0]["decided"]), (&case.rule["id"], &json!(true)));
    assert_eq!(answer["next_change"], "2026-11-02T19:00:00Z", "20:00 in Berlin");
    assert!(case.house.actions().await.contains(&"why_asked".to_owned()));
}

#[tokio::test]
async fn it_names_what_fails_by_codes_and_terms() {
    let case = case().await;
    let answer = case
        .ask(|request| {
            request["device_state"] = json!("pending");
            request["methods"] = json!(["password"]);
            request["at"] = json!("2026-11-01T10:00:00Z");
        })
        .await;
    assert_eq!((&answer["allowed"], &answer["reason"]), (&json!(false), &json!("no_rule")));
    assert_eq!(failing(&answer), ["device_state", "second_factor", "time"]);
    let conditions = answer["rules"][0]["conditions"].as_array().unwrap();
    let of = |code: &str| conditions.iter().find(|condition| condition["code"] == code).unwrap();
    let group = json!({ "kind": "group", "text": "Bauamt", "id": case.group["id"] });
    let anna = json!({ "kind": "person", "text": "anna of the office", "id": case.anna });
    assert_eq!(of("subject")["expected"], json!([group]));
    assert_eq!(of("subject")["actual"], json!([anna, group]));
    assert_eq!(of("target")["expected"], json!([{ "kind": "target", "text": "files", "id": case.target["id"] }]));
    assert_eq!(of("device_state")["expected"], json!([{ "kind": "device_state", "text": "approved" }]));
    assert_eq!(of("device_state")["actual"], json!([{ "kind": "device_state", "text": "pending" }]));
    assert_eq!(of("second_factor")["actual"], json!([{ "kind": "method", "text": "password" }]));
    assert_eq!(of("time")["windows"], json!([{ "weekdays": [1, 2, 3, 4, 5], "from": "06:00", "to": "20:00" }]));
    assert_eq!(of("time")["moment"], json!({ "date": "2026-11-01", "weekday": 7, "time": "11:00" }));
}

#[tokio::test]
async fn people_devices_and_targets_that_are_off_are_named_first() {
    let case = case().await;
    assert_eq!(case.ask(|request| request["device_state"] = json!("revoked")).await["reason"], "device_blocked");
    let mut off = case.target.clone();
    off["enabled"] = json!(false);
    let path = format!("/api/v1/admin/targets/{}", off["id"].as_str().unwrap());
    assert_eq!(case.client.put(&path, off).await.status, 200);
    assert_eq!(case.ask(|_| {}).await["reason"], "target_disabled");
    case.client.post(&format!("/api/v1/admin/people/{}/disable", case.anna), json!({})).await;
    let answer = case.ask(|_| {}).await;
    assert_eq!((&answer["allowed"], &answer["reason"]), (&json!(false), &json!("person_disabled")));
}

#[tokio::test]
async fn a_persons_targets_are_what_the_rules_allow_now() {
    let case = case().await;
    let path = format!("/api/v1/admin/people/{}/targets", case.anna);
    let allowed = case.client.get(&path).await.body;
    assert_eq!(allowed["allowed"], json!([{ "id": case.target["id"], "name": "files", "kind": "ssh" }]));
    let mut change = case.rule.clone();
    change["enabled"] = json!(false);
    case.client.put(&format!("/api/v1/admin/rules/{}", case.rule["id"].as_str().unwrap()), change).await;
    assert_eq!(case.client.get(&path).await.body["allowed"], json!([]));
}
