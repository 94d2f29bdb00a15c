//! A network in virtual time, repeatable from its seed.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use fernamt_sfu::Proto;

/// How a client's line behaves in one direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) delay: Duration,
    /// Up to this much more, packet by packet: reorders when it is more than the distance between packets.
    pub(crate) jitter: Duration,
    /// Of 1000 packets.
    pub(crate) lost: u32,
    /// What it bears, if it is narrow; up to `buffer` waits, more is lost.
    pub(crate) bits_per_second: Option<u64>,
    pub(crate) buffer: Duration,
    pub(crate) cut: bool,
    /// Every now and then nothing comes through for up to this long, and then all at once: a busy radio cell, a busy
    /// machine.
    pub(crate) stalls: Duration,
}

/// How far apart the beginnings of two stalls are.
const STALL_EVERY: Duration = Duration::from_millis(250);

impl Line {
    pub(crate) const GOOD: Self = Self {
        delay: Duration::from_millis(10),
        jitter: Duration::ZERO,
        lost: 0,
        bits_per_second: None,
        buffer: Duration::from_millis(200),
        cut: false,
        stalls: Duration::ZERO,
    };
}

pub(crate) struct Packet {
    pub(crate) proto: Proto,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Bytes,
}

pub(crate) struct Net {
    seed: u64,
    sent: u64,
    under_way: BTreeMap<(Instant, u64), Packet>,
    /// By client: up and down.
    lines: HashMap<usize, [Line; 2]>,
    busy_until: HashMap<(usize, usize), Instant>,
    /// The end of the newest stall, and when the next one begins.
    stalls: HashMap<(usize, usize), (Instant, Instant)>,
}

pub(crate) const UP: usize = 0;
pub(crate) const DOWN: usize = 1;

impl Net {
    pub(crate) fn new(seed: u64) -> Self {
        let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self {
            seed,
            sent: 0,
            under_way: BTreeMap::new(),
            lines: HashMap::new(),
            busy_until: HashMap::new(),
            stalls: HashMap::new(),
        }
    }

    pub(crate) fn line(&mut self, client: usize, direction: usize) -> &mut Line {
        &mut self.lines.entry(client).or_insert([Line::GOOD; 2])[direction]
    }

    pub(crate) fn send(&mut self, now: Instant, client: usize, direction: usize, packet: Packet) {
        let line = *self.line(client, direction);
        if line.cut || self.random(1000) < u64::from(line.lost) {
            return;
        }
        let mut at = now;
        if let Some(bps) = line.bits_per_second {
            let busy = self.busy_until.entry((client, direction)).or_insert(now);
            let begin = (*busy).max(now);
            if begin - now > line.buffer {
                return;
            }
            at = begin + Duration::from_nanos(packet.bytes.len() as u64 * 8 * 1_000_000_000 / bps);
            *busy = at;
        }
        if !line.stalls.is_zero() {
            let (mut until, mut next) = *self.stalls.entry((client, direction)).or_insert((now, now));
            while next <= at {
                until = next + Duration::from_micros(self.random(u64::try_from(line.stalls.as_micros()).unwrap() + 1));
                next += STALL_EVERY;
            }
            self.stalls.insert((client, direction), (until, next));
            at = at.max(until);
        }
        let jitter = Duration::from_micros(self.random(u64::try_from(line.jitter.as_micros()).unwrap() + 1));
        self.sent += 1;
        self.under_way.insert((at + line.delay + jitter, self.sent), packet);
    }

    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.under_way.keys().next().map(|(at, _)| *at)
    }

    pub(crate) fn arrived(&mut self, now: Instant) -> Option<Packet> {
        let key = *self.under_way.keys().next().filter(|(at, _)| *at <= now)?;
        self.under_way.remove(&key)
    }

    fn random(&mut self, below: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % below.max(1)
    }
}
