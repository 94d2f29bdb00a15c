//! Targets that the signed-in person sets up for themselves, where an administrator decided that people may.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};
use fernamt_api::{
    own_targets::{ChangeOwnTarget, MAX_OWN_TARGETS, OwnTarget, OwnTargetFields, OwnTargetKind, OwnTargets},
    problem::FieldProblem,
};
use fernamt_domain::{
    DomainEvent, PersonId, TargetId, TargetSettings,
    audit::{AuditEvent, AuditKind, Outcome},
    name,
    target::{RdpSettings, SshSettings, is_host},
};
use fernamt_http::{ApiError, Json, Path, Session, egress::EgressError, version};
use fernamt_identity::own_targets::{self, Decided};
use fernamt_store::{StoreError, TargetRecord, Work};

use crate::{Access, failed};

/// The most characters of a name.
const MAX_NAME_CHARS: usize = 100;

pub(super) async fn list(session: Session) -> Result<Json<OwnTargets>, ApiError> {
    let tenant = &session.site.tenant;
    let decided = own_targets::load(tenant).await.map_err(failed)?;
    let targets = tenant.targets().of_owner(session.person()).await.map_err(failed)?;
    Ok(Json(OwnTargets {
        enabled: decided.enabled,
        networks: if decided.enabled { decided.networks } else { Vec::new() },
        most: MAX_OWN_TARGETS,
        targets: targets.iter().map(shown).collect(),
    }))
}

pub(super) async fn create(
    State(access): State<Arc<Access>>,
    session: Session,
    Json(fields): Json<OwnTargetFields>,
) -> Result<(StatusCode, Json<OwnTarget>), ApiError> {
    check(&access, &session, &fields).await?;
    let (clock, rng) = (&*access.parts.clock, &*access.parts.rng);
    let record = TargetRecord {
        id: TargetId::new(clock, rng),
        name: fields.name.clone(),
        folder: None,
        icon: None,
        description: String::new(),
        host: fields.host.clone(),
        port: port(&fields),
        settings: settings(&fields),
        pinned_certificate: None,
        enabled: true,
        created_at: clock.now(),
        owner: Some(session.person()),
    };
    let work = session.site.tenant.begin().await.map_err(failed)?;
    let there = work.targets().of_owner(session.person()).await.map_err(failed)?.len();
    if there >= usize::from(MAX_OWN_TARGETS) {
        let text = format!("a person sets up at most {MAX_OWN_TARGETS} targets; remove one first");
        return Err(ApiError::conflict("too_many_own_targets", text).param("most", MAX_OWN_TARGETS));
    }
    work.targets().insert(&record).await.map_err(taken)?;
    finish(work, &session, "own_target_created", record.id).await?;
    Ok((StatusCode::CREATED, Json(shown(&record))))
}

pub(super) async fn change(
    State(access): State<Arc<Access>>,
    session: Session,
    Path(id): Path<TargetId>,
    Json(wanted): Json<ChangeOwnTarget>,
) -> Result<Json<OwnTarget>, ApiError> {
    let fields = wanted.fields;
    check(&access, &session, &fields).await?;
    let work = session.site.tenant.begin().await.map_err(failed)?;
    let present = own(&work, session.person(), id).await?;
    version::expect(&wanted.version, &shown(&present).version)?;
    let (host, port) = (fields.host.to_lowercase(), port(&fields));
    // Another machine has another certificate.
    let stays = present.host == host && present.port == port;
    let record = TargetRecord {
        name: fields.name.clone(),
        host,
        port,
        settings: settings(&fields),
        pinned_certificate: present.pinned_certificate.clone().filter(|_| stays),
        ..present
    };
    work.targets().update(&record).await.map_err(taken)?;
    finish(work, &session, "own_target_changed", id).await?;
    Ok(Json(shown(&record)))
}

