//! Licences of the security app that private phones need: which device has one.

use std::collections::HashSet;

use fernamt_domain::DeviceId;
use time::OffsetDateTime;

use super::{repository, setting::SettingRecord};
use crate::{
    StoreError,
    record::record,
    scope::{Writing, any, is},
};

record! {
    /// A licence that a device has. Backups leave it out: it goes with the container, and comes back with the next one.
    pub struct LicenceRecord in "licence", key(device) unsaved {
        /// The device.
        device: DeviceId => Device,
        /// When it got it.
        taken_at: OffsetDateTime => Device,
    }
}

repository! {
    /// Licences of the security app.
    Licences
}

impl<A> Licences<'_, A> {
    /// How many devices have one.
    pub async fn count(&self) -> Result<u64, StoreError> {
        self.scope.count::<LicenceRecord>(any()).await
    }

    /// The devices that have one.
    pub async fn devices(&self) -> Result<HashSet<DeviceId>, StoreError> {
        let rows: Vec<LicenceRecord> = self.scope.find(any()).all().await?;
        Ok(rows.into_iter().map(|row| row.device).collect())
    }

    /// Whether a device has one.
    pub async fn has(&self, device: DeviceId) -> Result<bool, StoreError> {
        Ok(self.scope.count::<LicenceRecord>(is("device", &device)).await? > 0)
    }
}

impl Licences<'_, Writing> {
    /// Gives a device a licence, unless it has one. Tells whether it got one now.
    ///
    /// There are `most`, and the setting of this name says so: where one is taken its row is held until the unit of work ends,
    /// so that nobody else takes the last one meanwhile. Whoever calls holds the device.
    pub async fn take(&self, device: DeviceId, most: u64, setting: &str) -> Result<bool, StoreError> {
        if self.has(device).await? {
            return Ok(false);
        }
        self.scope.find::<SettingRecord>(is("key", &setting.to_owned())).locked().one().await?;
        if self.count().await? >= most {
            return Err(StoreError::TooMany { what: "licences", limit: usize::try_from(most).unwrap_or(usize::MAX) });
        }
        self.scope.insert(&LicenceRecord { device, taken_at: self.scope.now() }).await?;
        Ok(true)
    }

    /// Takes a device's licence back. Tells whether it had one.
    pub async fn free(&self, device: DeviceId) -> Result<bool, StoreError> {
        Ok(self.scope.delete::<LicenceRecord>(is("device", &device)).await? > 0)
    }
}
