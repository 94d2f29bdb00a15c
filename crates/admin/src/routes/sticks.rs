//! Sticks: made, handed out, taken back. For administrators and the control desk.

use std::{collections::BTreeSet, io::Seek as _, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use fernamt_api::{
    Page,
    admin::{
        people::PersonRef,
        sticks::{
            CreateSticks, CreatedStick, CreatedSticks, LeftOut, MAX_STICKS_AT_ONCE, PackSticks, Stick, StickDelivery,
            StickQuery,
        },
    },
};
use fernamt_domain::{DeviceId, DeviceKind, DeviceState, PersonId, audit::AuditKind};
use fernamt_http::{ApiError, ControlDesk, Json, Path, Query, Session};
use fernamt_identity::stick::{NotOrdered, Ordered};
use fernamt_store::StoreError;
use futures_util::StreamExt as _;
use tokio_util::io::ReaderStream;

use crate::{
    Admin,
    act::done,
    devices::{Decision, decide, gone},
    error::AdminError,
    sticks::{self, DeliveryFault, Packed, Place, Seen, write_package},
};

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/sticks", get(list).post(create))
        .route("/api/v1/admin/sticks/delivery", get(delivery))
        .route("/api/v1/admin/sticks/packages", post(pack_many))
        .route("/api/v1/admin/sticks/{id}", get(one))
        .route("/api/v1/admin/sticks/{id}/package", get(pack_one))
        .route("/api/v1/admin/sticks/{id}/activation-code", post(new_code))
        .route("/api/v1/admin/sticks/{id}/suspend", post(suspend))
        .route("/api/v1/admin/sticks/{id}/resume", post(resume))
        .route("/api/v1/admin/sticks/{id}/lost", post(lose))
        .route("/api/v1/admin/sticks/{id}/end", post(end))
}

async fn list(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
    Query(query): Query<StickQuery>,
) -> Result<Json<Page<Stick>>, AdminError> {
    let grants = admin.identity.authoriser().grants().snapshot();
    let seen = Seen { now: session.situation.at, grants: &grants };
    Ok(Json(sticks::list(&session.site.tenant, &query, &seen).await?))
}

async fn one(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<DeviceId>,
) -> Result<Json<Stick>, AdminError> {
    Ok(Json(shown(&admin, &session, id).await?))
}

async fn shown(admin: &Admin, session: &Session, id: DeviceId) -> Result<Stick, StoreError> {
    let grants = admin.identity.authoriser().grants().snapshot();
    sticks::one(&session.site.tenant, id, &Seen { now: session.situation.at, grants: &grants }).await
}

async fn create(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
    Json(wanted): Json<CreateSticks>,
) -> Result<(StatusCode, Json<CreatedSticks>), AdminError> {
    let people = people_of(&session, &wanted).await?;
    let tenant = &session.site.tenant;
    let (mut made, mut left_out) = (Vec::new(), Vec::new());
    let mut work = tenant.begin().await?;
    for person in people {
        let by = Some(session.person());
        match admin.identity.order_stick(&mut work, tenant.id(), person, wanted.additional, by).await {
            Ok(ordered) => {
                let event = done(&session, AuditKind::Device, "stick_ordered");
                work.record(event.device(ordered.device).about(person));
                made.push(ordered);
            }
            Err(NotOrdered::LeftOut(reason)) => {
                let display_name = work.people().get(person).await?.display_name;
                left_out.push(LeftOut { person: PersonRef { id: person, display_name }, reason });
            }
            Err(NotOrdered::Store(error)) => return Err(error.into()),
        }
    }
    work.commit().await?;
    let grants = admin.identity.authoriser().grants().snapshot();
    let seen = Seen { now: session.situation.at, grants: &grants };
    let mut sticks = Vec::new();
    for ordered in made {
        sticks.push(with_code(sticks::one(tenant, ordered.device, &seen).await?, &ordered));
    }
    sticks.sort_by_cached_key(|created| created.stick.person_name.to_lowercase());
    left_out.sort_by_cached_key(|left| left.person.display_name.to_lowercase());
    Ok((StatusCode::CREATED, Json(CreatedSticks { sticks, left_out })))
}

/// For whom: either people or one group, each once.
async fn people_of(session: &Session, wanted: &CreateSticks) -> Result<BTreeSet<PersonId>, AdminError> {
    let (people, path): (BTreeSet<_>, _) = match (&*wanted.people, wanted.group) {
        ([], None) => {
            return Err(ApiError::invalid().field("people", "required", "name people or one group").into());
        }
        (people, None) => (people.iter().copied().collect(), "people"),
        ([], Some(group)) => {
            session.site.tenant.groups().get(group).await?;
            let members = session.site.tenant.groups().all_members(group).await?;
            (members, "group")
        }
        _ => {
            let text = "either people or a group, not both";
            return Err(ApiError::invalid().field("group", "contradiction", text).into());
        }
    };
    if people.len() > MAX_STICKS_AT_ONCE {
        let text = format!("at most {MAX_STICKS_AT_ONCE} people at once, not {}", people.len());
        return Err(ApiError::invalid().field(path, "too_many", text).into());
    }
    Ok(people)
}

fn with_code(stick: Stick, ordered: &Ordered) -> CreatedStick {
    CreatedStick { stick, activation_code: ordered.code.expose().clone(), expires_at: ordered.until }
}

