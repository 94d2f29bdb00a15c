//! The thread that forwards: one socket, one shard of the media core, and nothing that waits but the socket.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use fernamt_sfu::{Datagram, Event, Input, Output, Proto, Shard, ShardConfig, ShardNo, Transmit, classify};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::sleep_until,
};
use tokio_util::sync::CancellationToken;

use super::{
    control::Tag,
    udp::{Received, Socket},
    wing::Heard,
};

/// The most orders that wait for a shard, datagrams for it that came in elsewhere included.
pub(crate) const MAX_WAITING_ORDERS: usize = 32_768;

/// The most connections of ICE-TCP at one shard.
const MAX_TCP_CONNECTIONS: usize = 4096;

/// How long such a connection may stay without having shown that it belongs to a seat.
const PROBATION: Duration = Duration::from_secs(15);

/// How many orders are taken before the shard's answers leave.
const ORDERS_AT_ONCE: usize = 128;

/// How long a shard sleeps at the longest.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// What a shard is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Something for the core; what comes of it is told where there is a tag.
    Input(Box<Input>, Option<Tag>),
    /// A datagram that came in elsewhere.
    Datagram { proto: Proto, from: SocketAddr, to: SocketAddr, bytes: Bytes },
    /// A connection of ICE-TCP begins; frames for it go into the channel.
    TcpOpened { peer: SocketAddr, frames: mpsc::Sender<Bytes> },
    /// It is over.
    TcpClosed { peer: SocketAddr },
}

/// Which shard hears which address; the shards keep it together.
pub(crate) type Table = Arc<RwLock<HashMap<(Proto, SocketAddr), ShardNo>>>;

/// A shard with what it needs.
pub(crate) struct Worker {
    pub(crate) number: ShardNo,
    pub(crate) socket: Socket,
    pub(crate) orders: mpsc::Receiver<Order>,
    pub(crate) heard: mpsc::Sender<Heard>,
    /// The ways to all shards, this one included.
    pub(crate) shards: Arc<[mpsc::Sender<Order>]>,
    pub(crate) table: Table,
}

struct TcpPeer {
    frames: mpsc::Sender<Bytes>,
    opened: Instant,
    bound: bool,
}

struct Running {
    shard: Shard,
    worker: Worker,
    peers: HashMap<SocketAddr, TcpPeer>,
    swept: Instant,
}

impl Worker {
    /// Starts the thread. It ends soon after `stop`.
    pub(crate) fn start(self, stop: CancellationToken) -> io::Result<thread::JoinHandle<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name(format!("media-{}", self.number.0)).spawn(move || {
            runtime.block_on(async {
                if let Err(error) = self.run(stop).await {
                    tracing::error!(%error, "A part of the forwarding unit does not run");
                }
            });
        })
    }

    async fn run(mut self, stop: CancellationToken) -> io::Result<()> {
        self.socket.register()?;
        let now = Instant::now();
        let shard = Shard::new(ShardConfig::new(self.number), now);
        let mut running = Running { shard, worker: self, peers: HashMap::new(), swept: now };
        let mut orders = Vec::with_capacity(ORDERS_AT_ONCE);
        let mut received = Received::new();
        loop {
            let now = Instant::now();
            let wake = running.shard.deadline().map_or(now + LONGEST_SLEEP, |at| at.min(now + LONGEST_SLEEP));
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                count = running.worker.orders.recv_many(&mut orders, ORDERS_AT_ONCE) => {
                    if count == 0 {
                        break;
                    }
                }
                ready = running.worker.socket.readable() => ready?,
                () = sleep_until(wake.into()) => {}
            }
            running.turn(&mut orders, &mut received).await;
        }
        // What the last orders were, such as farewells, is still to leave.
        while let Ok(order) = running.worker.orders.try_recv() {
            orders.push(order);
        }
        running.turn(&mut orders, &mut received).await;
        Ok(())
    }
}

impl Running {
    /// Takes in what there is, lets time pass, sends what follows.
    async fn turn(&mut self, orders: &mut Vec<Order>, received: &mut Received) {
        let now = Instant::now();
        let mut answers = Vec::new();
        for order in orders.drain(..) {
            self.order(order, now, &mut answers);
        }
        if self.worker.socket.receive(received) {
            for (from, to, bytes) in received.datagrams() {
                self.datagram(from, to, bytes, now);
            }
        }
        if self.shard.deadline().is_some_and(|at| at <= now) {
            let _ = self.shard.handle(now, Input::Tick);
        }
        self.drain(&mut answers);
        if now - self.swept >= LONGEST_SLEEP {
            self.swept = now;
            self.peers.retain(|_, peer| peer.bound || now - peer.opened < PROBATION);
        }
        for answer in answers {
            if self.worker.heard.send(answer).await.is_err() {
                return;
            }
        }
    }

