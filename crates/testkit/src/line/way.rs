//! One direction of a line as a pure model: it is told the time and each packet, and says which packet leaves when.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

use super::Shape;
use crate::rng::SeededRng;

/// More packets than a gigabit line holds in 200 ms; the next ones are lost.
pub(crate) const MAX_HELD_PACKETS: usize = 20_000;

const NANOSECONDS: u128 = 1_000_000_000;

/// What became of the packets of one direction so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Delivered.
    pub delivered: u64,
    /// Lost at random.
    pub lost: u64,
    /// Lost because the queue in front of the line was full.
    pub overflowed: u64,
    /// Lost because the line was cut.
    pub cut: u64,
    /// Lost because their port is closed.
    pub refused: u64,
    /// Held back so that later ones overtook them.
    pub late: u64,
}

/// One direction.
#[derive(Debug)]
pub(crate) struct Way {
    shape: Shape,
    rng: SeededRng,
    /// When the last bit of what was accepted so far has gone onto the line.
    free_at: Option<Instant>,
    /// No packet in order arrives before this one.
    last_due: Option<Instant>,
    held: BinaryHeap<Reverse<Held>>,
    count: u64,
    tally: Tally,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    due: Instant,
    number: u64,
    packet: Vec<u8>,
}

impl Way {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            shape: Shape::default(),
            rng: SeededRng::new(seed),
            free_at: None,
            last_due: None,
            held: BinaryHeap::new(),
            count: 0,
            tally: Tally::default(),
        }
    }

    /// Changes the line. What is under way arrives as it would have, unless the line is cut.
    pub(crate) fn reshape(&mut self, shape: Shape) {
        if shape.cut {
            self.tally.cut += self.held.len() as u64;
            self.held.clear();
        }
        if shape.rate_bit_s != self.shape.rate_bit_s {
            self.free_at = None;
        }
        self.shape = shape;
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// Takes a packet onto the line, or loses it.
    pub(crate) fn take(&mut self, now: Instant, packet: Vec<u8>) {
        // Drawn for every packet, so that a seed means the same course of things whatever becomes of the packet.
        let [loss, jitter, late] = [(); 3].map(|()| self.rng.next_u64());
        if self.shape.cut {
            self.tally.cut += 1;
            return;
        }
        if self.shape.closed_port.is_some_and(|port| tcp_ports(&packet).is_some_and(|ports| ports.contains(&port))) {
            self.tally.refused += 1;
            return;
        }
        let Some(sent) = self.transmit(now, packet.len()) else {
            self.tally.overflowed += 1;
            return;
        };
        if loss % 1000 < u64::from(self.shape.loss_permille) {
            self.tally.lost += 1;
            return;
        }
        let jitter_ns = u64::try_from(self.shape.jitter.as_nanos()).unwrap_or(u64::MAX);
        let arrives = sent + self.shape.delay + Duration::from_nanos(jitter.checked_rem(jitter_ns).unwrap_or(0));
        let due = if late % 1000 < u64::from(self.shape.late_permille) {
            self.tally.late += 1;
            arrives + self.shape.late_by
        } else {
            let due = self.last_due.map_or(arrives, |last| last.max(arrives));
            self.last_due = Some(due);
            due
        };
        self.count += 1;
        self.held.push(Reverse(Held { due, number: self.count, packet }));
    }

    /// When the packet's last bit has gone onto the line; `None` when there is no room to wait.
    fn transmit(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        if self.held.len() >= MAX_HELD_PACKETS {
            return None;
        }
        let Some(rate) = self.shape.rate_bit_s else { return Some(now) };
        let time_of = |bytes: usize| {
            let nanoseconds = (bytes as u128 * 8 * NANOSECONDS).checked_div(u128::from(rate)).unwrap_or(u128::MAX);
            Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
        };
        let start = self.free_at.map_or(now, |free| free.max(now));
        if start - now > time_of(self.shape.queue_bytes) {
            return None;
        }
        let sent = start + time_of(bytes);
        self.free_at = Some(sent);
        Some(sent)
    }

    /// When the next packet arrives.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.held.peek().map(|Reverse(held)| held.due)
    }

    /// The next packet, if it has arrived.
    pub(crate) fn arrived(&mut self, now: Instant) -> Option<Vec<u8>> {
        if self.next_due()? > now {
            return None;
        }
        let Reverse(held) = self.held.pop()?;
        self.tally.delivered += 1;
        Some(held.packet)
    }
}

