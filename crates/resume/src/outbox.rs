//! What goes out: bytes wait here until they are sent and, once the stream is armed, until they are acknowledged.

use std::{collections::VecDeque, time::Instant};

use bytes::BytesMut;

use crate::{Fault, Frame, MAX_DATA_BYTES, UNARMED_BYTES, frame::write_data, pace::Pace};

#[derive(Debug)]
pub(crate) struct Outbox {
    /// From `base` on, sent or not.
    bytes: VecDeque<u8>,
    base: u64,
    /// What goes out next on the line.
    next: u64,
    /// All before it has been sent once.
    sent: u64,
    acknowledged: u64,
    /// The other side takes nothing at or beyond this position.
    limit: u64,
    capacity: usize,
    /// Whether sent bytes are kept until they are acknowledged.
    keeps: bool,
    ended: bool,
    pace: Pace,
}

impl Outbox {
    pub(crate) fn new(keeps: bool) -> Self {
        Self {
            bytes: VecDeque::new(),
            base: 0,
            next: 0,
            sent: 0,
            acknowledged: 0,
            limit: UNARMED_BYTES as u64,
            capacity: UNARMED_BYTES,
            keeps,
            ended: false,
            pace: Pace::new(),
        }
    }

    /// From now on everything is kept until it is acknowledged.
    pub(crate) fn arm(&mut self, capacity: usize) {
        self.keeps = true;
        self.capacity = capacity.max(self.capacity);
    }

