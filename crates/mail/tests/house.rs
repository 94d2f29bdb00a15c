//! A house with mail: a store in a temp folder, the router behind the middleware that every request passes, and people
//! who are signed in.

use std::sync::Arc;

use axum::{Router, middleware};
use fernamt_domain::{
    Clock as _, DeviceId, DeviceKind, DeviceState, LiveGrants, MailAccountId, Method, PersonId, PersonSource,
    PersonState, Sealer, Secret, SessionId, Zone,
    audit::{AuditEvent, AuditKind, Outcome},
    mail::MailRight,
};
use fernamt_http::{PublicAddress, Web, egress::EgressGuard, origin, site};
use fernamt_identity::{Identity, session_secret::SessionSecret};
use fernamt_mail::{Mail, MailServer, Notices, Parts, Pictures, Scanner, Smarthost};
use fernamt_store::{AuditEntry, AuditFilter, DeviceRecord, PersonRecord, SessionRecord, Store, TenantStore};
use fernamt_testkit::{SeededRng, TestClock};
use tempfile::TempDir;
use time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) use crate::client::{Client, Reply};

pub(crate) const HOST: &str = "amt.example";
pub(crate) const MASTER_KEY: [u8; 32] = [7; 32];

/// What else a house has.
#[derive(Default)]
pub(crate) struct Ways {
    pub(crate) smarthost: Option<Smarthost>,
    pub(crate) scanner: Option<Scanner>,
    pub(crate) server: Option<MailServer>,
    pub(crate) pictures: Option<Pictures>,
    pub(crate) notices: Option<Notices>,
}

