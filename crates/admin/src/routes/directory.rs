//! Directories that people come from: connected, tested, synchronised. What is spoken to them is the identity
//! feature's; here it is only kept.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, post, put},
};
use fernamt_api::admin::directory::{
    ChangeDirectory, Directory, DirectoryFields, DirectoryTest, SetDirectory, SyncReport,
};
use fernamt_domain::{DirectoryId, DomainEvent, Secret, audit::AuditKind, feature::names};
use fernamt_http::{Administrator, ApiError, Json, Path};
use fernamt_identity::{
    directory::{
        DirectoryConfig, DirectoryError,
        sync::{SyncError, SyncResult, limit_key},
    },
    feature,
    session::end_all,
};
use fernamt_store::{DirectoryRecord, StoreError, TenantStore};
use serde_json::json;

use crate::{Admin, act::done, check::Checks, error::AdminError, usage::Usage, version};

/// The most directories of a tenant.
const MAX_DIRECTORIES: usize = 10;

/// The most characters of a line of text.
const MAX_TEXT_CHARS: usize = 1_000;

/// The most characters of the certificates.
const MAX_PEM_CHARS: usize = 100_000;

/// Wrong passwords of a person that may reach a directory in a window unless an administrator says otherwise.
const DEFAULT_FAILED_BINDS: u8 = 3;

/// The most wrong passwords of a person that may reach a directory in a window.
const MAX_FAILED_BINDS: u8 = 50;

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/directories", get(list).post(create))
        .route("/api/v1/admin/directories/test", post(test))
        .route("/api/v1/admin/directories/{id}", put(change).delete(remove))
        .route("/api/v1/admin/directories/{id}/sync", post(sync))
}

async fn list(Administrator(session): Administrator) -> Result<Json<Vec<Directory>>, AdminError> {
    let tenant = &session.site.tenant;
    let mut directories = Vec::new();
    for record in tenant.directories().all().await? {
        directories.push(shown(tenant, record).await?);
    }
    Ok(Json(directories))
}

async fn create(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
    Json(wanted): Json<SetDirectory>,
) -> Result<(StatusCode, Json<Directory>), AdminError> {
    let password = wanted.bind_password.as_ref();
    let password =
        password.ok_or_else(|| ApiError::invalid().field("bind_password", "required", "the password is needed"))?;
    check(&wanted.fields)?;
    let tenant = &session.site.tenant;
    let web = &session.site.web;
    let id = DirectoryId::new(&*web.clock, &*web.rng);
    let sealed = admin.identity.seal_directory_password(tenant.id(), password);
    let record = record(id, &wanted.fields, sealed);
    let mut work = tenant.begin().await?;
    if work.directories().all().await?.len() >= MAX_DIRECTORIES {
        return Err(ApiError::conflict("too_many", "no more directories are allowed")
            .param("limit", MAX_DIRECTORIES)
            .into());
    }
    work.directories().insert(&record).await?;
    work.settings().set(&limit_key(id), &wanted.fields.max_failed_binds).await?;
    work.record(done(&session, AuditKind::Setting, "directory_connected").details(json!({ "directory": id })));
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(shown(tenant, record).await?)))
}

async fn change(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<DirectoryId>,
    Json(change): Json<ChangeDirectory>,
) -> Result<Json<Directory>, AdminError> {
    let wanted = change.set;
    check(&wanted.fields)?;
    let tenant = &session.site.tenant;
    let mut work = tenant.begin().await?;
    let present = work.directories().get(id).await?;
    let limit = work.settings().get(&limit_key(id)).await?;
    version::expect(&change.version, &version_of(&present, limit))?;
    let sealed = match &wanted.bind_password {
        Some(password) => admin.identity.seal_directory_password(tenant.id(), password),
        None if keeps_its_server(&present, &wanted.fields) => present.bind_password_sealed.clone(),
        None => return Err(password_again().into()),
    };
    let record = DirectoryRecord {
        last_sync_at: present.last_sync_at,
        last_sync_result: present.last_sync_result,
        ..record(id, &wanted.fields, sealed)
    };
    work.directories().update(&record).await?;
    work.settings().set(&limit_key(id), &wanted.fields.max_failed_binds).await?;
    work.record(done(&session, AuditKind::Setting, "directory_changed").details(json!({ "directory": id })));
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await?;
    Ok(Json(shown(tenant, record).await?))
}

