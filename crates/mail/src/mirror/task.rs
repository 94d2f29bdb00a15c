//! Who is mirrored when: accounts are, as long as somebody uses them, and until the mail server was told what it is to know.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fernamt_domain::{MailAccountId, TenantId};
use fernamt_store::{StoreError, TenantStore};
use time::OffsetDateTime;
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

/// After how many rounds in a row in which it could not tell the server what it owes a mirror leaves its place to others that
/// wait: the rests between them have become long by then.
const MANY_ROUNDS: u32 = 9;
/// How often accounts are looked for in which the mail server is to be told that an absence is over.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);
/// How long it is until then at least.
const SHORTEST_LOOK: Duration = Duration::from_secs(1);
/// How long it is until then where that did not work.
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

    /// Notes that somebody is told of an account's mail whose page is closed, so that it is mirrored where there is a place that
    /// nobody else uses.
    pub(crate) fn tells_of(&self, tenant: TenantId, account: MailAccountId) {
        if self.server.is_some() && self.mirrors.tells_of((tenant, account), self.parts.clock.now()) {
            self.mirrors.bell.notify_one();
        }
    }

    /// Notes that the mail server is to be told something in an account, so that it is mirrored until that is done, used or
    /// not.
    pub(super) fn owes(&self, tenant: TenantId, account: MailAccountId) {
        if self.mirrors.owe((tenant, account)) {
            self.mirrors.bell.notify_one();
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
        let mut look_at = Instant::now();
        while !stop.is_cancelled() {
            if look_at <= Instant::now() {
                let after = match self.use_absent().await {
                    Ok(ends) => next_look(ends, self.parts.clock.now()),
                    Err(error) => {
                        let error: &dyn std::error::Error = &error;
                        tracing::error!(
                            error,
                            "Absences that wait for the mail server cannot be looked for; it is tried again"
                        );
                        LOOK_AFTER
                    }
                };
                look_at = Instant::now() + after;
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
            let next = self.mirrors.next_owed().map_or(look_at, |at| at.min(look_at));
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.mirrors.bell.notified() => {}
                () = tokio::time::sleep_until(next) => {}
                Some(done) = tasks.join_next_with_id() => {
                    let id = done.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
                    if let Some(one) = running.remove(&id) {
                        self.mirrors.ended(&one, done.map(|(_, end)| end));
                    }
                }
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn keep_mirror(self: Arc<Self>, key: Key, leave: CancellationToken, stop: CancellationToken) -> End {
        tokio::select! {
            () = stop.cancelled() => End::Unused,
            end = Arc::clone(&self).mirror_on(key, leave) => end,
        }
    }

    /// Round after round, as long as the account is used, and another one does not need its place, or something is owed.
    async fn mirror_on(self: Arc<Self>, key: Key, leave: CancellationToken) -> End {
        let (tenant, account) = key;
        let tenant = self.parts.store.tenant(tenant);
        // Before anything is read, so that no change is missed.
        let mut bus = self.parts.store.subscribe();
        let mut faults = 0_u32;
        let mut mirror = loop {
            match Mirror::of(Arc::clone(&self), tenant.clone(), account).await {
                Ok(Some(mirror)) => break mirror,
                Ok(None) | Err(StoreError::NotFound(_)) => return End::Unable,
                Err(_) if leave.is_cancelled() => return End::Unused,
                Err(error) => self.rest_from(account, &mut faults, &error.into(), &leave).await,
            }
        };
        let (mut is_through, mut in_vain) = (false, 0_u32);
        loop {
            let done = mirror.round().await;
            let was_done = done.is_ok();
            match done {
                Ok(()) => {
                    (faults, is_through) = (0, true);
                    self.server_does();
                }
                Err(MirrorError::Store(StoreError::NotFound("mail_account"))) => return End::Unable,
                Err(error) => self.rest_from(account, &mut faults, &error, &leave).await,
            }
            // Before the rest, so that whoever only had something to tell makes room for the next at once.
            let is_left = leave.is_cancelled();
            let (is_used, owes) = self.is_used_or_owes(key, &mirror, is_through, is_left).await;
            if is_left || !is_used && !owes {
                return End::Unused;
            }
            in_vain = if is_used { 0 } else { in_vain.saturating_add(1) };
            if in_vain >= MANY_ROUNDS && self.mirrors.is_crowded.load(Ordering::Relaxed) {
                return End::Later;
            }
            if was_done {
                match rest(&mut mirror, &mut bus, key, &leave).await {
                    Ok(true) => {}
                    Ok(false) => return End::Unable,
                    Err(error) => self.rest_from(account, &mut faults, &error, &leave).await,
                }
            }
        }
    }

    /// Tells of a fault, and waits for longer after each.
    async fn rest_from(
        &self,
        account: MailAccountId,
        faults: &mut u32,
        error: &MirrorError,
        leave: &CancellationToken,
    ) {
        if error.is_of_the_account() {
            tell(account, *faults, error);
        } else {
            self.server_fails(error);
        }
        let _ = tokio::time::timeout(back_off(*faults), leave.cancelled()).await;
        *faults = faults.saturating_add(1);
    }

    /// Whether somebody uses an account, and whether the mail server is still to be told something in it. What is noted as
    /// owed is so until a round was finished, and what cannot be looked up is.
    async fn is_used_or_owes(&self, key: Key, mirror: &Mirror, is_through: bool, is_left: bool) -> (bool, bool) {
        let was_owed = self.mirrors.take_owed(key);
        let looked = async {
            let is_used = self.mirrors.is_used(key, self.parts.clock.now())
                || self.is_listened_to(&mirror.tenant, mirror.account).await?;
            let owes = if was_owed && !is_through {
                true
            } else if was_owed || is_left || !is_used {
                mirror.owes_absence().await? || mirror.owes_rights().await?
            } else {
                // It is looked up before the account loses its place.
                false
            };
            Ok::<_, StoreError>((is_used, owes))
        };
        let (is_used, owes) = match looked.await {
            Ok(found) => found,
            Err(StoreError::NotFound("mail_account")) => (false, false),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::debug!(account = %mirror.account, error, "It cannot be looked up what a mailbox owes");
                (false, true)
            }
        };
        if owes {
            self.mirrors.owe(key);
        }
        (is_used, owes)
    }

    /// Whether somebody listens who may open the account.
    async fn is_listened_to(&self, tenant: &TenantStore, account: MailAccountId) -> Result<bool, StoreError> {
        let Some(record) = tenant.mail_accounts().these(&[account]).await?.pop() else { return Ok(false) };
        let grants = tenant.mail_grants().of_account(account).await?;
        let people = grants.into_iter().map(|grant| grant.person).chain(record.owner);
        Ok(people.into_iter().any(|person| self.places.has(tenant.id(), person)))
    }
}

/// How long it is until absences are looked for again, of which the first is over then.
fn next_look(ends: Option<OffsetDateTime>, now: OffsetDateTime) -> Duration {
    ends.map_or(LOOK_EVERY, |at| Duration::try_from(at - now).unwrap_or_default().clamp(SHORTEST_LOOK, LOOK_EVERY))
}

/// How long the rest is after so many faults before.
pub(super) fn back_off(faults: u32) -> Duration {
    FIRST_BACK_OFF.saturating_mul(1 << faults.min(9)).min(LONGEST_BACK_OFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absences_are_looked_for_when_the_first_is_over_and_every_hour() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let look = |seconds| next_look(Some(now + time::Duration::seconds(seconds)), now).as_secs();
        assert_eq!((next_look(None, now), [90, 7_200, 0, -5].map(look)), (LOOK_EVERY, [90, 3_600, 1, 1]));
    }

    #[test]
    fn rests_after_faults_grow_up_to_a_limit() {
        let seconds = [0, 1, 2, 8, 9, u32::MAX].map(|faults| back_off(faults).as_secs());
        assert_eq!(seconds, [1, 2, 4, 256, 300, 300]);
    }
}
