//! Containers: sealed stores in browsers, and the part of their keys that is kept here.

use std::collections::HashSet;

use fernamt_domain::{DeviceId, Secret};
use sea_orm::sea_query::Condition;
use time::OffsetDateTime;

use super::{device::DeviceRecord, licence::LicenceRecord, push, repository};
use crate::{
    StoreError,
    record::record,
    scope::{Writing, is, is_null},
};

record! {
    /// What is kept here of a device's container, and what was last demanded of it. Backups leave it out: a share that
    /// was deleted must not come back.
    pub struct ContainerRecord in "container", key(device) unsaved {
        /// Its device.
        device: DeviceId => Device,
        /// The device's share of the key, sealed. Without it the container opens nowhere.
        share: Option<Secret<Vec<u8>>> => Credential,
        /// The highest generation that the container told of.
        generation: Option<u64> => Device,
        /// How often the share was released since the container was opened last.
        unopened: u32 => Device,
        /// When that was last.
        released_at: Option<OffsetDateTime> => Device,
        /// The number of the policy that was signed last.
        policy_serial: u64 => Device,
        /// The minutes until locking in that policy.
        idle_minutes: u16 => Device,
        /// Until when that policy lets the container be opened offline.
        offline_until: Option<OffsetDateTime> => Device,
        /// The guards in that policy, a bit each.
        guards: u16 => Device,
    }
}

impl ContainerRecord {
    /// What is known of a device that has no container.
    pub fn none(device: DeviceId) -> Self {
        Self {
            device,
            share: None,
            generation: None,
            unopened: 0,
            released_at: None,
            policy_serial: 0,
            idle_minutes: 0,
            offline_until: None,
            guards: 0,
        }
    }
}

repository! {
    /// Containers and their shares.
    Containers
}

impl<A> Containers<'_, A> {
    /// What is kept of a device's container.
    pub async fn get(&self, device: DeviceId) -> Result<ContainerRecord, StoreError> {
        let row = self.scope.find(is("device", &device)).one().await?;
        Ok(row.unwrap_or_else(|| ContainerRecord::none(device)))
    }

    /// The devices that have a container.
    pub async fn devices(&self) -> Result<HashSet<DeviceId>, StoreError> {
        let rows = self.scope.find::<ContainerRecord>(with_share()).all().await?;
        Ok(rows.into_iter().map(|row| row.device).collect())
    }
}

impl Containers<'_, Writing> {
    /// The device with what is kept of its container, both held until the unit of work ends: nobody approves, blocks or
    /// wipes in the meantime.
    pub async fn held(&self, device: DeviceId) -> Result<(DeviceRecord, ContainerRecord), StoreError> {
        let held = self.scope.find::<DeviceRecord>(is("id", &device)).locked().get().await?;
        Ok((held, self.get(device).await?))
    }

    /// Writes all of what is [`Containers::held`].
    pub async fn write(&self, container: &ContainerRecord) -> Result<(), StoreError> {
        self.scope.upsert(container).await
    }

    /// Deletes a device's share with all that is known of its container, and its licence; nor is it told of mail any more.
    /// Tells whether there was a share.
    pub async fn wipe(&self, device: DeviceId) -> Result<bool, StoreError> {
        self.held(device).await?;
        let there = self.scope.count::<ContainerRecord>(is("device", &device).add(with_share())).await? > 0;
        self.scope.delete::<ContainerRecord>(is("device", &device)).await?;
        push::forget_devices(&self.scope, [&device]).await?;
        self.scope.delete::<LicenceRecord>(is("device", &device)).await?;
        Ok(there)
    }
}

fn with_share() -> Condition {
    is_null("share").not()
}
