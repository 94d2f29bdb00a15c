//! A small house behind the gateway: people, targets and a gatekeeper with fixed answers.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use fernamt_access::ssh::{
    Admitted, Attempt, Destination, Entrance, FirstFactor, Gatekeeper, Gateway, HostKeys, Language, Limits, Login,
    OpenRefusal, Origin, Reachable, Settings, SignInRefusal, SignedIn, TunnelNote,
};
use fernamt_domain::{
    Clock, DeviceKind, DeviceState, EndReason, Grant, GrantId, LiveGrants, Method, PersonId, SessionFacts, SessionId,
    Situation, SystemClock, SystemRng, TargetId, TenantId, Zone,
};
use russh::keys::PublicKey;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub(crate) const PASSWORD: &str = "Amtsblatt 7";
pub(crate) const CODE: &str = "424242";

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
            people: Mutex::default(),
        }
    }

    pub(crate) async fn wait_for_note(&self, note: TunnelNote) {
        let mut notes = self.notes.subscribe();
        notes.wait_for(|notes| notes.iter().any(|(_, seen)| *seen == note)).await.unwrap();
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
        let (first, device_kind) = match &attempt.first {
            FirstFactor::Password(password) if password.expose() == PASSWORD => {
                (Method::Password, DeviceKind::SshPassword)
            }
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
            device: None,
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
            .find(|target| wanted.means(target.name, target.host, target.address.port()))
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
        let house = Arc::new(house);
        let keys = HostKeys::make(&SystemRng);
        let settings = Settings { zone: Zone("internet".into()), limits };
        let gateway = Gateway::bind((Ipv4Addr::LOCALHOST, 0).into(), &keys, settings, house.clone()).await.unwrap();
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
