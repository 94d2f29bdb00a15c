//! Settings of the tenant. Role: administrator.

use std::collections::BTreeMap;

use fernamt_domain::{DataCategory, DeviceKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::operations::operations;

/// What an administrator sets for the whole tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The administration's name, as people see it.
    pub name: String,
    /// The time zone of rules (IANA name).
    pub time_zone: String,
    /// The language of pages before sign-in: `de` or `en`.
    pub language: String,
    /// Kinds of device that wait for approval when they are enrolled.
    pub approval_needed: Vec<DeviceKind>,
    /// Minutes without activity after which a session ends: 5 to 480.
    pub idle_minutes: u16,
    /// Hours after which a session ends in any case: 1 to 24.
    pub session_hours: u16,
    /// Days that each data category is kept, where it differs from the default.
    pub retention_days: BTreeMap<DataCategory, u16>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: String::new(),
            time_zone: "Europe/Berlin".into(),
            language: "de".into(),
            approval_needed: vec![DeviceKind::SshKey, DeviceKind::Stick, DeviceKind::Phone],
            idle_minutes: 60,
            session_hours: 12,
            retention_days: BTreeMap::new(),
        }
    }
}

operations! { "settings";
    /// The settings in force.
    get_settings: get "/api/v1/admin/settings" () [] -> 200 Settings;
    /// Changes the settings.
    set_settings: put "/api/v1/admin/settings" () [Settings] -> 200 Settings;
}
