//! One request on its way to the application and back.
//!
//! Each request has a connection of its own: nothing that is left over from one request, malformed as it may be, can be
//! taken for part of another. The connection is driven by a task that the end of the session aborts, so revocation ends
//! requests, downloads, uploads and WebSockets alike, and the application sees it.

use std::{error::Error, io, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version},
};
use fernamt_http::{egress::EgressError, isolation};
use http_body_util::Limited;
use hyper::{client::conn::http1, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, copy_bidirectional},
    time::timeout,
};

use super::{
    Place, Proxy, headers,
    pages::Page,
    session::{AppSession, Running},
};
use crate::{
    gate::Target,
    tls::{self, Fingerprint, TlsError, Trust},
};

/// How long an application may take until its answer begins.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// The largest request body in bytes: 4 GiB, so that scanned files of plans still pass.
const MAX_UPLOAD_BYTES: usize = 4 * 1024 * 1024 * 1024;

/// The most header lines of an answer.
const MAX_ANSWER_HEADERS: usize = 128;

/// The most bytes of an answer's head.
const MAX_ANSWER_HEAD_BYTES: usize = 64 * 1024;

/// Where an application really is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Upstream {
    pub host: String,
    pub port: u16,
    pub tls: bool,
}

impl Upstream {
    pub(super) fn of(target: &Target) -> Option<Self> {
        let settings = target.web()?;
        Some(Self { host: target.host.clone(), port: target.port, tls: settings.tls })
    }

    fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    fn bracketed(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    /// Host and, unless it is the scheme's own, port.
    pub(super) fn authority(&self) -> String {
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual { self.bracketed() } else { format!("{}:{}", self.bracketed(), self.port) }
    }

    /// The origin, as a browser inside the house would write it.
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", self.scheme(), self.authority())
    }

    /// The origin with its port, which some applications write even if it is the scheme's own.
    pub(super) fn origin_with_port(&self) -> String {
        format!("{}://{}:{}", self.scheme(), self.bracketed(), self.port)
    }
}

/// Why an application was not reached.
#[derive(Debug, thiserror::Error)]
enum UpstreamError {
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the certificate could not be stored")]
    NotLearnt,
    #[error(transparent)]
    Http(#[from] hyper::Error),
}

impl Proxy {
    /// Passes a request on. Errors are pages for the person.
    pub(super) async fn forward<'a>(
        &self,
        place: &Place,
        session: &'a Arc<AppSession>,
        request: Request<Body>,
    ) -> Result<Response<Body>, Page<'a>> {
        let name = session.target.name.as_str();
        if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
            return Err(Page::Malformed);
        }
        let permit = Arc::clone(&session.requests).try_acquire_owned().map_err(|_| Page::TooMany)?;
        let running = (session.run(), permit);
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let browser = isolation::is_upgrade(&parts.headers).then(|| parts.extensions.remove::<OnUpgrade>()).flatten();
        let cookies = lock(&session.jar).line(&path, self.clock.now());
        headers::to_upstream(&mut parts, place, &session.upstream, &session.user, cookies);
        let path_and_query = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = path_and_query.parse::<Uri>().map_err(|_| Page::Malformed)?;
        parts.version = Version::HTTP_11;
        parts.extensions.clear();
        let request = Request::from_parts(parts, Body::new(Limited::new(body, MAX_UPLOAD_BYTES)));

        let answer = async {
            let mut sender = self.connect(session).await?;
            timeout(ANSWER_TIMEOUT, sender.send_request(request))
                .await
                .map_err(|_| None)?
                .map_err(|error| Some(error.into()))
        };
        let mut response = tokio::select! {
            biased;
            () = session.ended.cancelled() => return Err(Page::Ended),
            answer = answer => match answer {
                Ok(response) => response,
                Err(None) => return Err(Page::TooSlow(name)),
                Err(Some(error)) if session.ended.is_cancelled() => {
                    tracing::debug!(%error, "An application's request was cut off");
                    return Err(Page::Ended);
                }
                Err(Some(error)) => return Err(page_of(&error, name)),
            },
        };
        let application =
            (response.status() == StatusCode::SWITCHING_PROTOCOLS).then(|| hyper::upgrade::on(&mut response));
        let (mut parts, body) = response.into_parts();
        let switched = switched_headers(&parts.headers);
        headers::to_browser(&mut parts.headers, place, &session.upstream);
        lock(&session.jar).take(&mut parts.headers, &path, self.clock.now());
        match (application, browser) {
            (Some(application), Some(browser)) => {
                parts.headers.extend(switched);
                tokio::spawn(tunnel(browser, application, Arc::clone(session), running));
                Ok(Response::from_parts(parts, Body::empty()))
            }
            (Some(_), None) => Err(Page::BadAnswer(name)),
            (None, _) => Ok(Response::from_parts(parts, Body::new(Accounted { body, _running: running }))),
        }
    }

    async fn connect(&self, session: &Arc<AppSession>) -> Result<http1::SendRequest<Body>, Option<UpstreamError>> {
        let upstream = &session.upstream;
        let tcp = self.guard.connect(&upstream.host, upstream.port).await.map_err(|error| Some(error.into()))?;
        if !upstream.tls {
            return handshake(tcp, session).await;
        }
        let trust = self.trust(session).await.ok_or(Some(UpstreamError::NotLearnt))?;
        let learning = matches!(trust, Trust::Learn);
        let (tls, chain) = tls::connect(tcp, &upstream.host, trust).await.map_err(|error| Some(error.into()))?;
        if learning {
            let certificate = chain.first().ok_or(Some(UpstreamError::NotLearnt))?;
            let pinned = self.gate.learn(session.tenant, session.target.id, certificate).await;
            let pinned = pinned.map_err(|_| Some(UpstreamError::NotLearnt))?;
            let found = Fingerprint::of(certificate);
            if pinned != found {
                return Err(Some(TlsError::CertificateChanged { found }.into()));
            }
        }
        handshake(tls, session).await
    }

    /// The pin as it stands now: the administrator may have learnt a new certificate since the session began.
    async fn trust(&self, session: &AppSession) -> Option<Trust> {
        if let Some(pinned) = session.target.pinned {
            return Some(Trust::Pinned(pinned));
        }
        let target = self.gate.target(session.tenant, session.target.id).await.ok()??;
        Some(target.trust())
    }
}

