//! Sockets that have not said hello yet: a bounded number in all, and a smaller one of each source, so that one stranger
//! does not take the place of everybody else.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::entry::guard::Source;

/// Sockets that have not said hello, of the whole installation.
pub const MAX_UNGREETED: usize = 1_024;
/// Sockets that have not said hello, of one source. A whole office may stand behind one, but a client says hello at once.
pub const MAX_UNGREETED_OF_SOURCE: usize = 128;

/// Counts them.
#[derive(Debug, Default)]
pub struct Ungreeted {
    by_source: Mutex<HashMap<Source, usize>>,
}

impl Ungreeted {
    /// A place for one more of this source, until it is dropped.
    pub fn place(&self, source: Source) -> Option<Place<'_>> {
        let mut by_source = self.lock();
        let all: usize = by_source.values().sum();
        let own = by_source.get(&source).copied().unwrap_or_default();
        if all >= MAX_UNGREETED || own >= MAX_UNGREETED_OF_SOURCE {
            return None;
        }
        by_source.insert(source, own + 1);
        Some(Place { ungreeted: self, source })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Source, usize>> {
        self.by_source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one socket.
#[must_use = "a place is held as long as this is"]
#[derive(Debug)]
pub struct Place<'a> {
    ungreeted: &'a Ungreeted,
    source: Source,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut by_source = self.ungreeted.lock();
        if let Some(held) = by_source.get_mut(&self.source) {
            *held -= 1;
            if *held == 0 {
                by_source.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn each_source_and_all_together_are_bounded_and_nothing_is_left_behind() {
        let ungreeted = Ungreeted::default();
        let source = |n: usize| Source::from(std::net::IpAddr::V4(Ipv4Addr::from(u32::try_from(n).unwrap())));
        let mut places = Vec::new();
        let sources = MAX_UNGREETED / MAX_UNGREETED_OF_SOURCE;
        for n in 0..sources {
            for _ in 0..MAX_UNGREETED_OF_SOURCE {
                places.push(ungreeted.place(source(n)).expect("there is room"));
            }
            assert!(ungreeted.place(source(n)).is_none(), "one source");
        }
        assert!(ungreeted.place(source(sources)).is_none(), "all together");
        places.pop();
        assert!(ungreeted.place(source(sources)).is_some());
        places.clear();
        assert!(ungreeted.lock().is_empty());
    }
}
