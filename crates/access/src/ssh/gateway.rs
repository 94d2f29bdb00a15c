//! Accepts connections and watches over them: the time to sign in, the end of the session, the end of the service.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::BytesMut;
use fernamt_api::stick_notice::Notice;
use fernamt_domain::{Rng, Zone};
use fernamt_resume::{BoxLine, PacedTcp};
use russh::{
    Disconnect,
    server::{self, Handle, RunningSession},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::oneshot,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, info, warn};

use super::{
    Gatekeeper, HostKeys, Language, Limits, Origin, SignedIn,
    algorithms::{resumable_russh_config, russh_config},
    arrival::{Arrival, arrive},
    companions::{Companions, Main},
    connection::{Below, Connection, Entered, Shared, network},
    limits::{Door, Full, Place},
    streams::{Streams, Twinned},
    transport::Transport,
};

/// How long a client has to take our goodbye before we hang up.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long connections may take to end when the service stops.
const STOPPING: Duration = Duration::from_secs(5);
/// The pause after the operating system had no socket for us.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a gateway is told by the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The zone of its listener.
    pub zone: Zone,
    /// Its limits.
    pub limits: Limits,
    /// How long a stick's session waits for the stick to come back; zero ends it with its line.
    pub patience: Duration,
    /// Makes the tickets by which sticks come back.
    pub rng: Arc<dyn Rng>,
}

/// Why a gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The address cannot be listened on.
    #[error("the SSH gateway cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// A bound gateway, ready to run.
pub struct Gateway {
    listener: TcpListener,
    zone: Zone,
    entrance: Entrance,
}

/// The one way in, whoever accepted the connection: the same limits count for all.
#[derive(Clone)]
pub struct Entrance {
    config: Arc<server::Config>,
    resumable_config: Arc<server::Config>,
    streams: Streams,
    companions: Companions,
    gatekeeper: Arc<dyn Gatekeeper>,
    limits: Arc<Limits>,
    door: Door,
    stop: CancellationToken,
    visits: TaskTracker,
}

/// A connection that was let as far as the door. The time to sign in runs.
pub struct Guest {
    entrance: Entrance,
    place: Place,
    address: IpAddr,
    deadline: Instant,
}

impl Gateway {
    /// Binds the address. Nobody is served before [`Gateway::run`].
    pub async fn bind(
        address: SocketAddr,
        keys: &HostKeys,
        settings: Settings,
        gatekeeper: Arc<dyn Gatekeeper>,
    ) -> Result<Self, GatewayError> {
        let listener = TcpListener::bind(address).await.map_err(|source| GatewayError::Listen { address, source })?;
        let config = Arc::new(russh_config(keys, &settings.limits));
        let resumable_config = Arc::new(resumable_russh_config(keys, &settings.limits));
        let limits = Arc::new(settings.limits);
        let entrance = Entrance {
            config,
            resumable_config,
            companions: Companions::new(Arc::clone(&settings.rng), Arc::clone(&limits)),
            streams: Streams::new(settings.rng, settings.patience, Arc::clone(&limits)),
            gatekeeper,
            door: Door::new(Arc::clone(&limits)),
            limits,
            stop: CancellationToken::new(),
            visits: TaskTracker::new(),
        };
        Ok(Self { listener, zone: settings.zone, entrance })
    }

    /// The way in for connections that somebody else accepts.
    pub fn entrance(&self) -> Entrance {
        self.entrance.clone()
    }

    /// The address that is listened on.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Serves until `stop` is cancelled, then says goodbye to everybody and waits for them, at most some seconds.
    pub async fn run(self, stop: CancellationToken) {
        let Self { listener, zone, entrance } = self;
        while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
            let (socket, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(%error, "No connection could be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Ok(guest) = entrance.knock(peer) else { continue };
            if let Err(error) = socket.set_nodelay(true) {
                debug!(%error, "Connection is gone already");
                continue;
            }
            tokio::spawn(guest.serve(socket, zone.clone(), |socket| Box::new(PacedTcp::new(socket))));
        }
        drop(listener);
        entrance.stop.cancel();
        let visits = entrance.visits;
        visits.close();
        info!(connections = visits.len(), "SSH gateway stops");
        if timeout(STOPPING, visits.wait()).await.is_err() {
            warn!(connections = visits.len(), "SSH connections did not end in time");
        }
    }
}

impl Entrance {
    /// Asks for a place at the door.
    pub(super) fn knock(&self, peer: SocketAddr) -> Result<Guest, Full> {
        let place = self.door.knock(peer.ip()).inspect_err(|full| {
            metrics::counter!("fernamt_ssh_refused_total", "limit" => full.as_str()).increment(1);
            debug!(network = network(peer), limit = full.as_str(), "Connection refused at the door");
        })?;
        metrics::counter!("fernamt_ssh_connections_total").increment(1);
        let deadline = Instant::now() + self.limits.login_grace;
        Ok(Guest { entrance: self.clone(), place, address: peer.ip().to_canonical(), deadline })
    }
}

impl Guest {
    /// Speaks with whoever came, until the connection ends or goes on as a line of an older stream.
    pub(super) async fn serve<S>(self, socket: S, zone: Zone, line_of: fn(S) -> BoxLine)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let visits = self.entrance.visits.clone();
        visits.track_future(self.receive(socket, zone, line_of)).await;
    }

