//! Sessions: begun by a sign-in, kept alive by the device's key, ended by time, by people, or by a copy being seen.
//!
//! The secret in the cookie changes at least every [`ROTATE_AFTER`], and each change is signed by the device's key. A
//! copied cookie is worth little: once the owner's browser has moved on, the copy is refused after [`GRACE`], and a
//! copy two changes old ends the session and raises an alarm. Somebody whose answer got lost on the way still holds
//! the previous secret and the key, and simply rotates again.

use async_trait::async_trait;
use fernamt_domain::{
    DeviceKind, DeviceState, DomainEvent, Method, PersonId, PersonState, Secret, SessionFacts, SessionId, Situation,
    TenantId,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_http::{ApiError, Session, Sessions, Site};
use fernamt_store::{DeviceRecord, SessionRecord, StoreError, TenantStore, Work};
use subtle::ConstantTimeEq as _;
use time::{Duration, OffsetDateTime};

use crate::{
    Identity,
    challenge::Opened,
    device_key::{DeviceKey, SignedFor},
    failure::SignInError,
    session_secret::SessionSecret,
    settings::{self, Settings},
};

/// After this long a secret is good for nothing but a rotation.
pub const ROTATE_AFTER: Duration = Duration::minutes(15);
/// By when clients are asked to rotate.
pub const ROTATE_BY: Duration = Duration::minutes(10);
/// How long the previous secret is still taken, for requests that were under way.
pub const GRACE: Duration = Duration::seconds(30);
/// How often a session's use is noted at most.
pub const TOUCH_EVERY: Duration = Duration::minutes(1);
/// The most open sessions of a person; the oldest gives way.
pub const MAX_SESSIONS: usize = 50;

/// What a presented secret is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Good.
    Good,
    /// Good once the device has proved itself.
    RotationNeeded,
    /// The session is over.
    Over,
    /// A secret from before the last two: somebody holds a copy.
    Copied,
}

/// Whether a session has ended, by itself or by somebody.
pub(crate) fn is_over(row: &SessionRecord, idle: Duration, now: OffsetDateTime) -> bool {
    row.ended_at.is_some() || now >= row.expires_at || now - row.seen_at >= idle
}

fn judge(row: &SessionRecord, hash: &[u8; 32], idle: Duration, now: OffsetDateTime) -> Standing {
    if is_over(row, idle, now) {
        return Standing::Over;
    }
    let is = |stored: &Secret<Vec<u8>>| is_of(stored, hash);
    let age = now - row.rotated_at;
    if is(&row.secret_hash) {
        if age < ROTATE_AFTER { Standing::Good } else { Standing::RotationNeeded }
    } else if row.previous_hash.as_ref().is_some_and(is) {
        if age <= GRACE { Standing::Good } else { Standing::RotationNeeded }
    } else {
        Standing::Copied
    }
}

fn is_of(stored: &Secret<Vec<u8>>, hash: &[u8; 32]) -> bool {
    stored.expose().as_slice().ct_eq(hash).into()
}

/// A session that a cookie names, before it is known whether it is good for the request at hand.
struct Presented {
    row: SessionRecord,
    hash: [u8; 32],
    settings: std::sync::Arc<Settings>,
    standing: Standing,
}

#[async_trait]
impl Sessions for Identity {
    async fn find(&self, site: &Site, cookie: &Secret<String>) -> Result<Session, ApiError> {
        if site.is_post() {
            return self.entered(site, cookie).await;
        }
        let presented = self.presented(&site.tenant, cookie).await?;
        match presented.standing {
            Standing::Good => {}
            Standing::RotationNeeded => {
                return Err(ApiError::unauthenticated(
                    "rotation_needed",
                    "the device must prove itself: POST /api/v1/session/rotate",
                ));
            }
            Standing::Over | Standing::Copied => return Err(not_signed_in()),
        }
        self.touch(&site.tenant, &presented.row).await?;
        self.session_of(site, &presented.row, &presented.settings).await
    }

    async fn program(&self, site: &Site, token: &Secret<String>) -> Result<Session, ApiError> {
        self.program_session(site, token).await
    }
}

