//! A bad line, packet by packet: between two sockets whose datagrams are IP packets stand delay, jitter, loss, a slow
//! rate with a bounded queue, late packets, cuts and closed ports, each way by itself, all from a seed.
//!
//! The kernels of many machines have no `tc netem`, so the packets come out of the kernel by a TUN device at each end,
//! and go through here. [`crate::lab::Lab`] builds the network around it.

pub(crate) mod names;
mod relay;
mod way;

use std::{path::Path, time::Duration};

use anyhow::Result;

pub use way::Tally;

use relay::Relay;

/// What one direction of a line does to packets. By default nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// How long each packet takes.
    pub delay: Duration,
    /// Up to how much longer, evenly spread. Order is kept.
    pub jitter: Duration,
    /// How many of a thousand packets are lost.
    pub loss_permille: u16,
    /// How many of a thousand packets are overtaken by the next ones.
    pub late_permille: u16,
    /// How much longer those take.
    pub late_by: Duration,
    /// How many bits pass in a second; `None` is as many as come.
    pub rate_bit_s: Option<u64>,
    /// How many bytes may wait in front of a slow line; more are lost.
    pub queue_bytes: usize,
    /// Nothing passes, and what was under way is lost.
    pub cut: bool,
    /// A TCP port whose segments are swallowed, as some networks do.
    pub closed_port: Option<u16>,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss_permille: 0,
            late_permille: 0,
            late_by: Duration::ZERO,
            rate_bit_s: None,
            // What a usual home router holds.
            queue_bytes: 64 * 1024,
            cut: false,
            closed_port: None,
        }
    }
}

impl Shape {
    /// Half of this round trip, and this loss, each way.
    pub fn far(round_trip: Duration, loss_permille: u16) -> Self {
        Self { delay: round_trip / 2, loss_permille, ..Self::default() }
    }

    /// Half of this round trip, and this rate, each way.
    pub fn slow(round_trip: Duration, rate_bit_s: u64) -> Self {
        Self { delay: round_trip / 2, rate_bit_s: Some(rate_bit_s), ..Self::default() }
    }
}

/// Which way packets go, as the person at home sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the office.
    Up,
    /// From the office.
    Down,
}

/// A line between home and office. It ends when dropped.
#[derive(Debug)]
pub struct Line {
    relay: Relay,
}

impl Line {
    /// A line between two sockets of datagrams that it binds: whoever sends to `home` is heard at the peer of `office`
    /// and the other way. Peers are the paths with `.peer` added.
    pub(crate) fn start(home: &Path, office: &Path, seed: u64) -> Result<Self> {
        Ok(Self { relay: Relay::start(home, office, seed)? })
    }

    /// Changes both directions.
    pub fn reshape(&self, change: impl Fn(&mut Shape)) {
        self.reshape_one(Direction::Up, &change);
        self.reshape_one(Direction::Down, &change);
    }

    /// Changes one direction.
    pub fn reshape_one(&self, direction: Direction, change: impl FnOnce(&mut Shape)) {
        self.relay.reshape(direction, change);
    }

    /// Gives both directions this shape.
    pub fn shape(&self, shape: &Shape) {
        self.reshape(|old| old.clone_from(shape));
    }

    /// Cuts the line both ways.
    pub fn cut(&self) {
        self.reshape(|shape| shape.cut = true);
    }

    /// Mends what [`Line::cut`] cut.
    pub fn mend(&self) {
        self.reshape(|shape| shape.cut = false);
    }

    /// Closes a TCP port, or opens the closed one again.
    pub fn close_port(&self, port: Option<u16>) {
        self.reshape(|shape| shape.closed_port = port);
    }

    /// What became of the packets of one direction.
    pub fn tally(&self, direction: Direction) -> Tally {
        self.relay.tally(direction)
    }
}
