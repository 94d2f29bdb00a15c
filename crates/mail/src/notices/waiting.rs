//! Devices that may have to be told, and when that is to be looked at.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fernamt_domain::{
    DeviceId, MailAccountId, TenantId,
    event::{DomainEvent, TenantEvent},
};
use fernamt_store::Notice;
use time::OffsetDateTime;

/// The most devices that wait. The others are found when something changes again.
const MAX_WAITING: usize = 10_000;
/// More changes at once are treated as a change of all.
const MAX_PARTS: usize = 1_000;

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
pub(super) struct Waiting(Mutex<Turns>);

#[derive(Debug, Default)]
struct Turns {
    waiting: HashMap<Key, Turn>,
    /// Those that are looked at in this moment.
    busy: HashSet<Key>,
}

impl Waiting {
    /// Has a device looked at. Who waits already keeps their turn.
    pub(super) fn add(&self, key: Key, turn: Turn) {
        let mut turns = self.lock();
        if turns.has_room(key) {
            turns.waiting.entry(key).or_insert(turn);
        }
    }

    /// Has a device looked at then, and not before.
    pub(super) fn put(&self, key: Key, turn: Turn) {
        let mut turns = self.lock();
        if turns.has_room(key) {
            turns.waiting.insert(key, turn);
        }
    }

    /// Forgets a device's turn.
    pub(super) fn forget(&self, key: Key) {
        self.lock().waiting.remove(&key);
    }

    /// Takes out those whose turn it is. Each is held until it was looked at: nobody looks at it a second time meanwhile.
    pub(super) fn take_due(self: &Arc<Self>, now: OffsetDateTime) -> Vec<(Held, Turn)> {
        let mut turns = self.lock();
        let Turns { waiting, busy } = &mut *turns;
        let is_due = |key: &Key, turn: &Turn| turn.due <= now && !busy.contains(key);
        let due: Vec<_> =
            waiting.iter().filter(|(key, turn)| is_due(key, turn)).map(|(key, turn)| (*key, *turn)).collect();
        for (key, _) in &due {
            waiting.remove(key);
            busy.insert(*key);
        }
        due.into_iter().map(|(key, turn)| (Held { waiting: Arc::clone(self), key }, turn)).collect()
    }

    /// When the next one is looked at.
    pub(super) fn next(&self) -> Option<OffsetDateTime> {
        let turns = self.lock();
        turns.waiting.iter().filter(|(key, _)| !turns.busy.contains(*key)).map(|(_, turn)| turn.due).min()
    }

    fn lock(&self) -> MutexGuard<'_, Turns> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turns {
    fn has_room(&self, key: Key) -> bool {
        let is_known = self.waiting.contains_key(&key) || self.busy.contains(&key);
        is_known || self.waiting.len() + self.busy.len() < MAX_WAITING
    }
}

/// A device that is looked at.
#[derive(Debug)]
pub(super) struct Held {
    waiting: Arc<Waiting>,
    /// Which.
    pub(super) key: Key,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.waiting.lock().busy.remove(&self.key);
    }
}

/// What was heard of changes since somebody looked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Anything may have changed.
    Everything,
    /// Mail of these accounts, and what these administrations allow.
    Parts { accounts: HashSet<(TenantId, MailAccountId)>, settings: HashSet<TenantId> },
}

impl Heard {
    pub(super) fn nothing() -> Self {
        Self::Parts { accounts: HashSet::new(), settings: HashSet::new() }
    }

    /// Hears one more. Says whether it matters.
    pub(super) fn hear(&mut self, notice: &Notice) -> bool {
        let Notice::Event(TenantEvent { tenant, event }) = notice else {
            *self = Self::Everything;
            return true;
        };
        let Self::Parts { accounts, settings } = self else { return true };
        match event {
            DomainEvent::MailChanged { account } => accounts.insert((*tenant, *account)),
            DomainEvent::SettingsChanged => settings.insert(*tenant),
            _ => return false,
        };
        if accounts.len() + settings.len() > MAX_PARTS {
            *self = Self::Everything;
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

    /// Whose turn it is.
    fn due(waiting: &Arc<Waiting>, now: OffsetDateTime) -> Vec<(Key, Turn)> {
        waiting.take_due(now).into_iter().map(|(held, turn)| (held.key, turn)).collect()
    }

    #[test]
    fn a_device_waits_once_and_comes_when_it_is_due() {
        let waiting = Arc::new(Waiting::default());
        waiting.add(key(1), turn(60));
        waiting.add(key(1), turn(0));
        waiting.add(key(2), turn(90));
        assert_eq!((waiting.next(), due(&waiting, T0)), (Some(T0 + Duration::MINUTE), vec![]));
        assert_eq!(due(&waiting, T0 + Duration::MINUTE), [(key(1), turn(60))]);
        assert_eq!(waiting.next(), Some(T0 + Duration::seconds(90)));
        waiting.put(key(2), turn(120));
        assert_eq!(waiting.next(), Some(T0 + Duration::seconds(120)), "its turn is another one now");
        waiting.forget(key(2));
        assert_eq!(waiting.next(), None);
    }

    #[test]
    fn a_device_that_is_looked_at_is_looked_at_again_only_afterwards() {
        let waiting = Arc::new(Waiting::default());
        waiting.add(key(1), turn(0));
        let held = waiting.take_due(T0);
        // Mail comes meanwhile.
        waiting.add(key(1), turn(0));
        assert_eq!((waiting.next(), waiting.take_due(T0).len()), (None, 0));
        drop(held);
        assert_eq!((waiting.next(), waiting.take_due(T0).len()), (Some(T0), 1));
    }

    #[test]
    fn so_many_wait_and_no_more() {
        let waiting = Arc::new(Waiting::default());
        for number in 0..=MAX_WAITING {
            waiting.add(key(number), turn(0));
        }
        let held = waiting.take_due(T0);
        assert_eq!(held.len(), MAX_WAITING);
        waiting.add(key(MAX_WAITING + 1), turn(0));
        assert_eq!(waiting.take_due(T0).len(), 0, "those that are looked at count, too");
        waiting.put(held[0].0.key, turn(0));
        drop(held);
        assert_eq!(waiting.take_due(T0).len(), 1);
    }

    #[test]
    fn many_changes_are_a_change_of_all() {
        let event = |event| Notice::Event(TenantEvent { tenant: key(0).0, event });
        let changed = |number: usize| {
            let account = MailAccountId(Uuid::from_u128(number as u128));
            event(DomainEvent::MailChanged { account })
        };
        let mut heard = Heard::nothing();
        assert!(!heard.hear(&event(DomainEvent::RulesChanged)) && heard == Heard::nothing());
        assert!(heard.hear(&event(DomainEvent::SettingsChanged)) && heard != Heard::nothing());
        for number in 1..MAX_PARTS {
            assert!(heard.hear(&changed(number)) && heard.hear(&changed(number)));
        }
        assert!(matches!(&heard, Heard::Parts { accounts, settings } if accounts.len() + settings.len() == MAX_PARTS));
        heard.hear(&changed(MAX_PARTS));
        assert_eq!(heard, Heard::Everything);
        heard.hear(&changed(0));
        assert_eq!(heard, Heard::Everything);
        let mut heard = Heard::nothing();
        heard.hear(&Notice::Everything);
        assert_eq!(heard, Heard::Everything);
    }
}
