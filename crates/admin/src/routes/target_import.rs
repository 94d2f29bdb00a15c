//! Targets in bulk: a table in, with preview and undo, and out.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use axum::{
    Router,
    extract::State,
    http::header,
    response::IntoResponse,
    routing::{get, post},
};
use data_encoding::BASE64;
use fernamt_api::admin::targets::{ImportFault, ImportRequest, ImportResult, PastImport, UndoResult};
use fernamt_domain::{BundleId, DataCategory, DomainEvent, ImportId, TargetId, audit::AuditKind};
use fernamt_http::{Administrator, ApiError, Json, Path, Session};
use fernamt_identity::settings;
use fernamt_store::{BundleRecord, ImportBatchRecord, StoreError, Work};
use serde_json::json;
use time::Duration;

use crate::{
    Admin,
    act::done,
    error::AdminError,
    people,
    targets::{
        convert,
        import::{Change, Changes, Present, Step},
        row, table,
    },
    usage::Usage,
};

/// The most imports that are listed.
const MAX_LISTED: u64 = 50;

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/targets/import", post(import))
        .route("/api/v1/admin/targets/imports", get(list))
        .route("/api/v1/admin/targets/import/{id}/undo", post(undo))
        .route("/api/v1/admin/targets/export", get(export))
}

async fn import(
    State(admin): State<Arc<Admin>>,
    Administrator(session): Administrator,
    Json(request): Json<ImportRequest>,
) -> Result<Json<ImportResult>, AdminError> {
    let csv = BASE64
        .decode(request.csv_base64.as_bytes())
        .map_err(|_| ApiError::invalid().field("csv_base64", "invalid", "the file is not in base64"))?;
    if request.preview {
        let tenant = &session.site.tenant;
        let present = Present {
            targets: tenant.targets().all().await?,
            bundles: tenant.bundles().all().await?,
            pairs: tenant.bundles().all_targets().await?,
        };
        return Ok(Json(match present.plan(&csv, &admin.egress) {
            Ok(steps) => planned(None, &steps),
            Err(faults) => faulty(faults),
        }));
    }
    let mut work = session.site.tenant.begin().await?;
    let present = Present {
        targets: work.targets().all().await?,
        bundles: work.bundles().all().await?,
        pairs: work.bundles().all_targets().await?,
    };
    let steps = match present.plan(&csv, &admin.egress) {
        Ok(steps) => steps,
        Err(faults) => return Ok(Json(faulty(faults))),
    };
    if !steps.iter().any(Step::changes) {
        return Ok(Json(planned(None, &steps)));
    }
    let id = apply(&session, &mut work, &present, &steps).await?;
    work.commit().await?;
    Ok(Json(planned(Some(id), &steps)))
}

/// Does what the rows ask for and keeps what is needed to undo it.
async fn apply(session: &Session, work: &mut Work, present: &Present, steps: &[Step]) -> Result<ImportId, AdminError> {
    let web = &session.site.web;
    let (clock, rng, now) = (&*web.clock, &*web.rng, web.clock.now());
    let mut bundles: HashMap<&str, BundleId> =
        present.bundles.iter().map(|bundle| (bundle.name.as_str(), bundle.id)).collect();
    let mut changes = Changes::default();
    let (mut new, mut joins) = (Vec::new(), BTreeMap::<BundleId, Vec<TargetId>>::new());
    for step in steps.iter().filter(|step| step.changes()) {
        let record = match &step.existing {
            Some(record) => convert::with_fields(record.clone(), &step.wanted.fields),
            None => super::targets::new_record(TargetId::new(clock, rng), &step.wanted.fields, now),
        };
        let mut joined = Vec::new();
        for name in &step.join {
            let id = match bundles.get(name.as_str()) {
                Some(id) => *id,
                None => {
                    let bundle =
                        BundleRecord { id: BundleId::new(clock, rng), name: name.clone(), description: String::new() };
                    work.bundles().insert(&bundle).await?;
                    changes.new_bundles.push(bundle.id);
                    bundles.insert(name, bundle.id);
                    bundle.id
                }
            };
            joins.entry(id).or_default().push(record.id);
            joined.push(id);
        }
        changes.targets.push(Change {
            id: record.id,
            name: record.name.clone(),
            before: step.existing.as_ref().map(convert::fields),
            version_after: convert::version_of(&record),
            joined,
        });
        if step.existing.is_none() {
            new.push(record);
        } else if step.changes_fields() {
            work.targets().update(&record).await?;
            work.publish(DomainEvent::TargetChanged { target: record.id });
        }
    }
    work.targets().insert_all(&new).await?;
    for (bundle, mut targets) in joins {
        targets.extend(work.bundles().targets(bundle).await?);
        work.bundles().set_targets(bundle, &targets).await?;
    }
    let id = ImportId::new(clock, rng);
    let details = json!({ "import": id, "targets": changes.targets.len(), "new": new.len() });
    let changes =
        serde_json::to_value(&changes).expect("ids and wire types have string keys only and always serialise");
    let batch = ImportBatchRecord { id, at: now, person: Some(session.person()), changes, undone_at: None };
    work.imports().insert(&batch).await?;
    work.record(done(session, AuditKind::Target, "targets_imported").details(details));
    work.publish(DomainEvent::RulesChanged);
    Ok(id)
}

