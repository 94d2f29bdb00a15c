//! The media plane within this server: LiveKit's protocol on one side, the forwarding unit on the other.

pub(crate) mod control;
mod shard;
mod signal;
mod tcp;
#[cfg(test)]
mod tests;
mod udp;
mod wing;

use std::{
    collections::HashMap,
    fmt, io,
    net::{IpAddr, SocketAddr, UdpSocket as StdSocket},
    num::NonZeroU16,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use axum::Router;
use fernamt_domain::{Clock, Rng, Secret, rng::random_bytes};
use fernamt_sfu::{Address, Proto, ShardNo};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Notify, Semaphore, broadcast, mpsc},
    time::interval,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use signal::{BURST_MESSAGES, MAX_MESSAGE_BYTES, MESSAGES_PER_S};
pub use tcp::begins_like_ice;

use self::{
    control::Control,
    shard::{Carried, MAX_WAITING_DATAGRAMS, MAX_WAITING_ORDERS, Table, Worker},
    udp::Socket,
    wing::{Heard, MAX_WAITING_HEARD, Wing},
};
use crate::{
    MediaError, MediaEvent, MediaPlane, Permissions, Presence, RoomLimits, RoomName, Seat, Ticket, TicketFor, Tracks,
    token::TokenKey,
};

/// The most events that somebody may lag behind.
const MAX_WAITING_EVENTS: usize = 4096;

/// How often deadlines are looked at.
const TICK: Duration = Duration::from_secs(1);

/// Where the plane is reached.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address of the one UDP port.
    pub udp: SocketAddr,
    /// The addresses of this server as clients see them; the first of each family that fits is told to all.
    pub advertised: Vec<IpAddr>,
    /// TCP addresses as clients see them, whose connections are brought to [`Embedded::accept`].
    pub tcp: Vec<SocketAddr>,
    /// How many threads forward.
    pub threads: NonZeroU16,
}

/// The embedded plane.
pub struct Embedded {
    clock: Arc<dyn Clock>,
    key: Arc<TokenKey>,
    wings: Vec<Arc<Wing>>,
    places: RwLock<HashMap<RoomName, usize>>,
    shards: Arc<[mpsc::Sender<Carried>]>,
    events: broadcast::Sender<MediaEvent>,
    sockets: Arc<Semaphore>,
    tcp: Vec<SocketAddr>,
    port: u16,
    stop: CancellationToken,
    idle: Mutex<Option<Idle>>,
}

/// What waits for [`Embedded::run`].
struct Idle {
    workers: Vec<Worker>,
    heard: Vec<mpsc::Receiver<Heard>>,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("port", &self.port).field("shards", &self.wings.len()).finish_non_exhaustive()
    }
}

impl Embedded {
    /// Binds the port; nothing is served yet.
    pub fn bind(settings: &Settings, clock: Arc<dyn Clock>, rng: &Arc<dyn Rng>) -> io::Result<Arc<Self>> {
        let sockets = udp::bind(settings.udp, settings.threads.get())?;
        let port = sockets.first().map(StdSocket::local_addr).transpose()?.map_or(0, |address| address.port());
        let advertised: Vec<_> = settings.advertised.iter().map(|ip| SocketAddr::new(*ip, port)).collect();
        let udp = advertised.iter().map(|addr| Address { proto: Proto::Udp, addr: *addr });
        let tcp = settings.tcp.iter().map(|addr| Address { proto: Proto::Tcp, addr: *addr });
        let addresses: Vec<_> = udp.chain(tcp).take(fernamt_sfu::limits::MAX_CANDIDATES).collect();

        // A key for the life of this process: no token outlives the rooms it is for.
        let key = Arc::new(TokenKey::new("fernamt", Secret::new(random_bytes::<32>(&**rng).to_vec())));
        let (events, _) = broadcast::channel(MAX_WAITING_EVENTS);
        let (mut senders, mut carried) = (Vec::new(), Vec::new());
        for _ in &sockets {
            let (sender, receiver) = mpsc::channel(MAX_WAITING_DATAGRAMS);
            senders.push(sender);
            carried.push(receiver);
        }
        let shards: Arc<[_]> = senders.into();
        let table = Table::default();
        let (mut wings, mut workers, mut heard) = (Vec::new(), Vec::new(), Vec::new());
        for ((number, raw), carried) in (0..).zip(sockets).zip(carried) {
            let (teller, told) = mpsc::channel(MAX_WAITING_HEARD);
            let (order, orders) = mpsc::channel(MAX_WAITING_ORDERS);
            let taken = Arc::new(Notify::new());
            let control = Control::new(Arc::clone(rng), Arc::clone(&key), addresses.clone());
            wings.push(Arc::new(Wing::new(control, order, Arc::clone(&taken), events.clone())));
            heard.push(told);
            workers.push(Worker {
                number: ShardNo(number),
                socket: Socket::new(raw, advertised.clone())?,
                orders,
                taken,
                carried,
                heard: teller,
                shards: Arc::clone(&shards),
                table: Arc::clone(&table),
            });
        }
        Ok(Arc::new(Self {
            clock,
            key,
            wings,
            places: RwLock::default(),
            shards,
            events,
            sockets: Arc::new(Semaphore::new(signal::MAX_SOCKETS)),
            tcp: settings.tcp.clone(),
            port,
            stop: CancellationToken::new(),
            idle: Mutex::new(Some(Idle { workers, heard })),
        }))
    }

