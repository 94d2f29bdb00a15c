//! A house to administer: a store in a temp folder, the router behind the middleware that every request passes, and
//! people who are signed in.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use axum::{Router, body::Body, http::Request, middleware};
use fernamt_admin::{
    Admin, Installation, Prober,
    sticks::{Delivery, SshOutside},
};
use fernamt_api::admin::health::Part;
use fernamt_domain::{
    DeviceId, DeviceKind, DeviceState, LiveGrants, Method, PersonId, PersonSource, PersonState, Role, Sealer, Secret,
    SessionId, Zone, audit::SigningKey,
};
use fernamt_http::{Connection, PublicAddress, Web, egress::EgressGuard, origin, site};
use fernamt_identity::{Identity, session_secret::SessionSecret};
use fernamt_store::{
    DeviceRecord, HealthState, PersonRecord, SessionRecord, Store, TargetHealthRecord, TargetRecord, TenantStore,
};
use fernamt_testkit::{SeededRng, TestClock};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime, macros::datetime};
use tower::ServiceExt as _;

pub(crate) const HOST: &str = "fernamt.example.org";
pub(crate) const TWIN_HOST: &str = "twin.example.org";

pub(crate) struct House {
    pub(crate) clock: TestClock,
    pub(crate) rng: Arc<SeededRng>,
    pub(crate) store: Store,
    pub(crate) tenant: TenantStore,
    pub(crate) twin: TenantStore,
    pub(crate) grants: LiveGrants,
    pub(crate) prober: Arc<FixedProber>,
    sealer: Arc<Sealer>,
    router: Router,
    pub(crate) identity: Arc<Identity>,
    pub(crate) folder: TempDir,
}

/// Sees what a test tells it to.
#[derive(Debug)]
pub(crate) struct FixedProber {
    pub(crate) certificate: std::sync::Mutex<Option<Vec<u8>>>,
    clock: TestClock,
}

#[async_trait]
impl Prober for FixedProber {
    async fn look(&self, target: &TargetRecord) -> TargetHealthRecord {
        use fernamt_domain::Clock as _;
        let certificate = self.certificate.lock().unwrap().clone();
        TargetHealthRecord {
            target: target.id,
            checked_at: self.clock.now(),
            state: if certificate.is_some() { HealthState::Up } else { HealthState::Down },
            detail: certificate.is_none().then(|| "refused".to_owned()),
            certificate,
        }
    }
}

#[derive(Debug)]
struct Quiet;

