//! A shard, clients and the network between them.

pub(crate) mod client;
pub(crate) mod net;
mod picture;
mod sound;
pub(crate) mod track;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use client::{Client, Takes};
use fernamt_sfu::{
    Address, Event, IceSecrets, Input, Join, Kind, Layer, NewTrack, Output, Permissions, Proto, Publish, Quality,
    Refusal, RoomId, SeatId, Shard, ShardConfig, ShardNo, Sid, Source,
};
use net::{DOWN, Net, Packet, UP};
use track::{Heard, Track};

pub(crate) const ROOM: RoomId = RoomId(7);
const FRAME_EVERY: Duration = Duration::from_millis(33);
const SOUND_EVERY: Duration = Duration::from_millis(20);

pub(crate) struct World {
    pub(crate) shard: Shard,
    pub(crate) net: Net,
    pub(crate) start: Instant,
    pub(crate) now: Instant,
    pub(crate) clients: Vec<Client>,
    /// Everything the shard said, with its time.
    pub(crate) events: Vec<(Instant, Event)>,
    pub(crate) room: RoomId,
    /// What those who join take.
    pub(crate) takes: Takes,
    next_video: Instant,
    next_sound: Instant,
    pub(crate) pieces: u64,
    pub(crate) datagrams: u64,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let now = Instant::now();
        Self {
            shard: Shard::new(ShardConfig::new(ShardNo(3)), now),
            net: Net::new(seed),
            start: now,
            now,
            clients: Vec::new(),
            events: Vec::new(),
            room: ROOM,
            takes: Takes { red: true, av1: true },
            next_video: now,
            next_sound: now,
            pieces: 0,
            datagrams: 0,
        }
    }

    pub(crate) fn server(proto: Proto) -> SocketAddr {
        match proto {
            Proto::Udp => SocketAddr::from(([192, 0, 2, 1], 3478)),
            Proto::Tcp => SocketAddr::from(([192, 0, 2, 1], 443)),
        }
    }

    pub(crate) fn join(&mut self) -> usize {
        self.join_with(Proto::Udp, everything()).unwrap()
    }

    pub(crate) fn join_with(&mut self, proto: Proto, permissions: Permissions) -> Result<usize, Refusal> {
        let number = u8::try_from(self.clients.len()).unwrap();
        let seat = SeatId(u32::from(number) + 1);
        let mut random = [0; 24];
        random[..8].copy_from_slice(&(u64::from(number) + 77).to_be_bytes());
        self.shard.handle(
            self.now,
            Input::Join(Join {
                seat,
                room: self.room,
                name: Sid::new(&format!("PA_{number}")).unwrap(),
                permissions,
                auto_subscribe: true,
                addresses: vec![Address { proto, addr: Self::server(proto) }],
                secrets: IceSecrets { publisher: random, subscriber: random.map(|byte| !byte) },
            }),
        )?;
        self.clients.push(Client::new(seat, number + 1, proto, self.takes, self.now));
        self.drain();
        Ok(usize::from(number))
    }

    /// Announces and offers tracks.
    pub(crate) fn publish(&mut self, client: usize, tracks: Vec<Track>) -> Vec<Sid> {
        let sids = tracks.iter().map(|track| track.sid.clone()).collect();
        for track in &tracks {
            let new = announcement(track);
            let seat = self.clients[client].seat;
            self.shard.handle(self.now, Input::AddTrack { seat, track: new }).unwrap();
        }
        self.offer(client, tracks, &[]);
        sids
    }

    pub(crate) fn offer(&mut self, client: usize, tracks: Vec<Track>, remove: &[Sid]) {
        let (id, sdp) = self.clients[client].offer(tracks, remove);
        let seat = self.clients[client].seat;
        self.shard.handle(self.now, Input::PublisherOffer { seat, id, sdp }).unwrap();
        self.drain();
    }

    pub(crate) fn tell(&mut self, input: Input) {
        self.shard.handle(self.now, input).unwrap();
        self.drain();
    }

    pub(crate) fn seat(&self, client: usize) -> SeatId {
        self.clients[client].seat
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            let clients = self.clients.iter().flat_map(|client| client.wake_at);
            let next = clients
                .chain(self.shard.deadline())
                .chain(self.net.next_at())
                .chain([self.next_video, self.next_sound, until])
                .min()
                .unwrap();
            self.now = self.now.max(next).min(until);
            self.step();
        }
    }

    /// Lets time pass until something holds.
    pub(crate) fn run_until(
        &mut self,
        at_most: Duration,
        what: &str,
        mut holds: impl FnMut(&Self) -> bool,
    ) -> Duration {
        let begin = self.now;
        while !holds(self) {
            assert!(self.now - begin < at_most, "not within {at_most:?}: {what}");
            self.run(Duration::from_millis(20));
        }
        self.now - begin
    }

    fn step(&mut self) {
        let now = self.now;
        let since = now - self.start;
        if self.next_video <= now {
            self.next_video += FRAME_EVERY;
            self.clients.iter_mut().for_each(|client| client.speak(now, since, true));
        }
        if self.next_sound <= now {
            self.next_sound += SOUND_EVERY;
            self.clients.iter_mut().for_each(|client| client.speak(now, since, false));
        }
        while let Some(packet) = self.net.arrived(now) {
            let server = [Proto::Udp, Proto::Tcp].map(Self::server);
            if server.contains(&packet.to) {
                let Packet { proto, from, to, bytes } = packet;
                self.shard.handle(now, Input::Datagram { proto, from, to, bytes }).unwrap();
            } else if let Some(client) = self.at(packet.to) {
                self.clients[client].receive(now, packet.from, packet.to, &packet.bytes);
                self.clients[client].advance(now, self.start);
            }
        }
        if self.shard.deadline().is_some_and(|at| at <= now) {
            self.shard.handle(now, Input::Tick).unwrap();
        }
        self.drain();
        for index in 0..self.clients.len() {
            self.clients[index].advance(now, self.start);
            let proto = self.clients[index].proto;
            while let Some((from, to, bytes)) = self.clients[index].outbox.pop_front() {
                // From an address it has left nothing comes.
                if self.at(from) != Some(index) {
                    continue;
                }
                self.net.send(now, index, UP, Packet { proto, from, to, bytes });
            }
        }
    }

    fn at(&self, addr: SocketAddr) -> Option<usize> {
        self.clients.iter().position(|client| [client.publisher_addr, client.subscriber_addr].contains(&addr))
    }

    fn by_seat(&self, seat: SeatId) -> Option<usize> {
        self.clients.iter().position(|client| client.seat == seat)
    }

    /// Does what the shard says.
    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.shard.poll() {
            match output {
                Output::Transmit(transmit) => {
                    self.pieces += 1;
                    let Some(client) = self.at(transmit.to) else { continue };
                    for datagram in transmit.datagrams() {
                        self.datagrams += 1;
                        let bytes = Bytes::copy_from_slice(datagram);
                        let (proto, from, to) = (transmit.proto, transmit.from, transmit.to);
                        self.net.send(self.now, client, DOWN, Packet { proto, from, to, bytes });
                    }
                }
                Output::Event(event) => self.on_event(event),
            }
        }
    }

    fn on_event(&mut self, event: Event) {
        self.events.push((self.now, event.clone()));
        match event {
            Event::Answer { seat, id, sdp, .. } => {
                let index = self.by_seat(seat).unwrap();
                let client = &mut self.clients[index];
                assert_eq!(client.offer_id, id);
                client.answered(&sdp);
            }
            Event::Offer { seat, id, sdp, mids } => {
                let Some(index) = self.by_seat(seat) else { return };
                let client = &mut self.clients[index];
                if client.answers {
                    let sdp = client.answer(&sdp, mids);
                    self.shard.handle(self.now, Input::SubscriberAnswer { seat, id, sdp }).unwrap();
                }
            }
            // As the media plane does it, without its envelope.
            Event::Data { seat, channel, bytes } => {
                let room = self.room;
                self.shard.handle(self.now, Input::Data { room, from: Some(seat), to: None, channel, bytes }).unwrap();
            }
            _ => {}
        }
    }

    pub(crate) fn heard(&self, client: usize, sid: &Sid) -> Heard {
        self.clients[client].heard.get(sid).cloned().unwrap_or_default()
    }

    pub(crate) fn forget_heard(&mut self) {
        self.clients.iter_mut().for_each(|client| client.heard.clear());
    }

    pub(crate) fn saw(&self, what: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|(_, event)| what(event)).count()
    }
}

pub(crate) fn everything() -> Permissions {
    Permissions { publish: Publish::Everything, subscribe: true, data: true, unmute: true }
}

pub(crate) fn announcement(track: &Track) -> NewTrack {
    let sizes = [(320, 180), (640, 360), (1280, 720)];
    NewTrack {
        sid: track.sid.clone(),
        cid: track.cid.clone(),
        kind: if track.video { Kind::Video } else { Kind::Audio },
        source: if track.video { Source::Camera } else { Source::Microphone },
        muted: false,
        layers: if track.layers.len() > 1 {
            let layers = Quality::ALL.into_iter().zip(sizes);
            layers.map(|(quality, (width, height))| Layer { quality, width, height, bitrate_bps: 0 }).collect()
        } else {
            Vec::new()
        },
        encrypted: false,
        red: track.red,
        codec: track.codec,
    }
}
