//! Features of mail, switched for everybody and by group.

use fernamt_domain::{DirectoryId, DomainEvent, GroupId, PersonSource, Role, feature::Feature};
use fernamt_store::{DirectoryRecord, GroupRecord};
use serde_json::{Value, json};

use crate::house::House;

const FEATURES: &str = "/api/v1/admin/features";

fn switch(feature: &str, everybody: bool, on: &[&Value], off: &[&Value]) -> Value {
    json!({ "feature": feature, "everybody": everybody, "on": on, "off": off })
}

impl House {
    /// A directory with one group.
    async fn directory_with_group(&self, name: &str) -> (DirectoryId, GroupId) {
        let directory = DirectoryRecord {
            id: DirectoryId::new(&self.clock, &*self.rng),
            name: "AD".into(),
            url: "ldaps://dc1.amt.test".into(),
            bind_dn: "cn=fernamt".into(),
            bind_password_sealed: Vec::new(),
            base_dn: "dc=amt,dc=test".into(),
            person_filter: String::new(),
            group_filter: String::new(),
            ca_pem: None,
            enabled: true,
            last_sync_at: None,
            last_sync_result: None,
        };
        let group = GroupRecord {
            id: GroupId::new(&self.clock, &*self.rng),
            name: name.into(),
            source: PersonSource::Directory,
            directory: Some(directory.id),
            directory_dn: None,
            directory_key: Some("1".into()),
            created_at: self.now(),
        };
        let work = self.tenant.begin().await.unwrap();
        work.directories().insert(&directory).await.unwrap();
        work.groups().insert(&group).await.unwrap();
        work.commit().await.unwrap();
        (directory.id, group.id)
    }
}

#[tokio::test]
async fn features_are_everybodys_until_they_are_switched_and_the_log_says_what_held() {
    let (house, client) = House::with_administrator().await;
    let anna = house.person("anna", &[]).await;
    let (outer, inner) = (house.group(&client, "Haus").await, house.group(&client, "Bauamt").await);
    let set_members = async |group: &Value, people: Value, groups: Value| {
        let path = format!("/api/v1/admin/groups/{}/members", group["id"].as_str().unwrap());
        let set = json!({ "version": group["version"], "people": people, "groups": groups });
        assert_eq!(client.put(&path, set).await.status, 200);
    };
    set_members(&inner, json!([anna]), json!([])).await;
    set_members(&outer, json!([]), json!([inner["id"]])).await;
    let has = async |feature| house.identity.authoriser().has_feature(&house.tenant, anna, feature).await.unwrap();

    let first = client.get(FEATURES).await.body;
    assert_eq!(first["switches"].as_array().unwrap().len(), Feature::ALL.len());
    assert_eq!(first["switches"][1], switch("files", true, &[], &[]));
    assert!(has(Feature::Files).await);

    let switches = json!([
        switch("files", true, &[], &[&outer["id"]]),
        switch("pictures", false, &[&inner["id"]], &[]),
        switch("absence", false, &[], &[]),
    ]);
    let saved = client.put(FEATURES, json!({ "version": first["version"], "switches": switches })).await;
    assert_eq!((saved.status, &saved.body["switches"][1]), (200, &switches[0]), "{saved:?}");
    assert_eq!(client.get(FEATURES).await.body, saved.body);
    assert!(!has(Feature::Files).await, "by a group within the one that it is off for");
    assert!(has(Feature::Pictures).await && !has(Feature::Absence).await && has(Feature::Sharing).await);

    let entries = house.tenant.audit().oldest_first(&fernamt_store::AuditFilter::default(), 0, 200).await.unwrap();
    let entry = &entries.iter().find(|entry| entry.facts.action == "features_changed").unwrap().facts;
    let changed = entry.details["changed"].as_object().unwrap();
    assert_eq!(changed.keys().collect::<Vec<_>>(), ["files", "pictures", "absence"]);
    assert_eq!(changed["absence"]["after"], "", "nothing is allowed");
    let after = changed["files"]["after"].as_str().unwrap();
    assert!(after.contains("forbid") && after.contains(outer["id"].as_str().unwrap()), "{after}");

    let late = client.put(FEATURES, json!({ "version": first["version"], "switches": [] })).await;
    assert_eq!((late.status, late.code()), (409, "outdated"));

    // A group is let go of first. One that is gone nevertheless is in no table any more.
    let gone = client.delete(&format!("/api/v1/admin/groups/{}", outer["id"].as_str().unwrap())).await;
    assert_eq!((gone.status, gone.code()), (409, "used_by_features"));
    let mut work = house.tenant.begin().await.unwrap();
    let id = outer["id"].as_str().unwrap().parse().unwrap();
    work.groups().remove(id).await.unwrap();
    work.publish(DomainEvent::GroupChanged { group: id });
    work.commit().await.unwrap();
    assert_eq!(client.get(FEATURES).await.body["switches"][1], switch("files", true, &[], &[]));
    assert!(has(Feature::Files).await);
    let twin = house.person_of(&house.twin, "twin", &[]).await;
    assert!(house.identity.authoriser().has_feature(&house.twin, twin, Feature::Absence).await.unwrap());
}

