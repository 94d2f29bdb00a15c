//! How the installation fares, at a glance.

use std::sync::Arc;

use axum::{Router, extract::State, routing::get};
use fernamt_api::admin::health::{Health, Part, PartState};
use fernamt_domain::DeviceState;
use fernamt_http::{Administrator, Json};
use fernamt_identity::directory::sync::SyncResult;
use fernamt_store::{HealthState, Page, StoreError, TenantStore};
use time::{Duration, OffsetDateTime};

use crate::{Admin, error::AdminError};

/// A directory that was not synchronised for so long needs a look; it is done every minute.
const SYNC_TOO_OLD: Duration = Duration::minutes(10);

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new().route("/api/v1/admin/health", get(health))
}

async fn health(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
) -> Result<Json<Health>, AdminError> {
    let tenant = &session.site.tenant;
    let mut parts =
        vec![database(tenant).await, targets(tenant).await?, directory(tenant, session.situation.at).await?];
    parts.extend(admin.installation.parts().await);
    let pending = tenant.devices().list(Some(DeviceState::Pending), &Page { limit: 1, ..Page::default() }).await?.total;
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let connections =
        admin.identity.authoriser().grants().snapshot().iter().filter(|grant| grant.tenant == tenant.id()).count();
    Ok(Json(Health {
        version: admin.installation.version().to_owned(),
        started_at: admin.installation.started_at(),
        parts,
        pending_devices: count(pending),
        open_sessions: count(tenant.sessions().count_live().await?),
        connections: count(connections as u64),
        zones: admin.installation.zones(),
    }))
}

async fn database(tenant: &TenantStore) -> Part {
    match tenant.store().ping().await {
        Ok(()) => part("database", PartState::Ok, "ok", "it answers"),
        Err(error) => {
            tracing::error!(%error, "The database does not answer");
            part("database", PartState::Failed, "unreachable", "it does not answer; the log says why")
        }
    }
}

async fn targets(tenant: &TenantStore) -> Result<Part, StoreError> {
    let health = tenant.targets().all_health().await?;
    let count = |state| health.iter().filter(|seen| seen.state == state).count();
    let (down, wrong) = (count(HealthState::Down), count(HealthState::WrongCertificate));
    Ok(if wrong > 0 {
        part(
            "targets",
            PartState::Failed,
            "certificate_changed",
            format!("{wrong} show another certificate than the pinned one, {down} do not answer"),
        )
    } else if down > 0 {
        part("targets", PartState::Warning, "unreachable", format!("{down} of {} do not answer", health.len()))
    } else {
        part("targets", PartState::Ok, "ok", format!("{} were looked at", health.len()))
    })
}

async fn directory(tenant: &TenantStore, now: OffsetDateTime) -> Result<Part, StoreError> {
    let directories = tenant.directories().all().await?;
    let used: Vec<_> = directories.iter().filter(|directory| directory.enabled).collect();
    let late = |last: Option<OffsetDateTime>| last.is_none_or(|last| now - last > SYNC_TOO_OLD);
    let failed = used.iter().filter(|directory| late(directory.last_sync_at)).count();
    let refused = used.iter().find_map(|directory| {
        let result = directory.last_sync_result.clone()?;
        let result = serde_json::from_value::<SyncResult>(result).ok().filter(|result| !result.ok)?;
        Some(format!("{} was not synchronised: {}", directory.name, result.detail))
    });
    if let Some(detail) = refused {
        return Ok(part("directory", PartState::Failed, "sync_failed", detail));
    }
    Ok(match (used.len(), failed) {
        (0, _) => part("directory", PartState::Off, "off", "people are kept here only"),
        (_, 0) => part("directory", PartState::Ok, "ok", "it was synchronised a moment ago"),
        _ => part(
            "directory",
            PartState::Warning,
            "sync_too_old",
            format!("{failed} were not synchronised for 10 minutes"),
        ),
    })
}

fn part(part: &str, state: PartState, code: &str, detail: impl Into<String>) -> Part {
    Part { part: part.to_owned(), state, code: code.to_owned(), detail: detail.into() }
}
