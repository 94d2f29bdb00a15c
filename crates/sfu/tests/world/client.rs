//! A client as LiveKit's are: one connection that publishes, one that subscribes; it sends made-up sound and pictures
//! and counts what it can decrypt.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use fernamt_sfu::{Channel, Proto, SeatId, Sid, VideoCodec};
use str0m::{
    Candidate, Event, Input, Output, Rtc,
    change::{SdpAnswer, SdpOffer, SdpPendingOffer},
    channel::{ChannelConfig, ChannelId, Reliability},
    format::Codec,
    media::{Direction, MediaKind, Simulcast, SimulcastLayer},
    net::{Protocol, Receive},
    rtp::{ExtensionValues, RtpPacket, RtpWrite},
};

pub(crate) struct Client {
    pub(crate) seat: SeatId,
    pub(crate) publisher: Rtc,
    pub(crate) subscriber: Rtc,
    pub(crate) publisher_addr: SocketAddr,
    pub(crate) subscriber_addr: SocketAddr,
    pub(crate) proto: Proto,
    pending: Option<SdpPendingOffer>,
    pub(crate) offer_id: u32,
    pub(crate) tracks: Vec<Track>,
    channels_out: HashMap<Channel, ChannelId>,
    channels_in: HashMap<ChannelId, Channel>,
    pub(crate) mids: HashMap<String, Sid>,
    pub(crate) heard: HashMap<Sid, Heard>,
    pub(crate) data: Vec<(Channel, Vec<u8>)>,
    pub(crate) outbox: VecDeque<(SocketAddr, SocketAddr, Bytes)>,
    pub(crate) wake_at: [Instant; 2],
    pub(crate) answers: bool,
    born: Instant,
}

use super::{
    picture::{self, told},
    sound,
    track::{Heard, Track},
};

/// What of the less common a client takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Takes {
    /// Sound that repeats itself.
    pub(crate) red: bool,
    pub(crate) av1: bool,
}

impl Client {
    pub(crate) fn new(seat: SeatId, number: u8, proto: Proto, takes: Takes, now: Instant) -> Self {
        let addr = |port: u16| SocketAddr::from(([10, 0, 0, number], port));
        let rtc = |address| {
            let mut rtc = Rtc::builder()
                .set_rtp_mode(true)
                .set_sctp_max_message_size(65_536)
                .set_sctp_max_buffered_amount(1 << 20)
                .set_extension(12, picture::extension());
            rtc.codec_config().enable_opus(true, takes.red);
            rtc.codec_config().enable_av1(takes.av1);
            let mut rtc = rtc.build(now);
            let candidate = match proto {
                Proto::Udp => Candidate::host(address, "udp"),
                Proto::Tcp => Candidate::builder().tcp().host(address).tcptype(str0m::net::TcpType::Active).build(),
            };
            rtc.add_local_candidate(candidate.unwrap());
            rtc
        };
        Self {
            seat,
            publisher: rtc(addr(1000)),
            subscriber: rtc(addr(2000)),
            publisher_addr: addr(1000),
            subscriber_addr: addr(2000),
            proto,
            pending: None,
            offer_id: 0,
            tracks: Vec::new(),
            channels_out: HashMap::new(),
            channels_in: HashMap::new(),
            mids: HashMap::new(),
            heard: HashMap::new(),
            data: Vec::new(),
            outbox: VecDeque::new(),
            wake_at: [now; 2],
            answers: true,
            born: now,
        }
    }

    /// A track goes on under another SSRC.
    pub(crate) fn rename(&mut self, sid: &Sid, ssrc: u32) {
        let mid = self.tracks.iter().find(|track| track.sid == *sid).unwrap().mid;
        self.publisher.direct_api().reset_stream_tx(mid, None, ssrc.into(), None).unwrap();
    }

    /// The device's address changes, for what it receives.
    pub(crate) fn roam(&mut self, to: SocketAddr) {
        let old = Candidate::host(self.subscriber_addr, "udp").unwrap();
        self.subscriber.add_local_candidate(Candidate::host(to, "udp").unwrap());
        self.subscriber.direct_api().invalidate_candidate(&old);
        self.subscriber_addr = to;
        self.wake_at[1] = self.born;
    }