#[tokio::test]
async fn a_directory_is_not_taken_away_before_the_table_lets_go_of_its_groups() {
    let (house, client) = House::with_administrator().await;
    let (directory, group) = house.directory_with_group("Aushilfen").await;
    let path = format!("/api/v1/admin/directories/{directory}");
    let version = client.get(FEATURES).await.body["version"].clone();
    let switches = json!([switch("attachments", true, &[], &[&json!(group)])]);
    let saved = client.put(FEATURES, json!({ "version": version, "switches": switches })).await;
    let refused = client.delete(&path).await;
    assert_eq!((refused.status, refused.code()), (409, "used_by_features"));
    assert!(house.tenant.groups().get(group).await.is_ok());

    let open = json!([switch("attachments", true, &[], &[])]);
    let saved = client.put(FEATURES, json!({ "version": saved.body["version"], "switches": open })).await;
    assert_eq!(saved.status, 200);
    assert_eq!(client.delete(&path).await.status, 204);

    // What a change does not name stays.
    let one = async |version: &Value, switch: Value| {
        client.put(FEATURES, json!({ "version": version, "switches": [switch] })).await.body
    };
    let saved = one(&saved.body["version"], switch("absence", false, &[], &[])).await;
    let saved = one(&saved["version"], switch("files", false, &[], &[])).await;
    let off: Vec<_> = saved["switches"].as_array().unwrap().iter().filter(|one| one["everybody"] == false).collect();
    assert_eq!(off, [&switch("files", false, &[], &[]), &switch("absence", false, &[], &[])]);
}

#[tokio::test]
async fn whoever_removes_a_group_or_a_directory_holds_the_table() {
    // Holding a table that nobody touched writes it: that is what shows here, where the database has one writer anyhow.
    let table = async |house: &House| house.tenant.settings().get::<Value>("features").await.unwrap();
    let (house, client) = House::with_administrator().await;
    let group = house.group(&client, "Haus").await;
    assert_eq!(table(&house).await, None);
    assert_eq!(client.delete(&format!("/api/v1/admin/groups/{}", group["id"].as_str().unwrap())).await.status, 204);
    assert_eq!(table(&house).await, Some(json!([])));

    let (house, client) = House::with_administrator().await;
    let (directory, _) = house.directory_with_group("Aushilfen").await;
    assert_eq!(client.delete(&format!("/api/v1/admin/directories/{directory}")).await.status, 204);
    assert_eq!(table(&house).await, Some(json!([])));
}

#[tokio::test]
async fn a_table_that_makes_no_sense_is_refused() {
    let (house, client) = House::with_administrator().await;
    let group = house.group(&client, "Haus").await;
    let version = client.get(FEATURES).await.body["version"].clone();
    let nobody = json!(uuid::Uuid::nil());
    let many: Vec<_> = (0..201_u128).map(|number| json!(uuid::Uuid::from_u128(number))).collect();
    let refused = async |switches: Value| {
        let reply = client.put(FEATURES, json!({ "version": version, "switches": switches })).await;
        let fields = reply.fields().into_iter().map(|(path, code)| format!("{path} {code}")).collect::<Vec<_>>();
        (reply.status, fields)
    };
    let whole = json!([{ "feature": "files", "everybody": true, "Off": [group["id"]] }]);
    let reply = client.put(FEATURES, json!({ "version": version, "switches": whole })).await;
    assert_eq!(reply.status, 400, "a word that nobody knows would open what it was to shut");
    for (switches, fields) in [
        (
            json!([switch("files", true, &[], &[]), switch("files", true, &[], &[])]),
            vec!["switches[1].feature duplicate"],
        ),
        (json!([switch("files", true, &[&group["id"]], &[&group["id"]])]), vec!["switches[0].off contradiction"]),
        (json!([switch("files", true, &[&nobody], &[])]), vec!["switches[0].on unknown"]),
        (
            json!([{ "feature": "files", "everybody": true, "on": [], "off": many }]),
            vec!["switches[0].off too_many", "switches[0].off unknown"],
        ),
    ] {
        assert_eq!(refused(switches).await, (422, fields.into_iter().map(str::to_owned).collect()));
    }
    assert_eq!(refused(json!([switch("time_travel", true, &[], &[])])).await.0, 400);
    let desk = house.person("desk", &[Role::ControlDesk]).await;
    let desk = house.sign_in(desk).await;
    assert_eq!(desk.get(FEATURES).await.code(), "duty_missing");
}
