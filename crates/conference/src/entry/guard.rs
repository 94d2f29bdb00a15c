//! Guessing numbers and PINs is kept hopeless without locking anybody out.
//!
//! Only failures count, and only of number and PIN: a link carries a secret that nobody guesses and is never held up.
//!
//! Two things are kept apart. *What a guess costs* is decided by buckets: a source has ten failures free and then one in
//! 30 s, five of them at one number; a browser that was let in before has five of its own, so that colleagues behind one
//! address do not pay for each other. Where a bucket is full, or strangers scan the whole installation, the next try needs a
//! proof of work. Nobody is turned away.
//!
//! *What a guess may win* is decided by windows: of all wrong PINs for a meeting within any hour, [`MAX_FAILURES_PER_MEETING`]
//! could have been right, and of all wrong PINs for all meetings [`MAX_FAILURES_OF_ALL`]. Beyond that whoever types a PIN,
//! right or wrong, gets no further than the lobby, where a host looks at them. So the chance of an attacker to get past the
//! lobby is at most 90 in a million an hour, however many addresses they have.
//!
//! A right PIN costs nothing: it takes back what its own try was charged. What was typed wrong before stays counted, whoever
//! did it: behind one address, who guesses must not be paid for by colleagues who know.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use fernamt_api::conference::entry::EntryPlace;
use fernamt_domain::{MeetingId, conference::RoomNumber};
use time::{Duration, OffsetDateTime};

use super::bucket::{Bucket, Buckets, Pace, WINDOW, Window};

/// Wrong PINs of one meeting within an hour that could have been right.
pub const MAX_FAILURES_PER_MEETING: usize = 50;
/// Wrong PINs of all meetings within an hour that could have been right.
pub const MAX_FAILURES_OF_ALL: usize = 90;
/// Sources, pairs of source and number, and devices that are remembered, of each.
pub const MAX_BUCKETS: usize = 65_536;
/// Meetings under attack that are remembered. Only meetings that exist are.
pub const MAX_MEETINGS: usize = 1_024;

const BY_SOURCE: Pace = Pace { burst: 10, refill: Duration::seconds(30) };
const BY_SOURCE_AND_NUMBER: Pace = Pace { burst: 5, refill: Duration::seconds(30) };
const BY_DEVICE: Pace = Pace { burst: 5, refill: Duration::seconds(30) };
/// Failures of all strangers, at numbers that exist or not: 200, and 200 more an hour.
const BY_ALL: Pace = Pace { burst: 200, refill: Duration::seconds(18) };

/// Where a try comes from: an IPv4 address, or the /64 of an IPv6 address, since anybody holds a whole /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => IpAddr::V4(v4),
            IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        })
    }
}

impl Source {
    /// The address that stands for it.
    pub fn address(self) -> IpAddr {
        self.0
    }
}

/// A browser that was let in before or has done a proof of work, by the mark that it was given then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceMark(pub [u8; 16]);

/// A try, before anybody has looked whether it is right.
#[derive(Debug, Clone, Copy)]
pub struct Try {
    /// Where it comes from.
    pub source: Source,
    /// The browser, if it was let in before.
    pub device: Option<DeviceMark>,
    /// The number that was typed, whether there is such a meeting or not.
    pub number: Option<RoomNumber>,
    /// Whether a proof of work came with it, checked and not used before.
    pub proved: bool,
}

/// A try that may be looked at. It counts as a failure until [`Guard::settle`] is told otherwise.
#[derive(Debug)]
#[must_use = "a try that is not settled stays counted as a failure"]
pub struct Pass {
    tried: Try,
    by_device: bool,
}

/// The answer to a try that must bring a proof of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a proof of work is needed first")]
pub struct ProofNeeded;

/// What the look-up found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The meeting that has the number now, if there is one.
    pub meeting: Option<MeetingId>,
    /// Whether the PIN is its PIN.
    pub right: bool,
}

/// What becomes of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Refused. `alarm` names the meeting whose window this failure filled: its hosts must hear of it.
    Refused {
        /// The meeting, if this failure filled its window.
        alarm: Option<MeetingId>,
    },
    /// Let in, as far as this.
    Admitted(EntryPlace),
}

#[derive(Debug)]
struct Meeting {
    failures: Window,
    renewed_at: Option<OffsetDateTime>,
}

#[derive(Debug)]
struct State {
    sources: Buckets<Source>,
    pairs: Buckets<(Source, Option<RoomNumber>)>,
    devices: Buckets<DeviceMark>,
    all: Option<Bucket>,
    meetings: HashMap<MeetingId, Meeting>,
    of_all: Window,
}

/// The guard at the door of all meetings of an installation.
#[derive(Debug)]
pub struct Guard {
    state: Mutex<State>,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                sources: Buckets::new(BY_SOURCE, MAX_BUCKETS),
                pairs: Buckets::new(BY_SOURCE_AND_NUMBER, MAX_BUCKETS),
                devices: Buckets::new(BY_DEVICE, MAX_BUCKETS),
                all: None,
                meetings: HashMap::new(),
                of_all: Window::new(MAX_FAILURES_OF_ALL),
            }),
        }
    }
}

