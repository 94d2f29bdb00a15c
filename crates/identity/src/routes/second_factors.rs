//! The signed-in person's second factors.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};
use fernamt_api::{
    me::{ConfirmTotp, MyOtpToken, MyPasskey, MySecondFactors, NewPasskey, RecoveryCodes},
    sign_in::{PasskeyOptions, TotpEnrolment},
};
use fernamt_domain::{
    PasskeyId, PersonId,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_http::{ApiError, Json, Path, Session};
use fernamt_store::{OtpKind, PasskeyRecord, StoreError};
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::PasskeyRegistration;

use super::sign_in::{passkeys, refused};
use crate::{Identity, device::MAX_NAME_CHARS, failure::SignInError, passkey::MAX_PASSKEYS};

/// The purpose of the token that carries a passkey's registration.
const REGISTRATION: &str = "passkey-registration";
/// What a passkey is called that its owner did not name.
const DEFAULT_PASSKEY_NAME: &str = "Passkey";

#[derive(Serialize, Deserialize)]
struct Registration {
    person: PersonId,
    state: PasskeyRegistration,
}

pub(super) async fn list(State(_): State<Arc<Identity>>, session: Session) -> Result<Json<MySecondFactors>, ApiError> {
    let (tenant, person) = (&session.site.tenant, session.person());
    let tokens = tenant.otp_tokens().of_person(person).await?;
    let passkeys = tenant.passkeys().of_person(person).await?;
    let codes = tenant.recovery_codes().unused_of_person(person).await?;
    Ok(Json(MySecondFactors {
        otp_tokens: tokens
            .into_iter()
            .map(|token| MyOtpToken {
                id: token.id,
                hardware: token.kind == OtpKind::Hardware,
                serial: token.serial,
                confirmed_at: token.confirmed_at,
            })
            .collect(),
        passkeys: passkeys.into_iter().map(my_passkey).collect(),
        recovery_codes_left: u32::try_from(codes.len()).unwrap_or(u32::MAX),
    }))
}

pub(super) async fn passkey_begin(
    State(identity): State<Arc<Identity>>,
    session: Session,
) -> Result<Json<PasskeyOptions>, ApiError> {
    let present = session.site.tenant.passkeys().of_person(session.person()).await?;
    if present.len() >= MAX_PASSKEYS {
        return Err(ApiError::conflict("too_many_passkeys", "remove a passkey that you no longer use"));
    }
    let present = present.into_iter().map(|passkey| passkey.credential_id).collect();
    let (options, state) = passkeys(&session.site)?
        .begin_registration(session.person().0, &session.name, &session.display_name, present)
        .map_err(|error| refused(&error))?;
    let registration = Registration { person: session.person(), state };
    let (token, _) = identity.challenges.issue(session.site.tenant.id(), REGISTRATION, registration);
    Ok(Json(PasskeyOptions { options, token }))
}

pub(super) async fn passkey_add(
    State(identity): State<Arc<Identity>>,
    session: Session,
    Json(request): Json<NewPasskey>,
) -> Result<(StatusCode, Json<MyPasskey>), ApiError> {
    let (tenant, person) = (&session.site.tenant, session.person());
    let name = match request.name.trim() {
        "" => DEFAULT_PASSKEY_NAME,
        name => name,
    };
    fernamt_domain::name::check(name, MAX_NAME_CHARS).map_err(|fault| SignInError::Name { path: "name", fault })?;
    let opened = identity
        .challenges
        .open::<Registration>(tenant.id(), REGISTRATION, &request.token)
        .map_err(SignInError::from)?;
    if opened.value.person != person {
        return Err(SignInError::Challenge.into());
    }
    let (credential_id, credential) = passkeys(&session.site)?
        .finish_registration(request.credential, &opened.value.state)
        .map_err(|error| refused(&error))?;
    identity.challenges.spend(&opened).map_err(SignInError::from)?;
    let passkey = PasskeyRecord {
        id: PasskeyId::new(&*identity.clock, &*identity.rng),
        person,
        credential_id,
        credential,
        name: name.to_owned(),
        created_at: session.situation.at,
        last_used_on: None,
    };
    let stored = async {
        let mut work = tenant.begin().await?;
        work.passkeys().insert(&passkey).await?;
        work.record(changed("passkey_enrolled", person));
        work.commit().await
    };
    match stored.await {
        Ok(()) => Ok((StatusCode::CREATED, Json(my_passkey(passkey)))),
        Err(StoreError::Conflict { .. }) => {
            Err(ApiError::conflict("passkey_known", "this passkey is enrolled already"))
        }
        Err(error) => Err(SignInError::from(error).into()),
    }
}

pub(super) async fn passkey_remove(
    State(_): State<Arc<Identity>>,
    session: Session,
    Path(id): Path<PasskeyId>,
) -> Result<StatusCode, ApiError> {
    let (tenant, person) = (&session.site.tenant, session.person());
    let own = tenant.passkeys().of_person(person).await?;
    if !own.iter().any(|passkey| passkey.id == id) {
        return Err(ApiError::not_found());
    }
    let tokens = tenant.otp_tokens().of_person(person).await?;
    if own.len() == 1 && tokens.iter().all(|token| token.confirmed_at.is_none()) {
        return Err(ApiError::conflict(
            "last_second_factor",
            "this is the last second factor; enrol another one first",
        ));
    }
    let removed = async {
        let mut work = tenant.begin().await?;
        work.passkeys().remove(id).await?;
        work.record(changed("passkey_removed", person));
        work.commit().await
    };
    removed.await.map_err(|error: StoreError| SignInError::from(error))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn totp_begin(
    State(identity): State<Arc<Identity>>,
    session: Session,
) -> Result<Json<TotpEnrolment>, ApiError> {
    Ok(Json(identity.begin_enrolment(&session.site, session.person(), &session.name, false)))
}

pub(super) async fn totp_confirm(
    State(identity): State<Arc<Identity>>,
    session: Session,
    Json(request): Json<ConfirmTotp>,
) -> Result<StatusCode, ApiError> {
    let (tenant, now) = (&session.site.tenant, session.situation.at);
    let app = identity.check_enrolment(tenant, &request.token, &request.code, false, now)?;
    if app.person != session.person() {
        return Err(SignInError::Challenge.into());
    }
    let mut work = tenant.begin().await?;
    identity.store_app(&mut work, tenant.id(), &app, now).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn recovery_codes(
    State(identity): State<Arc<Identity>>,
    session: Session,
) -> Result<Json<RecoveryCodes>, ApiError> {
    let tenant = &session.site.tenant;
    let mut work = tenant.begin().await?;
    let codes = identity.store_recovery_codes(&mut work, tenant.id(), session.person()).await?;
    work.commit().await?;
    Ok(Json(RecoveryCodes { codes: codes.iter().map(|code| code.expose().clone()).collect() }))
}

fn my_passkey(passkey: PasskeyRecord) -> MyPasskey {
    MyPasskey { id: passkey.id, name: passkey.name, created_at: passkey.created_at, last_used_on: passkey.last_used_on }
}

fn changed(action: &'static str, person: PersonId) -> AuditEvent {
    AuditEvent::new(AuditKind::SecondFactor, action, Outcome::Success).by(person).about(person)
}
