//! The gatekeeper of the product: asks identity who it is, the authoriser whether they may, and the egress guard where it
//! is.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use fernamt_api::stick::{Hello, LineQuality, StickRefusal, StickTarget};
use fernamt_domain::{
    Clock, DeviceState, DomainEvent, EndReason, PersonId, PersonState, SessionId, Situation, TargetId, TargetKind,
    TenantId,
    audit::{AuditEvent, AuditKind, Outcome},
    event::TenantEvent,
};
use fernamt_http::{PublicAddress, egress::EgressGuard};
use fernamt_identity::{Identity, Refusal, SignInError, own_targets, settings, stick::Greeting};
use fernamt_store::{Notice, Store, StoreError, TargetRecord, TenantStore};
use russh::keys::PublicKey;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::{
    Activation, Admitted, Attempt, Destination, FirstFactor, Gatekeeper, Language, Login, OpenRefusal, Origin,
    Reachable, SignInRefusal, SignedIn, TunnelNote, Welcomed, stick_targets::Origins,
};

/// The most targets that one destination may mean; the first that is allowed is opened.
const MAX_CANDIDATES: usize = 8;
/// Destinations that are no target are written to the audit log this often for one session: a browser behind `-D` asks
/// for dozens a minute.
const UNKNOWN_NOTED_EVERY: Duration = Duration::from_secs(60);
/// How soon sessions are looked at again after the store failed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Every so many times, all are looked at for the end of their time. Their tunnels end on time by their grants.
const LOOK_AT_ALL: u32 = 30;

/// The gatekeeper of the product. [`Porter::run`] must run beside it, or nobody is told when their session ends.
pub struct Porter {
    identity: Arc<Identity>,
    store: Store,
    egress: EgressGuard,
    clock: Arc<dyn Clock>,
    address: PublicAddress,
    /// Counts what may change what anybody may reach.
    changes: watch::Sender<u64>,
    inside: Mutex<HashMap<(TenantId, SessionId), Inside>>,
}

/// A session whose connection stands.
#[derive(Clone)]
struct Inside {
    facts: fernamt_domain::SessionFacts,
    ended: CancellationToken,
    unknown_noted: Option<Instant>,
}

impl Porter {
    /// Over the features and back ends that it asks.
    pub fn new(
        identity: Arc<Identity>,
        store: Store,
        egress: EgressGuard,
        clock: Arc<dyn Clock>,
        address: PublicAddress,
    ) -> Arc<Self> {
        let changes = watch::Sender::new(0);
        Arc::new(Self { identity, store, egress, clock, address, changes, inside: Mutex::default() })
    }

