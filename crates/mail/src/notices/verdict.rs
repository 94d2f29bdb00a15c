//! What is to be done for a device, by what holds at this moment.

use std::{collections::BTreeSet, time::Duration as StdDuration};

use fernamt_api::admin::{push::PushSettings, settings::EnrolmentSettings};
use fernamt_domain::{
    DeviceState, MailboxId, PersonState, TenantId,
    feature::Feature,
    mail::{MailType, MailboxRole},
};
use fernamt_identity::{container, settings};
use fernamt_store::{MailAccountRecord, PushRecord, StoreError, TenantStore};
use time::{Duration, OffsetDateTime};

use super::{
    Place,
    hours::{is_within, next_change},
};
use crate::Mail;

/// The shortest time between two notices to a device.
const PAUSE: Duration = Duration::minutes(5);
/// How far ahead it is looked for the hours of a person who does not want to be told now.
const AHEAD_MINUTES: i64 = 60;
/// What came longer ago is no news: it was put there from elsewhere.
const NEWS: Duration = Duration::DAY;
/// For how long a push service keeps a notice for a browser that is away, at most. What is older says nothing new.
const KEPT_MINUTES: i64 = 4 * 60;

/// What is to be done for a device.
pub(super) enum Verdict {
    /// Nothing came that it is told of.
    Nothing,
    /// It is looked at again then.
    NotBefore(OffsetDateTime),
    /// It is told no more.
    Over,
    /// It is told.
    Tell(News),
}

/// What a device is told.
pub(super) struct News {
    /// Where.
    pub(super) place: Place,
    /// Its push service.
    pub(super) service: String,
    /// Up to this state.
    pub(super) state: u64,
    /// For how long that may be shown.
    pub(super) kept: StdDuration,
}

impl Mail {
    /// What is to be done for a device.
    pub(super) async fn verdict(&self, tenant: &TenantStore, push: &PushRecord) -> Result<Verdict, StoreError> {
        let now = self.parts.clock.now();
        let settings = settings::load(tenant).await?;
        let place = self.allowed_place(tenant.id(), push, &settings.push).filter(|_| now < push.until);
        let Some((place, service)) = place.and_then(|place| place.service().map(|service| (place, service))) else {
            return Ok(Verdict::Over);
        };
        let Some(account) = self.still_theirs(tenant, push, &settings.enrolment).await? else {
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
            let begin = next_change(push, now, AHEAD_MINUTES);
            return Ok(Verdict::NotBefore(begin.unwrap_or(now + Duration::minutes(AHEAD_MINUTES))));
        }
        Ok(Verdict::Tell(News { place, service, state, kept: kept(push, now) }))
    }

    /// The place, if its push service may be told.
    pub(super) fn allowed_place(&self, tenant: TenantId, push: &PushRecord, flow: &PushSettings) -> Option<Place> {
        let place = Place::open(self.parts.notices.sealer(), tenant, &push.sealed)?;
        place.host().is_some_and(|host| flow.allows(&host)).then_some(place)
    }

    /// The account, if it is still this person's own, they and their device are not barred, also not as a phone where none is
    /// taken, and they have notices.
    pub(super) async fn still_theirs(
        &self,
        tenant: &TenantStore,
        push: &PushRecord,
        demands: &EnrolmentSettings,
    ) -> Result<Option<MailAccountRecord>, StoreError> {
        let there = async {
            let device = tenant.devices().get(push.device).await?;
            let person = tenant.people().get(push.person).await?;
            let account = tenant.mail_accounts().get(push.account).await?;
            let features = self.features_of(tenant, push.person).await?;
            let holds = device.state == DeviceState::Approved
                && person.state == PersonState::Active
                && features.has(Feature::Notices)
                && !container::is_taken_no_more(tenant, demands, push.device).await?;
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
pub(super) fn rested(push: &PushRecord, now: OffsetDateTime) -> OffsetDateTime {
    push.told_at.map_or(now, |told| now.max(told + PAUSE))
}

/// For how long a notice may be shown: not after the hours in which the person wants it, nor after they are told at all. What
/// the push service has cannot be called back.
fn kept(push: &PushRecord, now: OffsetDateTime) -> StdDuration {
    let end = next_change(push, now, KEPT_MINUTES).unwrap_or(now + Duration::minutes(KEPT_MINUTES));
    (end.min(push.until) - now).try_into().unwrap_or_default()
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
