//! How much one session does at once (RFC 8620, section 2).

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use fernamt_domain::SessionId;

use crate::jmap::limits::{MAX_CONCURRENT_REQUESTS, MAX_CONCURRENT_UPLOAD};

/// The most uploads at once in the whole installation: each lies in memory until it is stored.
const MAX_UPLOADS: usize = 16;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Method calls.
    Request,
    /// Bytes that come in.
    Upload,
}

/// What every session does at the moment.
#[derive(Debug, Default)]
pub(crate) struct Busy(Mutex<HashMap<(SessionId, Kind), usize>>);

impl Busy {
    /// A turn for a session; none if it has as many as it may.
    pub(crate) fn turn(&self, session: SessionId, kind: Kind) -> Option<Turn<'_>> {
        let mut counts = self.lock();
        let uploads: usize =
            counts.iter().filter(|((_, other), _)| *other == Kind::Upload).map(|(_, count)| count).sum();
        let limit = match kind {
            Kind::Request => MAX_CONCURRENT_REQUESTS,
            Kind::Upload if uploads >= MAX_UPLOADS => 0,
            Kind::Upload => MAX_CONCURRENT_UPLOAD,
        };
        let key = (session, kind);
        if counts.get(&key).copied().unwrap_or_default() >= limit {
            return None;
        }
        *counts.entry(key).or_default() += 1;
        Some(Turn { busy: self, key })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(SessionId, Kind), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session's turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    busy: &'a Busy,
    key: (SessionId, Kind),
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut counts = self.busy.lock();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: u128) -> SessionId {
        SessionId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn a_session_has_so_many_turns_and_no_more() {
        let busy = Busy::default();
        let turns: Vec<_> =
            (0..MAX_CONCURRENT_REQUESTS).map(|_| busy.turn(session(1), Kind::Request).unwrap()).collect();
        assert!(busy.turn(session(1), Kind::Request).is_none());
        assert!(busy.turn(session(1), Kind::Upload).is_some() && busy.turn(session(2), Kind::Request).is_some());
        drop(turns);
        assert!(busy.turn(session(1), Kind::Request).is_some());
        assert!(busy.lock().is_empty(), "nothing is kept of who was here");
    }

    #[test]
    fn all_sessions_together_have_so_many_uploads() {
        let busy = Busy::default();
        let turns: Vec<_> =
            (0..MAX_UPLOADS).map(|number| busy.turn(session(number as u128), Kind::Upload).unwrap()).collect();
        assert!(busy.turn(session(99), Kind::Upload).is_none());
        drop(turns);
        assert!(busy.turn(session(99), Kind::Upload).is_some());
    }
}
