//! What clients send and what they count of what they get.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use fernamt_sfu::{Sid, VideoCodec};
use str0m::media::{Mid, Rid};

/// What a subscriber saw of a track.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) packets: u64,
    pub(crate) keyframes: u64,
    /// The layer of the newest packet.
    pub(crate) layer: u8,
    pub(crate) layers: [u64; 3],
    pub(crate) highest_seq: u64,
    pub(crate) first_seq: u64,
    pub(crate) last_at: Option<Instant>,
    /// Pictures whose id did not follow the one before.
    pub(crate) picture_jumps: u64,
    pub(super) last_picture: Option<u16>,
    /// Began with something other than a keyframe.
    pub(crate) began_inside: bool,
    pub(crate) slowest: Duration,
    /// The moments of the sounds that came, repeated or not.
    pub(crate) sounds: BTreeSet<u64>,
    /// Packets of sound that repeated an earlier one.
    pub(crate) repeating: u64,
}

impl Heard {
    /// Packets that never came, of those there were.
    pub(crate) fn missing(&self) -> u64 {
        if self.packets == 0 { 0 } else { (self.highest_seq + 1 - self.first_seq).saturating_sub(self.packets) }
    }
}

pub(crate) struct Track {
    pub(crate) sid: Sid,
    pub(crate) cid: String,
    pub(crate) mid: Mid,
    pub(crate) video: bool,
    pub(crate) layers: Vec<Layer>,
    /// dB below the loudest.
    pub(crate) level: i8,
    /// Sends nothing at all.
    pub(crate) stopped: bool,
    /// What a picture is sent with; VP8 unless said.
    pub(crate) codec: Option<VideoCodec>,
    /// Sound that repeats itself, if the answer lets it.
    pub(crate) red: bool,
    /// The most bytes of a packet.
    pub(crate) packet_bytes: usize,
    /// Nothing moves: frames are sent only when somebody asks for a keyframe.
    pub(crate) still: bool,
}

pub(crate) struct Layer {
    pub(crate) rid: Option<Rid>,
    pub(crate) index: u8,
    pub(crate) frame_bytes: usize,
    pub(super) seq: u64,
    pub(super) picture: u16,
    pub(super) key: bool,
    /// The sound before, to be repeated.
    pub(super) before: Vec<u8>,
    pub(crate) keyframes_sent: u64,
    pub(crate) keyframes_asked: u64,
}

impl Track {
    pub(crate) fn camera(name: &str) -> Self {
        let layers = [("q", 250), ("h", 1_000), ("f", 4_000)];
        let layers = layers.iter().zip(0..).map(|((rid, bytes), index)| Layer::new(Some(rid), index, *bytes)).collect();
        Self { layers, ..Self::sound(name) }.seen()
    }

    /// One encoding only.
    pub(crate) fn plain_camera(name: &str) -> Self {
        Self { layers: vec![Layer::new(None, 0, 1_000)], ..Self::sound(name) }.seen()
    }

    pub(crate) fn sound(name: &str) -> Self {
        Self {
            sid: Sid::new(&format!("TR_{name}")).unwrap(),
            cid: format!("cid-{name}"),
            mid: Mid::new(),
            video: false,
            layers: vec![Layer::new(None, 0, 80)],
            level: 20,
            stopped: false,
            codec: None,
            red: false,
            packet_bytes: 1_000,
            still: false,
        }
    }

    fn seen(mut self) -> Self {
        self.video = true;
        self
    }
}

impl Layer {
    fn new(rid: Option<&str>, index: u8, frame_bytes: usize) -> Self {
        Self {
            rid: rid.map(Rid::from),
            index,
            frame_bytes,
            seq: 100,
            picture: u16::from(index) * 7_000 + 3,
            key: true,
            before: Vec::new(),
            keyframes_sent: 0,
            keyframes_asked: 0,
        }
    }
}
