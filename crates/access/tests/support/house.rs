//! A house for the proxy: targets, and whom they are open to, in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use fernamt_access::{
    gate::{ConnectionNote, Gate, Refused, Target, Unavailable},
    tls::Fingerprint,
};
use fernamt_domain::{
    DeviceKind, DeviceState, Grant, GrantId, LiveGrant, LiveGrants, Method, PersonId, SessionFacts, SessionId,
    Situation, SystemClock, SystemRng, TargetId, TargetSettings, TenantId, Zone, target::WebSettings,
};
use time::OffsetDateTime;

/// Targets in memory; everybody may use everything unless `closed`.
#[derive(Debug, Default)]
pub(crate) struct House {
    pub(crate) grants: LiveGrants,
    pub(crate) targets: Mutex<Vec<Target>>,
    pub(crate) closed: Mutex<Vec<TargetId>>,
    pub(crate) notes: Mutex<Vec<&'static str>>,
}

impl House {
    /// A house with web applications: label, port and whether they speak TLS.
    pub(crate) fn with_apps(apps: &[(&str, u16, bool)]) -> Arc<Self> {
        let house = Self::default();
        for (label, port, tls) in apps {
            let settings = WebSettings { label: (*label).to_owned(), tls: *tls, start_path: None };
            house.targets.lock().unwrap().push(Target {
                id: TargetId::new(&SystemClock, &SystemRng),
                name: format!("Anwendung {label}"),
                host: "127.0.0.1".to_owned(),
                port: *port,
                settings: TargetSettings::Web(settings),
                pinned: None,
            });
        }
        Arc::new(house)
    }

    fn find(&self, matches: impl Fn(&Target) -> bool) -> Option<Target> {
        self.targets.lock().unwrap().iter().find(|target| matches(target)).cloned()
    }
}

#[async_trait]
impl Gate for House {
    async fn target(&self, _: TenantId, id: TargetId) -> Result<Option<Target>, Unavailable> {
        Ok(self.find(|target| target.id == id))
    }

    async fn app(&self, _: TenantId, label: &str) -> Result<Option<Target>, Unavailable> {
        Ok(self.find(|target| target.web().is_some_and(|web| web.label == label)))
    }

    async fn desktop_at(&self, _: TenantId, host: &str) -> Result<Option<Target>, Unavailable> {
        Ok(self.find(|target| target.rdp().is_some() && target.host == host))
    }

    async fn admit(
        &self,
        tenant: TenantId,
        facts: &SessionFacts,
        target: TargetId,
        situation: &Situation,
    ) -> Result<LiveGrant, Refused> {
        if self.closed.lock().unwrap().contains(&target) {
            return Err(Refused::NotAllowed);
        }
        let grant = Grant { tenant, facts: facts.clone(), target, situation: situation.clone(), ..grant() };
        self.grants.register(grant, self.grants.generation()).map_err(|_| Refused::TooMany)
    }

    async fn learn(&self, _: TenantId, id: TargetId, found: &[u8]) -> Result<Fingerprint, Unavailable> {
        let mut targets = self.targets.lock().unwrap();
        let target = targets.iter_mut().find(|target| target.id == id).ok_or(Unavailable)?;
        Ok(*target.pinned.get_or_insert(Fingerprint::of(found)))
    }

    async fn note(&self, _: TenantId, note: ConnectionNote) {
        self.notes.lock().unwrap().push(note.word);
    }
}

/// A grant of somebody for something.
pub(crate) fn grant() -> Grant {
    Grant {
        id: GrantId::new(&SystemClock, &SystemRng),
        tenant: TenantId(uuid::Uuid::nil()),
        facts: facts(),
        target: TargetId::new(&SystemClock, &SystemRng),
        situation: situation(),
        expires_at: None,
    }
}

/// A session of somebody.
pub(crate) fn facts() -> SessionFacts {
    SessionFacts {
        session: SessionId::new(&SystemClock, &SystemRng),
        person: PersonId::new(&SystemClock, &SystemRng),
        device: None,
        device_kind: DeviceKind::Browser,
        device_state: DeviceState::Approved,
        methods: vec![Method::Password, Method::Totp],
    }
}

/// A request from the internet.
pub(crate) fn situation() -> Situation {
    Situation {
        zone: Zone("internet".to_owned()),
        address: "192.0.2.7".parse().unwrap(),
        at: OffsetDateTime::UNIX_EPOCH,
    }
}
