//! What the signed-in person manages: sessions, devices, password, language.

use std::{collections::HashMap, sync::Arc};

use axum::{extract::State, http::StatusCode};
use fernamt_api::me::{ChangePassword, MyDevice, MySession, NewSshKey, RenameDevice, SetLanguage};
use fernamt_domain::{
    DeviceId, DeviceKind, DeviceState, DomainEvent, Method, PersonSource, Secret, SessionId,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_http::{ApiError, Json, Path, Session};
use fernamt_store::{DeviceRecord, StoreError};

use crate::{
    Identity,
    device::{DeviceName, Key},
    failure::SignInError,
    fingerprint, password,
    session::{self, end_all},
    settings,
    ssh_key::SshPublicKey,
    throttle::Attempt,
};

pub(super) async fn sessions(
    State(identity): State<Arc<Identity>>,
    session: Session,
) -> Result<Json<Vec<MySession>>, ApiError> {
    let tenant = &session.site.tenant;
    let rows = tenant.sessions().live_of_person(session.person()).await?;
    let devices = tenant.devices().of_person(session.person()).await?;
    let names: HashMap<DeviceId, String> = devices.into_iter().map(|device| (device.id, device.name)).collect();
    let mut connections: HashMap<SessionId, u32> = HashMap::new();
    for grant in identity.authoriser().grants().snapshot() {
        *connections.entry(grant.facts.session).or_default() += 1;
    }
    let view = |row: fernamt_store::SessionRecord| MySession {
        id: row.id,
        current: row.id == session.facts.session,
        device_name: row.device.and_then(|id| names.get(&id).cloned()).unwrap_or_else(|| row.device_kind.to_string()),
        device_kind: row.device_kind,
        methods: row.methods,
        zone: row.zone,
        created_at: row.created_at,
        seen_at: row.seen_at,
        connections: connections.get(&row.id).copied().unwrap_or(0),
    };
    Ok(Json(rows.into_iter().map(view).collect()))
}

pub(super) async fn end_session(
    State(_): State<Arc<Identity>>,
    session: Session,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, ApiError> {
    let tenant = &session.site.tenant;
    let row = tenant.sessions().get(id).await.map_err(not_found)?;
    if row.person != session.person() {
        return Err(ApiError::not_found());
    }
    let mut work = tenant.begin().await?;
    session::end(&mut work, id).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn devices(State(_): State<Arc<Identity>>, session: Session) -> Result<Json<Vec<MyDevice>>, ApiError> {
    let devices = session.site.tenant.devices().of_person(session.person()).await?;
    let shown = devices.into_iter().filter(|device| device.state != DeviceState::Revoked);
    Ok(Json(shown.map(|device| my_device(device, &session)).collect()))
}

pub(super) async fn rename_device(
    State(_): State<Arc<Identity>>,
    session: Session,
    Path(id): Path<DeviceId>,
    Json(request): Json<RenameDevice>,
) -> Result<Json<MyDevice>, ApiError> {
    let tenant = &session.site.tenant;
    let device = tenant.devices().get(id).await.map_err(not_found)?;
    if device.person != session.person() || device.state == DeviceState::Revoked {
        return Err(ApiError::not_found());
    }
    let name =
        DeviceName::parse(&request.name, device.kind).map_err(|fault| SignInError::Name { path: "name", fault })?;
    let mut work = tenant.begin().await?;
    work.devices().rename(id, name.as_str()).await?;
    let (person, renamed) = (session.person(), AuditEvent::new(AuditKind::Device, "renamed", Outcome::Success));
    work.record(renamed.by(person).about(person).device(id));
    work.commit().await?;
    let device = tenant.devices().get(id).await?;
    Ok(Json(my_device(device, &session)))
}

pub(super) async fn revoke_device(
    State(_): State<Arc<Identity>>,
    session: Session,
    Path(id): Path<DeviceId>,
) -> Result<StatusCode, ApiError> {
    let tenant = &session.site.tenant;
    let device = tenant.devices().get(id).await.map_err(not_found)?;
    if device.person != session.person() {
        return Err(ApiError::not_found());
    }
    revoke(tenant, &session, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke(tenant: &fernamt_store::TenantStore, session: &Session, id: DeviceId) -> Result<(), StoreError> {
    let person = session.person();
    let mut work = tenant.begin().await?;
    work.devices().set_state(id, DeviceState::Revoked, Some(person)).await?;
    for ended in work.sessions().end_of_device(id).await? {
        work.publish(DomainEvent::SessionEnded { session: ended });
    }
    work.record(AuditEvent::new(AuditKind::Device, "revoked", Outcome::Success).by(person).about(person).device(id));
    work.publish(DomainEvent::DeviceChanged { device: id });
    work.commit().await
}

pub(super) async fn add_ssh_key(
    State(identity): State<Arc<Identity>>,
    session: Session,
    Json(request): Json<NewSshKey>,
) -> Result<(StatusCode, Json<MyDevice>), ApiError> {
    let key = SshPublicKey::parse(&request.public_key)
        .map_err(|fault| ApiError::invalid().field("public_key", fault.code(), fault.to_string()))?;
    let name = DeviceName::parse(&request.name, DeviceKind::SshKey)
        .map_err(|fault| SignInError::Name { path: "name", fault })?;
    let tenant = &session.site.tenant;
    let settings = settings::load(tenant).await?;
    let thumbprint = key.fingerprint();
    let key = Key { kind: DeviceKind::SshKey, encoded: key.blob().to_vec(), thumbprint };
    let mut work = tenant.begin().await?;
    if work.devices().by_key(session.person(), &key.thumbprint).await?.is_some() {
        return Err(ApiError::conflict("key_known", "this key is enrolled already, or was revoked"));
    }
    let now = session.situation.at;
    let device = identity.enrol_device(&mut work, &settings, session.person(), &key, &name, now).await?;
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(my_device(device, &session))))
}

pub(super) async fn password(
    State(identity): State<Arc<Identity>>,
    session: Session,
    Json(request): Json<ChangePassword>,
) -> Result<StatusCode, ApiError> {
    let tenant = &session.site.tenant;
    let person = tenant.people().get(session.person()).await.map_err(not_found)?;
    if person.source != PersonSource::Local {
        return Err(ApiError::conflict("password_elsewhere", "the password is kept in the directory; change it there"));
    }
    // Who holds the session might still not know the password: guessing it is slowed down like a sign-in.
    let device = session.facts.device.ok_or_else(ApiError::not_found)?;
    let who = Attempt::KnownDevice(tenant.id(), device);
    let now = session.situation.at;
    identity.throttle.admit(who, now).map_err(SignInError::from)?;
    identity.throttle.failed(who, now);
    let stored = person.password_hash.as_ref().map(|hash| hash.expose().as_str());
    let right =
        identity.passwords.verify(password::Lane::Proven, &request.current, stored).await.map_err(SignInError::from)?;
    // Who came in by passkey or key may have no password yet; everybody else must know it.
    if !right && (stored.is_some() || !session.facts.methods.contains(&Method::Passkey)) {
        return Err(ApiError::invalid().field("current", "wrong", "this is not the present password"));
    }
    identity.throttle.succeeded(who);
    password::check_new(&request.new, &person.name, &person.display_name)
        .map_err(|fault| ApiError::invalid().field("new", fault.code(), fault.to_string()))?;
    let hash = identity.passwords.hash(&request.new).await.map_err(SignInError::from)?;
    let change = async {
        let mut work = tenant.begin().await?;
        work.people().set_password_hash(person.id, Some(Secret::new(hash))).await?;
        end_all(&mut work, person.id, Some(session.facts.session)).await?;
        work.record(
            AuditEvent::new(AuditKind::Person, "password_changed", Outcome::Success).by(person.id).about(person.id),
        );
        work.commit().await
    };
    change.await.map_err(|error: StoreError| SignInError::from(error))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn language(
    State(_): State<Arc<Identity>>,
    session: Session,
    Json(request): Json<SetLanguage>,
) -> Result<StatusCode, ApiError> {
    let language = request.language.unwrap_or_default();
    if !matches!(language.as_str(), "" | "de" | "en") {
        return Err(ApiError::invalid().field("language", "unknown", "the language is de or en"));
    }
    let work = session.site.tenant.begin().await?;
    work.people().set_language(session.person(), &language).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn my_device(device: DeviceRecord, session: &Session) -> MyDevice {
    MyDevice {
        fingerprint: fingerprint(&device),
        id: device.id,
        current: session.facts.device == Some(device.id),
        name: device.name,
        kind: device.kind,
        state: device.state,
        created_at: device.created_at,
        last_seen_on: device.last_seen_on,
    }
}

fn not_found(error: StoreError) -> ApiError {
    match error {
        StoreError::NotFound(_) => ApiError::not_found(),
        other => SignInError::from(other).into(),
    }
}
