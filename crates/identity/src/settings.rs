//! The tenant's settings, as far as signing in and deciding depend on them.

use std::sync::Arc;

pub use fernamt_api::admin::settings::Settings;
use fernamt_api::admin::settings::{IDLE_MINUTES, SESSION_HOURS};
use fernamt_http::site::SETTINGS_KEY as KEY;
use fernamt_policy::LocalZone;
use fernamt_store::{StoreError, TenantStore, Work};
use time::Duration;

/// Reads the settings; what was never set has its default.
pub async fn load(tenant: &TenantStore) -> Result<Arc<Settings>, StoreError> {
    Ok(Arc::new(tenant.settings().get(KEY).await?.unwrap_or_default()))
}

/// Writes the settings in a unit of work.
pub async fn save(work: &Work, settings: &Settings) -> Result<(), StoreError> {
    work.settings().set(KEY, settings).await
}

/// After how long without activity a session ends.
pub fn idle(settings: &Settings) -> Duration {
    Duration::minutes(settings.idle_minutes.clamp(IDLE_MINUTES.least, IDLE_MINUTES.most).into())
}

/// After how long a session ends in any case.
pub fn absolute(settings: &Settings) -> Duration {
    Duration::hours(settings.session_hours.clamp(SESSION_HOURS.least, SESSION_HOURS.most).into())
}

/// The time zone of rules. A name that is unknown here counts as UTC, and the log says so.
pub fn zone(settings: &Settings) -> LocalZone {
    settings.time_zone.parse().unwrap_or_else(|_| {
        tracing::error!("The time zone in the settings is unknown; rules use UTC");
        LocalZone::utc()
    })
}
