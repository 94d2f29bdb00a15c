//! The whole feature over a real store, with the real authoriser and its re-evaluation: only signing in is short.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use axum::{Router, extract::Request, middleware};
use fernamt_access::{Access, Parts, SshAddress};
use fernamt_domain::{
    Clock, DeviceId, DeviceKind, DeviceState, DomainEvent, LiveGrants, Method, PersonId, PersonSource, PersonState,
    RuleId, Sealer, Secret, SessionFacts, SessionId, SystemClock, SystemRng, TargetId, TargetSettings, Zone,
    target::WebSettings,
};
use fernamt_http::{ApiError, Connection, PublicAddress, Session, Sessions, Site, Web, egress::EgressGuard};
use fernamt_identity::Identity;
use fernamt_store::{
    DatabaseUrl, DeviceRecord, PersonRecord, RuleRecord, SessionRecord, Store, TargetRecord, TenantStore,
};
use serde_json::json;
use time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt as _;

use super::apps::MAIN;

/// A running office with one tenant.
pub(crate) struct Office {
    pub(crate) address: SocketAddr,
    pub(crate) tenant: TenantStore,
    pub(crate) access: Arc<Access>,
    pub(crate) grants: LiveGrants,
    pub(crate) identity: Arc<Identity>,
    pub(crate) guard: EgressGuard,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: CancellationToken,
    _stop: DropGuard,
    _folder: tempfile::TempDir,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: PersonId,
    pub(crate) device: DeviceId,
    pub(crate) session: SessionId,
}

impl Person {
    /// The cookie of the main site.
    pub(crate) fn cookie(&self) -> String {
        format!("__Host-fernamt={}", self.session)
    }
}

impl Office {
    /// Opens it; these loopback ports may be connected to.
    pub(crate) async fn open(ports: &[u16]) -> Self {
        Self::open_at(ports, Arc::new(SystemClock)).await
    }

