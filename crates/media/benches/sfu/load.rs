//! The load: many str0m clients in one thread, each with a socket of its own, sending at a fixed rate and measuring what
//! arrives decrypted.

use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr, UdpSocket},
    os::fd::{AsFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use rustix::event::{Timespec, epoll};
use str0m::{
    Candidate, Event, Input, Output, Rtc, RtcConfig,
    change::{SdpAnswer, SdpOffer, SdpPendingOffer},
    crypto::{
        CryptoProvider, SrtpProvider, SupportedAeadAes128Gcm, SupportedAeadAes256Gcm, SupportedAes128CmSha1_80,
        from_feature_flags,
    },
    media::{Direction, MediaKind, Mid},
    net::{Protocol, Receive},
    rtp::RtpWrite,
};

/// Stands at the end of every payload of ours, before the time it was sent.
const MAGIC: [u8; 8] = *b"fernamt!";
/// What a codec sends of silence.
const SILENT_BYTES: usize = 4;
/// How often timers of clients are looked at.
const TIMERS: Duration = Duration::from_millis(10);
/// Datagrams taken from one socket before the next one's turn.
const TURN: usize = 64;

/// What a publisher sends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// A picture in one layer.
    Picture { per_second: u32, packets: usize, bytes: usize },
    /// Sound of 20 ms a packet, or of somebody silent, whose codec sends every 400 ms.
    Sound { silent: bool },
}

impl Shape {
    /// 720p as a camera sends it: 1.6 Mbit/s, 180 packets a second.
    pub(crate) const HD: Self = Self::Picture { per_second: 30, packets: 6, bytes: 1100 };
    /// One of few: 0.8 Mbit/s, 90 packets a second.
    pub(crate) const GALLERY: Self = Self::Picture { per_second: 30, packets: 3, bytes: 1100 };
    /// One of many: 130 kbit/s, 15 packets a second.
    pub(crate) const SMALL: Self = Self::Picture { per_second: 15, packets: 1, bytes: 1100 };

    pub(crate) fn kind(self) -> MediaKind {
        match self {
            Self::Picture { .. } => MediaKind::Video,
            Self::Sound { .. } => MediaKind::Audio,
        }
    }

    fn interval(self) -> Duration {
        match self {
            Self::Picture { per_second, .. } => Duration::from_secs(1) / per_second,
            Self::Sound { silent: false } => Duration::from_millis(20),
            Self::Sound { silent: true } => Duration::from_millis(400),
        }
    }
}

/// All clients of one run.
pub(crate) struct Load {
    /// The clients' address.
    ip: IpAddr,
    epoll: OwnedFd,
    peers: Vec<Peer>,
    sendings: Vec<Sending>,
    begun: Instant,
    next_timers: Instant,
    crypto: Arc<CryptoProvider>,
    pub(crate) tally: Tally,
}

/// What was sent and what arrived of it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Only what was sent in this time counts, in nanoseconds since the beginning.
    window: Option<(u64, u64)>,
    /// How many packets should arrive: each counts once for everybody who is to see it. Silence need not: forwarding it
    /// or not is a server's own choice.
    pub(crate) expected: u64,
    /// How many of those arrived.
    arrived: u64,
    /// How many packets arrived, silence included.
    pub(crate) received: u64,
    pub(crate) delays_us: Vec<u32>,
}

struct Peer {
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    due: Instant,
    pending: Option<SdpPendingOffer>,
    connected: bool,
    received: u64,
    first_media: Option<Instant>,
    keyframe_wanted: bool,
}

struct Sending {
    peer: usize,
    mid: Mid,
    shape: Shape,
    receivers: u64,
    next: Instant,
    sequence: u64,
    frame: u32,
}

