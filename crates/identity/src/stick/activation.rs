//! How a stick gets its key.
//!
//! The administration makes a stick for a person and hands over two things apart from each other: the stick and an
//! activation code. The stick makes its key, proves it, and brings the code; then the key is the device's key. That is
//! the approval too: somebody made the stick for this person and handed over the code. The code is kept and typed like a
//! recovery code, is good for [`LIFETIME`], and works once.

use fernamt_api::{admin::sticks::LeftOutReason, stick::activation_login};
use fernamt_domain::{
    DeviceId, DeviceKind, DeviceState, DomainEvent, PersonId, PersonState, Purpose, Secret, Situation, TenantId,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_store::{DeviceRecord, StickRecord, StoreError, TenantStore, Work, keyless_thumbprint};
use subtle::ConstantTimeEq as _;
use time::{Duration, OffsetDateTime};

use crate::{
    Identity,
    device::MAX_DEVICES,
    failure::{SignInError, Wrong},
    recovery::{self, RecoveryCode},
    ssh_key::SshPublicKey,
    throttle::{Attempt, Source},
};

/// How long an activation code is good.
pub const LIFETIME: Duration = Duration::days(14);

/// What a stick is called unless somebody renames it; further ones of a person are numbered.
const NAME: &str = "Stick";

/// A stick that waits for its key.
#[derive(Debug)]
pub struct Ordered {
    /// The stick's device.
    pub device: DeviceId,
    /// The activation code, shown once.
    pub code: Secret<String>,
    /// Until when it is good.
    pub until: OffsetDateTime,
}

/// Why no stick was made.
#[derive(Debug, thiserror::Error)]
pub enum NotOrdered {
    /// This person gets none.
    #[error("no stick for this person: {0}")]
    LeftOut(LeftOutReason),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Identity {
    /// Makes a stick for a person. `additional` makes another for who has one already.
    pub async fn order_stick(
        &self,
        work: &mut Work,
        tenant: TenantId,
        person: PersonId,
        additional: bool,
        by: Option<PersonId>,
    ) -> Result<Ordered, NotOrdered> {
        if work.people().get(person).await?.state != PersonState::Active {
            return Err(NotOrdered::LeftOut(LeftOutReason::Disabled));
        }
        let devices = work.devices().of_person(person).await?;
        let live = || devices.iter().filter(|device| device.state != DeviceState::Revoked);
        let sticks = live().filter(|device| device.kind == DeviceKind::Stick).count();
        if sticks > 0 && !additional {
            return Err(NotOrdered::LeftOut(LeftOutReason::HasStick));
        }
        if live().count() as u64 >= MAX_DEVICES {
            return Err(NotOrdered::LeftOut(LeftOutReason::TooManyDevices));
        }
        let device = DeviceId::new(&*self.clock, &*self.rng);
        let now = self.clock.now();
        let record = DeviceRecord {
            id: device,
            person,
            kind: DeviceKind::Stick,
            state: DeviceState::Pending,
            name: if sticks == 0 { NAME.to_owned() } else { format!("{NAME} {}", sticks + 1) },
            public_key: Vec::new(),
            thumbprint: keyless_thumbprint(device),
            created_at: now,
            last_seen_on: None,
            decided_by: by,
            decided_at: Some(now),
        };
        let (code, print) = self.activation_code(tenant, device);
        let until = now + LIFETIME;
        work.devices().insert(&record).await?;
        work.sticks().insert(&StickRecord::ordered(device, print, until)).await?;
        work.publish(DomainEvent::DeviceChanged { device });
        Ok(Ordered { device, code, until })
    }

    /// Makes a new activation code for a stick. The key that it had counts no more, and its sessions end.
    pub async fn reorder_stick(
        &self,
        work: &mut Work,
        tenant: TenantId,
        device: DeviceId,
        by: Option<PersonId>,
    ) -> Result<Ordered, StoreError> {
        let (code, print) = self.activation_code(tenant, device);
        let until = self.clock.now() + LIFETIME;
        work.sticks().order_anew(device, print, until, by).await?;
        for session in work.sessions().end_of_device(device).await? {
            work.publish(DomainEvent::SessionEnded { session });
        }
        work.publish(DomainEvent::DeviceChanged { device });
        Ok(Ordered { device, code, until })
    }

    /// Gives a stick the key whose signature the SSH server has verified, for the code that was handed over with it.
    /// Whatever does not fit is one answer.
    pub async fn activate_stick(
        &self,
        tenant: &TenantStore,
        situation: &Situation,
        device: DeviceId,
        code: &Secret<String>,
        key_blob: &[u8],
    ) -> Result<(), SignInError> {
        let account = self.account(tenant.id(), &activation_login(device, None));
        let who = Attempt::Stranger(Source::from(situation.address), account);
        self.throttle.admit(who, situation.at)?;
        self.throttle.failed(who, situation.at);
        let wrong = || {
            self.note_failure(tenant, None, Wrong::ActivationCode, situation);
            SignInError::Failed(Wrong::ActivationCode)
        };
        let key = SshPublicKey::from_blob(key_blob.to_vec()).map_err(|_| wrong())?;
        let print = self.activation_print(tenant.id(), device, code);
        // Looked at first without a unit of work: strangers must not hold up everybody who writes.
        let looked = found(tenant.devices().get(device).await)?.zip(found(tenant.sticks().get(device).await)?);
        if !looked.is_some_and(|(device, stick)| fits(&device, &stick, print.as_ref(), situation.at)) {
            return Err(wrong());
        }
        let mut work = tenant.begin().await?;
        let stick = work.sticks().locked(device).await?;
        let record = work.devices().get(device).await?;
        let person = work.people().get(record.person).await;
        let active = found(person)?.is_some_and(|person| person.state == PersonState::Active);
        let known = work.devices().by_key(record.person, &key.fingerprint()).await?.is_some();
        if !active || known || !fits(&record, &stick, print.as_ref(), situation.at) {
            return Err(wrong());
        }
        work.sticks().activate(device, key.blob(), &key.fingerprint()).await?;
        work.record(
            AuditEvent::new(AuditKind::Device, "stick_activated", Outcome::Success)
                .by(record.person)
                .about(record.person)
                .device(device)
                .from_zone(&situation.zone),
        );
        work.publish(DomainEvent::DeviceChanged { device });
        work.commit().await?;
        self.throttle.succeeded(who);
        Ok(())
    }

    fn activation_code(&self, tenant: TenantId, device: DeviceId) -> (RecoveryCode, Secret<Vec<u8>>) {
        let code = recovery::one(&*self.rng);
        let print = self.activation_print(tenant, device, &code).unwrap_or_default();
        (code, Secret::new(print.to_vec()))
    }

    fn activation_print(&self, tenant: TenantId, device: DeviceId, typed: &Secret<String>) -> Option<[u8; 32]> {
        let purpose = Purpose { tenant, word: "activation-code" };
        recovery::fingerprint_for(&self.sealer, purpose, device.0.as_bytes(), typed)
    }
}

fn fits(device: &DeviceRecord, stick: &StickRecord, print: Option<&[u8; 32]>, now: OffsetDateTime) -> bool {
    let waits = device.kind == DeviceKind::Stick
        && device.state == DeviceState::Pending
        && device.public_key.is_empty()
        && stick.activation_until.is_some_and(|until| now < until);
    let same = match (&stick.activation_print, print) {
        (Some(kept), Some(print)) => bool::from(kept.expose().as_slice().ct_eq(print)),
        _ => false,
    };
    waits && same
}

fn found<T>(looked_up: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match looked_up {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