    /// The UDP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// LiveKit's signalling. It checks tickets, not origins: programs that name no origin are clients too.
    pub fn router(self: &Arc<Self>) -> Router {
        signal::router(Arc::clone(self))
    }

    /// Serves a TCP connection that [begins like ICE](begins_like_ice), until it ends.
    pub async fn accept<S>(&self, stream: S, peer: SocketAddr, local: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let same = |address: &&SocketAddr| **address == local;
        let family = |address: &&SocketAddr| address.is_ipv4() == local.is_ipv4();
        let told = self.tcp.iter().find(same).or_else(|| self.tcp.iter().find(family));
        let Some(to) = told else { return };
        if let Err(error) = tcp::serve(stream, peer, *to, &self.shards, self.stop.child_token()).await {
            tracing::debug!(%error, "A connection of ICE-TCP ended");
        }
    }

    /// Forwards until `stop`, then says goodbye to everybody.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> io::Result<()> {
        let Some(idle) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(()) };
        let mut threads = Vec::new();
        for worker in idle.workers {
            threads.push(worker.start(self.stop.clone())?);
        }
        let tasks = TaskTracker::new();
        for (wing, heard) in self.wings.iter().zip(idle.heard) {
            tasks.spawn(Arc::clone(wing).listen(heard, self.stop.clone()));
        }
        tasks.close();
        let mut tick = interval(TICK);
        while stop.run_until_cancelled(tick.tick()).await.is_some() {
            self.tick();
        }
        for wing in &self.wings {
            wing.with(Control::close_all);
        }
        self.stop.cancel();
        tasks.wait().await;
        let joined = tokio::task::spawn_blocking(move || threads.into_iter().all(|thread| thread.join().is_ok())).await;
        if !joined.unwrap_or(false) {
            tracing::error!("A part of the forwarding unit broke");
        }
        Ok(())
    }

    /// Looks at deadlines.
    fn tick(&self) {
        let (mut rooms, mut seats) = (0, 0);
        for wing in &self.wings {
            let closed = wing.with(|control| {
                let closed = control.tick(self.clock.now());
                rooms += control.rooms();
                seats += control.seats();
                closed
            });
            if !closed.is_empty() {
                let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
                // One that was opened again meanwhile lies where it lay.
                wing.with(|control| places.retain(|room, _| !closed.contains(room) || control.has(*room)));
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "no server has 2^52 seats")]
        {
            metrics::gauge!("fernamt_media_rooms").set(rooms as f64);
            metrics::gauge!("fernamt_media_seats").set(seats as f64);
        }
    }

    fn wing_of(&self, room: RoomName) -> Option<Arc<Wing>> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        self.wings.get(*places.get(&room)?).cloned()
    }

    fn with<R>(
        &self,
        room: RoomName,
        act: impl FnOnce(&mut Control) -> Result<R, MediaError>,
    ) -> Result<R, MediaError> {
        self.wing_of(room).ok_or(MediaError::NoSuchRoom)?.with(act)
    }

    fn order(
        &self,
        room: RoomName,
        act: impl FnOnce(&mut Control) -> Result<(), MediaError>,
    ) -> Result<(), MediaError> {
        self.wing_of(room).ok_or(MediaError::NoSuchRoom)?.order(act)
    }
}

#[async_trait]
impl MediaPlane for Embedded {
    async fn open_room(&self, room: RoomName, limits: RoomLimits) -> Result<(), MediaError> {
        if self.stop.is_cancelled() {
            return Err(MediaError::Stopped);
        }
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        let emptiest = || {
            let seats = self.wings.iter().map(|wing| wing.with(|control| (control.seats(), control.rooms())));
            seats.enumerate().min_by_key(|(_, load)| *load).map_or(0, |(place, _)| place)
        };
        let place = places.get(&room).copied().unwrap_or_else(emptiest);
        self.wings[place].with(|control| control.open_room(room, limits, self.clock.now()))?;
        places.insert(room, place);
        Ok(())
    }

    async fn close_room(&self, room: RoomName) -> Result<(), MediaError> {
        let place = self.places.write().unwrap_or_else(PoisonError::into_inner).remove(&room);
        if let Some(wing) = place.and_then(|place| self.wings.get(place)) {
            wing.with(|control| control.close_room(room, crate::SeatEnd::RoomClosed));
        }
        Ok(())
    }

    async fn ticket(&self, ticket: TicketFor) -> Result<Ticket, MediaError> {
        self.with(ticket.seat.room, |control| control.ticket(&ticket, self.clock.now()))
    }

    async fn set_permissions(&self, seat: Seat, permissions: Permissions) -> Result<(), MediaError> {
        self.order(seat.room, |control| control.set_permissions(seat, permissions, self.clock.now()))
    }

    async fn mute(&self, seat: Seat, tracks: Tracks) -> Result<(), MediaError> {
        self.order(seat.room, |control| control.mute(seat, &tracks))
    }

    async fn stop_video(&self, seat: Seat) -> Result<(), MediaError> {
        self.order(seat.room, |control| control.stop_video(seat))
    }

    async fn remove(&self, seat: Seat) -> Result<(), MediaError> {
        self.with(seat.room, |control| control.remove(seat))
    }

    async fn list(&self, room: RoomName) -> Result<Vec<Presence>, MediaError> {
        self.with(room, |control| control.list(room))
    }

    fn events(&self) -> broadcast::Receiver<MediaEvent> {
        self.events.subscribe()
    }
}
