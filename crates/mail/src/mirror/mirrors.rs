//! Which accounts are mirrored: those that are used, as far as there are places.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fernamt_domain::{MailAccountId, TenantId};
use time::OffsetDateTime;
use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit},
    task::JoinError,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// How many bytes of messages all mirrors together have in memory.
const MAX_HELD_BYTES: u32 = 256 << 20;
/// How long an account is mirrored after somebody used it last. A line on which changes are told counts as use.
const KEPT_FOR: time::Duration = time::Duration::minutes(30);

/// How large the part of all mirrors is that may go on in mailboxes which nobody uses, because the mail server is to be told
/// something in them.
const OWING_PART: usize = 5;
/// How long what broke down rests, and what fails again and again while others wait.
const RESTS_FOR: Duration = Duration::from_secs(300);

pub(super) type Key = (TenantId, MailAccountId);

/// Which accounts are used, and whose turn it is.
#[derive(Debug)]
pub(crate) struct Mirrors {
    /// When we began; what was begun before that nobody waits for.
    pub(super) began: OffsetDateTime,
    pub(super) used: Mutex<HashMap<Key, OffsetDateTime>>,
    /// Accounts whose owner is told of their mail with the page closed.
    told: Mutex<HashMap<Key, OffsetDateTime>>,
    /// In which accounts the mail server is to be told something, used or not, and from when on that may be tried. One is
    /// taken out only where a mirror found that nothing is left to be told.
    owing: Mutex<HashMap<Key, Instant>>,
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
            told: Mutex::default(),
            owing: Mutex::default(),
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
        let is_in =
            |noted: &Mutex<HashMap<Key, OffsetDateTime>>| lock(noted).get(&key).is_some_and(|at| *at + KEPT_FOR > now);
        is_in(&self.used) || is_in(&self.told)
    }

    /// Notes that an account's owner is told of its mail with the page closed. Tells whether that is new.
    pub(super) fn tells_of(&self, key: Key, now: OffsetDateTime) -> bool {
        lock(&self.told).insert(key, now).is_none()
    }

    /// Notes that the mail server is to be told something in an account. Tells whether that is new.
    pub(super) fn owe(&self, key: Key) -> bool {
        let mut owing = lock(&self.owing);
        let is_new = !owing.contains_key(&key);
        owing.entry(key).or_insert_with(Instant::now);
        is_new
    }

    /// Forgets that, before it is looked up whether it is still so: who notes it meanwhile is not overheard. Tells whether it
    /// was noted.
    pub(super) fn take_owed(&self, key: Key) -> bool {
        lock(&self.owing).remove(&key).is_some()
    }

    /// When the next account that rests may be mirrored again.
    pub(super) fn next_owed(&self) -> Option<Instant> {
        let now = Instant::now();
        lock(&self.owing).values().filter(|from| **from > now).min().copied()
    }

    /// Which accounts begin to be mirrored and which end, so that the `most` that were used last are. Those in which the
    /// mail server is to be told something have some places of their own, and are never ended.
    pub(super) fn share_out(&self, running: &HashSet<Key>, now: OffsetDateTime, most: usize) -> (Vec<Key>, Vec<Key>) {
        let owing = lock(&self.owing).clone();
        let mut used = lock(&self.used);
        used.retain(|_, at| *at + KEPT_FOR > now);
        let told = {
            let mut told = lock(&self.told);
            told.retain(|_, at| *at + KEPT_FOR > now);
            told.keys().filter(|key| !used.contains_key(*key)).copied().collect::<HashSet<_>>()
        };
        let mut wanted: Vec<_> = used.iter().map(|(key, at)| (*at, *key)).collect();
        let unused = running.iter().filter(|key| !used.contains_key(*key) && !told.contains(*key));
        let (kept, listened): (Vec<Key>, Vec<Key>) = unused.copied().partition(|key| owing.contains_key(key));
        drop(used);
        // Somebody listens to these, and did nothing for long.
        wanted.extend(listened.into_iter().map(|key| (OffsetDateTime::UNIX_EPOCH, key)));
        // And these only have somebody told. Whoever listens has the page before them.
        wanted.extend(told.into_iter().map(|key| (OffsetDateTime::UNIX_EPOCH - KEPT_FOR, key)));
        let at = Instant::now();
        let mut waiting: Vec<_> = owing.iter().map(|(key, from)| (*from, *key)).collect();
        waiting.retain(|(from, key)| *from <= at && !running.contains(key));
        waiting.sort_unstable();
        let owed = waiting.len();
        waiting.truncate((most / OWING_PART).max(1).saturating_sub(kept.len()));
        let first: HashSet<_> = waiting.iter().map(|(_, key)| *key).collect();
        wanted.retain(|(_, key)| !first.contains(key));
        let room = most.saturating_sub(kept.len() + first.len());
        let is_full = wanted.len() > room;
        let was_crowded = self.is_crowded.swap(is_full || owed > first.len(), Ordering::Relaxed);
        if is_full && !was_crowded {
            tracing::warn!(most, "More mailboxes are used than are mirrored at once; those used last come first");
        }
        wanted.sort_unstable_by_key(|one| std::cmp::Reverse(*one));
        wanted.truncate(room);
        let places: HashSet<_> = wanted.iter().map(|(_, key)| *key).collect();
        let end = running.iter().filter(|key| !places.contains(*key) && !owing.contains_key(*key)).copied().collect();
        let begin = waiting.into_iter().map(|(_, key)| key).chain(wanted.into_iter().map(|(_, key)| key));
        let begin = begin.filter(|key| !running.contains(key));
        (begin.take(most.saturating_sub(running.len())).collect(), end)
    }

    /// Forgets that an account is used whose mirror cannot go on, so that it begins anew with the next use only. One that
    /// broke down may owe something, and begins anew after a rest. Who used it while its mirror found that nobody does has
    /// it mirrored anew.
    pub(super) fn ended(&self, one: &Running, done: Result<End, JoinError>) {
        let end = done.unwrap_or_else(|fault| {
            tracing::error!(account = %one.key.1, error = &fault as &dyn std::error::Error, "A mirror broke down");
            End::Broken
        });
        if matches!(end, End::Unable | End::Broken) && !one.leave.is_cancelled() {
            lock(&self.used).remove(&one.key);
            lock(&self.told).remove(&one.key);
        }
        match end {
            End::Unused => {}
            End::Unable => {
                lock(&self.owing).remove(&one.key);
            }
            End::Later | End::Broken => {
                lock(&self.owing).insert(one.key, Instant::now() + RESTS_FOR);
            }
        }
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
    /// The mail server is still to be told something, which fails again and again while others wait.
    Later,
    /// It ended in the middle.
    Broken,
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

    #[test]
    fn who_is_only_told_takes_no_place_from_who_uses_or_listens() {
        let mirrors = Mirrors::new(OffsetDateTime::UNIX_EPOCH);
        let now = OffsetDateTime::UNIX_EPOCH + KEPT_FOR;
        for number in 1..=3 {
            assert!(mirrors.tells_of(key(number), now) && !mirrors.tells_of(key(number), now));
        }
        lock(&mirrors.used).insert(key(8), now - KEPT_FOR / 2);
        // 9 is only listened to, and 3 used besides.
        lock(&mirrors.used).insert(key(3), now);
        let running = [key(2), key(9)].into();
        let (begin, end) = mirrors.share_out(&running, now, 3);
        assert_eq!((begin, end), (vec![key(3)], vec![key(2)]));
        assert_eq!(mirrors.share_out(&[key(9)].into(), now, 3), (vec![key(3), key(8)], vec![]));
        assert_eq!(mirrors.share_out(&[key(9)].into(), now, 5).0.len(), 4, "where there is room they are mirrored");
        assert!(mirrors.is_used(key(1), now) && !mirrors.is_used(key(1), now + KEPT_FOR));
        assert_eq!(
            mirrors.share_out(&[key(1)].into(), now + KEPT_FOR, 5),
            (vec![], vec![]),
            "then nobody but listeners"
        );
    }

    #[test]
    fn what_is_owed_outlives_crowding_and_disuse_and_leaves_most_places_to_others() {
        let (mirrors, now) = (Mirrors::new(OffsetDateTime::UNIX_EPOCH), OffsetDateTime::UNIX_EPOCH);
        for number in 1..=3 {
            assert!(mirrors.owe(key(number)) && !mirrors.owe(key(number)));
        }
        for number in 11..=20 {
            lock(&mirrors.used).insert(key(number), now);
        }
        let (begin, end) = mirrors.share_out(&HashSet::new(), now, 10);
        assert_eq!((&begin[..2], begin.len(), end), (&[key(1), key(2)][..], 10, vec![]), "a fifth of the places");
        assert!(mirrors.is_crowded.load(Ordering::Relaxed));
        // However many are used, and however long it takes.
        let running: HashSet<_> = begin.into_iter().collect();
        let later = now + KEPT_FOR;
        for number in 21..=40 {
            lock(&mirrors.used).insert(key(number), later);
        }
        let (begin, end) = mirrors.share_out(&running, later, 10);
        assert_eq!((begin.len(), end.len()), (0, 8));
        assert!(!end.contains(&key(1)) && !end.contains(&key(2)));
        // Only what a mirror found to be done makes room for the next.
        assert!(mirrors.take_owed(key(1)) && !mirrors.take_owed(key(1)));
        let running = [key(2)].into();
        let (begin, _) = mirrors.share_out(&running, later, 10);
        assert_eq!((begin[0], begin.len()), (key(3), 9));
        // So does one that fails again and again; it has its turn later.
        let one = Running { key: key(2), leave: CancellationToken::new() };
        mirrors.ended(&one, Ok(End::Later));
        let begin = || mirrors.share_out(&HashSet::new(), later + KEPT_FOR, 10).0;
        assert_eq!(begin(), [key(3)]);
        assert!(mirrors.next_owed().is_some_and(|at| at > Instant::now()));
        lock(&mirrors.owing).insert(key(2), Instant::now());
        assert_eq!((begin(), mirrors.next_owed()), (vec![key(3), key(2)], None));
    }

    #[test]
    fn what_is_owed_in_a_mailbox_that_is_used_needs_no_second_place() {
        let (mirrors, now) = (Mirrors::new(OffsetDateTime::UNIX_EPOCH), OffsetDateTime::UNIX_EPOCH);
        lock(&mirrors.used).insert(key(1), now);
        mirrors.owe(key(1));
        assert_eq!(mirrors.share_out(&HashSet::new(), now, 9), (vec![key(1)], vec![]));
        assert_eq!(mirrors.share_out(&[key(1)].into(), now, 1), (vec![], vec![]));
        assert!(!mirrors.is_crowded.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn a_mirror_that_breaks_down_begins_anew_after_a_rest() {
        let (mirrors, now) = (Mirrors::new(OffsetDateTime::UNIX_EPOCH), OffsetDateTime::UNIX_EPOCH);
        let one = Running { key: key(1), leave: CancellationToken::new() };
        lock(&mirrors.used).insert(one.key, now);
        let task = tokio::spawn(std::future::pending::<End>());
        task.abort();
        let fault = task.await.expect_err("it ended in the middle");
        mirrors.ended(&one, Err(fault));
        let begin = || mirrors.share_out(&HashSet::new(), now, 9).0;
        assert!(lock(&mirrors.used).is_empty() && begin().is_empty() && mirrors.next_owed().is_some());
        lock(&mirrors.owing).insert(one.key, Instant::now());
        assert_eq!(begin(), [one.key], "it may owe something");
        // One that makes room for others goes on once there is room.
        lock(&mirrors.used).insert(one.key, now);
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
