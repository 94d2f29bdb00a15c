//! Targets that people set up for themselves: the decision whether they may, and what they set up.

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    routing::{delete, get},
};
use fernamt_api::{
    Page,
    admin::own_targets::{DecideOwnTargets, MAX_NETWORKS, OwnTargetsDecision, PersonsTarget},
    own_targets::MAX_OWN_TARGETS,
    page::ListQuery,
};
use fernamt_domain::{DomainEvent, PersonId, TargetId, audit::AuditKind};
use fernamt_http::{Administrator, ApiError, Json, Path, Query};
use fernamt_identity::own_targets::{self, Decided, network};
use fernamt_store::{StoreError, TenantStore};
use serde_json::json;

use crate::{
    Admin,
    act::{cut, done, matches},
    check::Checks,
    error::AdminError,
    people, version,
};

/// How long a reason is: long enough to say something, short enough to be read.
const REASON_CHARS: std::ops::RangeInclusive<usize> = 10..=500;

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/own-targets", get(list))
        .route("/api/v1/admin/own-targets/decision", get(read).put(decide))
        .route("/api/v1/admin/own-targets/{id}", delete(remove))
}

async fn read(Administrator(session): Administrator) -> Result<Json<OwnTargetsDecision>, AdminError> {
    Ok(Json(shown(&session.site.tenant).await?))
}

async fn decide(
    Administrator(session): Administrator,
    Json(wanted): Json<DecideOwnTargets>,
) -> Result<Json<OwnTargetsDecision>, AdminError> {
    let networks = check(&wanted)?;
    let mut work = session.site.tenant.begin().await?;
    version::expect(&wanted.version, &version::of(&own_targets::load_in(&work).await?))?;
    let decided = Decided {
        enabled: wanted.enabled,
        networks,
        reason: wanted.reason,
        by: Some(session.person()),
        at: Some(session.situation.at),
    };
    own_targets::save(&work, &decided).await?;
    let action = if decided.enabled { "own_targets_allowed" } else { "own_targets_forbidden" };
    let details = json!({ "networks": decided.networks, "reason": decided.reason });
    work.record(done(&session, AuditKind::Setting, action).details(details));
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await?;
    Ok(Json(shown(&session.site.tenant).await?))
}

/// The networks as they are written down, or what is wrong with the decision.
fn check(wanted: &DecideOwnTargets) -> Result<Vec<String>, ApiError> {
    let mut checks = Checks::default();
    let reason = wanted.reason.trim();
    checks.text("reason", &wanted.reason, *REASON_CHARS.end());
    checks.that(reason.chars().count() >= *REASON_CHARS.start(), "reason", "too_short", "say why, in a sentence");
    checks.that(wanted.networks.len() <= MAX_NETWORKS, "networks", "too_many", "at most 50 networks");
    let named = !wanted.enabled || !wanted.networks.is_empty();
    checks.that(named, "networks", "required", "name the networks where such targets may be");
    let mut networks = Vec::new();
    for (index, text) in wanted.networks.iter().take(MAX_NETWORKS).enumerate() {
        match network(text) {
            Ok(network) => networks.push(network.to_string()),
            Err(fault) => checks.that(false, &format!("networks.{index}"), fault.code(), &fault.to_string()),
        }
    }
    checks.finish()?;
    Ok(networks)
}

async fn shown(tenant: &TenantStore) -> Result<OwnTargetsDecision, StoreError> {
    let decided = own_targets::load(tenant).await?;
    let decided_by = match decided.by {
        Some(person) => people::reference(tenant, person).await?,
        None => None,
    };
    Ok(OwnTargetsDecision {
        version: version::of(&decided),
        enabled: decided.enabled,
        networks: decided.networks,
        reason: decided.reason,
        decided_by,
        decided_at: decided.at,
        most_per_person: MAX_OWN_TARGETS,
        targets: u32::try_from(tenant.targets().count_of_owners().await?).unwrap_or(u32::MAX),
    })
}

async fn list(
    Administrator(session): Administrator,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<PersonsTarget>>, AdminError> {
    let tenant = &session.site.tenant;
    let names = people::names(tenant).await?;
    let name_of = |person: PersonId| names.get(&person).cloned().unwrap_or_default();
    let shown = |target: fernamt_store::TargetRecord| {
        let person_id = target.owner?;
        Some(PersonsTarget {
            id: target.id,
            person_id,
            person_name: name_of(person_id),
            kind: target.kind(),
            name: target.name,
            host: target.host,
            port: target.port,
        })
    };
    let mut found: Vec<_> = tenant.targets().of_owners().await?.into_iter().filter_map(shown).collect();
    found.retain(|target| matches(query.q.as_deref(), &format!("{}\n{}", target.name, target.person_name)));
    found.sort_by_cached_key(|target| (target.person_name.to_lowercase(), target.name.to_lowercase()));
    Ok(Json(cut(found, query.offset, query.limit)))
}

async fn remove(Administrator(session): Administrator, Path(id): Path<TargetId>) -> Result<StatusCode, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    let Some(owner) = work.targets().get(id).await?.owner else { return Err(ApiError::not_found().into()) };
    work.targets().remove(id).await?;
    work.record(done(&session, AuditKind::Target, "own_target_removed").about(owner).on(id));
    work.publish(DomainEvent::TargetChanged { target: id });
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
