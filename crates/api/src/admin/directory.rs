//! The directory that people come from. Role: administrator.

use std::collections::BTreeMap;

use fernamt_domain::{DirectoryId, Secret};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::operations::operations;

/// A directory connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Directory {
    /// The directory.
    pub id: DirectoryId,
    /// Changes with every change of what the administrator sets, the password included; send it back when changing.
    pub version: String,
    /// What the administrator sets, without the password.
    #[serde(flatten)]
    pub fields: DirectoryFields,
    /// When it was last synchronised.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_sync_at: Option<OffsetDateTime>,
    /// What the last synchronisation brought.
    pub last_sync: Option<SyncReport>,
}

/// How a synchronisation went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SyncReport {
    /// It worked.
    pub ok: bool,
    /// `ok`, or the fault: `directory_address`, `directory_certificates`, `directory_unreachable`,
    /// `directory_untrusted`, `directory_timeout`, `directory_bind_refused`, `directory_base_missing`,
    /// `directory_filter`, `directory_incomplete`, `directory_nobody`, `directory_many_vanished`, `directory_answer`,
    /// `directory_broken`.
    pub code: String,
    /// What happened, in English, for people who read the API itself.
    pub detail: String,
    /// Values that belong in the sentence: `host`, `why` (in the words of the other side), `gone`, `known`, `code`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// People found.
    pub people: u32,
    /// Groups found.
    pub groups: u32,
    /// Names that are taken by people kept here and were left out.
    pub name_clashes: u32,
    /// Groups that the directory no longer names and that stay, since rules or features depend on them.
    pub kept_groups: u32,
    /// After how many wrong passwords the directory locks an account, as far as it tells.
    pub lockout_threshold: Option<u32>,
}

/// What the administrator sets of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryFields {
    /// What the administrator calls it.
    pub name: String,
    /// `ldaps://host:port`.
    pub url: String,
    /// The account that searches, such as `CN=fernamt,CN=Users,DC=amt,DC=test`.
    pub bind_dn: String,
    /// Where people and groups are found.
    pub base_dn: String,
    /// Which entries are people; empty: what suits Active Directory.
    #[serde(default)]
    pub person_filter: String,
    /// Which entries are groups; empty: what suits Active Directory.
    #[serde(default)]
    pub group_filter: String,
    /// The certificate authority in PEM; empty: those of the operating system.
    #[serde(default)]
    pub ca_pem: String,
    /// Wrong passwords per person that may reach the directory in a window; stay below its own lock-out.
    #[serde(default = "three")]
    pub max_failed_binds: u8,
}

fn three() -> u8 {
    3
}

/// A new directory, or one to test.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SetDirectory {
    /// What the administrator sets.
    #[serde(flatten)]
    pub fields: DirectoryFields,
    /// The searching account's password; left out, the stored one stays.
    #[schema(value_type = Option<String>)]
    pub bind_password: Option<Secret<String>>,
}

/// A change to a directory.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangeDirectory {
    /// The version that the change is based on.
    pub version: String,
    /// What the administrator sets.
    #[serde(flatten)]
    pub set: SetDirectory,
}

/// What a test of the connection brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryTest {
    /// Everything worked.
    pub ok: bool,
    /// A stable word: `ok`, `unreachable`, `certificate`, `bind_refused`, `base_not_found`, `nobody_found`.
    pub code: String,
    /// The fault more exactly, in the words of `SyncReport`; `None` if it worked.
    pub fault: Option<String>,
    /// What happened, in English, for people who read the API itself.
    pub detail: String,
    /// Values that belong in the sentence, as in `SyncReport`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// People found.
    pub people: u32,
    /// Groups found.
    pub groups: u32,
    /// The first few names, to see whether they are the right ones.
    pub sample: Vec<String>,
}

operations! { "directory";
    /// Directory connections.
    list_directories: get "/api/v1/admin/directories" () [] -> 200 Vec<Directory>;
    /// Connects a directory.
    create_directory: post "/api/v1/admin/directories" () [SetDirectory] -> 201 Directory;
    /// Changes a directory connection.
    change_directory: put "/api/v1/admin/directories/{id}" (DirectoryId) [ChangeDirectory] -> 200 Directory;
    /// Disconnects a directory; its people are disabled.
    remove_directory: delete "/api/v1/admin/directories/{id}" (DirectoryId) [] -> 204;
    /// Tests a connection without saving it.
    test_directory: post "/api/v1/admin/directories/test" () [SetDirectory] -> 200 DirectoryTest;
    /// Synchronises now.
    sync_directory: post "/api/v1/admin/directories/{id}/sync" (DirectoryId) [] -> 200 Directory;
}
