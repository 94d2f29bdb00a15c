//! A shard: many rooms, owned by one thread.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use crate::{
    front::ShardNo,
    ids::SeatId,
    input::{Input, Join},
    output::{Output, Refusal},
};

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
}

/// Many rooms, owned by one thread. After each [`Shard::handle`], drain [`Shard::poll`]; call again with
/// [`Input::Tick`] when [`Shard::deadline`] is reached.
#[derive(Debug)]
pub struct Shard {
    config: ShardConfig,
    seats: HashMap<SeatId, Join>,
    out: VecDeque<Output>,
}

impl Shard {
    /// An empty shard.
    pub fn new(config: ShardConfig, _now: Instant) -> Self {
        Self { config, seats: HashMap::new(), out: VecDeque::new() }
    }

    /// Its number.
    pub fn number(&self) -> ShardNo {
        self.config.number
    }

    /// Takes one input. Time never goes backwards.
    pub fn handle(&mut self, _now: Instant, input: Input) -> Result<(), Refusal> {
        match input {
            Input::Join(join) => {
                self.seats.insert(join.seat, join);
                Ok(())
            }
            Input::Leave { seat } => self.seats.remove(&seat).map(|_| ()).ok_or(Refusal::UnknownSeat),
            _ => Ok(()),
        }
    }

    /// The next thing to do, or nothing until the next input.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When [`Input::Tick`] is due at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// How much there is to do.
    pub fn load(&self) -> Load {
        Load { seats: self.seats.len(), ..Load::default() }
    }
}
