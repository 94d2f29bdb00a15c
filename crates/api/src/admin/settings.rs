//! Settings of the tenant. Role: administrator.

use std::collections::BTreeMap;

use fernamt_domain::{DataCategory, DeviceKind, text_enum};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::push::PushSettings;
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
    /// What a person meets before a container is made.
    pub enrolment: EnrolmentSettings,
    /// Whether programs may use mail by a token, and for how long.
    pub programs: ProgramSettings,
    /// Whether this server fetches pictures from the internet for people who read mail.
    pub pictures: PictureSettings,
    /// Whether devices are told of new mail by their push services.
    pub push: PushSettings,
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
            enrolment: EnrolmentSettings::default(),
            programs: ProgramSettings::default(),
            pictures: PictureSettings::default(),
            push: PushSettings::default(),
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
    /// What mail and attachments on the device are guarded by.
    pub guards: ContainerGuards,
}

impl Default for ContainerSettings {
    fn default() -> Self {
        Self { idle_minutes: 10, passphrase_chars: 12, offline_days: 0, guards: ContainerGuards::default() }
    }
}

/// What people may do with mail and attachments besides reading them, and how the page hinders others from looking on.
/// Nothing may leave a container unless an administrator says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ContainerGuards {
    /// Whether text and pictures may be copied, cut or dragged out of the page.
    pub copy_out: bool,
    /// Whether the page may be printed.
    pub print: bool,
    /// Whether attachments may be saved outside the container.
    pub download: bool,
    /// Whether name and time lie over what is shown.
    pub watermark: bool,
    /// Whether everything is covered while the person is in another window.
    pub blur: bool,
}

/// What programs with a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ProgramSettings {
    /// Whether any program is served.
    pub enabled: bool,
    /// The most days that a new token is good for: 1 to 365.
    pub max_days: u16,
}

impl Default for ProgramSettings {
    fn default() -> Self {
        Self { enabled: false, max_days: 90 }
    }
}

/// The flow to the outside of this name: pictures of mail that lie on servers elsewhere, fetched when somebody asks for them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PictureSettings {
    /// Whether any is fetched.
    pub enabled: bool,
    /// Whether those are fetched, too, that are not encrypted on the way (`http:`).
    pub unencrypted: bool,
}

/// What a person meets before a container is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct EnrolmentSettings {
    /// The terms of use in German. Where both texts are empty, nothing has to be accepted.
    pub terms_de: String,
    /// The terms of use in English.
    pub terms_en: String,
    /// The most containers of a person: 1 to 50.
    pub containers: u16,
    /// The oldest version of Chromium, Chrome and Edge: 0 to 999, 0 for any. A browser may say another one than it has.
    pub chromium: u16,
    /// The oldest version of Firefox.
    pub firefox: u16,
    /// The oldest version of Safari.
    pub safari: u16,
    /// The security app that private phones need.
    pub app: SecurityApp,
    /// What phones and tablets may do, of which no browser attests what became of their system.
    pub unattested: Unattested,
}

text_enum! {
    /// What a phone or tablet may do while nobody attests that its system is as its maker made it.
    pub enum Unattested {
        /// The same as a PC.
        Allow = "allow",
        /// Have a container that never opens without the server.
        OnlineOnly = "online_only",
        /// Nothing: its container is neither made nor opened.
        Refuse = "refuse",
    }
}

/// A security app that has to be on private phones before they get mail. A browser cannot see it: the person says that it is
/// there, and each phone takes one of the licences.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct SecurityApp {
    /// Whether phones need it.
    pub demanded: bool,
    /// Its name, as people read it.
    pub name: String,
    /// How many licences there are: 0 to 50000.
    pub licences: u16,
}

impl Default for EnrolmentSettings {
    fn default() -> Self {
        Self {
            terms_de: String::new(),
            terms_en: String::new(),
            containers: 10,
            chromium: 0,
            firefox: 0,
            safari: 0,
            app: SecurityApp::default(),
            unattested: Unattested::Allow,
        }
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
    /// The most days of a program's token.
    pub program_days: Range,
    /// The most containers of a person.
    pub enrolment_containers: Range,
    /// The oldest version of a browser.
    pub enrolment_browser: Range,
    /// The most characters of each text of the terms of use.
    pub enrolment_terms_chars: u16,
    /// Licences of a security app.
    pub enrolment_licences: Range,
    /// The most characters of the name of a security app.
    pub enrolment_app_chars: u16,
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
/// The most days that a program's token may be set to be good for.
pub const PROGRAM_DAYS: Range = Range { least: 1, most: 365 };

/// The most containers that a person may be set to have.
pub const ENROLMENT_CONTAINERS: Range = Range { least: 1, most: 50 };
/// The oldest version of a browser that may be set; 0 for any.
pub const ENROLMENT_BROWSER: Range = Range { least: 0, most: 999 };
/// How many licences of a security app there may be.
pub const ENROLMENT_LICENCES: Range = Range { least: 0, most: 50_000 };
/// The most characters of the name of a security app.
pub const ENROLMENT_APP_CHARS: u16 = 80;
/// The most characters of each text of the terms of use.
pub const ENROLMENT_TERMS_CHARS: u16 = 20_000;

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
