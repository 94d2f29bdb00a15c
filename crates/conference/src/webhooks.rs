//! Webhooks: what they are told is written with the change that it tells of; then it is sent in order, again and again
//! until it is taken, ever more slowly, for a day.

use std::{sync::Arc, time::Duration as StdDuration};

use aws_lc_rs::hmac;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use fernamt_api::conference::webhooks::{WebhookBody, WebhookEvent, WebhookMeeting};
use fernamt_domain::{DeliveryId, Purpose, TenantId};
use fernamt_http::egress::{EgressError, EgressGuard};
use fernamt_store::{DeliveryRecord, MeetingRecord, RoomRecord, StoreError, TenantStore, WebhookRecord, Work};
use futures_util::future::join_all;
use http_body_util::Full;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs as provider, pki_types::ServerName};
use time::{Duration, OffsetDateTime};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::{Parts, rounds::Turn};

/// How long an answer may take.
const ANSWER_TIMEOUT: StdDuration = StdDuration::from_secs(10);

/// After how long without success a delivery is given up.
const GIVE_UP_AFTER: Duration = Duration::hours(24);

/// How long after each failure the next try is; the last one again and again.
const PAUSES_S: [i64; 8] = [10, 30, 120, 600, 1_800, 3_600, 7_200, 14_400];

/// The most deliveries of one webhook in one go, so that others get their turn.
const MOST_IN_ONE_GO: usize = 50;

/// Bytes of a webhook's secret.
pub(crate) const SECRET_BYTES: usize = 32;

/// Which delivery it is.
const ID_HEADER: &str = "fernamt-webhook-id";
/// When it was sent, in seconds since 1970 UTC.
const TIMESTAMP_HEADER: &str = "fernamt-webhook-timestamp";
/// The signature.
const SIGNATURE_HEADER: &str = "fernamt-webhook-signature";

/// What a webhook's secret is sealed for.
pub(crate) fn sealed_for(tenant: TenantId) -> Purpose<'static> {
    Purpose { tenant, word: "webhook-secret" }
}

/// Whether webhooks may be sent there, as far as the address says.
pub(crate) fn target_of(url: &str, guard: &EgressGuard) -> Result<Url, &'static str> {
    let url = Url::parse(url).map_err(|_| "malformed")?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err("not_http");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials");
    }
    if url.fragment().is_some() {
        return Err("fragment");
    }
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return Err("malformed") };
    guard.judge_written(host, port).map_err(|_| "refused")?;
    // On the way to this machine's own loopback nobody listens in.
    if url.scheme() == "https" || is_loopback(&url) { Ok(url) } else { Err("not_http") }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Writes down what webhooks are told of these meetings.
pub(crate) async fn note(
    work: &Work,
    parts: &Parts,
    room: &RoomRecord,
    meetings: &[MeetingRecord],
    event: WebhookEvent,
) -> Result<(), StoreError> {
    for webhook in work.webhooks().all().await? {
        if webhook.enabled && wants(&webhook, event) {
            let told: Vec<_> = meetings.iter().map(|meeting| Some(of_meeting(room, meeting))).collect();
            put(work, parts, &webhook, event, told).await?;
        }
    }
    Ok(())
}

/// Writes down a trial for one webhook.
pub(crate) async fn note_trial(work: &Work, parts: &Parts, webhook: &WebhookRecord) -> Result<(), StoreError> {
    put(work, parts, webhook, WebhookEvent::Trial, vec![None]).await
}

async fn put(
    work: &Work,
    parts: &Parts,
    webhook: &WebhookRecord,
    event: WebhookEvent,
    told: Vec<Option<WebhookMeeting>>,
) -> Result<(), StoreError> {
    let now = parts.clock.now();
    let delivery = |meeting| {
        let id = DeliveryId::new(&*parts.clock, &*parts.rng);
        let body = WebhookBody { id, event, at: now, meeting };
        DeliveryRecord {
            id,
            webhook: webhook.id,
            position: 0,
            event: event.as_str().to_owned(),
            at: now,
            body: serde_json::to_string(&body).expect("wire types have string keys only and always serialise"),
            attempts: 0,
            next_at: Some(now),
            delivered_at: None,
            given_up_at: None,
            last_status: None,
            last_fault: None,
        }
    };
    work.webhooks().tell(webhook.id, told.into_iter().map(delivery).collect()).await
}

fn of_meeting(room: &RoomRecord, meeting: &MeetingRecord) -> WebhookMeeting {
    let (starts_at, ends_at) = (meeting.starts_at, meeting.ends_at);
    WebhookMeeting { id: meeting.id, room: room.id, kind: room.kind, starts_at, ends_at }
}