    /// Opens it with a clock of the test's own.
    pub(crate) async fn open_at(ports: &[u16], clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rng = Arc::new(SystemRng);
        let url = DatabaseUrl::Sqlite(folder.path().join("fernamt.db"));
        let store = Store::open(url, clock.clone(), rng.clone()).await.unwrap();
        let tenant = store.tenants().create("amt", MAIN).await.unwrap();
        let sealer = Arc::new(Sealer::new(&[7; 32]));
        let grants = LiveGrants::new();
        let identity = Identity::new(store.clone(), clock.clone(), rng.clone(), sealer.clone(), grants.clone());
        let guard = EgressGuard::default().allow_loopback(ports.iter().copied());
        let access = Access::new(Parts {
            store: store.clone(),
            authoriser: identity.authoriser().clone(),
            clock: clock.clone(),
            rng: rng.clone(),
            sealer: sealer.clone(),
            guard: guard.clone(),
            ssh: Some(SshAddress { port: 2222, fingerprints: vec!["SHA256:x".to_owned()] }),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let web = Arc::new(Web {
            store: store.clone(),
            sessions: Arc::new(ById),
            clock: clock.clone(),
            rng,
            sealer,
            address: PublicAddress { scheme: "http", port: Some(address.port()) },
            meetings: true,
            mail: false,
        });
        let main = Arc::clone(&access).router().layer(middleware::from_fn(fernamt_http::origin::check));
        let proxy = Arc::clone(&access);
        let by_site = move |site: Site, request: Request| {
            let (main, access) = (main.clone(), Arc::clone(&proxy));
            async move {
                if site.app_label.is_some() {
                    return access.proxy(site, request).await;
                }
                main.oneshot(request).await.unwrap_or_else(|never| match never {})
            }
        };
        let connection = Connection {
            zone: Zone("internet".to_owned()),
            administration: false,
            peer: "192.0.2.7:40000".parse().unwrap(),
        };
        let router: Router = Router::new()
            .fallback(by_site)
            .layer(middleware::from_fn_with_state(web, fernamt_http::site::resolve))
            .layer(axum::Extension(connection));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let stop = CancellationToken::new();
        tokio::spawn(identity.reevaluator().run(stop.clone()));
        Self {
            address,
            tenant: store.tenant(tenant.id),
            access,
            grants,
            identity,
            guard,
            clock,
            _stop: stop.clone().drop_guard(),
            stop,
            _folder: folder,
        }
    }

    /// The main site's origin.
    pub(crate) fn origin(&self) -> String {
        format!("http://{MAIN}:{}", self.address.port())
    }

    /// The origin of an application.
    pub(crate) fn app_origin(&self, label: &str) -> String {
        format!("http://{label}.{MAIN}:{}", self.address.port())
    }

    /// Adds a person with an approved browser and a session.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let now = self.clock.now();
        let person = Person {
            id: PersonId::new(&SystemClock, &SystemRng),
            device: DeviceId::new(&SystemClock, &SystemRng),
            session: SessionId::new(&SystemClock, &SystemRng),
        };
        let work = self.tenant.begin().await.unwrap();
        let record = PersonRecord {
            id: person.id,
            name: name.to_owned(),
            display_name: name.to_owned(),
            source: PersonSource::Local,
            directory: None,
            directory_dn: None,
            directory_key: None,
            password_hash: None,
            state: PersonState::Active,
            language: String::new(),
            created_at: now,
            removed_at: None,
        };
        work.people().insert(&record).await.unwrap();
        let device = DeviceRecord {
            id: person.device,
            person: person.id,
            kind: DeviceKind::Browser,
            state: DeviceState::Approved,
            name: "Browser".to_owned(),
            public_key: vec![1],
            thumbprint: person.device.to_string(),
            created_at: now,
            last_seen_on: None,
            decided_by: None,
            decided_at: None,
        };
        work.devices().insert(&device).await.unwrap();
        let session = SessionRecord {
            id: person.session,
            person: person.id,
            device: Some(person.device),
            device_kind: DeviceKind::Browser,
            secret_hash: Secret::new(vec![1]),
            previous_hash: None,
            methods: vec![Method::Password, Method::Totp],
            zone: Zone("internet".to_owned()),
            created_at: now,
            rotated_at: now,
            seen_at: now,
            expires_at: now + Duration::hours(10),
            ended_at: None,
        };
        work.sessions().insert(&session).await.unwrap();
        work.commit().await.unwrap();
        person
    }

    /// Adds a target on the loopback.
    pub(crate) async fn target(&self, name: &str, host: &str, port: u16, settings: TargetSettings) -> TargetId {
        let target = TargetRecord {
            id: TargetId::new(&SystemClock, &SystemRng),
            name: name.to_owned(),
            folder: None,
            icon: None,
            description: String::new(),
            host: host.to_owned(),
            port,
            settings,
            pinned_certificate: None,
            enabled: true,
            created_at: SystemClock.now(),
            owner: None,
        };
        let work = self.tenant.begin().await.unwrap();
        work.targets().insert(&target).await.unwrap();
        work.commit().await.unwrap();
        target.id
    }

    /// Adds a web application on the loopback.
    pub(crate) async fn app(&self, label: &str, port: u16) -> TargetId {
        let settings = WebSettings { label: label.to_owned(), tls: false, start_path: None };
        self.target(label, "127.0.0.1", port, TargetSettings::Web(settings)).await
    }

    /// Allows a person some targets.
    pub(crate) async fn allow(&self, person: &Person, targets: &[TargetId]) -> RuleId {
        let id = RuleId::new(&SystemClock, &SystemRng);
        let form = json!({ "effect": "allow", "people": [person.id], "targets": targets });
        let now = SystemClock.now();
        let mut work = self.tenant.begin().await.unwrap();
        let position = work.rules().next_position().await.unwrap();
        let rule = RuleRecord {
            id,
            name: id.to_string(),
            form: Some(form),
            expert: None,
            enabled: true,
            position,
            created_at: now,
            updated_at: now,
        };
        work.rules().insert(&rule).await.unwrap();
        work.publish(DomainEvent::RulesChanged);
        work.commit().await.unwrap();
        id
    }

    /// Takes a rule back.
    pub(crate) async fn forbid(&self, rule: RuleId) {
        let mut work = self.tenant.begin().await.unwrap();
        work.rules().remove(rule).await.unwrap();
        work.publish(DomainEvent::RulesChanged);
        work.commit().await.unwrap();
    }

    /// The actions in the audit log, oldest first.
    pub(crate) async fn audited(&self) -> Vec<String> {
        let filter = fernamt_store::AuditFilter::default();
        let found = self.tenant.audit().oldest_first(&filter, 0, fernamt_store::MAX_PAGE_ROWS).await.unwrap();
        let actions: Vec<_> = found.into_iter().map(|entry| entry.facts.action).collect();
        actions
    }
}

/// Sessions whose cookie is their id.
#[derive(Debug)]
struct ById;

#[async_trait]
impl Sessions for ById {
    async fn find(&self, site: &Site, cookie: &Secret<String>) -> Result<Session, ApiError> {
        let nobody = || ApiError::unauthenticated("not_signed_in", "nobody is signed in");
        let id: SessionId = cookie.expose().parse().map_err(|_| nobody())?;
        let row = site.tenant.sessions().get(id).await.map_err(|_| nobody())?;
        if row.ended_at.is_some() {
            return Err(nobody());
        }
        let person = site.tenant.people().get(row.person).await.map_err(|_| nobody())?;
        let device = site.tenant.devices().get(row.device.ok_or_else(nobody)?).await.map_err(|_| nobody())?;
        if person.state != PersonState::Active {
            return Err(nobody());
        }
        Ok(Session {
            facts: SessionFacts {
                session: id,
                person: row.person,
                device: row.device,
                device_kind: row.device_kind,
                device_state: device.state,
                methods: row.methods,
            },
            name: person.name,
            display_name: person.display_name,
            roles: Vec::new(),
            language: None,
            password_here: true,
            expires_at: row.expires_at,
            idle_expires_at: row.expires_at,
            rotate_by: row.expires_at,
            situation: site.situation(),
            site: site.clone(),
        })
    }
}