async fn remove(Administrator(session): Administrator, Path(id): Path<DirectoryId>) -> Result<StatusCode, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    // Held before any row of people, so that nobody names one of its groups meanwhile.
    let switches = feature::held(&work).await?;
    let people = work.people().of_directory(id).await?;
    if people.iter().any(|person| person.id == session.person()) {
        return Err(crate::error::oneself().into());
    }
    let groups = work.groups().of_directory(id).await?;
    let rules = work.rules().all().await?;
    let using = Usage::of(rules).naming_any(groups.iter().map(|group| group.id));
    if !using.is_empty() {
        return Err(crate::error::used_by(&using).into());
    }
    if groups.iter().any(|group| names(&switches, group.id)) {
        return Err(crate::error::used_by_features().into());
    }
    work.directories().remove(id).await?;
    for person in &people {
        end_all(&mut work, person.id, None).await?;
        work.publish(DomainEvent::PersonChanged { person: person.id });
    }
    crate::guard::somebody_administers(&work).await?;
    let details = json!({ "directory": id, "people": people.len() });
    work.record(done(&session, AuditKind::Setting, "directory_disconnected").details(details));
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn test(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
    Json(wanted): Json<SetDirectory>,
) -> Result<Json<DirectoryTest>, AdminError> {
    check(&wanted.fields)?;
    let config = config(&session.site.tenant, &admin, wanted).await?;
    Ok(Json(match admin.identity.test_directory(&config).await {
        Ok(found) => DirectoryTest {
            ok: true,
            code: "ok".to_owned(),
            fault: None,
            params: BTreeMap::new(),
            detail: "the directory answered".to_owned(),
            people: u32::try_from(found.people).unwrap_or(u32::MAX),
            groups: u32::try_from(found.groups).unwrap_or(u32::MAX),
            sample: found.sample,
        },
        Err(error) => DirectoryTest {
            ok: false,
            code: code(&error).to_owned(),
            fault: Some(error.code().to_owned()),
            params: error.params(),
            detail: error.to_string(),
            people: 0,
            groups: 0,
            sample: Vec::new(),
        },
    }))
}

async fn sync(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<DirectoryId>,
) -> Result<Json<Directory>, AdminError> {
    let tenant = &session.site.tenant;
    tenant.directories().get(id).await?;
    match admin.identity.synchronise_directory(tenant, id).await {
        // A fault of the directory is part of the answer: it stands in the result of the last round.
        Ok(_) | Err(SyncError::Directory(_)) => {}
        Err(SyncError::Store(error)) => return Err(error.into()),
    }
    tenant.record(done(&session, AuditKind::DirectorySync, "asked_for").details(json!({ "directory": id }))).await?;
    Ok(Json(shown(tenant, tenant.directories().get(id).await?).await?))
}

fn check(fields: &DirectoryFields) -> Result<(), AdminError> {
    let mut checks = Checks::default();
    checks.name("name", &fields.name, 100);
    let address = fields.url.starts_with("ldaps://") || fields.url.starts_with("ldap://");
    checks.that(address, "url", "invalid", "the address reads ldaps://host or ldap://host");
    checks.text("url", &fields.url, MAX_TEXT_CHARS);
    for (path, text) in [("bind_dn", &fields.bind_dn), ("base_dn", &fields.base_dn)] {
        checks.that(!text.trim().is_empty(), path, "required", "this is needed");
        checks.text(path, text, MAX_TEXT_CHARS);
    }
    checks.text("person_filter", &fields.person_filter, MAX_TEXT_CHARS);
    checks.text("group_filter", &fields.group_filter, MAX_TEXT_CHARS);
    checks.that(fields.ca_pem.len() <= MAX_PEM_CHARS, "ca_pem", "too_long", "these are too many certificates");
    let few = (1..=MAX_FAILED_BINDS).contains(&fields.max_failed_binds);
    checks.that(few, "max_failed_binds", "out_of_range", "1 to 50 wrong passwords");
    Ok(checks.finish()?)
}

