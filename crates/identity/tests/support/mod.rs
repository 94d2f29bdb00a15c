//! An office in memory: a real store, a clock that tests move, the routes as a browser meets them.

pub(crate) mod authenticator;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
    middleware,
    response::Response,
    routing::get,
};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use fernamt_domain::{
    Clock as _, LiveGrants, PersonId, PersonSource, PersonState, Sealer, Secret, Situation, SystemRng, Zone,
    audit::{AuditKind, SigningKey},
};
use fernamt_http::{ApiError, Connection, PublicAddress, Site, Web, bearer};
use fernamt_identity::{
    Identity,
    otp::{Scheme, code_at, step_at},
};
use fernamt_store::{DatabaseUrl, PersonRecord, RetentionConfig, Store, TenantStore};
use fernamt_testkit::TestClock;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tower::ServiceExt as _;

pub(crate) const ORIGIN: &str = "https://amt.test";
pub(crate) const PASSWORD: &str = "kaffee am langen morgen";

/// A running office with one tenant.
pub(crate) struct Office {
    pub(crate) clock: TestClock,
    pub(crate) tenant: TenantStore,
    pub(crate) identity: Arc<Identity>,
    pub(crate) grants: LiveGrants,
    store: Store,
    router: Router,
    post: Router,
    folder: tempfile::TempDir,
}

