//! What the signed-in person may reach now.

use std::{collections::HashMap, sync::Arc};

use axum::extract::State;
use fernamt_api::targets::{HealthState, MyTarget, MyTargets, SshGateway};
use fernamt_domain::{TargetId, TargetKind, TargetSettings};
use fernamt_http::{ApiError, Json, Session};
use fernamt_store::{self as store, TargetRecord};
use time::Date;

use crate::{Access, failed};

pub(super) async fn list(State(access): State<Arc<Access>>, session: Session) -> Result<Json<MyTargets>, ApiError> {
    let tenant = &session.site.tenant;
    let all = access.parts.authoriser.check_all(tenant, &session.facts, &session.situation).await.map_err(failed)?;
    let used: HashMap<TargetId, Date> = tenant
        .targets()
        .used_by(session.person())
        .await
        .map_err(failed)?
        .into_iter()
        .map(|used| (used.target, used.last_used_on))
        .collect();
    let health: HashMap<TargetId, HealthState> = tenant
        .targets()
        .all_health()
        .await
        .map_err(failed)?
        .into_iter()
        .map(|health| (health.target, health_state(health.state)))
        .collect();
    let view = |target: TargetRecord| MyTarget {
        last_used_on: used.get(&target.id).copied(),
        health: health.get(&target.id).copied().unwrap_or(HealthState::Unknown),
        tunnel: is_tunnel(target.kind()).then(|| format!("{}:{}", target.host, target.port)),
        start_command: match &target.settings {
            TargetSettings::Tcp(settings) => settings.start_command.clone(),
            _ => None,
        },
        id: target.id,
        kind: target.kind(),
        name: target.name,
        folder: target.folder.unwrap_or_default(),
        icon: target.icon.unwrap_or_default(),
        description: target.description,
    };
    let mut targets: Vec<_> = all.into_iter().filter(|(_, allowed)| *allowed).map(|(target, _)| view(target)).collect();
    targets.sort_by(|a, b| b.last_used_on.cmp(&a.last_used_on).then_with(|| a.name.cmp(&b.name)));
    Ok(Json(MyTargets { targets, ssh_gateway: ssh_gateway(&access, &session).await? }))
}

/// How this person reaches the SSH gateway, if it is on.
pub(super) async fn ssh_gateway(access: &Access, session: &Session) -> Result<Option<SshGateway>, ApiError> {
    let Some(ssh) = &access.parts.ssh else { return Ok(None) };
    let tenants = access.parts.store.tenants().all().await.map_err(failed)?;
    let user = match tenants.iter().find(|tenant| tenant.id == session.site.tenant.id()) {
        // SSH carries no host name, so which tenant is meant stands in the user name.
        Some(tenant) if tenants.len() > 1 => format!("{}@{}", session.name, tenant.name),
        _ => session.name.clone(),
    };
    Ok(Some(SshGateway {
        host: ssh_host(&session.site.host),
        port: ssh.port,
        user,
        fingerprints: ssh.fingerprints.clone(),
    }))
}

/// The host as an SSH client can resolve it: unlike browsers, most know `localhost` but no name below it (RFC 6761).
fn ssh_host(host: &str) -> String {
    if host.ends_with(".localhost") { "localhost".to_owned() } else { host.to_owned() }
}

/// Whether a target is reached by a tunnel rather than in the browser.
pub(super) fn is_tunnel(kind: TargetKind) -> bool {
    matches!(kind, TargetKind::Ssh | TargetKind::Tcp)
}

fn health_state(state: store::HealthState) -> HealthState {
    match state {
        store::HealthState::Up => HealthState::Ok,
        store::HealthState::Down => HealthState::Unreachable,
        store::HealthState::WrongCertificate => HealthState::CertificateChanged,
        store::HealthState::Unknown => HealthState::Unknown,
    }
}