#[async_trait]
impl Installation for Quiet {
    fn version(&self) -> &'static str {
        "0.0.0"
    }

    fn started_at(&self) -> OffsetDateTime {
        datetime!(2026-11-02 07:00 UTC)
    }

    fn zones(&self) -> Vec<String> {
        vec!["internet".into(), "office".into()]
    }

    async fn parts(&self) -> Vec<Part> {
        Vec::new()
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, rng) = (TestClock::new(), Arc::new(SeededRng::new(7)));
        let url = format!("sqlite:{}", folder.path().join("fernamt.db").display()).parse().unwrap();
        let store = Store::open(url, Arc::new(clock.clone()), Arc::clone(&rng) as _).await.unwrap();
        let tenant = store.tenant(store.tenants().create("amt", HOST).await.unwrap().id);
        let twin = store.tenant(store.tenants().create("twin", TWIN_HOST).await.unwrap().id);
        let sealer = Arc::new(Sealer::new(&[7; 32]));
        let grants = LiveGrants::new();
        let identity = Identity::new(
            store.clone(),
            Arc::new(clock.clone()),
            Arc::clone(&rng) as _,
            Arc::clone(&sealer),
            grants.clone(),
        );
        let prober = Arc::new(FixedProber { certificate: None.into(), clock: clock.clone() });
        let outside = SshOutside { address: None, port: 2222, host_keys: vec!["ssh-ed25519 AAAA".to_owned()] };
        let admin = Arc::new(Admin {
            identity: Arc::clone(&identity),
            audit_key: Arc::new(SigningKey::from_seed(&Secret::new([3; 32]))),
            egress: EgressGuard::default().allow_loopback([8080]),
            prober: Arc::clone(&prober) as _,
            delivery: Delivery::new(folder.path().join("programs"), folder.path().to_owned(), Some(outside)),
            installation: Arc::new(Quiet),
        });
        let web = Arc::new(Web {
            store: store.clone(),
            sessions: Arc::clone(&identity) as _,
            clock: Arc::new(clock.clone()),
            rng: Arc::clone(&rng) as _,
            sealer: Arc::clone(&sealer),
            address: PublicAddress { scheme: "https", port: None },
            meetings: true,
            mail: true,
        });
        let router = fernamt_admin::router(admin)
            .layer(middleware::from_fn(origin::check))
            .layer(middleware::from_fn_with_state(web, site::resolve));
        Self { clock, rng, store, tenant, twin, grants, prober, sealer, router, identity, folder }
    }

    /// A house with an administrator who is signed in.
    pub(crate) async fn with_administrator() -> (Self, Client) {
        let house = Self::new().await;
        let person = house.person("chief", &[Role::Administrator]).await;
        let client = house.sign_in(person).await;
        (house, client)
    }

    pub(crate) async fn person(&self, name: &str, roles: &[Role]) -> PersonId {
        self.person_of(&self.tenant, name, roles).await
    }

    pub(crate) async fn person_of(&self, tenant: &TenantStore, name: &str, roles: &[Role]) -> PersonId {
        let id = PersonId::new(&self.clock, &*self.rng);
        let record = PersonRecord {
            id,
            name: name.into(),
            display_name: format!("{name} of the office"),
            source: PersonSource::Local,
            directory: None,
            directory_dn: None,
            directory_key: None,
            password_hash: None,
            state: PersonState::Active,
            language: "de".into(),
            created_at: self.now(),
            removed_at: None,
        };
        let work = tenant.begin().await.unwrap();
        work.people().insert(&record).await.unwrap();
        work.people().set_roles(id, roles).await.unwrap();
        work.commit().await.unwrap();
        id
    }

    /// A browser of a person's, in a state.
    pub(crate) async fn device(&self, person: PersonId, state: DeviceState) -> DeviceId {
        let id = DeviceId::new(&self.clock, &*self.rng);
        let record = DeviceRecord {
            id,
            person,
            kind: DeviceKind::Browser,
            state,
            name: "Firefox".into(),
            public_key: vec![1],
            thumbprint: id.to_string(),
            created_at: self.now(),
            last_seen_on: None,
            decided_by: None,
            decided_at: None,
        };
        let work = self.tenant.begin().await.unwrap();
        work.devices().insert(&record).await.unwrap();
        work.commit().await.unwrap();
        id
    }

    /// A person on an approved browser, signed in by password and code.
    pub(crate) async fn sign_in(&self, person: PersonId) -> Client {
        let device = self.device(person, DeviceState::Approved).await;
        self.sign_in_on(&self.tenant, HOST, person, Some(device), &[Method::Password, Method::Totp]).await
    }

    pub(crate) async fn sign_in_on(
        &self,
        tenant: &TenantStore,
        host: &'static str,
        person: PersonId,
        device: Option<DeviceId>,
        methods: &[Method],
    ) -> Client {
        let id = SessionId::new(&self.clock, &*self.rng);
        let secret = SessionSecret::generate(&self.sealer, &*self.rng, tenant.id(), id);
        let now = self.now();
        let record = SessionRecord {
            id,
            person,
            device,
            device_kind: DeviceKind::Browser,
            secret_hash: Secret::new(secret.hash(&self.sealer, tenant.id()).to_vec()),
            previous_hash: None,
            methods: methods.to_vec(),
            zone: Zone("office".into()),
            created_at: now,
            rotated_at: now,
            seen_at: now,
            expires_at: now + Duration::hours(12),
            ended_at: None,
        };
        let work = tenant.begin().await.unwrap();
        work.sessions().insert(&record).await.unwrap();
        work.commit().await.unwrap();
        Client {
            router: self.router.clone(),
            cookie: format!("__Host-fernamt={}", secret.cookie(id).expose()),
            host,
            session: id,
            person,
            device,
            administration: true,
        }
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        use fernamt_domain::Clock as _;
        self.clock.now()
    }

    /// The actions in the audit log, oldest first.
    pub(crate) async fn actions(&self) -> Vec<String> {
        let entries = self.tenant.audit().oldest_first(&fernamt_store::AuditFilter::default(), 0, 200).await.unwrap();
        entries.into_iter().map(|entry| entry.facts.action).collect()
    }

    /// Makes a target and returns it as the administration shows it.
    pub(crate) async fn target(&self, client: &Client, name: &str) -> Value {
        let reply = client.post("/api/v1/admin/targets", target_fields(name)).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body
    }

    pub(crate) async fn group(&self, client: &Client, name: &str) -> Value {
        let reply = client.post("/api/v1/admin/groups", json!({ "name": name })).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body
    }
}

/// The fields of an SSH host.
pub(crate) fn target_fields(name: &str) -> Value {
    json!({ "name": name, "host": format!("{name}.amt.test"), "port": 22, "settings": { "kind": "ssh" } })
}

/// A browser with a session.
pub(crate) struct Client {
    router: Router,
    cookie: String,
    host: &'static str,
    pub(crate) session: SessionId,
    pub(crate) person: PersonId,
    pub(crate) device: Option<DeviceId>,
    pub(crate) administration: bool,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) text: String,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    /// The problem's stable code.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The faulty fields, as path and code.
    pub(crate) fn fields(&self) -> Vec<(&str, &str)> {
        let fields = self.body["fields"].as_array().into_iter().flatten();
        fields.map(|field| (field["path"].as_str().unwrap(), field["code"].as_str().unwrap())).collect()
    }
}

impl Client {
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send("PUT", path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send("PATCH", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None).await
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let connection = Connection {
            zone: Zone("office".into()),
            administration: self.administration,
            peer: SocketAddr::from(([192, 0, 2, 7], 50_000)),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.host)
            .header("origin", format!("https://{}", self.host))
            .header("cookie", &self.cookie)
            .extension(connection);
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply { status, body: serde_json::from_str(&text).unwrap_or(Value::Null), text, bytes: bytes.to_vec() }
    }
}