impl Office {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = TestClock::new();
        let (shared, rng) = (Arc::new(clock.clone()), Arc::new(SystemRng));
        let url = DatabaseUrl::Sqlite(folder.path().join("fernamt.db"));
        let store = Store::open(url, shared.clone(), rng.clone()).await.unwrap();
        store.tenants().create("amt", "amt.test").await.unwrap();
        Self::over(store, clock, folder).await
    }

    /// An office over a store with its one tenant.
    async fn over(store: Store, clock: TestClock, folder: tempfile::TempDir) -> Self {
        let (shared, rng) = (Arc::new(clock.clone()), Arc::new(SystemRng));
        let tenant = store.tenants().by_name("amt").await.unwrap().unwrap();
        let sealer = Arc::new(Sealer::new(&[7; 32]));
        let grants = LiveGrants::new();
        let identity = Identity::new(store.clone(), shared.clone(), rng.clone(), sealer.clone(), grants.clone());
        let web = Arc::new(Web {
            store: store.clone(),
            sessions: identity.clone(),
            clock: shared,
            rng,
            sealer,
            address: PublicAddress { scheme: "https", port: None },
            meetings: true,
            mail: true,
        });
        let resolved = |routes: Router| {
            routes
                .layer(middleware::from_fn(fernamt_http::origin::check))
                .layer(middleware::from_fn_with_state(Arc::clone(&web), fernamt_http::site::resolve))
        };
        let router = resolved(Arc::clone(&identity).router().merge(Arc::clone(&identity).container_router()));
        let for_programs = Router::new().route("/jmap/session", get(who_asks));
        let post = resolved(Arc::clone(&identity).post_router().merge(for_programs));
        let tenant = store.tenant(tenant.id);
        Self { clock, tenant, identity, grants, store, router, post, folder }
    }

    /// The office after a restart.
    pub(crate) async fn restarted(self) -> Self {
        self.store.close().await.unwrap();
        let url = DatabaseUrl::Sqlite(self.folder.path().join("fernamt.db"));
        let store = Store::open(url, Arc::new(self.clock.clone()), Arc::new(SystemRng)).await.unwrap();
        Self::over(store, self.clock, self.folder).await
    }

    /// The office as a backup of this moment brings it back elsewhere, under the same master key.
    pub(crate) async fn restored_from_backup(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backup = folder.path().join("backup");
        let key = SigningKey::from_seed(&Secret::new([3; 32]));
        self.store.back_up(&backup, &key.public()).await.unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("fernamt.db"));
        let store = Store::open(url, Arc::new(self.clock.clone()), Arc::new(SystemRng)).await.unwrap();
        store.restore(&backup, &[], async |_: &TenantStore| RetentionConfig::default()).await.unwrap();
        Self::over(store, self.clock.clone(), folder).await
    }

    /// A browser with the key and the cookies of one that another office knows.
    pub(crate) fn same_browser(&self, browser: &Browser<'_>) -> Browser<'_> {
        let Browser { pair, address, cookie, handover, agent, .. } = browser.clone();
        Browser { office: self, pair, address, cookie, handover, agent }
    }

    /// A local person with [`PASSWORD`] and no second factor yet.
    pub(crate) async fn add_person(&self, name: &str) -> PersonId {
        let hash = self.identity.passwords().hash(&Secret::from(PASSWORD)).await.unwrap();
        let person = PersonRecord {
            id: PersonId::new(&self.clock, &SystemRng),
            name: name.to_owned(),
            display_name: name.to_uppercase(),
            source: PersonSource::Local,
            directory: None,
            directory_dn: None,
            directory_key: None,
            password_hash: Some(Secret::new(hash)),
            state: PersonState::Active,
            language: String::new(),
            created_at: self.clock.now(),
            removed_at: None,
        };
        let work = self.tenant.begin().await.unwrap();
        work.people().insert(&person).await.unwrap();
        work.commit().await.unwrap();
        person.id
    }

    /// Sends a request as a browser opens a page: to the origin of mail if `host` says so.
    pub(crate) async fn open_page(&self, host: &str, path: &str, cookies: &str) -> Response {
        let metadata =
            [("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        self.fetch(host, path, cookies, &metadata).await
    }

    /// Sends a request with these headers.
    pub(crate) async fn fetch(&self, host: &str, path: &str, cookies: &str, headers: &[(&str, &str)]) -> Response {
        let request = Request::builder().uri(path).header(header::HOST, host).header(header::COOKIE, cookies);
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value))
            .extension(Connection {
                zone: Zone("internet".into()),
                administration: false,
                peer: SocketAddr::new(Ipv4Addr::new(192, 0, 2, 1).into(), 50_000),
            })
            .body(Body::empty())
            .unwrap();
        let router = if host.starts_with("post.") { &self.post } else { &self.router };
        router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        self.browser_at(Ipv4Addr::new(192, 0, 2, 1).into())
    }

    pub(crate) fn browser_at(&self, address: IpAddr) -> Browser<'_> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Browser { office: self, pair: Arc::new(pair), address, cookie: None, handover: None, agent: "" }
    }

    /// A person who has enrolled, signed in on a browser, and holds an authenticator app and recovery codes.
    pub(crate) async fn enrolled(&self, name: &str) -> (Browser<'_>, App, Vec<String>) {
        self.add_person(name).await;
        self.enrol(name, PASSWORD).await
    }

    pub(crate) async fn enrol(&self, name: &str, password: &str) -> (Browser<'_>, App, Vec<String>) {
        self.enrol_in(self.browser(), name, password).await
    }

    /// The same in a browser that others may use, too.
    pub(crate) async fn enrol_in<'a>(
        &self,
        mut browser: Browser<'a>,
        name: &str,
        password: &str,
    ) -> (Browser<'a>, App, Vec<String>) {
        let (status, answer) = browser.sign_in(name, password, None).await;
        assert_eq!((status, &answer["state"]), (StatusCode::OK, &json!("enrolment_required")), "{answer}");
        let app = App::of(&answer["enrolment"]);
        let mut body = browser.proof().await;
        body["token"] = answer["enrolment"]["token"].clone();
        body["code"] = json!(app.code(self.clock.now()));
        let (status, answer) = browser.post("/api/v1/sign-in/enrolment", body).await;
        assert_eq!((status, &answer["state"]), (StatusCode::OK, &json!("signed_in")), "{answer}");
        let codes =
            answer["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        self.next_code();
        (browser, app, codes)
    }

    /// A start code as an administrator hands it out, as it is typed at the sign-in.
    pub(crate) async fn start_code(&self, person: PersonId) -> Value {
        let work = self.tenant.begin().await.unwrap();
        let code = self.identity.make_start_code(&work, self.tenant.id(), person).await.unwrap().unwrap();
        work.commit().await.unwrap();
        json!({ "kind": "recovery_code", "code": code.expose() })
    }

    /// Moves on until the next one-time code.
    pub(crate) fn next_code(&self) {
        self.clock.advance(time::Duration::seconds(31));
    }

    pub(crate) fn situation(&self) -> Situation {
        Situation { zone: Zone("internet".into()), address: Ipv4Addr::new(192, 0, 2, 1).into(), at: self.clock.now() }
    }

    /// The actions in the audit log of one kind.
    pub(crate) async fn audited(&self, kind: AuditKind) -> Vec<String> {
        self.identity.sweep_once().await.unwrap();
        let filter = fernamt_store::AuditFilter { kinds: vec![kind], ..Default::default() };
        let entries = self.tenant.audit().oldest_first(&filter, 0, 1_000).await.unwrap();
        entries.into_iter().map(|entry| entry.facts.action).collect()
    }
}

/// Stands for mail: says whose program asks, and what it may.
async fn who_asks(site: Site, headers: HeaderMap) -> Result<String, ApiError> {
    let token = bearer::token(&headers)?.ok_or_else(ApiError::not_found)?;
    let session = site.web.sessions.program(&site, &token).await?;
    assert!(session.roles.is_empty(), "a program has no duties");
    Ok(format!("{} {}", session.name, session.facts.device_state))
}

