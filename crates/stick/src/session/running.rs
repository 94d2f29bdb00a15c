//! A session that runs: its tunnels, what the gateway says meanwhile, how the line does, and how it ends.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use fernamt_api::stick::{Base64Secret, FromGateway, FromStick, LineQuality, StickTarget, Transport};
use fernamt_domain::{Rng, TargetId};
use fernamt_resume::{Handle as StreamHandle, LineId, Status};
use russh::client;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    client::{Client, Fate},
    companion::{self, Again},
    connect::{Connection, goodbye, why_over},
    control::{Hearing, Speaking},
    line_test,
    lines::Lines,
    moved,
    quality::{Answers, Measured},
    twin,
};
use crate::{
    engine::{LineTest, Problem},
    forward::{Forwards, Gate, Inlets},
    seam::{Family, MAX_WAITING_EVENTS, Session, SessionEvent},
};

/// How often the engine hears how the line does.
const SHOW_EVERY: Duration = Duration::from_secs(5);
/// How often the gateway hears it, and for the first time.
const REPORT_EVERY: Duration = Duration::from_mins(1);
const FIRST_REPORT: Duration = Duration::from_secs(15);
/// How long we wait for a reason once the end is clear.
const REASON_PATIENCE: Duration = Duration::from_secs(1);

/// How long the gateway may take for the last that we said.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a session begins with.
pub(super) struct Start {
    pub(super) hearing: Hearing,
    pub(super) speaking: Speaking,
    pub(super) patience: Duration,
    /// By what a companion signs in, where there may be one.
    pub(super) again: Option<Again>,
}

/// A running session.
pub(super) struct Running {
    ssh: Arc<client::Handle<Client>>,
    stream: StreamHandle,
    inlets: Inlets,
    gate: Gate,
    forwards: Forwards<Client>,
    answers: Arc<Mutex<Answers>>,
    speaking: Arc<Speaking>,
    /// The gateway has closed the conversation.
    silenced: CancellationToken,
    stop: CancellationToken,
    /// Ends the listening to the gateway, which goes on while we leave.
    _listening: DropGuard,
}

impl Running {
    /// Begins to listen to the gateway and to the line.
    pub(super) fn start(
        connection: Connection,
        start: Start,
        rng: Arc<dyn Rng>,
    ) -> (Self, mpsc::Receiver<SessionEvent>) {
        let Connection { ssh, stream, fate, inlets, lines } = connection;
        let Start { hearing, speaking, patience, again } = start;
        let (events, receiver) = mpsc::channel(MAX_WAITING_EVENTS);
        let (ssh, stop) = (Arc::new(ssh), CancellationToken::new());
        let gate = Gate::new(stream.backlog(), fate.over.clone());
        let (lane, lanes) = watch::channel(None);
        let own = Arc::clone(&ssh);
        let forwards = Forwards::new(own, inlets.clone(), gate.clone(), lanes, events.clone(), rng, stop.clone());
        let (answers, speaking) = (Arc::<Mutex<Answers>>::default(), Arc::new(speaking));
        let silenced = CancellationToken::new();
        let (invite, invitations) = mpsc::channel(1);
        let hearing = hear(hearing, events.clone(), invite, silenced.clone(), stop.clone());
        let listening = CancellationToken::new();
        tokio::spawn(listening.clone().run_until_cancelled_owned(hearing));
        let (ways, moves) = watch::channel(0);
        if let Some(again) = again {
            let keeping = companion::keep(again, stream.clone(), Arc::clone(&speaking), invitations, lane, moves);
            tokio::spawn(stop.clone().run_until_cancelled_owned(keeping));
        }
        tokio::spawn(stop.clone().run_until_cancelled_owned(twin::keep(stream.clone(), lines.clone())));
        let watcher = Watcher {
            stream: stream.clone(),
            status: stream.watch(),
            fate,
            lines,
            speaking: Arc::clone(&speaking),
            answers: Arc::clone(&answers),
            events,
            patience,
            silenced: silenced.clone(),
            stop: stop.clone(),
            inlets: inlets.clone(),
            ways,
            seen: Seen::default(),
        };
        tokio::spawn(stop.clone().run_until_cancelled_owned(watcher.run()));
        (
            Self {
                ssh,
                stream,
                inlets,
                gate,
                forwards,
                answers,
                speaking,
                silenced,
                stop,
                _listening: listening.drop_guard(),
            },
            receiver,
        )
    }

    fn measured(&self) -> Option<Measured> {
        lock(&self.answers).measured(Instant::now())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        self.inlets.stop();
        self.stream.abort();
    }
}

#[async_trait]
impl Session for Running {
    async fn open(&self, target: &StickTarget, family: &Family) -> Result<SocketAddr, Problem> {
        self.forwards.open(target, family).await
    }

    async fn close(&self, target: TargetId) {
        self.forwards.close(target).await;
    }

    async fn kept(&self, generation: u64) {
        // Unheard, it leaves the number before it good, which harms nobody but the one who has a copy to find.
        let _ = self.speaking.say(&FromStick::Kept { generation }).await;
    }

    async fn test_line(&self) -> Result<LineTest, Problem> {
        line_test::run(&self.ssh, &self.inlets, &self.gate, || self.measured()).await
    }

    async fn leave(&self) {
        self.stop.cancel();
        self.inlets.stop();
        // What a short visit said may still be on its way, its generation above all.
        self.speaking.end(&self.silenced, LAST_WORDS).await;
        goodbye(&self.ssh, &self.stream).await;
    }
}

