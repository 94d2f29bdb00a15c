//! Telling one device, and what follows from the answer.

use std::time::Duration as StdDuration;

use fernamt_domain::rng::random_bytes;
use fernamt_store::{PushRecord, StoreError, TenantStore};
use time::Duration;

use super::{
    Outcome, Told,
    lanes::LanePlace,
    verdict::{News, Verdict},
    waiting::{Key, Turn},
};
use crate::Mail;

/// How often a push service is asked to take one notice.
const MAX_TRIES: u8 = 5;
/// How long after each "later" without a time it is asked again, at first; then twice as long each time.
const FIRST_WAIT: Duration = Duration::seconds(30);
/// How long after that it is tried again where the push service could not be spoken to: that may be our line.
const NO_LINE_WAIT: Duration = Duration::HOUR;
/// Over so many seconds the devices come back that waited for a push service.
const SPREAD_S: u8 = 30;

impl Mail {
    /// Looks at a device whose turn it is, and tells it if it has to be told.
    pub(super) async fn take_turn(&self, key: Key, turn: Turn) {
        if let Err(error) = self.look_at(key, turn).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "A device cannot be told of new mail for now");
            self.again(key, turn, None);
        }
    }

    async fn look_at(&self, key: Key, turn: Turn) -> Result<(), StoreError> {
        let (tenant, notices) = (self.parts.store.tenant(key.0), &self.parts.notices);
        let mut waited: Option<LanePlace> = None;
        loop {
            let looking = notices.lanes.look().await;
            let Some(push) = tenant.pushes().get(key.1).await? else { return Ok(()) };
            let news = match self.verdict(&tenant, &push).await? {
                Verdict::Nothing => return Ok(()),
                Verdict::NotBefore(due) => {
                    notices.waiting.put(key, Turn { due, tries: 0 });
                    return Ok(());
                }
                Verdict::Over => return drop_place(&tenant, &push).await,
                Verdict::Tell(news) => news,
            };
            drop(looking);
            let now = self.parts.clock.now();
            if let Some(until) = notices.lanes.rests_until(&news.service, now) {
                let [spread] = random_bytes(&*self.parts.rng);
                notices.waiting.put(key, Turn { due: until + Duration::seconds((spread % SPREAD_S).into()), ..turn });
                return Ok(());
            }
            let place = waited.take().or_else(|| notices.lanes.try_enter(&news.service, now));
            let Some(place) = place else {
                // That may take a while: then it is looked again whether all still holds.
                waited = notices.lanes.enter(&news.service, now).await;
                continue;
            };
            let _going = notices.lanes.go(&place).await;
            return self.tell(&tenant, (key, turn), &push, &news).await;
        }
    }

    async fn tell(
        &self,
        tenant: &TenantStore,
        (key, turn): (Key, Turn),
        push: &PushRecord,
        news: &News,
    ) -> Result<(), StoreError> {
        let (notices, lanes) = (&self.parts.notices, &self.parts.notices.lanes);
        let host = self.parts.store.tenants().get(key.0).await?.host.to_lowercase();
        let told = Told { tenant: key.0, host: &host, place: &news.place, language: &push.language, kept: news.kept };
        let outcome = notices.tell(&told, &*self.parts.rng, self.parts.clock.now()).await;
        let rest = match outcome {
            Outcome::Later(wait) => Some(wait.and_then(|wait| wait.try_into().ok()).unwrap_or(FIRST_WAIT)),
            Outcome::Unreached => Some(FIRST_WAIT),
            Outcome::Taken | Outcome::Gone | Outcome::Refused(_) => None,
        };
        match rest {
            Some(rest) => lanes.failed(&news.service, key, rest, self.parts.clock.now()),
            None => lanes.answered(&news.service),
        }
        match outcome {
            Outcome::Taken => note(tenant, push, news.state).await,
            Outcome::Gone => drop_place(tenant, push).await,
            Outcome::Later(wait) if self.again(key, turn, wait) => Ok(()),
            Outcome::Later(_) => {
                tracing::warn!(service = news.service, "A push service takes no notice of new mail");
                note(tenant, push, news.state).await
            }
            Outcome::Unreached if self.again(key, turn, None) => Ok(()),
            Outcome::Unreached => {
                tracing::warn!(
                    service = news.service,
                    "A push service cannot be reached; it is tried again in an hour"
                );
                notices.waiting.put(key, Turn { due: self.parts.clock.now() + NO_LINE_WAIT, ..turn });
                Ok(())
            }
            // It will not want the next one either. The page begins anew when it is opened.
            Outcome::Refused(status) => {
                tracing::warn!(service = news.service, status, "A push service refuses a notice of new mail");
                drop_place(tenant, push).await
            }
        }
    }

    /// Lines a device up once more. Says whether that is not one time too many.
    fn again(&self, key: Key, turn: Turn, wait: Option<StdDuration>) -> bool {
        let tries = turn.tries.saturating_add(1);
        let usual = FIRST_WAIT * (1 << turn.tries.min(MAX_TRIES));
        let wait = wait.and_then(|wait| Duration::try_from(wait).ok()).map_or(usual, |wait| wait.max(FIRST_WAIT));
        let is_left = tries < MAX_TRIES;
        if is_left {
            let due = self.parts.clock.now() + wait;
            self.parts.notices.waiting.put(key, Turn { due, tries });
        }
        is_left
    }
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
