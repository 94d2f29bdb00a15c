//! What comes in: bytes in order, until the application takes them.

use std::{collections::VecDeque, io::Read as _};

use crate::{Fault, MAX_DATA_BYTES, UNARMED_BYTES};

/// So much is acknowledged at once: the other side keeps little under way on a line that it does not know.
const URGENT_BYTES: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Inbox {
    bytes: VecDeque<u8>,
    /// All before it is here; the end counts as one.
    received: u64,
    /// All before it has been taken by the application; the end counts as one.
    taken: u64,
    end: Option<u64>,
    window: usize,
    told_taken: u64,
    told_limit: u64,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self {
            bytes: VecDeque::new(),
            received: 0,
            taken: 0,
            end: None,
            window: UNARMED_BYTES,
            told_taken: 0,
            told_limit: UNARMED_BYTES as u64,
        }
    }

    pub(crate) fn arm(&mut self, window: usize) {
        self.window = window.max(self.window);
    }

    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    pub(crate) fn held_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes that were here before are passed over, so that whatever is sent twice counts once.
    pub(crate) fn receive(&mut self, position: u64, bytes: &[u8]) -> Result<(), Fault> {
        let end = position.saturating_add(bytes.len() as u64);
        if self.end.is_some_and(|last| end > last) {
            return Err(Fault::EndMoved);
        }
        if end > self.told_limit {
            return Err(Fault::BeyondWindow);
        }
        let known = self.received.checked_sub(position).ok_or(Fault::Gap)?;
        if let Some(fresh) = usize::try_from(known).ok().and_then(|known| bytes.get(known..)) {
            self.bytes.extend(fresh);
            self.received += fresh.len() as u64;
        }
        Ok(())
    }

    pub(crate) fn finish(&mut self, position: u64) -> Result<(), Fault> {
        match self.end {
            Some(end) if end == position => Ok(()),
            Some(_) => Err(Fault::EndMoved),
            None if position > self.received => Err(Fault::Gap),
            None if position < self.received => Err(Fault::EndMoved),
            None => {
                self.end = Some(position);
                self.received += 1;
                self.took(0);
                Ok(())
            }
        }
    }

    /// Moves bytes to the application.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> usize {
        // Reading from memory cannot fail; the buffer lies in up to two pieces.
        let first = self.bytes.read(out).unwrap_or(0);
        let second = out.get_mut(first..).map_or(0, |rest| self.bytes.read(rest).unwrap_or(0));
        self.took(first + second);
        first + second
    }

    fn took(&mut self, count: usize) {
        self.taken += count as u64;
        if self.bytes.is_empty() {
            if self.bytes.capacity() > MAX_DATA_BYTES {
                // An idle stream holds no buffer.
                self.bytes = VecDeque::new();
            }
            // The end needs nobody to take it.
            self.taken = self.received;
        }
    }

    /// Whether the other side has ended and the application has everything.
    pub(crate) fn is_done(&self) -> bool {
        self.end.is_some() && self.bytes.is_empty()
    }

    /// Whether the other side knows that the application has everything, as far as telling goes.
    pub(crate) fn is_told(&self) -> bool {
        self.is_done() && self.told_taken == self.taken
    }

    fn limit(&self) -> u64 {
        self.taken + self.window as u64
    }

    /// Whether there is something to acknowledge.
    pub(crate) fn has_news(&self) -> bool {
        self.taken > self.told_taken || self.limit() > self.told_limit
    }

    /// Bytes taken that the other side does not know of.
    pub(crate) fn news_bytes(&self) -> u64 {
        self.taken - self.told_taken
    }

    /// Whether the other side may soon stand still for want of an acknowledgement.
    pub(crate) fn has_urgent_news(&self) -> bool {
        let grown = self.limit().saturating_sub(self.told_limit).max(self.taken - self.told_taken);
        grown >= (self.window / 4).min(URGENT_BYTES) as u64 || (self.is_done() && self.has_news())
    }

    /// Taken and limit, as told from now on.
    pub(crate) fn tell(&mut self) -> (u64, u64) {
        self.told_taken = self.taken;
        self.told_limit = self.told_limit.max(self.limit());
        (self.told_taken, self.told_limit)
    }

    /// What was told on a line that is gone may not have arrived.
    pub(crate) fn tell_again(&mut self) {
        self.told_taken = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_sent_twice_count_once() {
        let mut inbox = Inbox::new();
        inbox.receive(0, b"abcd").unwrap();
        inbox.receive(2, b"cdef").unwrap();
        inbox.receive(0, b"ab").unwrap();
        let mut out = [0; 10];
        assert_eq!(inbox.read(&mut out), 6);
        assert_eq!(&out[..6], b"abcdef");
    }

    #[test]
    fn gaps_and_bytes_beyond_the_window_are_refused() {
        let mut inbox = Inbox::new();
        assert_eq!(inbox.receive(1, b"b"), Err(Fault::Gap));
        assert_eq!(inbox.receive(UNARMED_BYTES as u64, b"b"), Err(Fault::BeyondWindow));
        inbox.receive(0, &vec![0; UNARMED_BYTES]).unwrap();
        assert_eq!(inbox.receive(UNARMED_BYTES as u64, b"b"), Err(Fault::BeyondWindow));
        let mut out = vec![0; UNARMED_BYTES];
        inbox.read(&mut out);
        assert_eq!(inbox.receive(UNARMED_BYTES as u64, b"b"), Err(Fault::BeyondWindow), "not told yet");
        inbox.tell();
        inbox.receive(UNARMED_BYTES as u64, b"b").unwrap();
        assert_eq!(inbox.held_bytes(), 1);
    }

    #[test]
    fn the_end_stays_where_it_is() {
        let mut inbox = Inbox::new();
        assert_eq!(inbox.finish(1), Err(Fault::Gap));
        inbox.receive(0, b"ab").unwrap();
        assert_eq!(inbox.finish(1), Err(Fault::EndMoved));
        inbox.finish(2).unwrap();
        inbox.finish(2).unwrap();
        assert_eq!(inbox.finish(3), Err(Fault::EndMoved));
        assert_eq!(inbox.receive(2, b"c"), Err(Fault::EndMoved));
        inbox.receive(1, b"b").unwrap();
        assert!(!inbox.is_done());
        inbox.read(&mut [0; 2]);
        assert!(inbox.is_done() && inbox.has_urgent_news());
        assert_eq!(inbox.tell().0, 3);
        assert!(inbox.is_told());
    }
}
