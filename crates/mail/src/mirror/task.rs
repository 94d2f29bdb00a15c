//! Who is mirrored when: accounts are, as long as somebody uses them.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fernamt_domain::{DomainEvent, MailAccountId, TenantId, event::TenantEvent};
use fernamt_mailhost::imap::Woken;
use fernamt_store::{Notice, StoreError, Subscription, TenantStore};
use time::OffsetDateTime;
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{MailServer, MirrorError, round::Mirror};
use crate::Mail;

/// How many accounts are mirrored at once; each has one connection to the mail server.
const MAX_MIRRORS: usize = 500;
/// How long an account is mirrored after somebody used it last. A line on which changes are told counts as use.
const KEPT_FOR: time::Duration = time::Duration::minutes(30);
/// How long the other folders than INBOX are not looked at, at most.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// How long nothing is looked at where the server cannot say by itself that something happened.
const REST_WITHOUT_IDLE: Duration = Duration::from_secs(20);
/// How soon something is tried again that could not be done yet.
const SHORT_REST: Duration = Duration::from_secs(5);
/// How long the first and the longest rest after a fault are.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(300);

type Key = (TenantId, MailAccountId);

/// Which accounts are used, and whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct Mirrors {
    used: Mutex<HashMap<Key, OffsetDateTime>>,
    turns: Mutex<HashMap<MailAccountId, Arc<tokio::sync::Mutex<()>>>>,
    bell: Notify,
    /// Whether the mail server did not do as it should when it was spoken to last.
    is_down: AtomicBool,
}

