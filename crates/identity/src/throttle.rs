//! Slows guessing down without letting a stranger lock anybody out.
//!
//! Failures are counted in lanes. A stranger passes three: one for the source, a wide one because a whole office may
//! stand behind an address; one for the account as seen from that source; and one for the account as seen by all
//! strangers together. A device that signed in before has a lane of its own and passes none of the strangers' lanes,
//! so whatever strangers do, it gets in. The account's lane never stops a right second factor either: it delays only
//! attempts that bring none (see `sign_in`).
//!
//! The directory's own lock-out is another matter: see `bind_budget`.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use fernamt_domain::{DeviceId, TenantId};
use time::{Duration, OffsetDateTime};

/// The most lanes of each kind that are remembered.
pub(crate) const MAX_LANES: usize = 65_536;
/// How many lanes are looked at to find the one worth least when another is needed.
const EVICTION_SAMPLE: usize = 16;

/// Where an attempt comes from: an IPv4 address, or the /64 of an IPv6 address, since anybody holds a whole /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => IpAddr::V4(v4),
            IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        })
    }
}

/// An account as typed, by a keyed fingerprint. Names that exist and names that do not are treated alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Account(pub [u8; 32]);

/// Who attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// A device that signed in as this person before and has just proved its key.
    KnownDevice(TenantId, DeviceId),
    /// Anybody else.
    Stranger(Source, Account),
    /// Who shows a program's token. A good one is never asked to wait, so this slows nobody else down.
    Program(Source),
}

/// How a lane slows down.
#[derive(Debug, Clone, Copy)]
struct Pace {
    free: u32,
    first: Duration,
    longest: Duration,
    forgotten_after: Duration,
}

const BY_SOURCE: Pace = Pace {
    free: 60,
    first: Duration::seconds(1),
    longest: Duration::minutes(5),
    forgotten_after: Duration::minutes(15),
};
const BY_ACCOUNT_AND_SOURCE: Pace =
    Pace { free: 5, first: Duration::seconds(1), longest: Duration::minutes(15), forgotten_after: Duration::hours(1) };
const BY_ACCOUNT: Pace = Pace {
    free: 30,
    first: Duration::seconds(1),
    longest: Duration::seconds(30),
    forgotten_after: Duration::minutes(30),
};
const BY_PROGRAM: Pace = Pace {
    free: 20,
    first: Duration::seconds(1),
    longest: Duration::minutes(5),
    forgotten_after: Duration::minutes(15),
};
const BY_DEVICE: Pace = Pace {
    free: 8,
    first: Duration::seconds(1),
    longest: Duration::minutes(1),
    forgotten_after: Duration::minutes(30),
};

/// The answer to an attempt that must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many failed attempts: try again in {retry_after}")]
pub struct SlowDown {
    /// How long to wait.
    pub retry_after: Duration,
}

/// What a stranger without a second factor must pass besides: see [`Throttle::admit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Go on.
    Free,
    /// The account is under attack by strangers: go on only with a right second factor.
    SecondFactorOnly(SlowDown),
}

#[derive(Debug, Default)]
struct Tables {
    sources: Table<Source>,
    pairs: Table<(Account, Source)>,
    accounts: Table<Account>,
    devices: Table<(TenantId, DeviceId)>,
    programs: Table<Source>,
}

/// All lanes, in bounded memory.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    tables: Mutex<Tables>,
}

impl Throttle {
    /// Whether an attempt may be looked at now.
    pub(crate) fn admit(&self, attempt: Attempt, now: OffsetDateTime) -> Result<Admission, SlowDown> {
        let mut tables = self.lock();
        match attempt {
            Attempt::KnownDevice(tenant, device) => tables.devices.check(&(tenant, device), BY_DEVICE, now)?,
            Attempt::Program(source) => tables.programs.check(&source, BY_PROGRAM, now)?,
            Attempt::Stranger(source, account) => {
                tables.pairs.check(&(account, source), BY_ACCOUNT_AND_SOURCE, now)?;
                tables.sources.check(&source, BY_SOURCE, now)?;
                if let Err(wait) = tables.accounts.check(&account, BY_ACCOUNT, now) {
                    return Ok(Admission::SecondFactorOnly(wait));
                }
            }
        }
        Ok(Admission::Free)
    }

