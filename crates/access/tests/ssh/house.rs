//! A small house behind the gateway: people, targets and a gatekeeper with fixed answers.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use fernamt_access::ssh::{
    Activation, Admitted, Attempt, Destination, Entrance, FirstFactor, Gatekeeper, Gateway, HostKeys, Language, Limits,
    Login, OpenRefusal, Origin, Reachable, Settings, SignInRefusal, SignedIn, TunnelNote, Welcomed,
};
use fernamt_api::stick::{Hello, LineQuality, StickRefusal, StickTarget};
use fernamt_domain::{
    Clock, DeviceId, DeviceKind, DeviceState, EndReason, Grant, GrantId, LiveGrants, Method, PersonId, SessionFacts,
    SessionId, Situation, SystemClock, SystemRng, TargetId, TargetKind, TenantId, Zone,
};
use russh::keys::PublicKey;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub(crate) const PASSWORD: &str = "Amtsblatt 7";
pub(crate) const CODE: &str = "424242";
pub(crate) const ACTIVATION_CODE: &str = "ABCD-EFGH";
/// How long sessions of sticks wait here.
pub(crate) const STICK_PATIENCE: Duration = Duration::from_mins(10);

/// A target of the house.
pub(crate) struct Target {
    pub(crate) id: TargetId,
    pub(crate) name: &'static str,
    pub(crate) host: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) allowed: bool,
}

impl Target {
    pub(crate) fn new(name: &'static str, host: &'static str, address: SocketAddr) -> Self {
        Self { id: TargetId::new(&SystemClock, &SystemRng), name, host, address, allowed: true }
    }

    pub(crate) fn forbidden(mut self) -> Self {
        self.allowed = false;
        self
    }
}

/// Tenant and name, as typed.
type LoginName = (Option<String>, String);

/// The gatekeeper: one tenant per name asked for, one person per login name, every password and code the same.
pub(crate) struct House {
    pub(crate) grants: LiveGrants,
    pub(crate) targets: Vec<Target>,
    pub(crate) keys: Mutex<Vec<PublicKey>>,
    pub(crate) notes: watch::Sender<Vec<(TargetId, TunnelNote)>>,
    pub(crate) sign_ins: AtomicUsize,
    pub(crate) signed_out: watch::Sender<usize>,
    pub(crate) sessions: Mutex<HashMap<SessionId, CancellationToken>>,
    pub(crate) pending_devices: bool,
    /// Sticks that were activated, and the keys they brought.
    pub(crate) activated: Mutex<Vec<(DeviceId, PublicKey)>>,
    /// The generation that a stick must present.
    pub(crate) generation: AtomicUsize,
    /// Ends the session of a stick that presents another.
    pub(crate) suspend_copies: bool,
    pub(crate) line_notes: watch::Sender<Vec<LineQuality>>,
    pub(crate) kept: watch::Sender<Vec<u64>>,
    /// While this is set, nothing that a stick says is written down.
    pub(crate) busy: watch::Sender<bool>,
    /// How often something was to be written down.
    pub(crate) begun: watch::Sender<usize>,
    /// Where sessions went on from.
    pub(crate) moves: watch::Sender<Vec<Origin>>,
    pub(crate) changes: watch::Sender<u64>,
    /// Switches targets off for sticks.
    pub(crate) closed: Mutex<bool>,
    people: Mutex<HashMap<LoginName, (TenantId, PersonId)>>,
}

impl House {
    pub(crate) fn new(targets: Vec<Target>) -> Self {
        Self {
            grants: LiveGrants::new(),
            targets,
            keys: Mutex::default(),
            notes: watch::Sender::default(),
            sign_ins: AtomicUsize::new(0),
            signed_out: watch::Sender::default(),
            sessions: Mutex::default(),
            pending_devices: false,
            activated: Mutex::default(),
            generation: AtomicUsize::new(0),
            suspend_copies: false,
            line_notes: watch::Sender::default(),
            kept: watch::Sender::default(),
            busy: watch::Sender::default(),
            begun: watch::Sender::default(),
            moves: watch::Sender::default(),
            changes: watch::Sender::default(),
            closed: Mutex::default(),
            people: Mutex::default(),
        }
    }

