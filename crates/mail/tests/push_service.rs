//! A push service (RFC 8030) over TLS, with a certificate of its own making, and browsers that it knows.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use fernamt_api::admin::{push::PushSettings, settings::Settings};
use fernamt_domain::{DomainEvent, Sealer};
use fernamt_http::{egress::EgressGuard, site::SETTINGS_KEY};
use fernamt_mail::Notices;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

use crate::house::{Client, House, MASTER_KEY, Reply, Ways};

/// A browser's keys of RFC 8291, appendix A.
const KEYS: [&str; 2] = [
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "BTBZMqHH6r4Tts7J_aSIgg",
];
const HOST: &str = "127.0.0.1";

/// What came: the head of a request, and its body.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// A field of the head.
    pub(crate) fn field(&self, name: &str) -> &str {
        let field = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        field.unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }
}

#[derive(Clone)]
struct Desk {
    /// Status and further fields of the next answers; after them everything is taken.
    answers: Arc<Mutex<VecDeque<&'static str>>>,
    taken: Arc<Mutex<Vec<Message>>>,
    count: watch::Sender<usize>,
}

impl Desk {
    async fn serve(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        self.taken.lock().unwrap().push(Message { head, body });
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or("201 Created");
        stream.write_all(format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
        drop(stream.shutdown().await);
        self.count.send_modify(|count| *count += 1);
    }
}

/// A push service.
pub(crate) struct PushService {
    port: u16,
    certificate: CertificateDer<'static>,
    desk: Desk,
}

impl PushService {
    pub(crate) async fn start() -> Self {
        let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((HOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let desk = Desk { answers: Arc::default(), taken: Arc::default(), count: watch::Sender::new(0) };
        let serving = desk.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // Whoever does not believe the certificate goes away.
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        Self { port, certificate, desk }
    }

    /// What it answers next, in this order.
    pub(crate) fn answers(&self, answers: &[&'static str]) {
        self.desk.answers.lock().unwrap().extend(answers);
    }

    /// All that came.
    pub(crate) fn taken(&self) -> Vec<Message> {
        self.desk.taken.lock().unwrap().clone()
    }

    /// Waits until so many messages came and were answered.
    pub(crate) async fn has_taken(&self, count: usize) {
        self.desk.count.subscribe().wait_for(|taken| *taken == count).await.unwrap();
    }

    /// What vouches for it.
    pub(crate) fn authorities(&self) -> RootCertStore {
        let mut authorities = RootCertStore::empty();
        authorities.add(self.certificate.clone()).unwrap();
        authorities
    }

    /// What tells it.
    pub(crate) fn notices(&self) -> Notices {
        notices(EgressGuard::default().public_only().allow_loopback([self.port]), self.authorities())
    }

    /// A house that may tell it.
    pub(crate) async fn house(&self) -> House {
        house_with(self.notices()).await
    }

    /// The origin that its browsers' addresses begin with.
    pub(crate) fn origin(&self) -> String {
        format!("https://{HOST}:{}", self.port)
    }

    /// What a browser says that wants to be told at all times of everything.
    pub(crate) fn wanted(&self) -> Value {
        self.wanted_with(&KEYS)
    }

    /// The same with keys of its own.
    pub(crate) fn wanted_with(&self, [p256dh, auth]: &[impl AsRef<str>; 2]) -> Value {
        json!({
            "endpoint": format!("{}/wpush/v2/geheim?x=1", self.origin()),
            "p256dh": p256dh.as_ref(), "auth": auth.as_ref(), "language": "de",
            "from_minute": 0, "to_minute": 0, "weekends": true, "time_zone": "Europe/Berlin", "without": [],
        })
    }
}

/// What tells push services through a guard, if these authorities vouch for them.
pub(crate) fn notices(guard: EgressGuard, authorities: RootCertStore) -> Notices {
    Notices::new(guard, Arc::new(Sealer::new(&MASTER_KEY))).trusting(authorities)
}

/// A house that may tell a push service on this machine.
pub(crate) async fn house_with(notices: Notices) -> House {
    let house = House::with(Ways { notices: Some(notices), ..Ways::default() }).await;
    allow(&house, &[HOST]).await;
    house
}

/// Allows the flow to these hosts.
pub(crate) async fn allow(house: &House, hosts: &[&str]) {
    set(house, PushSettings { enabled: true, hosts: hosts.iter().map(|host| (*host).to_owned()).collect() }).await;
}

/// Changes what the administration allows.
pub(crate) async fn set(house: &House, push: PushSettings) {
    let mut work = house.tenant.begin().await.unwrap();
    work.settings().set(SETTINGS_KEY, &Settings { push, ..Settings::default() }).await.unwrap();
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await.unwrap();
}

/// Has a client told.
pub(crate) async fn subscribe(client: &Client, wanted: &Value) -> Reply {
    client.request("PUT", "/api/v1/mail/push", "application/json", wanted.to_string().into_bytes()).await
}

/// Whether a client is told, as the server says.
pub(crate) async fn standing(client: &Client) -> Value {
    client.request("GET", "/api/v1/mail/push", "", Vec::new()).await.json
}

/// Has a message arrive, and devices looked at.
pub(crate) async fn mail_comes(house: &House, from: &Client, to: &str) {
    from.send(to, "Haushalt 2027", "streng vertraulich").await;
    house.deliver().await;
    house.mail.look_for_news().await.unwrap();
}
