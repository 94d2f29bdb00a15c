//! Devices: enrolled at sign-in with their key, pending where the settings say so, blocked when an administrator says
//! so.

use fernamt_domain::{
    DeviceId, DeviceKind, DeviceState, DomainEvent, PersonId,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_store::{DeviceRecord, Work};
use time::OffsetDateTime;

use crate::{Identity, failure::SignInError, settings::Settings};

/// The most devices of a person that are not revoked.
pub const MAX_DEVICES: u64 = 50;
/// The most characters of a device's name.
pub const MAX_NAME_CHARS: usize = 100;

/// A device's key as stored and looked up.
#[derive(Debug, Clone)]
pub struct Key {
    /// The kind of device that holds it.
    pub kind: DeviceKind,
    /// The public key in the encoding of its kind.
    pub public_key: Vec<u8>,
    /// What it is looked up by.
    pub thumbprint: String,
}

impl Identity {
    /// The person's device with this key; enrols it if it is new. It may be pending; blocked ones are refused.
    pub(crate) async fn device_for(
        &self,
        work: &mut Work,
        settings: &Settings,
        person: PersonId,
        key: &Key,
        name: &str,
        now: OffsetDateTime,
    ) -> Result<DeviceRecord, SignInError> {
        match work.devices().by_key(person, &key.thumbprint).await? {
            Some(device) => match device.state {
                DeviceState::Approved | DeviceState::Pending => Ok(device),
                DeviceState::Suspended | DeviceState::Revoked => Err(SignInError::DeviceBlocked),
            },
            None => self.enrol_device(work, settings, person, key, name, now).await,
        }
    }

    pub(crate) async fn enrol_device(
        &self,
        work: &mut Work,
        settings: &Settings,
        person: PersonId,
        key: &Key,
        name: &str,
        now: OffsetDateTime,
    ) -> Result<DeviceRecord, SignInError> {
        if work.devices().count_of_person(person).await? >= MAX_DEVICES {
            return Err(SignInError::TooManyDevices);
        }
        let pending = settings.approval_needed.contains(&key.kind);
        let device = DeviceRecord {
            id: DeviceId::new(&*self.clock, &*self.rng),
            person,
            kind: key.kind,
            state: if pending { DeviceState::Pending } else { DeviceState::Approved },
            name: clean_name(name, key.kind),
            public_key: key.public_key.clone(),
            thumbprint: key.thumbprint.clone(),
            created_at: now,
            last_seen_on: None,
            decided_by: None,
            decided_at: None,
        };
        work.devices().insert(&device).await?;
        let event = AuditEvent::new(AuditKind::Device, "enrolled", Outcome::Success)
            .by(person)
            .about(person)
            .device(device.id)
            .details(serde_json::json!({ "kind": device.kind, "state": device.state }));
        work.record(event);
        work.publish(DomainEvent::DeviceChanged { device: device.id });
        Ok(device)
    }
}

fn clean_name(name: &str, kind: DeviceKind) -> String {
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
    if name.is_empty() { kind.to_string() } else { name }
}