fn lock(answers: &Mutex<Answers>) -> MutexGuard<'_, Answers> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Passes on what the gateway says.
async fn hear(
    mut hearing: Hearing,
    events: mpsc::Sender<SessionEvent>,
    invite: mpsc::Sender<Base64Secret>,
    silenced: CancellationToken,
    leaving: CancellationToken,
) {
    let _over = silenced.drop_guard();
    while let Ok(said) = hearing.next().await {
        match said {
            FromGateway::Targets { targets } => {
                // Whoever leaves needs no targets, but the end of the conversation.
                let telling = events.send(SessionEvent::Targets(targets));
                if let Some(Err(_)) = leaving.run_until_cancelled(telling).await
                    && !leaving.is_cancelled()
                {
                    return;
                }
            }
            // Nobody waits for one that was not asked for.
            FromGateway::Companion { secret } => drop(invite.try_send(secret)),
            FromGateway::Welcome(_) | FromGateway::Refused { .. } | FromGateway::Ticket { .. } => {}
        }
    }
}

/// What the engine has been told of.
#[derive(Debug, Default)]
struct Seen {
    away: bool,
    line: Option<LineId>,
    round_trip: Option<Duration>,
    transport: Option<Transport>,
}

struct Watcher {
    stream: StreamHandle,
    status: watch::Receiver<Status>,
    fate: Fate,
    lines: Lines,
    speaking: Arc<Speaking>,
    answers: Arc<Mutex<Answers>>,
    events: mpsc::Sender<SessionEvent>,
    patience: Duration,
    /// The gateway has closed the conversation.
    silenced: CancellationToken,
    stop: CancellationToken,
    inlets: Inlets,
    /// How often this computer has changed its network.
    ways: watch::Sender<u64>,
    seen: Seen,
}

impl Watcher {
    async fn run(mut self) {
        let now = Instant::now();
        let mut look = interval_at(now, moved::LOOK_EVERY);
        let mut show = interval_at(now + SHOW_EVERY, SHOW_EVERY);
        let mut report = interval_at(now + FIRST_REPORT, REPORT_EVERY);
        for timer in [&mut look, &mut show, &mut report] {
            // After a suspended night nothing is made up for.
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let mut way = moved::Watch::default();
        loop {
            self.note_status().await;
            tokio::select! {
                changed = self.status.changed() => if changed.is_err() { break },
                () = self.fate.over.cancelled() => break,
                () = self.silenced.cancelled() => break,
                _ = look.tick() => {
                    if let Some(course) = self.seen.line.and_then(|line| self.lines.course(line))
                        && way.has_moved(course.peer).await
                    {
                        self.stream.moved();
                        self.ways.send_modify(|ways| *ways = ways.wrapping_add(1));
                    }
                }
                _ = show.tick() => if let Some(quality) = self.quality() {
                    // Who is busy sees the next one.
                    let _ = self.events.try_send(SessionEvent::Line(quality));
                },
                _ = report.tick() => if let Some(quality) = self.quality() {
                    // Should the gateway be gone, we hear it below.
                    let _ = self.speaking.say(&FromStick::Line(quality)).await;
                },
            }
            if self.status.borrow().ended.is_some() {
                break;
            }
        }
        if self.stop.is_cancelled() {
            // We are leaving, and were slower to hear so than SSH was to end.
            return;
        }
        // SSH hears of the stream's end, and what the gateway said before it.
        let _ = timeout(REASON_PATIENCE, self.fate.over.cancelled()).await;
        let problem = why_over(&self.fate, &self.stream, Problem::LineLost);
        // The engine may hang on to us for its message; the tunnels must not.
        self.inlets.stop();
        self.stream.abort();
        let _ = self.events.send(SessionEvent::Ended(problem)).await;
        self.stop.cancel();
    }

    /// Looks at what the stream says of itself, and tells what is new.
    async fn note_status(&mut self) {
        let status = self.status.borrow_and_update().clone();
        if status.line != self.seen.line {
            self.seen.line = status.line;
            self.seen.round_trip = None;
            lock(&self.answers).begin_anew();
            if let Some(course) = status.line.and_then(|line| self.lines.course(line)) {
                self.seen.transport = Some(course.transport);
            }
        }
        if status.round_trip != self.seen.round_trip {
            self.seen.round_trip = status.round_trip;
            if let Some(round_trip) = status.round_trip {
                lock(&self.answers).note(Instant::now(), round_trip);
            }
        }
        let away = status.away_since.is_some() && status.ended.is_none();
        if std::mem::replace(&mut self.seen.away, away) != away {
            let transport = self.seen.transport.unwrap_or(Transport::Ssh);
            let event =
                if away { SessionEvent::Away { patience: self.patience } } else { SessionEvent::Back { transport } };
            // An engine that is gone needs no telling.
            let _ = self.events.send(event).await;
        }
    }

    fn quality(&mut self) -> Option<LineQuality> {
        if self.seen.away {
            return None;
        }
        let measured = lock(&self.answers).measured(Instant::now())?;
        Some(LineQuality {
            round_trip_ms: u32::try_from(measured.round_trip.as_millis()).unwrap_or(u32::MAX),
            loss_permille: measured.loss_permille,
            outages: self.status.borrow().outages,
            transport: self.seen.transport?,
        })
    }
}
