//! A shard: many rooms, owned by one thread.

mod bandwidth;
mod data;
mod events;
mod forward;
mod negotiate;
mod peer;
mod publish;
mod seat;
mod seats;
mod settle;
mod subscribe;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use str0m::{config::DtlsCert, crypto::CryptoProvider};

use self::seat::{Seat, Slot};
use crate::{
    dtls,
    front::{Datagram, ShardNo, classify},
    ids::{Proto, RoomId, SeatId, Side},
    input::Input,
    output::{Event, Output, Refusal},
    route::speakers,
};

/// How often what needs no haste is looked after.
const CARE_EVERY: Duration = Duration::from_millis(100);

/// What a shard needs to know from the beginning.
#[derive(Clone, Debug)]
pub struct ShardConfig {
    /// Its number; ICE names carry it.
    pub number: ShardNo,
    /// What a subscriber's line is taken to bear before it is measured, in bit/s.
    pub initial_bitrate_bps: u64,
}

impl ShardConfig {
    /// The usual values.
    pub fn new(number: ShardNo) -> Self {
        Self { number, initial_bitrate_bps: 1_500_000 }
    }
}

/// How much a shard has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Rooms with seats.
    pub rooms: usize,
    /// Seats.
    pub seats: usize,
    /// Tracks that have sent something.
    pub tracks: usize,
    /// Tracks somebody receives, once for each who does.
    pub subscriptions: usize,
    /// RTP packets taken from publishers since the beginning.
    pub packets_in: u64,
    /// RTP packets handed to subscribers since the beginning.
    pub packets_out: u64,
    /// How often it was decided whether a seat receives a track, since the beginning.
    pub looks: u64,
    /// Datagrams dropped because they fit no seat, since the beginning.
    pub strays: u64,
}

#[derive(Debug)]
struct Room {
    slots: Vec<Slot>,
    /// When it is looked at for who speaks.
    look_at: Instant,
}

/// Many rooms, owned by one thread. After each [`Shard::handle`], drain [`Shard::poll`]; call again with
/// [`Input::Tick`] when [`Shard::deadline`] is reached.
///
/// Several inputs may be handled before draining: what goes to one subscriber then leaves in one piece (GSO).
#[derive(Debug)]
pub struct Shard {
    config: ShardConfig,
    crypto: Arc<CryptoProvider>,
    cert: DtlsCert,
    now: Instant,
    rooms: HashMap<RoomId, Room>,
    seats: Vec<Option<Box<Seat>>>,
    free: Vec<Slot>,
    by_id: HashMap<SeatId, Slot>,
    addresses: HashMap<(Proto, SocketAddr), (Slot, Side)>,
    /// Connections to be polled.
    queue: VecDeque<(Slot, Side)>,
    /// Seats whose subscriber may need an offer.
    offers: Vec<Slot>,
    timers: BinaryHeap<Reverse<(Instant, Slot, Side)>>,
    care_at: Instant,
    rounds: u32,
    out: VecDeque<Output>,
    packets_in: u64,
    packets_out: u64,
    looks: u64,
    strays: u64,
}

impl Shard {
    /// An empty shard.
    pub fn new(config: ShardConfig, now: Instant) -> Self {
        let crypto = Arc::new(dtls::provider());
        let cert = crypto.dtls_provider.generate_certificate();
        Self {
            config,
            crypto,
            cert: cert.expect("aws-lc-rs makes certificates"),
            now,
            rooms: HashMap::new(),
            seats: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::new(),
            addresses: HashMap::new(),
            queue: VecDeque::new(),
            offers: Vec::new(),
            timers: BinaryHeap::new(),
            care_at: now + CARE_EVERY,
            rounds: 0,
            out: VecDeque::new(),
            packets_in: 0,
            packets_out: 0,
            looks: 0,
            strays: 0,
        }
    }

    /// Its number.
    pub fn number(&self) -> ShardNo {
        self.config.number
    }

    /// Takes one input. Time never goes backwards.
    pub fn handle(&mut self, now: Instant, input: Input) -> Result<(), Refusal> {
        self.now = self.now.max(now);
        match input {
            Input::Tick => {
                self.tick();
                Ok(())
            }
            Input::Join(join) => self.join(join),
            Input::Leave { seat } => {
                let slot = self.slot(seat)?;
                self.remove(slot);
                Ok(())
            }
            Input::PublisherOffer { seat, id, sdp } => self.publisher_offer(seat, id, &sdp),
            Input::SubscriberAnswer { seat, id, sdp } => self.subscriber_answer(seat, id, &sdp),
            Input::AddTrack { seat, track } => self.add_track(seat, track),
            Input::RemoveTrack { seat, track } => self.remove_track(seat, &track),
            Input::Mute { seat, track, muted, by } => self.mute(seat, &track, muted, by),
            Input::Subscribe { seat, tracks, wanted } => self.wish(seat, tracks, wanted),
            Input::TrackSetting { seat, tracks, setting } => self.setting(seat, tracks, setting),
            Input::SubscriptionPermission { seat, allowed } => self.allow(seat, allowed),
            Input::Permissions { seat, permissions } => self.permit(seat, permissions),
            Input::Data { room, from, to, channel, bytes } => {
                self.send_data(room, from, to.as_deref(), channel, &bytes)
            }
            Input::Datagram { proto, from, to, bytes } => {
                self.datagram(proto, from, to, &bytes);
                Ok(())
            }
        }
    }

