//! Who is mirrored when: accounts are, as long as somebody uses them.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fernamt_domain::{MailAccountId, TenantId};
use fernamt_store::{StoreError, TenantStore};
use time::OffsetDateTime;
use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit},
    task::{Id, JoinError, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{MailServer, MirrorError, rest::rest, round::Mirror, told::tell};
use crate::Mail;

/// How many accounts are mirrored at once; each has one connection to the mail server.
const MAX_MIRRORS: usize = 500;
/// How many bytes of messages all mirrors together have in memory.
const MAX_HELD_BYTES: u32 = 256 << 20;
/// How long an account is mirrored after somebody used it last. A line on which changes are told counts as use.
const KEPT_FOR: time::Duration = time::Duration::minutes(30);
/// How long the first and the longest rest after a fault are.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(300);

/// How long after mirrors had to go, or could not go on, accounts are looked for whose absence, or its end, the mail server
/// was not told yet.
const LOOK_AFTER: Duration = Duration::from_secs(300);

pub(super) type Key = (TenantId, MailAccountId);

/// Which accounts are used, and whose turn it is.
#[derive(Debug)]
pub(crate) struct Mirrors {
    /// When we began; what was begun before that nobody waits for.
    pub(super) began: OffsetDateTime,
    used: Mutex<HashMap<Key, OffsetDateTime>>,
    turns: Mutex<HashMap<MailAccountId, Arc<tokio::sync::Mutex<()>>>>,
    bell: Notify,
    /// Room for the bytes of messages that are on their way.
    room: Semaphore,
    /// Whether more accounts are used than are mirrored.
    is_crowded: AtomicBool,
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

    fn is_used(&self, key: Key, now: OffsetDateTime) -> bool {
        lock(&self.used).get(&key).is_some_and(|at| *at + KEPT_FOR > now)
    }

    /// Which accounts begin to be mirrored and which end, so that the `most` that were used last are.
    fn share_out(&self, running: &HashSet<Key>, now: OffsetDateTime, most: usize) -> (Vec<Key>, Vec<Key>) {
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
    fn ended(&self, one: &Running, done: Result<End, JoinError>) -> End {
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
struct Running {
    key: Key,
    /// Ends it after its round.
    leave: CancellationToken,
}

/// Why a mirror ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nobody uses the account, or another one needs its place.
    Unused,
    /// The account cannot be mirrored.
    Unable,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Mail {
    /// The mail server that the accounts of a tenant lie on, if they do.
    pub(crate) async fn server_of(&self, tenant: &TenantStore) -> Result<Option<Arc<MailServer>>, StoreError> {
        let Some(server) = &self.server else { return Ok(None) };
        let tenant = self.parts.store.tenants().get(tenant.id()).await?;
        Ok(tenant.host.eq_ignore_ascii_case(&server.tenant_host).then(|| Arc::clone(server)))
    }

    /// Notes that somebody uses an account, so that it is mirrored.
    pub(crate) fn uses(&self, tenant: TenantId, account: MailAccountId) {
        if self.server.is_some() {
            let new = lock(&self.mirrors.used).insert((tenant, account), self.parts.clock.now()).is_none();
            if new || self.mirrors.is_crowded.load(Ordering::Relaxed) {
                self.mirrors.bell.notify_one();
            }
        }
    }

    /// Mirrors one account once: what changed on the server is here after it, and what changed here is there.
    ///
    /// `false` if its mailbox does not lie on a server.
    pub async fn mirror_once(
        self: &Arc<Self>,
        tenant: &TenantStore,
        account: MailAccountId,
    ) -> Result<bool, MirrorError> {
        let Some(mut mirror) = Mirror::of(Arc::clone(self), tenant.clone(), account).await? else { return Ok(false) };
        mirror.round().await?;
        Ok(true)
    }

    /// Mirrors the accounts that are used, or in which the mail server is to be told something, until stopped.
    pub async fn keep_mirrors(self: Arc<Self>, stop: CancellationToken) {
        if self.server.is_some() {
            tokio::join!(Arc::clone(&self).keep_sharing(stop.clone()), self.keep_used(stop));
        }
    }

    async fn keep_used(self: Arc<Self>, stop: CancellationToken) {
        let mut tasks = JoinSet::new();
        let mut running: HashMap<Id, Running> = HashMap::new();
        let mut look_at = Some(Instant::now());
        while !stop.is_cancelled() {
            if look_at.is_some_and(|at| at <= Instant::now()) {
                look_at = None;
                if let Err(error) = self.use_absent().await {
                    let error: &dyn std::error::Error = &error;
                    tracing::error!(
                        error,
                        "Absences that wait for the mail server cannot be looked for; it is tried again"
                    );
                    look_at = Some(Instant::now() + LOOK_AFTER);
                }
            }
            let keys = running.values().map(|one| one.key).collect();
            let (begin, end) = self.mirrors.share_out(&keys, self.parts.clock.now(), MAX_MIRRORS);
            for one in running.values().filter(|one| end.contains(&one.key)) {
                one.leave.cancel();
            }
            for key in begin {
                let leave = CancellationToken::new();
                let task = tasks.spawn(Arc::clone(&self).keep_mirror(key, leave.clone(), stop.clone()));
                running.insert(task.id(), Running { key, leave });
            }
            let mut left_out = self.mirrors.is_crowded.load(Ordering::Relaxed);
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.mirrors.bell.notified() => {}
                () = until(look_at) => {}
                Some(done) = tasks.join_next_with_id() => {
                    let id = done.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
                    if let Some(one) = running.remove(&id) {
                        left_out |= self.mirrors.ended(&one, done.map(|(_, end)| end)) == End::Unable;
                    }
                }
            }
            if left_out {
                look_at.get_or_insert_with(|| Instant::now() + LOOK_AFTER);
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn keep_mirror(self: Arc<Self>, key: Key, leave: CancellationToken, stop: CancellationToken) -> End {
        let mirrored = tokio::select! {
            () = stop.cancelled() => return End::Unused,
            mirrored = Arc::clone(&self).mirror_on(key, leave) => mirrored,
        };
        mirrored.unwrap_or_else(|error| {
            tracing::error!(account = %key.1, error = &error as &dyn std::error::Error, "An account cannot be mirrored");
            End::Unable
        })
    }

    /// Round after round, as long as the account is used, and another one does not need its place.
    async fn mirror_on(self: Arc<Self>, key: Key, leave: CancellationToken) -> Result<End, StoreError> {
        let (tenant, account) = key;
        let tenant = self.parts.store.tenant(tenant);
        // Before anything is read, so that no change is missed.
        let mut bus = self.parts.store.subscribe();
        let Some(mut mirror) = Mirror::of(Arc::clone(&self), tenant.clone(), account).await? else {
            return Ok(End::Unable);
        };
        let mut faults = 0_u32;
        while !leave.is_cancelled()
            && (self.mirrors.is_used(key, self.parts.clock.now())
                || self.is_listened_to(&tenant, account).await?
                || mirror.owes_absence().await?
                || mirror.owes_rights().await?)
        {
            let done = match mirror.round().await {
                Ok(()) => {
                    faults = 0;
                    self.server_does();
                    rest(&mut mirror, &mut bus, key, &leave).await
                }
                Err(error) => Err(error),
            };
            match done {
                Ok(true) => {}
                Ok(false) => return Ok(End::Unable),
                Err(MirrorError::Store(StoreError::NotFound("mail_account"))) => return Ok(End::Unable),
                Err(error) => {
                    if error.is_of_the_account() {
                        tell(account, faults, &error);
                    } else {
                        self.server_fails(&error);
                    }
                    let _ = tokio::time::timeout(back_off(faults), leave.cancelled()).await;
                    faults += 1;
                }
            }
        }
        Ok(End::Unused)
    }

    /// Whether somebody listens who may open the account.
    async fn is_listened_to(&self, tenant: &TenantStore, account: MailAccountId) -> Result<bool, StoreError> {
        let Some(record) = tenant.mail_accounts().these(&[account]).await?.pop() else { return Ok(false) };
        let grants = tenant.mail_grants().of_account(account).await?;
        let people = grants.into_iter().map(|grant| grant.person).chain(record.owner);
        Ok(people.into_iter().any(|person| self.places.has(tenant.id(), person)))
    }
}

/// Ends then; without a time, never.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// How long the rest is after so many faults before.
pub(super) fn back_off(faults: u32) -> Duration {
    FIRST_BACK_OFF.saturating_mul(1 << faults.min(9)).min(LONGEST_BACK_OFF)
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
    fn rests_after_faults_grow_up_to_a_limit() {
        let seconds = [0, 1, 2, 8, 9, u32::MAX].map(|faults| back_off(faults).as_secs());
        assert_eq!(seconds, [1, 2, 4, 256, 300, 300]);
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
