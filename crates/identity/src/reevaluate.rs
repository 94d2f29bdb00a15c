//! Revocation: whatever changes, every live grant is decided anew, and those that no longer hold end at once.
//!
//! The task hears of changes on the store's bus and looks at the clock once a second, for time windows and sessions
//! that end. If it may have missed something, it looks at everything. If it cannot look, because the store fails, it
//! ends what it cannot vouch for before [`FAIL_CLOSED_AFTER`] has passed: access without a decision is none.

use std::{collections::HashSet, sync::Arc, time::Duration};

use fernamt_domain::{
    DeviceId, DomainEvent, EndReason, Grant, GrantId, PersonId, SessionId, TargetId, TenantId, event::TenantEvent,
};
use fernamt_store::{Notice, Page, Store, StoreError, Subscription, TenantStore};
use time::OffsetDateTime;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    Identity,
    authorise::{Authoriser, Round, Verdict},
    session::{self, TOUCH_EVERY},
    settings,
};

/// How often the clock is looked at.
pub(crate) const TICK: Duration = Duration::from_secs(1);
/// How long a failing store may keep a needed decision from being taken.
pub(crate) const FAIL_CLOSED_AFTER: Duration = Duration::from_secs(3);
/// More changes at once than this are treated as a change of everything.
const MAX_PARTS: usize = 1_000;
/// How often idle sessions are looked for.
pub(crate) const SWEEP_EVERY: Duration = Duration::from_secs(20);

/// Ends live grants that no longer hold.
pub struct Reevaluator {
    authoriser: Authoriser,
    store: Store,
    bus: Subscription,
    /// Grants that must be decided anew, since when.
    overdue: Option<(Instant, Scope)>,
}

/// Which grants must be decided anew.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scope {
    Everything,
    Parts(HashSet<Part>),
}

/// What a change touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Tenant(TenantId),
    Person(TenantId, PersonId),
    Device(TenantId, DeviceId),
    Session(TenantId, SessionId),
    Target(TenantId, TargetId),
}

impl Scope {
    fn of(notice: Notice) -> Self {
        let Notice::Event(TenantEvent { tenant, event }) = notice else { return Self::Everything };
        let part = match event {
            DomainEvent::PersonChanged { person } => Part::Person(tenant, person),
            DomainEvent::DeviceChanged { device } => Part::Device(tenant, device),
            DomainEvent::SessionEnded { session } => Part::Session(tenant, session),
            DomainEvent::TargetChanged { target } => Part::Target(tenant, target),
            DomainEvent::GroupChanged { .. } | DomainEvent::RulesChanged | DomainEvent::SettingsChanged => {
                Part::Tenant(tenant)
            }
            // Who may be in a meeting or a mail account is said elsewhere; no decision of the rules changes by it.
            DomainEvent::MeetingChanged { .. }
            | DomainEvent::MailChanged { .. }
            | DomainEvent::MailRightsChanged { .. } => return Self::Parts(HashSet::new()),
        };
        Self::Parts(HashSet::from([part]))
    }

    fn covers(&self, grant: &Grant) -> bool {
        let Self::Parts(parts) = self else { return true };
        let (tenant, facts) = (grant.tenant, &grant.facts);
        parts.contains(&Part::Tenant(tenant))
            || parts.contains(&Part::Person(tenant, facts.person))
            || parts.contains(&Part::Session(tenant, facts.session))
            || parts.contains(&Part::Target(tenant, grant.target))
            || facts.device.is_some_and(|device| parts.contains(&Part::Device(tenant, device)))
    }

    fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Parts(mut a), Self::Parts(b)) if a.len() < MAX_PARTS => {
                a.extend(b);
                Self::Parts(a)
            }
            _ => Self::Everything,
        }
    }
}

impl Reevaluator {
    /// Listens from now on.
    pub fn new(authoriser: Authoriser, store: &Store) -> Self {
        Self { authoriser, store: store.clone(), bus: store.subscribe(), overdue: None }
    }

