//! Settings that administrators change daily.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::repository;
use crate::{
    StoreError,
    record::record,
    scope::{Writing, any, is},
};

record! {
    /// A setting.
    pub struct SettingRecord in "setting", key(key) {
        /// Its name.
        key: String => Configuration,
        /// Its value.
        value: Value => Configuration,
    }
}

repository! {
    /// Settings.
    Settings
}

impl<A> Settings<'_, A> {
    /// A setting's value, if it is set and fits its type.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let row = self.scope.find::<SettingRecord>(is("key", &key.to_owned())).one().await?;
        row.map(|row| serde_json::from_value(row.value))
            .transpose()
            .map_err(|_| StoreError::corrupt("value", "the setting has another type"))
    }

    /// All settings by name.
    pub async fn all(&self) -> Result<Vec<SettingRecord>, StoreError> {
        self.scope.find(any()).order("key").all().await
    }
}

impl Settings<'_, Writing> {
    /// A setting's value, held until the unit of work ends: whoever wants to change it, too, waits and reads what was
    /// changed. One that was never set is set to its default, so that there is something to hold.
    pub async fn held<T: Serialize + DeserializeOwned + Default + Sync>(&self, key: &str) -> Result<T, StoreError> {
        let value = serde_json::to_value(T::default())
            .map_err(|_| StoreError::corrupt("value", "the setting cannot be written as JSON"))?;
        self.scope.insert_if_absent(&SettingRecord { key: key.to_owned(), value }).await?;
        let row = self.scope.find::<SettingRecord>(is("key", &key.to_owned())).locked().get().await?;
        serde_json::from_value(row.value).map_err(|_| StoreError::corrupt("value", "the setting has another type"))
    }

    /// Sets a value.
    pub async fn set<T: Serialize + Sync>(&self, key: &str, value: &T) -> Result<(), StoreError> {
        let value = serde_json::to_value(value)
            .map_err(|_| StoreError::corrupt("value", "the setting cannot be written as JSON"))?;
        self.scope.upsert(&SettingRecord { key: key.to_owned(), value }).await
    }

    /// Removes a setting, so that its default holds. Tells whether it was set.
    pub async fn remove(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self.scope.delete::<SettingRecord>(is("key", &key.to_owned())).await? > 0)
    }
}
