//! Grants and the registry of those that are live.
//!
//! Whatever lasts longer than one request (tunnel, relay, socket) holds a [`LiveGrant`]. Revocation is a property of
//! the registry: when a rule, group, device, person or the time changes, the registry is asked which grants no longer
//! hold, and cancels them. No feature has to think of it.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::{DeviceId, DeviceKind, DeviceState, GrantId, Method, PersonId, SessionId, TargetId, TenantId, text_enum};

/// The most live grants of one person. A stick with 20 tunnels and five desktop tabs stays far below.
pub const MAX_GRANTS_PER_PERSON: usize = 256;

/// The most live grants of the whole installation.
pub const MAX_GRANTS: usize = 65_536;

/// The name of a network zone that a listener belongs to, such as `internet` or `office`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Zone(pub String);

/// Who asks, on which device, proved how: the part of a request that stays the same for a whole session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFacts {
    /// The session. SSH connections have one of their own.
    pub session: SessionId,
    /// The person.
    pub person: PersonId,
    /// The device, if it has a key that we know.
    pub device: Option<DeviceId>,
    /// The device's kind.
    pub device_kind: DeviceKind,
    /// The device's state when the session was looked up.
    pub device_state: DeviceState,
    /// The methods by which the person proved who they are.
    pub methods: Vec<Method>,
}

/// Where from and when somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// The zone of the listener that was used.
    pub zone: Zone,
    /// The address the request came from.
    pub address: IpAddr,
    /// The moment that the decision is for.
    pub at: OffsetDateTime,
}

/// A permission in use: this session may use this target.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The grant's id.
    pub id: GrantId,
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Who uses it.
    pub facts: SessionFacts,
    /// What is used.
    pub target: TargetId,
    /// Where from and since when.
    pub situation: Situation,
    /// When it ends at the latest.
    pub expires_at: Option<OffsetDateTime>,
}

text_enum! {
    /// Why a live grant ended before its holder let go of it.
    pub enum EndReason {
        /// The rules no longer allow it.
        NotAllowed = "not_allowed",
        /// The session ended.
        SessionEnded = "session_ended",
        /// The device was suspended or revoked.
        DeviceRevoked = "device_revoked",
        /// The person was disabled or removed.
        PersonDisabled = "person_disabled",
        /// The target was changed or removed.
        TargetChanged = "target_changed",
        /// Its time ran out.
        Expired = "expired",
        /// The server stops.
        Shutdown = "shutdown",
        /// An administrator ended it.
        EndedByAdministrator = "ended_by_administrator",
    }
}

/// Why a grant could not be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// Something that decisions depend on changed since the decision was taken: decide again.
    #[error("the decision is out of date")]
    Stale,
    /// The person holds [`MAX_GRANTS_PER_PERSON`] grants already.
    #[error("this person has {MAX_GRANTS_PER_PERSON} connections open, the most that are allowed")]
    TooManyForPerson,
    /// The installation holds [`MAX_GRANTS`] grants already.
    #[error("the installation has {MAX_GRANTS} connections open, the most that are allowed")]
    TooMany,
}

/// The number of changes seen before a decision was taken; see [`LiveGrants::generation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation(u64);

#[derive(Debug)]
struct Entry {
    grant: Grant,
    token: CancellationToken,
    reason: Arc<Mutex<Option<EndReason>>>,
}

#[derive(Debug, Default)]
struct Registry {
    entries: HashMap<GrantId, Entry>,
    per_person: HashMap<(TenantId, PersonId), usize>,
}

/// The registry of live grants. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct LiveGrants {
    registry: Arc<Mutex<Registry>>,
    generation: Arc<AtomicU64>,
}