/// What a webhook wants to be told.
pub(crate) fn events_of(webhook: &WebhookRecord) -> Vec<WebhookEvent> {
    serde_json::from_value(webhook.events.clone()).unwrap_or_default()
}

fn wants(webhook: &WebhookRecord, event: WebhookEvent) -> bool {
    events_of(webhook).contains(&event)
}

/// Tells webhooks what is due: each in its order, all of them side by side.
pub(crate) async fn tell_due(
    tenant: &TenantStore,
    parts: &Parts,
    teller: &Teller,
    turn: Turn,
) -> Result<(), StoreError> {
    let webhooks = tenant.webhooks().with_due(parts.clock.now()).await?;
    let told = webhooks.iter().map(|webhook| tell(tenant, parts, (teller, turn), webhook));
    join_all(told).await.into_iter().collect()
}

async fn tell(
    tenant: &TenantStore,
    parts: &Parts,
    (teller, turn): (&Teller, Turn),
    webhook: &WebhookRecord,
) -> Result<(), StoreError> {
    let Ok(secret) = parts.sealer.open(sealed_for(tenant.id()), webhook.secret_sealed.expose()) else {
        tracing::error!(webhook = %webhook.id, "The secret of a webhook does not open; give it another one");
        return Ok(());
    };
    let mut failing_since = webhook.failing_since;
    for _ in 0..MOST_IN_ONE_GO {
        if !turn.lasts() {
            break;
        }
        let Some(delivery) = tenant.webhooks().due(webhook.id, parts.clock.now()).await? else { break };
        let outcome = teller.post(webhook, &delivery, &secret, parts.clock.now()).await;
        let now = parts.clock.now();
        let tried = after(delivery, outcome, now);
        let failed = tried.delivered_at.is_none();
        let since = if failed { failing_since.or(Some(now)) } else { None };
        let work = tenant.begin().await?;
        match work.webhooks().tried(&tried).await {
            // The webhook was removed meanwhile, and its deliveries with it.
            Err(StoreError::NotFound(_)) => return Ok(()),
            other => other?,
        }
        if since != failing_since {
            work.webhooks().failing(webhook.id, since).await?;
            failing_since = since;
        }
        work.commit().await?;
        if failed && tried.next_at.is_some() {
            break;
        }
    }
    Ok(())
}

/// How a delivery stands after a try.
fn after(delivery: DeliveryRecord, outcome: Result<u16, Failed>, now: OffsetDateTime) -> DeliveryRecord {
    let attempts = delivery.attempts.saturating_add(1);
    match outcome {
        Ok(status) => DeliveryRecord {
            attempts,
            next_at: None,
            delivered_at: Some(now),
            last_status: Some(status),
            last_fault: None,
            ..delivery
        },
        Err(failed) => {
            let pause = PAUSES_S[usize::from(attempts - 1).min(PAUSES_S.len() - 1)];
            let next = now + Duration::seconds(pause);
            let over = next - delivery.at > GIVE_UP_AFTER;
            DeliveryRecord {
                attempts,
                next_at: (!over).then_some(next),
                given_up_at: over.then_some(now),
                last_status: failed.status,
                last_fault: Some(failed.word.to_owned()),
                ..delivery
            }
        }
    }
}

/// Why a delivery was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Failed {
    word: &'static str,
    status: Option<u16>,
}

fn failed(word: &'static str) -> Failed {
    Failed { word, status: None }
}

/// Sends deliveries.
#[derive(Debug, Clone)]
pub(crate) struct Teller {
    guard: EgressGuard,
    tls: Option<Arc<ClientConfig>>,
}