/// Source and destination of an IPv4 packet that begins a TCP segment.
fn tcp_ports(packet: &[u8]) -> Option<[u16; 2]> {
    const TCP: u8 = 6;
    let first = *packet.first()?;
    let header = usize::from(first & 0x0f) * 4;
    let fragment = u16::from_be_bytes([*packet.get(6)?, *packet.get(7)?]) & 0x1fff;
    if first >> 4 != 4 || *packet.get(9)? != TCP || fragment != 0 {
        return None;
    }
    let ports = packet.get(header..header + 4)?;
    Some([u16::from_be_bytes([ports[0], ports[1]]), u16::from_be_bytes([ports[2], ports[3]])])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: usize = 1000;

    fn way(shape: Shape) -> Way {
        let mut way = Way::new(7);
        way.reshape(shape);
        way
    }

    /// Gives packets at a steady pace and returns each one's number and how long it took.
    fn course(way: &mut Way, packets: u64, pace: Duration) -> Vec<(u64, Duration)> {
        let start = Instant::now();
        for number in 0..packets {
            let mut packet = number.to_be_bytes().to_vec();
            packet.resize(PACKET, 0);
            way.take(start + pace * u32::try_from(number).unwrap(), packet);
        }
        let mut arrived = Vec::new();
        while let Some(due) = way.next_due() {
            let packet = way.arrived(due).unwrap();
            let number = u64::from_be_bytes(packet[..8].try_into().unwrap());
            arrived.push((number, due - (start + pace * u32::try_from(number).unwrap())));
        }
        arrived
    }

    #[test]
    fn loss_is_what_was_asked_for_and_repeats_with_its_seed() {
        let shape = Shape { loss_permille: 20, ..Shape::default() };
        let [first, second] = [(); 2].map(|()| course(&mut way(shape.clone()), 20_000, Duration::ZERO));
        let lost = 20_000 - first.len();
        assert!((320..480).contains(&lost), "{lost} of 20000");
        assert_eq!(first, second);
    }

    #[test]
    fn delay_and_jitter_keep_the_order() {
        let [delay, jitter] = [80, 30].map(Duration::from_millis);
        let mut way = way(Shape { delay, jitter, ..Shape::default() });
        let arrived = course(&mut way, 1000, Duration::from_millis(2));
        assert!(arrived.iter().map(|(number, _)| *number).eq(0..1000));
        assert!(arrived.iter().all(|(_, took)| (delay..delay + jitter).contains(took)));
        let longest = arrived.iter().map(|(_, took)| *took).max().unwrap();
        assert!(longest > delay + jitter * 9 / 10, "{longest:?}");
    }

    #[test]
    fn a_slow_line_queues_and_its_queue_has_an_end() {
        let mut way = way(Shape { rate_bit_s: Some(1_000_000), queue_bytes: 20 * PACKET, ..Shape::default() });
        let arrived = course(&mut way, 100, Duration::ZERO);
        // 20 wait, one is on the line.
        assert_eq!((arrived.len(), way.tally().overflowed), (21, 79));
        assert_eq!(arrived[0].1, Duration::from_millis(8));
        assert_eq!(arrived[20].1, Duration::from_millis(168));
    }

    #[test]
    fn late_packets_are_overtaken() {
        let late_by = Duration::from_millis(10);
        let mut way = way(Shape { late_permille: 100, late_by, ..Shape::default() });
        let arrived = course(&mut way, 1000, Duration::from_millis(1));
        assert_eq!(arrived.len(), 1000);
        let overtaken = arrived.windows(2).filter(|pair| pair[0].0 > pair[1].0).count();
        assert!(overtaken > 50, "{overtaken}");
        assert!((70..130).contains(&way.tally().late), "{:?}", way.tally());
    }

    #[test]
    fn a_cut_loses_what_is_under_way() {
        let delay = Duration::from_millis(50);
        let mut way = way(Shape { delay, ..Shape::default() });
        let now = Instant::now();
        way.take(now, vec![0; PACKET]);
        way.reshape(Shape { delay, cut: true, ..Shape::default() });
        way.take(now, vec![0; PACKET]);
        way.reshape(Shape::default());
        way.take(now, vec![0; PACKET]);
        assert!(way.arrived(now + delay).is_some());
        assert_eq!(way.tally(), Tally { cut: 2, delivered: 1, ..Tally::default() });
    }

    #[test]
    fn a_closed_port_is_closed_both_ways_and_no_other_is() {
        let mut way = way(Shape { closed_port: Some(2222), ..Shape::default() });
        for (from, to) in [(40_000_u16, 2222_u16), (2222, 40_000), (40_000, 443)] {
            let mut packet = vec![0; 40];
            (packet[0], packet[9]) = (0x45, 6);
            packet[20..22].copy_from_slice(&from.to_be_bytes());
            packet[22..24].copy_from_slice(&to.to_be_bytes());
            way.take(Instant::now(), packet);
        }
        way.take(Instant::now(), Vec::new());
        assert_eq!((way.tally().refused, way.held.len()), (2, 2));
    }

    #[test]
    fn what_is_held_has_a_limit() {
        let mut way = way(Shape { delay: Duration::from_secs(9), ..Shape::default() });
        let now = Instant::now();
        for _ in 0..MAX_HELD_PACKETS + 3 {
            way.take(now, Vec::new());
        }
        assert_eq!((way.held.len(), way.tally().overflowed), (MAX_HELD_PACKETS, 3));
    }
}
