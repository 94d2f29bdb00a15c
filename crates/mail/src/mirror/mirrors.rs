//! Which accounts are mirrored: those that are used, as far as there are places.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use fernamt_domain::{MailAccountId, TenantId};
use time::OffsetDateTime;
use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit},
    task::JoinError,
};
use tokio_util::sync::CancellationToken;

/// How many bytes of messages all mirrors together have in memory.
const MAX_HELD_BYTES: u32 = 256 << 20;
/// How long an account is mirrored after somebody used it last. A line on which changes are told counts as use.
const KEPT_FOR: time::Duration = time::Duration::minutes(30);

pub(super) type Key = (TenantId, MailAccountId);

/// Which accounts are used, and whose turn it is.
#[derive(Debug)]
pub(crate) struct Mirrors {
    /// When we began; what was begun before that nobody waits for.
    pub(super) began: OffsetDateTime,
    pub(super) used: Mutex<HashMap<Key, OffsetDateTime>>,
    turns: Mutex<HashMap<MailAccountId, Arc<tokio::sync::Mutex<()>>>>,
    pub(super) bell: Notify,
    /// Room for the bytes of messages that are on their way.
    room: Semaphore,
    /// Whether more accounts are used than are mirrored.
    pub(super) is_crowded: AtomicBool,
    /// Whether the mail server did not do as it should when it was spoken to last.
    pub(super) is_down: AtomicBool,
}

impl Mirrors {
    pub(crate) fn new(now: OffsetDateTime) -> Self {
        Self {
            began: now,
            used: Mutex::default(),
            turns: Mutex::default(),
            bell: Notify::new(),
            room: Semaphore::new(MAX_HELD_BYTES as usize),
            is_crowded: AtomicBool::new(false),
            is_down: AtomicBool::new(false),
        }
    }

    /// What only one round of an account has at a time.
    pub(super) fn turn(&self, account: MailAccountId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = lock(&self.turns);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(account).or_default())
    }

    /// Waits for room for the bytes of messages, and holds it. Whoever holds some must not wait for more.
    pub(super) async fn room(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        let bytes = u32::try_from(bytes).unwrap_or(MAX_HELD_BYTES).min(MAX_HELD_BYTES);
        self.room.acquire_many(bytes).await.ok()
    }

    pub(super) fn is_used(&self, key: Key, now: OffsetDateTime) -> bool {
        lock(&self.used).get(&key).is_some_and(|at| *at + KEPT_FOR > now)
    }

    /// Which accounts begin to be mirrored and which end, so that the `most` that were used last are.
    pub(super) fn share_out(&self, running: &HashSet<Key>, now: OffsetDateTime, most: usize) -> (Vec<Key>, Vec<Key>) {
        let mut used = lock(&self.used);
        used.retain(|_, at| *at + KEPT_FOR > now);
        let mut wanted: Vec<_> = used.iter().map(|(key, at)| (*at, *key)).collect();
        // Somebody listens to these, and did nothing for long.
        let listened = running.iter().filter(|key| !used.contains_key(key));
        wanted.extend(listened.map(|key| (OffsetDateTime::UNIX_EPOCH, *key)));
        drop(used);
        let is_crowded = wanted.len() > most;
        if is_crowded && !self.is_crowded.load(Ordering::Relaxed) {
            tracing::warn!(most, "More mailboxes are used than are mirrored at once; those used last come first");
        }
        self.is_crowded.store(is_crowded, Ordering::Relaxed);
        wanted.sort_unstable_by_key(|one| std::cmp::Reverse(*one));
        wanted.truncate(most);
        let places: HashSet<_> = wanted.iter().map(|(_, key)| *key).collect();
        let end = running.iter().filter(|key| !places.contains(key)).copied().collect();
        let begin = wanted.into_iter().map(|(_, key)| key).filter(|key| !running.contains(key));
        (begin.take(most.saturating_sub(running.len())).collect(), end)
    }

    /// Forgets that an account is used whose mirror cannot go on, so that it begins anew with the next use only, or once
    /// what it owes is looked for. Who used it while its mirror found that nobody does has it mirrored anew.
    pub(super) fn ended(&self, one: &Running, done: Result<End, JoinError>) -> End {
        let end = done.unwrap_or_else(|fault| {
            tracing::error!(account = %one.key.1, error = &fault as &dyn std::error::Error, "A mirror broke down");
            End::Unable
        });
        if end == End::Unable && !one.leave.is_cancelled() {
            lock(&self.used).remove(&one.key);
        }
        end
    }
}

/// A mirror that goes on.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) key: Key,
    /// Ends it after its round.
    pub(super) leave: CancellationToken,
}

