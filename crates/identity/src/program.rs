//! Programs that use mail by a token (RFC 6750).
//!
//! A program is a device of its own that somebody signed in on a browser names, and that the control desk approves like
//! any other. Its token stands for a session that nobody signed in for: it ends with the person, the device, the
//! password that was changed, its own time, or the administration's word that programs are not allowed.

use data_encoding::BASE64URL_NOPAD;
use fernamt_domain::{
    DeviceKind, DeviceState, Purpose, Rng, Sealer, Secret, SessionId, TenantId,
    audit::{AuditEvent, AuditKind, Outcome},
    rng::random_bytes,
};
use fernamt_http::{ApiError, Session, Site};
use fernamt_store::{DeviceRecord, SessionRecord, StoreError};
use serde_json::json;
use subtle::ConstantTimeEq as _;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    Identity,
    device::{DeviceName, Key},
    failure::{SignInError, Wrong},
    session::{facts_of, not_signed_in},
    settings::Settings,
    throttle::{Attempt, Source},
};

/// How long after a sign-in a token may be made.
pub(crate) const MAKE_WITHIN: Duration = Duration::minutes(15);
/// What every token begins with, so that it is known for what it is wherever it lies about.
const PREFIX: &str = "fernamt_";
/// The bytes of a session's id.
const ID_LEN: usize = 16;
/// The random bytes of a token.
const RANDOM_LEN: usize = 32;
/// The bytes of its tag.
const TAG_LEN: usize = 16;

/// A program's token. Only a hash of it is stored. A keyed tag tells those that we made from those that somebody made
/// up, before anything is looked for.
#[derive(Debug)]
struct Token {
    session: SessionId,
    random: Secret<Vec<u8>>,
}

impl Token {
    fn generate(rng: &dyn Rng, session: SessionId) -> Self {
        let random: [u8; RANDOM_LEN] = random_bytes(rng);
        Self { session, random: Secret::new(random.to_vec()) }
    }

    /// What the person gives to the program.
    fn text(&self, sealer: &Sealer, tenant: TenantId) -> String {
        let tag = self.tag(sealer, tenant);
        let bytes = [self.session.0.as_bytes().as_slice(), self.random.expose(), &tag].concat();
        format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&bytes))
    }

    /// Reads what a program sent. `None` unless we made it for this tenant.
    fn parse(sealer: &Sealer, tenant: TenantId, text: &Secret<String>) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.expose().strip_prefix(PREFIX)?.as_bytes()).ok()?;
        let bytes = Secret::new(bytes);
        let (id, rest) = bytes.expose().split_first_chunk::<ID_LEN>()?;
        let (random, given) = rest.split_at_checked(RANDOM_LEN)?;
        let token = Self { session: SessionId(Uuid::from_bytes(*id)), random: Secret::new(random.to_vec()) };
        let genuine: bool = token.tag(sealer, tenant).as_slice().ct_eq(given).into();
        genuine.then_some(token)
    }

    /// What is stored of it. It is random, so a keyed fingerprint is as good as a slow hash.
    fn hash(&self, sealer: &Sealer, tenant: TenantId) -> Secret<Vec<u8>> {
        Secret::new(self.print(sealer, Purpose { tenant, word: "program-token" }).to_vec())
    }

    /// What people and the control desk compare.
    fn thumbprint(&self, sealer: &Sealer, tenant: TenantId) -> String {
        BASE64URL_NOPAD.encode(&self.print(sealer, Purpose { tenant, word: "program-thumbprint" }))
    }

    fn tag(&self, sealer: &Sealer, tenant: TenantId) -> [u8; TAG_LEN] {
        let full = self.print(sealer, Purpose { tenant, word: "program-token-tag" });
        let mut tag = [0; TAG_LEN];
        tag.copy_from_slice(&full[..TAG_LEN]);
        tag
    }

    fn print(&self, sealer: &Sealer, purpose: Purpose<'_>) -> [u8; 32] {
        sealer.fingerprint(purpose, &[self.session.0.as_bytes().as_slice(), self.random.expose()].concat())
    }
}

/// A program that was just made, with its token.
pub(crate) struct Made {
    pub(crate) device: DeviceRecord,
    pub(crate) session: SessionRecord,
    pub(crate) token: String,
}

/// Whether a program's token is over, by time or because somebody ended it.
pub(crate) fn is_over(row: &SessionRecord, now: OffsetDateTime) -> bool {
    row.ended_at.is_some() || now >= row.expires_at
}

impl Identity {
    /// Whether the session may make a token now: an approved browser, and a person who has just signed in.
    pub(crate) async fn may_make_program(&self, session: &Session) -> Result<bool, StoreError> {
        let browser = session.facts.device.is_some() && session.facts.device_kind == DeviceKind::Browser;
        let approved = session.facts.device_state == DeviceState::Approved;
        Ok(browser && approved && self.sign_in_age(session).await? <= MAKE_WITHIN)
    }