    /// Counts a failure. Call it before the answer is known to be wrong where several attempts could run side by
    /// side, and [`Throttle::succeeded`] when it was right after all.
    pub(crate) fn failed(&self, attempt: Attempt, now: OffsetDateTime) {
        let mut tables = self.lock();
        match attempt {
            Attempt::KnownDevice(tenant, device) => tables.devices.fail((tenant, device), BY_DEVICE, now),
            Attempt::Program(source) => tables.programs.fail(source, BY_PROGRAM, now),
            Attempt::Stranger(source, account) => {
                tables.pairs.fail((account, source), BY_ACCOUNT_AND_SOURCE, now);
                tables.sources.fail(source, BY_SOURCE, now);
                tables.accounts.fail(account, BY_ACCOUNT, now);
            }
        }
    }

    /// Forgets the failures of this device, or of this account from this source. What other sources did to the account
    /// stays counted.
    pub(crate) fn succeeded(&self, attempt: Attempt) {
        let mut tables = self.lock();
        match attempt {
            Attempt::KnownDevice(tenant, device) => tables.devices.forget(&(tenant, device)),
            Attempt::Program(source) => tables.programs.forgive(&source),
            Attempt::Stranger(source, account) => {
                tables.pairs.forget(&(account, source));
                tables.sources.forgive(&source);
                tables.accounts.forgive(&account);
            }
        }
    }

    /// Takes a counted failure back: it was our fault, not theirs.
    pub(crate) fn withdrawn(&self, attempt: Attempt) {
        let mut tables = self.lock();
        match attempt {
            Attempt::KnownDevice(tenant, device) => tables.devices.withdraw(&(tenant, device)),
            Attempt::Program(source) => tables.programs.withdraw(&source),
            Attempt::Stranger(source, account) => {
                tables.pairs.withdraw(&(account, source));
                tables.sources.withdraw(&source);
                tables.accounts.withdraw(&account);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Clone, Copy)]
struct Lane {
    failures: u32,
    free_at: OffsetDateTime,
    last: OffsetDateTime,
}

#[derive(Debug)]
struct Table<K> {
    lanes: HashMap<K, Lane>,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { lanes: HashMap::new() }
    }
}

impl<K: Hash + Eq + Copy> Table<K> {
    fn check(&mut self, key: &K, pace: Pace, now: OffsetDateTime) -> Result<(), SlowDown> {
        match self.lanes.get(key) {
            Some(lane) if now - lane.last > pace.forgotten_after => {
                self.lanes.remove(key);
                Ok(())
            }
            Some(lane) if lane.free_at > now => Err(SlowDown { retry_after: lane.free_at - now }),
            _ => Ok(()),
        }
    }

    fn fail(&mut self, key: K, pace: Pace, now: OffsetDateTime) {
        if !self.lanes.contains_key(&key) {
            self.make_room();
        }
        let lane = self.lanes.entry(key).or_insert(Lane { failures: 0, free_at: now, last: now });
        lane.failures = lane.failures.saturating_add(1);
        lane.last = now;
        let over = lane.failures.saturating_sub(pace.free);
        if over > 0 {
            let delay = pace.first * 2_i32.pow(over.saturating_sub(1).min(20));
            lane.free_at = now + delay.min(pace.longest);
        }
    }

    fn forget(&mut self, key: &K) {
        self.lanes.remove(key);
    }

    fn forgive(&mut self, key: &K) {
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.failures /= 2;
        }
    }