impl Identity {
    async fn presented(&self, tenant: &TenantStore, cookie: &Secret<String>) -> Result<Presented, ApiError> {
        let (id, secret) = SessionSecret::parse(&self.sealer, tenant.id(), cookie).ok_or_else(not_signed_in)?;
        let row = match tenant.sessions().get(id).await {
            Ok(row) => row,
            Err(StoreError::NotFound(_)) => return Err(not_signed_in()),
            Err(error) => return Err(SignInError::from(error).into()),
        };
        let settings = settings::load(tenant).await?;
        let hash = secret.hash(&self.sealer, tenant.id());
        let standing = judge(&row, &hash, settings::idle(&settings), self.clock.now());
        if standing == Standing::Copied {
            self.end_copied(tenant, &row).await?;
        }
        Ok(Presented { row, hash, settings, standing })
    }

    /// The session whose secret a browser holds, whether or not it is over: that one may be signed out of.
    pub(crate) async fn held(&self, site: &Site, cookie: &Secret<String>) -> Result<SessionId, ApiError> {
        if site.is_post() {
            return self.entered_id(site, cookie);
        }
        let Presented { row, hash, .. } = self.presented(&site.tenant, cookie).await?;
        let is_held =
            [Some(&row.secret_hash), row.previous_hash.as_ref()].into_iter().flatten().any(|one| is_of(one, &hash));
        is_held.then_some(row.id).ok_or_else(not_signed_in)
    }

    /// Whether a session still stands. Asking is no use of it: a page that is left open must not keep it from ending.
    pub(crate) async fn standing(&self, site: &Site, cookie: &Secret<String>) -> Result<(), ApiError> {
        let presented = self.presented(&site.tenant, cookie).await?;
        match presented.standing {
            // Rotating would be a use; the next real request asks for it.
            Standing::Good | Standing::RotationNeeded => {}
            Standing::Over | Standing::Copied => return Err(not_signed_in()),
        }
        self.session_of(site, &presented.row, &presented.settings).await.map(drop)
    }

    /// The session as handlers see it, if person and device are still good.
    pub(crate) async fn session_of(
        &self,
        site: &Site,
        row: &SessionRecord,
        settings: &Settings,
    ) -> Result<Session, ApiError> {
        let found = self.look_up(&site.tenant, row).await?;
        let Some((person, device)) = found else { return Err(not_signed_in()) };
        let roles = site.tenant.people().roles(person.id).await?;
        Ok(Session {
            facts: facts_of(row, device.as_ref()),
            name: person.name,
            display_name: person.display_name,
            roles,
            language: Some(person.language).filter(|language| !language.is_empty()),
            password_here: person.source == fernamt_domain::PersonSource::Local,
            expires_at: row.expires_at,
            idle_expires_at: (self.clock.now() + settings::idle(settings)).min(row.expires_at),
            rotate_by: row.rotated_at + ROTATE_BY,
            situation: site.situation(),
            site: site.clone(),
        })
    }