    pub(crate) async fn wait_for_note(&self, note: TunnelNote) {
        let mut notes = self.notes.subscribe();
        notes.wait_for(|notes| notes.iter().any(|(_, seen)| *seen == note)).await.unwrap();
    }

    /// Writing something down takes for as long as the house is busy.
    async fn write(&self) {
        self.begun.send_modify(|begun| *begun += 1);
        self.busy.subscribe().wait_for(|busy| !busy).await.unwrap();
    }

    pub(crate) fn end_grants(&self, reason: EndReason) -> usize {
        self.grants.end_where(reason, |_| true)
    }
}

#[async_trait]
impl Gatekeeper for House {
    async fn language(&self, login: &Login) -> Language {
        if login.tenant() == Some("shire") { Language::English } else { Language::German }
    }

    async fn knows_key(&self, login: &Login, key: &PublicKey, _: &Origin) -> bool {
        !login.name().is_empty() && self.keys.lock().unwrap().iter().any(|known| known.key_data() == key.key_data())
    }

    async fn sign_in(&self, attempt: Attempt) -> Result<SignedIn, SignInRefusal> {
        self.sign_ins.fetch_add(1, Ordering::SeqCst);
        let name = attempt.login.name();
        let blob = match &attempt.first {
            FirstFactor::Key(key) => key.to_bytes().unwrap(),
            FirstFactor::Password(_) => Vec::new(),
        };
        let (first, device_kind) = match &attempt.first {
            FirstFactor::Password(password) if password.expose() == PASSWORD => {
                (Method::Password, DeviceKind::SshPassword)
            }
            FirstFactor::Key(_) if name.starts_with("stick") => (Method::SshKey, DeviceKind::Stick),
            FirstFactor::Key(_) => (Method::SshKey, DeviceKind::SshKey),
            FirstFactor::Password(_) => return Err(SignInRefusal::Wrong),
        };
        if attempt.code.expose() != CODE || name.is_empty() || name == "unknown" {
            return Err(SignInRefusal::Wrong);
        }
        if self.pending_devices {
            return Err(SignInRefusal::DevicePending);
        }
        let key = (attempt.login.tenant().map(str::to_owned), name.to_owned());
        let (tenant, person) = *self
            .people
            .lock()
            .unwrap()
            .entry(key)
            .or_insert_with(|| (TenantId::new(&SystemClock, &SystemRng), PersonId::new(&SystemClock, &SystemRng)));
        let session = SessionId::new(&SystemClock, &SystemRng);
        let ended = CancellationToken::new();
        self.sessions.lock().unwrap().insert(session, ended.clone());
        let facts = SessionFacts {
            session,
            person,
            device: blob.last_chunk().map(|id| DeviceId(uuid::Uuid::from_bytes(*id))),
            device_kind,
            device_state: DeviceState::Approved,
            methods: vec![first, Method::Totp],
        };
        Ok(SignedIn { tenant, facts, language: self.language(&attempt.login).await, ended })
    }

    async fn reachable(&self, _: &SignedIn, _: &Origin) -> Vec<Reachable> {
        let allowed = self.targets.iter().filter(|target| target.allowed);
        allowed
            .map(|target| Reachable {
                name: target.name.to_owned(),
                host: target.host.to_owned(),
                port: target.address.port(),
            })
            .collect()
    }

    async fn open(&self, who: &SignedIn, wanted: &Destination, origin: &Origin) -> Result<Admitted, OpenRefusal> {
        let target = self
            .targets
            .iter()
            .find(|target| {
                let port = target.address.port();
                match wanted.target() {
                    Some(id) => target.id == id && wanted.port() == port,
                    None => wanted.means(target.name, target.host, port),
                }
            })
            .filter(|target| target.allowed)
            .ok_or(OpenRefusal::Forbidden)?;
        let grant = Grant {
            id: GrantId::new(&SystemClock, &SystemRng),
            tenant: who.tenant,
            facts: who.facts.clone(),
            target: target.id,
            situation: Situation { zone: origin.zone.clone(), address: origin.address, at: SystemClock.now() },
            expires_at: None,
        };
        let grant = self.grants.register(grant, self.grants.generation()).map_err(|_| OpenRefusal::TooMany)?;
        Ok(Admitted { target: target.id, addresses: vec![target.address], grant })
    }