    /// Adds a track to what is offered next.
    pub(crate) fn offer(&mut self, add: Vec<Track>, remove: &[Sid]) -> (u32, String) {
        let first = self.offer_id == 0;
        let mut change = self.publisher.sdp_api();
        if first {
            change.add_channel_with_config(ChannelConfig { label: "_reliable".to_owned(), ..Default::default() });
            change.add_channel_with_config(ChannelConfig {
                label: "_lossy".to_owned(),
                ordered: false,
                reliability: Reliability::MaxRetransmits { retransmits: 0 },
                ..Default::default()
            });
        }
        for sid in remove {
            let track = self.tracks.iter().find(|track| track.sid == *sid).unwrap();
            change.set_direction(track.mid, Direction::Inactive);
        }
        for mut track in add {
            let simulcast = (track.layers.len() > 1).then(|| {
                let mut simulcast = Simulcast::new();
                for layer in &track.layers {
                    simulcast.add_send_layer(SimulcastLayer::new(&layer.rid.unwrap()));
                }
                simulcast
            });
            let kind = if track.video { MediaKind::Video } else { MediaKind::Audio };
            track.mid = change.add_media(
                kind,
                Direction::SendOnly,
                Some("stream".to_owned()),
                Some(track.cid.clone()),
                simulcast,
            );
            self.tracks.push(track);
        }
        self.tracks.retain(|track| !remove.contains(&track.sid));
        let (offer, pending) = change.apply().unwrap();
        self.pending = Some(pending);
        self.offer_id += 1;
        (self.offer_id, offer.to_sdp_string())
    }

    pub(crate) fn answered(&mut self, sdp: &str) {
        let answer = SdpAnswer::from_sdp_string(sdp).unwrap();
        self.publisher.sdp_api().accept_answer(self.pending.take().unwrap(), answer).unwrap();
    }

    pub(crate) fn answer(&mut self, sdp: &str, mids: Vec<(String, Sid)>) -> String {
        self.mids = mids.into_iter().collect();
        let offer = SdpOffer::from_sdp_string(sdp).unwrap();
        self.subscriber.sdp_api().accept_offer(offer).unwrap().to_sdp_string()
    }

    pub(crate) fn say(&mut self, channel: Channel, bytes: &[u8]) -> bool {
        let Some(id) = self.channels_out.get(&channel).copied() else { return false };
        // To be polled at once.
        self.wake_at[0] = self.born;
        self.publisher.channel(id).is_some_and(|mut channel| channel.write(true, bytes).unwrap())
    }

    /// Sends one frame of each video, or one packet of each sound.
    pub(crate) fn speak(&mut self, now: Instant, since_start: Duration, video: bool) {
        for index in 0..self.tracks.len() {
            if self.tracks[index].video == video && !self.tracks[index].stopped {
                self.send_frame(index, now, since_start);
            }
        }
    }

    fn send_frame(&mut self, index: usize, now: Instant, since_start: Duration) {
        let track = &mut self.tracks[index];
        let video = track.codec.unwrap_or(VideoCodec::Vp8);
        let wanted = if track.video { picture::spec(video) } else { Codec::Opus };
        let codec = self.publisher.codec_config().find(|params| params.spec().codec == wanted).unwrap();
        let red = codec.red().filter(|_| track.red);
        let opus = *codec.pt();
        let pt = red.unwrap_or(codec.pt());
        let micros = u64::try_from(since_start.as_micros()).unwrap();
        for layer in track.layers.iter_mut().filter(|layer| !track.still || layer.key) {
            let mut direct = self.publisher.direct_api();
            let Some(stream) = direct.stream_tx_by_mid(track.mid, layer.rid) else { continue };
            let time = u32::try_from(if track.video { micros * 9 / 100 } else { micros * 48 / 1000 }).unwrap();
            let packets = layer.frame_bytes.div_ceil(track.packet_bytes).max(1);
            layer.keyframes_sent += u64::from(layer.key && track.video);
            for part in 0..packets {
                let mut payload =
                    if track.video { picture::head(video, layer.picture, part == 0, layer.key) } else { vec![0xfc] };
                payload.push(layer.index);
                payload.extend_from_slice(&micros.to_be_bytes());
                payload.resize((layer.frame_bytes / packets).max(20), 0xaa);
                if red.is_some() {
                    payload = layer.repeating(payload, opus);
                }
                layer.seq += 1;
                let mut extensions = ExtensionValues {
                    audio_level: (!track.video).then_some(-track.level),
                    voice_activity: (!track.video).then_some(track.level < 60),
                    ..Default::default()
                };
                if track.video && video == VideoCodec::Av1 {
                    extensions.user_values.set(picture::descriptor(layer.picture, part == 0 && layer.key));
                }
                stream.write_rtp(
                    RtpWrite::new(pt, layer.seq.into(), time, now, payload)
                        .marker(part + 1 == packets)
                        .nackable(track.video)
                        .ext_vals(extensions),
                );
            }
            layer.picture = (layer.picture + 1) & 0x7fff;
            layer.key = false;
        }
        self.wake_at[0] = now;
    }