    /// Makes a program of the person with its token. It waits for approval.
    pub(crate) async fn make_program(
        &self,
        session: &Session,
        settings: &Settings,
        name: &DeviceName,
        days: u16,
    ) -> Result<Made, SignInError> {
        let (tenant, person, now) = (&session.site.tenant, session.person(), session.situation.at);
        let id = SessionId::new(&*self.clock, &*self.rng);
        let token = Token::generate(&*self.rng, id);
        let thumbprint = token.thumbprint(&self.sealer, tenant.id());
        let key = Key { kind: DeviceKind::ApiClient, encoded: Vec::new(), thumbprint };
        let mut work = tenant.begin().await?;
        let device = self.enrol_device(&mut work, settings, person, &key, name, now).await?;
        let row = SessionRecord {
            id,
            person,
            device: Some(device.id),
            device_kind: DeviceKind::ApiClient,
            secret_hash: token.hash(&self.sealer, tenant.id()),
            previous_hash: None,
            methods: Vec::new(),
            zone: session.situation.zone.clone(),
            created_at: now,
            rotated_at: now,
            seen_at: now,
            expires_at: now + Duration::days(days.into()),
            ended_at: None,
        };
        work.sessions().insert(&row).await?;
        let made = AuditEvent::new(AuditKind::Device, "token_made", Outcome::Success);
        work.record(made.by(person).about(person).device(device.id).details(json!({ "days": days })));
        work.commit().await?;
        Ok(Made { device, session: row, token: token.text(&self.sealer, tenant.id()) })
    }

    /// The session of the program that holds a token. Its device may still wait for approval.
    pub(crate) async fn program_session(&self, site: &Site, given: &Secret<String>) -> Result<Session, ApiError> {
        let (tenant, now) = (&site.tenant, self.clock.now());
        if !site.is_post() {
            return Err(not_signed_in());
        }
        let Some(token) = Token::parse(&self.sealer, tenant.id(), given) else { return Err(self.refused(site, None)) };
        let row = match tenant.sessions().get(token.session).await {
            Ok(row) => row,
            Err(StoreError::NotFound(_)) => return Err(self.refused(site, None)),
            Err(error) => return Err(error.into()),
        };
        let hash = token.hash(&self.sealer, tenant.id());
        let right = bool::from(row.secret_hash.expose().as_slice().ct_eq(hash.expose().as_slice()));
        if !right || row.device_kind != DeviceKind::ApiClient || is_over(&row, now) {
            return Err(self.refused(site, Some(&row)));
        }
        let Some((person, Some(device))) = self.look_up(tenant, &row).await? else {
            return Err(self.refused(site, Some(&row)));
        };
        if !self.authoriser.serves_programs(tenant, row.person).await? {
            let detail = "the administration does not allow programs to use this person's mail";
            return Err(ApiError::forbidden("programs_not_allowed", detail));
        }
        self.note_day(site, &device, now).await?;
        Ok(Session {
            facts: facts_of(&row, Some(&device)),
            name: person.name,
            display_name: person.display_name,
            // Whatever duties the person has, a program has none of them.
            roles: Vec::new(),
            language: Some(person.language).filter(|language| !language.is_empty()),
            password_here: false,
            expires_at: row.expires_at,
            idle_expires_at: row.expires_at,
            rotate_by: row.expires_at,
            situation: site.situation(),
            site: site.clone(),
        })
    }

    /// Notes the day on which a program was used, and nothing more exact: when somebody works is nobody's business.
    async fn note_day(&self, site: &Site, device: &DeviceRecord, now: OffsetDateTime) -> Result<(), StoreError> {
        if device.state != DeviceState::Approved || device.last_seen_on == Some(now.date()) {
            return Ok(());
        }
        let work = site.tenant.begin().await?;
        work.devices().touch(device.id, now.date()).await?;
        work.commit().await
    }

    /// A token that is not good, or no longer. Whoever goes on with it is slowed down; a good one never is.
    fn refused(&self, site: &Site, row: Option<&SessionRecord>) -> ApiError {
        let situation = site.situation();
        let attempt = Attempt::Program(Source::from(situation.address));
        if let Err(slow_down) = self.throttle.admit(attempt, situation.at) {
            return SignInError::from(slow_down).into();
        }
        self.throttle.failed(attempt, situation.at);
        self.note_failure(&site.tenant, row.map(|row| row.person), Wrong::Token, &situation);
        ApiError::unauthenticated("token_refused", "this token is not good, or no longer; make another one")
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{SystemClock, SystemRng};
    use proptest::prelude::*;

    use super::*;

    const TENANT: TenantId = TenantId(Uuid::nil());

    #[test]
    fn a_token_reads_back_for_its_tenant_only() {
        let sealer = Sealer::new(&[1; 32]);
        let token = Token::generate(&SystemRng, SessionId::new(&SystemClock, &SystemRng));
        let text = Secret::new(token.text(&sealer, TENANT));
        assert!(text.expose().starts_with("fernamt_") && text.expose().len() < 100);
        let back = Token::parse(&sealer, TENANT, &text).unwrap();
        assert_eq!(back.session, token.session);
        assert_eq!(back.hash(&sealer, TENANT).expose(), token.hash(&sealer, TENANT).expose());
        assert_ne!(back.hash(&sealer, TENANT).expose().as_slice(), token.random.expose().as_slice());
        assert!(Token::parse(&sealer, TenantId(Uuid::max()), &text).is_none());
        assert!(Token::parse(&Sealer::new(&[2; 32]), TENANT, &text).is_none());
    }

    proptest! {
        #[test]
        fn a_changed_token_means_nothing(at in 8_usize..90, letter in "[A-Za-z0-9_-]") {
            let sealer = Sealer::new(&[1; 32]);
            let token = Token::generate(&SystemRng, SessionId::new(&SystemClock, &SystemRng));
            let text = token.text(&sealer, TENANT);
            let mut changed = text.clone();
            changed.replace_range(at..=at, &letter);
            let read = Token::parse(&sealer, TENANT, &Secret::new(changed.clone()));
            prop_assert_eq!(read.is_some(), changed == text);
        }

        #[test]
        fn junk_means_nothing(text in "(fernamt_)?\\PC{0,200}") {
            prop_assert!(Token::parse(&Sealer::new(&[1; 32]), TENANT, &Secret::new(text)).is_none());
        }
    }
}
