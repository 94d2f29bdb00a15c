//! Devices and their keys.

use fernamt_domain::{DeviceId, DeviceKind, DeviceState, PersonId};
use time::{Date, OffsetDateTime};

use super::{container::ContainerRecord, licence::LicenceRecord, push, repository};
use crate::{
    StoreError,
    page::{Page, Paged},
    record::{record, search_text},
    scope::{Writing, any, is, to},
};

record! {
    /// A device that a person uses.
    pub struct DeviceRecord in "device", key(id) journaled {
        /// The id.
        id: DeviceId => Device,
        /// Whose it is.
        person: PersonId => Device,
        /// Its kind.
        kind: DeviceKind => Device,
        /// How far it is trusted.
        state: DeviceState => Device,
        /// The name that its owner reads.
        name: String => Device,
        /// Its public key, in the encoding of its kind.
        public_key: Vec<u8> => Device,
        /// What the key is looked up by: a hash of it. Unique for each person.
        thumbprint: String => Device,
        /// When it was enrolled.
        created_at: OffsetDateTime => Device,
        /// The day it was last used.
        last_seen_on: Option<Date> => Device,
        /// Who decided on its present state.
        decided_by: Option<PersonId> => Device,
        /// When that was.
        decided_at: Option<OffsetDateTime> => Device,
    }
    derived |device| {
        search: String => Device = search_text(&[&device.name, &device.thumbprint]);
    }
}

repository! {
    /// Devices and their keys.
    Devices
}

impl<A> Devices<'_, A> {
    /// The device with this id.
    pub async fn get(&self, id: DeviceId) -> Result<DeviceRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// A person's device with this key.
    pub async fn by_key(&self, person: PersonId, thumbprint: &str) -> Result<Option<DeviceRecord>, StoreError> {
        self.scope.find(is("person", &person).add(is("thumbprint", &thumbprint.to_owned()))).one().await
    }

    /// All devices with this key: several people may share one browser.
    pub async fn with_key(&self, thumbprint: &str) -> Result<Vec<DeviceRecord>, StoreError> {
        self.scope.find(is("thumbprint", &thumbprint.to_owned())).order("id").all().await
    }

    /// A person's devices, oldest first.
    pub async fn of_person(&self, person: PersonId) -> Result<Vec<DeviceRecord>, StoreError> {
        self.scope.find(is("person", &person)).order("created_at").order("id").all().await
    }

    /// How many devices a person has that are not revoked: for a limit.
    pub async fn count_of_person(&self, person: PersonId) -> Result<u64, StoreError> {
        let filter = is("person", &person).add(is("state", &DeviceState::Revoked).not());
        self.scope.count::<DeviceRecord>(filter).await
    }

    /// A page of devices in one state or all, oldest first; the search looks in name and thumbprint.
    pub async fn list(&self, state: Option<DeviceState>, page: &Page) -> Result<Paged<DeviceRecord>, StoreError> {
        self.scope.page(state.map_or_else(any, |state| is("state", &state)), "created_at", page).await
    }
}

impl Devices<'_, Writing> {
    /// Adds a device.
    pub async fn insert(&self, device: &DeviceRecord) -> Result<(), StoreError> {
        self.scope.insert(device).await
    }

    /// Changes how far a device is trusted. What is revoked stays revoked, its container opens nowhere any more, and its
    /// licence is free. What is not approved is not told of mail.
    pub async fn set_state(
        &self,
        id: DeviceId,
        state: DeviceState,
        decided_by: Option<PersonId>,
    ) -> Result<(), StoreError> {
        if self.locked(id).await?.state == DeviceState::Revoked && state != DeviceState::Revoked {
            return Err(StoreError::conflict("device.revoked"));
        }
        let values =
            vec![to("state", &state), to("decided_by", &decided_by), to("decided_at", &Some(self.scope.now()))];
        self.scope.set_one::<DeviceRecord>(is("id", &id), values).await?;
        if state == DeviceState::Revoked {
            self.scope.delete::<ContainerRecord>(is("device", &id)).await?;
            self.scope.delete::<LicenceRecord>(is("device", &id)).await?;
        }
        if state != DeviceState::Approved {
            push::forget_devices(&self.scope, [&id]).await?;
        }
        self.scope.journal_state::<DeviceRecord>(&id, state.as_str()).await
    }

    /// Gives a device a new name.
    pub async fn rename(&self, id: DeviceId, name: &str) -> Result<(), StoreError> {
        let device = DeviceRecord { name: name.to_owned(), ..self.locked(id).await? };
        self.scope.replace(&device).await
    }

    /// The row, held until the unit of work ends: what is written back was not changed in the meantime.
    async fn locked(&self, id: DeviceId) -> Result<DeviceRecord, StoreError> {
        self.scope.find(is("id", &id)).locked().get().await
    }

    /// Notes the day of a device's use. Does nothing when it is noted already.
    pub async fn touch(&self, id: DeviceId, day: Date) -> Result<(), StoreError> {
        self.scope.set_one::<DeviceRecord>(is("id", &id), vec![to("last_seen_on", &Some(day))]).await
    }
}
