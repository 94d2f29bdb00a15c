//! The end of every sign-in on the web: from somebody who proved who they are to a session on an approved device.

use axum::http::{HeaderMap, HeaderValue};
use fernamt_api::{
    session::{Me, SessionView},
    sign_in::{DeviceProof, SignInAnswer},
};
use fernamt_domain::{
    DeviceKind, DeviceState, Method, PasskeyId, PersonId, RecoveryCodeId, Secret,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_http::{ApiError, Session, Site, cookie};
use fernamt_store::{PersonRecord, StoreError, Work};
use serde_json::Value;
use time::Duration;

use crate::{
    Identity,
    challenge::Opened,
    container,
    device::{DeviceName, Key},
    device_key::{DeviceKey, SignedFor},
    failure::{SignInError, Wrong},
    handover,
    second_factor::ConfirmedApp,
    session::NewSession,
    session_secret::SessionSecret,
    settings,
};

/// A browser that has proved its key over a challenge of ours.
pub(crate) struct Browser {
    pub(crate) key: DeviceKey,
    name: DeviceName,
    /// What it says it is.
    said: container::Browser,
    challenge: Opened<()>,
}

/// Somebody who proved who they are, and what goes with it into the same transaction.
pub(crate) struct SignedIn<'a> {
    pub(crate) person: &'a PersonRecord,
    pub(crate) methods: Vec<Method>,
    /// Used up with the session.
    pub(crate) recovery_code: Option<RecoveryCodeId>,
    /// The first authenticator app; recovery codes are made with it.
    pub(crate) app: Option<&'a ConfirmedApp>,
    /// The passkey that was used, as it is to be stored now.
    pub(crate) passkey: Option<(PasskeyId, Value)>,
    /// The typed password, to be handed over.
    pub(crate) password: Option<&'a Secret<String>>,
}

/// An answer with the cookies that go with it.
pub(crate) struct Completed {
    pub(crate) answer: SignInAnswer,
    pub(crate) cookies: Vec<HeaderValue>,
}

impl Identity {
    /// Checks that the browser holds the key it names.
    pub(crate) fn browser(
        &self,
        site: &Site,
        headers: &HeaderMap,
        proof: &DeviceProof,
        challenge: &str,
    ) -> Result<Browser, SignInError> {
        let opened = self.open_challenge(&site.tenant, challenge)?;
        let key = DeviceKey::parse(&proof.public_key).map_err(|_| SignInError::DeviceProof)?;
        key.verify(SignedFor::SignIn, challenge, &proof.signature).map_err(|_| SignInError::DeviceProof)?;
        let name = DeviceName::parse(&proof.name, DeviceKind::Browser)
            .map_err(|fault| SignInError::Name { path: "device.name", fault })?;
        Ok(Browser { key, name, said: container::Browser::of(headers), challenge: opened })
    }

    /// Enrols the device if it is new, and begins a session if the device may be used.
    pub(crate) async fn complete(
        &self,
        site: &Site,
        browser: &Browser,
        signed_in: SignedIn<'_>,
    ) -> Result<Completed, ApiError> {
        let tenant = &site.tenant;
        let settings = settings::load(tenant).await?;
        let situation = site.situation();
        let person = signed_in.person.id;
        self.challenges.spend(&browser.challenge).map_err(SignInError::from)?;
        let mut work = tenant.begin().await?;
        let mut recovery_codes = Vec::new();
        if let Some(app) = signed_in.app {
            // Looked at inside the transaction: of two who hold the password, only the first enrols.
            if has_factor(&work, person).await? {
                return Err(SignInError::Challenge.into());
            }
            self.store_app(&mut work, tenant.id(), app, situation.at).await?;
            recovery_codes = self.store_recovery_codes(&mut work, tenant.id(), person).await?;
        }
        if let Some(code) = signed_in.recovery_code {
            if !work.recovery_codes().use_up(code).await? {
                return Err(SignInError::Failed(Wrong::RecoveryCode).into());
            }
            work.record(
                AuditEvent::new(AuditKind::SecondFactor, "recovery_code_used", Outcome::Success)
                    .by(person)
                    .about(person),
            );
        }
        if let Some((id, credential)) = &signed_in.passkey {
            work.passkeys().used(*id, credential, situation.at.date()).await?;
        }
        let key = Key {
            kind: DeviceKind::Browser,
            encoded: browser.key.spki().to_vec(),
            thumbprint: browser.key.thumbprint(),
        };
        let device = self.device_for(&mut work, &settings, person, &key, &browser.name, situation.at).await?;
        let recovery_codes: Vec<String> = recovery_codes.iter().map(|code| code.expose().clone()).collect();
        if device.state == DeviceState::Pending {
            // What it says of itself counts for mail alone.
            if site.web.mail {
                container::note_waiting(&work, &device, browser.said.clone(), situation.at).await?;
            }
            work.commit().await?;
            let waiting = self.waiting(tenant.id(), &device);
            let answer = SignInAnswer::DevicePending { waiting, recovery_codes };
            return Ok(Completed { answer, cookies: Vec::new() });
        }
        let new = NewSession {
            tenant: tenant.id(),
            person,
            device: Some(&device),
            kind: DeviceKind::Browser,
            methods: signed_in.methods,
            situation: &situation,
            settings: &settings,
        };
        let (row, secret) = self.begin_session(&mut work, new).await?;
        work.commit().await?;
        let life = row.expires_at - situation.at;
        let mut cookies = vec![session_cookie(&secret, row.id, life)];
        let handover =
            signed_in.password.and_then(|password| handover::seal(&self.sealer, tenant.id(), row.id, password, life));
        let handed_over = handover.is_some();
        cookies.push(handover.unwrap_or_else(|| cookie::remove(cookie::HANDOVER)));
        let session = self.session_of(site, &row, &settings).await?;
        let session = view(&session, handed_over)?;
        Ok(Completed { answer: SignInAnswer::SignedIn { session, recovery_codes }, cookies })
    }
}

async fn has_factor(work: &Work, person: PersonId) -> Result<bool, StoreError> {
    let tokens = work.otp_tokens().of_person(person).await?;
    Ok(!tokens.is_empty() || !work.passkeys().of_person(person).await?.is_empty())
}

/// The cookie that carries a session's secret.
pub(crate) fn session_cookie(
    secret: &SessionSecret,
    session: fernamt_domain::SessionId,
    life: Duration,
) -> HeaderValue {
    cookie::set(cookie::SESSION, secret.cookie(session).expose(), life, cookie::SameSite::Strict)
}

/// A session as the web app sees it.
pub(crate) fn view(session: &Session, handover: bool) -> Result<SessionView, ApiError> {
    Ok(SessionView {
        id: session.facts.session,
        person: Me {
            id: session.facts.person,
            name: session.name.clone(),
            display_name: session.display_name.clone(),
            roles: session.roles.clone(),
            language: session.language.clone(),
            password_here: session.password_here,
        },
        device_id: session.facts.device.ok_or_else(ApiError::not_found)?,
        device_state: session.facts.device_state,
        methods: session.facts.methods.clone(),
        zone: session.situation.zone.clone(),
        expires_at: session.expires_at,
        idle_expires_at: session.idle_expires_at,
        rotate_by: session.rotate_by,
        handover,
        administration_here: session.site.connection.administration,
        tenant_name: session.site.name.clone(),
        meetings: session.site.web.meetings,
        mail: session.site.web.mail,
    })
}
