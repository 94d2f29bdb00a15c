//! The stream and all who wait for it, behind one lock that is never held across a wait.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Instant,
};

use bytes::Bytes;
use tokio::{
    runtime,
    sync::{Notify, mpsc, watch},
    task::AbortHandle,
};
use tokio_util::sync::CancellationToken;

use super::{
    Attempt, Backlog, BoxLine, Dialer, LEAVE_PATIENCE, Status,
    line::{self, Refusing},
};
use crate::{Attach, Decoder, Event, Frame, Input, LineId, Output, Stream, Twin, twin::Allowance};

/// What waits for a line's writer: what it was told before, and a last word.
const QUEUED_TRANSMITS: usize = 2;
/// The same for a twin. What finds no place is not copied.
const QUEUED_COPIES: usize = 16;
/// Bytes thrown away at once when the application has gone.
const DISCARD_BYTES: usize = 4 * 1024;

/// The time by tokio's clock, which tests can move.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// A stream and its surroundings.
pub(super) struct Shared {
    core: Mutex<Core>,
    /// The next deadline is nearer than the clock knows.
    sooner: Notify,
    dialer: Option<Arc<dyn Dialer>>,
    /// A pipe may be dropped anywhere.
    runtime: runtime::Handle,
}

pub(super) struct Core {
    pub(super) stream: Stream,
    lines: HashMap<LineId, Ends>,
    twin: Option<TwinEnds>,
    dials: HashMap<LineId, AbortHandle>,
    next_line: u64,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
    /// The application writes no more.
    pub(super) shut: bool,
    /// The application has gone, and when we go too.
    leave_at: Option<Instant>,
    /// What the clock sleeps until.
    alarm: Option<Instant>,
    status: watch::Sender<Status>,
    unsent_bytes: watch::Sender<usize>,
    backlog: watch::Sender<Backlog>,
}

/// Our hold on a line.
struct Ends {
    transmit: mpsc::Sender<Bytes>,
    closed: CancellationToken,
}

/// Our hold on the twin of a line.
struct TwinEnds {
    of: LineId,
    ends: Ends,
    allowance: Allowance,
}

impl TwinEnds {
    /// Copies what is small, while nothing waits for the line: one that is busy has nothing to spare for copies.
    fn copy(&mut self, bytes: &Bytes, waiting: usize) {
        if self.allowance.take(now(), bytes.len()) && waiting == 0 {
            // A twin that is slow misses this one.
            let _ = self.ends.transmit.try_send(bytes.clone());
        }
    }
}

impl Drop for TwinEnds {
    fn drop(&mut self) {
        self.ends.closed.cancel();
    }
}

/// What the lock's holder found to do after it.
enum Errand {
    Dial(LineId),
    Refuse(Refusing),
}