async fn list(Administrator(session): Administrator) -> Result<Json<Vec<PastImport>>, AdminError> {
    let tenant = &session.site.tenant;
    let settings = settings::load(tenant).await?;
    let kept_days = settings.retention_days.get(&DataCategory::Operation).copied();
    let kept_days = kept_days.unwrap_or(DataCategory::Operation.default_retention().days);
    let mut imports = Vec::new();
    for batch in tenant.imports().latest(MAX_LISTED).await? {
        // What an older version wrote cannot be counted or undone, so it is not offered either.
        let Ok(changes) = serde_json::from_value::<Changes>(batch.changes) else { continue };
        let created = changes.targets.iter().filter(|change| change.before.is_none()).count();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        imports.push(PastImport {
            id: batch.id,
            at: batch.at,
            by: match batch.person {
                Some(person) => people::reference(tenant, person).await?,
                None => None,
            },
            created: count(created),
            changed: count(changes.targets.len() - created),
            undone_at: batch.undone_at,
            kept_until: (batch.at + Duration::days(kept_days.into())).date(),
        });
    }
    Ok(Json(imports))
}

async fn undo(Administrator(session): Administrator, Path(id): Path<ImportId>) -> Result<Json<UndoResult>, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    let batch = work.imports().get(id).await?;
    if !work.imports().undone(id).await? {
        return Err(ApiError::conflict("undone_already", "this import was undone before").into());
    }
    let changes: Changes = serde_json::from_value(batch.changes)
        .map_err(|_| ApiError::conflict("too_old", "this import was made by a version that kept other facts"))?;
    let mut result = UndoResult { restored: 0, kept: Vec::new() };
    for change in changes.targets.iter().rev() {
        if take_back(&work, change).await? {
            work.publish(DomainEvent::TargetChanged { target: change.id });
            result.restored += 1;
        } else {
            result.kept.push(change.name.clone());
        }
    }
    result.kept.reverse();
    let usage = Usage::of(work.rules().all().await?);
    for bundle in changes.new_bundles {
        let unused = usage.naming(bundle).is_empty();
        let empty = work.bundles().targets(bundle).await?.is_empty();
        match work.bundles().get(bundle).await {
            Ok(_) if unused && empty => work.bundles().remove(bundle).await?,
            Ok(_) | Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let details = json!({ "import": id, "restored": result.restored, "kept": result.kept.len() });
    work.record(done(&session, AuditKind::Target, "import_undone").details(details));
    work.publish(DomainEvent::RulesChanged);
    work.commit().await?;
    Ok(Json(result))
}

/// Sets one target back to what it was. `false` if somebody changed or removed it since: then it is left alone.
async fn take_back(work: &Work, change: &Change) -> Result<bool, StoreError> {
    let present = match work.targets().get(change.id).await {
        Ok(present) => present,
        Err(StoreError::NotFound(_)) => return Ok(false),
        Err(error) => return Err(error),
    };
    if convert::version_of(&present) != change.version_after {
        return Ok(false);
    }
    match &change.before {
        None => work.targets().remove(change.id).await?,
        Some(before) => {
            work.targets().update(&convert::with_fields(present, before)).await?;
            for bundle in &change.joined {
                let mut targets = work.bundles().targets(*bundle).await?;
                targets.retain(|target| *target != change.id);
                work.bundles().set_targets(*bundle, &targets).await?;
            }
        }
    }
    Ok(true)
}

async fn export(Administrator(session): Administrator) -> Result<impl IntoResponse, AdminError> {
    let tenant = &session.site.tenant;
    let names: HashMap<_, _> =
        tenant.bundles().all().await?.into_iter().map(|bundle| (bundle.id, bundle.name)).collect();
    let mut bundles: HashMap<TargetId, Vec<String>> = HashMap::new();
    for (bundle, target) in tenant.bundles().all_targets().await? {
        bundles.entry(target).or_default().extend(names.get(&bundle).cloned());
    }
    let targets = tenant.targets().all().await?;
    let rows: Vec<_> = targets
        .iter()
        .map(|record| row::write(&convert::fields(record), bundles.get(&record.id).map_or(&[], Vec::as_slice)))
        .collect();
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"fernamt-targets.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, table::write(&rows)))
}

fn planned(id: Option<ImportId>, steps: &[Step]) -> ImportResult {
    ImportResult { id, rows: steps.iter().map(Step::shown).collect(), faults: Vec::new() }
}

fn faulty(faults: Vec<ImportFault>) -> ImportResult {
    ImportResult { id: None, rows: Vec::new(), faults }
}
