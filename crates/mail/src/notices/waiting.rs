//! Devices that may have to be told, and when that is to be looked at.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use fernamt_domain::{
    DeviceId, MailAccountId, TenantId,
    event::{DomainEvent, TenantEvent},
};
use fernamt_store::Notice;
use time::OffsetDateTime;

/// The most devices that wait. The others are found when something changes again.
const MAX_WAITING: usize = 10_000;
/// More accounts with changes at once are treated as a change of all.
const MAX_ACCOUNTS: usize = 1_000;

/// A device of a tenant.
pub(super) type Key = (TenantId, DeviceId);

/// What is known of a device that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// When it is looked at.
    pub(super) due: OffsetDateTime,
    /// How often its push service said "later".
    pub(super) tries: u8,
}

/// Devices that may have to be told.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<HashMap<Key, Turn>>);

impl Waiting {
    /// Has a device looked at. Who waits already keeps their turn.
    pub(super) fn add(&self, key: Key, turn: Turn) {
        let mut waiting = self.lock();
        if waiting.len() < MAX_WAITING {
            waiting.entry(key).or_insert(turn);
        }
    }

    /// Takes out those whose turn it is.
    pub(super) fn take_due(&self, now: OffsetDateTime) -> Vec<(Key, Turn)> {
        let mut waiting = self.lock();
        let due: Vec<_> = waiting.iter().filter(|(_, turn)| turn.due <= now).map(|(key, turn)| (*key, *turn)).collect();
        waiting.retain(|_, turn| turn.due > now);
        due
    }

    /// When the next one is looked at.
    pub(super) fn next(&self) -> Option<OffsetDateTime> {
        self.lock().values().map(|turn| turn.due).min()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Turn>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was heard of changes since somebody looked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Anything may have changed.
    Everything,
    /// These accounts.
    Accounts(HashSet<(TenantId, MailAccountId)>),
}

impl Heard {
    pub(super) fn nothing() -> Self {
        Self::Accounts(HashSet::new())
    }

    /// Hears one more. Says whether it matters.
    pub(super) fn hear(&mut self, notice: &Notice) -> bool {
        match notice {
            Notice::Everything => *self = Self::Everything,
            Notice::Event(TenantEvent { tenant, event: DomainEvent::MailChanged { account } }) => {
                if let Self::Accounts(accounts) = self {
                    accounts.insert((*tenant, *account));
                    if accounts.len() > MAX_ACCOUNTS {
                        *self = Self::Everything;
                    }
                }
            }
            Notice::Event(_) => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use uuid::Uuid;

    use super::*;

    const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn key(number: usize) -> Key {
        (TenantId(Uuid::nil()), DeviceId(Uuid::from_u128(number as u128)))
    }

    fn turn(seconds: i64) -> Turn {
        Turn { due: T0 + Duration::seconds(seconds), tries: 0 }
    }

    #[test]
    fn a_device_waits_once_and_comes_when_it_is_due() {
        let waiting = Waiting::default();
        waiting.add(key(1), turn(60));
        waiting.add(key(1), turn(0));
        waiting.add(key(2), turn(90));
        assert_eq!((waiting.next(), waiting.take_due(T0)), (Some(T0 + Duration::MINUTE), vec![]));
        assert_eq!(waiting.take_due(T0 + Duration::MINUTE), [(key(1), turn(60))]);
        assert_eq!(waiting.next(), Some(T0 + Duration::seconds(90)));
    }

    #[test]
    fn so_many_wait_and_no_more() {
        let waiting = Waiting::default();
        for number in 0..=MAX_WAITING {
            waiting.add(key(number), turn(0));
        }
        assert_eq!(waiting.take_due(T0).len(), MAX_WAITING);
        waiting.add(key(0), turn(0));
        assert_eq!(waiting.take_due(T0).len(), 1);
    }

    #[test]
    fn changes_of_many_accounts_are_a_change_of_all() {
        let changed = |number: usize| {
            let account = MailAccountId(Uuid::from_u128(number as u128));
            Notice::Event(TenantEvent { tenant: key(0).0, event: DomainEvent::MailChanged { account } })
        };
        let mut heard = Heard::nothing();
        let other = TenantEvent { tenant: key(0).0, event: DomainEvent::SettingsChanged };
        assert!(!heard.hear(&Notice::Event(other)) && heard == Heard::nothing());
        for number in 0..MAX_ACCOUNTS {
            assert!(heard.hear(&changed(number)) && heard.hear(&changed(number)));
        }
        assert!(matches!(&heard, Heard::Accounts(accounts) if accounts.len() == MAX_ACCOUNTS));
        heard.hear(&changed(MAX_ACCOUNTS));
        assert_eq!(heard, Heard::Everything);
        heard.hear(&changed(0));
        assert_eq!(heard, Heard::Everything);
        let mut heard = Heard::nothing();
        heard.hear(&Notice::Everything);
        assert_eq!(heard, Heard::Everything);
    }
}
