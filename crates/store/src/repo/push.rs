//! Web Push: where devices are told that mail came, while nobody has its page open.

use std::collections::BTreeSet;

use fernamt_domain::{DeviceId, MailAccountId, PersonId, Secret, SessionId};
use time::OffsetDateTime;

use super::repository;
use crate::{
    StoreError,
    record::record,
    scope::{Scope, Writing, any, is, is_in, to},
};

/// The most devices of one person that are told.
pub const MAX_PUSH_PER_PERSON: usize = 20;

record! {
    /// Where one device is told, and when. Backups leave it out: what was signed out since must not be told again.
    pub struct PushRecord in "push_subscription", key(device) unsaved {
        /// The device.
        device: DeviceId => Device,
        /// Whose it is.
        person: PersonId => Device,
        /// The session in which it was asked for last.
        session: SessionId => Device,
        /// The account whose mail is told of.
        account: MailAccountId => Device,
        /// A keyed fingerprint of the push service's address: one browser has one, whoever uses it.
        print: [u8; 32] => Device,
        /// That address and the keys that go with it, sealed.
        sealed: Secret<Vec<u8>> => Credential,
        /// Until when it is told.
        until: OffsetDateTime => Device,
        /// The language of the page.
        language: String => Device,
        /// The first minute of the day at which it is told.
        from_minute: u16 => Device,
        /// The minute at which that ends; the same one for the whole day.
        to_minute: u16 => Device,
        /// Whether on Saturdays and Sundays, too.
        weekends: bool => Device,
        /// The zone of those minutes.
        time_zone: String => Device,
        /// The folders that are not told of.
        without: serde_json::Value => Device,
        /// The state of the account's messages up to which it was told.
        state: u64 => Device,
        /// When that was, if ever.
        told_at: Option<OffsetDateTime> => Device,
    }
}

repository! {
    /// Where devices are told that mail came.
    Pushes
}

impl<A> Pushes<'_, A> {
    /// Where a device is told, if it is.
    pub async fn get(&self, device: DeviceId) -> Result<Option<PushRecord>, StoreError> {
        self.scope.find(is("device", &device)).one().await
    }

    /// All devices that are told of an account's mail.
    pub async fn of_account(&self, account: MailAccountId) -> Result<Vec<PushRecord>, StoreError> {
        self.scope.find(is("account", &account)).order("device").all().await
    }

    /// All devices that are told.
    pub async fn all(&self) -> Result<Vec<PushRecord>, StoreError> {
        self.scope.find(any()).order("device").all().await
    }
}

impl Pushes<'_, Writing> {
    /// Writes where a device is told. No other one is told at the same place any more, and of each person only so many
    /// devices.
    pub async fn write(&self, push: &PushRecord) -> Result<(), StoreError> {
        let other = is("device", &push.device).not();
        self.scope.delete::<PushRecord>(is("print", &push.print).add(other.clone())).await?;
        let others = is("person", &push.person).add(other);
        self.scope.room_for_one::<PushRecord>(others, "push_subscriptions", MAX_PUSH_PER_PERSON).await?;
        self.scope.upsert(push).await
    }

    /// Tells a device no more. Says whether it was told.
    pub async fn delete(&self, device: DeviceId) -> Result<bool, StoreError> {
        Ok(self.scope.delete::<PushRecord>(is("device", &device)).await? > 0)
    }

    /// Tells a device no more at this place; one that it found since stays.
    pub async fn drop_place(&self, device: DeviceId, print: &[u8; 32]) -> Result<bool, StoreError> {
        Ok(self.scope.delete::<PushRecord>(is("device", &device).add(is("print", print))).await? > 0)
    }

    /// Notes that a device was told up to this state, unless it is told elsewhere by now.
    pub async fn told(&self, push: &PushRecord, state: u64) -> Result<(), StoreError> {
        let values = vec![to("state", &state), to("told_at", &Some(self.scope.now()))];
        let same = is("device", &push.device).add(is("print", &push.print));
        self.scope.set::<PushRecord>(same, values).await.map(drop)
    }
}

/// Tells nobody any more who was told for these sessions or on these devices.
pub(crate) async fn forget_ended(
    scope: &Scope<'_>,
    sessions: &BTreeSet<SessionId>,
    devices: &BTreeSet<DeviceId>,
) -> Result<(), StoreError> {
    scope.delete::<PushRecord>(is_in("session", sessions)).await?;
    scope.delete::<PushRecord>(is_in("device", devices)).await.map(drop)
}