    /// Person and device of a session, unless either is barred.
    pub(crate) async fn look_up(
        &self,
        tenant: &TenantStore,
        row: &SessionRecord,
    ) -> Result<Option<(fernamt_store::PersonRecord, Option<DeviceRecord>)>, StoreError> {
        let person = match tenant.people().get(row.person).await {
            Ok(person) if person.state == PersonState::Active => person,
            Ok(_) | Err(StoreError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let device = match row.device {
            Some(id) => match tenant.devices().get(id).await {
                Ok(device) if matches!(device.state, DeviceState::Approved | DeviceState::Pending) => Some(device),
                Ok(_) | Err(StoreError::NotFound(_)) => return Ok(None),
                Err(error) => return Err(error),
            },
            None => None,
        };
        Ok(Some((person, device)))
    }

    pub(crate) async fn touch(&self, tenant: &TenantStore, row: &SessionRecord) -> Result<(), StoreError> {
        if self.clock.now() - row.seen_at < TOUCH_EVERY {
            return Ok(());
        }
        let work = tenant.begin().await?;
        work.sessions().touch(row.id).await?;
        work.commit().await
    }

    async fn end_copied(&self, tenant: &TenantStore, row: &SessionRecord) -> Result<(), StoreError> {
        let mut work = tenant.begin().await?;
        if work.sessions().end(row.id).await? {
            let mut event = AuditEvent::new(AuditKind::Alarm, "old_session_secret", Outcome::Denied)
                .about(row.person)
                .session(row.id);
            event.device = row.device;
            work.record(event);
            work.publish(DomainEvent::SessionEnded { session: row.id });
            tracing::warn!(session = %row.id, "An old session secret came back: the session was ended");
        }
        work.commit().await
    }

    /// Replaces a session's secret. The device must have signed the challenge for that. Returns the session, and its
    /// new secret unless another tab has just fetched one.
    pub(crate) async fn rotate(
        &self,
        site: &Site,
        cookie: &Secret<String>,
        challenge: &str,
        signature: &str,
    ) -> Result<(Session, Option<SessionSecret>), ApiError> {
        let presented = self.presented(&site.tenant, cookie).await?;
        let row = &presented.row;
        if !matches!(presented.standing, Standing::Good | Standing::RotationNeeded) {
            return Err(not_signed_in());
        }
        let opened: Opened<()> = self.open_challenge(&site.tenant, challenge)?;
        let found = self.look_up(&site.tenant, row).await?;
        let Some((_, Some(device))) = found else { return Err(not_signed_in()) };
        let proof =
            DeviceKey::from_spki(device.public_key).and_then(|key| key.verify(SignedFor::Rotate, challenge, signature));
        if proof.is_err() {
            return Err(SignInError::DeviceProof.into());
        }
        self.challenges.spend(&opened).map_err(SignInError::from)?;
        let current = row.secret_hash.expose().as_slice() == presented.hash;
        if !current && presented.standing == Standing::Good {
            return Ok((self.session_of(site, row, &presented.settings).await?, None));
        }
        let secret = SessionSecret::generate(&self.sealer, &*self.rng, site.tenant.id(), row.id);
        let hash = Secret::new(secret.hash(&self.sealer, site.tenant.id()).to_vec());
        let won = async {
            let work = site.tenant.begin().await?;
            let won = work.sessions().rotate(row.id, &row.secret_hash, &hash).await?;
            work.commit().await?;
            Ok::<_, StoreError>(won)
        };
        let won = won.await?;
        let row = site.tenant.sessions().get(row.id).await?;
        Ok((self.session_of(site, &row, &presented.settings).await?, won.then_some(secret)))
    }

    /// Begins a session in a unit of work.
    pub(crate) async fn begin_session(
        &self,
        work: &mut Work,
        new: NewSession<'_>,
    ) -> Result<(SessionRecord, SessionSecret), SignInError> {
        let id = SessionId::new(&*self.clock, &*self.rng);
        let tenant = new.tenant;
        let secret = SessionSecret::generate(&self.sealer, &*self.rng, tenant, id);
        let now = new.situation.at;
        let open = work.sessions().live_of_person(new.person).await?;
        for oldest in open.iter().take((open.len() + 1).saturating_sub(MAX_SESSIONS)) {
            end(work, oldest.id).await?;
        }
        let row = SessionRecord {
            id,
            person: new.person,
            device: new.device.map(|device| device.id),
            device_kind: new.kind,
            secret_hash: Secret::new(secret.hash(&self.sealer, tenant).to_vec()),
            previous_hash: None,
            methods: new.methods,
            zone: new.situation.zone.clone(),
            created_at: now,
            rotated_at: now,
            seen_at: now,
            expires_at: now + settings::absolute(new.settings),
            ended_at: None,
        };
        work.sessions().insert(&row).await?;
        if let Some(device) = new.device {
            work.devices().touch(device.id, now.date()).await?;
            work.pushes().leave_to(device.id, &device.thumbprint).await?;
        }
        let mut event = AuditEvent::new(AuditKind::SignIn, "signed_in", Outcome::Success)
            .by(row.person)
            .session(row.id)
            .from_zone(&row.zone)
            .details(serde_json::json!({ "methods": row.methods, "device_kind": row.device_kind }));
        event.device = row.device;
        work.record(event);
        Ok((row, secret))
    }

    /// Ends a session on its own, such as when an SSH connection closed. Says whether it was open.
    pub async fn end_session(&self, tenant: &TenantStore, session: SessionId) -> Result<bool, StoreError> {
        let mut work = tenant.begin().await?;
        let was_open = end(&mut work, session).await?;
        work.commit().await?;
        Ok(was_open)
    }

    /// Ends a session that nobody used.
    pub(crate) async fn lapse(&self, tenant: &TenantStore, session: SessionId) -> Result<(), StoreError> {
        let mut work = tenant.begin().await?;
        if work.sessions().lapse(session).await? {
            ended(&mut work, session);
        }
        work.commit().await
    }

    pub(crate) fn open_challenge(&self, tenant: &TenantStore, challenge: &str) -> Result<Opened<()>, SignInError> {
        Ok(self.challenges.open(tenant.id(), crate::CHALLENGE, challenge)?)
    }
}

/// What a new session is made of.
pub(crate) struct NewSession<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) person: PersonId,
    pub(crate) device: Option<&'a DeviceRecord>,
    pub(crate) kind: DeviceKind,
    pub(crate) methods: Vec<Method>,
    pub(crate) situation: &'a Situation,
    pub(crate) settings: &'a Settings,
}

