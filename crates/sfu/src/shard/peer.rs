//! One connection of a seat: str0m's `Rtc` with what the shard has to remember of it.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use str0m::{
    Candidate, IceCreds, Input, Rtc,
    bwe::Bitrate,
    config::{CryptoProvider, DtlsCert},
    net::{Protocol, Receive, TcpType},
};

use super::ShardConfig;
use crate::{
    front::{self, IceName},
    ids::{Proto, Side},
    input::Address,
    limits::{MAX_ADDRESSES_PER_SIDE, MAX_DATA_BYTES},
    output::Refusal,
    route::descriptor,
    sdp::PayloadTypes,
};

/// How often str0m reports what it measured.
const STATS_EVERY: std::time::Duration = std::time::Duration::from_secs(3);
/// Data str0m holds for a subscriber; the rest waits with us.
const SCTP_BUFFER_BYTES: usize = 256 * 1024;

/// A way between us and a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) proto: Proto,
    pub(super) ours: SocketAddr,
    pub(super) theirs: SocketAddr,
}

pub(super) struct Peer {
    pub(super) rtc: Rtc,
    /// What its client has said of payload types.
    pub(super) types: PayloadTypes,
    ufrag: String,
    password: String,
    /// Where authenticated checks came from, the newest last.
    pub(super) addresses: Vec<(Proto, SocketAddr)>,
    /// From where the client sends at the moment, and to which of our addresses: what is no check goes back there.
    /// str0m keeps to a pair for 15 s after the client has left it.
    pub(super) active: Option<Path>,
    /// ICE and DTLS stand.
    pub(super) connected: bool,
    /// DTLS stood once.
    pub(super) secured: bool,
    /// Since when it does not stand.
    pub(super) lost_at: Instant,
    /// Waits in the shard's queue.
    pub(super) queued: bool,
    /// The time it was told last. str0m paces by steps of a microsecond, which runs ahead of the clock a little.
    pub(super) told: Instant,
    /// Its place among the shard's timers.
    pub(super) wake_at: Option<Instant>,
    /// The share of packets lost, as measured last.
    pub(super) loss: f32,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("ufrag", &self.ufrag).field("connected", &self.connected).finish_non_exhaustive()
    }
}

impl Peer {
    pub(super) fn new(
        config: &ShardConfig,
        (crypto, cert): (&Arc<CryptoProvider>, &DtlsCert),
        name: &IceName,
        secret: &[u8; 24],
        addresses: &[Address],
        now: Instant,
    ) -> Result<Self, Refusal> {
        let (ufrag, password) = front::credentials(name, secret);
        let creds = IceCreds { ufrag: ufrag.clone(), pass: password.clone() };
        let mut rtc = Rtc::builder()
            .set_local_ice_credentials(creds)
            .set_crypto_provider(Arc::clone(crypto))
            .set_dtls_cert(cert.clone())
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_snap_enabled(false)
            .set_stats_interval(Some(STATS_EVERY))
            .set_sctp_max_message_size(u32::try_from(MAX_DATA_BYTES).unwrap_or(u32::MAX))
            .set_sctp_max_buffered_amount(SCTP_BUFFER_BYTES)
            .clear_codecs();
        if name.side == Side::Subscriber {
            rtc = rtc.enable_bwe(Some(Bitrate::from(config.initial_bitrate_bps)));
        }
        let codecs = rtc.codec_config();
        codecs.enable_opus(true, true);
        // VP8 first: it is what clients send that name no codec.
        codecs.enable_vp8(true);
        codecs.enable_h264(true);
        codecs.enable_vp9(true);
        codecs.enable_av1(true);
        let (id, descriptor) = descriptor::extension();
        rtc.extension_map().set(id, descriptor);
        let mut rtc = rtc.build(now);
        for address in addresses {
            let candidate = candidate(*address).ok_or_else(|| Refusal::Sdp("unusable candidate address".to_owned()))?;
            rtc.add_local_candidate(candidate);
        }
        Ok(Self {
            rtc,
            types: PayloadTypes::default(),
            ufrag,
            password,
            addresses: Vec::new(),
            active: None,
            connected: false,
            secured: false,
            lost_at: now,
            queued: false,
            told: now,
            wake_at: None,
            loss: 0.0,
        })
    }

    /// Whether a check was made with this connection's password.
    pub(super) fn authenticates(&self, bytes: &[u8]) -> bool {
        front::check_holds(bytes, &self.ufrag, &self.password)
    }

    /// Learns an address; says whether it is new, and which one it replaces.
    pub(super) fn learn(&mut self, address: (Proto, SocketAddr)) -> (bool, Option<(Proto, SocketAddr)>) {
        if self.addresses.contains(&address) {
            return (false, None);
        }
        self.addresses.push(address);
        let oldest = (self.addresses.len() > MAX_ADDRESSES_PER_SIDE).then(|| self.addresses.remove(0));
        (true, oldest)
    }

    /// Takes a datagram. What str0m cannot read is dropped; what ends the connection shows when it is polled.
    pub(super) fn receive(&mut self, now: Instant, proto: Proto, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        if !is_stun(bytes) {
            self.active = Some(Path { proto, ours: to, theirs: from });
        }
        match Receive::new(protocol(proto), from, to, bytes) {
            Ok(receive) => {
                if let Err(error) = self.rtc.handle_input(Input::Receive(now, receive)) {
                    tracing::debug!(%error, "A datagram was not taken");
                }
            }
            Err(error) => tracing::debug!(%error, "A datagram could not be read"),
        }
    }
}

/// Whether a datagram that passed the front is a check or its answer.
pub(super) fn is_stun(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| *first < 2)
}

fn candidate(address: Address) -> Option<Candidate> {
    match address.proto {
        Proto::Udp => Candidate::builder().udp().host(address.addr).build().ok(),
        Proto::Tcp => Candidate::builder().tcp().host(address.addr).tcptype(TcpType::Passive).build().ok(),
    }
}

fn protocol(proto: Proto) -> Protocol {
    match proto {
        Proto::Udp => Protocol::Udp,
        Proto::Tcp => Protocol::Tcp,
    }
}
