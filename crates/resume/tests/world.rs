//! Two streams with an application each, a network between them, and the model of what must come of it: two counters a
//! direction, because byte number n can only be what the model says it is.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use fernamt_resume::{
    Decoder, End, Event, First, Frame, Greeting, Input, LineId, Output, Refusal, Settings, Stream, TICKET_BYTES,
    Ticket, UNARMED_BYTES,
};
use fernamt_testkit::SeededRng;

use crate::network::{ACCEPTOR, Arrival, INITIATOR, Network, Side, Weather};

/// After one thing happened, a stream asks for no more than this.
const MAX_OUTPUTS: usize = 24;
/// Frames that may still come by a twin.
const KEPT_COPIES: usize = 40;
/// Simulated time in which every history must be over.
const FOR_EVER: Duration = Duration::from_hours(3);

/// What an application does.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Bytes to write before it ends its direction; the acceptor's ticket comes first and is not among them.
    pub(crate) bytes: u64,
    pub(crate) largest_write: usize,
    pub(crate) largest_read: usize,
    /// The longest pause between two reads or two writes.
    pub(crate) pause: Duration,
    pub(crate) ends: bool,
}

impl Plan {
    /// Writes so many bytes as fast as it can, reads what comes, and stays.
    pub(crate) fn quick(bytes: u64) -> Self {
        Self { bytes, largest_write: 100_000, largest_read: 100_000, pause: Duration::ZERO, ends: false }
    }
}

/// One direction, as it must be.
#[derive(Debug, Default)]
struct Direction {
    written: u64,
    read: u64,
    ended: bool,
    end_seen: bool,
}

pub(crate) struct Application {
    plan: Plan,
    write_at: Instant,
    read_at: Instant,
    /// The end of its stream, once told.
    pub(crate) ended: Option<End>,
    pub(crate) events: Vec<(Instant, Event)>,
}

pub(crate) struct World {
    pub(crate) network: Network,
    pub(crate) streams: [Option<Stream>; 2],
    pub(crate) apps: [Application; 2],
    pub(crate) ticket: Ticket,
    pub(crate) began_at: Instant,
    settings: Settings,
    /// By the side that writes.
    directions: [Direction; 2],
    handover: Vec<u8>,
    /// Lines at the acceptor that have not said who they are.
    greetings: BTreeMap<LineId, Greeting>,
    salt: u64,
    /// What went out lately, by the side that sent it. A twin brings some of it again: early, late, or never.
    copies: [VecDeque<Frame>; 2],
    luck: SeededRng,
    /// Where the acceptor's SSH has come to when somebody signs in.
    arm_after: u64,
}

