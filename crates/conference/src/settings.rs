//! The conference's settings, and the administration's own that it goes by.

use fernamt_api::conference::settings::ConferenceSettings;
use fernamt_store::{StoreError, TenantStore, Work};

/// Under which name they stand in the store.
const KEY: &str = "conference";

/// Reads the settings; what was never set has its default.
pub async fn load(tenant: &TenantStore) -> Result<ConferenceSettings, StoreError> {
    Ok(tenant.settings().get(KEY).await?.unwrap_or_default())
}

/// Reads the settings inside a unit of work.
pub(crate) async fn load_in(work: &Work) -> Result<ConferenceSettings, StoreError> {
    Ok(work.settings().get(KEY).await?.unwrap_or_default())
}

/// Writes the settings in a unit of work.
pub(crate) async fn save(work: &Work, settings: &ConferenceSettings) -> Result<(), StoreError> {
    work.settings().set(KEY, settings).await
}