/// Why a mirror ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Nobody uses the account, or another one needs its place.
    Unused,
    /// The account cannot be mirrored.
    Unable,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_account_is_mirrored_for_a_while_after_its_last_use() {
        let mirrors = Mirrors::new(OffsetDateTime::UNIX_EPOCH);
        let key = (TenantId(Uuid::nil()), MailAccountId(Uuid::nil()));
        let now = OffsetDateTime::UNIX_EPOCH;
        lock(&mirrors.used).insert(key, now);
        let begins = |now| mirrors.share_out(&HashSet::new(), now, 9).0;
        assert!(mirrors.is_used(key, now) && begins(now) == [key]);
        assert!(!mirrors.is_used(key, now + KEPT_FOR));
        assert!(begins(now + KEPT_FOR).is_empty() && lock(&mirrors.used).is_empty());
    }

    fn key(number: u128) -> Key {
        (TenantId(Uuid::nil()), MailAccountId(Uuid::from_u128(number)))
    }

    #[test]
    fn where_more_are_used_than_are_mirrored_those_used_last_are() {
        let mirrors = Mirrors::new(OffsetDateTime::UNIX_EPOCH);
        let now = OffsetDateTime::UNIX_EPOCH + KEPT_FOR;
        for number in 1..=3_u8 {
            lock(&mirrors.used).insert(key(number.into()), now + time::Duration::seconds(number.into()));
        }
        // 9 is only listened to.
        let mut running: HashSet<_> = [key(1), key(2), key(9)].into();
        assert_eq!(mirrors.share_out(&running, now, 4), (vec![key(3)], vec![]));
        assert!(!mirrors.is_crowded.load(Ordering::Relaxed));
        assert_eq!(mirrors.share_out(&running, now, 3), (vec![], vec![key(9)]));
        assert!(mirrors.is_crowded.load(Ordering::Relaxed));
        running.remove(&key(9));
        assert_eq!(mirrors.share_out(&running, now, 3), (vec![key(3)], vec![]));
        assert_eq!(mirrors.share_out(&running, now, 2), (vec![], vec![key(1)]));
    }

    #[tokio::test]
    async fn a_mirror_that_breaks_down_does_not_begin_anew_by_itself() {
        let mirrors = Mirrors::new(OffsetDateTime::UNIX_EPOCH);
        let one = Running { key: key(1), leave: CancellationToken::new() };
        lock(&mirrors.used).insert(one.key, OffsetDateTime::UNIX_EPOCH);
        let task = tokio::spawn(std::future::pending::<End>());
        task.abort();
        let fault = task.await.expect_err("it ended in the middle");
        mirrors.ended(&one, Err(fault));
        assert!(lock(&mirrors.used).is_empty());
        // One that makes room for others goes on once there is room.
        lock(&mirrors.used).insert(one.key, OffsetDateTime::UNIX_EPOCH);
        one.leave.cancel();
        mirrors.ended(&one, Ok(End::Unable));
        assert_eq!(lock(&mirrors.used).len(), 1);
    }

    #[test]
    fn who_uses_an_account_while_its_mirror_ends_has_it_mirrored_anew() {
        let (mirrors, now) = (Mirrors::new(OffsetDateTime::UNIX_EPOCH), OffsetDateTime::UNIX_EPOCH);
        let one = Running { key: key(1), leave: CancellationToken::new() };
        // Nobody did when the mirror looked, and somebody does before its end is seen.
        lock(&mirrors.used).insert(one.key, now);
        mirrors.ended(&one, Ok(End::Unused));
        assert_eq!(mirrors.share_out(&HashSet::new(), now, 9).0, [one.key]);
        mirrors.ended(&one, Ok(End::Unable));
        assert!(mirrors.share_out(&HashSet::new(), now, 9).0.is_empty());
    }

    #[tokio::test]
    async fn all_mirrors_together_hold_no_more_than_there_is_room_for() {
        let mirrors = Mirrors::new(OffsetDateTime::UNIX_EPOCH);
        let large = MAX_HELD_BYTES as usize / 4;
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(mirrors.room(large).now_or_never().expect("room"));
        }
        assert!(mirrors.room(1).now_or_never().is_none(), "a fifth waits");
        held.pop();
        assert!(mirrors.room(large).now_or_never().is_some());
        held.clear();
        assert!(
            mirrors.room(usize::MAX).now_or_never().is_some(),
            "more than there is waits for all of it, not forever"
        );
    }

    #[test]
    fn a_turn_is_one_accounts_own_and_forgotten_after_it() {
        let mirrors = Mirrors::new(OffsetDateTime::UNIX_EPOCH);
        let account = |number| MailAccountId(Uuid::from_u128(number));
        let turn = mirrors.turn(account(1));
        assert!(Arc::ptr_eq(&turn, &mirrors.turn(account(1))) && !Arc::ptr_eq(&turn, &mirrors.turn(account(2))));
        drop(turn);
        mirrors.turn(account(3));
        assert_eq!(lock(&mirrors.turns).len(), 1);
    }
}