async fn handshake<S>(stream: S, session: &Arc<AppSession>) -> Result<http1::SendRequest<Body>, Option<UpstreamError>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_ANSWER_HEAD_BYTES)
        .max_headers(MAX_ANSWER_HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Some(error.into()))?;
    let ended = session.ended.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = ended.cancelled() => {}
            result = connection.with_upgrades() => {
                if let Err(error) = result {
                    tracing::debug!(%error, "A connection to an application broke");
                }
            }
        }
    });
    Ok(sender)
}

/// Carries an upgraded connection until one side or the session ends.
async fn tunnel(
    browser: OnUpgrade,
    application: OnUpgrade,
    session: Arc<AppSession>,
    _running: (Running, tokio::sync::OwnedSemaphorePermit),
) {
    let carry = async {
        let (browser, application) = tokio::try_join!(browser, application).map_err(io::Error::other)?;
        copy_bidirectional(&mut TokioIo::new(browser), &mut TokioIo::new(application)).await
    };
    tokio::select! {
        () = session.ended.cancelled() => {}
        result = carry => {
            if let Err(error) = result {
                tracing::debug!(%error, "A WebSocket to an application broke");
            }
        }
    }
}

/// The headers that complete an upgrade, which otherwise count as hop-by-hop.
fn switched_headers(headers: &HeaderMap) -> HeaderMap {
    use axum::http::header::{CONNECTION, UPGRADE};
    [CONNECTION, UPGRADE]
        .into_iter()
        .filter_map(|name| headers.get(&name).map(|value| (name.clone(), value.clone())))
        .collect()
}

fn page_of<'a>(error: &UpstreamError, name: &'a str) -> Page<'a> {
    let mut cause = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        cause.push_str(": ");
        cause.push_str(&inner.to_string());
        source = inner.source();
    }
    tracing::info!(cause, "An application was not reached");
    match error {
        UpstreamError::Egress(_) => Page::Unreachable(name),
        UpstreamError::Tls(TlsError::CertificateChanged { .. }) => Page::CertificateChanged(name),
        UpstreamError::Tls(TlsError::Handshake(_)) => Page::BadAnswer(name),
        UpstreamError::NotLearnt => Page::Internal,
        UpstreamError::Http(error) if error.is_user() => Page::Malformed,
        UpstreamError::Http(_) => Page::BadAnswer(name),
    }
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A body that counts as a running request until it is read or dropped.
struct Accounted {
    body: hyper::body::Incoming,
    _running: (Running, tokio::sync::OwnedSemaphorePermit),
}

impl hyper::body::Body for Accounted {
    type Data = bytes::Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        std::pin::Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}
