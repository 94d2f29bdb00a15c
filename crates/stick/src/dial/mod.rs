//! How the stick reaches its gateway: by the SSH port, by a WebSocket on the HTTPS port, and by both through an HTTP proxy.
//!
//! All ways are raced: the one that worked last begins, the others follow [`WAY_PAUSE`] apart. For the first line the race
//! is won by who *answers usefully*, with a frame of the resumable stream: boxes in between accept every connection. A
//! line for a stream that exists already carries a proof which is good once, so it cannot be said on several; there the
//! first that stands is taken, and a way on which nothing came back is tried last from then on.
//!
//! No host is contacted but those in `stick.json` and the proxy that this computer names.

mod ahead;
pub mod gateway;
mod http_proxy;
mod names;
mod order;
mod stagger;
mod surroundings;
mod tcp;
mod tls;
mod tried;
mod websocket;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::BytesMut;
use fernamt_api::stick::{Config, Transport};
use fernamt_resume::{BoxLine, Frame};
use rustls::ClientConfig;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::{Instant, timeout},
};
use tracing::debug;

use self::{ahead::Ahead, names::Names, order::Order, stagger::staggered, tried::Tried, websocket::Messages};
pub use self::{
    gateway::Gateway,
    http_proxy::{Proxy, ProxyCredentials, ProxyError},
    surroundings::Surroundings,
};
pub(crate) use self::{names::Host, websocket::open as open_websocket};
use crate::{StickError, engine::Problem};

/// The next way is tried this long after the one before, while none has answered.
pub const WAY_PAUSE: Duration = Duration::from_millis(300);
/// How long one way may take to stand.
const STAND_PATIENCE: Duration = Duration::from_secs(15);
/// How long a gateway may take to answer on a way that stands.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);
/// Bytes read of the first answer: a frame or two.
const ANSWER_BYTES: usize = 4 * 1024;

/// Whatever carries bytes both ways.
pub(crate) trait Carrier: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Carrier for T {}

/// One way to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The SSH port.
    Ssh,
    /// The WebSocket.
    Websocket,
    /// The WebSocket through an HTTP proxy: proxies let the HTTPS port through more often than others.
    WebsocketByProxy,
    /// The SSH port through an HTTP proxy.
    SshByProxy,
}

impl Way {
    /// What people and the administration are told of it.
    pub fn transport(self) -> Transport {
        match self {
            Self::Ssh => Transport::Ssh,
            Self::Websocket => Transport::Websocket,
            Self::WebsocketByProxy | Self::SshByProxy => Transport::Proxy,
        }
    }
}

