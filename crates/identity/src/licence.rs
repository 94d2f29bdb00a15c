//! Licences of the security app that private phones need: which devices need it, and how they come by one.

use fernamt_api::admin::settings::EnrolmentSettings;
use fernamt_domain::{DeviceId, DeviceKind};
use fernamt_http::{ApiError, site::SETTINGS_KEY};
use fernamt_store::{DeviceRecord, StoreError, Work};

use crate::{container::Browser, settings::Settings};

/// Whether a device in such a browser needs the app.
pub(crate) fn needs_app(settings: &EnrolmentSettings, browser: &Browser) -> bool {
    settings.app.demanded && browser.is_phone()
}

/// Gives a device a licence unless it has one. Tells whether it got one now; where none is left, what to do.
pub(crate) async fn take(work: &Work, device: DeviceId, settings: &Settings) -> Result<bool, ApiError> {
    let most = settings.enrolment.app.licences;
    match work.licences().take(device, most.into(), SETTINGS_KEY).await {
        Err(StoreError::TooMany { .. }) => {
            let detail = format!(
                "all {most} licences of the security app are taken; wipe or revoke a phone that nobody uses any more, or \
                 enter further licences in the settings"
            );
            Err(ApiError::conflict("no_licence_left", detail).param("licences", most))
        }
        taken => Ok(taken?),
    }
}

/// Gives a device that is about to be approved the licence that it needs. What system a browser has is known once it came
/// by; one that never did gets its licence with its container. Tells whether it got one now.
pub async fn take_for_approval(work: &Work, device: &DeviceRecord) -> Result<bool, ApiError> {
    let settings: Settings = work.settings().get(SETTINGS_KEY).await?.unwrap_or_default();
    if !settings.enrolment.app.demanded {
        return Ok(false);
    }
    let is_phone = match device.kind {
        DeviceKind::Phone => true,
        DeviceKind::Browser => {
            let known = work.enrolments().get(device.id).await?;
            known.is_some_and(|known| Browser::on(known.platform).is_phone())
        }
        _ => false,
    };
    if is_phone { take(work, device.id, &settings).await } else { Ok(false) }
}