/// Whether the stored password would go to the same account of the same server. Otherwise it has to be typed again:
/// nobody should learn it by pointing us at a server of their own.
fn keeps_its_server(present: &DirectoryRecord, wanted: &DirectoryFields) -> bool {
    present.url == wanted.url
        && present.bind_dn == wanted.bind_dn
        && present.ca_pem.as_deref().unwrap_or_default() == wanted.ca_pem
}

fn password_again() -> ApiError {
    ApiError::invalid().field("bind_password", "required", "another server or account needs its password typed again")
}

/// The connection to test. Without a typed password, that of a stored connection to the same server.
async fn config(tenant: &TenantStore, admin: &Admin, wanted: SetDirectory) -> Result<DirectoryConfig, AdminError> {
    let fields = wanted.fields;
    let bind_password: Secret<String> = match wanted.bind_password {
        Some(password) => password,
        None => {
            let stored = tenant.directories().all().await?;
            let same = stored.iter().find(|present| keeps_its_server(present, &fields)).ok_or_else(password_again)?;
            admin.identity.directory_config(tenant, same).map_err(|_| password_again())?.bind_password
        }
    };
    let address = |_| ApiError::invalid().field("url", "invalid", "the address reads ldaps://host or ldap://host");
    Ok(DirectoryConfig {
        url: fields.url.parse().map_err(address)?,
        bind_dn: fields.bind_dn,
        bind_password,
        base_dn: fields.base_dn,
        person_filter: fields.person_filter,
        group_filter: fields.group_filter,
        ca_pem: fields.ca_pem,
    })
}

fn record(id: DirectoryId, fields: &DirectoryFields, bind_password_sealed: Vec<u8>) -> DirectoryRecord {
    DirectoryRecord {
        id,
        name: fields.name.clone(),
        url: fields.url.clone(),
        bind_dn: fields.bind_dn.clone(),
        bind_password_sealed,
        base_dn: fields.base_dn.clone(),
        person_filter: fields.person_filter.clone(),
        group_filter: fields.group_filter.clone(),
        ca_pem: Some(fields.ca_pem.clone()).filter(|pem| !pem.is_empty()),
        enabled: true,
        last_sync_at: None,
        last_sync_result: None,
    }
}

async fn shown(tenant: &TenantStore, record: DirectoryRecord) -> Result<Directory, StoreError> {
    let limit = tenant.settings().get(&limit_key(record.id)).await?;
    let version = version_of(&record, limit);
    let result = record.last_sync_result.and_then(|result| serde_json::from_value::<SyncResult>(result).ok());
    Ok(Directory {
        id: record.id,
        version,
        last_sync_at: record.last_sync_at,
        last_sync: result.map(report),
        fields: DirectoryFields {
            name: record.name,
            url: record.url,
            bind_dn: record.bind_dn,
            base_dn: record.base_dn,
            person_filter: record.person_filter,
            group_filter: record.group_filter,
            ca_pem: record.ca_pem.unwrap_or_default(),
            max_failed_binds: limit.unwrap_or(DEFAULT_FAILED_BINDS),
        },
    })
}

/// A directory's version: it changes with what an administrator sets. The password counts as it lies in the store,
/// sealed anew whenever it is set.
fn version_of(record: &DirectoryRecord, limit: Option<u8>) -> String {
    let place = (&record.name, &record.url, &record.bind_dn, &record.bind_password_sealed, &record.base_dn);
    version::of(&(place, &record.person_filter, &record.group_filter, &record.ca_pem, limit))
}

fn report(result: SyncResult) -> SyncReport {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    SyncReport {
        ok: result.ok,
        code: result.code,
        detail: result.detail,
        params: result.params,
        people: count(result.people),
        groups: count(result.groups),
        name_clashes: count(result.name_clashes),
        kept_groups: count(result.kept_groups.len()),
        lockout_threshold: result.lockout_threshold,
    }
}

/// The stable word of the API for what a test ran into.
fn code(error: &DirectoryError) -> &'static str {
    match error {
        DirectoryError::Certificates | DirectoryError::Untrusted { .. } => "certificate",
        DirectoryError::BindRefused => "bind_refused",
        DirectoryError::BaseMissing => "base_not_found",
        DirectoryError::Nobody => "nobody_found",
        _ => "unreachable",
    }
}
