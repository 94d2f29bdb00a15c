//! The actor behind an [`Engine`](super::Engine): one task that owns all that changes.

use std::{mem, path::PathBuf, sync::Arc, time::Duration};

use fernamt_api::stick::{Config, Transport};
use fernamt_domain::{Secret, TargetId};
use tokio::{
    sync::{mpsc, watch},
    task::{JoinSet, spawn_blocking},
    time::{interval, timeout},
};

use super::{
    Command, END_PATIENCE, LineTest, Parts, Problem, Stage, State, Step,
    desk::{self, AtWork, Opening, Stands},
    presence::Presence,
};
use crate::{
    activation::{self, Activation, blocking},
    config,
    container::{Container, ContainerError, Sealed},
    seam::{Arrival, Credentials, Progress, SessionEvent},
    state_file, turn,
};

/// How often an outage is shown to last.
const SHOW_AWAY_EVERY: Duration = Duration::from_secs(1);

/// What one is at.
enum Inner {
    Idle(Stage),
    Working(Step),
    /// The container is open.
    Open(Box<Container>),
    AtWork(Box<AtWork>),
}

/// What a job brings back.
enum Done {
    Opened(Result<Container, Problem>),
    Activated(Result<Container, Problem>),
    SignedIn(Box<Container>, Result<Arrival, Problem>),
    Stands(Opening, Result<Stands, Problem>),
    ProgramEnded(Opening),
    Tested(Result<LineTest, Problem>),
    Nothing,
}

struct Actor {
    parts: Parts,
    config: Config,
    presence: Presence,
    inner: Inner,
    problem: Option<Problem>,
    /// What takes a moment; dropping it stops it.
    work: JoinSet<Done>,
    progress: Option<watch::Receiver<Step>>,
    /// What is done for open targets; at most a few for each.
    jobs: JoinSet<Done>,
    shown: watch::Sender<State>,
}

/// Runs until the end.
pub(super) async fn run(parts: Parts, mut commands: mpsc::Receiver<Command>, shown: watch::Sender<State>) {
    let folder = parts.folder.clone();
    let Ok(Ok(config)) = spawn_blocking(move || config::load(&folder)).await else {
        shown.send_replace(State { stage: Stage::Unusable, problem: Some(Problem::NoConfig) });
        while !matches!(commands.recv().await, None | Some(Command::Leave)) {}
        return;
    };
    let presence = Presence::of(&parts.folder);
    let mut actor = Actor {
        presence: presence.clone(),
        parts,
        config,
        inner: Inner::Idle(Stage::Fresh),
        problem: None,
        work: JoinSet::new(),
        progress: None,
        jobs: JoinSet::new(),
        shown,
    };
    actor.look().await;
    actor.show();
    let gone = presence.gone();
    tokio::pin!(gone);
    let mut ticks = interval(SHOW_AWAY_EVERY);
    loop {
        let at_work = matches!(&actor.inner, Inner::AtWork(_));
        let away = matches!(&actor.inner, Inner::AtWork(at_work) if at_work.is_away());
        tokio::select! {
            biased;
            () = &mut gone => {
                actor.end(Some(Problem::StickPulled)).await;
                return;
            }
            command = commands.recv() => match command {
                None | Some(Command::Leave) => {
                    actor.end(None).await;
                    return;
                }
                Some(command) => actor.command(command).await,
            },
            Some(done) = actor.work.join_next() => actor.worked(done.unwrap_or(Done::Nothing)).await,
            Some(done) = actor.jobs.join_next() => actor.done(done.unwrap_or(Done::Nothing)).await,
            step = next_step(actor.progress.as_mut()), if actor.progress.is_some() => match step {
                Some(step) => actor.inner = Inner::Working(step),
                None => actor.progress = None,
            },
            event = next_event(&mut actor.inner), if at_work => {
                actor.event(event.unwrap_or(SessionEvent::Ended(Problem::LineLost))).await;
            }
            _ = ticks.tick(), if away => {}
        }
        actor.show();
    }
}

