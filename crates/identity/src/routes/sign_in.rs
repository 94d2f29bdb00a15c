//! Signing in, set-up and the enrolment of the first second factor. Open to everybody.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};
use fernamt_api::sign_in::{
    EnrolmentRequest, PasskeyOptions, PasskeySignInRequest, SecondFactor, SetupCheckRequest, SetupRequest, SetupView,
    SignInAnswer, SignInChallenge, SignInRequest, WaitingDeviceAnswer, WaitingDeviceRequest,
};
use fernamt_domain::{
    Method, PersonId, PersonState, Role,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_http::{ApiError, Json, Site};
use fernamt_store::{PersonRecord, StoreError};
use webauthn_rs::prelude::DiscoverableAuthentication;

use super::with_cookies;
use crate::{
    CHALLENGE, Identity,
    complete::SignedIn,
    failure::{SignInError, Wrong},
    passkey::{PasskeyError, Passkeys},
    sign_in::{Credentials, Second},
    throttle::{Attempt, Source},
};

/// The purpose of the token that carries a passkey ceremony.
const PASSKEY: &str = "passkey-sign-in";

pub(super) async fn challenge(
    State(identity): State<Arc<Identity>>,
    site: Site,
) -> Result<Json<SignInChallenge>, ApiError> {
    let administrators = site.tenant.people().with_role(Role::Administrator).await?;
    let (challenge, expires_at) = identity.challenges.issue(site.tenant.id(), CHALLENGE, ());
    let meetings = site.web.meetings;
    let setup_open = administrators.is_empty();
    Ok(Json(SignInChallenge { challenge, expires_at, tenant_name: site.name, setup_open, meetings }))
}

pub(super) async fn password(
    State(identity): State<Arc<Identity>>,
    site: Site,
    headers: HeaderMap,
    Json(request): Json<SignInRequest>,
) -> Result<Response, ApiError> {
    let browser = identity.browser(&site, &headers, &request.device, &request.challenge)?;
    let second = request.second.map(|second| match second {
        SecondFactor::Totp { code } => Second::Code(code),
        SecondFactor::RecoveryCode { code } => Second::Recovery(code),
    });
    let credentials =
        Credentials { name: &request.name, password: &request.password, second, device: Some(&browser.key) };
    let proof = match identity.prove(&site.tenant, &site.situation(), &credentials).await {
        Ok(proof) => proof,
        Err(SignInError::SecondFactorRequired(methods)) => {
            return Ok(with_cookies(Json(SignInAnswer::SecondFactorRequired { methods }), Vec::new()));
        }
        Err(error) => return Err(error.into()),
    };
    if proof.enrolment_needed {
        return Ok(enrol(&identity, &site, &proof.person));
    }
    let signed_in = SignedIn {
        person: &proof.person,
        methods: proof.methods,
        recovery_code: proof.recovery_code,
        app: None,
        passkey: None,
        password: Some(&request.password),
    };
    let completed = identity.complete(&site, &browser, signed_in).await?;
    Ok(with_cookies(Json(completed.answer), completed.cookies))
}

pub(super) async fn enrolment(
    State(identity): State<Arc<Identity>>,
    site: Site,
    headers: HeaderMap,
    Json(request): Json<EnrolmentRequest>,
) -> Result<Response, ApiError> {
    let browser = identity.browser(&site, &headers, &request.device, &request.challenge)?;
    let now = site.situation().at;
    let app = identity.check_enrolment(&site.tenant, &request.token, &request.code, true, now)?;
    let person = active(&site, app.person).await?.ok_or(SignInError::Failed(Wrong::Disabled))?;
    let signed_in = SignedIn {
        person: &person,
        methods: vec![Method::Password, Method::Totp],
        recovery_code: None,
        app: Some(&app),
        passkey: None,
        password: None,
    };
    let completed = identity.complete(&site, &browser, signed_in).await?;
    Ok(with_cookies(Json(completed.answer), completed.cookies))
}

pub(super) async fn waiting_device(
    State(identity): State<Arc<Identity>>,
    site: Site,
    Json(request): Json<WaitingDeviceRequest>,
) -> Result<Json<WaitingDeviceAnswer>, ApiError> {
    let state = identity.state_of_waiting(&site.tenant, &request.token, site.situation().at).await?;
    Ok(Json(WaitingDeviceAnswer { state }))
}

pub(super) async fn passkey_begin(
    State(identity): State<Arc<Identity>>,
    site: Site,
) -> Result<Json<PasskeyOptions>, ApiError> {
    let (options, state) = passkeys(&site)?.begin_sign_in().map_err(|error| refused(&error))?;
    let (token, _) = identity.challenges.issue(site.tenant.id(), PASSKEY, state);
    Ok(Json(PasskeyOptions { options, token }))
}

pub(super) async fn passkey(
    State(identity): State<Arc<Identity>>,
    site: Site,
    headers: HeaderMap,
    Json(request): Json<PasskeySignInRequest>,
) -> Result<Response, ApiError> {
    let browser = identity.browser(&site, &headers, &request.device, &request.challenge)?;
    let opened = identity.challenges.open::<DiscoverableAuthentication>(site.tenant.id(), PASSKEY, &request.token);
    let opened = opened.map_err(SignInError::from)?;
    let spent = opened.without_value();
    let passkeys = passkeys(&site)?;
    let answer = passkeys.identify(request.credential).map_err(|error| refused(&error))?;
    let situation = site.situation();
    let account = identity.account(site.tenant.id(), &answer.person.to_string());
    let who = Attempt::Stranger(Source::from(situation.address), account);
    identity.throttle.admit(who, situation.at).map_err(SignInError::from)?;
    identity.throttle.failed(who, situation.at);
    let record = site.tenant.passkeys().by_credential_id(&answer.credential_id).await?;
    let person = match &record {
        Some(record) if record.person.0 == answer.person => active(&site, record.person).await?,
        _ => None,
    };
    let (Some(record), Some(person)) = (record, person) else {
        identity.note_failure(&site.tenant, None, Wrong::Passkey, &situation);
        return Err(SignInError::Failed(Wrong::Passkey).into());
    };
    let changed = match passkeys.finish_sign_in(&answer, opened.value, record.credential.clone()) {
        Ok(changed) => changed,
        Err(error) => {
            if matches!(error, PasskeyError::Cloned) {
                let event = AuditEvent::new(AuditKind::Alarm, "passkey_copied", Outcome::Denied).about(person.id);
                site.tenant.record(event).await?;
            }
            identity.note_failure(&site.tenant, Some(person.id), Wrong::Passkey, &situation);
            return Err(SignInError::Failed(Wrong::Passkey).into());
        }
    };
    identity.challenges.spend(&spent).map_err(SignInError::from)?;
    identity.throttle.succeeded(who);
    let signed_in = SignedIn {
        person: &person,
        methods: vec![Method::Passkey],
        recovery_code: None,
        app: None,
        passkey: Some((record.id, changed.unwrap_or(record.credential))),
        password: None,
    };
    let completed = identity.complete(&site, &browser, signed_in).await?;
    Ok(with_cookies(Json(completed.answer), completed.cookies))
}

pub(super) async fn setup_check(
    State(identity): State<Arc<Identity>>,
    site: Site,
    Json(request): Json<SetupCheckRequest>,
) -> Result<Json<SetupView>, ApiError> {
    let valid = identity.setup_link_is_good(&site.tenant, &request.token).await?;
    Ok(Json(SetupView { valid }))
}

pub(super) async fn setup(
    State(identity): State<Arc<Identity>>,
    site: Site,
    headers: HeaderMap,
    Json(request): Json<SetupRequest>,
) -> Result<Response, ApiError> {
    identity.browser(&site, &headers, &request.device, &request.challenge)?;
    let person = identity.make_first_administrator(&site.tenant, &request).await?;
    Ok(enrol(&identity, &site, &person))
}

/// The answer to a right password of somebody who has no second factor yet.
fn enrol(identity: &Identity, site: &Site, person: &PersonRecord) -> Response {
    let enrolment = identity.begin_enrolment(site, person.id, &person.name, true);
    with_cookies(Json(SignInAnswer::EnrolmentRequired { enrolment }), Vec::new())
}

/// Passkeys for a site.
pub(super) fn passkeys(site: &Site) -> Result<Passkeys, ApiError> {
    Passkeys::new(&site.host, &site.origin(), &site.name).map_err(|error| refused(&error))
}

/// A passkey's fault as the API tells it.
pub(super) fn refused(error: &PasskeyError) -> ApiError {
    match error {
        PasskeyError::Unavailable => ApiError::bad_request("passkeys_unavailable", error.to_string()),
        PasskeyError::Malformed => ApiError::bad_request("malformed", error.to_string()),
        PasskeyError::Refused(_) | PasskeyError::Cloned => {
            ApiError::bad_request("passkey_refused", "the passkey's answer does not fit")
        }
    }
}

async fn active(site: &Site, person: PersonId) -> Result<Option<PersonRecord>, SignInError> {
    match site.tenant.people().get(person).await {
        Ok(person) => Ok(Some(person).filter(|person| person.state == PersonState::Active)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
