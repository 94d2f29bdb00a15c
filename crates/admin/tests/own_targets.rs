//! Whether people may set up targets for themselves: a decision with a reason.

use fernamt_domain::{Clock as _, PersonId, TargetId, TargetSettings, target::SshSettings};
use fernamt_store::TargetRecord;
use serde_json::{Value, json};

use crate::house::House;

const DECISION: &str = "/api/v1/admin/own-targets/decision";

fn decision(version: &Value, networks: &[&str]) -> Value {
    json!({ "version": version, "enabled": true, "networks": networks, "reason": "Die Personalvertretung stimmte zu." })
}

impl House {
    async fn own_target(&self, owner: PersonId, name: &str) -> TargetId {
        let record = TargetRecord {
            id: TargetId::new(&self.clock, &*self.rng),
            name: name.to_owned(),
            folder: None,
            icon: None,
            description: String::new(),
            host: "10.20.0.7".to_owned(),
            port: 22,
            settings: TargetSettings::Ssh(SshSettings {}),
            pinned_certificate: None,
            enabled: true,
            created_at: self.clock.now(),
            owner: Some(owner),
        };
        let work = self.tenant.begin().await.unwrap();
        work.targets().insert(&record).await.unwrap();
        work.commit().await.unwrap();
        record.id
    }
}

#[tokio::test]
async fn nobody_may_until_somebody_decides_and_says_why() {
    let (house, client) = House::with_administrator().await;
    let first = client.get(DECISION).await.body;
    assert_eq!(
        (&first["enabled"], &first["decided_by"], &first["networks"]),
        (&json!(false), &Value::Null, &json!([]))
    );
    let wanted = decision(&first["version"], &["10.20.3.4/16", "2001:db8::7"]);
    let decided = client.put(DECISION, wanted.clone()).await;
    assert_eq!(decided.status, 200, "{decided:?}");
    let decided = decided.body;
    assert_eq!(decided["networks"], json!(["10.20.0.0/16", "2001:db8::7/128"]));
    assert_eq!(decided["decided_by"]["display_name"], "chief of the office");
    assert_eq!(client.get(DECISION).await.body, decided);
    let late = client.put(DECISION, wanted).await;
    assert_eq!((late.status, late.code()), (409, "outdated"));
    let entries = house.tenant.audit().oldest_first(&fernamt_store::AuditFilter::default(), 0, 10).await.unwrap();
    let facts = &entries[0].facts;
    assert_eq!((facts.action.as_str(), facts.actor.is_some()), ("own_targets_allowed", true));
    assert_eq!(facts.details["reason"], "Die Personalvertretung stimmte zu.");
    assert_eq!(facts.details["networks"], decided["networks"]);

    let version = &decided["version"];
    for (field, value, path, code) in [
        ("reason", json!("kurz"), "reason", "too_short"),
        ("networks", json!([]), "networks", "required"),
        ("networks", json!(["10.0.0.0/8", "haus"]), "networks.1", "invalid"),
        ("networks", json!(["0.0.0.0/0"]), "networks.0", "too_wide"),
        ("networks", json!(vec!["10.0.0.0/8"; 51]), "networks", "too_many"),
    ] {
        let mut wrong = decision(version, &["10.0.0.0/8"]);
        wrong[field] = value;
        assert_eq!(client.put(DECISION, wrong).await.fields(), [(path, code)]);
    }
    let mut off = decision(version, &[]);
    off["enabled"] = json!(false);
    assert_eq!(client.put(DECISION, off).await.body["enabled"], false);
    assert_eq!(house.actions().await, ["own_targets_allowed", "own_targets_forbidden"]);
}

#[tokio::test]
async fn what_people_set_up_is_seen_and_removed_apart_from_the_houses_targets() {
    let (house, client) = House::with_administrator().await;
    let (anna, bert) = (house.person("anna", &[]).await, house.person("bert", &[]).await);
    let (first, second) = (house.own_target(bert, "PC").await, house.own_target(anna, "PC").await);
    let list = client.get("/api/v1/admin/own-targets").await.body;
    assert_eq!(
        (&list["total"], &list["items"][0]["id"], &list["items"][1]["id"]),
        (&json!(2), &json!(second), &json!(first))
    );
    assert_eq!(list["items"][0]["person_name"], "anna of the office");
    assert_eq!(client.get("/api/v1/admin/own-targets?q=bert").await.body["total"], 1);
    assert_eq!(client.get("/api/v1/admin/targets").await.body["total"], 0);
    let house_target = house.target(&client, "pc").await;
    let path = format!("/api/v1/admin/own-targets/{}", house_target["id"].as_str().unwrap());
    assert_eq!(client.delete(&path).await.status, 404, "not the house's");
    assert_eq!(client.get(&format!("/api/v1/admin/targets/{first}")).await.status, 404, "nor the other way round");
    assert_eq!(client.delete(&format!("/api/v1/admin/targets/{first}")).await.status, 404);
    assert_eq!(client.delete(&format!("/api/v1/admin/own-targets/{first}")).await.status, 204);
    assert_eq!(client.get("/api/v1/admin/own-targets").await.body["total"], 1);
}
