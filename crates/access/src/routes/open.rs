//! Opening a target: the decision, and what the client needs next.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use fernamt_api::targets::{Opened, OpenedDesktop};
use fernamt_domain::{DeviceState, TargetId, TargetKind, TargetSettings, target::RdpSettings};
use fernamt_http::{ApiError, Json, Path, Session};
use fernamt_identity::handover;
use fernamt_store::{StoreError, TargetRecord};

use super::targets::{is_tunnel, ssh_gateway};
use crate::{Access, desktop::ticket::Ticket, failed, ssh::local_port};

/// xrdp pads each row of pixels to four, and clients before mid-2026 shear other widths.
const WIDTH_MULTIPLE: u16 = 4;

pub(super) async fn open(
    State(access): State<Arc<Access>>,
    session: Session,
    headers: HeaderMap,
    Path(id): Path<TargetId>,
) -> Result<Json<Opened>, ApiError> {
    let target = allowed(&access, &session, id).await?;
    let opened = match &target.settings {
        TargetSettings::Rdp(settings) => Opened::Desktop(desktop(&access, &session, &headers, &target, settings)?),
        TargetSettings::Web(_) => {
            Opened::Web { url: format!("{}/api/v1/apps/{}/enter", session.site.origin(), target.id) }
        }
        TargetSettings::Ssh(_) | TargetSettings::Tcp(_) => tunnel(&access, &session, &target).await?,
    };
    note_use(&access, &session, id).await.map_err(failed)?;
    Ok(Json(opened))
}

/// The target, if the session may use it now. A refusal is written to the audit log; a permission is once the
/// connection is made, because only that decision counts.
pub(super) async fn allowed(access: &Access, session: &Session, id: TargetId) -> Result<TargetRecord, ApiError> {
    let (tenant, authoriser) = (&session.site.tenant, &access.parts.authoriser);
    let target = tenant.targets().get(id).await.map_err(failed)?;
    let decision = authoriser.check(tenant, &session.facts, id, &session.situation).await.map_err(failed)?;
    if decision.allowed && target.enabled {
        return Ok(target);
    }
    authoriser.decide(tenant, &session.facts, id, &session.situation).await.map_err(failed)?;
    Err(match session.facts.device_state {
        DeviceState::Pending => {
            ApiError::forbidden("device_pending", "this device waits for approval by your control desk")
        }
        _ => ApiError::forbidden("not_allowed", "the rules do not allow this target from here or now"),
    })
}

fn desktop(
    access: &Access,
    session: &Session,
    headers: &HeaderMap,
    target: &TargetRecord,
    settings: &RdpSettings,
) -> Result<OpenedDesktop, ApiError> {
    let tenant = session.site.tenant.id();
    let ticket =
        Ticket { tenant, session: session.facts.session, person: session.person(), target: target.id, detail: () };
    let (ticket, expires_at) = access
        .tickets
        .issue(ticket)
        .map_err(|error| ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_connections", error.to_string()))?;
    let password = settings
        .sign_on
        .then(|| handover::open(&access.parts.sealer, tenant, session.facts.session, headers))
        .flatten();
    Ok(OpenedDesktop {
        ticket,
        expires_at,
        name: target.name.clone(),
        clipboard: settings.clipboard,
        credssp: settings.nla,
        username: settings.sign_on.then(|| session.name.clone()),
        password,
        domain: settings.domain.clone(),
        width_multiple: WIDTH_MULTIPLE,
    })
}

async fn tunnel(access: &Access, session: &Session, target: &TargetRecord) -> Result<Opened, ApiError> {
    let gateway = ssh_gateway(access, session)
        .await?
        .ok_or_else(|| ApiError::conflict("no_ssh_gateway", "the SSH gateway is switched off"))?;
    debug_assert!(is_tunnel(target.kind()));
    let (host, port) = (bracketed(&target.host), target.port);
    let local_port = local_port(port);
    let (user, door) = (&gateway.user, format!("-p {} {}@{}", gateway.port, gateway.user, gateway.host));
    let command = match target.kind() {
        TargetKind::Ssh => format!("ssh -J {user}@{}:{} -p {port} {}", gateway.host, gateway.port, target.host),
        _ => format!("ssh -N -L {local_port}:{host}:{port} {door}"),
    };
    let start_command = match &target.settings {
        TargetSettings::Tcp(settings) => settings.start_command.clone(),
        _ => None,
    };
    Ok(Opened::Tunnel { command, local_port, start_command })
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

async fn note_use(access: &Access, session: &Session, target: TargetId) -> Result<(), StoreError> {
    let work = session.site.tenant.begin().await?;
    work.targets().used(session.person(), target, access.parts.clock.now().date()).await?;
    work.commit().await
}
