//! The stream's dialer: hands out the line that the race was won by, and after an outage dials anew.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use fernamt_api::stick::Transport;
use fernamt_resume::{Attempt, BoxLine, LineId};

use crate::dial::{Dialer, Line, NoWay};

/// Lines of which it is known how they go: more than are dialled at the same time.
const KNOWN_LINES: usize = 16;

/// Where a line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Course {
    pub(super) transport: Transport,
    pub(super) peer: SocketAddr,
}

/// The lines of one stream. Copies share what they know.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    dialer: Arc<Dialer>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    first: Option<Line>,
    /// The newest last.
    courses: VecDeque<(u64, Course)>,
}

impl Lines {
    /// Begins with a line on which OPEN has been said.
    pub(super) fn new(dialer: Arc<Dialer>, first: Line) -> Self {
        let state = State { first: Some(first), courses: VecDeque::new() };
        Self { dialer, state: Arc::new(Mutex::new(state)) }
    }

    /// Where a line goes, if it is not long gone.
    pub(super) fn course(&self, line: LineId) -> Option<Course> {
        self.lock().courses.iter().find(|(number, _)| *number == line.0).map(|(_, course)| *course)
    }

    /// A line beside the one that stands.
    pub(super) async fn dial_twin(&self) -> Result<BoxLine, NoWay> {
        Ok(self.dialer.connect(|| {}).await?.into_carrier())
    }

    fn note(&self, number: u64, line: &Line) {
        let mut state = self.lock();
        if state.courses.len() >= KNOWN_LINES {
            state.courses.pop_front();
        }
        let course = Course { transport: line.way().transport(), peer: line.peer() };
        state.courses.push_back((number, course));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl fernamt_resume::Dialer for Lines {
    async fn dial(&self, attempt: Attempt) -> io::Result<BoxLine> {
        let first = self.lock().first.take();
        let line = match first {
            Some(line) => line,
            None => self.dialer.connect(|| attempt.answered()).await.map_err(io::Error::other)?,
        };
        self.note(attempt.number(), &line);
        Ok(line.into_carrier())
    }
}
