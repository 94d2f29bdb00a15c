//! Who may hand bytes to SSH next.
//!
//! What SSH has taken goes out in order, so a key press waits for all of a file copy that was handed over before it. So
//! little is handed over at a time, and only while little waits for the line; meanwhile whoever has sent least lately is
//! the next. This is start-time fair queueing: a flow that rests collects no credit, and one that returns begins where
//! the gate has come to, which is before everybody who has been pushing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fernamt_resume::Backlog;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

/// The most bytes of one turn.
pub(crate) const TURN_BYTES: usize = 16 * 1024;
/// The least, or the heads of packets would weigh too much.
const LEAST_TURN_BYTES: usize = 2 * 1024;
/// What the line carries in this time is one turn, and as much may wait for the line when the next begins.
const TURN: Duration = Duration::from_millis(15);

/// The gate of one connection. Copies are the same gate.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    state: Arc<Mutex<State>>,
    /// What SSH has written into the stream, what of it waits for the line, and how fast that is.
    backlog: watch::Receiver<Backlog>,
    over: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    busy: bool,
    /// The start of the turn that is being served.
    now: u64,
    /// By start, then by arrival.
    waiting: BTreeMap<(u64, u64), oneshot::Sender<()>>,
    arrivals: u64,
}

/// What one tunnel has sent, as the gate counts.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// Where its last turn ended.
    finish: u64,
}

/// A turn. Dropping it gives it to the next.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    gate: &'a Gate,
    start: u64,
    mark: u64,
}

impl Gate {
    /// A gate before a stream. Nobody waits any more once `over` is cancelled.
    pub(crate) fn new(backlog: watch::Receiver<Backlog>, over: CancellationToken) -> Self {
        Self { state: Arc::default(), backlog, over }
    }

    /// How much one turn may carry now.
    pub(super) fn portion(&self) -> usize {
        portion(self.backlog.borrow().rate)
    }

    /// Waits for a turn.
    pub(crate) async fn turn(&self, flow: &Flow) -> Turn<'_> {
        let (start, called) = {
            let mut state = self.lock();
            let start = flow.finish.max(state.now);
            if state.busy {
                state.arrivals += 1;
                let arrival = state.arrivals;
                let (call, called) = oneshot::channel();
                state.waiting.insert((start, arrival), call);
                (start, Some(called))
            } else {
                state.busy = true;
                state.now = start;
                (start, None)
            }
        };
        if let Some(called) = called {
            let mut place = Place { gate: self, called: Some(called) };
            if let Some(called) = &mut place.called {
                // Whoever gives up the gate calls somebody, so this ends.
                let _ = called.await;
            }
            place.called = None;
        }
        Turn { gate: self, start, mark: self.backlog.borrow().written }
    }

    /// Passes the gate to the next who still waits.
    fn pass(&self) {
        let mut state = self.lock();
        while let Some(((start, _), call)) = state.waiting.pop_first() {
            state.now = state.now.max(start);
            // Who has gone meanwhile hears nothing.
            if call.send(()).is_ok() {
                return;
            }
        }
        state.busy = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue. Who leaves it right after being called passes the turn on.
struct Place<'a> {
    gate: &'a Gate,
    called: Option<oneshot::Receiver<()>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(mut called) = self.called.take() {
            called.close();
            if called.try_recv().is_ok() {
                self.gate.pass();
            }
        }
    }
}

impl Turn<'_> {
    /// So many bytes were handed to SSH: waits until they are in the stream and little waits for the line, then passes the
    /// turn on. `closed` ends the wait, because SSH drops what is for a channel that is closed.
    pub(crate) async fn spent(self, flow: &mut Flow, bytes: usize, closed: impl Future<Output = ()>) {
        flow.finish = self.start.saturating_add(bytes as u64);
        let mut backlog = self.gate.backlog.clone();
        let out = async {
            let mark = self.mark.saturating_add(bytes as u64);
            let out = |now: &Backlog| now.written >= mark && now.unsent <= portion(now.rate);
            // Its end means that the connection is over.
            let _ = backlog.wait_for(out).await;
        };
        tokio::select! {
            () = out => {}
            () = closed => {}
            () = self.gate.over.cancelled() => {}
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.gate.pass();
    }
}