    async fn receive<S>(self, mut socket: S, zone: Zone, line_of: fn(S) -> BoxLine)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { entrance, place, address, deadline } = self;
        let origin = Origin { address, zone };
        let arrived = timeout_at(deadline, arrive(&mut socket));
        let arrival = match entrance.stop.run_until_cancelled(arrived).await {
            Some(Ok(Ok(arrival))) => arrival,
            Some(Ok(Err(error))) => return debug!(%error, "Client began with nothing that we speak"),
            Some(Err(_)) | None => return debug!("Client did not begin in time"),
        };
        let visit = |config: &Arc<server::Config>| Visit {
            config: Arc::clone(config),
            gatekeeper: Arc::clone(&entrance.gatekeeper),
            limits: Arc::clone(&entrance.limits),
            origin: origin.clone(),
            stop: entrance.stop.clone(),
            deadline,
        };
        match arrival {
            Arrival::Plain(ahead) => visit(&entrance.config).serve(socket, ahead, None, place).await,
            Arrival::Open(rest) => {
                metrics::counter!("fernamt_ssh_streams_total").increment(1);
                let settings = fernamt_resume::Settings::default();
                let (pipe, handle) = fernamt_resume::accept(settings, line_of(socket), rest);
                let (streams, companions) = (entrance.streams.clone(), entrance.companions.clone());
                let below = Below { handle, streams, companions };
                visit(&entrance.resumable_config).serve(pipe, BytesMut::new(), Some(below), place).await;
            }
            Arrival::Attach(attach, rest) => {
                let came_back = entrance.streams.come_back(line_of(socket), attach, rest, &origin).await;
                let answer = if came_back { "attached" } else { "refused" };
                metrics::counter!("fernamt_ssh_returns_total", "answer" => answer).increment(1);
                if came_back {
                    place.join();
                }
            }
            Arrival::Twin(twin, rest) => {
                let twinned = entrance.streams.take_twin(line_of(socket), &twin, rest, &origin);
                let answer = match twinned {
                    Twinned::Taken => "taken",
                    Twinned::Elsewhere => "elsewhere",
                    Twinned::Refused => "refused",
                };
                metrics::counter!("fernamt_ssh_twins_total", "answer" => answer).increment(1);
                // Behind two ways to the Internet, a whole town hall's may come from elsewhere again and again.
                if twinned != Twinned::Refused {
                    place.join();
                }
            }
        }
    }
}

/// One connection from its beginning to its end.
struct Visit {
    config: Arc<server::Config>,
    gatekeeper: Arc<dyn Gatekeeper>,
    limits: Arc<Limits>,
    origin: Origin,
    stop: CancellationToken,
    deadline: Instant,
}

impl Visit {
    async fn serve<S>(self, socket: S, ahead: BytesMut, below: Option<Below>, place: Place)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let deadline = self.deadline;
        let hang_up = CancellationToken::new();
        let (tell, mut told) = oneshot::channel();
        let (handler, shared) = Connection::new(
            Arc::clone(&self.gatekeeper),
            &self.limits,
            self.origin,
            below,
            place,
            hang_up.child_token(),
            tell,
        );
        shared.share();
        let transport = Transport::new(socket, ahead, hang_up.clone());
        let started = timeout_at(deadline, server::run_stream(self.config, transport, handler));
        let session = match self.stop.run_until_cancelled(started).await {
            Some(Ok(Ok(session))) => session,
            Some(Ok(Err(error))) => return debug!(%error, "Client did not begin with SSH"),
            Some(Err(_)) | None => return debug!("Client did not begin in time"),
        };
        let mut session = Watched::new(session);
        watch(&mut session, &mut told, deadline, &self.stop, &shared).await;
        shared.disarm();
        // Whatever ended the visit, the tunnels, the socket and what accompanies it end here at the latest.
        hang_up.cancel();
        shared.leave_companion();
        session.wait().await;
        shared.tasks.close();
        shared.tasks.wait().await;
        if let Ok(Entered { who, main: None }) = told.try_recv() {
            self.gatekeeper.signed_out(&who).await;
        }
    }
}

