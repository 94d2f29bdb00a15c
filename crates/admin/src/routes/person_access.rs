//! What a person can sign in with, and whether they can: disable, enable, new password, new second factor.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, routing::post};
use fernamt_api::admin::people::{NewPassword, PersonDetail, StartCode};
use fernamt_domain::{DomainEvent, PersonId, PersonState, audit::AuditKind};
use fernamt_http::{Administrator, ApiError, Json, Path, Session};
use fernamt_identity::session::end_all;

use super::people::{local_person, shown};
use crate::{
    Admin,
    act::done,
    error::AdminError,
    guard::{not_oneself, somebody_administers},
    password,
};

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/people/{id}/disable", post(disable))
        .route("/api/v1/admin/people/{id}/enable", post(enable))
        .route("/api/v1/admin/people/{id}/password", post(new_password))
        .route("/api/v1/admin/people/{id}/start-code", post(start_code))
        .route("/api/v1/admin/people/{id}/second-factor/reset", post(reset_second_factor))
}

async fn disable(
    Administrator(session): Administrator,
    Path(id): Path<PersonId>,
) -> Result<Json<PersonDetail>, AdminError> {
    not_oneself(&session, id)?;
    set_state(&session, id, PersonState::Disabled, "disabled").await
}

async fn enable(
    Administrator(session): Administrator,
    Path(id): Path<PersonId>,
) -> Result<Json<PersonDetail>, AdminError> {
    set_state(&session, id, PersonState::Active, "enabled").await
}

async fn set_state(
    session: &Session,
    id: PersonId,
    state: PersonState,
    action: &'static str,
) -> Result<Json<PersonDetail>, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    work.people().set_state(id, state).await?;
    if state == PersonState::Disabled {
        end_all(&mut work, id, None).await?;
        somebody_administers(&work).await?;
    }
    work.record(done(session, AuditKind::Person, action).about(id));
    work.publish(DomainEvent::PersonChanged { person: id });
    work.commit().await?;
    Ok(Json(shown(&session.site.tenant, id).await?))
}

async fn new_password(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<PersonId>,
) -> Result<Json<NewPassword>, AdminError> {
    // One's own is changed on one's own page, where the old one is asked for.
    not_oneself(&session, id)?;
    let person = local_person(&session, id).await?;
    let password = password::make_up(&*session.site.web.rng, &person.name, &person.display_name);
    let hash = admin.hash(&password).await?;
    let mut work = session.site.tenant.begin().await?;
    work.people().set_password_hash(id, Some(hash)).await?;
    end_all(&mut work, id, None).await?;
    work.record(done(&session, AuditKind::Person, "password_reset").about(id));
    work.publish(DomainEvent::PersonChanged { person: id });
    work.commit().await?;
    Ok(Json(NewPassword { password: password.expose().clone() }))
}

async fn start_code(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<PersonId>,
) -> Result<Json<StartCode>, AdminError> {
    let tenant = &session.site.tenant;
    let mut work = tenant.begin().await?;
    work.people().get(id).await?;
    let code = admin.identity.make_start_code(&work, tenant.id(), id).await?.ok_or_else(|| {
        ApiError::conflict("has_second_factor", "this person has a second factor already; reset it if it was lost")
    })?;
    work.record(done(&session, AuditKind::SecondFactor, "start_code_made").about(id));
    work.commit().await?;
    Ok(Json(StartCode { code: code.expose().clone() }))
}

async fn reset_second_factor(
    Administrator(session): Administrator,
    Path(id): Path<PersonId>,
) -> Result<StatusCode, AdminError> {
    not_oneself(&session, id)?;
    let mut work = session.site.tenant.begin().await?;
    work.people().get(id).await?;
    work.otp_tokens().remove_of_person(id).await?;
    work.passkeys().remove_of_person(id).await?;
    work.recovery_codes().replace(id, Vec::new()).await?;
    // A session that was proved by the old factor must not outlive it.
    end_all(&mut work, id, None).await?;
    work.record(done(&session, AuditKind::SecondFactor, "reset").about(id));
    work.publish(DomainEvent::PersonChanged { person: id });
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