async fn next_step(progress: Option<&mut watch::Receiver<Step>>) -> Option<Step> {
    let progress = progress?;
    progress.changed().await.ok()?;
    Some(*progress.borrow_and_update())
}

async fn next_event(inner: &mut Inner) -> Option<SessionEvent> {
    match inner {
        Inner::AtWork(at_work) => at_work.events.recv().await,
        _ => None,
    }
}

impl Actor {
    /// Finds out from the files where one begins.
    async fn look(&mut self) {
        let folder = self.parts.folder.clone();
        let stage = match spawn_blocking(move || Sealed::find(&folder)).await {
            Ok(Ok(_)) => Stage::Locked,
            Ok(Err(ContainerError::Missing)) | Err(_) => Stage::Fresh,
            Ok(Err(error)) => {
                self.problem.get_or_insert(activation::problem(&error));
                Stage::Fresh
            }
        };
        self.inner = Inner::Idle(stage);
    }

    fn show(&self) {
        let stage = match &self.inner {
            Inner::Idle(stage) => stage.clone(),
            Inner::Working(step) => Stage::Working(*step),
            Inner::Open(_) => Stage::AskCode,
            Inner::AtWork(at_work) => Stage::Ready(Box::new(at_work.shown())),
        };
        let state = State { stage, problem: self.problem.clone() };
        self.shown.send_if_modified(|shown| {
            let changed = *shown != state;
            *shown = state;
            changed
        });
    }

    async fn command(&mut self, command: Command) {
        if matches!(self.inner, Inner::Working(_)) {
            return;
        }
        match (command, &mut self.inner) {
            (Command::Activate { code, passphrase }, Inner::Idle(_) | Inner::Open(_)) => {
                self.activate(Activation { code, passphrase });
            }
            (Command::ProxyPassword { user, password }, Inner::Idle(_) | Inner::Open(_)) => {
                self.problem.take_if(|problem| *problem == Problem::ProxyWantsPassword);
                self.parts.gateway.set_proxy_password(user, password);
            }
            (Command::Unlock(passphrase), Inner::Idle(Stage::Locked | Stage::Ended)) => self.unlock(passphrase),
            (Command::SignIn(code), Inner::Open(_)) => self.sign_in(code),
            (Command::Open(target), Inner::AtWork(_)) => self.open(target),
            (Command::Close(target), Inner::AtWork(at_work)) => {
                self.problem = None;
                if at_work.close(target) {
                    close_tunnel(at_work, target).await;
                }
            }
            (Command::TestLine, Inner::AtWork(at_work)) if !at_work.is_testing() => {
                self.problem = None;
                at_work.tested(Some(LineTest::Running));
                let session = Arc::clone(&at_work.session);
                self.jobs.spawn(async move { Done::Tested(session.test_line().await) });
            }
            // Whoever shows the state has not seen the newest yet.
            _ => {}
        }
    }

    fn activate(&mut self, activation: Activation) {
        self.begin(Step::Activating);
        let (folder, config) = (self.parts.folder.clone(), self.config.clone());
        let (gateway, rng, cost) = (Arc::clone(&self.parts.gateway), Arc::clone(&self.parts.rng), self.parts.cost);
        self.work.spawn(async move {
            let activated = activation::activate(&folder, &config, activation, &*gateway, cost, &rng).await;
            Done::Activated(activated)
        });
    }

    fn unlock(&mut self, passphrase: Secret<String>) {
        self.begin(Step::Unlocking);
        let (folder, device) = (self.parts.folder.clone(), self.config.device);
        self.work.spawn(async move {
            let opened = blocking(move || {
                let container = Sealed::find(&folder)?.open(&passphrase)?;
                // A container that belongs to another configuration was put there by somebody.
                if container.contents().device == device { Ok(container) } else { Err(ContainerError::CannotOpen) }
            });
            Done::Opened(opened.await)
        });
    }

