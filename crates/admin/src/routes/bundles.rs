//! Bundles: all targets that one role needs, so that a rule can name them together.
//!
//! This is the slice to copy when adding one. It shows what every administrative endpoint does: the signature names the
//! duty that is needed, fields are checked before anything is touched, a change is compared with the version it is
//! based on, and state, audit entry and event are written in one unit of work.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Router, http::StatusCode, routing::get};
use fernamt_api::{
    Page,
    admin::bundles::{Bundle, BundleFields, ChangeBundle},
    page::ListQuery,
};
use fernamt_domain::{BundleId, DomainEvent, TargetId, audit::AuditKind};
use fernamt_http::{Administrator, Json, Path, Query};
use fernamt_store::{
    BundleRecord, StoreError, Work,
    repo::target::{Bundles, MAX_TARGETS},
};
use serde_json::json;

use crate::{
    Admin,
    act::{done, page_of},
    check::Checks,
    error::{AdminError, used_by},
    usage::Usage,
    version,
};

/// The most characters of a name.
const MAX_NAME_CHARS: usize = 100;

/// The most characters of a description.
const MAX_DESCRIPTION_CHARS: usize = 500;

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/bundles", get(list).post(create))
        .route("/api/v1/admin/bundles/{id}", get(one).put(change).delete(remove))
}

async fn list(
    Administrator(session): Administrator,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Bundle>>, AdminError> {
    let tenant = &session.site.tenant;
    let (bundles, usage) = (tenant.bundles(), Usage::of(tenant.rules().all().await?));
    let found = bundles.list(&page_of(&query)).await?;
    let mut items = Vec::with_capacity(found.items.len());
    for record in found.items {
        items.push(shown(&bundles, record, &usage).await?);
    }
    Ok(Json(Page { items, total: found.total }))
}

async fn one(Administrator(session): Administrator, Path(id): Path<BundleId>) -> Result<Json<Bundle>, AdminError> {
    let tenant = &session.site.tenant;
    let record = tenant.bundles().get(id).await?;
    let usage = Usage::of(tenant.rules().all().await?);
    Ok(Json(shown(&tenant.bundles(), record, &usage).await?))
}

async fn create(
    Administrator(session): Administrator,
    Json(fields): Json<BundleFields>,
) -> Result<(StatusCode, Json<Bundle>), AdminError> {
    check(&fields)?;
    let web = &session.site.web;
    let record = record(BundleId::new(&*web.clock, &*web.rng), &fields);
    let mut work = session.site.tenant.begin().await?;
    work.bundles().insert(&record).await?;
    set_targets(&work, record.id, &fields.targets).await?;
    let bundle = shown(&work.bundles(), record, &Usage::default()).await?;
    work.record(done(&session, AuditKind::Target, "bundle_created").details(json!({ "bundle": bundle.id })));
    work.publish(DomainEvent::RulesChanged);
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(bundle)))
}

async fn change(
    Administrator(session): Administrator,
    Path(id): Path<BundleId>,
    Json(change): Json<ChangeBundle>,
) -> Result<Json<Bundle>, AdminError> {
    check(&change.fields)?;
    let mut work = session.site.tenant.begin().await?;
    let present = work.bundles().get(id).await?;
    let usage = Usage::of(work.rules().all().await?);
    let present = shown(&work.bundles(), present, &usage).await?;
    version::expect(&change.version, &present.version)?;
    let record = record(id, &change.fields);
    work.bundles().update(&record).await?;
    set_targets(&work, id, &change.fields.targets).await?;
    let bundle = shown(&work.bundles(), record, &usage).await?;
    work.record(done(&session, AuditKind::Target, "bundle_changed").details(json!({ "bundle": id })));
    work.publish(DomainEvent::RulesChanged);
    work.commit().await?;
    Ok(Json(bundle))
}

async fn remove(Administrator(session): Administrator, Path(id): Path<BundleId>) -> Result<StatusCode, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    // A denying rule that names a bundle would deny less without it, so rules have to let go first.
    let rules = Usage::of(work.rules().all().await?).naming(id);
    if !rules.is_empty() {
        return Err(used_by(&rules).into());
    }
    work.bundles().remove(id).await?;
    work.record(done(&session, AuditKind::Target, "bundle_removed").details(json!({ "bundle": id })));
    work.publish(DomainEvent::RulesChanged);
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn check(fields: &BundleFields) -> Result<(), AdminError> {
    let mut checks = Checks::default();
    checks.name("name", &fields.name, MAX_NAME_CHARS);
    checks.text("description", &fields.description, MAX_DESCRIPTION_CHARS);
    let detail = format!("a bundle holds at most {MAX_TARGETS} targets");
    checks.that(fields.targets.len() <= MAX_TARGETS, "targets", "too_many", &detail);
    Ok(checks.finish()?)
}

/// Puts exactly these targets into the bundle. One that does not exist is the field's fault.
async fn set_targets(work: &Work, id: BundleId, targets: &[TargetId]) -> Result<(), AdminError> {
    let unique: BTreeSet<_> = targets.iter().copied().collect();
    match work.bundles().set_targets(id, &unique.into_iter().collect::<Vec<_>>()).await {
        Err(StoreError::Reference) => {
            let mut checks = Checks::default();
            checks.that(false, "targets", "unknown", "one of the targets does not exist any more");
            Ok(checks.finish()?)
        }
        other => Ok(other.map(|_| ())?),
    }
}

fn record(id: BundleId, fields: &BundleFields) -> BundleRecord {
    BundleRecord { id, name: fields.name.clone(), description: fields.description.clone() }
}

async fn shown<A>(bundles: &Bundles<'_, A>, record: BundleRecord, usage: &Usage) -> Result<Bundle, StoreError> {
    let targets = bundles.targets(record.id).await?;
    let fields = BundleFields { name: record.name, description: record.description, targets };
    Ok(Bundle { id: record.id, version: version::of(&fields), fields, used_by_rules: usage.naming(record.id) })
}
