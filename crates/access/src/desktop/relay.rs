//! The relay itself: WebSocket on one side, TLS on the other, the filter between them, a live grant above.
//!
//! Both directions and the grant run in one task. Nothing is queued: each direction reads only after what it read before
//! is written, so a slow side holds back the other, and the end of the grant interrupts both, blocked or not.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use fernamt_domain::{LiveGrant, target::RdpSettings};
use fernamt_http::egress::{EgressError, EgressGuard};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use ironrdp_pdu::rdp::server_redirection::ServerRedirectionPdu;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf},
    net::TcpStream,
    time::{Instant, interval_at, timeout},
};
use tokio_rustls::client::TlsStream;

use super::{
    filter::{ChannelPolicy, FarmSession, Filter, FromServer},
    handshake,
    outcome::Outcome,
    rdcleanpath,
};
use crate::tls::{self, TlsError, Trust};

/// How long the browser may take to send its request, and the desktop to answer it.
const SETUP_TIMEOUT: Duration = Duration::from_secs(15);

/// How often the browser is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(15);

/// How long the browser may be silent, pongs included.
const SILENCE_LIMIT: Duration = Duration::from_secs(45);

/// How long the last message may take to reach the browser.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(1);

/// The most bytes read from the desktop at once.
const READ_BYTES: usize = 32 * 1024;

/// The most bytes of one WebSocket message from the browser.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// Which desktop to connect to, and how.
#[derive(Debug, Clone)]
pub struct Desktop {
    /// The host, by name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The target's settings.
    pub settings: RdpSettings,
    /// Which certificate it may show.
    pub trust: Trust,
    /// Where a session broker sent the person, if it did.
    pub redirected: Option<Redirected>,
}

/// What a session broker said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirected {
    /// The routing token that the connection request must carry.
    pub routing_token: Option<String>,
    /// The session to reconnect to.
    pub session: u32,
}

/// Serves one WebSocket from `RDCleanPath` to its end and tells how it ended. `learn` stores a certificate (DER) that
/// was seen for the first time; it is called before anything of the person's is sent, and may refuse. `follow` says what
/// a session broker's redirection comes to.
pub async fn serve<L, F>(
    mut socket: WebSocket,
    desktop: Desktop,
    guard: &EgressGuard,
    grant: LiveGrant,
    learn: L,
    follow: F,
) -> Outcome
where
    L: AsyncFnOnce(Vec<u8>) -> Result<(), Outcome>,
    F: AsyncFnOnce(&ServerRedirectionPdu) -> Outcome,
{
    let setup = async {
        timeout(SETUP_TIMEOUT, set_up(&mut socket, &desktop, guard, learn)).await.unwrap_or(Err(Outcome::Unreachable))
    };
    let set_up = tokio::select! {
        biased;
        reason = grant.ended() => Err(Outcome::GrantEnded(reason)),
        result = setup => result,
    };
    match set_up {
        Ok((tls, filter)) => {
            let (sink, mut stream) = socket.split();
            let mut line = Line { sink };
            let outcome = tokio::select! {
                biased;
                reason = grant.ended() => Outcome::GrantEnded(reason),
                ended = pump(&mut stream, &mut line, tls, filter) => match ended {
                    Ended::Because(outcome) => outcome,
                    Ended::Redirected(redirection) => follow(&redirection).await,
                },
            };
            // The desktop's side is closed by now: `pump` owned it.
            line.farewell(stream, &outcome).await;
            outcome
        }
        Err(outcome) => {
            refuse(socket, &outcome).await;
            outcome
        }
    }
}

/// Tells the browser why there is no connection: in `RDCleanPath`'s terms and by the close code.
pub async fn refuse(mut socket: WebSocket, outcome: &Outcome) {
    let _ =
        timeout(FAREWELL_TIMEOUT, socket.send(Message::Binary(rdcleanpath::failure(outcome.failure()).into()))).await;
    let (sink, stream) = socket.split();
    Line { sink }.farewell(stream, outcome).await;
}

/// How the pump ended.
enum Ended {
    Because(Outcome),
    Redirected(Box<ServerRedirectionPdu>),
}

async fn set_up<L>(
    socket: &mut WebSocket,
    desktop: &Desktop,
    guard: &EgressGuard,
    learn: L,
) -> Result<(TlsStream<TcpStream>, Filter), Outcome>
where
    L: AsyncFnOnce(Vec<u8>) -> Result<(), Outcome>,
{
    let request = read_request(socket).await?;
    let token = desktop.redirected.as_ref().and_then(|redirected| redirected.routing_token.as_deref());
    let request =
        handshake::connection_request(&request.x224, &desktop.settings, token).map_err(|error| faulty(&error))?;
    let mut tcp = guard.connect(&desktop.host, desktop.port).await.map_err(|error| outcome_of(&error))?;
    let address = tcp.peer_addr().map_err(|_| Outcome::Unreachable)?;
    let (confirm, protocol) =
        handshake::negotiate(&mut tcp, &request, &desktop.settings).await.map_err(|error| faulty(&error))?;
    let learning = matches!(desktop.trust, Trust::Learn);
    let (tls, chain) = tls::connect(tcp, &desktop.host, desktop.trust).await.map_err(|error| {
        tracing::info!(%error, "TLS with a desktop failed");
        match error {
            TlsError::CertificateChanged { .. } => Outcome::CertificateChanged,
            TlsError::Handshake(_) => Outcome::TlsFailed,
        }
    })?;
    if learning {
        learn(chain.first().ok_or(Outcome::TlsFailed)?.to_vec()).await?;
    }
    let chain = chain.iter().map(|certificate| certificate.to_vec()).collect();
    let response = rdcleanpath::response(address.to_string(), confirm, chain).map_err(|_| Outcome::Internal)?;
    socket.send(Message::Binary(response.into())).await.map_err(|_| Outcome::LineLost)?;
    let farm = (desktop.redirected.is_some() || desktop.settings.load_balance_info.is_some())
        .then(|| FarmSession { redirected: desktop.redirected.as_ref().map(|redirected| redirected.session) });
    Ok((tls, Filter::new(ChannelPolicy::of(&desktop.settings), protocol, farm)))
}

