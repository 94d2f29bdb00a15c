//! Polls what has changed until nothing more is to be done, and puts what leaves into as few pieces as possible.

use std::{
    cmp::Reverse,
    net::SocketAddr,
    time::{Duration, Instant},
};

use str0m::{Input, Output as RtcOutput, net::Protocol};

use super::{
    Shard,
    peer::{Path, is_stun},
    seat::Slot,
};
use crate::{
    ids::{Proto, Side},
    limits::{MAX_SEGMENTS, MAX_TRANSMIT_BYTES},
    output::{Gone, Output, Transmit},
};

/// Timers further away than this are as good as none.
const FAR: Duration = Duration::from_secs(3_600);
/// What is due so soon is due now: the pacer lets packets out one by one, a microsecond apart.
const SOON: Duration = Duration::from_micros(200);
/// Packets in one go, at most, and rounds in which nothing comes.
const MAX_ROUNDS: usize = 256;
const MAX_IDLE_ROUNDS: usize = 4;

impl Shard {
    /// Polls all connections that changed and makes the offers that are due.
    pub(super) fn settle(&mut self) {
        loop {
            while let Some((slot, side)) = self.queue.pop_front() {
                if let Some(peer) = self.peer(slot, side) {
                    peer.queued = false;
                }
                self.advance(slot, side, self.now);
                self.drain(slot, side);
            }
            let offers = std::mem::take(&mut self.offers);
            if offers.is_empty() {
                return;
            }
            for slot in offers {
                self.offer(slot);
            }
        }
    }

    fn advance(&mut self, slot: Slot, side: Side, to: Instant) {
        let Some(peer) = self.peer(slot, side) else { return };
        peer.told = peer.told.max(to);
        if let Err(error) = peer.rtc.handle_input(Input::Timeout(peer.told)) {
            tracing::debug!(%error, "A connection broke");
            self.end(slot, Gone::Fault);
        }
    }

    /// Polls one connection until it only waits.
    pub(super) fn drain(&mut self, slot: Slot, side: Side) {
        let (mut rounds, mut idle) = (0, 0);
        loop {
            let now = self.now;
            let Some(peer) = self.peer(slot, side) else { return };
            match peer.rtc.poll_output() {
                Ok(RtcOutput::Timeout(at)) if at <= now + SOON && rounds < MAX_ROUNDS && idle < MAX_IDLE_ROUNDS => {
                    rounds += 1;
                    idle += 1;
                    self.advance(slot, side, at);
                }
                Ok(RtcOutput::Timeout(at)) => {
                    let alive = peer.rtc.is_alive();
                    let at = at.max(now + Duration::from_millis(1));
                    if at < now + FAR && peer.wake_at.is_none_or(|wake| at < wake) {
                        peer.wake_at = Some(at);
                        self.timers.push(Reverse((at, slot, side)));
                    }
                    if !alive {
                        self.end(slot, Gone::Closed);
                    }
                    return;
                }
                Ok(RtcOutput::Transmit(transmit)) => {
                    idle = 0;
                    let proto = match transmit.proto {
                        Protocol::Udp => Proto::Udp,
                        _ => Proto::Tcp,
                    };
                    let path = Path { proto, ours: transmit.source, theirs: transmit.destination };
                    let active = peer.active.filter(|_| !is_stun(&transmit.contents));
                    self.transmit(active.unwrap_or(path), &transmit.contents);
                }
                Ok(RtcOutput::Event(event)) => self.on_event(slot, side, event),
                Err(error) => {
                    tracing::debug!(%error, "A connection broke");
                    self.end(slot, Gone::Fault);
                    return;
                }
            }
        }
    }

    fn transmit(&mut self, path: Path, contents: &[u8]) {
        let Path { proto, ours: from, theirs: to } = path;
        if let Some(Output::Transmit(last)) = self.out.back_mut()
            && last.take(proto, from, to, contents)
        {
            return;
        }
        let bytes = contents.to_vec();
        self.out.push_back(Output::Transmit(Transmit { proto, from, to, bytes, segment_bytes: None }));
    }
}

impl Transmit {
    /// Takes one more datagram, if it goes the same way and fits.
    fn take(&mut self, proto: Proto, from: SocketAddr, to: SocketAddr, contents: &[u8]) -> bool {
        if (self.proto, self.from, self.to) != (proto, from, to) || contents.is_empty() {
            return false;
        }
        let segment = self.segment_bytes.unwrap_or(self.bytes.len());
        let full = segment == 0
            || !self.bytes.len().is_multiple_of(segment)
            || self.bytes.len() / segment >= MAX_SEGMENTS
            || self.bytes.len() + contents.len() > MAX_TRANSMIT_BYTES;
        if full || contents.len() > segment {
            return false;
        }
        self.segment_bytes = Some(segment);
        self.bytes.extend_from_slice(contents);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However datagrams are put together, they come apart again as they were.
        #[test]
        fn batches_come_apart_as_they_were(sizes in prop::collection::vec(1_usize..1_300, 1..120)) {
            let address: SocketAddr = "192.0.2.1:5".parse().unwrap();
            let mut batches: Vec<Transmit> = Vec::new();
            for (index, size) in sizes.iter().enumerate() {
                let contents = vec![index.to_le_bytes()[0]; *size];
                let taken = batches.last_mut().is_some_and(|last| last.take(Proto::Udp, address, address, &contents));
                if !taken {
                    batches.push(Transmit { proto: Proto::Udp, from: address, to: address, bytes: contents, segment_bytes: None });
                }
            }
            let apart: Vec<(usize, u8)> =
                batches.iter().flat_map(|batch| batch.datagrams().map(|datagram| (datagram.len(), datagram[0]))).collect();
            let wanted: Vec<(usize, u8)> =
                sizes.iter().enumerate().map(|(index, size)| (*size, index.to_le_bytes()[0])).collect();
            prop_assert_eq!(apart, wanted);
            for batch in &batches {
                prop_assert!(batch.bytes.len() <= MAX_TRANSMIT_BYTES);
                prop_assert!(batch.datagrams().count() <= MAX_SEGMENTS);
            }
        }
    }
}