impl Mirrors {
    /// What only one round of an account has at a time.
    pub(super) fn turn(&self, account: MailAccountId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = lock(&self.turns);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(account).or_default())
    }

    fn is_used(&self, key: Key, now: OffsetDateTime) -> bool {
        lock(&self.used).get(&key).is_some_and(|at| *at + KEPT_FOR > now)
    }

    /// The accounts that were used lately.
    fn wanted(&self, now: OffsetDateTime) -> Vec<Key> {
        let mut used = lock(&self.used);
        used.retain(|_, at| *at + KEPT_FOR > now);
        used.keys().copied().collect()
    }
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
            if new {
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

    /// Mirrors the accounts that are used, until stopped.
    pub async fn keep_mirrors(self: Arc<Self>, stop: CancellationToken) {
        let mut tasks = JoinSet::new();
        let mut running = HashMap::new();
        if let Err(error) = self.use_absent().await {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "Absences are carried to the mail server only once their mailboxes are used");
        }
        while self.server.is_some() && !stop.is_cancelled() {
            let now = self.parts.clock.now();
            for key in self.mirrors.wanted(now) {
                if running.len() < MAX_MIRRORS && !running.values().any(|one| *one == key) {
                    let task = tasks.spawn(Arc::clone(&self).keep_mirror(key, stop.clone()));
                    running.insert(task.id(), key);
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.mirrors.bell.notified() => {}
                Some(done) = tasks.join_next_with_id() => {
                    let id = match done {
                        Ok((id, ())) => id,
                        Err(error) => error.id(),
                    };
                    running.remove(&id);
                }
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn keep_mirror(self: Arc<Self>, key: Key, stop: CancellationToken) {
        let mirrored = tokio::select! {
            () = stop.cancelled() => return,
            mirrored = Arc::clone(&self).mirror_on(key) => mirrored,
        };
        if let Err(error) = mirrored {
            tracing::error!(account = %key.1, error = &error as &dyn std::error::Error, "An account cannot be mirrored");
        }
        lock(&self.mirrors.used).remove(&key);
    }

    /// Round after round, as long as the account is used.
    async fn mirror_on(self: Arc<Self>, key: Key) -> Result<(), StoreError> {
        let (tenant, account) = key;
        let tenant = self.parts.store.tenant(tenant);
        // Before anything is read, so that no change is missed.
        let mut bus = self.parts.store.subscribe();
        let Some(mut mirror) = Mirror::of(Arc::clone(&self), tenant.clone(), account).await? else { return Ok(()) };
        let mut faults = 0_u32;
        while self.mirrors.is_used(key, self.parts.clock.now())
            || self.is_listened_to(&tenant, account).await?
            || mirror.owes_absence().await?
        {
            let done = match mirror.round().await {
                Ok(()) => {
                    faults = 0;
                    self.server_does();
                    rest(&mut mirror, &mut bus, key).await
                }
                Err(error) => Err(error),
            };
            match done {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(MirrorError::Store(StoreError::NotFound("mail_account"))) => return Ok(()),
                Err(error) => {
                    if error.is_of_the_account() {
                        tell(account, faults, &error);
                    } else {
                        self.server_fails(&error);
                    }
                    tokio::time::sleep(back_off(faults)).await;
                    faults += 1;
                }
            }
        }
        Ok(())
    }

    /// Whether somebody listens who may open the account.
    async fn is_listened_to(&self, tenant: &TenantStore, account: MailAccountId) -> Result<bool, StoreError> {
        let Some(record) = tenant.mail_accounts().these(&[account]).await?.pop() else { return Ok(false) };
        let grants = tenant.mail_grants().of_account(account).await?;
        let people = grants.into_iter().map(|grant| grant.person).chain(record.owner);
        Ok(people.into_iter().any(|person| self.places.has(tenant.id(), person)))
    }

    /// Says once that the server does not do as it should.
    fn server_fails(&self, error: &MirrorError) {
        let error: &dyn std::error::Error = error;
        if self.mirrors.is_down.swap(true, Ordering::Relaxed) {
            tracing::debug!(error, "The mail server cannot be mirrored");
        } else {
            tracing::warn!(error, "The mail server cannot be mirrored; mail is read as it was last known");
        }
    }

    fn server_does(&self) {
        if self.mirrors.is_down.swap(false, Ordering::Relaxed) {
            tracing::info!("The mail server is mirrored again");
        }
    }
}

/// How long the rest is after so many faults before.
pub(super) fn back_off(faults: u32) -> Duration {
    FIRST_BACK_OFF.saturating_mul(1 << faults.min(9)).min(LONGEST_BACK_OFF)
}

/// Says once that an account cannot be mirrored, whatever becomes of others.
fn tell(account: MailAccountId, faults: u32, error: &MirrorError) {
    let error: &dyn std::error::Error = error;
    if faults == 0 {
        tracing::warn!(%account, error, "A mailbox cannot be mirrored now; it is read as it was last known");
    } else {
        tracing::debug!(%account, error, "A mailbox cannot be mirrored");
    }
}

/// Waits until there may be something to do. `false` once the store is gone.
async fn rest(mirror: &mut Mirror, bus: &mut Subscription, key: Key) -> Result<bool, MirrorError> {
    let Some((mut imap, is_known)) = mirror.settle_down().await? else { return Ok(true) };
    let mut alive = true;
    // What is held is not as it was left either, and another look at once would find no more.
    if is_known || mirror.is_held {
        let limit = if mirror.is_waiting() { SHORT_REST } else { LONGEST_REST };
        let limit = mirror.absence_rest().map_or(limit, |rest| limit.min(rest.max(FIRST_BACK_OFF)));
        let called = async { alive = changed(bus, key).await };
        if imap.offers("IDLE") {
            let _: Woken = imap.wait(limit, called).await?;
        } else {
            tokio::select! {
                () = called => {}
                () = tokio::time::sleep(limit.min(REST_WITHOUT_IDLE)) => {}
            }
        }
    }
    mirror.keep(imap);
    Ok(alive)
}

/// Waits for a change of the account. `false` once the store is gone.
async fn changed(bus: &mut Subscription, (tenant, account): Key) -> bool {
    loop {
        match bus.next().await {
            None => return false,
            Some(Notice::Everything) => return true,
            Some(Notice::Event(TenantEvent { tenant: of, event })) => {
                if of == tenant && event == (DomainEvent::MailChanged { account }) {
                    return true;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_account_is_mirrored_for_a_while_after_its_last_use() {
        let mirrors = Mirrors::default();
        let key = (TenantId(Uuid::nil()), MailAccountId(Uuid::nil()));
        let now = OffsetDateTime::UNIX_EPOCH;
        lock(&mirrors.used).insert(key, now);
        assert!(mirrors.is_used(key, now) && mirrors.wanted(now) == [key]);
        assert!(!mirrors.is_used(key, now + KEPT_FOR));
        assert!(mirrors.wanted(now + KEPT_FOR).is_empty() && lock(&mirrors.used).is_empty());
    }

    #[test]
    fn rests_after_faults_grow_up_to_a_limit() {
        let seconds = [0, 1, 2, 8, 9, u32::MAX].map(|faults| back_off(faults).as_secs());
        assert_eq!(seconds, [1, 2, 4, 256, 300, 300]);
    }

    #[test]
    fn a_turn_is_one_accounts_own_and_forgotten_after_it() {
        let mirrors = Mirrors::default();
        let account = |number| MailAccountId(Uuid::from_u128(number));
        let turn = mirrors.turn(account(1));
        assert!(Arc::ptr_eq(&turn, &mirrors.turn(account(1))) && !Arc::ptr_eq(&turn, &mirrors.turn(account(2))));
        drop(turn);
        mirrors.turn(account(3));
        assert_eq!(lock(&mirrors.turns).len(), 1);
    }
}
