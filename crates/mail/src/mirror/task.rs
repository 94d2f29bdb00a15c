//! Who is mirrored when: accounts are, as long as somebody uses them.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fernamt_domain::{MailAccountId, TenantId};
use fernamt_store::{StoreError, TenantStore};
use tokio::{
    task::{Id, JoinError, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    MailServer, MirrorError,
    mirrors::{End, Key, Running, lock},
    rest::rest,
    round::Mirror,
    told::tell,
};
use crate::Mail;

/// How many accounts are mirrored at once; each has one connection to the mail server.
const MAX_MIRRORS: usize = 500;
/// How long the first and the longest rest after a fault are.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(300);

/// How long after mirrors had to go, or could not go on, accounts are looked for whose absence, or its end, the mail server
/// was not told yet.
const LOOK_AFTER: Duration = Duration::from_secs(300);

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
    use super::*;

    #[test]
    fn rests_after_faults_grow_up_to_a_limit() {
        let seconds = [0, 1, 2, 8, 9, u32::MAX].map(|faults| back_off(faults).as_secs());
        assert_eq!(seconds, [1, 2, 4, 256, 300, 300]);
    }
}
