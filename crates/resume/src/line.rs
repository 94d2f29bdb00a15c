//! One line: who is heard on it, and what must be said on it beside the stream's bytes.

use std::time::{Duration, Instant};

use bytes::BytesMut;

use crate::{Decoder, FIRST_TRANSMIT_BYTES, Frame, MAX_TRANSMIT_BYTES, PING_EVERY};

/// What is written within this time may be twice as much next time.
const QUICK: Duration = Duration::from_millis(100);
/// What takes longer than this was too much.
const SLOW: Duration = Duration::from_millis(400);

/// Names one line. An initiator's stream chooses them when it asks for a line; at an acceptor the caller does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(pub u64);

/// The line that the stream is attached to.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) id: LineId,
    pub(crate) decoder: Decoder,
    pub(crate) heard_at: Instant,
    /// Silent for too long, or about to be left.
    pub(crate) doubted: bool,
    /// The caller wants another line, however well this one does.
    pub(crate) leaving: bool,
    /// Whether bytes handed out have not been written yet.
    pub(crate) writing: bool,
    /// Whether any frame has come.
    pub(crate) answered: bool,
    /// How much is handed out at once: more as long as it goes quickly.
    pub(crate) burst_bytes: usize,
    written_since: Instant,
    /// OPEN, ATTACH or ATTACHED, until it is sent.
    first: Option<Frame>,
    pong: Option<u64>,
    ping_at: Instant,
    ping: u64,
    /// When the last PING went out, until it is answered.
    pinged_at: Option<Instant>,
    /// When the first PING after the last answer went out.
    unanswered_since: Option<Instant>,
    round_trip: Option<Duration>,
}

impl Line {
    pub(crate) fn new(id: LineId, now: Instant, decoder: Decoder, first: Option<Frame>) -> Self {
        Self {
            id,
            decoder,
            heard_at: now,
            doubted: false,
            leaving: false,
            writing: false,
            answered: false,
            burst_bytes: FIRST_TRANSMIT_BYTES,
            written_since: now,
            first,
            pong: None,
            ping_at: now + PING_EVERY,
            ping: 0,
            pinged_at: None,
            unanswered_since: None,
            round_trip: None,
        }
    }

    /// Bytes were handed out.
    pub(crate) fn begin_writing(&mut self, now: Instant) {
        self.writing = true;
        self.written_since = now;
    }

    /// They are written.
    pub(crate) fn end_writing(&mut self, now: Instant) {
        self.writing = false;
        let took = now.saturating_duration_since(self.written_since);
        if took <= QUICK {
            self.burst_bytes = (self.burst_bytes * 2).min(MAX_TRANSMIT_BYTES);
        } else if took > SLOW {
            self.burst_bytes = FIRST_TRANSMIT_BYTES;
        }
    }

    /// Whether something other than the stream's bytes must be said now.
    pub(crate) fn has_something(&self, now: Instant) -> bool {
        self.first.is_some() || self.pong.is_some() || now >= self.ping_at
    }

    /// When the next PING is due.
    pub(crate) fn ping_at(&self) -> Instant {
        self.ping_at
    }

    /// Says it. `sent` is where the stream's bytes have come to on this line. Returns whether a PING was among it.
    pub(crate) fn write(&mut self, now: Instant, sent: u64, out: &mut BytesMut) -> bool {
        if let Some(first) = self.first.take() {
            first.write(out);
        }
        if let Some(number) = self.pong.take() {
            Frame::Pong(number).write(out);
        }
        let due = now >= self.ping_at;
        if due {
            self.ping = self.ping.wrapping_add(1);
            self.pinged_at = Some(now);
            self.unanswered_since.get_or_insert(now);
            self.ping_at = now + PING_EVERY;
            Frame::Ping { number: self.ping, sent }.write(out);
        }
        due
    }

    /// Only the newest PING is answered, so that many cost us nothing.
    pub(crate) fn pinged(&mut self, number: u64) {
        self.pong = Some(number);
    }

    /// Whether this answers the newest PING, so that both directions carry what is said now. An answer to an older one
    /// says only that something moves.
    pub(crate) fn ponged(&mut self, now: Instant, number: u64) -> bool {
        self.unanswered_since = None;
        let Some(pinged_at) = self.pinged_at.take_if(|_| number == self.ping) else { return false };
        self.round_trip = Some(now.saturating_duration_since(pinged_at));
        true
    }

    /// What is said here arrives over there.
    pub(crate) fn moves(&mut self) {
        self.unanswered_since = None;
    }

    /// Since when the other side has answered nothing, while something should be answered.
    pub(crate) fn unanswered_since(&self) -> Option<Instant> {
        self.unanswered_since
    }

    /// The last measured way there and back, both sides' queues included.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }
}
