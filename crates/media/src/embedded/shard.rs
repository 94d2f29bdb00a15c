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
    sync::{
        Notify,
        mpsc::{self, error::TrySendError},
    },
    time::sleep_until,
};
use tokio_util::sync::CancellationToken;

use super::{
    control::Tag,
    udp::{Received, Socket},
    wing::Heard,
};

/// The most orders that wait for a shard.
pub(crate) const MAX_WAITING_ORDERS: usize = 65_536;

/// What of that clients leave free for orders of the feature.
pub(crate) const KEPT_FOR_FEATURES: usize = 32_768;

/// What of that is left free for the ends of seats. Each seat ends once, so this is never used up.
pub(crate) const KEPT_FOR_ENDS: usize = 16_384;

/// The most datagrams for a shard that came in elsewhere and wait.
pub(crate) const MAX_WAITING_DATAGRAMS: usize = 32_768;

/// The most connections of ICE-TCP at one shard.
const MAX_TCP_CONNECTIONS: usize = 4096;

/// How long such a connection may stay without having shown that it belongs to a seat.
const PROBATION: Duration = Duration::from_secs(15);

/// How many orders, and how many datagrams from elsewhere, are taken before the shard's answers leave.
const TAKEN_AT_ONCE: usize = 128;

/// How long a shard sleeps at the longest.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// What a shard is told to do; what comes of it is told where there is a tag.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) input: Box<Input>,
    pub(crate) tag: Option<Tag>,
}

/// What is brought to a shard. It has a queue of its own: whoever floods it holds up no order.
#[derive(Debug)]
pub(crate) enum Carried {
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
    /// Told whenever orders were taken.
    pub(crate) taken: Arc<Notify>,
    pub(crate) carried: mpsc::Receiver<Carried>,
    pub(crate) heard: mpsc::Sender<Heard>,
    /// The ways for what is carried to all shards, this one included.
    pub(crate) shards: Arc<[mpsc::Sender<Carried>]>,
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
        let mut taken = Taken::default();
        let mut received = Received::new();
        loop {
            let now = Instant::now();
            let wake = running.shard.deadline().map_or(now + LONGEST_SLEEP, |at| at.min(now + LONGEST_SLEEP));
            let Worker { orders, carried, socket, .. } = &mut running.worker;
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                count = orders.recv_many(&mut taken.orders, TAKEN_AT_ONCE) => {
                    if count == 0 {
                        break;
                    }
                }
                count = carried.recv_many(&mut taken.carried, TAKEN_AT_ONCE) => {
                    if count == 0 {
                        break;
                    }
                }
                ready = socket.readable() => ready?,
                () = sleep_until(wake.into()) => {}
            }
            running.take(&mut taken, TAKEN_AT_ONCE);
            running.turn(&mut taken, &mut received).await;
        }
        // What the last orders were, such as farewells, is still to leave.
        running.take(&mut taken, MAX_WAITING_ORDERS);
        running.turn(&mut taken, &mut received).await;
        Ok(())
    }
}

/// What is dealt with in one turn: orders first.
#[derive(Default)]
struct Taken {
    orders: Vec<Order>,
    carried: Vec<Carried>,
}

impl Running {
    /// Takes what waits beside what woke the shard: neither queue keeps the other waiting.
    fn take(&mut self, taken: &mut Taken, most: usize) {
        while taken.orders.len() < most
            && let Ok(order) = self.worker.orders.try_recv()
        {
            taken.orders.push(order);
        }
        while taken.carried.len() < TAKEN_AT_ONCE
            && let Ok(carried) = self.worker.carried.try_recv()
        {
            taken.carried.push(carried);
        }
        if !taken.orders.is_empty() {
            self.worker.taken.notify_waiters();
        }
    }

    /// Deals with what was taken, lets time pass, sends what follows.
    async fn turn(&mut self, taken: &mut Taken, received: &mut Received) {
        let now = Instant::now();
        let mut answers = Vec::new();
        for order in taken.orders.drain(..) {
            self.order(order, now, &mut answers);
        }
        for carried in taken.carried.drain(..) {
            self.carried(carried, now);
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
            self.sweep(now);
        }
        for answer in answers {
            if self.worker.heard.send(answer).await.is_err() {
                return;
            }
        }
    }

    /// Forgets connections that ended without a word, or belong to nobody.
    fn sweep(&mut self, now: Instant) {
        self.peers.retain(|_, peer| !peer.frames.is_closed() && (peer.bound || now - peer.opened < PROBATION));
    }

    fn order(&mut self, Order { input, tag }: Order, now: Instant, answers: &mut Vec<Heard>) {
        let result = self.shard.handle(now, *input);
        self.drain(answers);
        match (tag, result) {
            (Some(tag), result) => answers.push(Heard::Answered(tag, result)),
            (None, Err(refusal)) => tracing::debug!(%refusal, "The forwarding unit refused an order"),
            (None, Ok(())) => {}
        }
    }

