//! From one line to the next: losing one, finding one, proving who one is.

use std::time::Instant;

use super::{End, Event, Output, Stream};
use crate::{
    Attach, Decoder, Fault, Frame, LineId, Refusal,
    dial::{Attaching, Dial},
    line::Line,
    ticket::Positions,
};

impl Stream {
    pub(super) fn connected(&mut self, id: LineId) {
        let Some(dial) = &mut self.dial else { return };
        if !dial.take(id) {
            return self.outputs.push_back(Output::Disconnect(id));
        }
        let rivals = dial.clear();
        if let Some(ticket) = &self.ticket {
            self.epoch += 1;
            let received = self.inbox.received();
            let attach = Frame::Attach(ticket.attach(self.epoch, received));
            let line = Line::new(id, self.now, Decoder::default(), Some(attach));
            dial.attaching = Some(Attaching { line, epoch: self.epoch, received, since: self.now });
        } else {
            self.line = Some(Line::new(id, self.now, Decoder::default(), Some(Frame::Open)));
            self.opened = true;
        }
        self.disconnect_all(rivals);
    }

    pub(super) fn lost(&mut self, id: LineId) {
        if let Some(dial) = &mut self.dial {
            dial.take(id);
            if dial.attaching.as_ref().is_some_and(|attaching| attaching.line.id == id) {
                dial.attaching = None;
            }
        }
        if self.line.as_ref().is_some_and(|line| line.id == id) {
            self.detach();
        }
    }

    /// The line is gone; the stream waits for another one, if it can.
    pub(super) fn detach(&mut self) {
        let Some(line) = self.line.take() else { return };
        if self.ticket.is_none() {
            return self.end(End::Lost);
        }
        self.go_away(line.heard_at);
    }

    pub(super) fn go_away(&mut self, heard_at: Instant) {
        if self.away_since.is_none() {
            self.away_since = Some(heard_at);
            self.outputs.push_back(Output::Event(Event::Away));
            if let Some(dial) = &mut self.dial {
                dial.hurry(self.now);
            }
        }
    }

    pub(super) fn come_back(&mut self) {
        if let Some(since) = self.away_since.take() {
            let outage = self.now.saturating_duration_since(since);
            self.outputs.push_back(Output::Event(Event::Back { epoch: self.epoch, outage }));
        }
    }

    /// The line does well after all.
    pub(super) fn trust(&mut self) {
        let attaching = self.dial.as_ref().is_some_and(|dial| dial.attaching.is_some());
        let Some(line) = self.line.as_mut().filter(|line| line.doubted && !line.leaving && !attaching) else { return };
        line.doubted = false;
        let rivals = self.dial.as_mut().map(Dial::clear).unwrap_or_default();
        self.disconnect_all(rivals);
        self.come_back();
    }

    /// A fault costs the line.
    pub(super) fn drop_line(&mut self, fault: Fault) {
        let Some(line) = &self.line else { return };
        self.outputs.push_back(Output::Event(Event::Fault(fault)));
        self.outputs.push_back(Output::Disconnect(line.id));
        self.detach();
    }

    pub(super) fn drop_attaching(&mut self, fault: Fault) {
        if let Some(attaching) = self.dial.as_mut().and_then(|dial| dial.attaching.take()) {
            self.outputs.push_back(Output::Event(Event::Fault(fault)));
            self.outputs.push_back(Output::Disconnect(attaching.line.id));
        }
    }

