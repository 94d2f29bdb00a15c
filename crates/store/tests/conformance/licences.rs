//! Licences of the security app: how many there are, and when one is free again.

use std::collections::HashSet;

use fernamt_domain::DeviceState;
use fernamt_store::StoreError;

use super::{Suite, suite};

suite! {
    a_device_has_one_licence_however_often_it_takes_one
    no_more_are_given_than_there_are
    whoever_comes_second_does_not_get_the_last_one
    a_licence_is_free_after_a_wipe_a_revocation_and_a_removal
}

const SETTING: &str = "settings";

async fn a_device_has_one_licence_however_often_it_takes_one(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    // The tenant begins with one, on its first device.
    assert!(work.licences().has(s.own.device).await.unwrap() && !work.licences().has(s.own.stick).await.unwrap());
    assert!(!work.licences().take(s.own.device, 1, SETTING).await.unwrap(), "even where none is left");
    assert!(work.licences().take(s.own.stick, 2, SETTING).await.unwrap());
    assert!(!work.licences().take(s.own.stick, 2, SETTING).await.unwrap());
    work.commit().await.unwrap();
    assert_eq!(s.tenant.licences().count().await.unwrap(), 2);
    let devices = s.see(s.tenant.licences().devices().await).unwrap();
    assert_eq!(devices, HashSet::from([s.own.device, s.own.stick]));
}

async fn no_more_are_given_than_there_are(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    let refused = work.licences().take(s.own.stick, 1, SETTING).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooMany { what: "licences", limit: 1 }), "{refused}");
    assert!(work.licences().free(s.own.device).await.unwrap());
    assert!(!work.licences().free(s.own.device).await.unwrap());
    assert!(work.licences().take(s.own.stick, 1, SETTING).await.unwrap());
    assert_eq!(s.see(work.licences().devices().await).unwrap(), HashSet::from([s.own.stick]));
    let refused = work.licences().take(s.own.device, 0, SETTING).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooMany { limit: 0, .. }), "{refused}");
}

async fn whoever_comes_second_does_not_get_the_last_one(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    work.licences().free(s.own.device).await.unwrap();
    work.settings().set(SETTING, &1).await.unwrap();
    work.commit().await.unwrap();
    let take = async |device| {
        let work = s.tenant.begin().await?;
        let taken = work.licences().take(device, 1, SETTING).await?;
        // Long enough for the other one to look, too, where nothing kept it from that.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        work.commit().await?;
        Ok::<_, StoreError>(taken)
    };
    let both = tokio::join!(take(s.own.device), take(s.own.stick));
    let won = [&both.0, &both.1].iter().filter(|one| matches!(one, Ok(true))).count();
    assert_eq!((won, s.see(s.tenant.licences().devices().await).unwrap().len()), (1, 1), "{both:?}");
}

async fn a_licence_is_free_after_a_wipe_a_revocation_and_a_removal(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    work.devices().set_state(s.own.device, DeviceState::Suspended, None).await.unwrap();
    assert!(s.see(work.licences().devices().await).unwrap().contains(&s.own.device), "a suspended one keeps it");
    drop(work);
    let work = s.tenant.begin().await.unwrap();
    work.containers().wipe(s.own.device).await.unwrap();
    assert!(!work.licences().has(s.own.device).await.unwrap());
    drop(work);
    let work = s.tenant.begin().await.unwrap();
    work.devices().set_state(s.own.device, DeviceState::Revoked, None).await.unwrap();
    assert!(!work.licences().has(s.own.device).await.unwrap());
    drop(work);
    let work = s.tenant.begin().await.unwrap();
    work.people().remove(s.own.person).await.unwrap();
    assert_eq!(work.licences().count().await.unwrap(), 0);
}