pub(crate) struct House {
    pub(crate) clock: TestClock,
    rng: Arc<SeededRng>,
    pub(crate) store: Store,
    pub(crate) tenant: TenantStore,
    twin: TenantStore,
    sealer: Arc<Sealer>,
    pub(crate) mail: Arc<Mail>,
    pub(crate) grants: LiveGrants,
    _stop: DropGuard,
    router: Router,
    _folder: TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(Ways::default()).await
    }

    /// A house that mail may leave by this way.
    pub(crate) async fn with_smarthost(smarthost: Smarthost) -> Self {
        Self::with(Ways { smarthost: Some(smarthost), ..Ways::default() }).await
    }

    /// A house that looks for malware.
    pub(crate) async fn with_scanner(scanner: Scanner) -> Self {
        Self::with(Ways { scanner: Some(scanner), ..Ways::default() }).await
    }

    /// A house that fetches pictures by this way, once its settings allow it.
    pub(crate) async fn with_pictures(pictures: Pictures) -> Self {
        Self::with(Ways { pictures: Some(pictures), ..Ways::default() }).await
    }

    /// The same, where a scanner looks at them.
    pub(crate) async fn with_scanned_pictures(pictures: Pictures, scanner: Scanner) -> Self {
        Self::with(Ways { pictures: Some(pictures), scanner: Some(scanner), ..Ways::default() }).await
    }

    pub(crate) async fn with(Ways { smarthost, scanner, server, pictures, notices }: Ways) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, rng) = (TestClock::new(), Arc::new(SeededRng::new(7)));
        let url = format!("sqlite:{}", folder.path().join("fernamt.db").display()).parse().unwrap();
        let store = Store::open(url, Arc::new(clock.clone()), Arc::clone(&rng) as _).await.unwrap();
        let tenant = store.tenant(store.tenants().create("amt", HOST).await.unwrap().id);
        let twin = store.tenant(store.tenants().create("twin", "twin.example").await.unwrap().id);
        let sealer = Arc::new(Sealer::new(&MASTER_KEY));
        let (time, random) = (Arc::new(clock.clone()), Arc::clone(&rng));
        let grants = LiveGrants::new();
        let identity =
            Identity::new(store.clone(), time.clone(), random.clone() as _, Arc::clone(&sealer), grants.clone());
        let stop = CancellationToken::new();
        tokio::spawn(identity.reevaluator().run(stop.clone()));
        let authoriser = identity.authoriser().clone();
        let mail = Mail::new(Parts {
            store: store.clone(),
            authoriser,
            clock: time.clone(),
            rng: random.clone() as _,
            smarthost,
            scanner,
            server,
            notices: notices.unwrap_or_else(|| Notices::new(EgressGuard::default(), Arc::clone(&sealer))),
            pictures,
        });
        let web = Arc::new(Web {
            store: store.clone(),
            sessions: identity as _,
            clock: time,
            rng: random as _,
            sealer: Arc::clone(&sealer),
            address: PublicAddress { scheme: "https", port: None },
            meetings: false,
            mail: true,
        });
        let router = Arc::clone(&mail)
            .router()
            .layer(middleware::from_fn(origin::check))
            .layer(middleware::from_fn_with_state(web, site::resolve));
        Self {
            clock,
            rng,
            store,
            tenant,
            twin,
            sealer,
            mail,
            grants,
            _stop: stop.drop_guard(),
            router,
            _folder: folder,
        }
    }

    /// Somebody of the house who is signed in, with their account.
    pub(crate) async fn person(&self, name: &str) -> Client {
        self.person_of(&self.tenant, HOST, name).await
    }

    /// Somebody of the administration next door.
    pub(crate) async fn stranger(&self, name: &str) -> Client {
        self.person_of(&self.twin, "twin.example", name).await
    }

    async fn person_of(&self, tenant: &TenantStore, host: &'static str, name: &str) -> Client {
        let (clock, rng, now) = (&self.clock, &*self.rng, self.clock.now());
        let person = PersonId::new(clock, rng);
        let work = tenant.begin().await.unwrap();
        let record = PersonRecord {
            id: person,
            name: name.into(),
            display_name: format!("{name} Musteramt"),
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
        work.people().insert(&record).await.unwrap();
        work.commit().await.unwrap();
        self.sign_in(tenant, host, person, DeviceState::Approved).await
    }

    /// Signs somebody in again, after time went on.
    pub(crate) async fn again(&self, client: &Client) -> Client {
        self.on_device(client, DeviceState::Approved).await
    }

    /// Signs somebody in on one more device.
    pub(crate) async fn on_device(&self, client: &Client, state: DeviceState) -> Client {
        self.sign_in(&self.tenant, client.host, client.person, state).await
    }

    async fn sign_in(&self, tenant: &TenantStore, host: &'static str, person: PersonId, state: DeviceState) -> Client {
        let (clock, rng, now) = (&self.clock, &*self.rng, self.clock.now());
        let (device, session) = (DeviceId::new(clock, rng), SessionId::new(clock, rng));
        let secret = SessionSecret::generate(&self.sealer, rng, tenant.id(), session);
        let work = tenant.begin().await.unwrap();
        let browser = DeviceRecord {
            id: device,
            person,
            kind: DeviceKind::Browser,
            state,
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
            person,
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
        let router = self.router.clone();
        let mut client = Client { router, cookie, host, person, session, device, account: String::new() };
        let known = client.request("GET", "/jmap/session", "", Vec::new()).await;
        let account = known.json["primaryAccounts"]["urn:ietf:params:jmap:mail"].as_str();
        account.unwrap_or_default().clone_into(&mut client.account);
        client
    }

    /// A mailbox that is nobody's own.
    pub(crate) async fn functional(&self, name: &str, address: &str) -> MailAccountId {
        let work = self.tenant.begin().await.unwrap();
        let account = work.mail_accounts().begin(None, name, address).await.unwrap();
        work.commit().await.unwrap();
        account.id
    }

    /// Grants somebody exactly these rights, as an administrator does.
    pub(crate) async fn grant(&self, account: MailAccountId, client: &Client, rights: &[MailRight]) {
        let mut work = self.tenant.begin().await.unwrap();
        let rights = rights.iter().copied().collect();
        work.share_mail(account, client.person, rights, audited("mail_granted")).await.unwrap();
        work.commit().await.unwrap();
    }

    /// Revokes all that somebody was granted.
    pub(crate) async fn revoke(&self, account: MailAccountId, client: &Client) {
        let mut work = self.tenant.begin().await.unwrap();
        work.unshare_mail(account, client.person, audited("mail_revoked")).await.unwrap();
        work.commit().await.unwrap();
    }

    /// What the audit log tells, the newest first.
    pub(crate) async fn audited(&self) -> Vec<AuditEntry> {
        self.tenant.audit().newest_first(&AuditFilter::default(), None, 100).await.unwrap()
    }

    /// Delivers what was sent.
    pub(crate) async fn deliver(&self) {
        self.mail.look_around().await.unwrap();
    }
}

fn audited(action: &'static str) -> AuditEvent {
    AuditEvent::new(AuditKind::Mail, action, Outcome::Success)
}
