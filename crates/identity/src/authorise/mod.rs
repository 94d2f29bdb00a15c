//! Decisions and the grants that follow from them.
//!
//! [`Authoriser::admit`] is the one way to anything long-lived: it looks at session, person, device and target as they
//! are now, asks the policy, writes the decision to the audit log and registers the grant. The registry's generation,
//! read before, makes sure that no change slips in between. `reevaluate` does the same again whenever something
//! changes or a time window ends.

mod round;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fernamt_domain::{
    BundleId, Clock, DeviceKind, DeviceState, EndReason, Grant, GrantId, GroupId, LiveGrant, LiveGrants, PersonId,
    PersonState, Rng, SessionFacts, Situation, TargetId, TargetKind, TargetSettings, TenantId,
    audit::{AuditEvent, AuditKind, Outcome},
    grant::RegisterError,
};
use fernamt_policy::{Decision, Engine, Explanation, Owner, Request, Rule, RuleBody, RuleForm, TargetFacts};
use fernamt_store::{RuleRecord, StoreError, TargetRecord, TenantStore};
use serde_json::json;
use time::OffsetDateTime;

pub(crate) use round::{Round, Verdict};

use crate::{
    feature,
    own_targets::{self, Decided},
    session::facts_of,
    settings,
};

/// How often an admission is decided again because something changed meanwhile, before it is given up.
const MAX_RETRIES: usize = 5;
/// The most tenants whose compiled rules are kept.
pub(crate) const MAX_ENGINES: usize = 256;

/// Why somebody may not use a target.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The rules do not allow it.
    #[error("the rules do not allow it")]
    NotAllowed(Decision),
    /// The device waits for approval, and the rules do not allow it for such devices.
    #[error("the device waits for approval")]
    DevicePending(Decision),
    /// The session, person, device or target is not good any more.
    #[error("it is not possible any more: {0}")]
    Ended(EndReason),
    /// There is no such target.
    #[error("there is no such target")]
    NoTarget,
    /// Too many connections.
    #[error(transparent)]
    TooMany(RegisterError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// A target that may be used, and the grant for it.
#[derive(Debug)]
pub struct Admitted {
    /// The grant. Whoever serves the target holds it, and closes when it ends.
    pub grant: LiveGrant,
    /// The target as it is now.
    pub target: TargetRecord,
}

/// Decides, and admits.
#[derive(Debug, Clone)]
pub struct Authoriser {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    pub(crate) grants: LiveGrants,
    engines: Mutex<HashMap<TenantId, (u64, Arc<Engine>)>>,
    pub(crate) features: feature::Kept,
    held: Mutex<HashMap<GrantId, Held>>,
}

/// What is remembered of a live grant beyond the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    /// When time alone may change the answer.
    pub(crate) next_change: Option<OffsetDateTime>,
    /// What the target was when the grant was made.
    way: Way,
    /// Whether it is presence at a place: who may be there is the place's to say, so it holds as long as the session,
    /// the person and the device do.
    present: bool,
}

/// Where a target is, and how it may be used: a connection keeps to what it was opened with, so a change ends it.
/// The same goes for the networks where people's own targets may be.
type Way = (String, u16, Option<TargetSettings>, Vec<String>);

/// A session's facts as they are now and when it ends, or why it is over.
type Present = Result<(SessionFacts, OffsetDateTime), EndReason>;

/// What decisions of one person have in common; read once for many targets.
#[derive(Clone)]
struct Ground {
    engine: Arc<Engine>,
    groups: Vec<GroupId>,
}