    /// Takes a datagram from the network.
    pub(crate) fn receive(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let proto = match self.proto {
            Proto::Udp => Protocol::Udp,
            Proto::Tcp => Protocol::Tcp,
        };
        let side = usize::from(to.port() >= 2000);
        let rtc = if side == 0 { &mut self.publisher } else { &mut self.subscriber };
        if let Ok(receive) = Receive::new(proto, from, to, bytes) {
            rtc.handle_input(Input::Receive(now, receive)).unwrap();
        }
        self.wake_at[side] = now;
    }

    pub(crate) fn advance(&mut self, now: Instant, start: Instant) {
        for side in 0..2 {
            if self.wake_at[side] > now {
                continue;
            }
            let mut rounds = 0;
            let rtc = if side == 0 { &mut self.publisher } else { &mut self.subscriber };
            rtc.handle_input(Input::Timeout(now)).unwrap();
            loop {
                let rtc = if side == 0 { &mut self.publisher } else { &mut self.subscriber };
                match rtc.poll_output().unwrap() {
                    Output::Timeout(at) if at <= now && rounds < 4 => {
                        rounds += 1;
                        rtc.handle_input(Input::Timeout(now)).unwrap();
                    }
                    Output::Timeout(at) => {
                        self.wake_at[side] = at.max(now + Duration::from_millis(1));
                        break;
                    }
                    Output::Transmit(transmit) => self.outbox.push_back((
                        transmit.source,
                        transmit.destination,
                        Bytes::copy_from_slice(&transmit.contents),
                    )),
                    Output::Event(event) => self.on_event(side, event, now, start),
                }
            }
        }
    }

    fn on_event(&mut self, side: usize, event: Event, now: Instant, start: Instant) {
        match event {
            Event::ChannelOpen(id, label) => {
                let channel = Channel::from_label(&label).unwrap();
                if side == 0 {
                    self.channels_out.insert(channel, id);
                } else {
                    self.channels_in.insert(id, channel);
                }
            }
            Event::ChannelData(data) => {
                let channel = self.channels_in[&data.id];
                self.data.push((channel, data.data));
            }
            Event::KeyframeRequest(request) => {
                let track = self.tracks.iter_mut().find(|track| track.mid == request.mid).unwrap();
                for layer in track.layers.iter_mut().filter(|layer| layer.rid == request.rid) {
                    layer.key = true;
                    layer.keyframes_asked += 1;
                }
            }
            Event::RtpPacket(packet) => self.hear(&packet, now, start),
            _ => {}
        }
    }

    fn hear(&mut self, packet: &RtpPacket, now: Instant, start: Instant) {
        let ssrc = packet.header.ssrc;
        let mid = self.subscriber.direct_api().stream_rx(&ssrc).unwrap().mid();
        let Some(sid) = self.mids.get(&mid.to_string()) else { return };
        if packet.payload.is_empty() {
            return;
        }
        let heard = self.heard.entry(sid.clone()).or_default();
        let seq = *packet.seq_no;
        if heard.packets == 0 {
            heard.first_seq = seq;
        }
        heard.packets += 1;
        heard.highest_seq = heard.highest_seq.max(seq);
        heard.last_at = Some(now);
        let pt = packet.header.payload_type;
        let codecs = self.subscriber.codec_config();
        let params = codecs.find(|params| params.pt() == pt || params.red() == Some(pt)).unwrap();
        let codec = params.spec().codec;
        let body = if let Some(codec) = VideoCodec::ALL.into_iter().find(|video| picture::spec(*video) == codec) {
            let told = told(codec, &packet.payload, &packet.header.ext_vals);
            heard.keyframes += u64::from(told.key);
            heard.began_inside |= heard.packets == 1 && !told.key;
            match (heard.last_picture, told.picture) {
                (Some(last), Some(now)) if now != last && now != (last + 1) & 0x7fff => heard.picture_jumps += 1,
                _ => {}
            }
            heard.last_picture = told.picture;
            told.body
        } else {
            let red = params.red() == Some(pt);
            let blocks = if red { sound::blocks(&packet.payload) } else { vec![&packet.payload[..]] };
            heard.repeating += u64::from(blocks.len() > 1);
            heard.sounds.extend(blocks.iter().map(|block| u64::from_be_bytes(block[2..10].try_into().unwrap())));
            &blocks[blocks.len() - 1][1..]
        };
        heard.layer = body[0];
        heard.layers[usize::from(body[0])] += 1;
        let micros = u64::from_be_bytes(body[1..9].try_into().unwrap());
        heard.slowest = heard.slowest.max((now - start).saturating_sub(Duration::from_micros(micros)));
    }
}
