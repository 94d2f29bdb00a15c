//! What somebody who is at work has open.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use fernamt_api::stick::{LineQuality, MAX_TARGETS, StickTarget, Welcome};
use fernamt_domain::TargetId;
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Away, Desk, LineState, LineTest, Opened, Problem, Tile, line_state::is_weak};
use crate::seam::{Family, LaunchOrder, Launcher, Running, Session, SessionEvent};

/// One who is at work.
pub(super) struct AtWork {
    pub(super) session: Arc<dyn Session>,
    pub(super) events: mpsc::Receiver<SessionEvent>,
    person: String,
    targets: Vec<StickTarget>,
    open: BTreeMap<TargetId, Open>,
    problems: BTreeMap<TargetId, Problem>,
    away: Option<(Instant, Duration)>,
    line: LineState,
    openings: u64,
}

/// Which opening of a target something belongs to: it may have been closed and opened again meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) target: TargetId,
    number: u64,
}

struct Open {
    number: u64,
    /// Ends the program.
    stop: CancellationToken,
    /// `None` while it is being opened.
    shown: Option<Opened>,
}

/// What stands once a target is open.
pub(super) struct Stands {
    address: Option<SocketAddr>,
    running: Option<Box<dyn Running>>,
}

/// A program, and what ends it.
pub(super) type Watched = (Box<dyn Running>, CancellationToken);

impl AtWork {
    pub(super) fn new(session: Arc<dyn Session>, events: mpsc::Receiver<SessionEvent>, welcome: Welcome) -> Self {
        let Welcome { person, mut targets, .. } = welcome;
        targets.truncate(MAX_TARGETS);
        let line = LineState { away: None, quality: None, test: None, reduced: false };
        let (open, problems) = (BTreeMap::new(), BTreeMap::new());
        Self { session, events, person, targets, open, problems, away: None, line, openings: 0 }
    }

    pub(super) fn shown(&self) -> Desk {
        let tiles = self.targets.iter().map(|target| Tile {
            target: target.clone(),
            open: self.open.get(&target.id).and_then(|open| open.shown.clone()),
            problem: self.problems.get(&target.id).cloned(),
        });
        let away = self.away.map(|(since, patience)| {
            let whole_s = Duration::from_secs(since.elapsed().as_secs());
            Away { lasted: whole_s, patience }
        });
        Desk { person: self.person.clone(), tiles: tiles.collect(), line: LineState { away, ..self.line.clone() } }
    }

    pub(super) fn is_away(&self) -> bool {
        self.away.is_some()
    }

    pub(super) fn is_reduced(&self) -> bool {
        self.line.reduced
    }

    /// Begins to open a target; `None` where that is no use.
    pub(super) fn begin(&mut self, id: TargetId) -> Result<Option<(Opening, StickTarget)>, Problem> {
        let target = self.targets.iter().find(|target| target.id == id).ok_or(Problem::TargetForbidden)?.clone();
        self.problems.remove(&id);
        match self.open.get(&id) {
            // A page that somebody closed in the browser is opened again; nobody told us of its end.
            Some(Open { shown: Some(Opened { address: None, .. }), stop, .. }) => stop.cancel(),
            Some(_) => return Ok(None),
            None => {}
        }
        self.openings += 1;
        let number = self.openings;
        self.open.insert(id, Open { number, stop: CancellationToken::new(), shown: None });
        Ok(Some((Opening { target: id, number }, target)))
    }

    /// Notes that a target stands, and says which program to watch and what ends it. Gives back what stands if it is not
    /// wanted any more.
    pub(super) fn stands(&mut self, opening: Opening, stands: Stands) -> Result<Option<Watched>, Stands> {
        match self.open.get_mut(&opening.target).filter(|open| open.number == opening.number) {
            Some(open) => {
                let program = stands.running.as_ref().map(|running| running.name());
                open.shown = Some(Opened { address: stands.address, program });
                Ok(stands.running.map(|running| (running, open.stop.clone())))
            }
            None => Err(stands),
        }
    }

    /// Notes that a target could not be opened.
    pub(super) fn failed(&mut self, opening: Opening, problem: Problem) {
        if self.is_current(opening) {
            self.open.remove(&opening.target);
            self.problems.insert(opening.target, problem);
        }
    }

    pub(super) fn is_current(&self, opening: Opening) -> bool {
        self.open.get(&opening.target).is_some_and(|open| open.number == opening.number)
    }

    pub(super) fn is_open(&self, target: TargetId) -> bool {
        self.open.contains_key(&target)
    }

    /// Forgets an open target and ends its program. True if there was something to end.
    pub(super) fn close(&mut self, target: TargetId) -> bool {
        let open = self.open.remove(&target);
        if let Some(open) = &open {
            open.stop.cancel();
        }
        open.is_some()
    }

    /// Ends all programs.
    pub(super) fn close_all(&mut self) {
        for open in std::mem::take(&mut self.open).into_values() {
            open.stop.cancel();
        }
    }

    /// Takes new targets and returns those that are open and gone.
    pub(super) fn replace(&mut self, mut targets: Vec<StickTarget>) -> Vec<TargetId> {
        targets.truncate(MAX_TARGETS);
        self.targets = targets;
        let there = |id: &TargetId| self.targets.iter().any(|target| target.id == *id);
        self.problems.retain(|id, _| there(id));
        self.open.keys().copied().filter(|id| !there(id)).collect()
    }

    pub(super) fn problem(&mut self, target: TargetId, problem: Problem) {
        if self.targets.iter().any(|known| known.id == target) {
            self.problems.insert(target, problem);
        }
    }

    pub(super) fn away(&mut self, patience: Duration) {
        self.away = Some((Instant::now(), patience));
    }

    pub(super) fn back(&mut self) {
        self.away = None;
    }

    pub(super) fn measured(&mut self, quality: LineQuality) {
        self.line.quality = Some(quality);
        self.judge();
    }

    pub(super) fn tested(&mut self, test: Option<LineTest>) {
        self.line.test = test;
        self.judge();
    }

    pub(super) fn is_testing(&self) -> bool {
        self.line.test == Some(LineTest::Running)
    }

    fn judge(&mut self) {
        self.line.reduced = is_weak(self.line.quality.as_ref(), self.line.test);
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.close_all();
    }
}

/// Opens a target: its tunnel, if it needs one, and what fits to start.
pub(super) async fn open(
    session: Arc<dyn Session>,
    launcher: Arc<dyn Launcher>,
    target: StickTarget,
    family: Family,
    reduced: bool,
) -> Result<Stands, Problem> {
    let address = if launcher.needs_tunnel(&target) { Some(session.open(&target, &family).await?) } else { None };
    match launcher.launch(LaunchOrder { target: &target, address, reduced, family: &family }).await {
        Ok(running) => Ok(Stands { address, running }),
        Err(problem) => {
            if address.is_some() {
                session.close(target.id).await;
            }
            Err(problem)
        }
    }
}

impl Stands {
    /// Undoes what nobody wants any more. The tunnel is left to whoever knows whether it has been opened again.
    pub(super) async fn undo(self) {
        if let Some(mut running) = self.running {
            running.end().await;
        }
    }
}
