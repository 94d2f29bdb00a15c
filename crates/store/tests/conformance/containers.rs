//! Containers: the share of a key that is kept here, and when it goes.

use std::collections::HashSet;

use fernamt_domain::{DeviceState, Secret};
use fernamt_store::{ContainerRecord, EnrolmentRecord};

use super::{Suite, suite};

suite! {
    a_wipe_leaves_nothing
    a_revoked_device_loses_its_container_in_the_same_work
    a_suspended_device_keeps_its_container
    a_removed_person_leaves_no_container
    a_container_is_written_over_the_last_one
    containers_of_other_devices_are_counted_by_person
    an_enrolment_is_written_over_the_last_one_and_goes_with_its_device
}

async fn a_wipe_leaves_nothing(s: &Suite) {
    assert_eq!(s.see(s.tenant.containers().devices().await).unwrap(), HashSet::from([s.own.device]));
    let work = s.tenant.begin().await.unwrap();
    assert!(
        !work.containers().wipe(s.own.stick).await.unwrap(),
        "another device's container is no container of this one"
    );
    assert!(work.containers().wipe(s.own.device).await.unwrap());
    assert!(!work.containers().wipe(s.own.device).await.unwrap());
    work.commit().await.unwrap();
    assert!(s.see(s.tenant.containers().devices().await).unwrap().is_empty());
    let left = s.see(s.tenant.containers().get(s.own.device).await).unwrap();
    assert_eq!(left, ContainerRecord::none(s.own.device));
}

async fn a_revoked_device_loses_its_container_in_the_same_work(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    work.devices().set_state(s.own.device, DeviceState::Revoked, Some(s.own.person)).await.unwrap();
    assert!(work.containers().devices().await.unwrap().is_empty(), "before the commit already");
    drop(work);
    assert_eq!(s.tenant.containers().devices().await.unwrap().len(), 1, "nothing was committed");
    let work = s.tenant.begin().await.unwrap();
    work.devices().set_state(s.own.device, DeviceState::Revoked, Some(s.own.person)).await.unwrap();
    work.commit().await.unwrap();
    assert!(s.see(s.tenant.containers().devices().await).unwrap().is_empty());
}

async fn a_suspended_device_keeps_its_container(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    work.devices().set_state(s.own.device, DeviceState::Suspended, Some(s.own.person)).await.unwrap();
    work.commit().await.unwrap();
    assert!(s.see(s.tenant.containers().get(s.own.device).await).unwrap().share.is_some());
}

async fn a_removed_person_leaves_no_container(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    work.people().remove(s.own.person).await.unwrap();
    work.commit().await.unwrap();
    assert!(s.see(s.tenant.containers().devices().await).unwrap().is_empty());
}

async fn a_container_is_written_over_the_last_one(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    let (device, before) = s.see(work.containers().held(s.own.device).await).unwrap();
    assert_eq!(device.id, s.own.device);
    let after = ContainerRecord {
        share: Some(Secret::new(vec![7; 60])),
        generation: Some(1 << 40),
        unopened: 3,
        released_at: Some(s.fixture.clock_now()),
        policy_serial: before.policy_serial + 1,
        idle_minutes: 20,
        offline_until: Some(s.fixture.clock_now()),
        ..before
    };
    work.containers().write(&after).await.unwrap();
    // One for a device that had none.
    let (_, none) = s.see(work.containers().held(s.own.stick).await).unwrap();
    assert_eq!(none, ContainerRecord::none(s.own.stick));
    work.containers().write(&none).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(s.tenant.containers().get(s.own.device).await).unwrap(), after);
    assert_eq!(s.tenant.containers().devices().await.unwrap().len(), 1, "a policy alone is no container");
}

async fn containers_of_other_devices_are_counted_by_person(s: &Suite) {
    let (person, first, second) = (s.own.person, s.own.device, s.own.stick);
    let work = s.tenant.begin().await.unwrap();
    let counted = async |device| s.see(work.enrolments().other_containers(person, device).await).unwrap();
    assert_eq!((counted(first).await, counted(second).await), (0, 1));
    // What was demanded of a device is no container.
    work.containers().write(&ContainerRecord::none(second)).await.unwrap();
    assert_eq!(counted(first).await, 0);
    let share = Some(Secret::new(vec![7; 60]));
    work.containers().write(&ContainerRecord { share, ..ContainerRecord::none(second) }).await.unwrap();
    assert_eq!(counted(first).await, 1);
}

async fn an_enrolment_is_written_over_the_last_one_and_goes_with_its_device(s: &Suite) {
    let known = s.see(s.tenant.enrolments().get(s.own.device).await).unwrap().unwrap();
    assert_eq!((&*known.browser, known.terms.as_deref()), ("Firefox 140", Some("first")));
    let later = EnrolmentRecord { terms: Some("second".to_owned()), ..known };
    let work = s.tenant.begin().await.unwrap();
    work.enrolments().write(&later).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(s.tenant.enrolments().all().await).unwrap(), [later]);
    let work = s.tenant.begin().await.unwrap();
    work.people().remove(s.own.person).await.unwrap();
    work.commit().await.unwrap();
    assert!(s.see(s.tenant.enrolments().all().await).unwrap().is_empty());
}