impl Core {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            lines: HashMap::new(),
            twin: None,
            dials: HashMap::new(),
            next_line: 1,
            reader: None,
            writer: None,
            shut: false,
            leave_at: None,
            alarm: None,
            status: watch::Sender::new(Status::default()),
            unsent_bytes: watch::Sender::new(0),
            backlog: watch::Sender::default(),
        }
    }

    /// A line is gone.
    pub(super) fn forget(&mut self, id: LineId) {
        self.lines.remove(&id);
    }

    fn deadline(&self) -> Option<Instant> {
        let stream = self.stream.deadline()?;
        Some(self.leave_at.map_or(stream, |leave| leave.min(stream)))
    }

    /// Does what the stream asks for, as far as that needs no waiting.
    fn pump(&mut self, arriving: &mut Option<(LineId, BoxLine)>) -> Vec<Errand> {
        let mut errands = Vec::new();
        if self.leave_at.is_some() {
            let mut waste = [0; DISCARD_BYTES];
            while self.stream.read(&mut waste) > 0 {}
        }
        let mut events = Vec::new();
        while let Some(output) = self.stream.poll() {
            match output {
                Output::Connect(id) => errands.push(Errand::Dial(id)),
                Output::Transmit(id, bytes) => {
                    let waiting = self.stream.unsent_bytes();
                    if let Some(twin) = self.twin.as_mut().filter(|twin| twin.of == id) {
                        twin.copy(&bytes, waiting);
                    }
                    if let Some(ends) = self.lines.get(&id) {
                        // There is one at a time, so there is room.
                        let _ = ends.transmit.try_send(bytes);
                    }
                }
                Output::Refuse(id, refusal) => {
                    if let Some((_, line)) = arriving.take_if(|(arriving, _)| *arriving == id) {
                        errands.push(Errand::Refuse(Refusing::new(line, refusal)));
                    }
                }
                Output::Disconnect(id) => {
                    if let Some(ends) = self.lines.remove(&id) {
                        ends.closed.cancel();
                    }
                    if let Some(dial) = self.dials.remove(&id) {
                        dial.abort();
                    }
                }
                Output::Event(event) => events.push(event),
                Output::Ended(_) => {}
            }
        }
        let line = self.stream.line();
        // A new line has none.
        self.twin.take_if(|twin| Some(twin.of) != line);
        self.wake();
        self.publish(events);
        let unsent_bytes = self.stream.unsent_bytes();
        let (written, rate) = (self.stream.written_bytes(), self.stream.delivery_rate());
        let backlog = Backlog { written, unsent: unsent_bytes, rate };
        self.backlog.send_if_modified(|known| std::mem::replace(known, backlog) != backlog);
        self.unsent_bytes.send_if_modified(|known| std::mem::replace(known, unsent_bytes) != unsent_bytes);
        errands
    }

    fn wake(&mut self) {
        let over = self.stream.ended().is_some();
        if over || self.stream.readable() > 0 || self.stream.at_end() {
            self.reader.take().into_iter().for_each(Waker::wake);
        }
        if over || self.stream.room() > 0 {
            self.writer.take().into_iter().for_each(Waker::wake);
        }
    }

    fn publish(&self, events: Vec<Event>) {
        let stream = &self.stream;
        let (line, away_since, has_twin) = (stream.line(), stream.away_since(), self.twin.is_some());
        let (round_trip, ended) = (stream.round_trip(), stream.ended());
        self.status.send_if_modified(|status| {
            let changed = !events.is_empty()
                || (status.line, status.away_since, status.round_trip, status.ended, status.has_twin)
                    != (line, away_since, round_trip, ended, has_twin);
            for event in events {
                match event {
                    Event::Away => status.outages = status.outages.saturating_add(1),
                    Event::Back { outage, .. } => status.last_outage = Some(outage),
                    Event::Fault(fault) => {
                        status.faults = status.faults.saturating_add(1);
                        status.last_fault = Some(fault);
                    }
                }
            }
            (status.line, status.away_since, status.round_trip, status.ended) = (line, away_since, round_trip, ended);
            status.has_twin = has_twin;
            changed
        });
    }
}

