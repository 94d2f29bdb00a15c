//! Who may ask at all.

use axum::{extract::FromRequestParts, http::request::Parts};
use fernamt_domain::DeviceState;
use fernamt_http::{ApiError, Session};

/// A session on a device that the control desk approved. No mail reaches any other.
#[derive(Debug)]
pub(super) struct Approved(pub(super) Session);

impl<S: Send + Sync> FromRequestParts<S> for Approved {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let session = Session::from_request_parts(parts, state).await?;
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
