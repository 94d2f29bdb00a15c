//! Devices: the control desk approves, suspends, revokes and wipes them.

use fernamt_domain::{DeviceId, DeviceState, Role, Secret};
use fernamt_store::ContainerRecord;
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

async fn make_container(house: &House, device: DeviceId) {
    let share = Some(Secret::new(vec![1; 60]));
    let work = house.tenant.begin().await.unwrap();
    work.containers().write(&ContainerRecord { share, ..ContainerRecord::none(device) }).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn a_wipe_deletes_the_share_of_a_device_and_nothing_else() {
    let house = House::new().await;
    let anna = house.person("anna", &[]).await;
    let [wiped, kept] =
        [house.device(anna, DeviceState::Approved).await, house.device(anna, DeviceState::Suspended).await];
    let without = house.device(anna, DeviceState::Pending).await;
    make_container(&house, wiped).await;
    make_container(&house, kept).await;
    let desk = house.person("desk", &[Role::ControlDesk]).await;
    let desk = house.sign_in(desk).await;
    let containers = async || {
        let list = desk.get(&format!("{DEVICES}?person={anna}")).await.body;
        let items = list["items"].as_array().unwrap().clone();
        [wiped, kept, without].map(|id| items.iter().find(|it| it["id"] == json!(id)).unwrap()["container"].clone())
    };
    assert_eq!(containers().await, [true, true, false]);

    let reply = desk.post(&format!("{DEVICES}/{wiped}/wipe"), json!({})).await;
    assert_eq!((reply.status, &reply.body["container"]), (200, &json!(false)));
    assert_eq!(reply.body["state"], "approved", "the device stays what it is");
    assert_eq!(containers().await, [false, true, false]);
    assert_eq!(house.tenant.containers().get(wiped).await.unwrap(), ContainerRecord::none(wiped));
    assert_eq!(desk.post(&format!("{DEVICES}/{kept}/wipe"), json!({})).await.status, 200, "a suspended one, too");
    for nothing in [wiped, without] {
        assert_eq!(desk.post(&format!("{DEVICES}/{nothing}/wipe"), json!({})).await.status, 200);
    }
    assert_eq!(house.actions().await, ["container_wiped", "container_wiped"], "where there was one");

    let nowhere = desk.post(&format!("{DEVICES}/{}/wipe", desk.person), json!({})).await;
    assert_eq!((nowhere.status, nowhere.code()), (404, "not_found"));
    let client = house.sign_in(anna).await;
    let refused = client.post(&format!("{DEVICES}/{kept}/wipe"), json!({})).await;
    assert_eq!((refused.status, refused.code()), (403, "duty_missing"));
}

#[tokio::test]
async fn nobody_saws_off_the_branch_they_sit_on() {
    let (_house, client) = House::with_administrator().await;
    for action in ["suspend", "revoke"] {
        let reply = client.post(&format!("{DEVICES}/{}/{action}", client.device.unwrap()), json!({})).await;
        assert_eq!((reply.status, reply.code()), (409, "this_device"));
    }
}
