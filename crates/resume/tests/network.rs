//! A network in virtual time. Lines deliver in order, like TCP: what is lost comes late, what is cut comes after a
//! back-off or never. Different lines overtake each other. A faulty box may also lose, repeat or swap what is handed to
//! it, which no line should do.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    time::{Duration, Instant},
};

use bytes::Bytes;
use fernamt_resume::LineId;
use fernamt_testkit::SeededRng;

/// The two ends: the initiator is 0, the acceptor 1.
pub(crate) type Side = usize;
pub(crate) const INITIATOR: Side = 0;
pub(crate) const ACCEPTOR: Side = 1;

/// How the network is.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    /// One way.
    pub(crate) delay: Duration,
    pub(crate) jitter: Duration,
    pub(crate) bytes_per_second: u64,
    /// Of thousand pieces, so many come late because they were lost first.
    pub(crate) lost_per_mille: u64,
    /// Of thousand transmissions, so many are dropped, repeated or swapped for good.
    pub(crate) faulty_per_mille: u64,
    /// Of thousand lines dialled, so many are refused.
    pub(crate) refused_per_mille: u64,
}

impl Weather {
    pub(crate) fn fine(delay_ms: u64) -> Self {
        Self {
            delay: Duration::from_millis(delay_ms),
            jitter: Duration::ZERO,
            bytes_per_second: 10_000_000,
            lost_per_mille: 0,
            faulty_per_mille: 0,
            refused_per_mille: 0,
        }
    }
}

/// What arrives at an end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Arrival {
    Answered(LineId),
    Connected(LineId),
    Lost(Side, LineId),
    Bytes(Side, LineId, Bytes),
    Written(Side, LineId),
    /// Nothing; an end wanted to be woken.
    Wake,
}

#[derive(Debug)]
struct Line {
    address: u64,
    free_at: [Instant; 2],
    last_arrival: [Instant; 2],
    /// What arrives before waits until then.
    held_until: [Instant; 2],
    closed: [bool; 2],
    /// Nothing passes from the initiator to the acceptor any more.
    deaf: bool,
}

#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) weather: Weather,
    pub(crate) rng: SeededRng,
    pub(crate) now: Instant,
    /// A transmission arrives in one piece, as it must where whole ones are lost, repeated or swapped.
    pub(crate) in_one_piece: bool,
    /// Nothing passes from .0 to .1.
    outages: Vec<(Instant, Instant)>,
    address: u64,
    lines: BTreeMap<LineId, Line>,
    arrivals: BinaryHeap<Reverse<(Instant, u64, Arrival)>>,
    count: u64,
}

/// A socket's buffer takes what the line carries in this time.
const SOCKET_BUFFER: Duration = Duration::from_millis(100);

impl Network {
    pub(crate) fn new(now: Instant, seed: u64, weather: Weather) -> Self {
        Self {
            weather,
            rng: SeededRng::new(seed),
            now,
            in_one_piece: false,
            outages: Vec::new(),
            address: 0,
            lines: BTreeMap::new(),
            arrivals: BinaryHeap::new(),
            count: 0,
        }
    }

    /// Cuts everything from now on, without telling anybody.
    pub(crate) fn cut(&mut self, length: Duration) {
        self.outages.push((self.now, self.now + length));
    }

