//! Whose turn it is on a line that is slower than what is to be sent on it.
//!
//! What has been handed to the SSH session goes out in the order in which it came. So as little as possible is handed
//! over: about as much as the line carries in [`AHEAD`], and the next turn goes to who has sent little lately. The order
//! is that of FQ-CoDel (RFC 8290, section 4.2): whoever begins comes first, for one portion; whoever wants more than that
//! waits in a round with the others. A key press and its picture pass a file copy, and no copy starves another.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fernamt_resume::Backlog;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};

/// What the line carries in this time may wait for it.
const AHEAD: Duration = Duration::from_millis(20);
/// What the line carries in this time is one portion.
const PORTION: Duration = Duration::from_millis(10);
/// The least of both, or the heads of packets would weigh too much.
const LEAST_BYTES: usize = 2 * 1024;
/// The largest portion: what is read from a target at once.
const LARGEST_PORTION_BYTES: usize = 64 * 1024;
/// The most that may wait for the line.
const MOST_AHEAD_BYTES: usize = 512 * 1024;
/// Whoever has not sent for this time begins anew.
const QUIET: Duration = Duration::from_millis(100);
/// What was handed over and has not come out of the SSH session after this time was for a channel that is closed.
const SWALLOWED: Duration = Duration::from_millis(50);

/// Deals out the turns of one connection.
#[derive(Debug)]
pub(super) struct Turns {
    state: Mutex<State>,
    next_flow: AtomicU64,
    /// Somebody asked for a turn.
    asked: Notify,
}

#[derive(Debug)]
struct State {
    backlog: Backlog,
    /// Bytes handed to the SSH session, or about to be, that it has not written yet.
    handed: usize,
    flows: HashMap<u64, Share>,
    /// Flows that want a turn and have sent little lately.
    fresh: VecDeque<u64>,
    /// The others that want one.
    round: VecDeque<u64>,
}

#[derive(Debug)]
struct Share {
    /// What is left of its portion; below zero when it took more.
    left: isize,
    last_turn: Option<Instant>,
    granted: Option<usize>,
    told: Arc<Notify>,
}

/// One of those who share the line.
#[derive(Debug)]
pub(super) struct Flow {
    turns: Arc<Turns>,
    id: u64,
    told: Arc<Notify>,
}

impl Turns {
    pub(super) fn new() -> Arc<Self> {
        let state = State {
            backlog: Backlog::default(),
            handed: 0,
            flows: HashMap::new(),
            fresh: VecDeque::new(),
            round: VecDeque::new(),
        };
        Arc::new(Self { state: Mutex::new(state), next_flow: AtomicU64::new(0), asked: Notify::new() })
    }

    /// Deals out turns as the line takes what was handed over. Runs until the stream below is gone.
    pub(super) async fn run(&self, mut backlog: watch::Receiver<Backlog>) {
        loop {
            let stuck = self.lock().is_stuck();
            let moved = async {
                if stuck {
                    timeout(SWALLOWED, backlog.changed()).await.ok()
                } else {
                    tokio::select! {
                        changed = backlog.changed() => Some(changed),
                        () = self.asked.notified() => Some(Ok(())),
                    }
                }
            };
            match moved.await {
                Some(Ok(())) => {
                    let now = *backlog.borrow_and_update();
                    self.lock().note(now);
                }
                Some(Err(_)) => return,
                None => self.lock().forget_swallowed(),
            }
        }
    }

