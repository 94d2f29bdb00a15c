//! The stream: bytes both ways over one line after the other.

mod attaching;
mod said;
mod timing;

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::BytesMut;
pub use said::{End, Event, Input, Output, Settings};

use crate::{
    Decoder, Fault, Frame, LineId, Refusal, Ticket, Twin, dial::Dial, inbox::Inbox, line::Line, outbox::Outbox,
};

/// One side of a stream.
#[derive(Debug)]
pub struct Stream {
    settings: Settings,
    now: Instant,
    began_at: Instant,
    /// `None` at an acceptor.
    dial: Option<Dial>,
    ticket: Option<Ticket>,
    /// The newest epoch: the last one tried by an initiator, the last one taken by an acceptor.
    epoch: u64,
    /// The newest twin of a line.
    twin: u64,
    outbox: Outbox,
    inbox: Inbox,
    line: Option<Line>,
    opened: bool,
    /// Since when nothing has been heard, while that is an outage.
    away_since: Option<Instant>,
    ack_at: Option<Instant>,
    /// When the last acknowledgement went out.
    acked_at: Instant,
    outputs: VecDeque<Output>,
    ended: Option<End>,
}

impl Stream {
    /// The side that dials.
    pub fn initiate(now: Instant, settings: Settings) -> Self {
        let mut stream = Self::new(now, settings, Some(Dial::new(now)));
        stream.keep_time();
        stream
    }

    /// The side that is dialled: `line` began with OPEN, and `rest` came after it.
    pub fn accept(now: Instant, settings: Settings, line: LineId, rest: Decoder) -> Self {
        let mut stream = Self::new(now, settings, None);
        stream.line = Some(Line::new(line, now, rest, None));
        stream.opened = true;
        stream.hear(&[]);
        stream.keep_time();
        stream
    }

    fn new(now: Instant, settings: Settings, dial: Option<Dial>) -> Self {
        Self {
            settings,
            now,
            began_at: now,
            // Its own memory is what an initiator keeps its bytes in, so it need not wait for somebody to sign in.
            outbox: Outbox::new(dial.is_some()),
            dial,
            ticket: None,
            epoch: 0,
            twin: 0,
            inbox: Inbox::new(),
            line: None,
            opened: false,
            away_since: None,
            ack_at: None,
            acked_at: now,
            outputs: VecDeque::new(),
            ended: None,
        }
    }