    /// The next thing to do, or nothing until the next input.
    pub fn poll(&mut self) -> Option<Output> {
        if self.out.is_empty() {
            self.settle();
        }
        self.out.pop_front()
    }

    /// When [`Input::Tick`] is due at the latest. Drain [`Shard::poll`] before.
    pub fn deadline(&self) -> Option<Instant> {
        if self.by_id.is_empty() {
            return None;
        }
        let timer = self.timers.peek().map_or(self.care_at, |Reverse((at, ..))| *at);
        Some(timer.min(self.care_at))
    }

    /// How much there is to do.
    pub fn load(&self) -> Load {
        let seats = || self.seats.iter().flatten();
        Load {
            rooms: self.rooms.len(),
            seats: self.by_id.len(),
            tracks: seats().flat_map(|seat| &seat.tracks).filter(|track| track.params.is_some()).count(),
            subscriptions: seats().map(|seat| seat.live_subs()).sum(),
            packets_in: self.packets_in,
            packets_out: self.packets_out,
            looks: self.looks,
            strays: self.strays,
        }
    }

    fn tick(&mut self) {
        while let Some(Reverse((at, slot, side))) = self.timers.peek().copied() {
            if at > self.now {
                break;
            }
            self.timers.pop();
            let Some(peer) = self.peer(slot, side) else { continue };
            if peer.wake_at == Some(at) {
                peer.wake_at = None;
                self.enqueue(slot, side);
            }
        }
        if self.care_at <= self.now {
            self.care_at = self.now + CARE_EVERY;
            self.care();
        }
    }

    fn datagram(&mut self, proto: Proto, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let now = self.now;
        let known = match classify(bytes) {
            Datagram::Foreign => None,
            Datagram::ByAddress => self.addresses.get(&(proto, from)).copied(),
            Datagram::Check(name) if name.shard != self.config.number => None,
            Datagram::Check(name) => {
                self.by_id.get(&name.seat).map(|slot| (*slot, name.side)).filter(|(slot, side)| {
                    let seat = self.seats.get_mut(*slot).and_then(Option::as_mut);
                    seat.and_then(|seat| seat.peer(*side)).is_some_and(|peer| peer.authenticates(bytes))
                })
            }
        };
        let Some((slot, side)) = known else {
            self.strays += 1;
            return;
        };
        self.bind(proto, from, slot, side);
        let Some(peer) = self.peer(slot, side) else { return };
        peer.receive(now, proto, from, to, bytes);
        self.drain(slot, side);
    }

    /// Remembers that an address belongs to a connection.
    fn bind(&mut self, proto: Proto, from: SocketAddr, slot: Slot, side: Side) {
        if self.addresses.get(&(proto, from)) == Some(&(slot, side)) {
            return;
        }
        let Some(peer) = self.peer(slot, side) else { return };
        let (_, released) = peer.learn((proto, from));
        if let Some((other, side)) = self.addresses.insert((proto, from), (slot, side)) {
            // The address was somebody else's: a client that came back, or a gateway that reuses its ports.
            if let Some(peer) = self.peer(other, side) {
                peer.addresses.retain(|address| *address != (proto, from));
            }
        } else {
            self.event(Event::AddressBound { proto, from });
        }
        if let Some(address) = released {
            self.release(address);
        }
    }

    fn release(&mut self, address: (Proto, SocketAddr)) {
        if self.addresses.remove(&address).is_some() {
            self.event(Event::AddressReleased { proto: address.0, from: address.1 });
        }
    }

    fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    fn slot(&self, seat: SeatId) -> Result<Slot, Refusal> {
        self.by_id.get(&seat).copied().ok_or(Refusal::UnknownSeat)
    }

    fn seat(&mut self, slot: Slot) -> Option<&mut Seat> {
        self.seats.get_mut(slot)?.as_deref_mut()
    }

    fn peer(&mut self, slot: Slot, side: Side) -> Option<&mut peer::Peer> {
        self.seat(slot)?.peer(side)
    }

    /// The connection is to be polled before anything leaves.
    fn enqueue(&mut self, slot: Slot, side: Side) {
        let Some(peer) = self.peer(slot, side) else { return };
        if !peer.queued {
            peer.queued = true;
            self.queue.push_back((slot, side));
        }
    }

    /// The seats of a room, without borrowing the shard.
    fn slots_of(&self, room: RoomId) -> Vec<Slot> {
        self.rooms.get(&room).map(|room| room.slots.clone()).unwrap_or_default()
    }

    fn next_look(&self) -> Instant {
        speakers::next_look(self.now)
    }
}
