//! Targets: what people may reach, one by one.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, routing::get};
use fernamt_api::{
    Page,
    admin::targets::{ChangeTarget, Target, TargetFields, TargetQuery},
};
use fernamt_domain::{DomainEvent, TargetId, audit::AuditKind};
use fernamt_http::{Administrator, ApiError, Json, Path, Query};
use fernamt_store::{TargetRecord, TenantStore, Work};

use crate::{
    Admin,
    act::{cut, done, matches, page},
    check::invalid,
    error::AdminError,
    targets::{convert, convert::Around, fields},
    usage::Usage,
    version,
};

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/targets", get(list).post(create))
        .route("/api/v1/admin/targets/{id}", get(one).put(change).delete(remove))
}

async fn list(
    Administrator(session): Administrator,
    Query(query): Query<TargetQuery>,
) -> Result<Json<Page<Target>>, AdminError> {
    let tenant = &session.site.tenant;
    let around = Around::all(&tenant.targets(), &tenant.bundles(), Usage::of(tenant.rules().all().await?)).await?;
    if query.kind.is_none() && query.health.is_none() {
        let found = tenant.targets().list(&page(query.q.as_deref(), query.offset, query.limit)).await?;
        let items = found.items.iter().map(|record| around.show(record)).collect();
        return Ok(Json(Page { items, total: found.total }));
    }
    let mut found = tenant.targets().all().await?;
    found.retain(|record| {
        let text =
            [&record.name, record.folder.as_deref().unwrap_or_default(), &record.host, &record.description].join("\n");
        query.kind.is_none_or(|kind| record.kind() == kind)
            && query.health.is_none_or(|health| around.health_of(record.id) == health)
            && matches(query.q.as_deref(), &text)
    });
    let items = found.iter().map(|record| around.show(record)).collect();
    Ok(Json(cut(items, query.offset, query.limit)))
}

async fn one(Administrator(session): Administrator, Path(id): Path<TargetId>) -> Result<Json<Target>, AdminError> {
    Ok(Json(shown(&session.site.tenant, id).await?))
}

async fn create(
    State(admin): State<Arc<Admin>>,
    Administrator(session): Administrator,
    Json(fields): Json<TargetFields>,
) -> Result<(StatusCode, Json<Target>), AdminError> {
    check(&admin, &fields, None)?;
    let web = &session.site.web;
    let record = new_record(TargetId::new(&*web.clock, &*web.rng), &fields, web.clock.now());
    let mut work = session.site.tenant.begin().await?;
    work.targets().insert(&record).await?;
    work.record(done(&session, AuditKind::Target, "target_created").on(record.id));
    work.publish(DomainEvent::TargetChanged { target: record.id });
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(Around::default().show(&record))))
}

async fn change(
    State(admin): State<Arc<Admin>>,
    Administrator(session): Administrator,
    Path(id): Path<TargetId>,
    Json(change): Json<ChangeTarget>,
) -> Result<Json<Target>, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    let present = houses(work.targets().get(id).await?)?;
    check(&admin, &change.fields, Some(&present))?;
    version::expect(&change.version, &convert::version_of(&present))?;
    let record = convert::with_fields(present, &change.fields);
    work.targets().update(&record).await?;
    work.record(done(&session, AuditKind::Target, "target_changed").on(id));
    work.publish(DomainEvent::TargetChanged { target: id });
    let shown = shown_in(&work, &record).await?;
    work.commit().await?;
    Ok(Json(shown))
}

async fn remove(Administrator(session): Administrator, Path(id): Path<TargetId>) -> Result<StatusCode, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    houses(work.targets().get(id).await?)?;
    work.targets().remove(id).await?;
    work.record(done(&session, AuditKind::Target, "target_removed").on(id));
    work.publish(DomainEvent::TargetChanged { target: id });
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A target of the house. What people set up for themselves is administered apart from it.
fn houses(target: TargetRecord) -> Result<TargetRecord, AdminError> {
    if target.owner.is_some() { Err(ApiError::not_found().into()) } else { Ok(target) }
}

/// A new target with these fields.
pub(crate) fn new_record(id: TargetId, fields: &TargetFields, now: time::OffsetDateTime) -> TargetRecord {
    let blank = TargetRecord {
        id,
        name: String::new(),
        folder: None,
        icon: None,
        description: String::new(),
        host: String::new(),
        port: 0,
        settings: fernamt_domain::TargetSettings::Ssh(fernamt_domain::target::SshSettings {}),
        pinned_certificate: None,
        enabled: true,
        created_at: now,
        owner: None,
    };
    convert::with_fields(blank, fields)
}

/// A target with everything around it.
pub(crate) async fn shown(tenant: &TenantStore, id: TargetId) -> Result<Target, AdminError> {
    let record = houses(tenant.targets().get(id).await?)?;
    let usage = Usage::of(tenant.rules().all().await?);
    Ok(Around::one(id, &tenant.targets(), &tenant.bundles(), usage).await?.show(&record))
}

async fn shown_in(work: &Work, record: &TargetRecord) -> Result<Target, AdminError> {
    let usage = Usage::of(work.rules().all().await?);
    Ok(Around::one(record.id, &work.targets(), &work.bundles(), usage).await?.show(record))
}

fn check(admin: &Admin, wanted: &TargetFields, present: Option<&TargetRecord>) -> Result<(), AdminError> {
    let place = fields::check_place(&admin.egress, wanted, present.map(convert::fields).as_ref());
    let found = fields::check(wanted).into_iter().chain(place).collect();
    Ok(invalid(found).or_ok()?)
}