/// What a line of this many bytes a second carries in [`TURN`], within bounds.
fn portion(rate: Option<u64>) -> usize {
    let Some(rate) = rate else { return TURN_BYTES };
    let micros = u64::try_from(TURN.as_micros()).unwrap_or(u64::MAX);
    let bytes = usize::try_from(rate.saturating_mul(micros) / 1_000_000).unwrap_or(usize::MAX);
    bytes.clamp(LEAST_TURN_BYTES, TURN_BYTES)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::{task::yield_now, time::timeout};

    use super::*;

    struct Stream {
        backlog: watch::Sender<Backlog>,
        gate: Gate,
    }

    fn stream() -> Stream {
        let backlog = watch::Sender::new(Backlog::default());
        let gate = Gate::new(backlog.subscribe(), CancellationToken::new());
        Stream { backlog, gate }
    }

    #[test]
    fn on_a_slow_line_a_turn_is_short() {
        assert_eq!(portion(None), TURN_BYTES);
        assert_eq!(portion(Some(10_000)), LEAST_TURN_BYTES);
        assert_eq!(portion(Some(500_000)), 7_500);
        assert_eq!(portion(Some(u64::MAX)), TURN_BYTES);
    }

    /// Takes turns for ever and notes them; writes what it takes.
    async fn push(name: char, bytes: usize, stream: &Stream, log: &Mutex<String>) {
        let mut flow = Flow::default();
        loop {
            let turn = stream.gate.turn(&flow).await;
            log.lock().unwrap().push(name);
            stream.backlog.send_modify(|backlog| backlog.written += bytes as u64);
            turn.spent(&mut flow, bytes, pending()).await;
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn who_sends_little_passes_who_sends_much() {
        let (stream, log) = (stream(), Mutex::new(String::new()));
        let copies = async { tokio::join!(push('a', TURN_BYTES, &stream, &log), push('b', TURN_BYTES, &stream, &log)) };
        let keys = async {
            for _ in 0..20 {
                let pressed_at = log.lock().unwrap().len();
                let mut flow = Flow { finish: 0 };
                let turn = stream.gate.turn(&flow).await;
                let waited = log.lock().unwrap().len() - pressed_at;
                assert!(waited <= 2, "{waited} turns of the copies came before the key");
                stream.backlog.send_modify(|backlog| backlog.written += 50);
                turn.spent(&mut flow, 50, pending()).await;
                for _ in 0..7 {
                    yield_now().await;
                }
            }
        };
        tokio::select! {
            _ = copies => {}
            () = keys => {}
        }
        let log = log.into_inner().unwrap();
        let (a, b) = (log.matches('a').count(), log.matches('b').count());
        assert!(a.abs_diff(b) <= 2 && a > 10, "{log}");
    }

    #[tokio::test]
    async fn nothing_is_handed_over_while_much_waits_for_the_line() {
        let stream = stream();
        stream.backlog.send_modify(|backlog| backlog.unsent = TURN_BYTES + 1);
        let mut flow = Flow::default();
        let turn = stream.gate.turn(&flow).await;
        stream.backlog.send_modify(|backlog| backlog.written = 100);
        let first = async {
            turn.spent(&mut flow, 100, pending()).await;
        };
        let other = Flow::default();
        let second = stream.gate.turn(&other);
        tokio::pin!(second);
        tokio::select! {
            () = first => panic!("the line is full"),
            _ = &mut second => panic!("it is not the second's turn"),
            () = async { for _ in 0..20 { yield_now().await } } => {}
        }
    }

    #[tokio::test]
    async fn a_turn_ends_with_its_channel_and_with_the_connection() {
        let stream = stream();
        let mut flow = Flow::default();
        let turn = stream.gate.turn(&flow).await;
        turn.spent(&mut flow, 100, std::future::ready(())).await;
        let turn = stream.gate.turn(&flow).await;
        stream.gate.over.cancel();
        turn.spent(&mut flow, 100, pending()).await;
    }

    #[tokio::test]
    async fn who_gives_up_waiting_blocks_nobody() {
        let stream = stream();
        let flow = Flow::default();
        let turn = stream.gate.turn(&flow).await;
        assert!(timeout(Duration::from_millis(5), stream.gate.turn(&flow)).await.is_err());
        drop(turn);
        drop(timeout(Duration::from_secs(5), stream.gate.turn(&flow)).await.unwrap());
        assert!(!stream.gate.lock().busy);
    }

    #[tokio::test]
    async fn who_leaves_right_after_being_called_passes_the_turn_on() {
        let stream = stream();
        let flow = Flow::default();
        let turn = stream.gate.turn(&flow).await;
        let mut waiting = Box::pin(stream.gate.turn(&flow));
        assert!(timeout(Duration::from_millis(5), &mut waiting).await.is_err());
        drop(turn);
        assert!(stream.gate.lock().busy, "it was called");
        drop(waiting);
        assert!(!stream.gate.lock().busy);
    }
}
