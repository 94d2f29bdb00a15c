//! LiveKit's client protocol as far as the load needs it: join, publish, subscribe. The same for the real server and ours.

use std::{
    collections::{BTreeSet, HashMap},
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use fernamt_testkit::conversation::Frames;
use livekit_protocol::{
    AddTrackRequest, Ping, SessionDescription, SignalRequest, SignalResponse, TrackSource, TrackType,
    UpdateSubscription, signal_request::Message as Say, signal_response::Message as Heard,
};
use prost::Message as _;
use str0m::media::{MediaKind, Mid};

use super::load::{Load, Shape};

/// As stock clients do it.
const PING_EVERY: Duration = Duration::from_secs(5);

/// One participant's signalling.
pub(crate) struct Call {
    socket: TcpStream,
    head: Vec<u8>,
    upgraded: bool,
    frames: Frames,
    publish: Option<Shape>,
    accepted: bool,
    mid: Option<Mid>,
    pub(crate) publisher: Option<usize>,
    pub(crate) subscriber: Option<usize>,
    pub(crate) begun: Instant,
    /// The own track's id at the server.
    own: Option<String>,
    /// All tracks of the room, the own one too.
    known: BTreeSet<String>,
    next_ping: Instant,
    waiting: HashMap<i32, Vec<String>>,
}

impl Call {
    /// Knocks; everything else happens in [`Call::hear`].
    pub(crate) fn join(
        load: &Load,
        number: usize,
        address: SocketAddr,
        token: &str,
        publish: Option<Shape>,
        subscribe_all: bool,
    ) -> Result<Self> {
        Self::join_at(load, number, (address, &address.to_string()), token, publish, subscribe_all)
    }

    /// The same at a server that has several names.
    pub(crate) fn join_at(
        load: &Load,
        number: usize,
        (address, host): (SocketAddr, &str),
        token: &str,
        publish: Option<Shape>,
        subscribe_all: bool,
    ) -> Result<Self> {
        let begun = Instant::now();
        let mut socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        let all = i32::from(subscribe_all);
        write!(
            socket,
            "GET /rtc?access_token={token}&auto_subscribe={all}&protocol=17&sdk=rust&version=0.10.0 HTTP/1.1\r\n\
             Host: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )?;
        socket.set_nonblocking(true)?;
        load.watch_signal(&socket, number)?;
        Ok(Self {
            socket,
            head: Vec::new(),
            upgraded: false,
            frames: Frames::default(),
            publish,
            accepted: publish.is_none(),
            mid: None,
            publisher: None,
            subscriber: None,
            begun,
            own: None,
            known: BTreeSet::new(),
            next_ping: begun + PING_EVERY,
            waiting: HashMap::new(),
        })
    }

    /// Whether the own track can be sent, if there is one.
    pub(crate) fn sends(&self, load: &Load) -> bool {
        self.publish.is_none() || (self.accepted && self.publisher.is_some_and(|peer| load.connected(peer)))
    }

    /// The own track, once: to begin sending it.
    pub(crate) fn take_track(&mut self) -> Option<(usize, Mid, Shape)> {
        Some((self.publisher?, self.mid.take()?, self.publish?))
    }

    /// How many tracks the room has, as far as this participant was told.
    pub(crate) fn known(&self) -> usize {
        self.known.len()
    }

    /// Subscribes to those who come next in the room's order, so that each track gets as many subscribers as another.
    pub(crate) fn subscribe_next(&mut self, count: usize) -> Result<()> {
        let own = self.own.as_ref().context("whoever subscribes also publishes here")?;
        let after = self.known.iter().filter(|track| *track > own);
        let tracks: Vec<_> = after.chain(self.known.iter().filter(|track| *track < own)).take(count).cloned().collect();
        let update = UpdateSubscription { track_sids: tracks, subscribe: true, participant_tracks: Vec::new() };
        self.say(Say::Subscription(update))
    }

    /// Keeps the connection alive.
    pub(crate) fn ping(&mut self, now: Instant) -> Result<()> {
        if now < self.next_ping || !self.upgraded {
            return Ok(());
        }
        self.next_ping = now + PING_EVERY;
        self.say(Say::PingReq(Ping { timestamp: 1, rtt: 1 }))
    }

    /// Takes in what the server says.
    pub(crate) fn hear(&mut self, load: &mut Load) -> Result<()> {
        let mut buffer = [0; 16 * 1024];
        loop {
            let count = match self.socket.read(&mut buffer) {
                Ok(0) => bail!("the server hung up: {}", String::from_utf8_lossy(&self.head)),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let mut bytes = buffer.get(..count).unwrap_or_default();
            let rest;
            if !self.upgraded {
                self.head.extend_from_slice(bytes);
                let Some(end) = self.head.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
                if !self.head.starts_with(b"HTTP/1.1 101") {
                    bail!("the server refuses: {}", String::from_utf8_lossy(&self.head));
                }
                self.upgraded = true;
                rest = self.head.split_off(end + 4);
                bytes = &rest;
            }
            let mut messages = Vec::new();
            self.frames.take(bytes, |message| messages.push(SignalResponse::decode(message)));
            for message in messages {
                if let Some(message) = message?.message {
                    self.heed(load, message)?;
                }
            }
        }
    }

    fn heed(&mut self, load: &mut Load, message: Heard) -> Result<()> {
        match message {
            Heard::Join(join) => {
                self.note(&join.other_participants);
                if let Some(shape) = self.publish {
                    self.say(Say::AddTrack(request(shape)))?;
                }
            }
            Heard::TrackPublished(published) => {
                let peer = load.add_peer()?;
                self.own = published.track.map(|track| track.sid);
                self.known.extend(self.own.clone());
                let shape = self.publish.context("a track was asked for")?;
                let (sdp, mids) = load.offer(peer, &[(published.cid, shape)])?;
                self.publisher = Some(peer);
                self.mid = mids.into_iter().next();
                self.say(Say::Offer(SessionDescription {
                    r#type: "offer".to_owned(),
                    sdp,
                    id: 1,
                    ..Default::default()
                }))?;
            }
            Heard::Answer(answer) => {
                let peer = self.publisher.context("an answer to an offer")?;
                load.accept_answer(peer, &answer.sdp)?;
                self.accepted = true;
                self.late_candidates(load, 0, peer)?;
            }
            Heard::Offer(offer) => {
                let peer = match self.subscriber {
                    Some(peer) => peer,
                    None => *self.subscriber.insert(load.add_peer()?),
                };
                let sdp = load.answer(peer, &offer.sdp)?;
                let answer =
                    SessionDescription { r#type: "answer".to_owned(), sdp, id: offer.id, ..Default::default() };
                self.say(Say::Answer(answer))?;
                self.late_candidates(load, 1, peer)?;
            }
            Heard::Trickle(trickle) => {
                let told: serde_json::Value = serde_json::from_str(&trickle.candidate_init)?;
                let candidate = told["candidate"].as_str().unwrap_or_default().to_owned();
                self.waiting.entry(trickle.target).or_default().push(candidate);
                let peer = if trickle.target == 0 { self.publisher.filter(|_| self.accepted) } else { self.subscriber };
                if let Some(peer) = peer {
                    self.late_candidates(load, trickle.target, peer)?;
                }
            }
            Heard::Update(update) => self.note(&update.participants),
            Heard::Leave(leave) => bail!("the server sends us away: {leave:?}"),
            Heard::RequestResponse(response) if response.reason != 0 => bail!("refused: {response:?}"),
            _ => {}
        }
        Ok(())
    }

    /// Candidates count once the description they belong to is known.
    fn late_candidates(&mut self, load: &mut Load, target: i32, peer: usize) -> Result<()> {
        for candidate in self.waiting.remove(&target).unwrap_or_default() {
            if !candidate.is_empty() {
                load.add_candidate(peer, &candidate)?;
            }
        }
        Ok(())
    }

    fn note(&mut self, participants: &[livekit_protocol::ParticipantInfo]) {
        self.known
            .extend(participants.iter().flat_map(|participant| &participant.tracks).map(|track| track.sid.clone()));
    }

    fn say(&mut self, message: Say) -> Result<()> {
        let message = SignalRequest { message: Some(message) }.encode_to_vec();
        // Binary, last, masked by zeroes.
        let mut frame = vec![0x82];
        match u16::try_from(message.len())? {
            length @ ..126 => frame.push(0x80 | u8::try_from(length)?),
            length => {
                frame.push(0xfe);
                frame.extend(length.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(message);
        self.socket.set_nonblocking(false)?;
        self.socket.write_all(&frame)?;
        Ok(self.socket.set_nonblocking(true)?)
    }
}

fn request(shape: Shape) -> AddTrackRequest {
    let (kind, source) = match shape.kind() {
        MediaKind::Video => (TrackType::Video, TrackSource::Camera),
        MediaKind::Audio => (TrackType::Audio, TrackSource::Microphone),
    };
    let (width, height) = if kind == TrackType::Video { (1280, 720) } else { (0, 0) };
    AddTrackRequest {
        cid: "load-track".to_owned(),
        name: "load".to_owned(),
        r#type: kind.into(),
        source: source.into(),
        width,
        height,
        disable_red: true,
        ..Default::default()
    }
}
