//! The server's side of sealed containers: the share of each device's key, and the policy that holds for it.
//!
//! A container in a browser opens with a passphrase and with the share that is kept here. So a copy of the browser's
//! profile opens nowhere once the share is deleted, whatever else somebody knows. The share is released to the device
//! that it was made for, while that is approved and its person signed in not long ago.

mod browser;
mod enrolment;
mod phone;
mod policy;
mod routes;
mod share;

use std::sync::Arc;

use axum::{Router, extract::FromRequestParts, http::request::Parts};
use fernamt_domain::{DeviceId, DeviceState};
use fernamt_http::{ApiError, Session};
use fernamt_store::{ContainerRecord, SessionRecord, Work};
use time::{Duration, OffsetDateTime};

use crate::{Identity, session::not_signed_in};

pub(crate) use browser::Browser;
pub(crate) use enrolment::note_waiting;
pub use phone::{is_taken_no_more, must_be_approvable, must_be_taken};

/// How old a sign-in may be for a share to be made or released.
pub const FRESH_SIGN_IN: Duration = Duration::hours(12);

impl Identity {
    /// The routes of containers, for the origin of mail.
    pub fn container_router(self: Arc<Self>) -> Router {
        routes::router(self)
    }

    /// The container of the device that asks, held until the unit of work ends. What became of device and session
    /// since the request began is looked at again.
    async fn hold(&self, owner: &Owner) -> Result<Held, ApiError> {
        let work = owner.session.site.tenant.begin().await?;
        self.hold_in(work, owner).await
    }

    /// The same in a unit of work that began before.
    async fn hold_in(&self, work: Work, owner: &Owner) -> Result<Held, ApiError> {
        let (device, container) = work.containers().held(owner.device).await?;
        approved(device.state)?;
        let session = work.sessions().get(owner.session.facts.session).await?;
        if session.ended_at.is_some() {
            return Err(not_signed_in());
        }
        Ok(Held { work, container, session })
    }
}

/// An approved device, with the session in which it asks.
#[derive(Debug)]
struct Owner {
    session: Session,
    device: DeviceId,
}

impl<S: Send + Sync> FromRequestParts<S> for Owner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let session = Session::from_request_parts(parts, state).await?;
        let device = session.facts.device.ok_or_else(ApiError::not_found)?;
        approved(session.facts.device_state)?;
        Ok(Self { session, device })
    }
}

fn approved(state: DeviceState) -> Result<(), ApiError> {
    match state {
        DeviceState::Pending => {
            Err(ApiError::forbidden("device_pending", "this device waits for approval by your control desk"))
        }
        other => blocked(other).map_or(Ok(()), Err),
    }
}

/// Why nothing goes on a device that was approved once.
pub(crate) fn blocked(state: DeviceState) -> Option<ApiError> {
    match state {
        DeviceState::Approved | DeviceState::Pending => None,
        DeviceState::Suspended => {
            let detail = "this device is suspended; once your control desk approves it, sign in again";
            Some(ApiError::forbidden("device_suspended", detail))
        }
        DeviceState::Revoked => {
            Some(ApiError::forbidden("device_blocked", "this device was revoked for good; ask your control desk"))
        }
    }
}

/// A container in a unit of work.
struct Held {
    work: Work,
    container: ContainerRecord,
    session: SessionRecord,
}

impl Held {
    /// Refuses what needs a person who signed in not long ago.
    fn must_be_fresh(&self, now: OffsetDateTime) -> Result<(), ApiError> {
        if is_fresh(&self.session, now) {
            return Ok(());
        }
        let hours = FRESH_SIGN_IN.whole_hours();
        let detail = format!("the last sign-in is more than {hours} hours ago; sign in again");
        Err(ApiError::forbidden("sign_in_not_fresh", detail).param("hours", hours))
    }
}

fn is_fresh(session: &SessionRecord, now: OffsetDateTime) -> bool {
    now - session.created_at <= FRESH_SIGN_IN
}