    /// Whether nothing passes now.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut_until(self.now).is_some()
    }

    /// The initiator gets another address: its old lines go nowhere any more, and nobody is told.
    pub(crate) fn change_address(&mut self) {
        self.address += 1;
    }

    /// From now on the lines that stand carry nothing from the initiator to the acceptor.
    pub(crate) fn deafen(&mut self) {
        for line in self.lines.values_mut() {
            line.deaf = true;
        }
    }

    /// Breaks every line so that both ends notice.
    pub(crate) fn reset(&mut self) {
        let at = self.now;
        for id in self.lines.keys().copied().collect::<Vec<_>>() {
            for side in [INITIATOR, ACCEPTOR] {
                self.push(at, Arrival::Lost(side, id));
            }
            self.lines.remove(&id);
        }
    }

    pub(crate) fn wake(&mut self, at: Instant) {
        self.push(at.max(self.now), Arrival::Wake);
    }

    /// The next arrival, or a wake at the deadline if that comes first; moves the time.
    pub(crate) fn next(&mut self, deadline: Option<Instant>) -> Option<Arrival> {
        loop {
            let first = self.arrivals.peek().map(|Reverse((at, ..))| *at);
            if let Some(deadline) = deadline.filter(|deadline| first.is_none_or(|first| *deadline < first)) {
                self.now = self.now.max(deadline);
                return Some(Arrival::Wake);
            }
            let Reverse((at, count, arrival)) = self.arrivals.pop()?;
            self.now = self.now.max(at);
            if let Some(arrival) = self.check(count, arrival) {
                return Some(arrival);
            }
        }
    }

    /// What is under way when the network is cut arrives later or never.
    fn check(&mut self, count: u64, arrival: Arrival) -> Option<Arrival> {
        let id = match &arrival {
            Arrival::Bytes(_, id, _) | Arrival::Lost(_, id) => *id,
            Arrival::Answered(id) | Arrival::Connected(id) if !self.lives(*id) => return None,
            _ => return Some(arrival),
        };
        let Some(line) = self.lines.get(&id) else {
            return matches!(arrival, Arrival::Lost(..)).then_some(arrival);
        };
        if line.address != self.address || (line.deaf && matches!(arrival, Arrival::Bytes(ACCEPTOR, ..))) {
            return None;
        }
        if let Arrival::Bytes(side, ..) = &arrival
            && line.closed[*side]
        {
            return None;
        }
        let (Arrival::Bytes(to, ..) | Arrival::Lost(to, _)) = arrival else { return Some(arrival) };
        if let Some(back) = self.cut_until(self.now) {
            // TCP doubles its pauses: what was cut for long comes back late, and all that follows with it.
            let late = self.between(Duration::ZERO, back.saturating_duration_since(self.now));
            let line = self.lines.get_mut(&id)?;
            line.held_until[to] = line.held_until[to].max(back + late + Duration::from_nanos(1));
        }
        let held_until = self.lines.get(&id)?.held_until[to];
        if self.now < held_until {
            // With its old number, it stays before what was sent after it.
            self.arrivals.push(Reverse((held_until, count, arrival)));
            return None;
        }
        Some(arrival)
    }

    fn lives(&self, id: LineId) -> bool {
        self.lines.get(&id).is_some_and(|line| line.address == self.address)
    }

    pub(crate) fn connect(&mut self, id: LineId) {
        let mut at = self.now;
        let mut pause = Duration::from_secs(1);
        while let Some(back) = self.cut_until(at) {
            // The second, third, … attempt of the operating system.
            at += pause;
            pause *= 2;
            if at < back && pause > Duration::from_mins(2) {
                return self.push(at, Arrival::Lost(INITIATOR, id));
            }
        }
        let way = self.weather.delay * 2;
        if self.chance(self.weather.refused_per_mille) {
            return self.push(at + way, Arrival::Lost(INITIATOR, id));
        }
        self.lines.insert(
            id,
            Line {
                address: self.address,
                free_at: [at; 2],
                last_arrival: [at; 2],
                held_until: [at; 2],
                closed: [false; 2],
                deaf: false,
            },
        );
        self.push(at + way, Arrival::Answered(id));
        // TCP, TLS, HTTP.
        self.push(at + way * 3, Arrival::Connected(id));
    }

    pub(crate) fn transmit(&mut self, from: Side, id: LineId, bytes: Bytes) {
        let now = self.now;
        let Some(line) = self.lines.get_mut(&id) else { return };
        let rate = self.weather.bytes_per_second;
        let time = |bytes: usize| Duration::from_micros(bytes as u64 * 1_000_000 / rate);
        let mut going = line.free_at[from].max(now);
        let gone = going + time(bytes.len());
        line.free_at[from] = gone;
        self.push(gone.checked_sub(SOCKET_BUFFER).unwrap_or(now).max(now), Arrival::Written(from, id));
        let to = 1 - from;
        if self.chance(self.weather.faulty_per_mille) {
            match self.rng.below(3) {
                0 => return,
                1 => self.arrive(gone, to, id, bytes.clone()),
                _ => {
                    let late = gone + self.between(Duration::ZERO, Duration::from_millis(30));
                    return self.push(late + self.weather.delay, Arrival::Bytes(to, id, bytes));
                }
            }
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let size = 1 + usize::try_from(self.rng.below(rest.len() as u64 * 2)).unwrap();
            let size = if self.in_one_piece { rest.len() } else { size };
            let piece = rest.split_to(size.min(rest.len()));
            going += time(piece.len());
            self.arrive(going, to, id, piece);
        }
    }

    /// An end closes a line; the other one learns it in order.
    pub(crate) fn disconnect(&mut self, from: Side, id: LineId) {
        let now = self.now;
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.closed[from] = true;
        let after = line.free_at[from].max(now);
        if !line.closed[1 - from] {
            let at = after + self.weather.delay;
            self.arrive_in_order(at, Arrival::Lost(1 - from, id));
        }
    }

    fn arrive(&mut self, sent: Instant, to: Side, id: LineId, piece: Bytes) {
        let mut at = sent + self.weather.delay + self.between(Duration::ZERO, self.weather.jitter);
        while self.chance(self.weather.lost_per_mille) {
            at += self.weather.delay * 2 + Duration::from_millis(200);
        }
        self.arrive_in_order(at, Arrival::Bytes(to, id, piece));
    }

    fn arrive_in_order(&mut self, mut at: Instant, arrival: Arrival) {
        if let Arrival::Bytes(to, id, _) | Arrival::Lost(to, id) = &arrival
            && let Some(line) = self.lines.get_mut(id)
        {
            at = at.max(line.last_arrival[*to]);
            line.last_arrival[*to] = at;
        }
        self.push(at, arrival);
    }

    fn push(&mut self, at: Instant, arrival: Arrival) {
        self.count += 1;
        self.arrivals.push(Reverse((at, self.count, arrival)));
    }

    fn cut_until(&self, at: Instant) -> Option<Instant> {
        self.outages.iter().filter(|(from, to)| *from <= at && at < *to).map(|(_, to)| *to).max()
    }

    pub(crate) fn chance(&self, per_mille: u64) -> bool {
        per_mille > 0 && self.rng.below(1000) < per_mille
    }

    pub(crate) fn between(&self, from: Duration, to: Duration) -> Duration {
        let span = u64::try_from(to.saturating_sub(from).as_micros()).unwrap();
        from + Duration::from_micros(self.rng.below(span + 1))
    }
}