    fn sign_in(&mut self, code: Secret<String>) {
        let Inner::Open(container) = self.begin(Step::Connecting) else { return };
        let (progress, steps) = Progress::new(Step::Connecting);
        self.progress = Some(steps);
        let (gateway, rng) = (Arc::clone(&self.parts.gateway), Arc::clone(&self.parts.rng));
        let (config, folder) = (self.config.clone(), self.parts.folder.clone());
        self.work.spawn(async move {
            let turn = match turn::take(&folder).await {
                Ok(turn) => turn,
                Err(problem) => return Done::SignedIn(container, Err(problem)),
            };
            // Another window or script may have signed in since this one unlocked: an old number would look like a copy's.
            let mut latest = container;
            let read = blocking(move || {
                latest.refresh()?;
                Ok(latest)
            });
            let container = match read.await {
                Ok(container) => container,
                // Activated anew, or damaged: the key at hand is of no use any more.
                Err(problem) => return Done::Opened(Err(problem)),
            };
            let remembered = remembered(folder).await;
            let contents = container.contents();
            let credentials = Credentials {
                login: contents.login.clone(),
                seed: contents.seed.clone(),
                host_keys: contents.host_keys.clone(),
                generation: contents.generation,
            };
            let arrival = match gateway.sign_in(&config, &credentials, &code, remembered, &progress).await {
                Ok(arrival) => arrival,
                Err(problem) => return Done::SignedIn(container, Err(problem)),
            };
            let generation = arrival.welcome.generation;
            let mut next = container;
            let kept = spawn_blocking(move || {
                let kept = next.keep_generation(generation, &rng);
                drop(turn);
                (next, kept)
            });
            match kept.await {
                Ok((container, Ok(()))) => {
                    arrival.session.kept(generation).await;
                    Done::SignedIn(container, Ok(arrival))
                }
                // Without its generation on the disk, the next sign-in would look like a copy's.
                Ok((container, Err(_))) => Done::SignedIn(container, Err(Problem::CannotWrite)),
                Err(_) => Done::Nothing,
            }
        });
    }

    /// Takes what was there away for a piece of work.
    fn begin(&mut self, step: Step) -> Inner {
        self.problem = None;
        mem::replace(&mut self.inner, Inner::Working(step))
    }

    async fn worked(&mut self, done: Done) {
        self.progress = None;
        match done {
            Done::Opened(Ok(container)) | Done::Activated(Ok(container)) => {
                self.presence.with_container();
                self.inner = Inner::Open(Box::new(container));
            }
            Done::Opened(Err(problem)) | Done::Activated(Err(problem)) => {
                self.problem = Some(problem);
                self.look().await;
            }
            Done::SignedIn(container, Err(problem)) => {
                self.inner = if is_final(&problem) { Inner::Idle(Stage::Ended) } else { Inner::Open(container) };
                self.problem = Some(problem);
            }
            Done::SignedIn(_, Ok(arrival)) => self.arrive(arrival),
            _ => self.look().await,
        }
    }

    fn arrive(&mut self, arrival: Arrival) {
        let Arrival { welcome, transport, session, events } = arrival;
        self.remember(transport);
        self.inner = Inner::AtWork(Box::new(AtWork::new(Arc::from(session), events, welcome)));
    }

    fn remember(&mut self, transport: Transport) {
        let folder = self.parts.folder.clone();
        self.jobs.spawn(async move {
            let change = move || state_file::change(&folder, |kept| kept.transport = Some(transport));
            // What is not remembered does not matter.
            let _ = spawn_blocking(change).await;
            Done::Nothing
        });
    }