    /// Takes as much as there is room for.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        self.bytes.extend(bytes.get(..count).unwrap_or_default());
        count
    }

    pub(crate) fn room(&self) -> usize {
        if self.ended { 0 } else { self.capacity.saturating_sub(self.bytes.len()) }
    }

    pub(crate) fn held_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes that have not gone out on the present line.
    pub(crate) fn unsent_bytes(&self) -> usize {
        let end = self.base + self.bytes.len() as u64;
        usize::try_from(end.saturating_sub(self.next)).unwrap_or(usize::MAX)
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// The position after the last byte, which is the end's own once there is one.
    fn end_position(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// Where the bytes have come to on the present line.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Bytes that the application has written.
    pub(crate) fn written(&self) -> u64 {
        self.end_position()
    }

    /// Bytes a second that the line has been seen to carry.
    pub(crate) fn rate(&self) -> Option<u64> {
        self.pace.rate()
    }

    pub(crate) fn has_something(&self) -> bool {
        self.next < self.end_position().min(self.limit).min(self.pace_limit()) || self.has_end()
    }

    /// Nothing at or beyond this position is sent before more has been acknowledged.
    fn pace_limit(&self) -> u64 {
        self.acknowledged.saturating_add(self.pace.allowed())
    }

    fn has_end(&self) -> bool {
        self.ended && self.next == self.end_position()
    }

    /// Appends the next frame, of at most `most` bytes of the stream.
    pub(crate) fn send(&mut self, now: Instant, out: &mut BytesMut, most: usize) {
        let end = self.end_position();
        let until = self.limit.min(end).min(self.pace_limit());
        let ready = usize::try_from(until.saturating_sub(self.next)).unwrap_or(usize::MAX);
        let count = ready.min(most).min(MAX_DATA_BYTES);
        if count > 0 {
            let start = usize::try_from(self.next.saturating_sub(self.base)).unwrap_or(usize::MAX);
            let (first, second) = self.bytes.as_slices();
            let one = part(first, start, count);
            let two = part(second, start.saturating_sub(first.len()), count - one.len());
            write_data(out, self.next, [one, two]);
            self.next += count as u64;
            self.pace.sent(now, self.next, self.acknowledged);
            if self.next >= self.pace_limit() && self.next < end.min(self.limit) {
                self.pace.hold_back();
            }
        } else if self.has_end() {
            Frame::End { position: end }.write(out);
            self.next += 1;
        }
        self.sent = self.sent.max(self.next);
        if !self.keeps {
            self.forget(self.next);
        }
    }

    /// The other side's application has taken all before `taken`, and takes up to `limit`. Returns whether that is more
    /// than before.
    pub(crate) fn acknowledge(&mut self, now: Instant, taken: u64, limit: u64) -> Result<bool, Fault> {
        if taken > self.sent {
            return Err(Fault::AckBeyondSent);
        }
        let moves = taken > self.acknowledged;
        self.acknowledged = self.acknowledged.max(taken);
        self.limit = self.limit.max(limit);
        self.forget(taken);
        self.next = self.next.max(taken);
        self.pace.arrived(now, taken);
        Ok(moves)
    }

    /// The other side has received all before `received`: goes on from there, or from what it has acknowledged since it
    /// said so. Returns where that is.
    pub(crate) fn rewind(&mut self, received: u64) -> Result<u64, Fault> {
        let from = received.max(self.acknowledged);
        if from < self.base || from > self.sent {
            return Err(Fault::OutOfStep);
        }
        self.next = from;
        // Another line is another way.
        self.pace = Pace::new();
        Ok(from)
    }

    /// Whether the other side's application has taken everything, the end included.
    pub(crate) fn is_done(&self) -> bool {
        self.ended && self.acknowledged > self.end_position()
    }

    /// Whether everything has been sent once, the end included.
    pub(crate) fn is_sent(&self) -> bool {
        self.ended && self.sent > self.end_position()
    }

    fn forget(&mut self, before: u64) {
        let count = usize::try_from(before.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.bytes.len());
        self.bytes.drain(..count);
        self.base += count as u64;
        if self.bytes.is_empty() && self.bytes.capacity() > MAX_DATA_BYTES {
            // An idle stream holds no buffer.
            self.bytes = VecDeque::new();
        }
    }
}

fn part(bytes: &[u8], start: usize, most: usize) -> &[u8] {
    let rest = bytes.get(start..).unwrap_or_default();
    rest.get(..most).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MAX_POSITION, pace};

    fn now() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    /// Sends all that may be sent, at whatever pace.
    fn sent(outbox: &mut Outbox) -> usize {
        outbox.pace = Pace::of(MAX_POSITION);
        let mut out = BytesMut::new();
        while outbox.has_something() {
            outbox.send(now(), &mut out, usize::MAX);
        }
        out.len()
    }

    #[test]
    fn no_more_is_under_way_than_the_line_takes() {
        let mut outbox = Outbox::new(true);
        outbox.write(&vec![0; UNARMED_BYTES]);
        let mut out = BytesMut::new();
        while outbox.has_something() {
            outbox.send(now(), &mut out, usize::MAX);
        }
        assert_eq!(outbox.next, pace::FIRST_ALLOWED_BYTES);
        outbox.acknowledge(now(), 1_000, 0).unwrap();
        assert!(outbox.has_something());
    }

    #[test]
    fn nothing_is_kept_before_it_is_armed() {
        let mut outbox = Outbox::new(false);
        assert_eq!(outbox.write(&[1; 1000]), 1000);
        assert!(sent(&mut outbox) > 1000);
        assert_eq!(outbox.held_bytes(), 0);
        assert_eq!(outbox.rewind(0), Err(Fault::OutOfStep));
        outbox.arm(2000);
        assert_eq!(outbox.write(&[2; 10]), 10);
        sent(&mut outbox);
        assert_eq!(outbox.held_bytes(), 10, "kept until acknowledged");
        outbox.rewind(1000).unwrap();
        outbox.acknowledge(now(), 1010, 5000).unwrap();
        assert_eq!(outbox.held_bytes(), 0);
    }

    #[test]
    fn the_buffer_never_overflows() {
        let mut outbox = Outbox::new(true);
        assert_eq!(outbox.write(&vec![0; UNARMED_BYTES + 1]), UNARMED_BYTES);
        assert_eq!(outbox.write(&[0]), 0);
        sent(&mut outbox);
        assert_eq!(outbox.write(&[0]), 0, "sent is not acknowledged");
        outbox.acknowledge(now(), 1, 0).unwrap();
        assert_eq!(outbox.write(&[0, 0]), 1);
        outbox.arm(UNARMED_BYTES * 2);
        assert_eq!(outbox.room(), UNARMED_BYTES);
        assert_eq!(outbox.held_bytes(), UNARMED_BYTES);
    }

    #[test]
    fn nothing_goes_out_beyond_the_limit() {
        let mut outbox = Outbox::new(true);
        outbox.arm(UNARMED_BYTES * 2);
        outbox.write(&vec![0; UNARMED_BYTES + 5]);
        sent(&mut outbox);
        assert_eq!(outbox.sent, UNARMED_BYTES as u64);
        outbox.acknowledge(now(), 0, UNARMED_BYTES as u64 + 3).unwrap();
        sent(&mut outbox);
        assert_eq!(outbox.sent, UNARMED_BYTES as u64 + 3);
        outbox.acknowledge(now(), 0, 0).unwrap();
        assert_eq!(outbox.limit, UNARMED_BYTES as u64 + 3, "a limit never shrinks");
    }

    #[test]
    fn what_was_never_sent_cannot_be_acknowledged() {
        let mut outbox = Outbox::new(true);
        outbox.write(&[0; 10]);
        assert_eq!(outbox.acknowledge(now(), 1, 100), Err(Fault::AckBeyondSent));
        outbox.end();
        sent(&mut outbox);
        assert_eq!(outbox.acknowledge(now(), 12, 100), Err(Fault::AckBeyondSent));
        assert!(outbox.is_sent() && !outbox.is_done());
        outbox.acknowledge(now(), 11, 100).unwrap();
        assert!(outbox.is_done());
    }
}