impl LiveGrants {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The current generation. Read it *before* a decision and pass it to [`LiveGrants::register`], so that a change
    /// between the two cannot be missed.
    pub fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::SeqCst))
    }

    /// Registers a grant that was decided at `decided`.
    pub fn register(&self, grant: Grant, decided: Generation) -> Result<LiveGrant, RegisterError> {
        let mut registry = self.lock();
        if self.generation() != decided {
            return Err(RegisterError::Stale);
        }
        if registry.entries.len() >= MAX_GRANTS {
            return Err(RegisterError::TooMany);
        }
        let held = registry.per_person.entry((grant.tenant, grant.facts.person)).or_default();
        if *held >= MAX_GRANTS_PER_PERSON {
            return Err(RegisterError::TooManyForPerson);
        }
        *held += 1;
        let token = CancellationToken::new();
        let reason = Arc::new(Mutex::new(None));
        let live =
            LiveGrant { registry: self.clone(), id: grant.id, token: token.clone(), reason: Arc::clone(&reason) };
        registry.entries.insert(grant.id, Entry { grant, token, reason });
        Ok(live)
    }

    /// Notes that something decisions depend on changed. Decisions under way become [`RegisterError::Stale`]; call it
    /// before looking through [`LiveGrants::snapshot`].
    pub fn advance(&self) {
        let _registry = self.lock();
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// All live grants, to be decided anew.
    pub fn snapshot(&self) -> Vec<Grant> {
        self.lock().entries.values().map(|entry| entry.grant.clone()).collect()
    }

    /// Notes that a session goes on from elsewhere. Returns its grants, to be decided anew for there.
    pub fn relocate(&self, tenant: TenantId, session: SessionId, situation: &Situation) -> Vec<Grant> {
        let mut registry = self.lock();
        let own = |grant: &Grant| grant.tenant == tenant && grant.facts.session == session;
        let moved = registry.entries.values_mut().map(|entry| &mut entry.grant).filter(|grant| own(grant));
        moved
            .map(|grant| {
                grant.situation = situation.clone();
                grant.clone()
            })
            .collect()
    }

    /// How many grants are live.
    pub fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// Whether no grant is live.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends one grant. Returns whether it was live.
    pub fn end(&self, id: GrantId, reason: EndReason) -> bool {
        self.end_where(reason, |grant| grant.id == id) > 0
    }

    /// Ends every grant that matches. Returns how many.
    pub fn end_where(&self, reason: EndReason, matches: impl Fn(&Grant) -> bool) -> usize {
        let mut ended = 0;
        for entry in self.lock().entries.values().filter(|entry| matches(&entry.grant)) {
            if !entry.token.is_cancelled() {
                *entry.reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
                entry.token.cancel();
                ended += 1;
            }
        }
        ended
    }

    fn release(&self, id: GrantId) {
        let mut registry = self.lock();
        let Some(entry) = registry.entries.remove(&id) else { return };
        let key = (entry.grant.tenant, entry.grant.facts.person);
        if let Some(held) = registry.per_person.get_mut(&key) {
            *held -= 1;
            if *held == 0 {
                registry.per_person.remove(&key);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The holder's end of a live grant. Dropping it takes the grant out of the registry.
#[derive(Debug)]
pub struct LiveGrant {
    registry: LiveGrants,
    id: GrantId,
    token: CancellationToken,
    reason: Arc<Mutex<Option<EndReason>>>,
}

impl LiveGrant {
    /// The grant's id.
    pub fn id(&self) -> GrantId {
        self.id
    }

    /// Waits until the grant is ended and tells why. The holder must then close what it serves at once.
    pub async fn ended(&self) -> EndReason {
        self.token.cancelled().await;
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or(EndReason::NotAllowed)
    }

    /// A token that is cancelled when the grant ends, for holders that only need the fact.
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }
}

impl Drop for LiveGrant {
    fn drop(&mut self) {
        self.registry.release(self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::{SystemClock, SystemRng};

    fn grant(person: PersonId) -> Grant {
        let (clock, rng) = (SystemClock, SystemRng);
        Grant {
            id: GrantId::new(&clock, &rng),
            tenant: TenantId(uuid::Uuid::nil()),
            facts: SessionFacts {
                session: SessionId::new(&clock, &rng),
                person,
                device: None,
                device_kind: DeviceKind::Browser,
                device_state: DeviceState::Approved,
                methods: vec![Method::Password],
            },
            target: TargetId::new(&clock, &rng),
            situation: Situation {
                zone: Zone("internet".into()),
                address: Ipv4Addr::LOCALHOST.into(),
                at: OffsetDateTime::UNIX_EPOCH,
            },
            expires_at: None,
        }
    }

    fn person() -> PersonId {
        PersonId::new(&SystemClock, &SystemRng)
    }

    #[tokio::test]
    async fn an_ended_grant_tells_its_holder_why() {
        let grants = LiveGrants::new();
        let live = grants.register(grant(person()), grants.generation()).unwrap();
        assert!(grants.end(live.id(), EndReason::SessionEnded));
        assert_eq!(live.ended().await, EndReason::SessionEnded);
        assert!(!grants.end(live.id(), EndReason::Expired), "a grant ends once");
        drop(live);
        assert!(grants.is_empty());
    }

    #[test]
    fn a_change_between_decision_and_registration_is_noticed() {
        let grants = LiveGrants::new();
        let decided = grants.generation();
        grants.advance();
        assert_eq!(grants.register(grant(person()), decided).unwrap_err(), RegisterError::Stale);
    }

    #[test]
    fn a_session_that_moved_is_judged_for_where_it_is() {
        let grants = LiveGrants::new();
        let (mine, other) = (grant(person()), grant(person()));
        let (session, tenant) = (mine.facts.session, mine.tenant);
        let _held = [mine, other].map(|grant| grants.register(grant, grants.generation()).unwrap());
        let there = Situation {
            zone: Zone("office".into()),
            address: Ipv4Addr::new(192, 0, 2, 7).into(),
            at: OffsetDateTime::UNIX_EPOCH,
        };
        assert_eq!(grants.relocate(tenant, session, &there).len(), 1);
        let moved: Vec<_> = grants.snapshot().into_iter().filter(|grant| grant.situation == there).collect();
        assert_eq!((moved.len(), moved[0].facts.session), (1, session));
    }

    #[test]
    fn one_person_cannot_fill_the_registry() {
        let grants = LiveGrants::new();
        let greedy = person();
        let held: Vec<_> =
            (0..MAX_GRANTS_PER_PERSON).map(|_| grants.register(grant(greedy), grants.generation()).unwrap()).collect();
        assert_eq!(grants.register(grant(greedy), grants.generation()).unwrap_err(), RegisterError::TooManyForPerson);
        assert!(grants.register(grant(person()), grants.generation()).is_ok());
        drop(held);
        assert!(grants.register(grant(greedy), grants.generation()).is_ok());
    }
}
