//! A house with a conference: a store in a temp folder, the router behind the middleware that every request passes, and
//! people who are signed in.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use axum::{Router, body::Body, http::Request, middleware};
use fernamt_conference::{Conference, NotSent, Parts, Post, PostOffice, live::NoneRuns};
use fernamt_domain::{
    Clock as _, DeviceId, DeviceKind, DeviceState, LiveGrants, Method, PersonId, PersonSource, PersonState, Role,
    Sealer, Secret, SessionId, Zone,
};
use fernamt_http::{Connection, PublicAddress, Web, egress::EgressGuard, origin, site};
use fernamt_identity::{Identity, session_secret::SessionSecret};
use fernamt_store::{DeviceRecord, PersonRecord, SessionRecord, Store, TenantStore};
use fernamt_testkit::{SeededRng, TestClock};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use tower::ServiceExt as _;

pub(crate) const HOST: &str = "fernamt.example.org";
pub(crate) const TWIN_HOST: &str = "twin.example.org";

/// The loopback port that webhooks of tests may be sent to is not known before; the guard lets this range pass.
pub(crate) const HOOK_PORTS: std::ops::Range<u16> = 20_000..u16::MAX;

pub(crate) struct House {
    pub(crate) clock: TestClock,
    pub(crate) rng: Arc<SeededRng>,
    pub(crate) store: Store,
    pub(crate) tenant: TenantStore,
    pub(crate) twin: TenantStore,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) conference: Arc<Conference>,
    pub(crate) tray: Arc<Tray>,
    router: Router,
    _folder: TempDir,
}

/// A post office that keeps what it gets.
#[derive(Debug, Default)]
pub(crate) struct Tray {
    pub(crate) letters: std::sync::Mutex<Vec<String>>,
    /// Letters with this in them are never taken, and never refused.
    pub(crate) hangs_at: std::sync::Mutex<Option<String>>,
    /// What it says to every letter, if not thank you.
    pub(crate) refuses: std::sync::Mutex<Option<NotSent>>,
}

#[async_trait]
impl PostOffice for Tray {
    async fn send(&self, letter: lettre::Message) -> Result<(), NotSent> {
        if let Some(refusal) = self.refuses.lock().unwrap().clone() {
            return Err(refusal);
        }
        let letter = String::from_utf8(letter.formatted()).unwrap();
        let hangs = self.hangs_at.lock().unwrap().as_ref().is_some_and(|word| letter.contains(word));
        if hangs {
            std::future::pending::<()>().await;
        }
        self.letters.lock().unwrap().push(letter);
        Ok(())
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with_post(None).await
    }

    /// A house whose letters go elsewhere than to its tray.
    pub(crate) async fn with_post(elsewhere: Option<Arc<dyn PostOffice>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, rng) = (TestClock::new(), Arc::new(SeededRng::new(7)));
        let url = format!("sqlite:{}", folder.path().join("fernamt.db").display()).parse().unwrap();
        let store = Store::open(url, Arc::new(clock.clone()), Arc::clone(&rng) as _).await.unwrap();
        let tenant = store.tenant(store.tenants().create("amt", HOST).await.unwrap().id);
        let twin = store.tenant(store.tenants().create("twin", TWIN_HOST).await.unwrap().id);
        let sealer = Arc::new(Sealer::new(&[7; 32]));
        let identity = Identity::new(
            store.clone(),
            Arc::new(clock.clone()),
            Arc::clone(&rng) as _,
            Arc::clone(&sealer),
            LiveGrants::new(),
        );
        let address = PublicAddress { scheme: "https", port: None };
        let tray = Arc::new(Tray::default());
        let office = elsewhere.unwrap_or_else(|| Arc::clone(&tray) as _);
        let conference = Conference::new(Parts {
            store: store.clone(),
            clock: Arc::new(clock.clone()),
            rng: Arc::clone(&rng) as _,
            sealer: Arc::clone(&sealer),
            guard: EgressGuard::default().allow_loopback(HOOK_PORTS),
            address: address.clone(),
            post: Some(Post { from: "fernamt@amt.example".into(), office }),
            live: Arc::new(NoneRuns),
        });
        let web = Arc::new(Web {
            store: store.clone(),
            sessions: Arc::clone(&identity) as _,
            clock: Arc::new(clock.clone()),
            rng: Arc::clone(&rng) as _,
            sealer: Arc::clone(&sealer),
            address,
            meetings: true,
            mail: false,
        });
        let router = Arc::clone(&conference)
            .router()
            .layer(middleware::from_fn(origin::check))
            .layer(middleware::from_fn_with_state(web, site::resolve));
        Self { clock, rng, store, tenant, twin, sealer, conference, tray, router, _folder: folder }
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Somebody of the house who is signed in.
    pub(crate) async fn person(&self, name: &str) -> Client {
        self.person_of(&self.tenant, HOST, name, &[]).await
    }

