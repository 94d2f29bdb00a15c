//! Phones and tablets, of which no browser attests what became of their system: what the administration lets them do.

use axum::http::HeaderMap;
use fernamt_api::admin::settings::{EnrolmentSettings, Unattested};
use fernamt_domain::{DeviceId, DeviceKind};
use fernamt_http::{ApiError, site::SETTINGS_KEY};
use fernamt_store::{DeviceRecord, EnrolmentRecord, StoreError, TenantStore, Work};

use super::Browser;
use crate::settings::Settings;

/// What the refusal says.
const DETAIL: &str = "your administration takes no phones and tablets for mail; use a PC";

/// Whether a container in such a browser may open without the server.
pub(super) fn may_go_offline(settings: &EnrolmentSettings, browser: &Browser) -> bool {
    settings.unattested == Unattested::Allow || !browser.may_be_phone()
}

/// Whether such a browser gets no container.
pub(super) fn is_refused(settings: &EnrolmentSettings, browser: &Browser) -> bool {
    settings.unattested == Unattested::Refuse && browser.may_be_phone()
}

/// Refuses a browser that gets no container.
pub(super) fn must_not_be_refused(settings: &EnrolmentSettings, browser: &Browser) -> Result<(), ApiError> {
    if is_refused(settings, browser) { Err(ApiError::forbidden("phones_refused", DETAIL)) } else { Ok(()) }
}

/// Refuses a browser that gets no container, by what it says of itself as it asks.
pub fn must_be_taken(settings: &EnrolmentSettings, headers: &HeaderMap) -> Result<(), ApiError> {
    must_not_be_refused(settings, &Browser::of(headers))
}

/// Whether a browser gets no container, by what it said of itself when it came by last. Of one that never did nothing is known.
pub async fn is_taken_no_more(
    tenant: &TenantStore,
    settings: &EnrolmentSettings,
    device: DeviceId,
) -> Result<bool, StoreError> {
    if settings.unattested != Unattested::Refuse {
        return Ok(false);
    }
    Ok(is_known_refused(settings, tenant.enrolments().get(device).await?))
}

fn is_known_refused(settings: &EnrolmentSettings, known: Option<EnrolmentRecord>) -> bool {
    known.is_some_and(|known| is_refused(settings, &Browser::on(known.platform)))
}

/// Refuses to approve a device that gets no container. What system a browser has is known once it came by; one that
/// never did is refused with its container.
pub async fn must_be_approvable(work: &Work, device: &DeviceRecord) -> Result<(), ApiError> {
    let settings: Settings = work.settings().get(SETTINGS_KEY).await?.unwrap_or_default();
    if settings.enrolment.unattested != Unattested::Refuse {
        return Ok(());
    }
    let is_refused = match device.kind {
        DeviceKind::Phone => true,
        DeviceKind::Browser => is_known_refused(&settings.enrolment, work.enrolments().get(device.id).await?),
        _ => false,
    };
    if is_refused { Err(ApiError::conflict("phones_refused", DETAIL)) } else { Ok(()) }
}