    fn withdraw(&mut self, key: &K) {
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.failures = lane.failures.saturating_sub(1);
            lane.free_at = lane.last;
        }
    }

    /// Drops the mildest of a few lanes. The map's own random order makes the sample, so that nobody can aim at the
    /// lane of a particular account.
    fn make_room(&mut self) {
        while self.lanes.len() >= MAX_LANES {
            let victim = self.lanes.iter().take(EVICTION_SAMPLE).min_by_key(|(_, lane)| (lane.failures, lane.last));
            let Some((&victim, _)) = victim else { return };
            self.lanes.remove(&victim);
        }
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{SystemClock, SystemRng};

    use super::*;

    const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn source(n: u32) -> Source {
        IpAddr::V4((0x0a00_0000 + n).into()).into()
    }

    fn account(n: u8) -> Account {
        Account([n; 32])
    }

    #[test]
    fn a_source_is_an_ipv4_address_or_an_ipv6_network() {
        let of = |text: &str| Source::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::"));
        assert_ne!(of("2001:db8:1:2::"), of("2001:db8:1:3::"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn guessing_from_one_source_slows_down_ever_more() {
        let throttle = Throttle::default();
        let attempt = Attempt::Stranger(source(1), account(1));
        for _ in 0..5 {
            assert_eq!(throttle.admit(attempt, T0), Ok(Admission::Free));
            throttle.failed(attempt, T0);
        }
        let mut now = T0;
        for seconds in [1, 2, 4, 8] {
            throttle.failed(attempt, now);
            assert_eq!(throttle.admit(attempt, now), Err(SlowDown { retry_after: Duration::seconds(seconds) }));
            now += Duration::seconds(seconds);
            assert_eq!(throttle.admit(attempt, now), Ok(Admission::Free));
        }
        let other = Attempt::Stranger(source(2), account(1));
        assert_eq!(throttle.admit(other, now), Ok(Admission::Free), "another source is not held up");
        assert_eq!(
            throttle.admit(attempt, now + Duration::hours(2)),
            Ok(Admission::Free),
            "and in time all is forgotten"
        );
    }

    #[test]
    fn strangers_hold_up_neither_a_known_device_nor_a_right_second_factor() {
        let throttle = Throttle::default();
        for n in 0..10_000 {
            let attempt = Attempt::Stranger(source(n % 1_000), account(1));
            if throttle.admit(attempt, T0).is_ok() {
                throttle.failed(attempt, T0);
            }
        }
        let device = DeviceId::new(&SystemClock, &SystemRng);
        let tenant = TenantId::new(&SystemClock, &SystemRng);
        assert_eq!(throttle.admit(Attempt::KnownDevice(tenant, device), T0), Ok(Admission::Free));
        let elsewhere = throttle.admit(Attempt::Stranger(source(5_000), account(1)), T0);
        assert!(matches!(elsewhere, Ok(Admission::SecondFactorOnly(wait)) if wait.retry_after <= BY_ACCOUNT.longest));
        assert_eq!(throttle.admit(Attempt::Stranger(source(5_000), account(2)), T0), Ok(Admission::Free));
    }

    #[test]
    fn an_office_behind_one_address_keeps_room_for_its_typing_errors() {
        let throttle = Throttle::default();
        for n in 0..50 {
            throttle.failed(Attempt::Stranger(source(1), account(n)), T0);
        }
        assert_eq!(throttle.admit(Attempt::Stranger(source(1), account(200)), T0), Ok(Admission::Free));
    }

    #[test]
    fn memory_is_bounded_and_the_worst_stay_remembered() {
        let throttle = Throttle::default();
        let bad = Attempt::Stranger(source(u32::MAX >> 8), account(1));
        for _ in 0..50 {
            throttle.failed(bad, T0);
        }
        for n in 0..u32::try_from(MAX_LANES).unwrap() + 5_000 {
            throttle.failed(Attempt::Stranger(source(n), account(2)), T0);
        }
        let tables = throttle.lock();
        assert_eq!(tables.sources.lanes.len(), MAX_LANES);
        assert_eq!(tables.pairs.lanes.len(), MAX_LANES);
        drop(tables);
        assert!(throttle.admit(bad, T0).is_err());
    }
}