/// Ends a session in a unit of work and tells everybody. Says whether it was open.
pub async fn end(work: &mut Work, session: SessionId) -> Result<bool, StoreError> {
    let was_open = work.sessions().end(session).await?;
    if was_open {
        ended(work, session);
    }
    Ok(was_open)
}

/// Writes down that a session ended, and tells everybody.
pub(crate) fn ended(work: &mut Work, session: SessionId) {
    work.record(AuditEvent::new(AuditKind::SessionEnd, "ended", Outcome::Success).session(session));
    work.publish(DomainEvent::SessionEnded { session });
}

/// Ends all sessions of a person, but for one if given, in a unit of work.
pub async fn end_all(work: &mut Work, person: PersonId, except: Option<SessionId>) -> Result<(), StoreError> {
    for session in work.sessions().end_of_person(person, except).await? {
        work.record(AuditEvent::new(AuditKind::SessionEnd, "ended", Outcome::Success).about(person).session(session));
        work.publish(DomainEvent::SessionEnded { session });
    }
    Ok(())
}

/// The facts of a session that decisions are made from.
pub fn facts_of(row: &SessionRecord, device: Option<&DeviceRecord>) -> SessionFacts {
    SessionFacts {
        session: row.id,
        person: row.person,
        device: row.device,
        device_kind: row.device_kind,
        // Without a key of its own there is nothing that could be approved.
        device_state: device.map_or(DeviceState::Approved, |device| device.state),
        methods: row.methods.clone(),
    }
}

pub(crate) fn not_signed_in() -> ApiError {
    ApiError::unauthenticated("not_signed_in", "nobody is signed in, or no longer")
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{SystemClock, SystemRng, Zone};

    use super::*;

    const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
    const IDLE: Duration = Duration::minutes(60);

    fn row() -> SessionRecord {
        SessionRecord {
            id: SessionId::new(&SystemClock, &SystemRng),
            person: PersonId::new(&SystemClock, &SystemRng),
            device: None,
            device_kind: DeviceKind::Browser,
            secret_hash: Secret::new(vec![2; 32]),
            previous_hash: Some(Secret::new(vec![1; 32])),
            methods: vec![Method::Passkey],
            zone: Zone("internet".into()),
            created_at: T0,
            rotated_at: T0,
            seen_at: T0,
            expires_at: T0 + Duration::hours(12),
            ended_at: None,
        }
    }

    #[test]
    fn secrets_age_and_copies_show() {
        let judge = |hash: u8, after: Duration| judge(&row(), &[hash; 32], IDLE, T0 + after);
        assert_eq!(judge(2, Duration::minutes(14)), Standing::Good);
        assert_eq!(judge(2, ROTATE_AFTER), Standing::RotationNeeded);
        assert_eq!(judge(1, GRACE), Standing::Good);
        assert_eq!(judge(1, GRACE + Duration::SECOND), Standing::RotationNeeded, "a lost answer signs nobody out");
        assert_eq!(judge(0, Duration::SECOND), Standing::Copied);
    }

    #[test]
    fn sessions_end_by_time() {
        let judge = |row: &SessionRecord, after| judge(row, &[2; 32], IDLE, T0 + after);
        assert_eq!(judge(&row(), IDLE), Standing::Over);
        let busy = SessionRecord { seen_at: T0 + Duration::hours(12), ..row() };
        assert_eq!(judge(&busy, Duration::hours(12)), Standing::Over);
        assert_eq!(judge(&SessionRecord { ended_at: Some(T0), ..row() }, Duration::ZERO), Standing::Over);
    }
}
