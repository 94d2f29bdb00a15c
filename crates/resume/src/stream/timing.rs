//! What a stream does because time has passed.

use std::time::Instant;

use super::{End, Output, Stream};
use crate::{ACK_DELAY, ANSWER_PATIENCE, BUSY_ACK_BYTES, BUSY_ACK_DELAY, Frame, OPEN_PATIENCE, SILENCE};

impl Stream {
    pub(super) fn note_news(&mut self) {
        if self.inbox.has_urgent_news() {
            self.ack_at = Some(self.now);
        } else if self.inbox.has_news() {
            let at = *self.ack_at.get_or_insert(self.now + ACK_DELAY);
            if self.inbox.news_bytes() >= BUSY_ACK_BYTES {
                self.ack_at = Some(at.min((self.acked_at + BUSY_ACK_DELAY).max(self.now)));
            }
        }
    }

    /// When the line will have been silent for too long.
    pub(super) fn doubt_at(&self) -> Option<Instant> {
        let line = self.line.as_ref().filter(|line| !line.doubted)?;
        if self.ticket.is_none() {
            return Some(line.heard_at + self.settings.unarmed_silence);
        }
        let silent = line.heard_at + SILENCE;
        // Only who dials can mend a line that is dead in one direction.
        let unanswered = line.unanswered_since().filter(|_| self.dial.is_some()).map(|since| since + ANSWER_PATIENCE);
        Some(unanswered.map_or(silent, |unanswered| unanswered.min(silent)))
    }

    pub(super) fn wants_line(&self) -> bool {
        match &self.line {
            Some(line) => line.doubted && self.ticket.is_some(),
            None => !self.opened || self.ticket.is_some(),
        }
    }

    /// When waiting for a line ends.
    pub(super) fn give_up_at(&self) -> Option<Instant> {
        if !self.opened {
            return Some(self.began_at + OPEN_PATIENCE);
        }
        self.away_since?.checked_add(self.ticket.as_ref()?.patience())
    }

    /// Does what the time asks for.
    pub(super) fn keep_time(&mut self) {
        if self.ended.is_some() {
            return;
        }
        let doubt = self.doubt_at().is_some_and(|at| self.now >= at);
        if let Some(line) = self.line.as_mut().filter(|_| doubt) {
            line.doubted = true;
            let (id, heard_at) = (line.id, line.heard_at);
            if self.ticket.is_none() {
                self.outputs.push_back(Output::Disconnect(id));
                self.line = None;
                return self.end(End::Lost);
            }
            self.go_away(heard_at);
        }
        if self.give_up_at().is_some_and(|at| self.now >= at) {
            return self.end(if self.outbox.is_done() && self.inbox.is_done() { End::Finished } else { End::Lost });
        }
        self.finish();
        if self.ended.is_none() {
            self.keep_dialling();
        }
    }

    /// The acceptor leaves first, once both ends have been taken and the initiator has been told so: an initiator that
    /// missed the last word comes back and learns from the refusal that it was the last.
    pub(super) fn finish(&mut self) {
        let Some(line) = self.line.as_ref().filter(|line| !line.writing && self.dial.is_none()) else { return };
        if self.outbox.is_done() && self.inbox.is_told() {
            self.outputs.push_back(Output::Transmit(line.id, Frame::Bye.to_bytes()));
            self.end(End::Finished);
        }
    }

    /// Whether an acceptor that knows of the stream no more may have forgotten it because all was done.
    pub(super) fn may_have_finished(&self) -> bool {
        self.dial.is_some() && self.inbox.is_done() && self.outbox.is_sent()
    }

    pub(super) fn keep_dialling(&mut self) {
        let wanted = self.wants_line();
        let Some(dial) = &mut self.dial else { return };
        if dial.attach_deadline().is_some_and(|at| self.now >= at) {
            self.outputs.extend(dial.attaching.take().map(|attaching| Output::Disconnect(attaching.line.id)));
        }
        if wanted && dial.attaching.is_none() {
            let step = dial.step(self.now);
            self.disconnect_all(step.give_up);
            self.outputs.extend(step.dial.map(Output::Connect));
        }
    }
}
