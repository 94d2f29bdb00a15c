//! How the installation fares. Role: administrator.

use std::{collections::BTreeMap, fmt};

use fernamt_domain::text_enum;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::operations::operations;

text_enum! {
    /// How a part fares.
    pub enum PartState {
        /// All is well.
        Ok = "ok",
        /// It works, but somebody should look.
        Warning = "warning",
        /// It does not work.
        Failed = "failed",
        /// It is not set up.
        Off = "off",
    }
}

/// A part of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Part {
    /// A stable word: `database`, `directory`, `backup`, `targets`, `certificate`, `ssh`, `sticks`.
    pub part: String,
    /// How it fares.
    pub state: PartState,
    /// A stable word for what is the matter, such as `backup_too_old`.
    pub code: String,
    /// What was seen, in English, for people who read the API itself.
    pub detail: String,
    /// Values that belong in the sentence: `hours` of a backup, the day `until` of a certificate, the `address` of the
    /// SSH gateway, numbers of targets (`down`, `wrong`, `seen`) or directories (`late`, `minutes`), the `name` of a
    /// directory with its `fault` (see `SyncReport`) and what belongs to that, how many `sticks` there are and of how many
    /// a copy was used (`copied`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
}

impl Part {
    /// A part without values.
    pub fn new(part: &str, state: PartState, code: &str, detail: impl Into<String>) -> Self {
        Self { part: part.to_owned(), state, code: code.to_owned(), detail: detail.into(), params: BTreeMap::new() }
    }

    /// With a value that belongs in the sentence.
    #[must_use]
    pub fn param(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.params.insert(name.to_owned(), format!("{value}"));
        self
    }
}

/// How the installation fares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// The program's version.
    pub version: String,
    /// Since when it runs.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// Its parts.
    pub parts: Vec<Part>,
    /// Devices that wait for approval.
    pub pending_devices: u32,
    /// Sessions that are open.
    pub open_sessions: u32,
    /// Connections that run.
    pub connections: u32,
    /// The zones of the listeners.
    pub zones: Vec<String>,
}

operations! { "health";
    /// How the installation fares.
    health: get "/api/v1/admin/health" () [] -> 200 Health;
}
