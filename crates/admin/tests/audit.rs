//! The audit log: who looks into it stands in it.

use fernamt_domain::Role;
use serde_json::json;

use crate::house::House;

const AUDIT: &str = "/api/v1/admin/audit";

#[tokio::test]
async fn entries_are_found_by_kind_target_and_pseudonym_and_name_nobody() {
    let (house, client) = House::with_administrator().await;
    let target = house.target(&client, "files").await;
    house.group(&client, "Bauamt").await;
    let officer = house.person("officer", &[Role::DataProtection]).await;
    let officer = house.sign_in(officer).await;
    let all = officer.get(AUDIT).await;
    let items = all.body["items"].as_array().unwrap();
    assert_eq!(
        items.iter().map(|item| item["action"].as_str().unwrap()).collect::<Vec<_>>(),
        ["created", "target_created"]
    );
    assert_eq!((&items[1]["target_name"], &items[1]["zone"]), (&json!("files"), &json!("office")));
    assert!(
        !all.text.contains("chief") && !all.text.contains(&client.person.to_string()),
        "people stand in it by pseudonym"
    );
    let by =
        async |query: String| officer.get(&format!("{AUDIT}?{query}")).await.body["items"].as_array().unwrap().len();
    assert_eq!(by("kind=group".into()).await, 1);
    assert_eq!(by(format!("target={}", target["id"].as_str().unwrap())).await, 1);
    assert_eq!(by(format!("pseudonym={}&kind=target", items[1]["actor"].as_str().unwrap())).await, 1);
    assert_eq!(by(format!("pseudonym={}", uuid::Uuid::nil())).await, 0);
    assert_eq!(by("until=2026-11-02T07:00:00Z".into()).await, 0);
    assert_eq!(officer.get(&format!("{AUDIT}?pseudonym=anna")).await.fields(), [("pseudonym", "invalid")]);
    assert!(house.actions().await.contains(&"searched".to_owned()));
}

#[tokio::test]
async fn pages_follow_each_other() {
    let (house, client) = House::with_administrator().await;
    for number in 0..5 {
        house.group(&client, &format!("group{number}")).await;
    }
    let first = client.get(&format!("{AUDIT}?kind=group&limit=3")).await.body;
    assert_eq!((first["items"].as_array().unwrap().len(), &first["next"]), (3, &json!(3)));
    let second = client.get(&format!("{AUDIT}?kind=group&limit=3&before=3")).await.body;
    assert_eq!((second["items"].as_array().unwrap().len(), &second["next"]), (2, &json!(null)));
}

#[tokio::test]
async fn the_export_is_complete_and_the_chain_verifies() {
    let (house, client) = House::with_administrator().await;
    for number in 0..3 {
        house.group(&client, &format!("group{number}")).await;
    }
    let lines = client.get(&format!("{AUDIT}/export")).await.text;
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["sequence"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(lines[3]["action"], "exported");
    let head = client.get(&format!("{AUDIT}/head")).await.body;
    assert_eq!((&head["head"]["sequence"], head["public_key"].as_str().unwrap().len()), (&json!(4), 64));
    let verified = client.post(&format!("{AUDIT}/verify"), json!({})).await.body;
    assert_eq!(verified, json!({ "intact": true, "entries": 5, "fault": null }));
}