impl Load {
    pub(crate) fn new(ip: IpAddr) -> Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let crypto = Arc::new(CryptoProvider { srtp_provider: &WATCHED, ..from_feature_flags() });
        let now = Instant::now();
        Ok(Self {
            ip,
            epoll,
            peers: Vec::new(),
            sendings: Vec::new(),
            begun: now,
            next_timers: now,
            crypto,
            tally: Tally::default(),
        })
    }

    /// A client's end of one peer connection.
    pub(crate) fn add_peer(&mut self) -> Result<usize> {
        let socket = UdpSocket::bind((self.ip, 0))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let now = Instant::now();
        let mut rtc = RtcConfig::new()
            .set_crypto_provider(Arc::clone(&self.crypto))
            .clear_codecs()
            .enable_vp8(true)
            .enable_opus(true, false)
            .set_rtp_mode(true)
            .build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp")?);
        let index = self.peers.len();
        self.watch(&socket, index * 2)?;
        self.peers.push(Peer {
            rtc,
            socket,
            address,
            due: now,
            pending: None,
            connected: false,
            received: 0,
            first_media: None,
            keyframe_wanted: false,
        });
        self.drain(index)?;
        Ok(index)
    }

    /// Tells when a signalling socket has something to say: [`Load::step`] returns `number` then.
    pub(crate) fn watch_signal(&self, socket: impl AsFd, number: usize) -> Result<()> {
        self.watch(socket, number * 2 + 1)
    }

    fn watch(&self, socket: impl AsFd, data: usize) -> Result<()> {
        let data = epoll::EventData::new_u64(data as u64);
        Ok(epoll::add(&self.epoll, socket, data, epoll::EventFlags::IN)?)
    }

    /// An offer of one track a name; the names are what the server is told beforehand.
    pub(crate) fn offer(&mut self, peer: usize, tracks: &[(String, Shape)]) -> Result<(String, Vec<Mid>)> {
        let held = self.peer(peer)?;
        let mut api = held.rtc.sdp_api();
        let mids = tracks
            .iter()
            .map(|(name, shape)| {
                let (stream, track) = (Some("load".to_owned()), Some(name.clone()));
                api.add_media(shape.kind(), Direction::SendOnly, stream, track, None)
            })
            .collect();
        let (offer, pending) = api.apply().context("there is something to offer")?;
        held.pending = Some(pending);
        self.drain(peer)?;
        Ok((offer.to_sdp_string(), mids))
    }

    pub(crate) fn accept_answer(&mut self, peer: usize, sdp: &str) -> Result<()> {
        let held = self.peer(peer)?;
        let pending = held.pending.take().context("an answer to nothing")?;
        held.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(sdp)?)?;
        self.wake(peer)
    }

    pub(crate) fn answer(&mut self, peer: usize, sdp: &str) -> Result<String> {
        let offer = SdpOffer::from_sdp_string(sdp).with_context(|| format!("the server's offer: {sdp}"))?;
        let answer = self.peer(peer)?.rtc.sdp_api().accept_offer(offer)?;
        self.wake(peer)?;
        Ok(answer.to_sdp_string())
    }

    pub(crate) fn add_candidate(&mut self, peer: usize, candidate: &str) -> Result<()> {
        self.peer(peer)?.rtc.add_remote_candidate(Candidate::from_sdp_string(candidate)?);
        self.wake(peer)
    }

    /// The engine has no time of its own: without this it would never begin to look for a way to the server.
    fn wake(&mut self, peer: usize) -> Result<()> {
        self.drain(peer)?;
        self.peer(peer)?.rtc.handle_input(Input::Timeout(Instant::now()))?;
        self.drain(peer)
    }

    /// Lets a client send; `receivers` is how many others are to get it.
    pub(crate) fn send(&mut self, peer: usize, mid: Mid, shape: Shape, receivers: usize) {
        // Not all at the same moment, as people's cameras aren't either.
        let spread = shape.interval() * u32::try_from(self.sendings.len() % 16).unwrap_or_default() / 16;
        let next = Instant::now() + spread;
        let receivers = receivers as u64;
        self.sendings.push(Sending { peer, mid, shape, receivers, next, sequence: 1, frame: 0 });
    }

    pub(crate) fn connected(&self, peer: usize) -> bool {
        self.peers.get(peer).is_some_and(|peer| peer.connected)
    }

    pub(crate) fn first_media(&self, peer: usize) -> Option<Instant> {
        self.peers.get(peer)?.first_media
    }

    /// From now on for this time.
    pub(crate) fn open_window(&mut self, time: Duration) {
        let from = nanoseconds(self.begun.elapsed());
        self.tally = Tally { window: Some((from, from + nanoseconds(time))), ..Tally::default() };
    }

    /// Works until something came over a signalling socket, or `limit` is over.
    pub(crate) fn step(&mut self, limit: Duration) -> Result<Vec<usize>> {
        let now = Instant::now();
        self.send_due(now)?;
        if now >= self.next_timers {
            self.next_timers = now + TIMERS;
            for index in 0..self.peers.len() {
                let peer = self.peer(index)?;
                if peer.due <= now {
                    peer.rtc.handle_input(Input::Timeout(now))?;
                    self.drain(index)?;
                }
            }
        }
        let next = self.sendings.iter().map(|sending| sending.next).fold(self.next_timers, Instant::min);
        let wait = next.saturating_duration_since(Instant::now()).min(limit);
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(wait.subsec_nanos()) };
        let mut events = [const { std::mem::MaybeUninit::uninit() }; 256];
        let (events, _) = match epoll::wait(&self.epoll, &mut events, Some(&timeout)) {
            Err(rustix::io::Errno::INTR) => return Ok(Vec::new()),
            events => events?,
        };
        let mut signals = Vec::new();
        for event in events {
            let data = usize::try_from(event.data.u64())?;
            if data % 2 == 0 { self.receive(data / 2)? } else { signals.push(data / 2) }
        }
        Ok(signals)
    }

    fn receive(&mut self, index: usize) -> Result<()> {
        let mut buffer = [0; 2048];
        for _ in 0..TURN {
            let now = Instant::now();
            let peer = self.peer(index)?;
            let (length, source) = match peer.socket.recv_from(&mut buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // The server closed its socket; what is lost is counted.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let Ok(contents) = buffer.get(..length).unwrap_or_default().try_into() else { continue };
            let receive = Receive { proto: Protocol::Udp, source, destination: peer.address, contents };
            peer.rtc.handle_input(Input::Receive(now, receive))?;
            self.drain(index)?;
        }
        Ok(())
    }

    fn drain(&mut self, index: usize) -> Result<()> {
        let begun = self.begun;
        let peer = self.peers.get_mut(index).context("a peer of ours")?;
        loop {
            match peer.rtc.poll_output()? {
                Output::Timeout(due) => {
                    peer.due = due;
                    return Ok(());
                }
                // A full socket is a lost packet, and counted as such.
                Output::Transmit(out) => drop(peer.socket.send_to(&out.contents, out.destination)),
                Output::Event(Event::RtpPacket(packet)) => {
                    if let Some(sent) = sent_at(&packet.payload) {
                        peer.received += 1;
                        peer.first_media.get_or_insert_with(Instant::now);
                        let silence = packet.payload.len() <= SILENT_BYTES + MAGIC.len() + size_of::<u64>();
                        self.tally.receive(sent, nanoseconds(begun.elapsed()), silence);
                    }
                }
                Output::Event(Event::Connected) => peer.connected = true,
                Output::Event(Event::KeyframeRequest(_)) => peer.keyframe_wanted = true,
                Output::Event(_) => {}
            }
        }
    }

    fn send_due(&mut self, now: Instant) -> Result<()> {
        for at in 0..self.sendings.len() {
            let Some(sending) = self.sendings.get_mut(at).filter(|sending| sending.next <= now) else { continue };
            sending.next += sending.shape.interval();
            // After a stall nothing is made up for: a camera would not either.
            if sending.next < now {
                sending.next = now + sending.shape.interval();
            }
            sending.frame += 1;
            let (peer, mid, shape, receivers, frame) =
                (sending.peer, sending.mid, sending.shape, sending.receivers, sending.frame);
            let first = sending.sequence;
            let count = match shape {
                Shape::Picture { packets, .. } => packets,
                Shape::Sound { .. } => 1,
            };
            sending.sequence += count as u64;
            for number in 0..count {
                let sent = nanoseconds(self.begun.elapsed());
                self.write(peer, mid, (shape, sent), frame, first + number as u64, (number, count))?;
                if !matches!(shape, Shape::Sound { silent: true }) {
                    self.tally.send(sent, receivers);
                }
            }
        }
        Ok(())
    }

    fn write(
        &mut self,
        index: usize,
        mid: Mid,
        (shape, sent): (Shape, u64),
        frame: u32,
        sequence: u64,
        (number, count): (usize, usize),
    ) -> Result<()> {
        let now = Instant::now();
        let peer = self.peer(index)?;
        let keyframe = frame == 1 || peer.keyframe_wanted;
        if number + 1 == count {
            peer.keyframe_wanted = false;
        }
        let codec = if shape.kind() == MediaKind::Video { "VP8" } else { "opus" };
        let params =
            peer.rtc.codec_config().find(|params| format!("{:?}", params.spec().codec).eq_ignore_ascii_case(codec));
        let pt = params.context("a negotiated codec")?.pt();
        let (payload, time) = match shape {
            Shape::Picture { bytes, per_second, .. } => {
                (picture(bytes, frame, number, keyframe), frame * (90_000 / per_second))
            }
            Shape::Sound { silent } => (sound(silent), frame * if silent { 19_200 } else { 960 }),
        };
        let payload = [&payload[..], &MAGIC, &sent.to_be_bytes()].concat();
        let mut direct = peer.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(mid, None).context("a negotiated stream")?;
        stream.set_unpaced(true);
        let write = RtpWrite::new(pt, sequence.into(), time, now, payload);
        let mut values = str0m::rtp::ExtensionValues::default();
        if let Shape::Sound { silent } = shape {
            values.audio_level = Some(if silent { -127 } else { -30 });
            values.voice_activity = Some(!silent);
        }
        stream.write_rtp(write.marker(number + 1 == count).nackable(true).ext_vals(values));
        // It leaves with the next timeout, and not before.
        peer.rtc.handle_input(Input::Timeout(now))?;
        self.drain(index)
    }

    fn peer(&mut self, index: usize) -> Result<&mut Peer> {
        self.peers.get_mut(index).context("a peer of ours")
    }
}

