//! Sticks: made for people, handed out, taken back. Role: administrator or control desk. A stick is a device, so it
//! stands among the devices too; what is done to it there acts the same.

use fernamt_domain::{DeviceId, GroupId, PersonId, text_enum};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use crate::{Page, admin::people::PersonRef, operations::operations, stick::LineQuality};

/// The most people whose sticks are made in one step, and the most sticks in one package.
pub const MAX_STICKS_AT_ONCE: usize = 1000;

text_enum! {
    /// How things stand with a stick.
    pub enum StickState {
        /// Made, but not activated: it has no key yet.
        Ordered = "ordered",
        /// Activated, but to be approved again: the house was restored from a backup.
        Pending = "pending",
        /// May be used.
        Approved = "approved",
        /// Blocked for the time being.
        Suspended = "suspended",
        /// Blocked for good.
        Revoked = "revoked",
    }
}

text_enum! {
    /// Why a stick is blocked for good.
    pub enum StickEnd {
        /// It was lost or stolen.
        Lost = "lost",
        /// It is not needed any more.
        Ended = "ended",
    }
}

/// A stick.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Stick {
    /// The stick: a device.
    pub id: DeviceId,
    /// Whose it is.
    pub person_id: PersonId,
    /// The person's name as others see it.
    pub person_name: String,
    /// What it is called.
    pub name: String,
    /// How things stand with it.
    pub state: StickState,
    /// Why it is blocked for good.
    pub revoked_as: Option<StickEnd>,
    /// A copy of it was used, so it was suspended. A new activation code makes it usable again, and the copy worthless.
    pub copied: bool,
    /// When the copy was noticed.
    #[serde(with = "time::serde::rfc3339::option")]
    pub copied_at: Option<OffsetDateTime>,
    /// Until when its activation code is good, if one waits to be used.
    #[serde(with = "time::serde::rfc3339::option")]
    pub activation_until: Option<OffsetDateTime>,
    /// The version of the program on it, as it said at its last sign-in.
    pub program: Option<String>,
    /// The operating system at its last sign-in: `linux` or `windows`.
    pub system: Option<String>,
    /// The fingerprint of its key, once it has one.
    pub fingerprint: Option<String>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// The day it was last used.
    pub last_seen_on: Option<Date>,
    /// How its line did last; forgotten after the days of the data category `line`.
    pub line: Option<LineQuality>,
    /// The day of that.
    pub line_on: Option<Date>,
    /// Connections that run over it now.
    pub connections: u32,
}

/// Which sticks to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct StickQuery {
    /// Words that must stand in the stick's or the person's name.
    pub q: Option<String>,
    /// Only this state.
    pub state: Option<StickState>,
    /// Only this person's.
    pub person: Option<PersonId>,
    /// Only those of which a copy was used.
    pub copied: bool,
    /// How many entries to skip.
    pub offset: u64,
    /// How many entries to return: 50 unless said, at most 200.
    pub limit: Option<u64>,
}

/// For whom sticks are made: either people or one group.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct CreateSticks {
    /// These people, at most 1,000.
    pub people: Vec<PersonId>,
    /// Everybody in this group, directly or through other groups; at most 1,000 people.
    pub group: Option<GroupId>,
    /// Also for people who have one already.
    pub additional: bool,
}

/// Sticks that were made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreatedSticks {
    /// Each with its activation code.
    pub sticks: Vec<CreatedStick>,
    /// Who got none, and why.
    pub left_out: Vec<LeftOut>,
}

/// A stick that was made, or that got a new activation code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreatedStick {
    /// The stick.
    pub stick: Stick,
    /// The activation code, shown once: hand it over apart from the stick.
    pub activation_code: String,
    /// Until when the code is good.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// Somebody for whom no stick was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    /// Who.
    pub person: PersonRef,
    /// Why.
    pub reason: LeftOutReason,
}

text_enum! {
    /// Why no stick was made for somebody.
    pub enum LeftOutReason {
        /// They may not sign in.
        Disabled = "disabled",
        /// They have one already.
        HasStick = "has_stick",
        /// They have as many devices as one person may have.
        TooManyDevices = "too_many_devices",
    }
}

/// What is handed out with every stick, and what is missing for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StickDelivery {
    /// Whether sticks can be packed.
    pub ready: bool,
    /// If not: a stable word, `programs_missing` (no program lies in `folder`) or `no_way` (neither the SSH port nor the
    /// HTTPS port can be reached from outside).
    pub fault: Option<String>,
    /// The folder on the server where the programs belong.
    pub folder: String,
    /// The programs that are there.
    pub programs: Vec<StickProgram>,
    /// The programs that are missing: without one of them, sticks do not work on computers of that system.
    pub missing: Vec<String>,
    /// The SSH port from outside as `host:port`, if sticks try it.
    pub ssh: Option<String>,
    /// The HTTPS port from outside, if sticks try it.
    pub websocket: Option<String>,
}

/// A program that is handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StickProgram {
    /// Its file: `fernamt-stick` for Linux or `fernamt-stick.exe` for Windows.
    pub file: String,
    /// Its size.
    pub bytes: u64,
}

/// Which sticks to pack together.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct PackSticks {
    /// At most 1,000 sticks.
    pub sticks: Vec<DeviceId>,
}

operations! { "sticks";
    /// Sticks: those of which a copy was used first, then by person.
    list_sticks: get "/api/v1/admin/sticks" () query StickQuery [] -> 200 Page<Stick>;
    /// Makes sticks for people or a group in one step. Each answer holds its activation code, once.
    create_sticks: post "/api/v1/admin/sticks" () [CreateSticks] -> 201 CreatedSticks;
    /// What is handed out with every stick, and what is missing for it.
    stick_delivery: get "/api/v1/admin/sticks/delivery" () [] -> 200 StickDelivery;
    /// Packs several sticks into one ZIP file: the programs once, and a folder for each stick. There is no secret in it.
    pack_sticks: post "/api/v1/admin/sticks/packages" () [PackSticks] -> 200 String;
    /// One stick.
    get_stick: get "/api/v1/admin/sticks/{id}" (DeviceId) [] -> 200 Stick;
    /// The ZIP file to unpack onto a stick. There is no secret in it.
    pack_stick: get "/api/v1/admin/sticks/{id}/package" (DeviceId) [] -> 200 String;
    /// Makes a new activation code. The key on the stick counts no more; what runs on it ends.
    new_activation_code: post "/api/v1/admin/sticks/{id}/activation-code" (DeviceId) [] -> 200 CreatedStick;
    /// Suspends a stick; what runs on it ends.
    suspend_stick: post "/api/v1/admin/sticks/{id}/suspend" (DeviceId) [] -> 200 Stick;
    /// Lets a suspended or pending stick be used again. Refused (`stick_copied`) for one of which a copy was used: make
    /// a new activation code.
    resume_stick: post "/api/v1/admin/sticks/{id}/resume" (DeviceId) [] -> 200 Stick;
    /// Blocks a lost stick for good; what runs on it ends.
    lose_stick: post "/api/v1/admin/sticks/{id}/lost" (DeviceId) [] -> 200 Stick;
    /// Blocks a stick for good that is not needed any more; what runs on it ends.
    end_stick: post "/api/v1/admin/sticks/{id}/end" (DeviceId) [] -> 200 Stick;
}