    fn open(&mut self, target: TargetId) {
        let Inner::AtWork(at_work) = &mut self.inner else { return };
        self.problem = None;
        let (opening, target) = match at_work.begin(target) {
            Ok(Some(begun)) => begun,
            Ok(None) => return,
            Err(problem) => {
                self.problem = Some(problem);
                return;
            }
        };
        let (session, reduced) = (Arc::clone(&at_work.session), at_work.is_reduced());
        let (launcher, family) = (Arc::clone(&self.parts.launcher), self.parts.family.clone());
        self.jobs
            .spawn(async move { Done::Stands(opening, desk::open(session, launcher, target, family, reduced).await) });
    }

    async fn done(&mut self, done: Done) {
        let Inner::AtWork(at_work) = &mut self.inner else {
            if let Done::Stands(_, Ok(stands)) = done {
                stands.undo().await;
            }
            return;
        };
        match done {
            Done::Stands(opening, Ok(stands)) => match at_work.stands(opening, stands) {
                Ok(Some((mut running, stop))) => {
                    self.jobs.spawn(async move {
                        tokio::select! {
                            () = running.ended() => {}
                            () = stop.cancelled() => running.end().await,
                        }
                        Done::ProgramEnded(opening)
                    });
                }
                Ok(None) => {}
                Err(unwanted) => {
                    unwanted.undo().await;
                    if !at_work.is_open(opening.target) {
                        close_tunnel(at_work, opening.target).await;
                    }
                }
            },
            Done::Stands(opening, Err(problem)) => at_work.failed(opening, problem),
            Done::ProgramEnded(opening) if at_work.is_current(opening) => {
                at_work.close(opening.target);
                close_tunnel(at_work, opening.target).await;
            }
            Done::Tested(Ok(test)) => at_work.tested(Some(test)),
            Done::Tested(Err(problem)) => {
                at_work.tested(None);
                self.problem = Some(problem);
            }
            _ => {}
        }
    }

    async fn event(&mut self, event: SessionEvent) {
        let Inner::AtWork(at_work) = &mut self.inner else { return };
        match event {
            SessionEvent::Targets(targets) => {
                for gone in at_work.replace(targets) {
                    at_work.close(gone);
                    close_tunnel(at_work, gone).await;
                }
            }
            SessionEvent::Away { patience } => at_work.away(patience),
            SessionEvent::Back { transport } => {
                at_work.back();
                self.remember(transport);
            }
            SessionEvent::Line(quality) => at_work.measured(quality),
            SessionEvent::TargetFailed(target, problem) => at_work.problem(target, problem),
            SessionEvent::Ended(problem) => self.end(Some(problem)).await,
        }
    }

    /// Ends every tunnel and program, and wipes every secret.
    async fn end(&mut self, problem: Option<Problem>) {
        let by_wish = problem.is_none();
        self.problem = problem;
        self.progress = None;
        // Dropping what is under way wipes what it holds.
        self.work.abort_all();
        if let Inner::AtWork(mut at_work) = mem::replace(&mut self.inner, Inner::Idle(Stage::Ended)) {
            at_work.close_all();
            let session = Arc::clone(&at_work.session);
            drop(at_work);
            let goodbye = async {
                if by_wish {
                    session.leave().await;
                }
                drop(session);
            };
            let programs = async { while self.jobs.join_next().await.is_some() {} };
            // Whoever does not end in time is ended by being dropped.
            let _ = timeout(END_PATIENCE, async { tokio::join!(goodbye, programs) }).await;
        }
        self.jobs.shutdown().await;
        self.work.shutdown().await;
        self.show();
    }
}

async fn close_tunnel(at_work: &AtWork, target: TargetId) {
    // A listener that does not end in time ends with the session.
    let _ = timeout(END_PATIENCE, at_work.session.close(target)).await;
}

async fn remembered(folder: PathBuf) -> Option<Transport> {
    spawn_blocking(move || state_file::load(&folder)).await.ok()?.transport
}

/// Whether trying another code is of no use.
fn is_final(problem: &Problem) -> bool {
    matches!(problem, Problem::Copied | Problem::Outdated | Problem::CannotWrite)
}
