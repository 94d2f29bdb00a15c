//! Whose connection it is that came to one of our listeners.
//!
//! Every program and every page in a browser on this computer can connect to a loopback address, whoever's it is. So before
//! a byte flows we ask the system which process holds the other end, and let through only ourselves and the descendants of
//! programs that we started. A browser is never let through, even below such a program: what its pages ask for is
//! anybody's wish, and web applications go through the gateway's proxy.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

use std::{
    collections::{BTreeSet, HashMap},
    net::{SocketAddr, SocketAddrV4},
};

#[cfg(target_os = "linux")]
use self::linux::holders;
#[cfg(target_os = "linux")]
pub(crate) use self::linux::session;
#[cfg(windows)]
use self::windows::holders;
use crate::seam::Family;

/// The longest chain of parents that is followed.
const MAX_GENERATIONS: usize = 64;

/// The beginnings of browsers' program names.
const BROWSERS: [&str; 20] = [
    "brave",
    "chrome",
    "chromium",
    "epiphany",
    "falkon",
    "firefox",
    "google-chrome",
    "iexplore",
    "konqueror",
    "librewolf",
    "microsoft-edge",
    "midori",
    "msedge",
    "opera",
    "palemoon",
    "qutebrowser",
    "safari",
    "seamonkey",
    "vivaldi",
    "waterfox",
];

/// Whether the process behind `peer`, which connected to our `listener`, belongs to the family and to our own user.
pub(crate) async fn may_use(listener: SocketAddr, peer: SocketAddr, family: &Family) -> bool {
    let (SocketAddr::V4(listener), SocketAddr::V4(peer)) = (listener, peer) else { return false };
    let heads = family.heads();
    // A look at all processes takes a moment.
    tokio::task::spawn_blocking(move || judge(listener, peer, &heads)).await.unwrap_or(false)
}

fn judge(listener: SocketAddrV4, peer: SocketAddrV4, heads: &BTreeSet<u32>) -> bool {
    let (holders, processes) = holders(listener, peer, heads);
    holders.into_iter().any(|holder| processes.belong(holder, std::process::id(), heads))
}

/// No system that we know how to ask: nobody is let through.
#[cfg(not(any(target_os = "linux", windows)))]
fn holders(_listener: SocketAddrV4, _peer: SocketAddrV4, _heads: &BTreeSet<u32>) -> (Vec<u32>, Processes) {
    (Vec::new(), Processes::default())
}

/// The processes of this computer.
#[derive(Debug, Default)]
pub(crate) struct Processes(HashMap<u32, Process>);

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) parent: u32,
    /// The program's name, in lower case.
    pub(crate) name: String,
    /// When it was started, in the system's own unit. A parent is older, or its number is another's by now.
    pub(crate) started: u64,
}

impl Processes {
    #[cfg_attr(not(any(target_os = "linux", windows)), expect(dead_code, reason = "nobody to ask"))]
    pub(crate) fn insert(&mut self, id: u32, process: Process) {
        self.0.insert(id, process);
    }

    /// Whether a process is we ourselves, or a head or its descendant, with no browser on the way.
    pub(crate) fn belong(&self, id: u32, ourselves: u32, heads: &BTreeSet<u32>) -> bool {
        id == ourselves || self.descends(id, heads)
    }

    /// Whether a process is a head or its descendant, with no browser on the way.
    pub(crate) fn descends(&self, id: u32, heads: &BTreeSet<u32>) -> bool {
        let mut next = id;
        for _ in 0..MAX_GENERATIONS {
            let Some(process) = self.0.get(&next) else { return false };
            if is_browser(&process.name) {
                return false;
            }
            if heads.contains(&next) {
                return true;
            }
            let older = self.0.get(&process.parent).is_some_and(|parent| parent.started <= process.started);
            if !older || process.parent == next {
                return false;
            }
            next = process.parent;
        }
        false
    }

    /// All that belong.
    #[cfg(target_os = "linux")]
    pub(crate) fn members<'a>(&'a self, ourselves: u32, heads: &'a BTreeSet<u32>) -> impl Iterator<Item = u32> + 'a {
        self.0.keys().copied().filter(move |id| self.belong(*id, ourselves, heads))
    }
}

fn is_browser(name: &str) -> bool {
    BROWSERS.iter().any(|browser| name.starts_with(browser))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn processes(rows: &[(u32, u32, &str, u64)]) -> Processes {
        let mut processes = Processes::default();
        for (id, parent, name, started) in rows {
            processes.insert(*id, Process { parent: *parent, name: (*name).into(), started: *started });
        }
        processes
    }

    #[test]
    fn descendants_of_what_we_started_belong_and_nobody_else() {
        let all = processes(&[
            (1, 0, "init", 0),
            (10, 1, "fernamt-stick", 5),
            (20, 10, "xfreerdp", 6),
            (21, 20, "sh", 7),
            (22, 21, "ssh", 8),
            (30, 10, "xdg-open", 6),
            (40, 1, "bash", 2),
        ]);
        let heads = BTreeSet::from([20]);
        for (id, belongs) in [(10, true), (20, true), (21, true), (22, true), (30, false), (40, false), (1, false)] {
            assert_eq!(all.belong(id, 10, &heads), belongs, "{id}");
        }
        assert!(!all.belong(99, 10, &heads), "an unknown process");
    }

    #[test]
    fn a_browser_never_belongs_nor_does_what_it_started() {
        let all = processes(&[
            (10, 1, "fernamt-stick", 5),
            (20, 10, "xterm", 6),
            (21, 20, "firefox-esr", 7),
            (22, 21, "plugin", 8),
            (23, 10, "chromium", 8),
        ]);
        let heads = BTreeSet::from([20, 23]);
        assert!(all.belong(20, 10, &heads));
        for id in [21, 22, 23] {
            assert!(!all.belong(id, 10, &heads), "{id}");
        }
    }

    #[test]
    fn a_number_that_was_given_again_makes_no_parent() {
        let all = processes(&[(20, 1, "xterm", 9), (21, 20, "old", 3)]);
        assert!(!all.belong(21, 10, &BTreeSet::from([20])));
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let all = processes(&[(20, 21, "a", 1), (21, 20, "b", 1), (22, 22, "c", 1)]);
        assert!(!all.belong(20, 10, &BTreeSet::from([5])));
        assert!(!all.belong(22, 10, &BTreeSet::from([5])));
    }
}