/// An authenticator app.
pub(crate) struct App {
    secret: Secret<Vec<u8>>,
}

impl App {
    pub(crate) fn of(enrolment: &Value) -> Self {
        let secret = BASE32_NOPAD.decode(enrolment["secret"].as_str().unwrap().as_bytes()).unwrap();
        Self { secret: Secret::new(secret) }
    }

    pub(crate) fn code(&self, at: OffsetDateTime) -> String {
        code_at(&Scheme::APP, &self.secret, step_at(&Scheme::APP, at).unwrap())
    }
}

/// A browser with its device key and cookies. A clone is the same browser, or a thief's copy of its cookies if the key
/// is replaced.
#[derive(Clone)]
pub(crate) struct Browser<'a> {
    office: &'a Office,
    pair: Arc<EcdsaKeyPair>,
    address: IpAddr,
    pub(crate) cookie: Option<String>,
    pub(crate) handover: Option<String>,
    /// What it says it is.
    pub(crate) agent: &'static str,
}

impl Browser<'_> {
    /// The same cookies on another machine.
    pub(crate) fn stolen(&self) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { pair: Arc::new(pair), ..self.clone() }
    }

    pub(crate) async fn get(&mut self, path: &str) -> (StatusCode, Value) {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: Value) -> (StatusCode, Value) {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn delete(&mut self, path: &str) -> (StatusCode, Value) {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let (status, _, value) = self.exchange(method, path, body).await;
        (status, value)
    }

    /// The headers of an answer.
    pub(crate) async fn headers_of(&mut self, method: Method, path: &str, body: Option<Value>) -> HeaderMap {
        self.exchange(method, path, body).await.1
    }

    async fn exchange(&mut self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, HeaderMap, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "amt.test")
            .header(header::ORIGIN, ORIGIN)
            .header(header::USER_AGENT, self.agent)
            .extension(Connection {
                zone: Zone("internet".into()),
                administration: false,
                peer: SocketAddr::new(self.address, 50_000),
            });
        let cookies = [("__Host-fernamt", &self.cookie), ("__Host-fernamt-handover", &self.handover)];
        let cookies: Vec<_> =
            cookies.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?))).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let response = self.office.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        for set in response.headers().get_all(header::SET_COOKIE) {
            let (pair, attributes) = set.to_str().unwrap().split_once(';').unwrap();
            assert!(attributes.contains("Secure; HttpOnly; SameSite=Strict"), "{attributes}");
            let (name, value) = pair.split_once('=').unwrap();
            let value = Some(value.to_owned()).filter(|value| !value.is_empty());
            if name == "__Host-fernamt" { self.cookie = value } else { self.handover = value }
        }
        let headers = response.headers().clone();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, headers, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    fn sign(&self, message: &str) -> String {
        BASE64URL_NOPAD.encode(self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref())
    }

    /// A fresh challenge with the device's proof for it.
    pub(crate) async fn proof(&mut self) -> Value {
        let (status, answer) = self.get("/api/v1/sign-in/challenge").await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let challenge = answer["challenge"].as_str().unwrap();
        let prefix: &[u8] = &[
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        let spki = [prefix, self.pair.public_key().as_ref()].concat();
        json!({
            "challenge": challenge,
            "device": {
                "public_key": BASE64URL_NOPAD.encode(&spki),
                "signature": self.sign(&format!("fernamt-sign-in\0{challenge}")),
                "name": "Firefox on Linux",
            },
        })
    }

    pub(crate) async fn sign_in(&mut self, name: &str, password: &str, code: Option<&str>) -> (StatusCode, Value) {
        let second = code.map(|code| json!({ "kind": "totp", "code": code }));
        self.sign_in_with(name, password, second).await
    }

    pub(crate) async fn sign_in_with(
        &mut self,
        name: &str,
        password: &str,
        second: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut body = self.proof().await;
        body["name"] = json!(name);
        body["password"] = json!(password);
        body["second"] = json!(second);
        self.post("/api/v1/sign-in", body).await
    }

    pub(crate) async fn rotate(&mut self) -> (StatusCode, Value) {
        let (_, answer) = self.get("/api/v1/sign-in/challenge").await;
        let challenge = answer["challenge"].as_str().unwrap();
        let signature = self.sign(&format!("fernamt-rotate\0{challenge}"));
        self.post("/api/v1/session/rotate", json!({ "challenge": challenge, "signature": signature })).await
    }

    pub(crate) async fn is_signed_in(&mut self) -> bool {
        self.get("/api/v1/session").await.0 == StatusCode::OK
    }
}
