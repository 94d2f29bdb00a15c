//! Devices of all people: approve, suspend, revoke, wipe. For administrators and the control desk.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    routing::{get, post},
};
use fernamt_api::{
    Page,
    admin::devices::{Device, DeviceContact, DeviceQuery, Licences},
};
use fernamt_domain::{DeviceId, DeviceState, PersonId};
use fernamt_http::{ControlDesk, Json, Path, Query, Session};
use fernamt_identity::settings;
use fernamt_store::{DeviceRecord, EnrolmentRecord, StoreError, TenantStore};

use crate::{
    Admin,
    act::{cut, matches},
    devices::{self, Decision, decide},
    error::AdminError,
    people,
};

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/devices", get(list))
        .route("/api/v1/admin/licences", get(licences))
        .route("/api/v1/admin/devices/{id}/approve", post(approve))
        .route("/api/v1/admin/devices/{id}/suspend", post(suspend))
        .route("/api/v1/admin/devices/{id}/revoke", post(revoke))
        .route("/api/v1/admin/devices/{id}/wipe", post(wipe))
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
    let containers = tenant.containers().devices().await?;
    let licensed = tenant.licences().devices().await?;
    let known = tenant.enrolments().all().await?;
    let mut contacts: HashMap<_, _> = known.into_iter().map(|known| (known.device, known)).collect();
    let name_of = |person: PersonId| names.get(&person).map_or("", String::as_str);
    found.retain(|device| {
        query.state.is_none_or(|state| device.state == state)
            && (query.state != Some(DeviceState::Pending) || people::awaits_decision(device))
            && query.kind.is_none_or(|kind| device.kind == kind)
            && matches(query.q.as_deref(), &format!("{}\n{}", device.name, name_of(device.person)))
    });
    found.sort_by_key(|device| !people::awaits_decision(device));
    let shown = |device: DeviceRecord| {
        let kept = Kept {
            container: containers.contains(&device.id),
            licence: licensed.contains(&device.id),
            contact: contacts.remove(&device.id),
        };
        shown(device, &names, kept)
    };
    let items = found.into_iter().map(shown).collect();
    Ok(Json(cut(items, query.offset, query.limit)))
}

async fn licences(ControlDesk(session): ControlDesk) -> Result<Json<Licences>, AdminError> {
    let tenant = &session.site.tenant;
    let app = settings::load(tenant).await?.enrolment.app.clone();
    let taken = u32::try_from(tenant.licences().count().await?).unwrap_or(u32::MAX);
    Ok(Json(Licences { demanded: app.demanded, app: app.name, licences: app.licences, taken }))
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

async fn wipe(ControlDesk(session): ControlDesk, Path(id): Path<DeviceId>) -> Result<Json<Device>, AdminError> {
    devices::wipe(&session, id).await?;
    Ok(Json(one(&session.site.tenant, id).await?))
}

async fn change(session: &Session, id: DeviceId, decision: Decision) -> Result<Json<Device>, AdminError> {
    decide(session, id, decision).await?;
    Ok(Json(one(&session.site.tenant, id).await?))
}

async fn one(tenant: &TenantStore, id: DeviceId) -> Result<Device, StoreError> {
    let device = tenant.devices().get(id).await?;
    let owner = tenant.people().get_even_removed(device.person).await?;
    let names = HashMap::from([(owner.id, owner.display_name)]);
    let kept = Kept {
        container: tenant.containers().get(id).await?.share.is_some(),
        licence: tenant.licences().has(id).await?,
        contact: tenant.enrolments().get(id).await?,
    };
    Ok(shown(device, &names, kept))
}

/// What is kept of a device beside itself.
struct Kept {
    container: bool,
    licence: bool,
    contact: Option<EnrolmentRecord>,
}

fn shown(device: DeviceRecord, names: &HashMap<PersonId, String>, kept: Kept) -> Device {
    Device {
        fingerprint: fernamt_identity::fingerprint(&device),
        id: device.id,
        person_id: device.person,
        person_name: names.get(&device.person).cloned().unwrap_or_default(),
        name: device.name,
        kind: device.kind,
        state: device.state,
        created_at: device.created_at,
        last_seen_on: device.last_seen_on,
        container: kept.container,
        licence: kept.licence,
        contact: kept.contact.map(|known| DeviceContact {
            at: known.contact_at,
            browser: known.browser,
            platform: known.platform,
            terms_accepted_at: known.accepted_at,
        }),
    }
}
