//! Devices: the control desk approves, suspends and revokes them.

use fernamt_domain::{DeviceState, Role};
use serde_json::json;

use crate::house::House;

const DEVICES: &str = "/api/v1/admin/devices";

#[tokio::test]
async fn the_control_desk_decides_and_those_that_wait_come_first() {
    let house = House::new().await;
    let anna = house.person("anna", &[]).await;
    let approved = house.device(anna, DeviceState::Approved).await;
    let waiting = house.device(anna, DeviceState::Pending).await;
    let desk = house.person("desk", &[Role::ControlDesk]).await;
    let desk = house.sign_in(desk).await;
    let list = desk.get(DEVICES).await.body;
    assert_eq!((&list["items"][0]["id"], &list["total"]), (&json!(waiting), &json!(3)));
    assert_eq!(desk.get(&format!("{DEVICES}?q=anna&state=approved")).await.body["items"][0]["id"], json!(approved));
    assert_eq!(desk.get(&format!("{DEVICES}?kind=stick")).await.body["total"], 0);

    let reply = desk.post(&format!("{DEVICES}/{waiting}/approve"), json!({})).await;
    assert_eq!(
        (reply.status, &reply.body["state"], &reply.body["person_name"]),
        (200, &json!("approved"), &json!("anna of the office"))
    );
    let stored = house.tenant.devices().get(waiting).await.unwrap();
    assert_eq!(stored.decided_by, Some(desk.person));
    assert_eq!(house.actions().await, ["approved"]);
}

#[tokio::test]
async fn a_suspended_device_loses_its_sessions_and_a_revoked_one_never_returns() {
    let (house, client) = House::with_administrator().await;
    let deputy = house.person("deputy", &[Role::Administrator]).await;
    let theirs = house.sign_in(deputy).await;
    let path = format!("{DEVICES}/{}", theirs.device.unwrap());
    assert_eq!(client.post(&format!("{path}/suspend"), json!({})).await.body["state"], "suspended");
    assert_eq!(theirs.get(DEVICES).await.status, 401);
    assert_eq!(client.post(&format!("{path}/approve"), json!({})).await.body["state"], "approved");
    assert_eq!(theirs.get(DEVICES).await.status, 401, "the session has ended for good");
    assert_eq!(client.post(&format!("{path}/revoke"), json!({})).await.body["state"], "revoked");
    let back = client.post(&format!("{path}/approve"), json!({})).await;
    assert_eq!((back.status, back.code()), (409, "revoked"));
}

#[tokio::test]
async fn nobody_saws_off_the_branch_they_sit_on() {
    let (_house, client) = House::with_administrator().await;
    for action in ["suspend", "revoke"] {
        let reply = client.post(&format!("{DEVICES}/{}/{action}", client.device.unwrap()), json!({})).await;
        assert_eq!((reply.status, reply.code()), (409, "this_device"));
    }
}
