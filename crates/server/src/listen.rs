//! Listeners: accepting connections, TLS, limits, and a graceful stop. Binding is apart from running, so that a taken
//! port is reported before anything starts.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::Future as _,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use anyhow::Context as _;
use axum::{Router, body::Body};
use fernamt_domain::Zone;
use fernamt_http::Connection;
use fernamt_media::embedded::{Embedded, begins_like_ice};
use hyper::{Request, body::Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Sleep, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::operations;

/// The most connections of one listener.
const MAX_CONNECTIONS: usize = 8192;

/// The most connections from one address. An office behind one address has a few hundred browsers.
const MAX_CONNECTIONS_PER_SOURCE: usize = 2048;

/// The pause after the operating system had no socket for us: without it, the same failure would come at once, for as long
/// as somebody waits to be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long the TLS handshake may take.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the head of a request may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// So many bytes tell HTTP/1 from HTTP/2 (RFC 9113, section 3.4).
const PREFACE_BYTES: usize = 24;

/// How long requests under way may take to finish when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A bound listener.
pub(crate) struct Bound {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    zone: Zone,
    administration: bool,
}

impl Bound {
    /// Binds an address.
    pub(crate) async fn bind(
        address: SocketAddr,
        zone: Zone,
        administration: bool,
        tls: Option<Arc<ServerConfig>>,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}; is another program using the port?"))?;
        Ok(Self { listener, tls: tls.map(TlsAcceptor::from), zone, administration })
    }

    /// Serves until `stop`, then lets requests under way finish. Connections of ICE-TCP go to `media`.
    pub(crate) async fn run(self, router: Router, media: Option<Arc<Embedded>>, stop: CancellationToken) {
        let total = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let sources = Sources::default();
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "A connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&total).try_acquire_owned() else {
                metrics::counter!("fernamt_http_connections_refused_total", "reason" => "total").increment(1);
                continue;
            };
            let Some(source) = sources.enter(peer.ip().to_canonical()) else {
                metrics::counter!("fernamt_http_connections_refused_total", "reason" => "source").increment(1);
                continue;
            };
            let held = Held { _permit: permit, _source: source };
            let connection = Connection { zone: self.zone.clone(), administration: self.administration, peer };
            let (tls, router, watcher) = (self.tls.clone(), router.clone(), graceful.watcher());
            let media = media.clone();
            tokio::spawn(async move {
                match media {
                    Some(media) if is_media(&stream).await => serve_media(stream, peer, &media).await,
                    _ => serve(stream, tls, connection, router, watcher).await,
                }
                drop(held);
            });
        }
        drop(self.listener);
        if timeout(STOP_TIMEOUT, graceful.shutdown()).await.is_err() {
            tracing::warn!("Connections were cut because they did not finish in time");
        }
    }
}

struct Held {
    _permit: OwnedSemaphorePermit,
    _source: Source,
}

/// Looks at the first byte without taking it. Whoever says nothing is left to the limits of TLS and HTTP.
async fn is_media(stream: &TcpStream) -> bool {
    let mut first = [0];
    let peeked = timeout(TLS_TIMEOUT, stream.peek(&mut first)).await;
    matches!(peeked, Ok(Ok(1))) && begins_like_ice(first[0])
}

async fn serve_media(stream: TcpStream, peer: SocketAddr, media: &Embedded) {
    if let (Ok(local), Ok(())) = (stream.local_addr(), stream.set_nodelay(true)) {
        let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        media.accept(stream, canonical(peer), canonical(local)).await;
    }
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, connection: Connection, router: Router, watcher: Watcher) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "Nodelay could not be set");
    }
    match tls {
        None => serve_http(stream, connection, router, watcher).await,
        Some(tls) => match timeout(TLS_TIMEOUT, tls.accept(stream)).await {
            Ok(Ok(stream)) => serve_http(stream, connection, router, watcher).await,
            Ok(Err(error)) => tracing::debug!(%error, "A TLS handshake failed"),
            Err(_) => tracing::debug!("A TLS handshake took too long"),
        },
    }
}

/// A connection that must speak soon. hyper times the head of a request, but only once it knows which HTTP is spoken,
/// and waits for that for ever.
struct Prompt<S> {
    stream: S,
    patience: Pin<Box<Sleep>>,
    missing: usize,
}

impl<S> Prompt<S> {
    fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience: Box::pin(sleep(patience)), missing: PREFACE_BYTES }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prompt<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.missing > 0 && self.patience.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.missing = self.missing.saturating_sub(buffer.filled().len() - before);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prompt<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

async fn serve_http<S>(stream: S, connection: Connection, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(connection.clone());
        let router = router.clone();
        async move {
            let Ok(response) = router.oneshot(request.map(Body::new)).await;
            operations::count_answer(response.status());
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_headers(64);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(20)))
        .max_concurrent_streams(128)
        .max_header_list_size(32 * 1024)
        .enable_connect_protocol();
    let served =
        builder.serve_connection_with_upgrades(TokioIo::new(Prompt::new(stream, HEAD_TIMEOUT)), service).into_owned();
    if let Err(error) = watcher.watch(served).await {
        tracing::debug!(error, "A connection ended with an error");
    }
}

/// Counts connections by source address.
#[derive(Debug, Clone, Default)]
struct Sources(Arc<Mutex<HashMap<IpAddr, usize>>>);

impl Sources {
    fn enter(&self, address: IpAddr) -> Option<Source> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= MAX_CONNECTIONS_PER_SOURCE {
            return None;
        }
        *count += 1;
        Some(Source { sources: self.clone(), address })
    }
}

/// One connection's place in the count.
#[derive(Debug)]
struct Source {
    sources: Sources,
    address: IpAddr,
}

impl Drop for Source {
    fn drop(&mut self) {
        let mut counts = self.sources.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn who_connects_and_says_nothing_is_sent_away() {
        const PATIENCE: Duration = Duration::from_millis(200);
        for begun in ["", "P", "PRI * HTTP/2.0"] {
            let (mut client, server) = duplex(64);
            client.write_all(begun.as_bytes()).await.unwrap();
            let mut heard = Vec::new();
            let ended = Prompt::new(server, PATIENCE).read_to_end(&mut heard).await;
            assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut, "{begun:?}");
            assert_eq!(heard, begun.as_bytes());
        }
        let (mut client, server) = duplex(64);
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").await.unwrap();
        let mut server = Prompt::new(server, PATIENCE);
        server.read_exact(&mut [0; PREFACE_BYTES]).await.unwrap();
        // From here on the limits of HTTP hold.
        assert!(timeout(PATIENCE * 2, server.read_exact(&mut [0; 64])).await.is_err());
    }

    #[test]
    fn one_source_cannot_take_every_connection() {
        let sources = Sources::default();
        let greedy = IpAddr::from(Ipv4Addr::new(192, 0, 2, 1));
        let held: Vec<_> = (0..MAX_CONNECTIONS_PER_SOURCE).map(|_| sources.enter(greedy).unwrap()).collect();
        assert!(sources.enter(greedy).is_none());
        assert!(sources.enter(Ipv4Addr::new(192, 0, 2, 2).into()).is_some());
        drop(held);
        assert!(sources.enter(greedy).is_some());
    }
}
