//! Signing in by SSH, for stock clients and for sticks: password and code, or an enrolled key and code. The same order,
//! throttle and once-only codes as on the web; only the device's key is an SSH key, or there is none.

use fernamt_domain::{DeviceKind, DeviceState, Method, PersonState, Secret, SessionFacts, Situation};
use fernamt_store::{DeviceRecord, PersonRecord, TenantStore};

use crate::{
    Identity,
    failure::{SignInError, Wrong},
    second_factor::Factors,
    session::{NewSession, facts_of},
    settings,
    sign_in::{Credentials, Second},
    ssh_key,
    throttle::{Attempt, Source},
};

impl Identity {
    /// Signs in by password and one-time or recovery code. The session belongs to the connection: end it with
    /// [`Identity::end_session`] when the connection closes.
    pub async fn authenticate_password_totp(
        &self,
        tenant: &TenantStore,
        situation: &Situation,
        name: &str,
        password: &Secret<String>,
        code: &Secret<String>,
    ) -> Result<SessionFacts, SignInError> {
        let credentials = Credentials { name, password, second: second(code), device: None };
        let proof = self.prove(tenant, situation, &credentials).await?;
        if proof.enrolment_needed {
            return Err(SignInError::EnrolmentNeeded);
        }
        let settings = settings::load(tenant).await?;
        let mut work = tenant.begin().await?;
        if let Some(code) = proof.recovery_code
            && !work.recovery_codes().use_up(code).await?
        {
            return Err(SignInError::Failed(Wrong::RecoveryCode));
        }
        let new = NewSession {
            tenant: tenant.id(),
            person: proof.person.id,
            device: None,
            kind: DeviceKind::SshPassword,
            methods: proof.methods,
            situation,
            settings: &settings,
        };
        let (row, _) = self.begin_session(&mut work, new).await?;
        work.commit().await?;
        Ok(facts_of(&row, None))
    }

    /// Whether a key is enrolled for this person and not blocked. The gateway asks only after the client has proved that
    /// it holds the key, so nobody learns whose keys are enrolled.
    pub async fn is_known_ssh_key(&self, tenant: &TenantStore, name: &str, blob: &[u8]) -> Result<bool, SignInError> {
        Ok(self.ssh_device(tenant, name, blob).await?.is_some())
    }

    /// Signs in by a key whose signature the SSH server has verified, and a one-time code.
    pub async fn authenticate_key_totp(
        &self,
        tenant: &TenantStore,
        situation: &Situation,
        name: &str,
        blob: &[u8],
        code: &Secret<String>,
    ) -> Result<SessionFacts, SignInError> {
        let found = self.ssh_device(tenant, name, blob).await?;
        let account = self.account(tenant.id(), &name.trim().to_lowercase());
        let who = match &found {
            Some((_, device)) if device.last_seen_on.is_some() => Attempt::KnownDevice(tenant.id(), device.id),
            _ => Attempt::Stranger(Source::from(situation.address), account),
        };
        self.throttle.admit(who, situation.at)?;
        self.throttle.failed(who, situation.at);
        let Some((person, device)) = found else {
            self.note_failure(tenant, None, Wrong::SshKey, situation);
            return Err(SignInError::Failed(Wrong::SshKey));
        };
        let factors = Factors::load(tenant, person.id).await?;
        if !factors.any() {
            self.throttle.withdrawn(who);
            return Err(SignInError::EnrolmentNeeded);
        }
        let mut methods = vec![Method::SshKey];
        let mut recovery_code = None;
        match second(code) {
            Some(Second::Code(code)) if self.use_code(tenant, person.id, &factors, &code, situation.at).await? => {
                methods.push(Method::Totp);
            }
            Some(Second::Recovery(code)) => {
                let print = crate::recovery::fingerprint(&self.sealer, tenant.id(), person.id, &code);
                recovery_code = factors.recovery_code(print, situation.at);
                methods.push(Method::RecoveryCode);
            }
            _ => {}
        }
        let right = methods.contains(&Method::Totp) || recovery_code.is_some();
        if !right {
            self.note_failure(tenant, Some(person.id), Wrong::Code, situation);
            return Err(SignInError::Failed(Wrong::Code));
        }
        self.throttle.succeeded(who);
        if device.state == DeviceState::Pending {
            return Err(SignInError::DevicePending);
        }
        let settings = settings::load(tenant).await?;
        let mut work = tenant.begin().await?;
        if let Some(code) = recovery_code
            && !work.recovery_codes().use_up(code).await?
        {
            return Err(SignInError::Failed(Wrong::RecoveryCode));
        }
        let new = NewSession {
            tenant: tenant.id(),
            person: person.id,
            device: Some(&device),
            kind: device.kind,
            methods,
            situation,
            settings: &settings,
        };
        let (row, _) = self.begin_session(&mut work, new).await?;
        work.commit().await?;
        Ok(facts_of(&row, Some(&device)))
    }

    async fn ssh_device(
        &self,
        tenant: &TenantStore,
        name: &str,
        blob: &[u8],
    ) -> Result<Option<(PersonRecord, DeviceRecord)>, SignInError> {
        let person = tenant.people().by_name(&name.trim().to_lowercase()).await?;
        let Some(person) = person.filter(|person| person.state == PersonState::Active) else { return Ok(None) };
        let device = tenant.devices().by_key(person.id, &ssh_key::fingerprint(blob)).await?;
        let usable = |device: &DeviceRecord| {
            matches!(device.kind, DeviceKind::SshKey | DeviceKind::Stick)
                && device.public_key == blob
                && matches!(device.state, DeviceState::Approved | DeviceState::Pending)
        };
        Ok(device.filter(usable).map(|device| (person, device)))
    }
}

/// What was typed at the prompt for the code: digits are a one-time code, anything longer a recovery code.
fn second(code: &Secret<String>) -> Option<Second> {
    let text: String = code.expose().chars().filter(|c| !c.is_whitespace()).collect();
    let one_time = text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    if text.is_empty() {
        None
    } else if one_time {
        Some(Second::Code(code.clone()))
    } else {
        Some(Second::Recovery(code.clone()))
    }
}
