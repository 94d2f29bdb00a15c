//! Phones and tablets that the administration does not take.

use fernamt_api::admin::settings::Unattested;
use fernamt_domain::DeviceState;
use fernamt_identity::settings::{self, Settings};

use crate::{house::House, licences::decide};

impl House {
    async fn set_unattested(&self, unattested: Unattested) {
        let mut wanted = Settings::default();
        wanted.enrolment.unattested = unattested;
        let work = self.tenant.begin().await.unwrap();
        settings::save(&work, &wanted).await.unwrap();
        work.commit().await.unwrap();
    }
}

#[tokio::test]
async fn where_phones_are_refused_the_control_desk_approves_none() {
    let house = House::new().await;
    let anna = house.person("anna", &[]).await;
    let desk = house.desk().await;
    let phone = house.waiting(anna, "Android").await;
    house.set_unattested(Unattested::Refuse).await;
    for system in ["Android", "iPadOS", ""] {
        let device = house.waiting(anna, system).await;
        let refused = decide(&desk, device, "approve").await;
        assert_eq!((refused.status, refused.code()), (409, "phones_refused"), "{system}");
        assert_eq!(house.tenant.devices().get(device).await.unwrap().state, DeviceState::Pending, "{system}");
        assert_eq!(decide(&desk, device, "revoke").await.status, 200, "{system}: it can be refused for good");
    }
    let pc = house.waiting(anna, "Windows").await;
    assert_eq!(decide(&desk, pc, "approve").await.status, 200);
    let unknown = house.device(anna, DeviceState::Pending).await;
    assert_eq!(
        decide(&desk, unknown, "approve").await.status,
        200,
        "it says what it is when it asks for its container"
    );
    for unattested in [Unattested::OnlineOnly, Unattested::Allow] {
        house.set_unattested(unattested).await;
        assert_eq!(decide(&desk, phone, "approve").await.status, 200, "{unattested}");
        assert_eq!(decide(&desk, phone, "suspend").await.status, 200);
    }
}