    fn order(&mut self, order: Order, now: Instant, answers: &mut Vec<Heard>) {
        match order {
            Order::Input(input, tag) => {
                let result = self.shard.handle(now, *input);
                self.drain(answers);
                match (tag, result) {
                    (Some(tag), result) => answers.push(Heard::Answered(tag, result)),
                    (None, Err(refusal)) => tracing::debug!(%refusal, "The forwarding unit refused an order"),
                    (None, Ok(())) => {}
                }
            }
            Order::Datagram { proto, from, to, bytes } => {
                let _ = self.shard.handle(now, Input::Datagram { proto, from, to, bytes });
            }
            Order::TcpOpened { peer, frames } => {
                if self.peers.len() < MAX_TCP_CONNECTIONS {
                    self.peers.insert(peer, TcpPeer { frames, opened: now, bound: false });
                }
            }
            Order::TcpClosed { peer } => {
                self.peers.remove(&peer);
            }
        }
    }

    /// A datagram from the socket: ours, another shard's, or nobody's.
    fn datagram(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8], now: Instant) {
        let own = self.worker.number;
        let place = match classify(bytes) {
            Datagram::Foreign => return,
            Datagram::Check(name) => name.shard,
            Datagram::ByAddress if self.worker.shards.len() == 1 => own,
            Datagram::ByAddress => {
                let table = self.worker.table.read().unwrap_or_else(PoisonError::into_inner);
                let Some(place) = table.get(&(Proto::Udp, from)).copied() else { return };
                place
            }
        };
        let bytes = Bytes::copy_from_slice(bytes);
        if place == own {
            let _ = self.shard.handle(now, Input::Datagram { proto: Proto::Udp, from, to, bytes });
        } else if let Some(other) = self.worker.shards.get(usize::from(place.0)) {
            let order = Order::Datagram { proto: Proto::Udp, from, to, bytes };
            if other.try_send(order).is_err() {
                metrics::counter!("fernamt_media_datagrams_dropped_total", "why" => "busy").increment(1);
            }
        }
    }

    fn drain(&mut self, answers: &mut Vec<Heard>) {
        while let Some(output) = self.shard.poll() {
            match output {
                Output::Transmit(transmit) => self.transmit(&transmit),
                Output::Event(Event::AddressBound { proto, from }) => self.bound(proto, from),
                Output::Event(Event::AddressReleased { proto, from }) => self.released(proto, from),
                Output::Event(event) => answers.push(Heard::Event(event)),
            }
        }
    }

    fn transmit(&mut self, transmit: &Transmit) {
        match transmit.proto {
            Proto::Udp => self.worker.socket.send(transmit),
            Proto::Tcp => {
                let Some(peer) = self.peers.get(&transmit.to) else { return };
                for datagram in transmit.datagrams() {
                    if let Err(TrySendError::Full(_)) = peer.frames.try_send(Bytes::copy_from_slice(datagram)) {
                        // A stream that lost a frame goes on, but one that is so far behind serves nobody.
                        metrics::counter!("fernamt_media_datagrams_dropped_total", "why" => "tcp").increment(1);
                        self.peers.remove(&transmit.to);
                        return;
                    }
                }
            }
        }
    }

    fn bound(&mut self, proto: Proto, from: SocketAddr) {
        if proto == Proto::Tcp
            && let Some(peer) = self.peers.get_mut(&from)
        {
            peer.bound = true;
        }
        if self.worker.shards.len() > 1 {
            let mut table = self.worker.table.write().unwrap_or_else(PoisonError::into_inner);
            table.insert((proto, from), self.worker.number);
        }
    }

    fn released(&mut self, proto: Proto, from: SocketAddr) {
        if proto == Proto::Tcp {
            self.peers.remove(&from);
        }
        if self.worker.shards.len() > 1 {
            let mut table = self.worker.table.write().unwrap_or_else(PoisonError::into_inner);
            if table.get(&(proto, from)) == Some(&self.worker.number) {
                table.remove(&(proto, from));
            }
        }
    }
}
