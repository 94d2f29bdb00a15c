//! Open sessions and connections, and their end.

use fernamt_domain::{
    DeviceKind, DeviceState, EndReason, Grant, GrantId, LiveGrant, Secret, SessionFacts, Situation, TargetId, TenantId,
    Zone,
};
use fernamt_store::PushRecord;
use serde_json::{Value, json};
use time::Duration;

use crate::house::{Client, House};

const SESSIONS: &str = "/api/v1/admin/sessions";

fn grant(house: &House, tenant: TenantId, of: &Client, target: &Value) -> LiveGrant {
    let grant = Grant {
        id: GrantId::new(&house.clock, &*house.rng),
        tenant,
        facts: SessionFacts {
            session: of.session,
            person: of.person,
            device: of.device,
            device_kind: DeviceKind::Browser,
            device_state: DeviceState::Approved,
            methods: vec![],
        },
        target: target["id"].as_str().unwrap().parse::<TargetId>().unwrap(),
        situation: Situation { zone: Zone("office".into()), address: [192, 0, 2, 7].into(), at: house.now() },
        expires_at: None,
    };
    house.grants.register(grant, house.grants.generation()).unwrap()
}

#[tokio::test]
async fn open_sessions_show_what_runs_and_end_with_it() {
    let (house, client) = House::with_administrator().await;
    let target = house.target(&client, "files").await;
    let anna = house.person("anna", &[]).await;
    let hers = house.sign_in(anna).await;
    let live = grant(&house, house.tenant.id(), &hers, &target);
    let list = client.get(&format!("{SESSIONS}?q=anna")).await.body;
    assert_eq!((&list["total"], &list["items"][0]["device_name"]), (&json!(1), &json!("Firefox")));
    let connection = &list["items"][0]["connections"][0];
    assert_eq!((&connection["id"], &connection["target_name"]), (&json!(live.id()), &json!("files")));
    assert_eq!(client.get(SESSIONS).await.body["total"], 2);

    let path = format!("{SESSIONS}/{}", hers.session);
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(live.ended().await, EndReason::EndedByAdministrator);
    assert_eq!(client.delete(&path).await.status, 404);
    assert_eq!(client.get(SESSIONS).await.body["total"], 1);
    assert_eq!(house.actions().await.last().unwrap(), "ended_by_administrator");
}

#[tokio::test]
async fn one_connection_ends_without_its_session() {
    let (house, client) = House::with_administrator().await;
    let target = house.target(&client, "files").await;
    let (first, second) =
        (grant(&house, house.tenant.id(), &client, &target), grant(&house, house.tenant.id(), &client, &target));
    assert_eq!(client.delete(&format!("/api/v1/admin/connections/{}", first.id())).await.status, 204);
    assert_eq!(first.ended().await, EndReason::EndedByAdministrator);
    assert!(!second.token().is_cancelled());
    assert_eq!(client.get(SESSIONS).await.status, 200);
}

#[tokio::test]
async fn connections_of_another_tenant_do_not_exist() {
    let (house, client) = House::with_administrator().await;
    let target = house.target(&client, "files").await;
    let foreign = grant(&house, house.twin.id(), &client, &target);
    assert_eq!(client.delete(&format!("/api/v1/admin/connections/{}", foreign.id())).await.status, 404);
    assert!(!foreign.token().is_cancelled());
    assert_eq!(client.get(SESSIONS).await.body["items"][0]["connections"], json!([]));
}

#[tokio::test]
async fn idle_sessions_are_not_open() {
    let (house, client) = House::with_administrator().await;
    let anna = house.person("anna", &[]).await;
    house.sign_in(anna).await;
    house.clock.advance(Duration::minutes(61));
    let again = house.sign_in(client.person).await;
    assert_eq!(again.get(SESSIONS).await.body["total"], 1);
}

#[tokio::test]
async fn a_session_that_lapsed_is_told_of_no_mail_once_the_desk_ends_it() {
    let (house, client) = House::with_administrator().await;
    let anna = house.person("anna", &[]).await;
    let hers = house.sign_in(anna).await;
    let work = house.tenant.begin().await.unwrap();
    let account = work.mail_accounts().begin(Some(anna), "anna", "anna@amt.example").await.unwrap();
    let push = PushRecord {
        device: hers.device.unwrap(),
        person: anna,
        session: hers.session,
        account: account.id,
        print: [7; 32],
        sealed: Secret::new(vec![9; 200]),
        until: house.now() + Duration::hours(12),
        language: "de".to_owned(),
        from_minute: 0,
        to_minute: 0,
        weekends: true,
        time_zone: "Europe/Berlin".to_owned(),
        without: json!([]),
        state: 0,
        told_at: None,
    };
    work.pushes().write(&push).await.unwrap();
    assert!(work.sessions().lapse(hers.session).await.unwrap());
    work.commit().await.unwrap();
    assert_eq!(house.tenant.pushes().all().await.unwrap().len(), 1);
    assert_eq!(client.delete(&format!("{SESSIONS}/{}", hers.session)).await.status, 404);
    assert_eq!(house.tenant.pushes().all().await.unwrap(), []);
}