    /// One more who sends.
    pub(super) fn flow(self: &Arc<Self>) -> Flow {
        let id = self.next_flow.fetch_add(1, Ordering::Relaxed);
        let told = Arc::new(Notify::new());
        let share = Share { left: 0, last_turn: None, granted: None, told: Arc::clone(&told) };
        self.lock().flows.insert(id, share);
        Flow { turns: Arc::clone(self), id, told }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flow {
    /// Waits for a turn and tells how many bytes may be sent in it. It ends with [`Flow::sent`]; until then this flow gets
    /// no other.
    pub(super) async fn turn(&self) -> usize {
        let waits = {
            let mut state = self.turns.lock();
            state.ask(self.id);
            state.granted(self.id).is_none()
        };
        if waits {
            self.turns.asked.notify_one();
        }
        loop {
            let told = self.told.notified();
            if let Some(granted) = self.turns.lock().granted(self.id) {
                return granted;
            }
            told.await;
        }
    }

    /// The turn is over, and so many bytes are being handed over.
    pub(super) fn sent(&self, bytes: usize) {
        self.turns.lock().settle(self.id, bytes);
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        let id = self.id;
        let mut state = self.turns.lock();
        state.fresh.retain(|waiting| *waiting != id);
        state.round.retain(|waiting| *waiting != id);
        state.settle(id, 0);
        state.flows.remove(&id);
    }
}

impl State {
    fn note(&mut self, backlog: Backlog) {
        let written = usize::try_from(backlog.written.saturating_sub(self.backlog.written)).unwrap_or(usize::MAX);
        self.handed = self.handed.saturating_sub(written);
        self.backlog = backlog;
        self.deal();
    }

    /// Whether somebody waits for room although nothing waits for the line.
    fn is_stuck(&self) -> bool {
        self.handed > 0 && self.backlog.unsent == 0 && !(self.fresh.is_empty() && self.round.is_empty())
    }

    fn forget_swallowed(&mut self) {
        if self.is_stuck() {
            self.handed = self.flows.values().filter_map(|share| share.granted).sum();
            self.deal();
        }
    }

    fn carried_in(&self, time: Duration) -> Option<usize> {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bytes = self.backlog.rate?.saturating_mul(micros) / 1_000_000;
        Some(usize::try_from(bytes).unwrap_or(usize::MAX))
    }

    fn portion(&self) -> usize {
        self.carried_in(PORTION).map_or(LARGEST_PORTION_BYTES, |bytes| bytes.clamp(LEAST_BYTES, LARGEST_PORTION_BYTES))
    }

    fn has_room(&self) -> bool {
        let ahead = self.carried_in(AHEAD).unwrap_or(LARGEST_PORTION_BYTES).clamp(LEAST_BYTES, MOST_AHEAD_BYTES);
        self.handed.saturating_add(self.backlog.unsent) < ahead
    }

    fn ask(&mut self, id: u64) {
        let portion = self.portion().cast_signed();
        let Some(share) = self.flows.get_mut(&id) else { return };
        if share.last_turn.is_none_or(|last| last.elapsed() >= QUIET) {
            share.left = portion;
        }
        if share.left > 0 {
            self.fresh.push_back(id);
        } else {
            share.left += portion;
            self.round.push_back(id);
        }
        self.deal();
    }

    /// Gives turns to whoever is next, as long as there is room before the line.
    fn deal(&mut self) {
        let portion = self.portion();
        while self.has_room() {
            let Some(id) = self.fresh.pop_front().or_else(|| self.round.pop_front()) else { return };
            if let Some(share) = self.flows.get_mut(&id) {
                share.granted = Some(portion);
                self.handed += portion;
                share.told.notify_one();
            }
        }
    }

    fn granted(&self, id: u64) -> Option<usize> {
        self.flows.get(&id)?.granted
    }

    fn settle(&mut self, id: u64, bytes: usize) {
        let Some(share) = self.flows.get_mut(&id) else { return };
        let Some(granted) = share.granted.take() else { return };
        share.last_turn = Some(Instant::now());
        share.left = share.left.saturating_sub(bytes.cast_signed()).max(-LARGEST_PORTION_BYTES.cast_signed());
        self.handed = self.handed.saturating_sub(granted.saturating_sub(bytes));
        self.deal();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of 1 Mbit/s with so much waiting for it.
    fn slow(written: usize, unsent: usize) -> Backlog {
        Backlog { written: written as u64, unsent, rate: Some(125_000) }
    }

    fn ask(turns: &Turns, flow: &Flow) {
        turns.lock().ask(flow.id);
    }

    fn granted(turns: &Turns, flow: &Flow) -> Option<usize> {
        turns.lock().granted(flow.id)
    }

    #[tokio::test]
    async fn little_waits_for_a_slow_line() {
        let turns = Turns::new();
        turns.lock().note(slow(0, 0));
        let flows: Vec<_> = (0..10).map(|_| turns.flow()).collect();
        for flow in &flows {
            ask(&turns, flow);
        }
        let all: usize = flows.iter().filter_map(|flow| granted(&turns, flow)).sum();
        assert!((2_000..=5_000).contains(&all), "{all}");
        assert_eq!(turns.lock().handed, all);
    }

    #[tokio::test]
    async fn who_begins_passes_who_sends_much_and_the_others_take_turns() {
        let turns = Turns::new();
        turns.lock().note(slow(0, 0));
        let (copies, key) = ([turns.flow(), turns.flow()], turns.flow());
        let (mut written, mut had) = (0, [0, 0]);
        for flow in &copies {
            ask(&turns, flow);
        }
        for _ in 0..40 {
            for (flow, had) in copies.iter().zip(&mut had) {
                if let Some(bytes) = granted(&turns, flow) {
                    flow.sent(bytes);
                    ask(&turns, flow);
                    (*had, written) = (*had + bytes, written + bytes);
                }
            }
            turns.lock().note(slow(written, 0));
        }
        assert!(had[0] > 20 * LEAST_BYTES && had[0].abs_diff(had[1]) <= 2 * LEAST_BYTES, "{had:?}");

        turns.lock().note(slow(written, 100_000));
        for flow in &copies {
            let Some(bytes) = granted(&turns, flow) else { continue };
            flow.sent(bytes);
            ask(&turns, flow);
            written += bytes;
        }
        ask(&turns, &key);
        turns.lock().note(slow(written, 100_000));
        assert!(granted(&turns, &key).is_none(), "the line is full");
        turns.lock().note(slow(written, LEAST_BYTES));
        assert!(granted(&turns, &key).is_some());
        assert_eq!(copies.each_ref().map(|flow| granted(&turns, flow)), [None, None]);
    }

    #[tokio::test]
    async fn what_was_not_used_is_given_back() {
        let turns = Turns::new();
        turns.lock().note(slow(0, 0));
        let flow = turns.flow();
        assert_eq!(flow.turn().await, LEAST_BYTES);
        flow.sent(100);
        assert_eq!(turns.lock().handed, 100);
        turns.lock().note(slow(180, 0));
        assert_eq!(turns.lock().handed, 0);
        flow.turn().await;
        drop(flow);
        let state = turns.lock();
        assert_eq!((state.handed, state.flows.len(), state.fresh.len(), state.round.len()), (0, 0, 0, 0));
    }

    #[tokio::test]
    async fn what_a_closed_channel_swallowed_holds_nobody_up_for_long() {
        let turns = Turns::new();
        let backlog = watch::Sender::new(slow(0, 0));
        turns.lock().note(slow(0, 0));
        let running = tokio::spawn({
            let (turns, backlog) = (Arc::clone(&turns), backlog.subscribe());
            async move { turns.run(backlog).await }
        });
        let (gone, other) = (turns.flow(), turns.flow());
        while turns.lock().has_room() {
            let bytes = gone.turn().await;
            gone.sent(bytes);
        }
        timeout(Duration::from_secs(5), other.turn()).await.expect("it waits for ever");
        drop(backlog);
        timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
    }
}
