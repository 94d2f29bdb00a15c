//! What can be decided about a device, the same wherever it is decided.

use fernamt_domain::{DeviceId, DeviceKind, DeviceState, DomainEvent, audit::AuditKind};
use fernamt_http::{ApiError, Session};
use fernamt_identity::{container, licence};
use fernamt_store::{DeviceRecord, StoreError, Work};

use crate::{act::done, error::AdminError};

/// A decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It may be used.
    Approve,
    /// It is blocked for the time being.
    Suspend,
    /// It is blocked for good.
    Revoke,
    /// It is a stick that was lost: blocked for good.
    Lose,
}

impl Decision {
    /// The word in the audit log.
    fn action(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Suspend => "suspended",
            Self::Revoke => "revoked",
            Self::Lose => "stick_lost",
        }
    }
}

/// Decides about a device: what no longer may run on it ends.
pub(crate) async fn decide(session: &Session, id: DeviceId, decision: Decision) -> Result<(), AdminError> {
    if decision != Decision::Approve && session.facts.device == Some(id) {
        return Err(ApiError::conflict("this_device", "this is the device that you are working on").into());
    }
    let mut work = session.site.tenant.begin().await?;
    if decision == Decision::Lose {
        work.sticks().lose(id).await?;
    }
    let present = work.devices().get(id).await?;
    if present.state == DeviceState::Revoked {
        return match decision {
            // Blocked for good it is already; that it was lost may come out later.
            Decision::Lose => finish(session, work, &present, decision).await,
            _ => Err(gone().into()),
        };
    }
    let state = match decision {
        Decision::Approve => approved(&work, &present).await?,
        Decision::Suspend => DeviceState::Suspended,
        Decision::Revoke | Decision::Lose => DeviceState::Revoked,
    };
    if present.state == state {
        return Ok(());
    }
    if state == DeviceState::Approved {
        container::must_be_approvable(&work, &present).await?;
    }
    work.devices().set_state(id, state, Some(session.person())).await?;
    if state == DeviceState::Approved && licence::take_for_approval(&work, &present).await? {
        work.record(done(session, AuditKind::Device, "licence_taken").device(id).about(present.person));
    }
    // A program can not sign in again: while it is suspended its token is refused, and waits.
    let waits = present.kind == DeviceKind::ApiClient && state == DeviceState::Suspended;
    if state != DeviceState::Approved && !waits {
        for session in work.sessions().end_of_device(id).await? {
            work.publish(DomainEvent::SessionEnded { session });
        }
    }
    finish(session, work, &present, decision).await
}

/// Deletes a device's share of its container's key, wherever the device is, and frees its licence. Nothing happens where there
/// is neither.
pub(crate) async fn wipe(session: &Session, id: DeviceId) -> Result<(), AdminError> {
    let mut work = session.site.tenant.begin().await?;
    let device = work.devices().get(id).await?;
    let licensed = work.licences().has(id).await?;
    if work.containers().wipe(id).await? {
        work.record(done(session, AuditKind::Device, "container_wiped").device(id).about(device.person));
        // The page that is open there hears of it at once.
        work.publish(DomainEvent::DeviceChanged { device: id });
    } else if licensed {
        work.record(done(session, AuditKind::Device, "licence_freed").device(id).about(device.person));
    }
    Ok(work.commit().await?)
}

/// The refusal to do anything with what is blocked for good.
pub(crate) fn gone() -> ApiError {
    ApiError::conflict("revoked", "this device was revoked for good; it has to be enrolled anew")
}

/// What becomes of a device that is approved: a stick without a key waits for it.
async fn approved(work: &Work, device: &DeviceRecord) -> Result<DeviceState, AdminError> {
    if device.kind != DeviceKind::Stick {
        return Ok(DeviceState::Approved);
    }
    let copied = match work.sticks().get(device.id).await {
        Ok(stick) => stick.copied_at.is_some(),
        Err(StoreError::NotFound(_)) => false,
        Err(error) => return Err(error.into()),
    };
    if copied {
        let text = "a copy of this stick was used; make a new activation code, which makes the copy worthless";
        return Err(ApiError::conflict("stick_copied", text).into());
    }
    match (device.public_key.is_empty(), device.state) {
        (false, _) => Ok(DeviceState::Approved),
        (true, DeviceState::Suspended) => Ok(DeviceState::Pending),
        (true, _) => {
            let text = "this stick has no key yet: it may be used once it was activated with its code";
            Err(ApiError::conflict("stick_not_activated", text).into())
        }
    }
}

async fn finish(
    session: &Session,
    mut work: Work,
    device: &DeviceRecord,
    decision: Decision,
) -> Result<(), AdminError> {
    work.record(done(session, AuditKind::Device, decision.action()).device(device.id).about(device.person));
    work.publish(DomainEvent::DeviceChanged { device: device.id });
    Ok(work.commit().await?)
}
