//! Looking who has to be told, and having them told, until stopped.

use std::{sync::Arc, time::Duration as StdDuration};

use fernamt_identity::{container, settings};
use fernamt_store::{PushRecord, StoreError, TenantStore};
use futures_util::{StreamExt as _, stream};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    hours::is_within,
    verdict::rested,
    waiting::{Heard, Turn},
};
use crate::Mail;

/// How long changes gather before they are looked at.
const GATHER: StdDuration = StdDuration::from_secs(1);
/// How often it is noted that somebody waits for mail from a mail server, so that it is brought here meanwhile.
const USE_AGAIN: StdDuration = StdDuration::from_secs(600);
/// How long nobody looks, at most.
const LONGEST_REST: StdDuration = StdDuration::from_secs(60);

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
        let due = self.parts.notices.waiting.take_due(self.parts.clock.now());
        stream::iter(due)
            .for_each_concurrent(None, |(held, turn)| async move {
                self.take_turn(held.key, turn).await;
                drop(held);
            })
            .await;
        Ok(())
    }

    async fn tell_on(self: &Arc<Self>) {
        let mut bus = self.parts.store.subscribe();
        let (mut heard, mut used_at) = (Heard::Everything, None::<Instant>);
        let mut telling = JoinSet::new();
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
            self.tell_due(&mut telling);
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
                Some(told) = telling.join_next() => {
                    if let Err(fault) = told {
                        tracing::error!(error = &fault as &dyn std::error::Error, "Telling a device of new mail broke down");
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
            let tenant = self.parts.store.tenant(tenant.id);
            let settings = settings::load(&tenant).await?;
            for push in tenant.pushes().all().await? {
                let is_wanted = now < push.until && is_within(&push, now);
                let is_allowed = is_wanted && self.allowed_place(tenant.id(), &push, &settings.push).is_some();
                if is_allowed && self.still_theirs(&tenant, &push, &settings.enrolment).await?.is_some() {
                    self.tells_of(tenant.id(), push.account);
                }
            }
        }
        Ok(())
    }

    /// Has the devices looked at whose accounts changed, each when its pause is over. Where settings changed, those are
    /// forgotten at once that may not be told any more.
    async fn line_up(&self, heard: &Heard) -> Result<(), StoreError> {
        match heard {
            Heard::Everything => {
                for tenant in self.parts.store.tenants().all().await? {
                    let tenant = self.parts.store.tenant(tenant.id);
                    self.forget_withdrawn(&tenant).await?;
                    self.add_turns(&tenant, tenant.pushes().all().await?);
                }
            }
            Heard::Parts { accounts, settings } => {
                for tenant in settings {
                    self.forget_withdrawn(&self.parts.store.tenant(*tenant)).await?;
                }
                for (tenant, account) in accounts {
                    let tenant = self.parts.store.tenant(*tenant);
                    self.add_turns(&tenant, tenant.pushes().of_account(*account).await?);
                }
            }
        }
        Ok(())
    }

    fn add_turns(&self, tenant: &TenantStore, pushes: Vec<PushRecord>) {
        let now = self.parts.clock.now();
        for push in pushes {
            let due = rested(&push, now);
            self.parts.notices.waiting.add((tenant.id(), push.device), Turn { due, tries: 0 });
        }
    }

    /// Forgets where devices are told whose push service the administration does not allow any more, or that it takes no more.
    async fn forget_withdrawn(&self, tenant: &TenantStore) -> Result<(), StoreError> {
        let settings = settings::load(tenant).await?;
        let mut withdrawn = Vec::new();
        for push in tenant.pushes().all().await? {
            if self.allowed_place(tenant.id(), &push, &settings.push).is_none()
                || container::is_taken_no_more(tenant, &settings.enrolment, push.device).await?
            {
                withdrawn.push(push);
            }
        }
        if withdrawn.is_empty() {
            return Ok(());
        }
        let work = tenant.begin().await?;
        for push in withdrawn {
            work.pushes().drop_place(push.device, &push.print).await?;
        }
        work.commit().await
    }

    /// Has those told whose turn it is, beside all else.
    fn tell_due(self: &Arc<Self>, telling: &mut JoinSet<()>) {
        for (held, turn) in self.parts.notices.waiting.take_due(self.parts.clock.now()) {
            let mail = Arc::clone(self);
            telling.spawn(async move {
                mail.take_turn(held.key, turn).await;
                drop(held);
            });
        }
    }
}