    pub(crate) async fn administrator(&self) -> Client {
        self.person_of(&self.tenant, HOST, "chief", &[Role::Administrator]).await
    }

    pub(crate) async fn person_of(
        &self,
        tenant: &TenantStore,
        host: &'static str,
        name: &str,
        roles: &[Role],
    ) -> Client {
        let id = PersonId::new(&self.clock, &*self.rng);
        let now = self.now();
        let work = tenant.begin().await.unwrap();
        let person = PersonRecord {
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
            created_at: now,
            removed_at: None,
        };
        work.people().insert(&person).await.unwrap();
        work.people().set_roles(id, roles).await.unwrap();
        work.commit().await.unwrap();
        self.sign_in(tenant, host, id).await
    }

    /// Signs somebody in again, after time went on.
    pub(crate) async fn again(&self, client: &Client) -> Client {
        self.sign_in(&self.tenant, client.host, client.person).await
    }

    async fn sign_in(&self, tenant: &TenantStore, host: &'static str, id: PersonId) -> Client {
        let (device, now) = (DeviceId::new(&self.clock, &*self.rng), self.now());
        let session = SessionId::new(&self.clock, &*self.rng);
        let secret = SessionSecret::generate(&self.sealer, &*self.rng, tenant.id(), session);
        let work = tenant.begin().await.unwrap();
        let browser = DeviceRecord {
            id: device,
            person: id,
            kind: DeviceKind::Browser,
            state: DeviceState::Approved,
            name: "Firefox".into(),
            public_key: vec![1],
            thumbprint: device.to_string(),
            created_at: now,
            last_seen_on: None,
            decided_by: None,
            decided_at: None,
        };
        work.devices().insert(&browser).await.unwrap();
        let record = SessionRecord {
            id: session,
            person: id,
            device: Some(device),
            device_kind: DeviceKind::Browser,
            secret_hash: Secret::new(secret.hash(&self.sealer, tenant.id()).to_vec()),
            previous_hash: None,
            methods: vec![Method::Password, Method::Totp],
            zone: Zone("office".into()),
            created_at: now,
            rotated_at: now,
            seen_at: now,
            expires_at: now + Duration::hours(12),
            ended_at: None,
        };
        work.sessions().insert(&record).await.unwrap();
        work.commit().await.unwrap();
        let cookie = format!("__Host-fernamt={}", secret.cookie(session).expose());
        Client { router: self.router.clone(), cookie, host, person: id }
    }

    /// The actions in the audit log, oldest first.
    pub(crate) async fn actions(&self) -> Vec<String> {
        let entries = self.tenant.audit().oldest_first(&fernamt_store::AuditFilter::default(), 0, 200).await.unwrap();
        entries.into_iter().map(|entry| entry.facts.action).collect()
    }

    /// The letters that were sent since the last look.
    pub(crate) async fn letters(&self) -> Vec<String> {
        self.conference.look_around().await.unwrap();
        std::mem::take(&mut *self.tray.letters.lock().unwrap())
    }
}

/// A booked meeting on the first of December 2026, nine o'clock.
pub(crate) fn meeting(name: &str) -> Value {
    json!({
        "kind": "meeting", "name": name, "protection": "internal",
        "booking": { "starts": "2026-12-01T09:00", "minutes": 60 },
    })
}

/// The same every week.
pub(crate) fn weekly(name: &str, count: u16) -> Value {
    let mut room = meeting(name);
    room["booking"]["recurrence"] = json!({ "every": { "by": "week", "on": ["tuesday"] }, "interval": 1, "until": { "by": "count", "count": count } });
    room
}

/// A browser with a session.
pub(crate) struct Client {
    router: Router,
    pub(crate) cookie: String,
    host: &'static str,
    pub(crate) person: PersonId,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) text: String,
    pub(crate) content_type: String,
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

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None).await
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let connection = Connection {
            zone: Zone("office".into()),
            administration: true,
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
        let content_type = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply { status, body, text, content_type: content_type.unwrap_or_default() }
    }

    /// Makes a room and returns it.
    pub(crate) async fn room(&self, room: Value) -> Value {
        let reply = self.post(ROOMS, room).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body
    }
}

pub(crate) const ROOMS: &str = "/api/v1/conference/rooms";
pub(crate) const MEETINGS: &str = "/api/v1/conference/meetings";

/// The path of something below another.
pub(crate) fn at(path: &str, thing: &Value) -> String {
    format!("{path}/{}", thing["id"].as_str().unwrap())
}
