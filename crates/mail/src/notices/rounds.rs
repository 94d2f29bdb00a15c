//! Looking who has to be told, and telling them, until stopped.

use std::{collections::BTreeSet, sync::Arc, time::Duration as StdDuration};

use fernamt_api::admin::push::PushSettings;
use fernamt_domain::{
    DeviceState, MailboxId, PersonState,
    mail::{MailType, MailboxRole},
};
use fernamt_identity::settings;
use fernamt_store::{MailAccountRecord, PushRecord, StoreError, TenantStore};
use futures_util::{StreamExt as _, stream};
use time::{Duration, OffsetDateTime};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{
    Outcome, Place, Told,
    hours::is_within,
    waiting::{Heard, Key, Turn},
};
use crate::Mail;

/// The shortest time between two notices to a device.
const PAUSE: Duration = Duration::minutes(5);
/// After how long a device is looked at again whose person does not want to be told now.
const LOOK_AGAIN: Duration = Duration::minutes(15);
/// What came longer ago is no news: it was put there from elsewhere.
const NEWS: Duration = Duration::DAY;
/// How long changes gather before they are looked at.
const GATHER: StdDuration = StdDuration::from_secs(1);
/// How often it is noted that somebody waits for mail from a mail server, so that it is brought here meanwhile.
const USE_AGAIN: StdDuration = StdDuration::from_secs(600);
/// How long nobody looks, at most.
const LONGEST_REST: StdDuration = StdDuration::from_secs(60);
/// How many push services are told at once.
const MAX_AT_ONCE: usize = 8;
/// How often a push service is asked to take one notice.
const MAX_TRIES: u8 = 5;
/// How long after each "later" without a time it is asked again, at first; then twice as long each time.
const FIRST_WAIT: Duration = Duration::seconds(30);

/// What is to be done for a device.
enum Verdict {
    /// Nothing came that it is told of.
    Nothing,
    /// It is looked at again then.
    NotBefore(OffsetDateTime),
    /// It is told no more.
    Over,
    /// It is told up to this state.
    Tell(Place, u64),
}

