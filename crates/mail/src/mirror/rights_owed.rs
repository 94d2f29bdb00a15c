//! Telling the mail server of rights that changed in mailboxes that nobody uses.

use std::{collections::BTreeSet, pin::pin, sync::Arc, time::Duration as Span};

use fernamt_domain::{DomainEvent, MailAccountId, event::TenantEvent};
use fernamt_store::{Notice, StoreError, Subscription, TenantStore};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

use super::{REFUSED_FOR, mirrors::Key, round::Mirror};
use crate::Mail;

/// How long it is at least until all accounts are looked at again because changes were told faster than they were heard, or
/// some account could not be looked at.
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
    /// Whether what the server had refused was not looked for everywhere.
    lacks_refused: bool,
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
        let with_refused = self.lacks_refused || self.refused_at.is_none_or(|at| now >= at + REFUSED_FOR);
        if with_refused {
            self.refused_at = Some(now);
        }
        (self.at, self.has_missed, self.lacks_refused) = (Some(now), false, false);
        Some(with_refused)
    }

    /// Notes that it is over, and whether no account was left out.
    fn end(&mut self, now: OffsetDateTime, with_refused: bool, is_whole: bool) {
        // From the end on, so that a long look is not followed by the next at once.
        self.at = Some(now);
        if !is_whole {
            (self.has_missed, self.lacks_refused) = (true, with_refused);
        }
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
                let mut look = pin!(self.find_owing(with_refused));
                let is_whole = loop {
                    tokio::select! {
                        () = stop.cancelled() => return,
                        is_whole = &mut look => break is_whole,
                        // What changes meanwhile does not wait for the look, which may take long.
                        changed = rights_changed(&mut bus) => self.hear(changed, &mut looks),
                    }
                };
                looks.end(self.parts.clock.now(), with_refused, is_whole);
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(looks.rest(self.parts.clock.now())) => {}
                changed = rights_changed(&mut bus) => self.hear(changed, &mut looks),
            }
        }
    }

    fn hear(&self, changed: Option<Key>, looks: &mut Looks) {
        match changed {
            Some((tenant, account)) => self.owes(tenant, account),
            None => looks.has_missed = true,
        }
    }

    /// Sees to it that accounts are mirrored in which the server may not know yet what others may do, used or not. Tells
    /// whether all could be looked at.
    async fn find_owing(self: &Arc<Self>, with_refused: bool) -> bool {
        let mut is_whole = true;
        let mut fails = |error: StoreError| {
            if std::mem::replace(&mut is_whole, false) {
                let error: &dyn std::error::Error = &error;
                tracing::error!(
                    error,
                    "Rights that the mail server is to be told of cannot be looked for; it is tried again in a minute"
                );
            }
        };
        match self.shared_accounts().await {
            Ok(Some((tenant, accounts))) => {
                for account in accounts {
                    // One that cannot be looked at hides none of the others.
                    match self.owes_in(&tenant, account, with_refused).await {
                        Ok(true) => self.owes(tenant.id(), account),
                        Ok(false) => {}
                        Err(error) => fails(error),
                    }
                }
            }
            Ok(None) => {}
            Err(error) => fails(error),
        }
        is_whole
    }

    /// The tenant whose accounts lie on the mail server, and those of them in which others have rights, or had.
    async fn shared_accounts(&self) -> Result<Option<(TenantStore, BTreeSet<MailAccountId>)>, StoreError> {
        let Some(server) = &self.server else { return Ok(None) };
        let Some(tenant) = self.parts.store.tenants().by_host(&server.tenant_host).await? else { return Ok(None) };
        let tenant = self.parts.store.tenant(tenant.id);
        let accounts = tenant.mail_mirrors().shared().await?;
        Ok(Some((tenant, accounts)))
    }

    async fn owes_in(
        self: &Arc<Self>,
        tenant: &TenantStore,
        account: MailAccountId,
        with_refused: bool,
    ) -> Result<bool, StoreError> {
        let Some(mirror) = Mirror::of(Arc::clone(self), tenant.clone(), account).await? else { return Ok(false) };
        Ok(mirror.owes_rights().await? || with_refused && mirror.keeps_rights().await?)
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

    #[test]
    fn what_could_not_be_looked_at_is_a_minute_after_the_rest() {
        let at = |minutes| OffsetDateTime::UNIX_EPOCH + Duration::minutes(minutes);
        let mut looks = Looks::default();
        assert_eq!(looks.begin(at(0)), Some(true));
        looks.end(at(5), true, false);
        assert_eq!((looks.begin(at(5)), looks.rest(at(5))), (None, Span::from_secs(60)), "counted from its end");
        assert_eq!(looks.begin(at(6)), Some(true), "with what the server had refused");
        looks.end(at(6), true, true);
        assert_eq!((looks.begin(at(8)), looks.rest(at(8))), (None, Span::from_secs(58 * 60)));
        looks.has_missed = true;
        assert_eq!(looks.begin(at(8)), Some(false));
        looks.end(at(20), false, false);
        assert_eq!((looks.begin(at(20)), looks.begin(at(21))), (None, Some(false)));
        looks.end(at(21), false, true);
        assert_eq!(looks.begin(at(22)), None);
    }
}