impl Tally {
    fn send(&mut self, now: u64, receivers: u64) {
        if self.window.is_some_and(|(from, to)| (from..to).contains(&now)) {
            self.expected += receivers;
        }
    }

    fn receive(&mut self, sent: u64, now: u64, silence: bool) {
        if self.window.is_some_and(|(from, to)| (from..to).contains(&sent)) {
            self.received += 1;
            self.arrived += u64::from(!silence);
            self.delays_us.push(u32::try_from(now.saturating_sub(sent) / 1000).unwrap_or(u32::MAX));
        }
    }

    /// The share of packets that did not arrive.
    pub(crate) fn loss(&self) -> f64 {
        if self.expected == 0 { 1.0 } else { 1.0 - float(self.arrived) / float(self.expected) }
    }

    /// The delay that 99 of 100 packets stay below, in milliseconds.
    pub(crate) fn p99_ms(&mut self) -> Result<f64> {
        ensure!(!self.delays_us.is_empty(), "nothing arrived");
        self.delays_us.sort_unstable();
        let at = (self.delays_us.len() - 1) * 99 / 100;
        Ok(f64::from(self.delays_us.get(at).copied().unwrap_or_default()) / 1000.0)
    }
}

/// Exact for all numbers that occur here.
#[expect(clippy::cast_precision_loss, reason = "packets of one run are far fewer than 2^52")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn sent_at(payload: &[u8]) -> Option<u64> {
    let (rest, time) = payload.split_last_chunk::<8>()?;
    rest.ends_with(&MAGIC).then(|| u64::from_be_bytes(*time))
}

