//! Licences of the security app that private phones need.

use fernamt_api::admin::settings::SecurityApp;
use fernamt_domain::{DeviceId, DeviceState, PersonId, Role};
use fernamt_identity::settings::{self, Settings};
use fernamt_store::EnrolmentRecord;
use serde_json::json;

use crate::house::{Client, House, Reply};

const DEVICES: &str = "/api/v1/admin/devices";
const LICENCES: &str = "/api/v1/admin/licences";

impl House {
    async fn demand_app(&self, licences: u16) {
        let mut wanted = Settings::default();
        wanted.enrolment.app = SecurityApp { demanded: true, name: "Wächter".into(), licences };
        let work = self.tenant.begin().await.unwrap();
        settings::save(&work, &wanted).await.unwrap();
        work.commit().await.unwrap();
    }

    /// A browser on this system that waits for approval.
    pub(crate) async fn waiting(&self, person: PersonId, platform: &str) -> DeviceId {
        let device = self.device(person, DeviceState::Pending).await;
        let work = self.tenant.begin().await.unwrap();
        let enrolment = EnrolmentRecord {
            device,
            person,
            browser: "Firefox 140".into(),
            platform: platform.into(),
            contact_at: self.now(),
            terms: None,
            accepted_at: None,
        };
        work.enrolments().write(&enrolment).await.unwrap();
        work.commit().await.unwrap();
        device
    }

    pub(crate) async fn desk(&self) -> Client {
        let desk = self.person("desk", &[Role::ControlDesk]).await;
        self.sign_in(desk).await
    }
}

pub(crate) async fn decide(desk: &Client, device: DeviceId, decision: &str) -> Reply {
    desk.post(&format!("{DEVICES}/{device}/{decision}"), json!({})).await
}

#[tokio::test]
async fn a_phone_takes_a_licence_and_gives_it_back() {
    let house = House::new().await;
    let anna = house.person("anna", &[]).await;
    let desk = house.desk().await;
    let taken = async || desk.get(LICENCES).await.body["taken"].clone();
    let none = json!({ "demanded": false, "app": "", "licences": 0, "taken": 0 });
    assert_eq!(desk.get(LICENCES).await.body, none);
    let early = house.waiting(anna, "Android").await;
    assert_eq!(decide(&desk, early, "approve").await.body["licence"], false, "none is demanded");

    house.demand_app(1).await;
    let [pc, unknown] = [house.waiting(anna, "Windows").await, house.device(anna, DeviceState::Pending).await];
    for device in [pc, unknown] {
        assert_eq!(decide(&desk, device, "approve").await.body["licence"], false, "no phone, as far as is known");
    }
    let [first, second] = [house.waiting(anna, "iOS").await, house.waiting(anna, "Android").await];
    assert_eq!(decide(&desk, first, "approve").await.body["licence"], true);
    assert_eq!(desk.get(LICENCES).await.body, json!({ "demanded": true, "app": "Wächter", "licences": 1, "taken": 1 }));

    let refused = decide(&desk, second, "approve").await;
    assert_eq!((refused.status, refused.code()), (409, "no_licence_left"));
    assert_eq!(refused.body["params"], json!({ "licences": "1" }));
    let state = house.tenant.devices().get(second).await.unwrap().state;
    assert_eq!(state, DeviceState::Pending, "nothing was done by halves");

    assert_eq!(decide(&desk, first, "suspend").await.body["licence"], true, "it comes back");
    assert_eq!(decide(&desk, first, "approve").await.body["licence"], true);
    assert_eq!(decide(&desk, first, "wipe").await.body["licence"], false);
    assert_eq!(decide(&desk, second, "approve").await.body["licence"], true);
    assert_eq!(decide(&desk, second, "revoke").await.body["licence"], false);
    assert_eq!(taken().await, 0);
    let told: Vec<_> = house.actions().await.into_iter().filter(|action| action.starts_with("licence")).collect();
    assert_eq!(told, ["licence_taken", "licence_freed", "licence_taken"]);
    let listed = desk.get(&format!("{DEVICES}?person={anna}")).await.body;
    assert!(listed["items"].as_array().unwrap().iter().all(|device| device["licence"] == false));
    let client = house.sign_in(anna).await;
    assert_eq!(client.get(LICENCES).await.code(), "duty_missing");
}

/// Units of work follow one another here. That a licence is given once where they run side by side (PostgreSQL) is held by the
/// store's conformance: `whoever_comes_second_does_not_get_the_last_one`.
#[tokio::test]
async fn two_who_approve_at_the_same_time_share_no_licence() {
    let house = House::new().await;
    house.demand_app(1).await;
    let anna = house.person("anna", &[]).await;
    let (desk, first, second) =
        (house.desk().await, house.waiting(anna, "iOS").await, house.waiting(anna, "Android").await);
    let (one, other) = tokio::join!(decide(&desk, first, "approve"), decide(&desk, second, "approve"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{one:?} {other:?}");
    assert_eq!(house.tenant.licences().count().await.unwrap(), 1);
}
