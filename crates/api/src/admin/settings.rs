//! Settings of the tenant. Role: administrator.

use std::collections::BTreeMap;

use fernamt_domain::{DataCategory, DeviceKind, text_enum};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::operations::operations;

/// What an administrator sets for the whole tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Settings {
    /// The administration's name, as people see it.
    pub name: String,
    /// The time zone of rules (IANA name).
    pub time_zone: String,
    /// The language of pages before sign-in: `de` or `en`.
    pub language: String,
    /// The accent colour of the sticks' windows as `#rrggbb`; ours when empty.
    pub accent: String,
    /// Kinds of device that wait for approval when they are enrolled.
    pub approval_needed: Vec<DeviceKind>,
    /// Minutes without activity after which a session ends: 5 to 480.
    pub idle_minutes: u16,
    /// Hours after which a session ends in any case: 1 to 24.
    pub session_hours: u16,
    /// What is demanded of sealed containers.
    pub container: ContainerSettings,
    /// Days that each data category is kept, where it differs from the default.
    pub retention_days: BTreeMap<DataCategory, u16>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: String::new(),
            time_zone: "Europe/Berlin".into(),
            language: "de".into(),
            accent: String::new(),
            approval_needed: vec![DeviceKind::SshKey, DeviceKind::Stick, DeviceKind::Phone],
            idle_minutes: 60,
            session_hours: 12,
            container: ContainerSettings::default(),
            retention_days: BTreeMap::new(),
        }
    }
}

/// What is demanded of the sealed containers on people's devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ContainerSettings {
    /// Minutes without activity after which a container locks: 1 to 600.
    pub idle_minutes: u16,
    /// The fewest characters of a passphrase: 8 to 64.
    pub passphrase_chars: u16,
    /// Days after a sign-in during which a container may be opened without the server: 0 to 30, 0 for never.
    pub offline_days: u16,
}

impl Default for ContainerSettings {
    fn default() -> Self {
        Self { idle_minutes: 10, passphrase_chars: 12, offline_days: 0 }
    }
}

/// The settings in force, with what they may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettingsView {
    /// Changes with every change of the settings; send it back when changing.
    pub version: String,
    /// What the administrator sets.
    pub settings: Settings,
    /// The deletion rule of each data category.
    pub retention: Vec<RetentionRule>,
    /// What the numbers may be.
    pub limits: SettingsLimits,
}

/// A data category's deletion rule and what an administrator may make of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetentionRule {
    /// The category.
    pub category: DataCategory,
    /// When the period begins.
    pub start: RetentionBegins,
    /// Days that the data are kept unless the settings say otherwise.
    pub default_days: u16,
    /// The most days that may be set; 0 where nothing can be set.
    pub max_days: u16,
}

text_enum! {
    /// When the period of a deletion rule begins.
    pub enum RetentionBegins {
        /// When the data were made.
        Creation = "creation",
        /// When they ended: a session signed out, a person removed, a device revoked.
        End = "end",
        /// Never by time: they go with what they belong to.
        WithOwner = "with_owner",
    }
}

/// What the numbers of the settings may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettingsLimits {
    /// Minutes without activity.
    pub idle_minutes: Range,
    /// Hours of a session.
    pub session_hours: Range,
    /// Minutes until a container locks.
    pub container_idle_minutes: Range,
    /// The fewest characters of a container's passphrase.
    pub container_passphrase_chars: Range,
    /// Days of opening a container offline.
    pub container_offline_days: Range,
    /// The most characters of the administration's name.
    pub name_chars: u16,
}

/// The least and the most of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Range {
    /// The least.
    pub least: u16,
    /// The most.
    pub most: u16,
}

impl Range {
    /// Whether a number is within.
    pub fn holds(self, number: u16) -> bool {
        (self.least..=self.most).contains(&number)
    }
}

/// Minutes without activity after which a session may be set to end.
pub const IDLE_MINUTES: Range = Range { least: 5, most: 480 };
/// Hours after which a session may be set to end in any case.
pub const SESSION_HOURS: Range = Range { least: 1, most: 24 };
/// Minutes without activity after which a container may be set to lock.
pub const CONTAINER_IDLE_MINUTES: Range = Range { least: 1, most: 600 };
/// The fewest characters that a container's passphrase may be set to have.
pub const CONTAINER_PASSPHRASE_CHARS: Range = Range { least: 8, most: 64 };
/// Days after a sign-in during which a container may be set to open offline.
pub const CONTAINER_OFFLINE_DAYS: Range = Range { least: 0, most: 30 };

/// A change to the settings.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeSettings {
    /// The version that the change is based on.
    pub version: String,
    /// All settings.
    pub settings: Settings,
}

operations! { "settings";
    /// The settings in force.
    get_settings: get "/api/v1/admin/settings" () [] -> 200 SettingsView;
    /// Changes the settings.
    set_settings: put "/api/v1/admin/settings" () [ChangeSettings] -> 200 SettingsView;
}
