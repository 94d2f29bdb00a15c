//! Who may ask at all.

use axum::{extract::FromRequestParts, http::request::Parts};
use fernamt_domain::{DeviceState, feature::Feature};
use fernamt_http::{ApiError, Session, Site, bearer};

/// A session on a device that the control desk approved: a browser's, or that of a program with a token. No mail reaches
/// any other. Who shows a token where programs are served is asked for that alone, whatever cookies come with it; what
/// stands beside JMAP is for people.
#[derive(Debug)]
pub(super) struct Approved(pub(super) Session);

impl<S: Send + Sync> FromRequestParts<S> for Approved {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let session = match bearer::token(&parts.headers)? {
            Some(token) if bearer::is_for_programs(parts.uri.path()) => {
                let site = Site::from_request_parts(parts, state).await?;
                site.web.sessions.program(&site, &token).await?
            }
            _ => Session::from_request_parts(parts, state).await?,
        };
        match session.facts.device_state {
            DeviceState::Approved => Ok(Self(session)),
            DeviceState::Pending => {
                Err(ApiError::forbidden("device_pending", "this device waits for approval by your control desk"))
            }
            DeviceState::Suspended | DeviceState::Revoked => Err(ApiError::forbidden(
                "device_blocked",
                "this device was suspended or revoked; ask your control desk",
            )),
        }
    }
}

/// The refusal of what an administrator switched off for somebody.
pub(super) fn feature_off(feature: Feature) -> ApiError {
    let detail = "the administration switched this off for you; ask it if you need it";
    ApiError::forbidden("feature_off", detail).param("feature", feature)
}
