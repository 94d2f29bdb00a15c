//! A person's second factors in the store: one-time-code tokens, passkeys, recovery codes.

use data_encoding::BASE32_NOPAD;
use fernamt_api::sign_in::TotpEnrolment;
use fernamt_domain::{
    Method, OtpTokenId, PersonId, Purpose, RecoveryCodeId, Secret, TenantId,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_store::{OtpAlgorithm, OtpKind, OtpMode, OtpTokenRecord, RecoveryCodeRecord, TenantStore, Work};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;

use crate::{
    Identity,
    failure::SignInError,
    otp::{self, Algorithm, Match, Moving, Position, Scheme},
    recovery::{self, RecoveryCode},
    start_code,
    token_file::TokenRecord,
};

/// The most tokens of a person whose codes are tried.
pub(crate) const MAX_TOKENS_TRIED: usize = 5;
/// The purpose of the token that carries an enrolment.
const ENROLMENT: &str = "totp-enrolment";
/// Seconds that an app shows a code.
const APP_PERIOD_S: u32 = 30;
/// The purpose that secrets are sealed for in the store.
const SECRET: &str = "otp-secret";

/// What a person holds beyond the password.
#[derive(Debug, Default)]
pub(crate) struct Factors {
    tokens: Vec<OtpTokenRecord>,
    recovery_codes: Vec<RecoveryCodeRecord>,
    passkeys: usize,
}

impl Factors {
    /// Reads them.
    pub(crate) async fn load(tenant: &TenantStore, person: PersonId) -> Result<Self, SignInError> {
        let tokens = tenant.otp_tokens().of_person(person).await?;
        let recovery_codes = tenant.recovery_codes().unused_of_person(person).await?;
        let passkeys = tenant.passkeys().of_person(person).await?.len();
        Ok(Self { tokens, recovery_codes, passkeys })
    }

    /// Whether there is any, so that a password alone is not enough. A hardware token counts from the moment it is
    /// handed out: its first code confirms it. Recovery codes alone do not: they only stand in for something lost.
    pub(crate) fn any(&self) -> bool {
        self.passkeys > 0 || self.usable().next().is_some()
    }

    /// What there is, by method.
    pub(crate) fn methods(&self) -> Vec<Method> {
        let totp = self.usable().next().map(|_| Method::Totp);
        totp.into_iter().chain((self.passkeys > 0).then_some(Method::Passkey)).collect()
    }

    /// The unused recovery code with this fingerprint. Beside no second factor it is a start code, which grows old.
    pub(crate) fn recovery_code(&self, print: Option<[u8; 32]>, now: OffsetDateTime) -> Option<RecoveryCodeId> {
        let print = print?;
        let good = |code: &&RecoveryCodeRecord| self.any() || now - code.created_at < start_code::LIFETIME;
        let fits = |code: &&RecoveryCodeRecord| bool::from(code.hash.expose().as_slice().ct_eq(&print));
        self.recovery_codes.iter().filter(good).find(fits).map(|code| code.id)
    }

    fn usable(&self) -> impl Iterator<Item = &OtpTokenRecord> {
        let usable = |token: &&OtpTokenRecord| token.confirmed_at.is_some() || token.kind == OtpKind::Hardware;
        self.tokens.iter().filter(usable).take(MAX_TOKENS_TRIED)
    }
}

/// An enrolment under way, sealed into the token that the browser holds meanwhile.
#[derive(Serialize, Deserialize)]
struct Enrolment {
    person: PersonId,
    secret: String,
    methods: Vec<Method>,
    first: bool,
}

/// A new authenticator app whose first code was right.
pub(crate) struct ConfirmedApp {
    /// Whose it is.
    pub person: PersonId,
    secret: Secret<Vec<u8>>,
    step: Match,
    spent: crate::challenge::Opened<()>,
}

impl Identity {
    /// Whether the code is right and was not used before; if so it is used up, whatever comes next.
    pub(crate) async fn use_code(
        &self,
        tenant: &TenantStore,
        person: PersonId,
        factors: &Factors,
        code: &Secret<String>,
        now: OffsetDateTime,
    ) -> Result<bool, SignInError> {
        for token in factors.usable() {
            let Some((scheme, secret)) = self.open_token(tenant, token) else {
                tracing::error!(token = %token.id, "A one-time-code secret does not open under the master key");
                continue;
            };
            let position = Position { last_step: token.last_step, drift: token.drift };
            let Some(found) = otp::find(&scheme, &secret, position, code.expose(), now) else { continue };
            let mut work = tenant.begin().await?;
            let won = work.otp_tokens().use_step(token.id, found.step, found.drift).await?;
            if won && token.confirmed_at.is_none() {
                work.otp_tokens().confirm(token.id).await?;
                work.record(changed("token_confirmed", person));
            }
            work.commit().await?;
            if won {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn open_token(&self, tenant: &TenantStore, token: &OtpTokenRecord) -> Option<(Scheme, Secret<Vec<u8>>)> {
        let purpose = Purpose { tenant: tenant.id(), word: SECRET };
        let secret = self.sealer.open(purpose, &token.secret_sealed).ok()?;
        let algorithm = match token.algorithm {
            OtpAlgorithm::Sha1 => Algorithm::Sha1,
            OtpAlgorithm::Sha256 => Algorithm::Sha256,
            OtpAlgorithm::Sha512 => Algorithm::Sha512,
        };
        let moving = match token.mode {
            OtpMode::Totp => Moving::Time { period_s: u16::try_from(token.period_s).unwrap_or(30) },
            OtpMode::Hotp => Moving::Event,
        };
        let scheme = Scheme { algorithm, digits: token.digits, moving, follow_drift: token.kind == OtpKind::Hardware };
        Some((scheme, Secret::new(secret.to_vec())))
    }

    /// Makes a secret for an authenticator app. Nothing is stored until its first code was right. `first`: it is the
    /// person's first factor, enrolled at sign-in.
    pub(crate) fn begin_enrolment(
        &self,
        site: &fernamt_http::Site,
        person: PersonId,
        name: &str,
        first: bool,
    ) -> TotpEnrolment {
        let secret = otp::new_secret(&*self.rng);
        let text = BASE32_NOPAD.encode(secret.expose());
        let enrolment = Enrolment { person, secret: text.clone(), methods: vec![Method::Password], first };
        let (token, _) = self.challenges.issue(site.tenant.id(), ENROLMENT, enrolment);
        let uri = otp::otpauth_uri(&secret, &site.name, name);
        let qr_svg = otp::qr_svg(&uri).unwrap_or_default();
        TotpEnrolment { token, secret: text, otpauth_uri: uri.expose().clone(), qr_svg }
    }

    /// Checks the first code of a new app.
    pub(crate) fn check_enrolment(
        &self,
        tenant: &TenantStore,
        token: &str,
        code: &Secret<String>,
        first: bool,
        now: OffsetDateTime,
    ) -> Result<ConfirmedApp, SignInError> {
        let opened = self.challenges.open::<Enrolment>(tenant.id(), ENROLMENT, token)?;
        let enrolment = &opened.value;
        if enrolment.first != first {
            return Err(SignInError::Challenge);
        }
        let secret = BASE32_NOPAD.decode(enrolment.secret.as_bytes()).map_err(|_| SignInError::Challenge)?;
        let secret = Secret::new(secret);
        let start = Position { last_step: 0, drift: 0 };
        let step = otp::find(&Scheme::APP, &secret, start, code.expose(), now).ok_or(SignInError::EnrolmentCode)?;
        Ok(ConfirmedApp { person: enrolment.person, secret, step, spent: opened.without_value() })
    }

    /// Stores a new app in place of the present ones.
    pub(crate) async fn store_app(
        &self,
        work: &mut Work,
        tenant: TenantId,
        app: &ConfirmedApp,
        now: OffsetDateTime,
    ) -> Result<(), SignInError> {
        self.challenges.spend(&app.spent)?;
        for old in work.otp_tokens().of_person(app.person).await? {
            if old.kind == OtpKind::App {
                work.otp_tokens().remove(old.id).await?;
            }
        }
        let record = self.app_token(tenant, app.person, &app.secret, now);
        let token = OtpTokenRecord { last_step: app.step.step, ..record };
        work.otp_tokens().insert(&token).await?;
        work.record(changed("app_enrolled", app.person).by(app.person));
        Ok(())
    }

    /// Makes new recovery codes in place of the present ones.
    pub(crate) async fn store_recovery_codes(
        &self,
        work: &mut Work,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Vec<RecoveryCode>, SignInError> {
        let codes = recovery::generate(&*self.rng);
        let hashes = codes
            .iter()
            .filter_map(|code| recovery::fingerprint(&self.sealer, tenant, person, code))
            .map(|print| Secret::new(print.to_vec()))
            .collect();
        work.recovery_codes().replace(person, hashes).await?;
        work.record(changed("recovery_codes_made", person).by(person));
        Ok(codes)
    }

    /// The record of a person's authenticator app whose first code was right, its secret sealed.
    pub fn app_token(
        &self,
        tenant: TenantId,
        person: PersonId,
        secret: &Secret<Vec<u8>>,
        now: OffsetDateTime,
    ) -> OtpTokenRecord {
        OtpTokenRecord {
            id: OtpTokenId::new(&*self.clock, &*self.rng),
            person: Some(person),
            kind: OtpKind::App,
            mode: OtpMode::Totp,
            serial: None,
            secret_sealed: self.sealer.seal(Purpose { tenant, word: SECRET }, secret.expose()),
            algorithm: OtpAlgorithm::Sha1,
            digits: Scheme::APP.digits,
            period_s: APP_PERIOD_S,
            last_step: 0,
            drift: 0,
            created_at: now,
            confirmed_at: Some(now),
        }
    }

    /// The record of an imported hardware token, its secret sealed, without an owner.
    pub fn hardware_token(&self, tenant: &TenantStore, token: &TokenRecord, now: OffsetDateTime) -> OtpTokenRecord {
        let (mode, period_s) = match token.scheme.moving {
            Moving::Time { period_s } => (OtpMode::Totp, u32::from(period_s)),
            Moving::Event => (OtpMode::Hotp, 30),
        };
        let algorithm = match token.scheme.algorithm {
            Algorithm::Sha1 => OtpAlgorithm::Sha1,
            Algorithm::Sha256 => OtpAlgorithm::Sha256,
            Algorithm::Sha512 => OtpAlgorithm::Sha512,
        };
        // A counter token's next code is that of its counter, so the last used one is the one before.
        let last_step = if mode == OtpMode::Hotp { token.counter - 1 } else { 0 };
        OtpTokenRecord {
            id: OtpTokenId::new(&*self.clock, &*self.rng),
            person: None,
            kind: OtpKind::Hardware,
            mode,
            serial: Some(token.serial.clone()),
            secret_sealed: self.sealer.seal(Purpose { tenant: tenant.id(), word: SECRET }, token.secret.expose()),
            algorithm,
            digits: token.scheme.digits,
            period_s,
            last_step,
            drift: 0,
            created_at: now,
            confirmed_at: None,
        }
    }

    /// Finds a hardware token's place again by two codes in a row. `false` if they do not fit.
    pub async fn resynchronise_token(
        &self,
        tenant: &TenantStore,
        id: OtpTokenId,
        codes: [&str; 2],
        now: OffsetDateTime,
    ) -> Result<bool, SignInError> {
        let token = tenant.otp_tokens().get(id).await?;
        let Some((scheme, secret)) = self.open_token(tenant, &token) else { return Ok(false) };
        let position = Position { last_step: token.last_step, drift: token.drift };
        let Some(found) = otp::resynchronise(&scheme, &secret, position, codes, now) else { return Ok(false) };
        let mut work = tenant.begin().await?;
        let won = work.otp_tokens().use_step(id, found.step, found.drift).await?;
        if let Some(person) = token.person {
            work.record(changed("token_resynchronised", person));
        }
        work.commit().await?;
        Ok(won)
    }
}

fn changed(action: &'static str, person: PersonId) -> AuditEvent {
    AuditEvent::new(AuditKind::SecondFactor, action, Outcome::Success).about(person)
}