impl World {
    pub(crate) fn new(seed: u64, weather: Weather, settings: Settings, patience: Duration, plans: [Plan; 2]) -> Self {
        // The one look at the real clock: the simulation needs some instant to count from.
        let now = Instant::now();
        let apps = plans.map(|plan| Application { plan, write_at: now, read_at: now, ended: None, events: Vec::new() });
        let ticket = Ticket::new(&SeededRng::new(seed), patience);
        Self {
            network: Network::new(now, seed, weather),
            streams: [Some(Stream::initiate(now, settings.clone())), None],
            apps,
            began_at: now,
            settings,
            directions: Default::default(),
            handover: ticket.to_bytes().to_vec(),
            ticket,
            greetings: BTreeMap::new(),
            salt: seed,
            copies: Default::default(),
            luck: SeededRng::new(seed ^ 0x7717),
            arm_after: seed % 3000,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.network.now
    }

    pub(crate) fn stream(&self, side: Side) -> &Stream {
        self.streams[side].as_ref().unwrap()
    }

    /// Whether both sides survive their line.
    pub(crate) fn is_armed(&self) -> bool {
        self.streams.iter().all(|stream| stream.as_ref().is_some_and(Stream::is_armed))
    }

    /// Whether all that was written has been read, and every end that was said has been seen.
    pub(crate) fn is_settled(&self) -> bool {
        self.apps.iter().zip(&self.directions).enumerate().all(|(side, (app, direction))| {
            let own = if side == ACCEPTOR { TICKET_BYTES as u64 } else { 0 };
            direction.written == app.plan.bytes + own
                && direction.read == direction.written
                && direction.end_seen == app.plan.ends
        })
    }

    pub(crate) fn is_over(&self) -> bool {
        self.apps.iter().all(|app| app.ended.is_some())
    }

    /// Lets things happen until `done`; fails when that never comes.
    pub(crate) fn run_until(&mut self, mut done: impl FnMut(&Self) -> bool) {
        while !done(self) {
            assert!(self.now() < self.began_at + FOR_EVER, "it never happens: {}", self.describe());
            self.step();
        }
    }

    /// Lets things happen for so long.
    pub(crate) fn run_for(&mut self, time: Duration) {
        let until = self.now() + time;
        self.network.wake(until);
        while self.now() < until {
            self.step();
        }
    }

    /// Lets the applications take what an ended stream still holds for them.
    pub(crate) fn take_rest(&mut self) {
        for side in [INITIATOR, ACCEPTOR] {
            self.read(side);
            while self.stream(side).readable() > 0 {
                self.read(side);
            }
        }
    }

    /// Gives an input to a stream, and does what it asks for.
    pub(crate) fn tell(&mut self, side: Side, input: Input<'_>) {
        let now = self.now();
        if let Some(stream) = &mut self.streams[side] {
            stream.handle(now, input);
        }
        self.obey(side);
    }

    fn step(&mut self) {
        for side in [INITIATOR, ACCEPTOR] {
            self.work(side);
            self.copy(side);
        }
        let deadlines = self.streams.iter().flatten().filter_map(Stream::deadline);
        let deadline = deadlines.min();
        match self.network.next(deadline).unwrap() {
            Arrival::Wake => {
                for side in [INITIATOR, ACCEPTOR] {
                    self.tell(side, Input::Tick);
                }
            }
            Arrival::Answered(id) => self.tell(INITIATOR, Input::Answered(id)),
            Arrival::Connected(id) => {
                self.greetings.insert(id, Greeting::default());
                self.tell(INITIATOR, Input::Connected(id));
            }
            Arrival::Lost(side, id) => {
                self.greetings.remove(&id);
                self.tell(side, Input::Lost(id));
            }
            Arrival::Written(side, id) => self.tell(side, Input::Written(id)),
            Arrival::Bytes(INITIATOR, id, bytes) => self.tell(INITIATOR, Input::Bytes(id, &bytes)),
            Arrival::Bytes(_, id, bytes) => self.arrive_at_acceptor(id, &bytes),
        }
    }

    fn arrive_at_acceptor(&mut self, id: LineId, bytes: &[u8]) {
        let Some(greeting) = self.greetings.get_mut(&id) else {
            return self.tell(ACCEPTOR, Input::Bytes(id, bytes));
        };
        let first = greeting.push(bytes);
        if !matches!(first, Ok(None)) {
            self.greetings.remove(&id);
        }
        match first {
            Ok(None) => {}
            Ok(Some(First::Open(rest))) => self.opened(id, rest),
            Ok(Some(First::Attach(attach, rest))) if self.streams[ACCEPTOR].is_some() => {
                self.tell(ACCEPTOR, Input::Attach { line: id, attach, rest });
            }
            Ok(Some(First::Attach(..) | First::Twin(..))) => self.refuse(id, Refusal::Gone),
            Err(_) => self.network.disconnect(ACCEPTOR, id),
        }
    }

    fn opened(&mut self, id: LineId, rest: Decoder) {
        assert!(self.streams[ACCEPTOR].is_none(), "a second stream was opened");
        self.streams[ACCEPTOR] = Some(Stream::accept(self.now(), self.settings.clone(), id, rest));
        self.obey(ACCEPTOR);
    }

    fn refuse(&mut self, id: LineId, refusal: Refusal) {
        self.network.transmit(ACCEPTOR, id, Frame::Refused(refusal).to_bytes());
        self.network.disconnect(ACCEPTOR, id);
    }

    /// Both applications and the sign-in.
    fn work(&mut self, side: Side) {
        let now = self.now();
        match &self.streams[side] {
            Some(stream) if stream.ended().is_some() => return self.read(side),
            Some(_) => {}
            None => return,
        }
        if side == ACCEPTOR && !self.stream(ACCEPTOR).is_armed() && self.directions[ACCEPTOR].written >= self.arm_after
        {
            self.tell(ACCEPTOR, Input::Arm(self.ticket.clone()));
        }
        if now >= self.apps[side].read_at {
            self.read(side);
        }
        if now >= self.apps[side].write_at {
            self.write(side);
        }
        self.obey(side);
    }

    fn write(&mut self, side: Side) {
        let plan = self.apps[side].plan.clone();
        let total = plan.bytes + if side == ACCEPTOR { TICKET_BYTES as u64 } else { 0 };
        let mut left = total - self.directions[side].written;
        // What goes before the sign-in does not depend on what comes after it.
        if side == ACCEPTOR && !self.stream(ACCEPTOR).is_armed() {
            left = left.min(self.arm_after - self.directions[side].written);
        }
        let room = self.stream(side).room() as u64;
        let most = (1 + self.network.rng.below(plan.largest_write as u64)).min(room);
        let start = self.directions[side].written;
        let bytes: Vec<u8> = (start..start + left.min(most)).map(|position| self.byte(side, position)).collect();
        let written = self.streams[side].as_mut().unwrap().write(&bytes) as u64;
        self.directions[side].written += written;
        if plan.ends && self.directions[side].written == total && !self.directions[side].ended {
            self.directions[side].ended = true;
            self.tell(side, Input::End);
        }
        if written > 0 && !plan.pause.is_zero() {
            self.apps[side].write_at = self.now() + self.network.between(Duration::ZERO, plan.pause);
            self.network.wake(self.apps[side].write_at);
        } else if written > 0 {
            self.network.wake(self.now());
        }
    }

    fn read(&mut self, side: Side) {
        let plan = self.apps[side].plan.clone();
        let from = 1 - side;
        let most = 1 + usize::try_from(self.network.rng.below(plan.largest_read as u64)).unwrap();
        let mut out = vec![0; most.min(self.stream(side).readable())];
        let stream = self.streams[side].as_mut().unwrap();
        let count = stream.read(&mut out);
        let (left, at_end) = (stream.readable(), stream.at_end());
        for byte in &out[..count] {
            let position = self.directions[from].read;
            assert!(position < self.directions[from].written, "byte {position} was never written: {}", self.describe());
            assert_eq!(*byte, self.byte(from, position), "byte {position} from side {from}: {}", self.describe());
            self.directions[from].read += 1;
        }
        if side == INITIATOR
            && !self.stream(INITIATOR).is_armed()
            && self.directions[from].read >= self.arm_after + TICKET_BYTES as u64
        {
            let ticket = Ticket::parse(&self.handover).unwrap();
            self.tell(INITIATOR, Input::Arm(ticket));
        }
        if at_end {
            let direction = &mut self.directions[from];
            assert!(direction.ended && direction.read == direction.written, "it ended too early: {}", self.describe());
            direction.end_seen = true;
        }
        if count > 0 && !plan.pause.is_zero() {
            self.apps[side].read_at = self.now() + self.network.between(Duration::ZERO, plan.pause);
            self.network.wake(self.apps[side].read_at);
        } else if left > 0 {
            self.network.wake(self.now());
        }
    }

    /// What byte number `position` of a direction is.
    fn byte(&self, from: Side, position: u64) -> u8 {
        if from == ACCEPTOR
            && let Some(at) = position.checked_sub(self.arm_after)
            && let Some(byte) = usize::try_from(at).ok().and_then(|at| self.handover.get(at))
        {
            return *byte;
        }
        let mixed = (position ^ self.salt ^ (from as u64) << 63).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed.to_be_bytes()[0] ^ mixed.to_be_bytes()[3]
    }

    /// The twin brings something that the other side has sent, if there may be a twin.
    fn copy(&mut self, side: Side) {
        let from = 1 - side;
        if !self.is_armed() || self.copies[from].is_empty() || self.luck.below(3) > 0 {
            return;
        }
        let newest = self.copies[from].len() - 1;
        let back = usize::try_from(self.luck.below(8).min(self.luck.below(KEPT_COPIES as u64))).unwrap();
        let frame = self.copies[from][newest.saturating_sub(back)].clone();
        self.tell(side, Input::Copy(frame));
    }

    fn keep_copies(&mut self, side: Side, bytes: &[u8]) {
        let mut decoder = Decoder::default();
        decoder.push(bytes);
        while let Some(frame) = decoder.next_frame().unwrap() {
            self.copies[side].push_back(frame);
            if self.copies[side].len() > KEPT_COPIES {
                self.copies[side].pop_front();
            }
        }
    }

    /// Does what a stream asks for, and checks what holds at any time.
    fn obey(&mut self, side: Side) {
        let mut outputs = VecDeque::new();
        if let Some(stream) = &mut self.streams[side] {
            while let Some(output) = stream.poll() {
                outputs.push_back(output);
                assert!(outputs.len() <= MAX_OUTPUTS, "too much to do at once: {outputs:?}");
            }
        }
        while let Some(output) = outputs.pop_front() {
            match output {
                Output::Connect(id) => self.network.connect(id),
                Output::Transmit(id, bytes) => {
                    self.keep_copies(side, &bytes);
                    self.network.transmit(side, id, bytes);
                }
                Output::Refuse(id, refusal) => self.refuse(id, refusal),
                Output::Disconnect(id) => self.network.disconnect(side, id),
                Output::Event(event) => self.apps[side].events.push((self.network.now, event)),
                Output::Ended(end) => {
                    assert!(self.apps[side].ended.is_none(), "it ended twice");
                    self.apps[side].ended = Some(end);
                }
            }
        }
        if let Some(stream) = &self.streams[side] {
            let (replay, window) = if stream.is_armed() {
                (self.settings.replay_bytes.max(UNARMED_BYTES), self.settings.window_bytes.max(UNARMED_BYTES))
            } else {
                (UNARMED_BYTES, UNARMED_BYTES)
            };
            assert!(stream.held_bytes() <= replay, "the replay buffer overflowed");
            assert!(stream.readable() <= window, "the window overflowed");
        }
    }

    pub(crate) fn describe(&self) -> String {
        format!(
            "seed {} after {:?}: {:?}, ends {:?}\n{:#?}",
            self.salt,
            self.now() - self.began_at,
            self.directions,
            self.apps.iter().map(|app| app.ended).collect::<Vec<_>>(),
            self.streams,
        )
    }
}