impl Shared {
    pub(super) fn new(core: Core, dialer: Option<Arc<dyn Dialer>>) -> Self {
        Self { core: Mutex::new(core), sooner: Notify::new(), dialer, runtime: runtime::Handle::current() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn status(&self) -> watch::Receiver<Status> {
        self.lock().status.subscribe()
    }

    pub(super) fn backlog(&self) -> watch::Receiver<Backlog> {
        self.lock().backlog.subscribe()
    }

    pub(super) fn unsent_bytes(&self) -> watch::Receiver<usize> {
        self.lock().unsent_bytes.subscribe()
    }

    /// Tells the stream what happened, and does what follows.
    pub(super) fn tell(self: &Arc<Self>, input: Input<'_>) {
        self.act(|core| core.stream.handle(now(), input));
    }

    /// Does something with the stream, and what follows.
    pub(super) fn act<R>(self: &Arc<Self>, act: impl FnOnce(&mut Core) -> R) -> R {
        self.act_on(&mut None, act)
    }

    fn act_on<R>(self: &Arc<Self>, arriving: &mut Option<(LineId, BoxLine)>, act: impl FnOnce(&mut Core) -> R) -> R {
        let (result, errands, sooner) = {
            let mut core = self.lock();
            let result = act(&mut core);
            let errands = core.pump(arriving);
            let sooner = match (core.deadline(), core.alarm) {
                (Some(deadline), Some(alarm)) => deadline < alarm,
                (None, None) => false,
                _ => true,
            };
            (result, errands, sooner)
        };
        if sooner {
            self.sooner.notify_one();
        }
        for errand in errands {
            match errand {
                Errand::Dial(id) => self.dial(id),
                Errand::Refuse(refusing) => drop(self.runtime.spawn(refusing.run())),
            }
        }
        result
    }

    fn dial(self: &Arc<Self>, id: LineId) {
        let Some(dialer) = self.dialer.clone() else { return };
        let shared = Arc::clone(self);
        // The lock keeps the attempt from ending before it is on the list.
        let mut core = self.lock();
        let dialling = self.runtime.spawn(async move {
            let attempt = Attempt { id, shared: Arc::clone(&shared) };
            match dialer.dial(attempt).await {
                Ok(line) => shared.stand(id, line, |stream| stream.handle(now(), Input::Connected(id))),
                Err(error) => {
                    tracing::debug!(kind = ?error.kind(), "No line to the gateway");
                    shared.lock().dials.remove(&id);
                    shared.tell(Input::Lost(id));
                }
            }
        });
        core.dials.insert(id, dialling.abort_handle());
    }

    /// A line stands: `greet` tells the stream, and whatever the line brings is told after that. A dialler may have read
    /// ahead, so the first bytes can be there at once.
    pub(super) fn stand(self: &Arc<Self>, id: LineId, line: BoxLine, greet: impl FnOnce(&mut Stream)) {
        let (transmit, transmits) = mpsc::channel(QUEUED_TRANSMITS);
        let closed = CancellationToken::new();
        self.act(|core| {
            core.dials.remove(&id);
            core.lines.insert(id, Ends { transmit, closed: closed.clone() });
            greet(&mut core.stream);
        });
        self.runtime.spawn(line::run(Arc::clone(self), id, line, transmits, closed));
    }

    pub(super) fn attach(self: &Arc<Self>, line: BoxLine, attach: Attach, rest: Decoder) -> Option<LineId> {
        let id = {
            let mut core = self.lock();
            let id = LineId(core.next_line);
            core.next_line += 1;
            id
        };
        let mut arriving = Some((id, line));
        let (transmit, transmits) = mpsc::channel(QUEUED_TRANSMITS);
        let closed = CancellationToken::new();
        let attached = self.act_on(&mut arriving, |core| {
            core.lines.insert(id, Ends { transmit, closed: closed.clone() });
            core.stream.handle(now(), Input::Attach { line: id, attach, rest });
            core.stream.line() == Some(id)
        });
        match arriving {
            Some((_, line)) if attached => {
                self.runtime.spawn(line::run(Arc::clone(self), id, line, transmits, closed));
                Some(id)
            }
            _ => {
                self.lock().lines.remove(&id);
                None
            }
        }
    }

    /// The initiator's line gets a twin, unless it stands badly or is gone.
    pub(super) fn add_twin(self: &Arc<Self>, line: BoxLine) -> bool {
        let Some(greeting) = self.act(|core| core.stream.twin()) else { return false };
        let first = Frame::Twin(greeting).to_bytes();
        self.run_twin(line, Decoder::default(), Some(first))
    }

    /// The acceptor's.
    pub(super) fn take_twin(self: &Arc<Self>, line: BoxLine, twin: &Twin, rest: Decoder) -> bool {
        self.act(|core| core.stream.take_twin(twin)) && self.run_twin(line, rest, None)
    }

    /// Whether this proof of a twin is good and new. From now on it is not.
    pub(super) fn spend_twin(self: &Arc<Self>, twin: &Twin) -> bool {
        self.act(|core| core.stream.take_twin(twin))
    }

    fn run_twin(self: &Arc<Self>, line: BoxLine, rest: Decoder, first: Option<Bytes>) -> bool {
        let (transmit, transmits) = mpsc::channel(QUEUED_COPIES);
        let closed = CancellationToken::new();
        let silence = self.lock().stream.twin_silence();
        let stands = self.act(|core| {
            let of = core.stream.line()?;
            if let Some(first) = first {
                // The queue is empty.
                let _ = transmit.try_send(first);
            }
            let ends = Ends { transmit, closed: closed.clone() };
            core.twin = Some(TwinEnds { of, ends, allowance: Allowance::new(now()) });
            Some(())
        });
        if stands.is_some() {
            self.runtime.spawn(line::run_twin(Arc::clone(self), line, rest, silence, transmits, closed));
        }
        stands.is_some()
    }

    /// The twin that is told so by `closed` is gone, if it is still ours.
    pub(super) fn forget_twin(self: &Arc<Self>, closed: &CancellationToken) {
        closed.cancel();
        self.act(|core| {
            core.twin.take_if(|twin| twin.ends.closed.is_cancelled());
        });
    }

    /// The application writes no more.
    pub(super) fn shut(self: &Arc<Self>) {
        self.act(|core| {
            core.shut = true;
            core.stream.handle(now(), Input::End);
        });
    }

    /// The application has gone.
    pub(super) fn leave(self: &Arc<Self>) {
        self.shut();
        self.act(|core| {
            core.leave_at.get_or_insert(now() + LEAVE_PATIENCE);
        });
    }

    /// Wakes the stream when its time has come, until it is over.
    pub(super) async fn keep_time(self: Arc<Self>) {
        loop {
            let alarm = {
                let mut core = self.lock();
                core.alarm = core.deadline();
                core.alarm
            };
            let Some(alarm) = alarm else { return };
            tokio::select! {
                () = self.sooner.notified() => {}
                () = tokio::time::sleep_until(alarm.into()) => self.act(|core| {
                    let now = now();
                    let leave = core.leave_at.is_some_and(|at| now >= at);
                    core.stream.handle(now, if leave { Input::Abort } else { Input::Tick });
                }),
            }
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