async fn new_code(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<DeviceId>,
) -> Result<Json<CreatedStick>, AdminError> {
    let tenant = &session.site.tenant;
    let mut work = tenant.begin().await?;
    let device = work.devices().get(id).await?;
    if device.state == DeviceState::Revoked {
        return Err(gone().into());
    }
    let ordered = admin.identity.reorder_stick(&mut work, tenant.id(), id, Some(session.person())).await?;
    work.record(done(&session, AuditKind::Device, "stick_code_made").device(id).about(device.person));
    work.commit().await?;
    Ok(Json(with_code(shown(&admin, &session, id).await?, &ordered)))
}

async fn suspend(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<DeviceId>,
) -> Result<Json<Stick>, AdminError> {
    change(&admin, &session, id, Decision::Suspend).await
}

async fn resume(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<DeviceId>,
) -> Result<Json<Stick>, AdminError> {
    change(&admin, &session, id, Decision::Approve).await
}

async fn lose(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<DeviceId>,
) -> Result<Json<Stick>, AdminError> {
    change(&admin, &session, id, Decision::Lose).await
}

async fn end(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<DeviceId>,
) -> Result<Json<Stick>, AdminError> {
    change(&admin, &session, id, Decision::Revoke).await
}

async fn change(admin: &Admin, session: &Session, id: DeviceId, decision: Decision) -> Result<Json<Stick>, AdminError> {
    // Other devices are decided on among the devices.
    session.site.tenant.sticks().get(id).await?;
    decide(session, id, decision).await?;
    Ok(Json(shown(admin, session, id).await?))
}

async fn delivery(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
) -> Result<Json<StickDelivery>, AdminError> {
    Ok(Json(admin.delivery.view(&place(&session))))
}

async fn pack_one(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<DeviceId>,
) -> Result<Response, AdminError> {
    let packed = packed(&admin, &session, &[id]).await?;
    send(&admin, &session, packed, "fernamt-stick.zip").await
}

async fn pack_many(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
    Json(wanted): Json<PackSticks>,
) -> Result<Response, AdminError> {
    let ids: BTreeSet<_> = wanted.sticks.into_iter().collect();
    if ids.is_empty() {
        return Err(ApiError::invalid().field("sticks", "required", "name at least one stick").into());
    }
    if ids.len() > MAX_STICKS_AT_ONCE {
        let text = format!("at most {MAX_STICKS_AT_ONCE} sticks at once, not {}", ids.len());
        return Err(ApiError::invalid().field("sticks", "too_many", text).into());
    }
    let packed = packed(&admin, &session, &ids.into_iter().collect::<Vec<_>>()).await?;
    send(&admin, &session, packed, "fernamt-sticks.zip").await
}

fn place(session: &Session) -> Place<'_> {
    let site = &session.site;
    Place { tenant: &site.tenant, host: &site.host, address: &site.web.address }
}

async fn packed(admin: &Admin, session: &Session, ids: &[DeviceId]) -> Result<Vec<Packed>, AdminError> {
    let tenant = &session.site.tenant;
    let mut packed = Vec::new();
    for id in ids {
        let device = tenant.devices().get(*id).await?;
        if device.kind != DeviceKind::Stick {
            return Err(ApiError::not_found().into());
        }
        if device.state == DeviceState::Revoked {
            return Err(gone().into());
        }
        let person = tenant.people().get(device.person).await?;
        let config = admin.delivery.config(&place(session), &device, &person).await?;
        packed.push(Packed { name: person.name, config });
    }
    Ok(packed)
}

/// Makes the package on the disk and sends it from there, so that no request holds programs in memory.
async fn send(admin: &Admin, session: &Session, sticks: Vec<Packed>, file_name: &str) -> Result<Response, AdminError> {
    let delivery = &admin.delivery;
    let programs = delivery.ready().map_err(refused)?;
    let Ok(permit) = Arc::clone(&delivery.permits).try_acquire_owned() else {
        return Err(ApiError::slow_down(5).into());
    };
    let (scratch, now) = (delivery.scratch().to_owned(), session.situation.at);
    let made = tokio::task::spawn_blocking(move || {
        let mut file = write_package(tempfile::tempfile_in(scratch)?, &programs, &sticks, now)?;
        let bytes = file.stream_position()?;
        file.rewind()?;
        Ok::<_, std::io::Error>((file, bytes))
    });
    let (file, bytes) =
        made.await.map_err(|error| ApiError::internal(&error))?.map_err(|error| refused(error.into()))?;
    let pieces = ReaderStream::new(tokio::fs::File::from_std(file)).map(move |piece| {
        // Held until the last piece is sent, or nobody wants it any more.
        let _ = &permit;
        piece
    });
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_LENGTH, bytes.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file_name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

fn refused(fault: DeliveryFault) -> AdminError {
    match fault {
        DeliveryFault::ProgramsMissing(ref folder) => {
            ApiError::conflict("stick_programs_missing", fault.to_string()).param("folder", folder.display()).into()
        }
        DeliveryFault::NoWay => ApiError::conflict("stick_no_way", fault.to_string()).into(),
        DeliveryFault::Io(error) => ApiError::internal(&error).into(),
        DeliveryFault::Store(error) => error.into(),
    }
}
