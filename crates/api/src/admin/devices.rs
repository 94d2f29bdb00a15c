//! Devices of all people. Role: administrator or control desk.

use fernamt_domain::{DeviceId, DeviceKind, DeviceState, PersonId};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use crate::{Page, operations::operations};

/// A device of a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// The device.
    pub id: DeviceId,
    /// Whose it is.
    pub person_id: PersonId,
    /// The person's name as others see it.
    pub person_name: String,
    /// What the person calls it.
    pub name: String,
    /// Its kind.
    pub kind: DeviceKind,
    /// Its state.
    pub state: DeviceState,
    /// The fingerprint of its key.
    pub fingerprint: String,
    /// When it was enrolled.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// The day it was last used.
    pub last_seen_on: Option<Date>,
    /// Whether it has a sealed container for mail.
    pub container: bool,
    /// Whether it has a licence of the security app.
    pub licence: bool,
    /// What it told of itself when it came to the mail last, or signed in and waits for approval; left out where it never did.
    pub contact: Option<DeviceContact>,
}

/// What a browser told of itself. None of it is proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceContact {
    /// When it came by last, to a few minutes.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The browser with its version; empty where it did not say.
    pub browser: String,
    /// The operating system; empty where it did not say.
    pub platform: String,
    /// When its person accepted the terms of use there last.
    #[serde(with = "time::serde::rfc3339::option")]
    pub terms_accepted_at: Option<OffsetDateTime>,
}

/// The licences of the security app that private phones need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Licences {
    /// Whether phones need the app.
    pub demanded: bool,
    /// The app's name.
    pub app: String,
    /// How many licences there are.
    pub licences: u16,
    /// How many devices have one.
    pub taken: u32,
}

/// Which devices to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct DeviceQuery {
    /// Words that must stand in the device's or the person's name.
    pub q: Option<String>,
    /// Only this state.
    pub state: Option<DeviceState>,
    /// Only this kind.
    pub kind: Option<DeviceKind>,
    /// Only this person's.
    pub person: Option<PersonId>,
    /// How many entries to skip.
    pub offset: u64,
    /// How many entries to return: 50 unless said, at most 200.
    pub limit: Option<u64>,
}

operations! { "devices";
    /// Devices, those that wait for approval first.
    list_devices: get "/api/v1/admin/devices" () query DeviceQuery [] -> 200 Page<Device>;
    /// How many licences of the security app there are, and how many are taken.
    licences: get "/api/v1/admin/licences" () [] -> 200 Licences;
    /// Approves a pending or suspended device.
    approve_device: post "/api/v1/admin/devices/{id}/approve" (DeviceId) [] -> 200 Device;
    /// Suspends a device; what runs on it ends.
    suspend_device: post "/api/v1/admin/devices/{id}/suspend" (DeviceId) [] -> 200 Device;
    /// Revokes a device for good; what runs on it ends.
    revoke_device: post "/api/v1/admin/devices/{id}/revoke" (DeviceId) [] -> 200 Device;
    /// Deletes a device's share of its container's key: what lies in it cannot be opened again.
    wipe_device: post "/api/v1/admin/devices/{id}/wipe" (DeviceId) [] -> 200 Device;
}
