//! Devices of all people: approve, suspend, revoke. For administrators and the control desk.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    routing::{get, post},
};
use fernamt_api::{
    Page,
    admin::devices::{Device, DeviceQuery},
};
use fernamt_domain::{DeviceId, DeviceState, DomainEvent, PersonId, audit::AuditKind};
use fernamt_http::{ApiError, ControlDesk, Json, Path, Query, Session};
use fernamt_store::{DeviceRecord, StoreError, TenantStore};

use crate::{
    Admin,
    act::{cut, done, matches},
    error::AdminError,
    people,
};

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/devices", get(list))
        .route("/api/v1/admin/devices/{id}/approve", post(approve))
        .route("/api/v1/admin/devices/{id}/suspend", post(suspend))
        .route("/api/v1/admin/devices/{id}/revoke", post(revoke))
}

async fn list(
    ControlDesk(session): ControlDesk,
    Query(query): Query<DeviceQuery>,
) -> Result<Json<Page<Device>>, AdminError> {
    let tenant = &session.site.tenant;
    let mut found = match query.person {
        Some(person) => tenant.devices().of_person(person).await?,
        None => people::devices(tenant, query.state).await?,
    };
    let names = people::names(tenant).await?;
    let name_of = |person: PersonId| names.get(&person).map_or("", String::as_str);
    found.retain(|device| {
        query.state.is_none_or(|state| device.state == state)
            && query.kind.is_none_or(|kind| device.kind == kind)
            && matches(query.q.as_deref(), &format!("{}\n{}", device.name, name_of(device.person)))
    });
    found.sort_by_key(|device| device.state != DeviceState::Pending);
    let items = found.into_iter().map(|device| shown(device, &names)).collect();
    Ok(Json(cut(items, query.offset, query.limit)))
}

async fn approve(ControlDesk(session): ControlDesk, Path(id): Path<DeviceId>) -> Result<Json<Device>, AdminError> {
    set_state(&session, id, DeviceState::Approved, "approved").await
}

async fn suspend(ControlDesk(session): ControlDesk, Path(id): Path<DeviceId>) -> Result<Json<Device>, AdminError> {
    not_this_one(&session, id)?;
    set_state(&session, id, DeviceState::Suspended, "suspended").await
}

async fn revoke(ControlDesk(session): ControlDesk, Path(id): Path<DeviceId>) -> Result<Json<Device>, AdminError> {
    not_this_one(&session, id)?;
    set_state(&session, id, DeviceState::Revoked, "revoked").await
}

/// Refuses to cut off the branch that one sits on.
fn not_this_one(session: &Session, id: DeviceId) -> Result<(), AdminError> {
    if session.facts.device == Some(id) {
        Err(ApiError::conflict("this_device", "this is the device that you are working on").into())
    } else {
        Ok(())
    }
}

async fn set_state(
    session: &Session,
    id: DeviceId,
    state: DeviceState,
    action: &'static str,
) -> Result<Json<Device>, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    let present = work.devices().get(id).await?;
    if present.state == DeviceState::Revoked {
        return Err(
            ApiError::conflict("revoked", "this device was revoked for good; it has to be enrolled anew").into()
        );
    }
    if present.state != state {
        work.devices().set_state(id, state, Some(session.person())).await?;
        if state != DeviceState::Approved {
            for session in work.sessions().end_of_device(id).await? {
                work.publish(DomainEvent::SessionEnded { session });
            }
        }
        work.record(done(session, AuditKind::Device, action).device(id).about(present.person));
        work.publish(DomainEvent::DeviceChanged { device: id });
        work.commit().await?;
    }
    Ok(Json(one(&session.site.tenant, id).await?))
}

async fn one(tenant: &TenantStore, id: DeviceId) -> Result<Device, StoreError> {
    let device = tenant.devices().get(id).await?;
    let owner = tenant.people().get_even_removed(device.person).await?;
    let names = HashMap::from([(owner.id, owner.display_name)]);
    Ok(shown(device, &names))
}

fn shown(device: DeviceRecord, names: &HashMap<PersonId, String>) -> Device {
    Device {
        id: device.id,
        person_id: device.person,
        person_name: names.get(&device.person).cloned().unwrap_or_default(),
        name: device.name,
        kind: device.kind,
        state: device.state,
        fingerprint: device.thumbprint,
        created_at: device.created_at,
        last_seen_on: device.last_seen_on,
    }
}
