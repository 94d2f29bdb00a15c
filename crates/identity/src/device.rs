//! Devices: enrolled at sign-in with their key, pending where the settings say so, blocked when an administrator says
//! so.

use fernamt_domain::{
    DeviceId, DeviceKind, DeviceState, DomainEvent, NameFault, PersonId,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_store::{DeviceRecord, Work};
use time::OffsetDateTime;

use crate::{Identity, failure::SignInError, settings::Settings};

/// The most devices of a person that are not revoked.
pub(crate) const MAX_DEVICES: u64 = 50;
/// The most characters of a device's name.
pub(crate) const MAX_NAME_CHARS: usize = 100;

/// A device's key as stored and looked up.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// The kind of device that holds it.
    pub kind: DeviceKind,
    /// The public key in the encoding of its kind.
    pub encoded: Vec<u8>,
    /// What it is looked up by.
    pub thumbprint: String,
}

/// A device's name, fit to be shown to its owner and to the control desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceName(String);

impl DeviceName {
    /// Takes a name as typed or as the browser made it up; one that is empty becomes the name of the kind.
    pub(crate) fn parse(name: &str, kind: DeviceKind) -> Result<Self, NameFault> {
        match name.trim() {
            "" => Ok(Self(kind.to_string())),
            name => fernamt_domain::name::check(name, MAX_NAME_CHARS).map(|()| Self(name.to_owned())),
        }
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Identity {
    /// The person's device with this key; enrols it if it is new. It may be pending; blocked ones are refused.
    pub(crate) async fn device_for(
        &self,
        work: &mut Work,
        settings: &Settings,
        person: PersonId,
        key: &Key,
        name: &DeviceName,
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
        name: &DeviceName,
        now: OffsetDateTime,
    ) -> Result<DeviceRecord, SignInError> {
        if work.devices().count_of_person(person).await? >= MAX_DEVICES {
            return Err(SignInError::TooManyDevices);
        }
        // Whatever the settings say, nobody but the control desk lets a program in.
        let pending = key.kind == DeviceKind::ApiClient || settings.approval_needed.contains(&key.kind);
        let device = DeviceRecord {
            id: DeviceId::new(&*self.clock, &*self.rng),
            person,
            kind: key.kind,
            state: if pending { DeviceState::Pending } else { DeviceState::Approved },
            name: name.0.clone(),
            public_key: key.encoded.clone(),
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
