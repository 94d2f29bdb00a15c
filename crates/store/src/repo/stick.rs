//! Sticks: what is known of a device of that kind beyond what is known of every device.

use fernamt_domain::{DeviceId, DeviceState, PersonId, Secret};
use time::{Date, OffsetDateTime};

use super::{device::DeviceRecord, repository};
use crate::{
    StoreError,
    record::record,
    scope::{Writing, any, is},
};

record! {
    /// A stick, beside its device.
    pub struct StickRecord in "stick", key(device) {
        /// Its device.
        device: DeviceId => Device,
        /// The keyed fingerprint of the activation code that waits to be used.
        activation_print: Option<Secret<Vec<u8>>> => Credential,
        /// Until when that code is good.
        activation_until: Option<OffsetDateTime> => Credential,
        /// The generation that was given out last.
        generation: u64 => Device,
        /// The generation that was presented for it: taken once more, because a stick may lose what it was given.
        previous_generation: Option<u64> => Device,
        /// The highest generation that was ever given out, under whatever key.
        highest_generation: u64 => Device,
        /// The house was restored from a backup and cannot know what was given out since: the next generation that is
        /// presented, and not known to be an old one, is taken over.
        takes_over: bool => Device,
        /// It was lost or stolen.
        lost: bool => Device,
        /// When a copy of it was noticed.
        copied_at: Option<OffsetDateTime> => Device,
        /// The version of the program at its last sign-in.
        program: Option<String> => Device,
        /// The operating system at its last sign-in.
        system: Option<String> => Device,
    }
}

record! {
    /// How the line of a stick did last. One row a stick: nobody needs to know how somebody's evenings went.
    pub struct StickLineRecord in "stick_line", key(device) {
        /// The stick's device.
        device: DeviceId => Line,
        /// The day.
        measured_on: Date => Line,
        /// The way there and back, in milliseconds.
        round_trip_ms: u32 => Line,
        /// The share of answers that came late enough to have been lost once, in thousandths.
        loss_permille: u16 => Line,
        /// How often the line was away in the session.
        outages: u32 => Line,
        /// How it went out: a word of the API.
        transport: String => Line,
    }
}

impl StickRecord {
    /// A stick without a key, whose activation code has this fingerprint.
    pub fn ordered(device: DeviceId, print: Secret<Vec<u8>>, until: OffsetDateTime) -> Self {
        Self {
            device,
            activation_print: Some(print),
            activation_until: Some(until),
            generation: 0,
            previous_generation: None,
            highest_generation: 0,
            takes_over: false,
            lost: false,
            copied_at: None,
            program: None,
            system: None,
        }
    }
}

/// What stands where a stick has no key yet: unique, and no key's fingerprint.
pub fn keyless_thumbprint(device: DeviceId) -> String {
    format!("stick:{device}")
}

repository! {
    /// Sticks and how their lines do.
    Sticks
}

impl<A> Sticks<'_, A> {
    /// The stick that is this device.
    pub async fn get(&self, device: DeviceId) -> Result<StickRecord, StoreError> {
        self.scope.find(is("device", &device)).get().await
    }

    /// All sticks.
    pub async fn all(&self) -> Result<Vec<StickRecord>, StoreError> {
        self.scope.find(any()).order("device").all().await
    }

    /// How the line of a stick did last, if that is still known.
    pub async fn line(&self, device: DeviceId) -> Result<Option<StickLineRecord>, StoreError> {
        self.scope.find(is("device", &device)).one().await
    }

    /// How the lines of all sticks did last.
    pub async fn lines(&self) -> Result<Vec<StickLineRecord>, StoreError> {
        self.scope.find(any()).order("device").all().await
    }
}

impl Sticks<'_, Writing> {
    /// Adds a stick. Its device is there already.
    pub async fn insert(&self, stick: &StickRecord) -> Result<(), StoreError> {
        self.scope.insert(stick).await
    }

    /// The stick, held until the unit of work ends: what is written back was not changed in the meantime.
    pub async fn locked(&self, device: DeviceId) -> Result<StickRecord, StoreError> {
        self.scope.find(is("device", &device)).locked().get().await
    }

    /// Writes all columns of a stick that is [`Sticks::locked`].
    pub async fn replace(&self, stick: &StickRecord) -> Result<(), StoreError> {
        self.scope.replace(stick).await
    }

    /// Takes a stick's key from it and gives it an activation code instead: it waits, as on the day it was made.
    pub async fn order_anew(
        &self,
        device: DeviceId,
        print: Secret<Vec<u8>>,
        until: OffsetDateTime,
        decided_by: Option<PersonId>,
    ) -> Result<(), StoreError> {
        let (stick, held) = self.both(device).await?;
        let keyless = DeviceRecord {
            state: DeviceState::Pending,
            public_key: Vec::new(),
            thumbprint: keyless_thumbprint(device),
            decided_by,
            decided_at: Some(self.scope.now()),
            ..held
        };
        self.scope.replace(&keyless).await?;
        let highest_generation = stick.highest_generation;
        let ordered = StickRecord { highest_generation, ..StickRecord::ordered(device, print, until) };
        self.scope.replace(&StickRecord { program: stick.program, system: stick.system, ..ordered }).await?;
        self.scope.journal_state::<StickRecord>(&device, KEY_WITHDRAWN).await?;
        self.scope.journal_state::<DeviceRecord>(&device, DeviceState::Pending.as_str()).await
    }

    /// Gives a stick its key: its code is used up, its generations begin anew, and it may be used. The numbers of an
    /// earlier key are not given out again.
    pub async fn activate(&self, device: DeviceId, key: &[u8], thumbprint: &str) -> Result<(), StoreError> {
        let (stick, held) = self.both(device).await?;
        let with_key = DeviceRecord {
            state: DeviceState::Approved,
            public_key: key.to_vec(),
            thumbprint: thumbprint.to_owned(),
            decided_at: Some(self.scope.now()),
            ..held
        };
        self.scope.replace(&with_key).await?;
        let fresh = StickRecord {
            activation_print: None,
            activation_until: None,
            generation: 0,
            previous_generation: None,
            takes_over: false,
            copied_at: None,
            ..stick
        };
        self.scope.replace(&fresh).await?;
        self.scope.journal_state::<DeviceRecord>(&device, DeviceState::Approved.as_str()).await
    }

    /// Stick and device, held; always in this order, so that nobody waits in a circle. What is revoked stays revoked.
    async fn both(&self, device: DeviceId) -> Result<(StickRecord, DeviceRecord), StoreError> {
        let stick = self.locked(device).await?;
        let held: DeviceRecord = self.scope.find(is("id", &device)).locked().get().await?;
        match held.state {
            DeviceState::Revoked => Err(StoreError::conflict("device.revoked")),
            _ => Ok((stick, held)),
        }
    }

    /// Notes that a stick was lost. Its device is revoked apart from that.
    pub async fn lose(&self, device: DeviceId) -> Result<(), StoreError> {
        let stick = StickRecord { lost: true, ..self.locked(device).await? };
        self.scope.replace(&stick).await?;
        self.scope.journal_state::<StickRecord>(&device, LOST).await
    }

    /// Notes how a stick's line does.
    pub async fn set_line(&self, line: &StickLineRecord) -> Result<(), StoreError> {
        self.scope.upsert(line).await
    }
}

/// The journal's word for a key that counts no more.
pub(crate) const KEY_WITHDRAWN: &str = "key_withdrawn";
/// The journal's word for a lost stick.
pub(crate) const LOST: &str = "lost";