    /// Ends connections whose session, person or device has ended. Runs until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut bus = self.store.subscribe();
        let mut tick = tokio::time::interval(LOOK_AGAIN);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Whether something happened that could not be looked at yet.
        let mut behind = true;
        let mut ticks = 0_u32;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                notice = bus.next() => match notice {
                    Some(Notice::Event(TenantEvent { tenant, event })) => {
                        self.changed();
                        behind |= self.heard(tenant, &event).await.is_err();
                    }
                    Some(Notice::Everything) => {
                        self.changed();
                        behind = true;
                    }
                    None => return,
                },
                _ = tick.tick() => {
                    ticks = ticks.wrapping_add(1);
                    if ticks.is_multiple_of(LOOK_AT_ALL) {
                        // Time alone changes what may be reached, too.
                        self.changed();
                    }
                    if behind || ticks.is_multiple_of(LOOK_AT_ALL) {
                        let looked = self.look_at(|_, _| true).await;
                        behind = looked.is_err();
                        if let Err(error) = looked {
                            warn!(%error, "SSH sessions could not be looked through; the next attempt follows");
                        }
                    }
                }
            }
        }
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    async fn heard(&self, tenant: TenantId, event: &DomainEvent) -> Result<(), StoreError> {
        match *event {
            DomainEvent::SessionEnded { session } => {
                if let Some(inside) = self.inside().get(&(tenant, session)) {
                    inside.ended.cancel();
                }
                Ok(())
            }
            DomainEvent::PersonChanged { person } => {
                self.look_at(|of, inside| of == tenant && inside.facts.person == person).await
            }
            DomainEvent::DeviceChanged { device } => {
                self.look_at(|of, inside| of == tenant && inside.facts.device == Some(device)).await
            }
            _ => Ok(()),
        }
    }

    /// Looks at the sessions that match, and ends those that are no longer good.
    async fn look_at(&self, matches: impl Fn(TenantId, &Inside) -> bool) -> Result<(), StoreError> {
        let chosen: Vec<_> = {
            let all = self.inside();
            all.iter()
                .filter(|((tenant, _), inside)| matches(*tenant, inside))
                .map(|((tenant, _), inside)| (*tenant, inside.clone()))
                .collect()
        };
        for (tenant, inside) in chosen {
            if !self.still_good(&self.store.tenant(tenant), &inside).await? {
                inside.ended.cancel();
            }
        }
        Ok(())
    }

    async fn still_good(&self, tenant: &TenantStore, inside: &Inside) -> Result<bool, StoreError> {
        let gone = |error| if matches!(error, StoreError::NotFound(_)) { Ok(false) } else { Err(error) };
        match tenant.sessions().get(inside.facts.session).await {
            Ok(row) if row.ended_at.is_none() && row.expires_at > self.clock.now() => {}
            Ok(_) => return Ok(false),
            Err(error) => return gone(error),
        }
        match tenant.people().get(inside.facts.person).await {
            Ok(person) if person.state == PersonState::Active => {}
            Ok(_) => return Ok(false),
            Err(error) => return gone(error),
        }
        let Some(device) = inside.facts.device else { return Ok(true) };
        match tenant.devices().get(device).await {
            Ok(device) => Ok(matches!(device.state, DeviceState::Approved | DeviceState::Pending)),
            Err(error) => gone(error),
        }
    }

    /// The tenant that a login names, or the installation's first.
    async fn tenant(&self, login: &Login) -> Result<Option<TenantStore>, StoreError> {
        let tenant = match login.tenant() {
            Some(name) => self.store.tenants().by_name(name).await?,
            None => self.store.tenants().all().await?.into_iter().min_by_key(|tenant| (tenant.created_at, tenant.id)),
        };
        Ok(tenant.map(|tenant| self.store.tenant(tenant.id)))
    }

    /// The tenant to try a login at. An unknown tenant is answered like an unknown name: nobody is looked for at the
    /// first tenant.
    async fn tenant_or_nowhere(&self, login: &Login) -> Result<Option<(TenantStore, String)>, StoreError> {
        if let Some(tenant) = self.tenant(login).await? {
            return Ok(Some((tenant, login.name().to_owned())));
        }
        Ok(self.tenant(&Login::nobody()).await?.map(|tenant| (tenant, String::new())))
    }

    fn situation(&self, origin: &Origin) -> Situation {
        Situation { zone: origin.zone.clone(), address: origin.address, at: self.clock.now() }
    }

    async fn try_sign_in(&self, attempt: Attempt) -> Result<SignedIn, SignInError> {
        let situation = self.situation(&attempt.origin);
        let Some((tenant, name)) = self.tenant_or_nowhere(&attempt.login).await? else {
            return Err(StoreError::NotFound("tenant").into());
        };
        let facts = match &attempt.first {
            FirstFactor::Password(password) => {
                self.identity.authenticate_password_totp(&tenant, &situation, &name, password, &attempt.code).await?
            }
            FirstFactor::Key(key) => {
                let blob = key.to_bytes().unwrap_or_default();
                self.identity.authenticate_key_totp(&tenant, &situation, &name, &blob, &attempt.code).await?
            }
        };
        let language = match tenant.people().get(facts.person).await {
            Ok(person) if !person.language.is_empty() => Language::from_tag(&person.language),
            _ => language_of(&tenant).await,
        };
        let ended = CancellationToken::new();
        let inside = Inside { facts: facts.clone(), ended: ended.clone(), unknown_noted: None };
        self.inside().insert((tenant.id(), facts.session), inside.clone());
        // Looked at once more now that we listen: what ended in between was told to nobody.
        if !self.still_good(&tenant, &inside).await? {
            ended.cancel();
        }
        Ok(SignedIn { tenant: tenant.id(), facts, language, ended })
    }

    async fn try_open(&self, who: &SignedIn, wanted: &Destination, origin: &Origin) -> Result<Admitted, OpenRefusal> {
        let tenant = self.store.tenant(who.tenant);
        let meant = meant(&tenant, who.facts.person, wanted).await.map_err(unavailable)?;
        if meant.is_empty() && self.may_note_unknown(who) {
            let event = AuditEvent::new(AuditKind::Decision, "unknown_target", Outcome::Denied)
                .by(who.facts.person)
                .session(who.facts.session)
                .from_zone(&origin.zone);
            tenant.record(event).await.map_err(unavailable)?;
        }
        let situation = self.situation(origin);
        for target in meant {
            let admitted = match self.identity.authoriser().admit(&tenant, &who.facts, target.id, &situation).await {
                Ok(admitted) => admitted,
                Err(Refusal::TooMany(_)) => return Err(OpenRefusal::TooMany),
                Err(Refusal::Store(error)) => return Err(unavailable(error)),
                Err(_) => continue,
            };
            let record = admitted.target;
            // The port is the target's own and the address the one that was judged: nothing of what the client typed
            // is connected to.
            let guard = own_targets::guard_for(&tenant, &record, &self.egress).await.map_err(unavailable)?;
            let address = guard.resolve(&record.host, record.port).await.map_err(|error| {
                warn!(target = %record.id, %error, "Target cannot be resolved");
                OpenRefusal::Unresolvable
            })?;
            return Ok(Admitted { target: record.id, addresses: vec![address], grant: admitted.grant });
        }
        Err(OpenRefusal::Forbidden)
    }

    async fn try_activate(&self, activation: &Activation) -> Result<(), SignInError> {
        let situation = self.situation(&activation.origin);
        let Some((tenant, _)) = self.tenant_or_nowhere(&activation.login).await? else {
            return Err(StoreError::NotFound("tenant").into());
        };
        let blob = activation.key.to_bytes().unwrap_or_default();
        self.identity.activate_stick(&tenant, &situation, activation.device, &activation.code, &blob).await
    }

    async fn try_hello(&self, who: &SignedIn, hello: &Hello) -> Result<Result<Welcomed, StickRefusal>, StoreError> {
        let tenant = self.store.tenant(who.tenant);
        let person = tenant.people().get(who.facts.person).await?.display_name;
        Ok(match self.identity.stick_hello(&tenant, &who.facts, hello).await? {
            Greeting::Welcome { generation } => Ok(Welcomed { generation, person }),
            Greeting::Refused(reason) => Err(reason),
        })
    }

    async fn try_stick_targets(&self, who: &SignedIn, origin: &Origin) -> Result<Vec<StickTarget>, StoreError> {
        let tenants = self.store.tenants().all().await?;
        let host = tenants.into_iter().find(|tenant| tenant.id == who.tenant).map(|tenant| tenant.host);
        let origins = Origins { address: &self.address, host: &host.unwrap_or_default() };
        let tenant = self.store.tenant(who.tenant);
        let all = self.identity.authoriser().check_all(&tenant, &who.facts, &self.situation(origin)).await?;
        let allowed = all.into_iter().filter(|(_, allowed)| *allowed);
        let mut targets: Vec<_> = allowed.map(|(target, _)| origins.stick_target(target)).collect();
        targets.sort_by(|a, b| (&a.folder, &a.name).cmp(&(&b.folder, &b.name)));
        Ok(targets)
    }

    fn may_note_unknown(&self, who: &SignedIn) -> bool {
        let mut all = self.inside();
        let Some(inside) = all.get_mut(&(who.tenant, who.facts.session)) else { return false };
        let now = Instant::now();
        let due = inside.unknown_noted.is_none_or(|noted| now.duration_since(noted) >= UNKNOWN_NOTED_EVERY);
        if due {
            inside.unknown_noted = Some(now);
        }
        due
    }

    fn inside(&self) -> MutexGuard<'_, HashMap<(TenantId, SessionId), Inside>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The language in which an administration speaks to who has not chosen one. Nobody is kept out because it cannot be