async fn read_request(socket: &mut WebSocket) -> Result<rdcleanpath::Request, Outcome> {
    let mut data = Vec::new();
    loop {
        match socket.recv().await {
            Some(Ok(Message::Binary(part))) => data.extend_from_slice(&part),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Text(_))) => return Err(Outcome::ProtocolViolation),
            Some(Ok(Message::Close(_))) | None => return Err(Outcome::BrowserEnded),
            Some(Err(_)) => return Err(Outcome::LineLost),
        }
        match rdcleanpath::parse(&data) {
            Ok(Some((request, taken))) if taken == data.len() => return Ok(request),
            Ok(None) => {}
            // The client speaks again only after our answer.
            Ok(Some(_)) => return Err(Outcome::ProtocolViolation),
            Err(error) => {
                tracing::info!(%error, "A desktop request was malformed");
                return Err(Outcome::ProtocolViolation);
            }
        }
    }
}

async fn pump(
    stream: &mut SplitStream<WebSocket>,
    line: &mut Line,
    tls: TlsStream<TcpStream>,
    filter: Filter,
) -> Ended {
    let filter = Mutex::new(filter);
    let (reader, writer) = tokio::io::split(tls);
    tokio::select! {
        outcome = upwards(stream, writer, &filter) => Ended::Because(outcome),
        ended = downwards(reader, line, &filter) => ended,
    }
}

async fn upwards(
    stream: &mut SplitStream<WebSocket>,
    mut desktop: WriteHalf<TlsStream<TcpStream>>,
    filter: &Mutex<Filter>,
) -> Outcome {
    let mut out = Vec::new();
    loop {
        let data = match timeout(SILENCE_LIMIT, stream.next()).await {
            Ok(Some(Ok(Message::Binary(data)))) => data,
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => continue,
            Ok(Some(Ok(Message::Text(_)))) => return Outcome::ProtocolViolation,
            Ok(Some(Ok(Message::Close(_))) | None) => return Outcome::BrowserEnded,
            Ok(Some(Err(_))) | Err(_) => return Outcome::LineLost,
        };
        out.clear();
        let judged = filter.lock().unwrap_or_else(PoisonError::into_inner).from_client(&data, &mut out);
        if let Err(error) = judged {
            tracing::warn!(%error, "A desktop connection was ended: the browser did not keep to the protocol");
            return Outcome::ProtocolViolation;
        }
        if desktop.write_all(&out).await.is_err() || desktop.flush().await.is_err() {
            return Outcome::DesktopEnded;
        }
    }
}

async fn downwards(mut desktop: ReadHalf<TlsStream<TcpStream>>, line: &mut Line, filter: &Mutex<Filter>) -> Ended {
    let mut buffer = vec![0; READ_BYTES];
    let mut out = Vec::new();
    let mut ping = interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
    loop {
        let length = tokio::select! {
            length = desktop.read(&mut buffer) => match length {
                Ok(0) | Err(_) => return Ended::Because(Outcome::DesktopEnded),
                Ok(length) => length,
            },
            _ = ping.tick() => {
                if line.sink.send(Message::Ping(Bytes::new())).await.is_err() {
                    return Ended::Because(Outcome::LineLost);
                }
                continue;
            }
        };
        let data = buffer.get(..length).unwrap_or_default();
        let judged = filter.lock().unwrap_or_else(PoisonError::into_inner).from_server(data, &mut out);
        match judged {
            Ok(FromServer::Continue) => {}
            Ok(FromServer::Redirected(redirection)) => return Ended::Redirected(redirection),
            Err(error) => {
                tracing::warn!(%error, "A desktop connection was ended: the desktop did not keep to the protocol");
                return Ended::Because(Outcome::ProtocolViolation);
            }
        }
        if !out.is_empty() && line.sink.send(Message::Binary(std::mem::take(&mut out).into())).await.is_err() {
            return Ended::Because(Outcome::LineLost);
        }
    }
}

/// The way to the browser.
struct Line {
    sink: SplitSink<WebSocket, Message>,
}

impl Line {
    /// Says why, and reads on until the browser has said good-bye too: a connection that is dropped with unread bytes
    /// is reset, and the reason could be lost with it.
    async fn farewell(mut self, mut stream: SplitStream<WebSocket>, outcome: &Outcome) {
        let frame = CloseFrame { code: outcome.close_code(), reason: outcome.word().into() };
        let _ = timeout(FAREWELL_TIMEOUT, async {
            let _ = self.sink.send(Message::Close(Some(frame))).await;
            let _ = self.sink.flush().await;
            while let Some(Ok(_)) = stream.next().await {}
        })
        .await;
    }
}

fn faulty(error: &handshake::HandshakeError) -> Outcome {
    tracing::info!(%error, "A desktop did not agree");
    Outcome::from(error)
}

fn outcome_of(error: &EgressError) -> Outcome {
    tracing::info!(%error, "A desktop was not reached");
    match error {
        EgressError::Unresolved(_) => Outcome::Unresolved,
        EgressError::Refused(_) | EgressError::Outside(_) | EgressError::OwnPort(_) => Outcome::AddressRefused,
        EgressError::Unreachable(..) => Outcome::Unreachable,
    }
}