impl Authoriser {
    /// Over a registry of live grants.
    pub fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>, grants: LiveGrants) -> Self {
        Self {
            inner: Arc::new(Inner {
                clock,
                rng,
                grants,
                engines: Mutex::default(),
                features: feature::Kept::default(),
                held: Mutex::default(),
            }),
        }
    }

    /// The registry.
    pub fn grants(&self) -> &LiveGrants {
        &self.inner.grants
    }

    /// Whether a session may use a target, without writing anything down: for lists and tiles.
    pub async fn check(
        &self,
        tenant: &TenantStore,
        facts: &SessionFacts,
        target: TargetId,
        situation: &Situation,
    ) -> Result<Decision, StoreError> {
        let ground = self.ground(tenant, facts.person).await?;
        let (_, target) = reach(tenant, &tenant.targets().get(target).await?).await?;
        Ok(ground.engine.decide(&Request::new(facts, ground.groups, target, situation)))
    }

    /// All targets that are switched on, and the person's own, each with whether the session may use it now. Nothing is
    /// written down.
    pub async fn check_all(
        &self,
        tenant: &TenantStore,
        facts: &SessionFacts,
        situation: &Situation,
    ) -> Result<Vec<(TargetRecord, bool)>, StoreError> {
        let ground = self.ground(tenant, facts.person).await?;
        let mut bundles: HashMap<TargetId, Vec<BundleId>> = HashMap::new();
        for (bundle, target) in tenant.bundles().all_targets().await? {
            bundles.entry(target).or_default().push(bundle);
        }
        let own = tenant.targets().of_owner(facts.person).await?;
        let decided = if own.is_empty() { Decided::default() } else { own_targets::load(tenant).await? };
        let targets = tenant.targets().all().await?.into_iter().chain(own).filter(|target| target.enabled);
        Ok(targets
            .map(|target| {
                let known = TargetFacts {
                    id: target.id,
                    kind: target.kind(),
                    bundles: bundles.remove(&target.id).unwrap_or_default(),
                    owner: owner_of(&target, &decided),
                };
                let allowed =
                    ground.engine.decide(&Request::new(facts, ground.groups.clone(), known, situation)).allowed;
                (target, allowed)
            })
            .collect())
    }

    /// Decides a real attempt that needs no grant, and writes the decision down.
    pub async fn decide(
        &self,
        tenant: &TenantStore,
        facts: &SessionFacts,
        target: TargetId,
        situation: &Situation,
    ) -> Result<Decision, StoreError> {
        let decision = self.check(tenant, facts, target, situation).await?;
        tenant.record(audited(facts, target, situation, &decision)).await?;
        Ok(decision)
    }

    /// Why a person would be allowed or not in any situation, real or supposed.
    pub async fn explain(
        &self,
        tenant: &TenantStore,
        facts: &SessionFacts,
        target: TargetId,
        situation: &Situation,
    ) -> Result<Explanation, StoreError> {
        let ground = self.ground(tenant, facts.person).await?;
        let (_, target) = reach(tenant, &tenant.targets().get(target).await?).await?;
        Ok(ground.engine.explain(&Request::new(facts, ground.groups, target, situation)))
    }

    /// Lets a session use a target, if it may, and registers that.
    pub async fn admit(
        &self,
        tenant: &TenantStore,
        facts: &SessionFacts,
        target: TargetId,
        situation: &Situation,
    ) -> Result<Admitted, Refusal> {
        for _ in 0..MAX_RETRIES {
            let generation = self.inner.grants.generation();
            let (facts, expires_at) = match self.present(tenant, facts, situation.at).await? {
                Ok(present) => present,
                Err(reason) => return Err(Refusal::Ended(reason)),
            };
            let record = match tenant.targets().get(target).await {
                Ok(record) if record.enabled => record,
                Ok(_) | Err(StoreError::NotFound(_)) => return Err(Refusal::NoTarget),
                Err(error) => return Err(error.into()),
            };
            let ground = self.ground(tenant, facts.person).await?;
            let (way, known) = reach(tenant, &record).await?;
            let decision = ground.engine.decide(&Request::new(&facts, ground.groups, known, situation));
            if !decision.allowed {
                tenant.record(audited(&facts, target, situation, &decision)).await?;
                return Err(match facts.device_state {
                    DeviceState::Pending => Refusal::DevicePending(decision),
                    _ => Refusal::NotAllowed(decision),
                });
            }
            let id = GrantId::new(&*self.inner.clock, &*self.inner.rng);
            let held = Held { next_change: decision.next_change, way, present: false };
            // Known before it is registered, so that the re-evaluation never meets a grant it knows nothing about.
            self.held().insert(id, held);
            let grant = Grant {
                id,
                tenant: tenant.id(),
                facts: facts.clone(),
                target,
                situation: situation.clone(),
                expires_at: Some(expires_at),
            };
            match self.inner.grants.register(grant, generation) {
                Ok(grant) => {
                    tenant.record(audited(&facts, target, situation, &decision)).await?;
                    return Ok(Admitted { grant, target: record });
                }
                Err(error) => {
                    self.held().remove(&id);
                    if error != RegisterError::Stale {
                        return Err(Refusal::TooMany(error));
                    }
                }
            }
        }
        Err(Refusal::Store(StoreError::Busy))
    }

    /// Registers that a session is present at a place, such as a meeting or a mail account. Who may be there the place has
    /// decided; the grant ends when the session ends, or its person or device is barred.
    pub async fn attend(
        &self,
        tenant: &TenantStore,
        facts: &SessionFacts,
        place: TargetId,
        situation: &Situation,
    ) -> Result<LiveGrant, Refusal> {
        for _ in 0..MAX_RETRIES {
            let generation = self.inner.grants.generation();
            let (facts, expires_at) = match self.present(tenant, facts, situation.at).await? {
                Ok(present) => present,
                Err(reason) => return Err(Refusal::Ended(reason)),
            };
            let id = GrantId::new(&*self.inner.clock, &*self.inner.rng);
            self.held().insert(id, Held { next_change: Some(expires_at), way: Way::default(), present: true });
            let grant = Grant {
                id,
                tenant: tenant.id(),
                facts,
                target: place,
                situation: situation.clone(),
                expires_at: Some(expires_at),
            };
            match self.inner.grants.register(grant, generation) {
                Ok(grant) => return Ok(grant),
                Err(error) => {
                    self.held().remove(&id);
                    if error != RegisterError::Stale {
                        return Err(Refusal::TooMany(error));
                    }
                }
            }
        }
        Err(Refusal::Store(StoreError::Busy))
    }

    /// A session's facts as they are this moment; none where it is over, or its person or device was barred. For places
    /// that let somebody act again and again who is present, and must not wait until the grant is ended.
    pub async fn still_present(
        &self,
        tenant: &TenantStore,
        facts: &SessionFacts,
    ) -> Result<Option<SessionFacts>, StoreError> {
        let present = self.present(tenant, facts, self.inner.clock.now()).await?;
        Ok(present.ok().map(|(facts, _)| facts))
    }

    /// A session goes on from elsewhere: decides its grants anew for there, and ends those that do not hold.
    pub async fn relocate(
        &self,
        tenant: &TenantStore,
        facts: &SessionFacts,
        situation: &Situation,
    ) -> Result<(), StoreError> {
        let grants = self.inner.grants.relocate(tenant.id(), facts.session, situation);
        let mut round = Round::new(self);
        for grant in grants {
            match round.verdict(tenant, &grant).await? {
                Verdict::Holds(held) => {
                    self.held().insert(grant.id, held);
                }
                Verdict::Ends(reason) => {
                    self.inner.grants.end(grant.id, reason);
                    self.held().remove(&grant.id);
                }
            }
        }
        Ok(())
    }

    /// The session's facts as they are now and when it ends, or why it is over.
    async fn present(
        &self,
        tenant: &TenantStore,
        facts: &SessionFacts,
        now: OffsetDateTime,
    ) -> Result<Present, StoreError> {
        let row = match tenant.sessions().get(facts.session).await {
            Ok(row) => row,
            Err(StoreError::NotFound(_)) => return Ok(Err(EndReason::SessionEnded)),
            Err(error) => return Err(error),
        };
        match tenant.people().get(row.person).await {
            Ok(person) if person.state == PersonState::Active => {}
            Ok(_) | Err(StoreError::NotFound(_)) => return Ok(Err(EndReason::PersonDisabled)),
            Err(error) => return Err(error),
        }
        let device = match row.device {
            Some(id) => match tenant.devices().get(id).await {
                Ok(device) if matches!(device.state, DeviceState::Approved | DeviceState::Pending) => Some(device),
                Ok(_) | Err(StoreError::NotFound(_)) => return Ok(Err(EndReason::DeviceRevoked)),
                Err(error) => return Err(error),
            },
            None => None,
        };
        if row.device_kind == DeviceKind::ApiClient && !self.serves_programs(tenant, row.person).await? {
            return Ok(Err(EndReason::NotAllowed));
        }
        // Last, so that a person or device that was barred is named as the cause of the session's end.
        if row.ended_at.is_some() {
            return Ok(Err(EndReason::SessionEnded));
        }
        if row.expires_at <= now {
            return Ok(Err(EndReason::Expired));
        }
        Ok(Ok((facts_of(&row, device.as_ref()), row.expires_at)))
    }

    async fn ground(&self, tenant: &TenantStore, person: PersonId) -> Result<Ground, StoreError> {
        let engine = self.engine(tenant).await?;
        let groups = tenant.groups().all_of_person(person).await?.into_iter().collect();
        Ok(Ground { engine, groups })
    }

    /// The tenant's rules, compiled once for each change.
    async fn engine(&self, tenant: &TenantStore) -> Result<Arc<Engine>, StoreError> {
        // Read before the rules: if they change meanwhile, the next question finds another epoch and compiles anew.
        let epoch = tenant.policy_epoch().await?;
        if let Some((kept, engine)) = self.engines().get(&tenant.id())
            && *kept == epoch
        {
            return Ok(Arc::clone(engine));
        }
        let settings = settings::load(tenant).await?;
        let rules: Vec<Rule> = tenant.rules().all().await?.into_iter().map(rule).collect();
        let engine = Arc::new(Engine::load(&rules, &settings::zone(&settings)));
        for fault in engine.faults() {
            tracing::error!(rule = %fault.rule, "A stored rule is faulty: everything is refused until it is put right");
        }
        let mut engines = self.engines();
        if engines.len() >= MAX_ENGINES {
            engines.clear();
        }
        engines.insert(tenant.id(), (epoch, Arc::clone(&engine)));
        Ok(engine)
    }

    fn engines(&self) -> MutexGuard<'_, HashMap<TenantId, (u64, Arc<Engine>)>> {
        self.inner.engines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn held(&self) -> MutexGuard<'_, HashMap<GrantId, Held>> {
        self.inner.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stored rule as the policy takes it. A form that does not read becomes a rule that does not check, so that the