pub(super) async fn remove(session: Session, Path(id): Path<TargetId>) -> Result<StatusCode, ApiError> {
    let work = session.site.tenant.begin().await.map_err(failed)?;
    own(&work, session.person(), id).await?;
    work.targets().remove(id).await.map_err(failed)?;
    finish(work, &session, "own_target_removed", id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The person's own target; somebody else's is none.
async fn own(work: &Work, person: PersonId, id: TargetId) -> Result<TargetRecord, ApiError> {
    let record = work.targets().get(id).await.map_err(failed)?;
    if record.owner == Some(person) { Ok(record) } else { Err(ApiError::not_found()) }
}

async fn finish(mut work: Work, session: &Session, action: &'static str, target: TargetId) -> Result<(), ApiError> {
    let event = AuditEvent::new(AuditKind::Target, action, Outcome::Success)
        .by(session.person())
        .session(session.facts.session)
        .from_zone(&session.situation.zone)
        .on(target);
    work.record(event);
    work.publish(DomainEvent::TargetChanged { target });
    work.commit().await.map_err(failed)
}

/// Whether the target may be set up: the decision allows it, the fields are right, and the host lies where it must.
async fn check(access: &Access, session: &Session, fields: &OwnTargetFields) -> Result<(), ApiError> {
    let decided = own_targets::load(&session.site.tenant).await.map_err(failed)?;
    if !decided.enabled {
        let text = "nobody decided that people may set up targets; ask your administration";
        return Err(ApiError::forbidden("own_targets_off", text));
    }
    let mut found = ApiError::invalid();
    if let Err(fault) = name::check(&fields.name, MAX_NAME_CHARS) {
        found = found.with_field(FieldProblem::name("name", fault));
    }
    if port(fields) == 0 {
        found = found.field("port", "invalid", "a port is a number from 1 to 65535");
    }
    match place(access, &decided, fields).await {
        Ok(()) => found.or_ok(),
        Err((code, detail)) => Err(found.field("host", code, detail)),
    }
}

/// What is wrong with where the target is. A name is looked up to tell at once; what counts is each connection's address.
async fn place(access: &Access, decided: &Decided, fields: &OwnTargetFields) -> Result<(), (&'static str, String)> {
    if fields.host.is_empty() {
        return Err(("required", "a target needs a host".to_owned()));
    }
    if !is_host(&fields.host) {
        return Err(("invalid", "a host is a name such as pc17.amt.example or an address".to_owned()));
    }
    match decided.guard(&access.parts.guard).resolve(&fields.host, port(fields)).await {
        Ok(_) => Ok(()),
        Err(EgressError::Unresolved(_)) => Err(("unresolved", "nobody knows this name".to_owned())),
        Err(error) => {
            Err(("outside_networks", format!("it lies outside the networks where such targets may be ({error})")))
        }
    }
}

fn port(fields: &OwnTargetFields) -> u16 {
    fields.port.unwrap_or(match fields.kind {
        OwnTargetKind::Rdp => 3389,
        OwnTargetKind::Ssh => 22,
    })
}

/// What goes through such a target is what every target lets pass unsaid: no clipboard, no drives, no printers.
fn settings(fields: &OwnTargetFields) -> TargetSettings {
    match fields.kind {
        OwnTargetKind::Rdp => TargetSettings::Rdp(RdpSettings { nla: fields.nla, ..RdpSettings::default() }),
        OwnTargetKind::Ssh => TargetSettings::Ssh(SshSettings {}),
    }
}

fn shown(record: &TargetRecord) -> OwnTarget {
    let (kind, nla) = match &record.settings {
        TargetSettings::Rdp(rdp) => (OwnTargetKind::Rdp, rdp.nla),
        _ => (OwnTargetKind::Ssh, true),
    };
    let fields =
        OwnTargetFields { name: record.name.clone(), kind, host: record.host.clone(), port: Some(record.port), nla };
    OwnTarget { id: record.id, version: version::of(&fields), fields }
}

/// Two of one's own cannot have one name.
fn taken(error: StoreError) -> ApiError {
    match error {
        StoreError::Conflict { what } if what.ends_with("name") => {
            ApiError::invalid().field("name", "taken", "another target of yours has this name")
        }
        other => failed(other),
    }
}