async fn watch(
    session: &mut Watched,
    told: &mut oneshot::Receiver<Entered>,
    deadline: Instant,
    stop: &CancellationToken,
    shared: &Shared,
) {
    let Entered { who, main } = tokio::select! {
        biased;
        () = session.wait() => return,
        Ok(entered) = &mut *told => entered,
        () = stop.cancelled() => {
            return session.say_goodbye(Notice::ShuttingDown, Language::default().shutting_down()).await;
        }
        () = tokio::time::sleep_until(deadline) => {
            metrics::counter!("fernamt_ssh_grace_over_total").increment(1);
            return session.say_goodbye(Notice::GraceOver, Language::default().grace_over()).await;
        }
    };
    let gauge = main.is_none().then(|| metrics::gauge!("fernamt_ssh_signed_in"));
    if let Some(gauge) = &gauge {
        metrics::counter!("fernamt_ssh_sign_ins_total").increment(1);
        gauge.increment(1);
    }
    // A companion ends with the session that it belongs to.
    let alone = async {
        match &main {
            Some(main) => main.shared.hung_up.cancelled().await,
            None => std::future::pending().await,
        }
    };
    let reason = tokio::select! {
        biased;
        () = who.ended.cancelled() => Some((Notice::SessionEnded, who.language.session_ended())),
        () = shared.dismissed.cancelled() => Some((Notice::SessionEnded, who.language.session_ended())),
        () = alone => Some((Notice::SessionEnded, who.language.session_ended())),
        () = stop.cancelled() => Some((Notice::ShuttingDown, who.language.shutting_down())),
        () = session.wait() => None,
        () = follow(shared, &who, main.as_ref()) => None,
        () = parted(shared, main.as_ref()) => {
            metrics::counter!("fernamt_ssh_companions_parted_total").increment(1);
            Some((Notice::SessionEnded, who.language.session_ended()))
        }
    };
    if let Some(gauge) = &gauge {
        gauge.decrement(1);
    }
    // The targets see the end before the client does.
    shared.hung_up.cancel();
    shared.leave_companion();
    shared.disarm();
    if let Some((notice, text)) = reason {
        // Who is being told something else hears that first.
        let _ = timeout(GOODBYE, shared.greeting.lock()).await;
        session.say_goodbye(notice, text).await;
    }
    if main.is_none() {
        shared.gatekeeper.signed_out(&who).await;
    }
}

/// Has the tunnels judged anew whenever the client comes back from elsewhere. Ends only with the connection.
async fn follow(shared: &Shared, who: &SignedIn, main: Option<&Main>) {
    let mut origins = shared.origins();
    if main.is_some_and(|main| main.shared.origin() != shared.origin()) {
        judge(shared, who, main).await;
    }
    while origins.changed().await.is_ok() {
        judge(shared, who, main).await;
    }
}

/// Has the tunnels judged for where a connection is. What a companion carries must be allowed there, too, but the session's
/// place is the one that counts from then on, whichever of them moved last.
async fn judge(shared: &Shared, who: &SignedIn, main: Option<&Main>) {
    let session = main.map_or(shared, |main| &main.shared);
    let _judging = session.judging.lock().await;
    let (here, there) = (shared.origin(), session.origin());
    shared.gatekeeper.moved(who, &here).await;
    if here != there {
        shared.gatekeeper.moved(who, &there).await;
    }
}

/// Waits until a companion has come from elsewhere than its session for too long.
async fn parted(shared: &Shared, main: Option<&Main>) {
    let Some(main) = main else { return std::future::pending().await };
    let (mut own, mut its) = (shared.origins(), main.shared.origins());
    let mut until: Option<Instant> = None;
    loop {
        let (here, there) = (own.borrow_and_update().clone(), its.borrow_and_update().clone());
        until = if here.is_near(&there) {
            None
        } else {
            Some(until.unwrap_or_else(|| Instant::now() + shared.limits.parted_grace))
        };
        let too_long = async {
            match until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        // Both senders are held here.
        tokio::select! {
            () = too_long => return,
            _ = own.changed() => {}
            _ = its.changed() => {}
        }
    }
}

struct Watched {
    handle: Handle,
    /// `None` once it has ended.
    session: Option<RunningSession<Connection>>,
}

impl Watched {
    fn new(session: RunningSession<Connection>) -> Self {
        Self { handle: session.handle(), session: Some(session) }
    }

    /// Waits for the end of the SSH session. Can be called again afterwards.
    async fn wait(&mut self) {
        let Some(session) = &mut self.session else { return };
        if let Err(error) = session.await {
            debug!(%error, "SSH session ended");
        }
        self.session = None;
    }

    /// Tells the client why, and gives it a moment to read it.
    async fn say_goodbye(&mut self, notice: Notice, text: &str) {
        let polite = async {
            // A session that is gone needs no goodbye.
            let _ = self.handle.disconnect(Disconnect::ByApplication, notice.mark(text), String::new()).await;
            if let Some(session) = &mut self.session {
                let _ = session.await;
            }
        };
        if timeout(GOODBYE, polite).await.is_ok() {
            self.session = None;
        }
    }
}
