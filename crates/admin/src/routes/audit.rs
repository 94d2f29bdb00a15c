//! The audit log: search, export, its signed head, and whether it is intact. Whoever looks is written down too.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use data_encoding::HEXLOWER;
use fernamt_api::admin::audit::{AuditEntry as WireEntry, AuditPage, AuditQuery, ExportedHead, Verification};
use fernamt_domain::audit::{AuditKind, Outcome};
use fernamt_http::{ApiError, Auditor, Json, Query};
use fernamt_store::{AuditEntry, AuditFilter, MAX_PAGE_ROWS, StoreError, TenantStore};
use futures_util::stream;
use serde_json::json;

use crate::{Admin, act::done, error::AdminError};

/// Entries of a page unless the request says otherwise.
const DEFAULT_LIMIT: u64 = 50;

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/audit", get(search))
        .route("/api/v1/admin/audit/export", get(export))
        .route("/api/v1/admin/audit/head", get(head))
        .route("/api/v1/admin/audit/verify", post(verify))
}

async fn search(Auditor(session): Auditor, Query(query): Query<AuditQuery>) -> Result<Json<AuditPage>, AdminError> {
    let tenant = &session.site.tenant;
    let Some(filter) = filter(tenant, &query).await? else {
        return Ok(Json(AuditPage { items: Vec::new(), next: None }));
    };
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_PAGE_ROWS);
    let found = tenant.audit().newest_first(&filter, query.before, limit).await?;
    let next = found.last().map(|entry| entry.sequence).filter(|_| found.len() as u64 == limit);
    let mut items = Vec::with_capacity(found.len());
    for entry in found {
        items.push(shown(tenant, entry).await?);
    }
    // A page further down belongs to the same search.
    if query.before.is_none() {
        tenant
            .record(done(&session, AuditKind::AuditAccess, "searched").details(json!({ "found": items.len() })))
            .await?;
    }
    Ok(Json(AuditPage { items, next }))
}

async fn export(Auditor(session): Auditor, Query(query): Query<AuditQuery>) -> Result<Response, AdminError> {
    let tenant = session.site.tenant.clone();
    let filter = filter(&tenant, &query).await?;
    tenant.record(done(&session, AuditKind::AuditAccess, "exported")).await?;
    let lines = stream::try_unfold(filter.map(|filter| (tenant, filter, 0)), |state| async move {
        let Some((tenant, filter, after)) = state else { return Ok(None) };
        let entries = tenant.audit().oldest_first(&filter, after, MAX_PAGE_ROWS).await?;
        let Some(last) = entries.last().map(|entry| entry.sequence) else { return Ok(None) };
        Ok::<_, StoreError>(Some((json_lines(&entries), Some((tenant, filter, last)))))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/jsonl"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"fernamt-audit.jsonl\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

async fn head(Auditor(session): Auditor, State(admin): State<Arc<Admin>>) -> Result<Json<ExportedHead>, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    let head = work.audit().sign_head(&admin.audit_key).await?;
    work.record(done(&session, AuditKind::AuditAccess, "head_exported").details(json!({ "sequence": head.sequence })));
    work.commit().await?;
    Ok(Json(ExportedHead { head, public_key: HEXLOWER.encode(&admin.audit_key.public().0) }))
}

async fn verify(Auditor(session): Auditor, State(admin): State<Arc<Admin>>) -> Result<Json<Verification>, AdminError> {
    let tenant = &session.site.tenant;
    let result = tenant.audit().verify(Vec::new(), &admin.audit_key.public()).await?;
    let mut entry = done(&session, AuditKind::AuditAccess, "verified");
    let verification = match result {
        Ok(end) => Verification { intact: true, entries: end.sequence, fault: None },
        Err(fault) => {
            tracing::error!(tenant = %tenant.id(), %fault, "The audit log does not verify");
            entry.outcome = Outcome::Failure;
            Verification {
                intact: false,
                entries: tenant.audit().end().await?.sequence,
                fault: Some(fault.to_string()),
            }
        }
    };
    tenant.record(entry.details(json!({ "intact": verification.intact }))).await?;
    Ok(Json(verification))
}

/// The store's filter for a query, or `None` if nobody has the pseudonym that is asked for.
async fn filter(tenant: &TenantStore, query: &AuditQuery) -> Result<Option<AuditFilter>, AdminError> {
    let person = match query.pseudonym.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => {
            let pseudonym = text
                .parse()
                .map_err(|_| ApiError::invalid().field("pseudonym", "invalid", "this is not a pseudonym of the log"))?;
            match tenant.audit().person_behind(pseudonym).await? {
                Some(person) => Some(person),
                None => return Ok(None),
            }
        }
    };
    Ok(Some(AuditFilter {
        kinds: query.kind.into_iter().collect(),
        outcome: query.outcome,
        action: None,
        target: query.target,
        person,
        from: query.from,
        until: query.until,
    }))
}

async fn shown(tenant: &TenantStore, entry: AuditEntry) -> Result<WireEntry, StoreError> {
    let facts = entry.facts;
    let target_name = match facts.target {
        None => None,
        Some(target) => match tenant.targets().get(target).await {
            Ok(target) => Some(target.name),
            Err(StoreError::NotFound(_)) => None,
            Err(error) => return Err(error),
        },
    };
    Ok(WireEntry {
        sequence: entry.sequence,
        at: facts.at,
        kind: facts.kind,
        action: facts.action,
        outcome: facts.outcome,
        actor: facts.actor.map(|pseudonym| pseudonym.to_string()),
        subject: facts.subject.map(|pseudonym| pseudonym.to_string()),
        target_id: facts.target,
        target_name,
        zone: facts.zone.map(|zone| zone.0),
        details: facts.details,
    })
}

fn json_lines(entries: &[AuditEntry]) -> String {
    let line = |entry| serde_json::to_string(entry).expect("an entry was read from JSON, so it can be written as such");
    entries.iter().map(|entry| line(entry) + "\n").collect()
}