    async fn note(&self, _: &SignedIn, target: TargetId, note: TunnelNote) {
        self.notes.send_modify(|notes| notes.push((target, note)));
    }

    async fn activate(&self, activation: Activation) -> Result<(), SignInRefusal> {
        if activation.code.expose() != ACTIVATION_CODE {
            return Err(SignInRefusal::Wrong);
        }
        self.activated.lock().unwrap().push((activation.device, activation.key));
        Ok(())
    }

    async fn hello(&self, who: &SignedIn, hello: &Hello, _: &Origin) -> Result<Welcomed, StickRefusal> {
        let expected = self.generation.load(Ordering::SeqCst) as u64;
        if hello.generation != expected {
            if self.suspend_copies {
                self.sessions.lock().unwrap()[&who.facts.session].cancel();
            }
            return Err(StickRefusal::Copied);
        }
        self.generation.fetch_add(1, Ordering::SeqCst);
        Ok(Welcomed { generation: expected + 1, person: "Anna Amt".to_owned() })
    }

    async fn stick_targets(&self, _: &SignedIn, _: &Origin) -> Vec<StickTarget> {
        if *self.closed.lock().unwrap() {
            return Vec::new();
        }
        let told = |target: &Target| StickTarget {
            id: target.id,
            name: target.name.to_owned(),
            kind: TargetKind::Tcp,
            folder: String::new(),
            description: String::new(),
            port: target.address.port(),
            url: None,
            clipboard: false,
            drives: false,
            printers: false,
            domain: None,
            load_balance_info: None,
            start_command: None,
        };
        self.targets.iter().filter(|target| target.allowed).map(told).collect()
    }

    fn changes(&self, _: &SignedIn) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    async fn kept(&self, _: &SignedIn, generation: u64) {
        self.write().await;
        self.kept.send_modify(|kept| kept.push(generation));
    }

    async fn note_line(&self, _: &SignedIn, quality: &LineQuality) {
        self.write().await;
        self.line_notes.send_modify(|notes| notes.push(quality.clone()));
    }

    async fn moved(&self, _: &SignedIn, origin: &Origin) {
        self.moves.send_modify(|moves| moves.push(origin.clone()));
    }

    async fn signed_out(&self, who: &SignedIn) {
        self.sessions.lock().unwrap().remove(&who.facts.session);
        self.signed_out.send_modify(|count| *count += 1);
    }
}

/// A gateway in front of a house.
pub(crate) struct Running {
    pub(crate) house: Arc<House>,
    pub(crate) address: SocketAddr,
    pub(crate) keys: HostKeys,
    pub(crate) entrance: Entrance,
    pub(crate) stop: CancellationToken,
    pub(crate) serving: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn start(targets: Vec<Target>) -> Self {
        Self::start_with(House::new(targets), Limits::default()).await
    }

    pub(crate) async fn start_with(house: House, limits: Limits) -> Self {
        Self::start_patient(house, limits, STICK_PATIENCE).await
    }

    pub(crate) async fn start_patient(house: House, limits: Limits, patience: Duration) -> Self {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), house, limits, patience).await
    }

    pub(crate) async fn start_at(address: SocketAddr, house: House, limits: Limits, patience: Duration) -> Self {
        let house = Arc::new(house);
        let keys = HostKeys::make(&SystemRng);
        let settings = Settings { zone: Zone("internet".into()), limits, patience, rng: Arc::new(SystemRng) };
        let gateway = Gateway::bind(address, &keys, settings, house.clone()).await.unwrap();
        let address = gateway.address().unwrap();
        let entrance = gateway.entrance();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(gateway.run(stop.clone()));
        Self { house, address, keys, entrance, stop, serving }
    }

    pub(crate) fn port(&self) -> String {
        self.address.port().to_string()
    }
}
