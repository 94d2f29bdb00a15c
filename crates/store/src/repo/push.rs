//! Web Push: where devices are told that mail came, while nobody has its page open.

use std::collections::BTreeSet;

use fernamt_domain::{DeviceId, MailAccountId, PersonId, Secret, SessionId};
use time::OffsetDateTime;

use super::{device::DeviceRecord, repository, session::SessionRecord};
use crate::{
    StoreError,
    record::record,
    scope::{Scope, Writing, after, any, before, is, is_in, is_null, to},
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
        let others = is("person", &push.person).add(other).add(after("until", &self.scope.now()));
        self.scope.room_for_one::<PushRecord>(others, "push_subscriptions", MAX_PUSH_PER_PERSON).await?;
        self.scope.upsert(push).await
    }

    /// Tells nobody else any more in the browser with this key: somebody signed in there on this device.
    pub async fn leave_to(&self, device: DeviceId, thumbprint: &str) -> Result<(), StoreError> {
        let same_browser = is("thumbprint", &thumbprint.to_owned()).add(is("id", &device).not());
        let others: Vec<DeviceRecord> = self.scope.find(same_browser).all().await?;
        forget_devices(&self.scope, others.iter().map(|other| &other.id)).await
    }

    /// Tells a device no more. Says whether it was told.
    pub async fn delete(&self, device: DeviceId) -> Result<bool, StoreError> {
        Ok(self.scope.delete::<PushRecord>(is("device", &device)).await? > 0)
    }

    /// Tells a device no more at this place; one that it found since stays.
    pub async fn drop_place(&self, device: DeviceId, print: &[u8; 32]) -> Result<bool, StoreError> {
        Ok(self.scope.delete::<PushRecord>(is("device", &device).add(is("print", print))).await? > 0)
    }

    /// Notes that a device was told up to this state, unless it is told elsewhere by now or knows more already.
    pub async fn told(&self, push: &PushRecord, state: u64) -> Result<(), StoreError> {
        let values = vec![to("state", &state), to("told_at", &Some(self.scope.now()))];
        let same = is("device", &push.device).add(is("print", &push.print)).add(before("state", &state));
        self.scope.set::<PushRecord>(same, values).await.map(drop)
    }
}

/// Tells nobody any more on these devices. Their sessions are held first: whoever ends those comes by the same way.
pub(crate) async fn forget_devices<'d>(
    scope: &Scope<'_>,
    devices: impl IntoIterator<Item = &'d DeviceId>,
) -> Result<(), StoreError> {
    let devices: BTreeSet<_> = devices.into_iter().copied().collect();
    let on_them: BTreeSet<_> = devices.iter().copied().map(Some).collect();
    scope.find::<SessionRecord>(is_in("device", &on_them).add(is_null("ended_at"))).order("id").locked().all().await?;
    scope.delete::<PushRecord>(is_in("device", &devices)).await.map(drop)
}

/// Tells nobody any more for a session that was signed out of, nor for earlier ones on its device. What was asked for in a
/// later one stays.
pub(crate) async fn forget_session(scope: &Scope<'_>, session: &SessionRecord) -> Result<(), StoreError> {
    let on_device = session.device.map(|device| is("device", &device));
    let told: Option<PushRecord> = match on_device {
        Some(on_device) => scope.find(on_device).one().await?,
        None => None,
    };
    let Some(told) = told else { return Ok(()) };
    let asked_in: SessionRecord = scope.find(is("id", &told.session)).get().await?;
    if asked_in.created_at <= session.created_at {
        let same = is("device", &told.device).add(is("session", &told.session));
        scope.delete::<PushRecord>(same).await?;
    }
    Ok(())
}