/// read.
async fn language_of(tenant: &TenantStore) -> Language {
    settings::load(tenant).await.map(|settings| Language::from_tag(&settings.language)).unwrap_or_default()
}

/// The targets that a destination means: by id, as sticks ask, by host, or by name.
async fn meant(tenant: &TenantStore, person: PersonId, wanted: &Destination) -> Result<Vec<TargetRecord>, StoreError> {
    if let Some(id) = wanted.target() {
        return match tenant.targets().get(id).await {
            Ok(target) if may_be_tunnelled(&target) && target.port == wanted.port() => Ok(vec![target]),
            Ok(_) | Err(StoreError::NotFound(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        };
    }
    let mut found = tenant.targets().by_address(wanted.host(), wanted.port(), person).await?;
    found.retain(may_be_tunnelled);
    if found.is_empty() {
        found = tenant.targets().all().await?;
        found.extend(tenant.targets().of_owner(person).await?);
        found.retain(|target| may_be_tunnelled(target) && wanted.means(&target.name, &target.host, target.port));
    }
    found.truncate(MAX_CANDIDATES);
    Ok(found)
}

/// A web application takes who is there from a header that only the proxy may set: a tunnel would let anybody set it.
fn may_be_tunnelled(target: &TargetRecord) -> bool {
    target.enabled && target.kind() != TargetKind::Web
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn unavailable(error: StoreError) -> OpenRefusal {
    error!(%error, "A tunnel could not be decided on");
    OpenRefusal::Unavailable
}

fn refused(error: SignInError) -> SignInRefusal {
    match error {
        SignInError::SlowDown(slow) => SignInRefusal::SlowDown {
            retry_after_seconds: u32::try_from(slow.retry_after.whole_seconds().max(1)).unwrap_or(u32::MAX),
        },
        SignInError::Busy => SignInRefusal::SlowDown { retry_after_seconds: 1 },
        SignInError::DevicePending => SignInRefusal::DevicePending,
        SignInError::EnrolmentNeeded => SignInRefusal::EnrolmentRequired,
        SignInError::DirectoryDown => SignInRefusal::Unavailable,
        SignInError::Store(error) => {
            error!(%error, "A sign-in over SSH failed");
            SignInRefusal::Unavailable
        }
        _ => SignInRefusal::Wrong,
    }
}

#[async_trait]
impl Gatekeeper for Porter {
    async fn language(&self, login: &Login) -> Language {
        let tag = async {
            let tenant = self.tenant(login).await.ok()??;
            Some(language_of(&tenant).await)
        };
        tag.await.unwrap_or_default()
    }

    async fn knows_key(&self, login: &Login, key: &PublicKey, _: &Origin) -> bool {
        let known = async {
            let (tenant, name) = self.tenant_or_nowhere(login).await?.ok_or(StoreError::NotFound("tenant"))?;
            let blob = key.to_bytes().unwrap_or_default();
            self.identity.is_known_ssh_key(&tenant, &name, &blob).await
        };
        known.await.unwrap_or_else(|error| {
            warn!(%error, "A key could not be looked up");
            false
        })
    }

    async fn sign_in(&self, attempt: Attempt) -> Result<SignedIn, SignInRefusal> {
        self.try_sign_in(attempt).await.map_err(refused)
    }

    async fn activate(&self, activation: Activation) -> Result<(), SignInRefusal> {
        self.try_activate(&activation).await.map_err(refused)
    }

    async fn hello(&self, who: &SignedIn, hello: &Hello, _: &Origin) -> Result<Welcomed, StickRefusal> {
        self.try_hello(who, hello).await.map_err(|error| {
            error!(%error, "A stick could not be judged");
            StickRefusal::Unavailable
        })?
    }

    async fn stick_targets(&self, who: &SignedIn, origin: &Origin) -> Vec<StickTarget> {
        self.try_stick_targets(who, origin).await.unwrap_or_else(|error| {
            warn!(%error, "The targets of a stick could not be listed");
            Vec::new()
        })
    }

    fn changes(&self, _: &SignedIn) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    async fn kept(&self, who: &SignedIn, generation: u64) {
        let tenant = self.store.tenant(who.tenant);
        if let Err(error) = self.identity.stick_kept(&tenant, &who.facts, generation).await {
            warn!(%error, "That a stick wrote its number down could not be kept: the one before it still counts");
        }
    }

    async fn note_line(&self, who: &SignedIn, quality: &LineQuality) {
        let tenant = self.store.tenant(who.tenant);
        if let Err(error) = self.identity.note_stick_line(&tenant, &who.facts, quality).await {
            warn!(%error, "How a stick's line does could not be kept");
        }
    }

    async fn moved(&self, who: &SignedIn, origin: &Origin) {
        let tenant = self.store.tenant(who.tenant);
        if let Err(error) = self.identity.authoriser().relocate(&tenant, &who.facts, &self.situation(origin)).await {
            // Nobody may go on from where they would not be let in.
            error!(%error, "Tunnels could not be judged for where they come from now, and were ended");
            self.identity.authoriser().grants().end_where(EndReason::NotAllowed, |grant| {
                grant.tenant == who.tenant && grant.facts.session == who.facts.session
            });
        }
    }

    async fn reachable(&self, who: &SignedIn, origin: &Origin) -> Vec<Reachable> {
        let tenant = self.store.tenant(who.tenant);
        match self.identity.authoriser().check_all(&tenant, &who.facts, &self.situation(origin)).await {
            Ok(all) => all
                .into_iter()
                .filter(|(target, allowed)| *allowed && may_be_tunnelled(target))
                .map(|(target, _)| Reachable { name: target.name, host: target.host, port: target.port })
                .collect(),
            Err(error) => {
                warn!(%error, "The targets could not be listed");
                Vec::new()
            }
        }
    }

    async fn open(&self, who: &SignedIn, destination: &Destination, origin: &Origin) -> Result<Admitted, OpenRefusal> {
        self.try_open(who, destination, origin).await
    }

    async fn note(&self, who: &SignedIn, target: TargetId, note: TunnelNote) {
        let (kind, action, outcome) = match note {
            TunnelNote::Began => (AuditKind::ConnectionStart, "tunnel", Outcome::Success),
            TunnelNote::Unreachable => (AuditKind::ConnectionStart, "unreachable", Outcome::Failure),
            TunnelNote::Finished => (AuditKind::ConnectionEnd, "closed", Outcome::Success),
            TunnelNote::Ended(reason) => (AuditKind::ConnectionEnd, reason.as_str(), Outcome::Success),
        };
        let mut event =
            AuditEvent::new(kind, action, outcome).by(who.facts.person).on(target).session(who.facts.session);
        event.device = who.facts.device;
        let tenant = self.store.tenant(who.tenant);
        let written = async {
            if note == TunnelNote::Began {
                let mut work = tenant.begin().await?;
                work.targets().used(who.facts.person, target, self.clock.now().date()).await?;
                work.record(event);
                work.commit().await
            } else {
                tenant.record(event).await
            }
        };
        if let Err(error) = written.await {
            error!(%error, "The course of a tunnel could not be written to the audit log");
        }
    }

    async fn signed_out(&self, who: &SignedIn) {
        self.inside().remove(&(who.tenant, who.facts.session));
        if let Err(error) = self.identity.end_session(&self.store.tenant(who.tenant), who.facts.session).await {
            // The next start of the server ends it, and it has no secret that anybody could use.
            error!(%error, "The session of a closed connection could not be ended");
        }
    }
}