impl Teller {
    /// Through this guard, trusting the authorities that the machine trusts.
    pub(crate) fn new(guard: EgressGuard) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
            .with_safe_default_protocol_versions()
            .map(|builder| builder.with_root_certificates(roots).with_no_client_auth());
        Self { guard, tls: config.ok().map(Arc::new) }
    }

    async fn post(
        &self,
        webhook: &WebhookRecord,
        delivery: &DeliveryRecord,
        secret: &[u8],
        now: OffsetDateTime,
    ) -> Result<u16, Failed> {
        let url = target_of(&webhook.url, &self.guard).map_err(|_| failed("refused"))?;
        timeout(ANSWER_TIMEOUT, self.send(&url, delivery, secret, now)).await.map_err(|_| failed("timeout"))?
    }

    async fn send(
        &self,
        url: &Url,
        delivery: &DeliveryRecord,
        secret: &[u8],
        now: OffsetDateTime,
    ) -> Result<u16, Failed> {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(failed("malformed"));
        };
        let stream = self.guard.connect(host, port).await.map_err(|error| match error {
            EgressError::Unresolved(_) => failed("unresolved"),
            EgressError::Unreachable(..) => failed("unreachable"),
            EgressError::Refused(_) | EgressError::Outside(_) | EgressError::OwnPort(_) => failed("refused"),
        })?;
        let timestamp = now.unix_timestamp().to_string();
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let request = Request::post(path)
            .header(header::HOST, authority)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "Fernamt")
            .header(ID_HEADER, delivery.id.to_string())
            .header(SIGNATURE_HEADER, signature(secret, &timestamp, &delivery.body))
            .header(TIMESTAMP_HEADER, timestamp)
            .body(Full::new(Bytes::from(delivery.body.clone())))
            .map_err(|_| failed("malformed"))?;
        if url.scheme() == "http" {
            return exchange(stream, request).await;
        }
        let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(name).map_err(|_| failed("malformed"))?;
        let tls = self.tls.clone().ok_or(failed("tls"))?;
        let stream = TlsConnector::from(tls).connect(name, stream).await.map_err(|_| failed("tls"))?;
        exchange(stream, request).await
    }
}

/// Sends one request and reads the status of its answer. Nothing else of the answer is wanted, and no redirect followed.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<u16, Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| failed("unreachable"))?;
    let answer = tokio::select! {
        answer = sender.send_request(request) => answer,
        _ = connection => return Err(failed("broken_off")),
    };
    let status = answer.map_err(|_| failed("broken_off"))?.status();
    if status.is_success() {
        Ok(status.as_u16())
    } else {
        Err(Failed { word: "status", status: Some(status.as_u16()) })
    }
}

/// The signature over a timestamp and a body.
pub(crate) fn signature(secret: &[u8], timestamp: &str, body: &str) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
    context.update(timestamp.as_bytes());
    context.update(b".");
    context.update(body.as_bytes());
    format!("v1={}", HEXLOWER.encode(context.sign().as_ref()))
}

#[cfg(test)]
mod tests {
    use fernamt_domain::WebhookId;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_signature_is_the_one_that_others_compute() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
        assert_eq!(
            signature(b"secret", "1700000000", "{}"),
            "v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163"
        );
    }

    #[test]
    fn tries_come_ever_more_slowly_and_end_after_a_day() {
        let begin = datetime!(2026-12-01 09:00 UTC);
        let mut delivery = DeliveryRecord {
            id: DeliveryId(Uuid::nil()),
            webhook: WebhookId(Uuid::nil()),
            position: 1,
            event: "trial".into(),
            at: begin,
            body: "{}".into(),
            attempts: 0,
            next_at: Some(begin),
            delivered_at: None,
            given_up_at: None,
            last_status: None,
            last_fault: None,
        };
        let (mut now, mut last_pause) = (begin, Duration::ZERO);
        while let Some(next) = delivery.next_at {
            assert!(next - now >= last_pause || next == begin);
            last_pause = next - now;
            now = next;
            delivery = after(delivery, Err(failed("unreachable")), now);
        }
        assert!(now - begin > Duration::hours(18) && now - begin <= GIVE_UP_AFTER, "{}", now - begin);
        assert_eq!(delivery.given_up_at, Some(now));
        assert!(delivery.attempts < 20);
    }

    #[test]
    fn addresses_that_lead_nowhere_good_are_refused() {
        let guard = EgressGuard::new([443]).allow_loopback([8080]);
        for (url, fault) in [
            ("ftp://a.example/", "not_http"),
            ("https://me:pw@a.example/", "credentials"),
            ("https://a.example/#x", "fragment"),
            ("nonsense", "malformed"),
            ("https://127.0.0.1/", "refused"),
            ("http://localhost:81/", "refused"),
            ("http://[::1]:81/", "refused"),
            ("http://169.254.169.254/latest", "refused"),
            ("http://hooks.amt.example/", "not_http"),
            ("http://192.168.7.9/", "not_http"),
            ("http://localhost.amt.example/", "not_http"),
        ] {
            assert_eq!(target_of(url, &guard).map(|_| ()), Err(fault), "{url}");
        }
        assert!(target_of("https://hooks.amt.example/x?y=z", &guard).is_ok());
        for url in ["http://127.0.0.1:8080/", "http://localhost:8080/", "http://[::1]:8080/"] {
            assert!(target_of(url, &guard).is_ok(), "{url}");
        }
    }
}