    /// Runs until stopped.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                notice = self.bus.next() => match notice {
                    Some(notice) => self.hear(notice).await,
                    None => break,
                },
                _ = tick.tick() => self.look_at_clock().await,
            }
        }
    }

    async fn hear(&mut self, first: Notice) {
        let mut scope = Scope::of(first);
        // What is waiting already is worked off in one go: a directory may change hundreds of people at once.
        loop {
            tokio::select! {
                biased;
                notice = self.bus.next() => match notice {
                    Some(notice) => scope = scope.join(Scope::of(notice)),
                    None => break,
                },
                () = std::future::ready(()) => break,
            }
        }
        self.overdue = Some(match self.overdue.take() {
            Some((since, earlier)) => (since, earlier.join(scope)),
            None => (Instant::now(), scope),
        });
        self.work_off().await;
    }

    async fn look_at_clock(&mut self) {
        if self.overdue.is_some() {
            self.work_off().await;
        }
        let now = self.authoriser.inner.clock.now();
        let due: HashSet<GrantId> = {
            let held = self.authoriser.held();
            held.iter()
                .filter(|(_, held)| held.next_change.is_some_and(|change| change <= now))
                .map(|(id, _)| *id)
                .collect()
        };
        let grants = self.authoriser.grants().snapshot();
        let is_due = |grant: &&Grant| due.contains(&grant.id) || grant.expires_at.is_some_and(|end| end <= now);
        let mut round = Round::new(&self.authoriser);
        for grant in grants.iter().filter(is_due) {
            if self.judge(&mut round, grant).await.is_err() {
                self.end(grant, EndReason::Expired);
            }
        }
        let live: HashSet<GrantId> = grants.iter().map(|grant| grant.id).collect();
        // A grant is remembered a moment before it is registered: only what was due and is gone may be forgotten.
        self.authoriser.held().retain(|id, _| live.contains(id) || !due.contains(id));
    }

    /// Decides all overdue grants anew.
    async fn work_off(&mut self) {
        let Some((since, scope)) = self.overdue.take() else { return };
        self.authoriser.grants().advance();
        let mut failed = Vec::new();
        let mut round = Round::new(&self.authoriser);
        for grant in self.authoriser.grants().snapshot().into_iter().filter(|grant| scope.covers(grant)) {
            // Deciding is work for the processor; others want to run meanwhile.
            tokio::task::yield_now().await;
            if let Err(error) = self.judge(&mut round, &grant).await {
                tracing::warn!(%error, "A live grant could not be decided anew");
                failed.push(grant);
            }
        }
        if failed.is_empty() {
            return;
        }
        if since.elapsed() >= FAIL_CLOSED_AFTER {
            tracing::error!(grants = failed.len(), "Grants were ended because the store does not answer");
            for grant in &failed {
                self.end(grant, EndReason::NotAllowed);
            }
        } else {
            self.overdue = Some((since, scope));
        }
    }

    async fn judge(&self, round: &mut Round<'_>, grant: &Grant) -> Result<(), StoreError> {
        let tenant = self.store.tenant(grant.tenant);
        match round.verdict(&tenant, grant).await? {
            Verdict::Holds(held) => {
                self.authoriser.held().insert(grant.id, held);
            }
            Verdict::Ends(reason) => self.end(grant, reason),
        }
        Ok(())
    }

    fn end(&self, grant: &Grant, reason: EndReason) {
        self.authoriser.grants().end(grant.id, reason);
        self.authoriser.held().remove(&grant.id);
    }
}

impl Identity {
    /// Ends idle sessions, notes that sessions with running connections are in use, and writes down counted failures.
    /// Runs until stopped.
    pub async fn sweep(self: Arc<Self>, stop: CancellationToken) {
        let mut tick = interval(SWEEP_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = tick.tick() => {
                    if let Err(error) = self.sweep_once().await {
                        tracing::warn!(%error, "Sessions could not be looked through; the next attempt follows");
                    }
                }
            }
        }
    }

    /// One round of [`Identity::sweep`].
    pub async fn sweep_once(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let in_use: HashSet<SessionId> =
            self.authoriser.grants().snapshot().into_iter().map(|grant| grant.facts.session).collect();
        for tenant in self.store.tenants().all().await? {
            self.sweep_tenant(&self.store.tenant(tenant.id), &in_use, now).await?;
        }
        for (tenant, events) in self.failures.due(now) {
            let mut work = self.store.tenant(tenant).begin().await?;
            for event in events {
                work.record(event);
            }
            work.commit().await?;
        }
        Ok(())
    }

    async fn sweep_tenant(
        &self,
        tenant: &TenantStore,
        in_use: &HashSet<SessionId>,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let idle = settings::idle(&*settings::load(tenant).await?);
        let mut page = Page::default();
        let (mut touched, mut ended) = (Vec::new(), Vec::new());
        loop {
            let sessions = tenant.sessions().live_page(&page).await?;
            if sessions.is_empty() {
                break;
            }
            page.offset += u64::try_from(sessions.len()).unwrap_or(u64::MAX);
            for row in sessions {
                let unseen = now - row.seen_at;
                if in_use.contains(&row.id) {
                    touched.extend((unseen >= TOUCH_EVERY).then_some(row.id));
                } else if unseen >= idle {
                    ended.push(row.id);
                }
            }
        }
        if touched.is_empty() && ended.is_empty() {
            return Ok(());
        }
        let mut work = tenant.begin().await?;
        for id in touched {
            work.sessions().touch(id).await?;
        }
        for id in ended {
            if work.sessions().lapse(id).await? {
                session::ended(&mut work, id);
            }
        }
        work.commit().await
    }

    /// Ends sessions whose connections cannot have outlived the server: those of SSH, sticks among them. Called once at the
    /// start.
    pub async fn end_orphans(&self) -> Result<(), StoreError> {
        use fernamt_domain::DeviceKind::{SshKey, SshPassword, Stick};
        for tenant in self.store.tenants().all().await? {
            let tenant = self.store.tenant(tenant.id);
            let mut page = Page::default();
            let mut orphans = Vec::new();
            loop {
                let sessions = tenant.sessions().live_page(&page).await?;
                if sessions.is_empty() {
                    break;
                }
                page.offset += u64::try_from(sessions.len()).unwrap_or(u64::MAX);
                orphans.extend(
                    sessions
                        .iter()
                        .filter(|row| matches!(row.device_kind, SshKey | SshPassword | Stick))
                        .map(|row| row.id),
                );
            }
            let mut work = tenant.begin().await?;
            for id in orphans {
                session::end(&mut work, id).await?;
            }
            work.commit().await?;
        }
        Ok(())
    }
}