impl Mail {
    /// Tells devices of new mail, until stopped.
    pub async fn run_notices(self: Arc<Self>, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.tell_on() => {}
        }
    }

    /// Looks at all devices once, and tells those that have to be told.
    pub async fn look_for_news(&self) -> Result<(), StoreError> {
        self.line_up(&Heard::Everything).await?;
        self.tell_due().await;
        Ok(())
    }

    async fn tell_on(&self) {
        let mut bus = self.parts.store.subscribe();
        let (mut heard, mut used_at) = (Heard::Everything, None::<Instant>);
        loop {
            let looked = async {
                self.line_up(&std::mem::replace(&mut heard, Heard::nothing())).await?;
                if used_at.is_none_or(|at| at.elapsed() >= USE_AGAIN) {
                    self.use_accounts().await?;
                    used_at = Some(Instant::now());
                }
                Ok::<_, StoreError>(())
            }
            .await;
            if let Err(error) = looked {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "Who is told of new mail cannot be read for now");
                heard = Heard::Everything;
            }
            self.tell_due().await;
            tokio::select! {
                notice = bus.next() => {
                    let Some(notice) = notice else { return };
                    if heard.hear(&notice) {
                        let until = Instant::now() + GATHER;
                        while let Ok(notice) = timeout_at(until, bus.next()).await {
                            let Some(notice) = notice else { return };
                            heard.hear(&notice);
                        }
                    }
                }
                () = sleep(self.rest()) => {}
            }
        }
    }

    /// How long nobody is due.
    fn rest(&self) -> StdDuration {
        let next = self.parts.notices.waiting.next();
        let left = next.map(|next| (next - self.parts.clock.now()).try_into().unwrap_or_default());
        left.map_or(LONGEST_REST, |left: StdDuration| left.min(LONGEST_REST))
    }

    /// Notes that accounts are used of which somebody is told at this hour: from a mail server mail comes here for those alone.
    async fn use_accounts(&self) -> Result<(), StoreError> {
        if self.server.is_none() {
            return Ok(());
        }
        let now = self.parts.clock.now();
        for tenant in self.parts.store.tenants().all().await? {
            let pushes = self.parts.store.tenant(tenant.id).pushes().all().await?;
            for push in pushes.iter().filter(|push| now < push.until && is_within(push, now)) {
                self.uses(tenant.id, push.account);
            }
        }
        Ok(())
    }

    /// Has the devices looked at whose accounts changed, each when its pause is over.
    async fn line_up(&self, heard: &Heard) -> Result<(), StoreError> {
        let now = self.parts.clock.now();
        let line_up = |tenant: &TenantStore, pushes: Vec<PushRecord>| {
            for push in pushes {
                let due = rested(&push, now);
                self.parts.notices.waiting.add((tenant.id(), push.device), Turn { due, tries: 0 });
            }
        };
        match heard {
            Heard::Everything => {
                for tenant in self.parts.store.tenants().all().await? {
                    let tenant = self.parts.store.tenant(tenant.id);
                    line_up(&tenant, tenant.pushes().all().await?);
                }
            }
            Heard::Accounts(accounts) => {
                for (tenant, account) in accounts {
                    let tenant = self.parts.store.tenant(*tenant);
                    line_up(&tenant, tenant.pushes().of_account(*account).await?);
                }
            }
        }
        Ok(())
    }

    /// Tells those whose turn it is.
    async fn tell_due(&self) {
        let due = self.parts.notices.waiting.take_due(self.parts.clock.now());
        stream::iter(due).for_each_concurrent(MAX_AT_ONCE, |(key, turn)| self.take_turn(key, turn)).await;
    }

    async fn take_turn(&self, key: Key, turn: Turn) {
        if let Err(error) = self.look_at(key, turn).await {
            tracing::warn!(device = %key.1, error = &error as &dyn std::error::Error, "A device cannot be told of new mail for now");
            self.again(key, turn, None);
        }
    }

    /// Lines a device up once more; after too many tries its next mail does.
    fn again(&self, key: Key, turn: Turn, wait: Option<StdDuration>) -> bool {
        let tries = turn.tries.saturating_add(1);
        let usual = FIRST_WAIT * (1 << turn.tries.min(MAX_TRIES));
        let wait = wait.and_then(|wait| Duration::try_from(wait).ok()).unwrap_or(usual);
        let is_left = tries < MAX_TRIES;
        if is_left {
            let due = self.parts.clock.now() + wait;
            self.parts.notices.waiting.add(key, Turn { due, tries });
        }
        is_left
    }

    async fn look_at(&self, key: Key, turn: Turn) -> Result<(), StoreError> {
        let (tenant, notices) = (self.parts.store.tenant(key.0), &self.parts.notices);
        let Some(push) = tenant.pushes().get(key.1).await? else { return Ok(()) };
        let (place, state) = match self.verdict(&tenant, &push).await? {
            Verdict::Nothing => return Ok(()),
            Verdict::NotBefore(due) => {
                notices.waiting.add(key, Turn { due, tries: 0 });
                return Ok(());
            }
            Verdict::Over => return drop_place(&tenant, &push).await,
            Verdict::Tell(place, state) => (place, state),
        };
        let host = self.parts.store.tenants().get(key.0).await?.host.to_lowercase();
        let told = Told { tenant: key.0, host: &host, place: &place, language: &push.language };
        let outcome = notices.tell(&told, &*self.parts.rng, self.parts.clock.now()).await;
        match outcome {
            Outcome::Taken => note(&tenant, &push, state).await,
            Outcome::Gone => drop_place(&tenant, &push).await,
            Outcome::Later(wait) if self.again(key, turn, wait) => Ok(()),
            Outcome::Later(_) => {
                tracing::warn!(service = place.host(), "A push service takes no notice of new mail");
                note(&tenant, &push, state).await
            }
            // It will not want the next one either. The page begins anew when it is opened.
            Outcome::Refused(status) => {
                tracing::warn!(service = place.host(), status, "A push service refuses a notice of new mail");
                drop_place(&tenant, &push).await
            }
        }
    }

    /// What is to be done for a device, by what holds at this moment.
    async fn verdict(&self, tenant: &TenantStore, push: &PushRecord) -> Result<Verdict, StoreError> {
        let now = self.parts.clock.now();
        let place = Place::open(self.parts.notices.sealer(), tenant.id(), &push.sealed);
        let Some(place) = place.filter(|_| now < push.until) else { return Ok(Verdict::Over) };
        let flow: PushSettings = settings::load(tenant).await?.push.clone();
        let allowed = place.host().is_some_and(|host| flow.allows(&host));
        let Some(account) = self.still_theirs(tenant, push).await?.filter(|_| allowed) else {
            return Ok(Verdict::Over);
        };
        if rested(push, now) > now {
            return Ok(Verdict::NotBefore(rested(push, now)));
        }
        let state = account.state(MailType::Email);
        if state == push.state || !has_news(tenant, push, now).await? {
            return Ok(Verdict::Nothing);
        }
        if !is_within(push, now) {
            return Ok(Verdict::NotBefore(now + LOOK_AGAIN));
        }
        Ok(Verdict::Tell(place, state))
    }

    /// The account, if it is still this person's own, and they and their device are not barred.
    async fn still_theirs(
        &self,
        tenant: &TenantStore,
        push: &PushRecord,
    ) -> Result<Option<MailAccountRecord>, StoreError> {
        let there = async {
            let device = tenant.devices().get(push.device).await?;
            let person = tenant.people().get(push.person).await?;
            let account = tenant.mail_accounts().get(push.account).await?;
            let holds = device.state == DeviceState::Approved && person.state == PersonState::Active;
            Ok((holds && account.owner == Some(push.person)).then_some(account))
        };
        match there.await {
            // It went while this was read.
            Err(StoreError::NotFound(_)) => Ok(None),
            found => found,
        }
    }
}

/// When a device may be told next.
fn rested(push: &PushRecord, now: OffsetDateTime) -> OffsetDateTime {
    push.told_at.map_or(now, |told| now.max(told + PAUSE))
}

/// Whether unread mail came since the device was told, in folders that it is told of. What lies in the drafts, among what was
/// sent, in the trash or the spam is none.
async fn has_news(tenant: &TenantStore, push: &PushRecord, now: OffsetDateTime) -> Result<bool, StoreError> {
    let found = tenant.emails().unread_since(push.account, push.state, now - NEWS).await?;
    if found.is_empty() {
        return Ok(false);
    }
    let without: BTreeSet<MailboxId> = serde_json::from_value(push.without.clone()).unwrap_or_default();
    let aside = |role: Option<MailboxRole>| {
        matches!(role, Some(MailboxRole::Drafts | MailboxRole::Sent | MailboxRole::Trash | MailboxRole::Junk))
    };
    let folders = tenant.mailboxes().of_account(push.account).await?;
    Ok(folders.iter().any(|folder| found.contains(&folder.id) && !without.contains(&folder.id) && !aside(folder.role)))
}

async fn note(tenant: &TenantStore, push: &PushRecord, state: u64) -> Result<(), StoreError> {
    let work = tenant.begin().await?;
    work.pushes().told(push, state).await?;
    work.commit().await
}

async fn drop_place(tenant: &TenantStore, push: &PushRecord) -> Result<(), StoreError> {
    let work = tenant.begin().await?;
    work.pushes().drop_place(push.device, &push.print).await?;
    work.commit().await
}