/// Why there is no line.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// Nothing answers at that address.
    #[error("no connection")]
    Connect(#[source] io::Error),
    /// The proxy does not let us through.
    #[error("no way through the proxy")]
    Proxy(#[from] ProxyError),
    /// No WebSocket there.
    #[error("no WebSocket")]
    Websocket(#[source] StickError),
    /// Whoever is there does not speak as our gateways do.
    #[error("no answer of a gateway")]
    Foreign,
    /// Whoever is there says nothing.
    #[error("no answer in time")]
    Silent,
    /// What `stick.json` says cannot be dialled.
    #[error("no address to dial")]
    NoAddress,
}

/// How often each failure came while no way was found.
#[derive(Debug, thiserror::Error)]
#[error("the gateway cannot be reached by any way")]
pub struct NoWay(pub Vec<DialError>);

impl From<NoWay> for Problem {
    fn from(NoWay(failures): NoWay) -> Self {
        let wants = |failure: &DialError| matches!(failure, DialError::Proxy(ProxyError::WantsPassword));
        if failures.iter().any(wants) { Self::ProxyWantsPassword } else { Self::Unreachable }
    }
}

/// A line to the gateway.
pub struct Line {
    carrier: Box<dyn Carrier>,
    way: Way,
    peer: SocketAddr,
    round_trip: Duration,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("way", &self.way).field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Line {
    /// The way that it takes.
    pub fn way(&self) -> Way {
        self.way
    }

    /// Who is at the other end of the TCP connection: the gateway, or a proxy.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// How long the first answer took.
    pub fn round_trip(&self) -> Duration {
        self.round_trip
    }

    /// The bytes.
    pub(crate) fn into_carrier(self) -> BoxLine {
        Box::new(self.carrier)
    }
}

/// Finds lines to one gateway.
#[derive(Debug)]
pub struct Dialer {
    ssh: Option<Host>,
    websocket: Option<Gateway>,
    tls: Arc<ClientConfig>,
    certificate: tls::Foreign,
    surroundings: Mutex<Surroundings>,
    names: Names,
    order: Order,
}

impl Dialer {
    /// A dialer for the gateway of a stick. `remembered` is what worked last.
    pub fn new(config: &Config, surroundings: Surroundings, remembered: Option<Transport>) -> Result<Self, StickError> {
        let ssh = config.ssh.as_deref().map(|text| Host::parse(text).ok_or_else(|| StickError::Address(text.into())));
        let websocket = config.websocket.as_deref().map(Gateway::parse);
        let (tls, certificate) = tls::tolerant()?;
        Ok(Self {
            ssh: ssh.transpose()?,
            websocket: websocket.transpose()?,
            tls: Arc::new(tls),
            certificate,
            surroundings: Mutex::new(surroundings),
            names: Names::default(),
            order: Order::new(remembered),
        })
    }

    /// Name and password for the proxy.
    pub fn set_proxy_credentials(&self, credentials: ProxyCredentials) {
        self.surroundings().set_credentials(credentials);
    }

    /// Whether the last certificate seen was one that nobody vouches for.
    pub fn certificate_is_foreign(&self) -> bool {
        self.certificate.seen()
    }

    /// The first line: the first on which a gateway answers. OPEN has been said on it; whoever writes it first writes it
    /// for nobody.
    pub async fn open(&self) -> Result<Line, NoWay> {
        let attempts = self.ways().into_iter().map(async |way| {
            let opened = async { open(self.stand(way).await?).await }.await;
            opened.inspect_err(|error| failed(way, error))
        });
        let line = staggered(attempts, WAY_PAUSE).await.map_err(NoWay)?;
        self.order.praise(line.way);
        Ok(line)
    }

    /// A further line: the first that stands. `answered` is called once somebody answers.
    pub async fn connect(&self, answered: impl Fn()) -> Result<Line, NoWay> {
        let attempts = self.ways().into_iter().map(async |way| {
            let line = self.stand(way).await.inspect_err(|error| failed(way, error));
            if line.is_ok() {
                answered();
            }
            line
        });
        let line = staggered(attempts, WAY_PAUSE).await.map_err(NoWay)?;
        let carrier = Box::new(Tried::new(line.carrier, line.way, self.order.clone()));
        Ok(Line { carrier, ..line })
    }

    /// The ways that there are, the best first.
    fn ways(&self) -> Vec<Way> {
        self.order.ways().into_iter().filter(|way| self.has(*way)).collect()
    }

    fn has(&self, way: Way) -> bool {
        match way {
            Way::Ssh => self.ssh.is_some(),
            Way::Websocket => self.websocket.is_some(),
            Way::WebsocketByProxy | Way::SshByProxy => {
                self.target(way).is_some_and(|host| self.surroundings().proxy_for(host).is_some())
            }
        }
    }

    fn target(&self, way: Way) -> Option<&Host> {
        match way {
            Way::Ssh | Way::SshByProxy => self.ssh.as_ref(),
            Way::Websocket | Way::WebsocketByProxy => self.websocket.as_ref().map(|gateway| &gateway.host),
        }
    }

    async fn stand(&self, way: Way) -> Result<Line, DialError> {
        timeout(STAND_PATIENCE, self.reach(way)).await.map_err(|_| DialError::Silent)?
    }

    async fn reach(&self, way: Way) -> Result<Line, DialError> {
        let begin = Instant::now();
        let target = self.target(way).ok_or(DialError::NoAddress)?;
        let by_proxy = matches!(way, Way::WebsocketByProxy | Way::SshByProxy);
        let proxy = if by_proxy { self.surroundings().proxy_for(target).cloned() } else { None };
        let first = proxy.as_ref().map_or(target, |proxy| &proxy.host);
        let socket = tcp::connect(first, &self.names).await.map_err(DialError::Connect)?;
        let peer = socket.peer_addr().map_err(DialError::Connect)?;
        let carrier: Box<dyn Carrier> = match &proxy {
            Some(proxy) => Box::new(http_proxy::tunnel(socket, target, proxy).await?),
            None => Box::new(socket),
        };
        let gateway = self.websocket.as_ref().filter(|_| matches!(way, Way::Websocket | Way::WebsocketByProxy));
        let carrier: Box<dyn Carrier> = match gateway {
            Some(gateway) => {
                let tls = gateway.tls.then(|| Arc::clone(&self.tls));
                let socket = websocket::upgrade(carrier, gateway, tls).await.map_err(DialError::Websocket)?;
                Box::new(Messages::new(socket))
            }
            None => carrier,
        };
        Ok(Line { carrier, way, peer, round_trip: begin.elapsed() })
    }

    fn surroundings(&self) -> MutexGuard<'_, Surroundings> {
        self.surroundings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(way: Way, error: &DialError) {
    debug!(?way, error = error as &dyn std::error::Error, "This way failed");
}

/// Says OPEN and waits for the first frame that comes back.
async fn open(mut line: Line) -> Result<Line, DialError> {
    let begin = Instant::now();
    let frame = Frame::Open.to_bytes();
    let answer = async {
        line.carrier.write_all(&frame).await?;
        line.carrier.flush().await?;
        let mut answer = BytesMut::with_capacity(ANSWER_BYTES);
        line.carrier.read_buf(&mut answer).await?;
        io::Result::Ok(answer.freeze())
    };
    let answer = timeout(ANSWER_PATIENCE, answer).await.map_err(|_| DialError::Silent)?.map_err(DialError::Connect)?;
    if !is_useful(&answer) {
        return Err(DialError::Foreign);
    }
    let round_trip = begin.elapsed();
    let carrier = Box::new(Ahead::new(line.carrier, answer, frame.len()));
    Ok(Line { carrier, round_trip, ..line })
}

/// Whether this is what an acceptor answers OPEN with: DATA, ACK, PING or a refusal.
fn is_useful(answer: &[u8]) -> bool {
    matches!(answer, [4 | 5 | 7 | 8, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_gateways_first_words_are_useful() {
        let data = Frame::Data { position: 0, bytes: "SSH".into() };
        for frame in [data, Frame::Ack { taken: 0, limit: 1 }, Frame::Ping { number: 1, sent: 0 }] {
            assert!(is_useful(&frame.to_bytes()), "{frame:?}");
        }
        assert!(is_useful(&Frame::Refused(fernamt_resume::Refusal::Busy).to_bytes()));
        for other in [&b"SSH-2.0-OpenSSH"[..], b"HTTP/1.1 400", b"", &Frame::Open.to_bytes()] {
            assert!(!is_useful(other), "{other:?}");
        }
    }

    #[test]
    fn a_missing_password_is_the_problem_that_people_can_solve() {
        let silent = || DialError::Silent;
        assert_eq!(Problem::from(NoWay(vec![silent()])), Problem::Unreachable);
        let wants = DialError::Proxy(ProxyError::WantsPassword);
        assert_eq!(Problem::from(NoWay(vec![silent(), wants])), Problem::ProxyWantsPassword);
    }
}