    /// The acceptor's answer to ATTACH.
    pub(super) fn attach_answered(&mut self, frame: &Frame) {
        let Some(attaching) = self.dial.as_mut().and_then(|dial| dial.attaching.take()) else { return };
        let Some(ticket) = &self.ticket else { return };
        let id = attaching.line.id;
        let fault = match frame {
            Frame::Attached { epoch, received, from, code } if *epoch == attaching.epoch => {
                let said = Positions { epoch: *epoch, initiator: attaching.received, acceptor: *received, from: *from };
                if ticket.proves_attached(&said, code) {
                    return self.attached(attaching.line, &said);
                }
                Fault::Forged
            }
            Frame::Attached { .. } => Fault::OldEpoch,
            Frame::Refused(Refusal::Gone) => {
                self.outputs.push_back(Output::Disconnect(id));
                let finished = self.may_have_finished();
                return self.end(if finished { End::Finished } else { End::Refused(Refusal::Gone) });
            }
            Frame::Refused(Refusal::Busy) => return self.outputs.push_back(Output::Disconnect(id)),
            _ => Fault::Unexpected,
        };
        self.outputs.push_back(Output::Event(Event::Fault(fault)));
        self.outputs.push_back(Output::Disconnect(id));
    }

    /// A new line stands at both ends.
    pub(super) fn attached(&mut self, line: Line, said: &Positions) {
        if let Some(old) = self.line.take() {
            self.outputs.push_back(Output::Disconnect(old.id));
        }
        // What somebody else acknowledged in our name is lost.
        let lost = said.from > self.inbox.received();
        if lost || self.outbox.rewind(said.acceptor).is_err() {
            self.outputs.push_back(Output::Disconnect(line.id));
            return self.end(End::OutOfStep);
        }
        self.line = Some(line);
        self.inbox.tell_again();
        self.note_news();
        self.come_back();
        // What came with the answer.
        self.hear(&[]);
    }

    /// The initiator comes back on a new line.
    pub(super) fn attach(&mut self, id: LineId, attach: &Attach, rest: Decoder) {
        if let Err(fault) = self.judge(attach) {
            self.outputs.push_back(Output::Event(Event::Fault(fault)));
            return self.outputs.push_back(Output::Refuse(id, Refusal::Gone));
        }
        self.epoch = attach.epoch;
        let Some((ticket, from)) = self.ticket.as_ref().zip(self.outbox.rewind(attach.received).ok()) else {
            self.outputs.push_back(Output::Refuse(id, Refusal::Gone));
            return self.end(End::OutOfStep);
        };
        let (epoch, received) = (attach.epoch, self.inbox.received());
        let code = ticket.attached(&Positions { epoch, initiator: attach.received, acceptor: received, from });
        let first = Frame::Attached { epoch, received, from, code };
        if self.line.is_none() {
            self.away_since.get_or_insert(self.now);
        }
        // At the initiator's word: it knows first that the old line is dead.
        if let Some(old) = self.line.take() {
            self.away_since.get_or_insert(old.heard_at);
            self.outputs.push_back(Output::Disconnect(old.id));
        }
        self.line = Some(Line::new(id, self.now, rest, Some(first)));
        self.inbox.tell_again();
        self.note_news();
        self.come_back();
        self.hear(&[]);
    }

    /// Whether an ATTACH is this stream's and new.
    fn judge(&self, attach: &Attach) -> Result<(), Fault> {
        let ticket = self.ticket.as_ref().filter(|_| self.dial.is_none()).ok_or(Fault::Unexpected)?;
        if !ticket.proves(attach) {
            return Err(Fault::Forged);
        }
        if attach.epoch <= self.epoch {
            return Err(Fault::OldEpoch);
        }
        Ok(())
    }

    pub(super) fn moved(&mut self) {
        if self.dial.is_none() || self.ticket.is_none() {
            return;
        }
        if let Some(line) = &mut self.line {
            (line.doubted, line.leaving) = (true, true);
            let heard_at = line.heard_at;
            self.go_away(heard_at);
        }
        if let Some(dial) = &mut self.dial {
            // What was dialled from the old address leads nowhere.
            let mut stale = dial.clear();
            stale.extend(dial.attaching.take().map(|attaching| attaching.line.id));
            dial.hurry(self.now);
            self.disconnect_all(stale);
        }
    }

    pub(super) fn disconnect_all(&mut self, lines: Vec<LineId>) {
        self.outputs.extend(lines.into_iter().map(Output::Disconnect));
    }
}