/// engine refuses everything and says so.
pub fn rule(record: RuleRecord) -> Rule {
    let body = match (record.form, record.expert) {
        (Some(form), _) => match serde_json::from_value::<RuleForm>(form) {
            Ok(form) => RuleBody::Form(Box::new(form)),
            Err(error) => RuleBody::Expert(format!("the form does not read: {error}")),
        },
        (None, expert) => RuleBody::Expert(expert.unwrap_or_default()),
    };
    Rule { id: record.id, name: record.name, enabled: record.enabled, body }
}

/// The way to a target, and what rules know of it.
async fn reach(tenant: &TenantStore, target: &TargetRecord) -> Result<(Way, TargetFacts), StoreError> {
    let decided = match target.owner {
        Some(_) => own_targets::load(tenant).await?,
        None => Decided::default(),
    };
    let bundles = tenant.bundles().of_target(target.id).await?;
    let facts = TargetFacts { id: target.id, kind: target.kind(), bundles, owner: owner_of(target, &decided) };
    // A service's start command is only shown to people; nothing runs by it.
    let settings = (target.kind() != TargetKind::Tcp).then(|| target.settings.clone());
    Ok(((target.host.clone(), target.port, settings, decided.networks), facts))
}

fn owner_of(target: &TargetRecord, decided: &Decided) -> Option<Owner> {
    target.owner.map(|person| Owner { person, allowed: decided.enabled })
}

fn audited(facts: &SessionFacts, target: TargetId, situation: &Situation, decision: &Decision) -> AuditEvent {
    let (action, outcome) = if decision.allowed { ("allowed", Outcome::Success) } else { ("denied", Outcome::Denied) };
    let mut event = AuditEvent::new(AuditKind::Decision, action, outcome)
        .by(facts.person)
        .on(target)
        .session(facts.session)
        .from_zone(&situation.zone)
        .details(json!({ "reason": decision.reason, "rules": decision.deciding, "device_state": facts.device_state }));
    event.device = facts.device;
    event
}
