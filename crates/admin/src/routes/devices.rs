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
use fernamt_domain::{DeviceId, DeviceState, PersonId};
use fernamt_http::{ControlDesk, Json, Path, Query, Session};
use fernamt_store::{DeviceRecord, StoreError, TenantStore};

use crate::{
    Admin,
    act::{cut, matches},
    devices::{Decision, decide},
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
            && (query.state != Some(DeviceState::Pending) || people::awaits_decision(device))
            && query.kind.is_none_or(|kind| device.kind == kind)
            && matches(query.q.as_deref(), &format!("{}\n{}", device.name, name_of(device.person)))
    });
    found.sort_by_key(|device| !people::awaits_decision(device));
    let items = found.into_iter().map(|device| shown(device, &names)).collect();
    Ok(Json(cut(items, query.offset, query.limit)))
}

async fn approve(ControlDesk(session): ControlDesk, Path(id): Path<DeviceId>) -> Result<Json<Device>, AdminError> {
    change(&session, id, Decision::Approve).await
}

async fn suspend(ControlDesk(session): ControlDesk, Path(id): Path<DeviceId>) -> Result<Json<Device>, AdminError> {
    change(&session, id, Decision::Suspend).await
}

async fn revoke(ControlDesk(session): ControlDesk, Path(id): Path<DeviceId>) -> Result<Json<Device>, AdminError> {
    change(&session, id, Decision::Revoke).await
}

async fn change(session: &Session, id: DeviceId, decision: Decision) -> Result<Json<Device>, AdminError> {
    decide(session, id, decision).await?;
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