    /// Takes what happened.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = self.now.max(now);
        if self.ended.is_some() {
            return self.turn_away(&input);
        }
        match input {
            Input::Tick => {}
            Input::Answered(id) => {
                if let Some(dial) = &mut self.dial {
                    dial.answered(id, self.now);
                }
            }
            Input::Connected(id) => self.connected(id),
            Input::Lost(id) => self.lost(id),
            Input::Bytes(id, bytes) => self.bytes(id, bytes),
            Input::Copy(frame) => self.copied(frame),
            Input::Written(id) => self.written(id),
            Input::Attach { line, attach, rest } => self.attach(line, &attach, rest),
            Input::Arm(ticket) => self.arm(ticket),
            Input::Moved => self.moved(),
            Input::End => self.outbox.end(),
            Input::Abort => self.abort(),
        }
        self.keep_time();
    }

    /// What to do next.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front().or_else(|| self.transmit())
    }

    /// When to come back with [`Input::Tick`] at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        if self.ended.is_some() {
            return None;
        }
        let mut times = Vec::with_capacity(6);
        if let Some(line) = &self.line {
            if !line.writing {
                times.push(line.ping_at());
                times.extend(self.ack_at);
            }
            times.extend(self.doubt_at());
        }
        times.extend(self.give_up_at());
        if let Some(dial) = &self.dial {
            match dial.attach_deadline() {
                Some(attach) => times.push(attach),
                None if self.wants_line() => times.push(dial.deadline()),
                None => {}
            }
        }
        times.into_iter().min()
    }

    /// Takes bytes from the application, as many as there is room for.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        if self.ended.is_some() { 0 } else { self.outbox.write(bytes) }
    }

    /// How many bytes [`Stream::write`] takes now.
    pub fn room(&self) -> usize {
        if self.ended.is_some() { 0 } else { self.outbox.room() }
    }

    /// Hands bytes to the application; 0 when there are none.
    pub fn read(&mut self, out: &mut [u8]) -> usize {
        let count = self.inbox.read(out);
        self.note_news();
        count
    }

    /// Bytes that wait for the application.
    pub fn readable(&self) -> usize {
        self.inbox.held_bytes()
    }

    /// Whether the other side has ended its direction and the application has everything.
    pub fn at_end(&self) -> bool {
        self.inbox.is_done()
    }

    /// Bytes on their way out that the other side's application has not taken, as far as known.
    pub fn held_bytes(&self) -> usize {
        self.outbox.held_bytes()
    }

    /// Bytes on their way out that wait for the line. What waits here can no longer be overtaken by anything that is written
    /// later, so whoever has a choice of what to write next keeps this small.
    pub fn unsent_bytes(&self) -> usize {
        self.outbox.unsent_bytes()
    }

    /// Bytes that the application has written since the stream began.
    pub fn written_bytes(&self) -> u64 {
        self.outbox.written()
    }

    /// Bytes a second that the line has been seen to carry; `None` before the first measurement. Another line is measured
    /// anew.
    pub fn delivery_rate(&self) -> Option<u64> {
        self.outbox.rate()
    }

    /// How the stream ended, once it has.
    pub fn ended(&self) -> Option<End> {
        self.ended
    }

    /// Whether the stream survives its line.
    pub fn is_armed(&self) -> bool {
        self.ticket.is_some()
    }

    /// Since when nothing has been heard from the other side, while that is an outage.
    pub fn away_since(&self) -> Option<Instant> {
        self.away_since
    }

    /// The line that the stream is attached to.
    pub fn line(&self) -> Option<LineId> {
        self.line.as_ref().map(|line| line.id)
    }

    /// The last measured way there and back on this line.
    pub fn round_trip(&self) -> Option<Duration> {
        self.line.as_ref().and_then(Line::round_trip)
    }

    /// An initiator's next TWIN for the line that it is attached to, while that does well.
    pub fn twin(&mut self) -> Option<Twin> {
        self.line.as_ref().filter(|line| self.dial.is_some() && !line.doubted)?;
        let twin = self.ticket.as_ref()?.twin(self.epoch, self.twin + 1);
        self.twin += 1;
        Some(twin)
    }

    /// Whether an acceptor takes this twin: it is proved, new, and of the line that the stream is attached to.
    pub fn take_twin(&mut self, twin: &Twin) -> bool {
        let good = self.dial.is_none()
            && self.line.is_some()
            && self.ticket.as_ref().is_some_and(|ticket| ticket.proves_twin(twin))
            && twin.epoch == self.epoch
            && twin.number > self.twin;
        if good {
            self.twin = twin.number;
        }
        good
    }

    /// How long a twin may be silent. An acceptor waits for the next.
    pub(crate) fn twin_silence(&self) -> Option<Duration> {
        self.dial.as_ref().map(|_| self.settings.twin_silence)
    }

    /// Lines that come too late.
    fn turn_away(&mut self, input: &Input<'_>) {
        match input {
            Input::Attach { line, .. } => self.outputs.push_back(Output::Refuse(*line, Refusal::Gone)),
            Input::Connected(line) => self.outputs.push_back(Output::Disconnect(*line)),
            _ => {}
        }
    }

    fn bytes(&mut self, id: LineId, bytes: &[u8]) {
        let attaching = self.dial.as_mut().and_then(|dial| dial.attaching.as_mut());
        if let Some(attaching) = attaching.filter(|attaching| attaching.line.id == id) {
            attaching.line.decoder.push(bytes);
            match attaching.line.decoder.next_frame() {
                Ok(None) => {}
                Ok(Some(frame)) => self.attach_answered(&frame),
                Err(fault) => self.drop_attaching(fault),
            }
        } else if self.line.as_ref().is_some_and(|line| line.id == id) {
            self.hear(bytes);
        }
    }

    /// Bytes from the line that the stream is attached to.
    fn hear(&mut self, bytes: &[u8]) {
        let Some(line) = &mut self.line else { return };
        line.heard_at = self.now;
        line.decoder.push(bytes);
        if self.dial.is_none() {
            // The initiator hears us too, or it would dial.
            self.trust();
        }
        while self.ended.is_none()
            && let Some(line) = &mut self.line
        {
            let result = match line.decoder.next_frame() {
                Ok(None) => return,
                Ok(Some(frame)) => self.frame(frame),
                Err(fault) => Err(fault),
            };
            if let Err(fault) = result {
                return self.drop_line(fault);
            }
        }
    }

    fn frame(&mut self, frame: Frame) -> Result<(), Fault> {
        let Some(line) = &mut self.line else { return Ok(()) };
        let first = !std::mem::replace(&mut line.answered, true);
        match frame {
            Frame::Data { position, bytes } => self.inbox.receive(position, &bytes)?,
            Frame::End { position } => self.inbox.finish(position)?,
            Frame::Ack { taken, limit } => {
                if self.outbox.acknowledge(self.now, taken, limit)? {
                    line.moves();
                }
            }
            Frame::Ping { sent, .. } if sent > self.inbox.received() => return Err(Fault::Gap),
            Frame::Ping { number, .. } => line.pinged(number),
            Frame::Pong(number) => {
                if line.ponged(self.now, number) {
                    self.trust();
                }
            }
            Frame::Bye => self.end(if self.may_have_finished() { End::Finished } else { End::Dismissed }),
            Frame::Refused(refusal) if first && self.dial.is_some() && self.epoch == 0 => {
                self.end(End::Refused(refusal));
            }
            Frame::Open | Frame::Attach(_) | Frame::Attached { .. } | Frame::Refused(_) | Frame::Twin(_) => {
                return Err(Fault::Unexpected);
            }
        }
        self.note_news();
        Ok(())
    }

    /// A frame from the line's twin. What contradicts the rules here is passed over like what comes too late or too early.
    fn copied(&mut self, frame: Frame) {
        if self.ticket.is_none() || self.line.is_none() {
            return;
        }
        match frame {
            Frame::Data { position, bytes } if position <= self.inbox.received() => {
                let _ = self.inbox.receive(position, &bytes);
            }
            Frame::Ack { taken, limit } => {
                let _ = self.outbox.acknowledge(self.now, taken, limit);
            }
            _ => {}
        }
        self.note_news();
    }

    fn written(&mut self, id: LineId) {
        for line in
            [self.line.as_mut(), self.dial.as_mut().and_then(|dial| dial.attaching.as_mut().map(|a| &mut a.line))]
        {
            if let Some(line) = line.filter(|line| line.id == id) {
                line.end_writing(self.now);
            }
        }
    }

    fn arm(&mut self, ticket: Ticket) {
        // One ticket for one stream: a second would make the first worthless behind the other side's back.
        if self.ticket.is_none() {
            self.outbox.arm(self.settings.replay_bytes);
            self.inbox.arm(self.settings.window_bytes);
            self.ticket = Some(ticket);
            self.note_news();
        }
    }

    fn abort(&mut self) {
        if let Some(line) = &self.line {
            self.outputs.push_back(Output::Transmit(line.id, Frame::Bye.to_bytes()));
        }
        self.end(End::Aborted);
    }

    fn end(&mut self, end: End) {
        if self.ended.is_some() {
            return;
        }
        self.ended = Some(end);
        self.ticket = None;
        self.outbox = Outbox::new(false);
        let mut lines: Vec<_> = self.line.take().map(|line| line.id).into_iter().collect();
        if let Some(dial) = &mut self.dial {
            lines.extend(dial.attaching.take().map(|attaching| attaching.line.id));
            lines.extend(dial.clear());
        }
        self.disconnect_all(lines);
        self.outputs.push_back(Output::Ended(end));
    }

    fn transmit(&mut self) -> Option<Output> {
        if self.ended.is_some() {
            return None;
        }
        let mut out = BytesMut::new();
        if let Some(attaching) = self.dial.as_mut().and_then(|dial| dial.attaching.as_mut()) {
            let line = &mut attaching.line;
            if !line.writing && line.has_something(attaching.since) {
                line.write(attaching.since, 0, &mut out);
                line.begin_writing(self.now);
                return Some(Output::Transmit(line.id, out.freeze()));
            }
        }
        let line = self.line.as_mut().filter(|line| !line.writing)?;
        let pinged = line.has_something(self.now) && line.write(self.now, self.outbox.next(), &mut out);
        let company = self.outbox.has_something() || self.ack_at.is_some_and(|at| self.now >= at);
        if pinged || (company && self.inbox.has_news()) {
            let (taken, limit) = self.inbox.tell();
            (self.ack_at, self.acked_at) = (None, self.now);
            Frame::Ack { taken, limit }.write(&mut out);
        }
        while self.outbox.has_something() && out.len() < line.burst_bytes {
            let most = line.burst_bytes - out.len();
            self.outbox.send(self.now, &mut out, most);
        }
        if out.is_empty() {
            return None;
        }
        line.begin_writing(self.now);
        Some(Output::Transmit(line.id, out.freeze()))
    }
}