impl Guard {
    /// Whether a try may be looked at now. It does not depend on whether the number exists.
    pub fn admit(&self, tried: Try, now: OffsetDateTime) -> Result<Pass, ProofNeeded> {
        let mut state = self.lock();
        let by_device = tried.device.filter(|device| state.devices.has_room(device, now));
        if let Some(device) = by_device {
            state.devices.charge(device, now);
            return Ok(Pass { tried, by_device: true });
        }
        let who = (tried.source, tried.number);
        let calm = state.all.is_none_or(|all| all.has_room(BY_ALL, now));
        let free = calm && state.sources.has_room(&tried.source, now) && state.pairs.has_room(&who, now);
        if !tried.proved && !free {
            return Err(ProofNeeded);
        }
        state.sources.charge(tried.source, now);
        state.pairs.charge(who, now);
        state.all.get_or_insert_with(|| Bucket::new(now)).charge(BY_ALL, now);
        Ok(Pass { tried, by_device: false })
    }

    /// Decides what becomes of a try that was looked at.
    pub fn settle(&self, pass: &Pass, found: Found, now: OffsetDateTime) -> Verdict {
        let mut state = self.lock();
        let Some(meeting) = found.meeting else { return Verdict::Refused { alarm: None } };
        let all_full = state.of_all.is_full(now);
        let full = all_full || state.meetings.get_mut(&meeting).is_some_and(|known| known.failures.is_full(now));
        if found.right {
            if full {
                // What it was charged stays: behind the right PIN may stand whoever guessed it.
                return Verdict::Admitted(EntryPlace::Lobby);
            }
            state.take_back(pass, now);
            return Verdict::Admitted(EntryPlace::Seat);
        }
        if full {
            // It could not have won anything, so it does not count.
            return Verdict::Refused { alarm: None };
        }
        state.of_all.add(now);
        let window = state.meeting(meeting, now);
        window.failures.add(now);
        let alarm = window.failures.is_full(now).then_some(meeting);
        Verdict::Refused { alarm }
    }

    /// The fault was ours, not theirs: takes back what the try was charged.
    pub fn withdraw(&self, pass: &Pass, now: OffsetDateTime) {
        self.lock().take_back(pass, now);
    }

    /// Whether somebody guesses PINs of this meeting, so that typed PINs lead to the lobby.
    pub fn is_guessed(&self, meeting: MeetingId, now: OffsetDateTime) -> bool {
        let mut state = self.lock();
        state.of_all.is_full(now) || state.meetings.get_mut(&meeting).is_some_and(|known| known.failures.is_full(now))
    }

    /// The meeting has a new PIN: what was guessed so far is worth nothing. Once an hour, so that renewing again and again
    /// buys an attacker no more guesses.
    pub fn renewed(&self, meeting: MeetingId, now: OffsetDateTime) {
        let mut state = self.lock();
        let Some(known) = state.meetings.get_mut(&meeting) else { return };
        if known.renewed_at.is_none_or(|at| at + WINDOW <= now) {
            known.failures.clear();
            known.renewed_at = Some(now);
        }
    }

    /// How much is remembered: sources, pairs, devices, meetings.
    pub fn remembered(&self) -> [usize; 4] {
        let state = self.lock();
        [state.sources.len(), state.pairs.len(), state.devices.len(), state.meetings.len()]
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes back what one try was charged, and nothing that others did behind the same address.
    fn take_back(&mut self, pass: &Pass, now: OffsetDateTime) {
        let tried = pass.tried;
        match tried.device.filter(|_| pass.by_device) {
            Some(device) => self.devices.refund(&device, 1, now),
            None => {
                self.sources.refund(&tried.source, 1, now);
                self.pairs.refund(&(tried.source, tried.number), 1, now);
                self.all.iter_mut().for_each(|all| all.refund(BY_ALL, 1));
            }
        }
    }

    fn meeting(&mut self, meeting: MeetingId, now: OffsetDateTime) -> &mut Meeting {
        if self.meetings.len() >= MAX_MEETINGS && !self.meetings.contains_key(&meeting) {
            // At most as many hold failures as the window of all does; the rest was renewed, which takes a host each time.
            let recent = |known: &Meeting| known.renewed_at.is_some_and(|at| at + WINDOW > now);
            self.meetings.retain(|_, known| !known.failures.is_empty(now) || recent(known));
            if self.meetings.len() >= MAX_MEETINGS {
                self.meetings.retain(|_, known| !known.failures.is_empty(now));
            }
        }
        let new = || Meeting { failures: Window::new(MAX_FAILURES_PER_MEETING), renewed_at: None };
        self.meetings.entry(meeting).or_insert_with(new)
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