    fn carried(&mut self, carried: Carried, now: Instant) {
        match carried {
            Carried::Datagram { proto, from, to, bytes } => {
                let _ = self.shard.handle(now, Input::Datagram { proto, from, to, bytes });
            }
            Carried::TcpOpened { peer, frames } => {
                if self.peers.len() < MAX_TCP_CONNECTIONS {
                    self.peers.insert(peer, TcpPeer { frames, opened: now, bound: false });
                }
            }
            Carried::TcpClosed { peer } => {
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
            let carried = Carried::Datagram { proto: Proto::Udp, from, to, bytes };
            if other.try_send(carried).is_err() {
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use fernamt_sfu::{IceSecrets, Join, Permissions, Publish, RoomId, SeatId as SeatNo, Sid};

    use super::{
        super::{udp::bind, wing::MAX_WAITING_HEARD},
        *,
    };

    const SEAT: SeatNo = SeatNo(1);

    fn join() -> Order {
        let permissions = Permissions { publish: Publish::Nothing, subscribe: true, data: false, unmute: true };
        let join = Join {
            seat: SEAT,
            room: RoomId(1),
            name: Sid::new("PA_1").unwrap(),
            permissions,
            auto_subscribe: true,
            addresses: Vec::new(),
            secrets: IceSecrets { publisher: [1; 24], subscriber: [2; 24] },
        };
        Order { input: Box::new(Input::Join(join)), tag: Some(Tag::Join(SEAT)) }
    }

    type Ends = (mpsc::Sender<Order>, mpsc::Sender<Carried>, mpsc::Receiver<Heard>);

    fn worker() -> (Worker, Ends) {
        let raw = bind((Ipv4Addr::LOCALHOST, 0).into(), 1).unwrap().remove(0);
        let (order, orders) = mpsc::channel(MAX_WAITING_ORDERS);
        let (carry, carried) = mpsc::channel(MAX_WAITING_DATAGRAMS);
        let (heard, told) = mpsc::channel(MAX_WAITING_HEARD);
        let worker = Worker {
            number: ShardNo(0),
            socket: Socket::new(raw, Vec::new()).unwrap(),
            orders,
            taken: Arc::default(),
            carried,
            heard,
            shards: Arc::new([carry.clone()]),
            table: Table::default(),
        };
        (worker, (order, carry, told))
    }

    #[tokio::test]
    async fn connections_over_tcp_are_so_many_and_no_more_and_those_that_ended_are_forgotten() {
        let (worker, _ends) = worker();
        let now = Instant::now();
        let shard = Shard::new(ShardConfig::new(worker.number), now);
        let mut running = Running { shard, worker, peers: HashMap::new(), swept: now };
        let open = |running: &mut Running, port: u16| {
            let (frames, waiting) = mpsc::channel(1);
            running.carried(Carried::TcpOpened { peer: (Ipv4Addr::LOCALHOST, port).into(), frames }, now);
            waiting
        };
        let count = u16::try_from(MAX_TCP_CONNECTIONS).unwrap();
        let mut held: Vec<_> = (0..count).map(|port| open(&mut running, port)).collect();
        assert!(open(&mut running, count).is_closed(), "one more ends at once");
        assert!(held.iter().all(|waiting| !waiting.is_closed()));
        // Nobody told the shard that these ended.
        held.truncate(10);
        running.sweep(now);
        assert_eq!(running.peers.len(), 10);
        running.sweep(now + PROBATION);
        assert!(running.peers.is_empty(), "none has shown that it belongs to a seat");
    }

    #[test]
    fn orders_are_dealt_with_amid_a_flood_of_datagrams() {
        let (worker, (order, carry, mut told)) = worker();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let bytes = Bytes::from_static(&[0x80; 100]);
        let one = move || Carried::Datagram { proto: Proto::Udp, from: address, to: address, bytes: bytes.clone() };
        while carry.try_send(one()).is_ok() {}
        // Only if the seat was left in between can it be taken again.
        let leave = Order { input: Box::new(Input::Leave { seat: SEAT }), tag: None };
        for told in [join(), leave, join()] {
            order.try_send(told).unwrap();
        }
        let stop = CancellationToken::new();
        let thread = worker.start(stop.clone()).unwrap();
        let until = stop.clone();
        let flood = thread::spawn(move || {
            while !until.is_cancelled() {
                if carry.try_send(one()).is_err() {
                    thread::yield_now();
                }
            }
        });
        for _ in 0..2 {
            let answer = loop {
                match told.blocking_recv().unwrap() {
                    Heard::Answered(_, result) => break result,
                    Heard::Event(_) => {}
                }
            };
            assert_eq!(answer, Ok(()));
        }
        stop.cancel();
        flood.join().unwrap();
        thread.join().unwrap();
    }
}
