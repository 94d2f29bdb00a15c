//! Enrolment of devices for mail: the browser that a device says it is, when it came by last, and which terms of use its
//! person accepted there.

use fernamt_domain::{DeviceId, PersonId};
use time::OffsetDateTime;

use super::{container::ContainerRecord, device::DeviceRecord, person::PersonRecord, repository};
use crate::{
    StoreError,
    record::record,
    scope::{Writing, any, is, is_in, is_null},
};

record! {
    /// What is known of a device that came to the origin of mail, or waits to be approved.
    pub struct EnrolmentRecord in "enrolment", key(device) {
        /// The device.
        device: DeviceId => Device,
        /// Whose it is, who accepted.
        person: PersonId => Device,
        /// The browser that it says it is.
        browser: String => Device,
        /// The operating system that it says it has.
        platform: String => Device,
        /// When it came by last, to a few minutes.
        contact_at: OffsetDateTime => Device,
        /// The version of the terms of use that were accepted last.
        terms: Option<String> => Device,
        /// When that was.
        accepted_at: Option<OffsetDateTime> => Device,
    }
}

repository! {
    /// Enrolment of devices for mail.
    Enrolments
}

impl<A> Enrolments<'_, A> {
    /// What is known of a device, if it ever came by.
    pub async fn get(&self, device: DeviceId) -> Result<Option<EnrolmentRecord>, StoreError> {
        self.scope.find(is("device", &device)).one().await
    }

    /// What is known of all devices.
    pub async fn all(&self) -> Result<Vec<EnrolmentRecord>, StoreError> {
        self.scope.find(any()).all().await
    }
}

impl Enrolments<'_, Writing> {
    /// Writes all that is known of a device.
    pub async fn write(&self, enrolment: &EnrolmentRecord) -> Result<(), StoreError> {
        self.scope.upsert(enrolment).await
    }

    /// How many containers lie on the other devices of this person. No other one of them gets one until the unit of work
    /// ends.
    pub async fn other_containers(&self, person: PersonId, device: DeviceId) -> Result<u64, StoreError> {
        self.scope.find::<PersonRecord>(is("id", &person)).locked().get().await?;
        let others = is("person", &person).add(is("id", &device).not());
        let others: Vec<DeviceRecord> = self.scope.find(others).all().await?;
        let on_others = is_in("device", others.iter().map(|other| &other.id));
        self.scope.count::<ContainerRecord>(on_others.add(is_null("share").not())).await
    }
}
