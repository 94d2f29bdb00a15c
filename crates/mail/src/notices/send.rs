//! Telling a push service (RFC 8030): one POST, of whose answer the head alone is read.

use std::{pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use fernamt_http::egress::EgressGuard;
use http_body_util::Full;
use hyper::{HeaderMap, Request, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio_rustls::TlsConnector;
use url::Url;

/// Of those that wait for a browser, the last one is enough (RFC 8030, section 5.4). The push service reads this.
const TOPIC: &str = "0";
/// The most bytes of the head of an answer.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// The longest that a push service may have us wait.
const MAX_WAIT: Duration = Duration::from_secs(3_600);

/// What is sent.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) address: Url,
    pub(super) authorization: String,
    /// For how long the push service keeps it for a browser that is away.
    pub(super) kept: Duration,
    pub(super) body: Vec<u8>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The push service has it.
    Taken,
    /// It knows no such browser any more.
    Gone,
    /// Not now; perhaps after this time, which it named itself.
    Later(Option<Duration>),
    /// It could not be spoken to.
    Unreached,
    /// It does not want what we send, with this status.
    Refused(u16),
}

/// Sends a letter. Whatever breaks off on the way may be tried again.
pub(super) async fn send(guard: &EgressGuard, tls: &Arc<ClientConfig>, letter: Letter, now: OffsetDateTime) -> Outcome {
    ask(guard, tls, letter, now).await.unwrap_or(Outcome::Unreached)
}

async fn ask(guard: &EgressGuard, tls: &Arc<ClientConfig>, letter: Letter, now: OffsetDateTime) -> Option<Outcome> {
    let Letter { address, authorization, kept, body } = letter;
    let (host, port) = (address.host_str()?, address.port_or_known_default()?);
    let path = address.query().map_or_else(|| address.path().to_owned(), |query| format!("{}?{query}", address.path()));
    let authority = address.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let request = Request::post(path)
        .header(header::HOST, authority)
        .header(header::AUTHORIZATION, authorization)
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_ENCODING, "aes128gcm")
        .header(header::USER_AGENT, "Fernamt")
        .header("ttl", kept.as_secs())
        .header("topic", TOPIC)
        .header("urgency", "normal")
        .body(Full::new(Bytes::from(body)))
        .ok()?;
    let stream = guard.connect(host, port).await.ok()?;
    let name = ServerName::try_from(host.trim_start_matches('[').trim_end_matches(']').to_owned()).ok()?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await.ok()?;
    let handshake = http1::Builder::new().max_buf_size(MAX_HEAD_BYTES).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.ok()?;
    let mut connection = pin!(connection);
    let mut answer = pin!(sender.send_request(request));
    let response = tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The line is over; what came before is still to be read.
        _ = &mut connection => answer.await,
    };
    let response = response.ok()?;
    Some(meaning(response.status().as_u16(), response.headers(), now))
}

/// What an answer means. Where it leads elsewhere nobody follows.
fn meaning(status: u16, headers: &HeaderMap, now: OffsetDateTime) -> Outcome {
    match status {
        200..300 => Outcome::Taken,
        404 | 410 => Outcome::Gone,
        408 | 429 | 500..600 => Outcome::Later(wait_in(headers, now)),
        _ => Outcome::Refused(status),
    }
}

/// How long we are to wait: seconds, or a moment (RFC 9110, section 10.2.3).
fn wait_in(headers: &HeaderMap, now: OffsetDateTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => (OffsetDateTime::parse(text, &Rfc2822).ok()? - now).try_into().unwrap_or_default(),
    };
    Some(wait.min(MAX_WAIT))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn meaning_of(status: u16, retry_after: Option<&str>) -> Outcome {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(header::RETRY_AFTER, text.parse().unwrap());
        }
        meaning(status, &headers, datetime!(2026-11-23 12:00 UTC))
    }

    #[test]
    fn answers_mean_what_the_standard_says() {
        for status in [200, 201, 202] {
            assert_eq!(meaning_of(status, None), Outcome::Taken);
        }
        assert_eq!([404, 410].map(|status| meaning_of(status, None)), [Outcome::Gone; 2]);
        for status in [301, 307, 400, 401, 403, 413] {
            assert_eq!(meaning_of(status, None), Outcome::Refused(status));
        }
        for status in [408, 429, 500, 503] {
            assert_eq!(meaning_of(status, None), Outcome::Later(None));
        }
    }

    #[test]
    fn a_push_service_says_how_long_to_wait_and_is_believed_up_to_an_hour() {
        let waits = |text| match meaning_of(503, Some(text)) {
            Outcome::Later(wait) => wait.map(|wait| wait.as_secs()),
            other => panic!("{other:?}"),
        };
        assert_eq!([waits("0"), waits("120"), waits("3600"), waits("86400")], [0, 120, 3_600, 3_600].map(Some));
        assert_eq!(waits("Mon, 23 Nov 2026 12:02:00 GMT"), Some(120));
        assert_eq!(waits("Mon, 23 Nov 2026 11:00:00 GMT"), Some(0));
        assert_eq!([waits("soon"), waits("-1"), waits("")], [None; 3]);
    }
}
