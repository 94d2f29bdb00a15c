//! How the installation fares, at a glance.

use std::sync::Arc;

use axum::{Router, extract::State, routing::get};
use fernamt_api::admin::health::{Health, Part, PartState};
use fernamt_domain::DeviceState;
use fernamt_http::{Administrator, Json};
use fernamt_identity::directory::sync::SyncResult;
use fernamt_store::{HealthState, StoreError, TenantStore};
use time::{Duration, OffsetDateTime};

use crate::{Admin, error::AdminError, people, sticks};

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
    parts.push(sticks(tenant, &admin).await?);
    parts.extend(admin.installation.parts().await);
    let pending = people::devices(tenant, Some(DeviceState::Pending)).await?;
    let pending = pending.iter().filter(|device| people::awaits_decision(device)).count();
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let connections =
        admin.identity.authoriser().grants().snapshot().iter().filter(|grant| grant.tenant == tenant.id()).count();
    Ok(Json(Health {
        version: admin.installation.version().to_owned(),
        started_at: admin.installation.started_at(),
        parts,
        pending_devices: count(pending as u64),
        open_sessions: count(tenant.sessions().count_live().await?),
        connections: count(connections as u64),
        zones: admin.installation.zones(),
    }))
}

async fn database(tenant: &TenantStore) -> Part {
    match tenant.store().ping().await {
        Ok(()) => Part::new("database", PartState::Ok, "ok", "it answers"),
        Err(error) => {
            tracing::error!(%error, "The database does not answer");
            Part::new("database", PartState::Failed, "unreachable", "it does not answer; the log says why")
        }
    }
}

async fn targets(tenant: &TenantStore) -> Result<Part, StoreError> {
    let health = tenant.targets().all_health().await?;
    let count = |state| health.iter().filter(|seen| seen.state == state).count();
    let (down, wrong) = (count(HealthState::Down), count(HealthState::WrongCertificate));
    let seen = health.len();
    let (state, code, detail) = if wrong > 0 {
        let detail = format!("{wrong} show another certificate than the pinned one, {down} do not answer");
        (PartState::Failed, "certificate_changed", detail)
    } else if down > 0 {
        (PartState::Warning, "unreachable", format!("{down} of {seen} do not answer"))
    } else {
        (PartState::Ok, "ok", format!("{seen} were looked at"))
    };
    Ok(Part::new("targets", state, code, detail).param("wrong", wrong).param("down", down).param("seen", seen))
}

async fn sticks(tenant: &TenantStore, admin: &Admin) -> Result<Part, StoreError> {
    let (copied, all) = sticks::alarming(tenant).await?;
    if copied > 0 {
        let detail = format!("copies of {copied} sticks were used; the sticks were suspended");
        return Ok(Part::new("sticks", PartState::Failed, "stick_copied", detail).param("copied", copied));
    }
    Ok(match (all, admin.delivery.ready()) {
        (0, _) => Part::new("sticks", PartState::Off, "off", "there are none"),
        (_, Err(fault)) => Part::new("sticks", PartState::Warning, fault.code(), fault.to_string()),
        (_, Ok(_)) => Part::new("sticks", PartState::Ok, "ok", format!("there are {all}")).param("sticks", all),
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
        Some((&directory.name, result))
    });
    if let Some((name, result)) = refused {
        let detail = format!("{name} was not synchronised: {}", result.detail);
        let mut part = Part::new("directory", PartState::Failed, "sync_failed", detail);
        part.params = result.params;
        return Ok(part.param("name", name).param("fault", result.code));
    }
    Ok(match (used.len(), failed) {
        (0, _) => Part::new("directory", PartState::Off, "off", "people are kept here only"),
        (_, 0) => Part::new("directory", PartState::Ok, "ok", "it was synchronised a moment ago"),
        _ => {
            let minutes = SYNC_TOO_OLD.whole_minutes();
            let detail = format!("{failed} were not synchronised for {minutes} minutes");
            Part::new("directory", PartState::Warning, "sync_too_old", detail)
                .param("late", failed)
                .param("minutes", minutes)
        }
    })
}