/// What looks like VP8 to whoever reads its headers: a descriptor with a picture id, and a key frame's size.
fn picture(bytes: usize, frame: u32, number: usize, keyframe: bool) -> Vec<u8> {
    let [.., high, low] = frame.to_be_bytes();
    let start = if number == 0 { 0x90 } else { 0x80 };
    let mut payload = vec![start, 0x80, 0x80 | (high & 0x7f), low];
    if number == 0 {
        payload.extend(if keyframe { [0x10, 0, 0] } else { [0x11, 0, 0] });
        if keyframe {
            payload.extend([0x9d, 0x01, 0x2a]);
            payload.extend(1280_u16.to_le_bytes());
            payload.extend(720_u16.to_le_bytes());
        }
    }
    payload.resize(bytes, 0x55);
    payload
}

fn sound(silent: bool) -> Vec<u8> {
    vec![0x78; if silent { SILENT_BYTES } else { 80 }]
}

/// Counts which suites were agreed on.
#[derive(Debug)]
struct Watched;

static WATCHED: Watched = Watched;
static SUITES: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

/// Which SRTP suites were agreed on so far.
pub(crate) fn suites() -> Vec<&'static str> {
    let names = ["AES128_CM_SHA1_80", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM"];
    let used = names.into_iter().zip(&SUITES).filter(|(_, count)| count.swap(0, Ordering::Relaxed) > 0);
    used.map(|(name, _)| name).collect()
}

fn real() -> &'static dyn SrtpProvider {
    from_feature_flags().srtp_provider
}

impl SrtpProvider for Watched {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        SUITES[0].fetch_add(1, Ordering::Relaxed);
        real().aes_128_cm_sha1_80()
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        SUITES[1].fetch_add(1, Ordering::Relaxed);
        real().aead_aes_128_gcm()
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        SUITES[2].fetch_add(1, Ordering::Relaxed);
        real().aead_aes_256_gcm()
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        real().srtp_aes_128_ecb_round(key, input, output);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        real().srtp_aes_256_ecb_round(key, input, output);
    }
}
