//! Telling the mail server of rights that changed in mailboxes that nobody uses.

use std::{sync::Arc, time::Duration as Span};

use fernamt_domain::{DomainEvent, event::TenantEvent};
use fernamt_store::{Notice, StoreError, Subscription};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

use super::{REFUSED_FOR, mirrors::Key, round::Mirror};
use crate::Mail;

/// How long it is at least until all accounts are looked at again because changes were told faster than they were heard.
const SOONEST: Duration = Duration::MINUTE;

/// When all accounts were looked at for what the server does not know.
#[derive(Debug, Default)]
struct Looks {
    /// The last time.
    at: Option<OffsetDateTime>,
    /// The last time at which what the server had refused was looked for, too.
    refused_at: Option<OffsetDateTime>,
    /// Whether changes may have been missed since.
    has_missed: bool,
}

impl Looks {
    /// When it is time again; at once before the first time.
    fn next(&self) -> Option<OffsetDateTime> {
        let regular = self.refused_at? + REFUSED_FOR;
        Some(if self.has_missed { regular.min(self.at? + SOONEST) } else { regular })
    }

    /// Whether it is time now, and if so, whether what the server refused is tried again.
    fn begin(&mut self, now: OffsetDateTime) -> Option<bool> {
        if self.next().is_some_and(|at| now < at) {
            return None;
        }
        let with_refused = self.refused_at.is_none_or(|at| now >= at + REFUSED_FOR);
        if with_refused {
            self.refused_at = Some(now);
        }
        (self.at, self.has_missed) = (Some(now), false);
        Some(with_refused)
    }

    fn rest(&self, now: OffsetDateTime) -> Span {
        self.next().map_or(Span::ZERO, |at| (at - now).try_into().unwrap_or_default())
    }
}

impl Mail {
    /// Sees to it that accounts are mirrored in which rights change, used or not, until stopped.
    pub(super) async fn keep_sharing(self: Arc<Self>, stop: CancellationToken) {
        // Before anything is looked at, so that no change is missed.
        let mut bus = self.parts.store.subscribe();
        let mut looks = Looks::default();
        while !stop.is_cancelled() {
            if let Some(with_refused) = looks.begin(self.parts.clock.now()) {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = self.use_owing(with_refused) => {}
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(looks.rest(self.parts.clock.now())) => {}
                changed = rights_changed(&mut bus) => match changed {
                    Some((tenant, account)) => self.owes(tenant, account),
                    None => looks.has_missed = true,
                },
            }
        }
    }

    /// Sees to it that accounts are mirrored in which the server may not know yet what others may do, used or not.
    async fn use_owing(self: &Arc<Self>, with_refused: bool) {
        if let Err(error) = self.find_owing(with_refused).await {
            let error: &dyn std::error::Error = &error;
            tracing::error!(
                error,
                "Rights that the mail server is to be told of cannot be looked for; it is tried again in an hour"
            );
        }
    }

    async fn find_owing(self: &Arc<Self>, with_refused: bool) -> Result<(), StoreError> {
        let Some(server) = &self.server else { return Ok(()) };
        let Some(tenant) = self.parts.store.tenants().by_host(&server.tenant_host).await? else { return Ok(()) };
        let tenant = self.parts.store.tenant(tenant.id);
        for account in tenant.mail_mirrors().shared().await? {
            let mirror = Mirror::of(Arc::clone(self), tenant.clone(), account).await?;
            if let Some(mirror) = mirror
                && (mirror.owes_rights().await? || with_refused && mirror.keeps_rights().await?)
            {
                self.owes(tenant.id(), account);
            }
        }
        Ok(())
    }
}

/// Waits until somebody's rights in an account change; nothing is told where any may have. Who stops waiting misses nothing.
async fn rights_changed(bus: &mut Subscription) -> Option<Key> {
    loop {
        match bus.next().await {
            None => std::future::pending().await,
            Some(Notice::Everything) => return None,
            Some(Notice::Event(TenantEvent { tenant, event })) => {
                if let DomainEvent::MailRightsChanged { account, .. } = event {
                    return Some((tenant, account));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_looked_for_every_hour_and_what_was_missed_no_faster_than_it_can_be_found() {
        let began = OffsetDateTime::UNIX_EPOCH;
        let at = |minutes| began + Duration::minutes(minutes);
        let mut looks = Looks::default();
        assert_eq!((looks.rest(at(0)), looks.begin(at(0))), (Span::ZERO, Some(true)), "at the start");
        assert_eq!((looks.begin(at(0)), looks.rest(at(1))), (None, Span::from_secs(59 * 60)));
        looks.has_missed = true;
        assert_eq!((looks.begin(at(0)), looks.rest(at(0))), (None, Span::from_secs(60)), "it does not feed itself");
        assert_eq!(looks.begin(at(1)), Some(false));
        assert_eq!((looks.begin(at(59)), looks.rest(at(59))), (None, Span::from_secs(60)));
        assert_eq!(looks.begin(at(60)), Some(true));
        looks.has_missed = true;
        assert_eq!(looks.begin(at(120)), Some(true), "both at once");
        assert_eq!(looks.begin(at(121)), None);
    }
}
