//! Targets and their import in bulk. Role: administrator.

use std::collections::BTreeMap;

use fernamt_domain::{BundleId, ImportId, TargetId, TargetKind};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Page,
    admin::{people::PersonRef, rules::RuleRef},
    operations::operations,
    targets::HealthState,
};

/// A target by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TargetRef {
    /// The target.
    pub id: TargetId,
    /// Its name.
    pub name: String,
    /// What is spoken to it.
    pub kind: TargetKind,
}

/// A target with everything an administrator sets and sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Target {
    /// The target.
    pub id: TargetId,
    /// Changes with every change of the target; send it back when changing.
    pub version: String,
    /// What the administrator sets.
    #[serde(flatten)]
    pub fields: TargetFields,
    /// The pinned certificate's SHA-256, in hexadecimal.
    pub pinned_certificate: Option<String>,
    /// Whether it answers.
    pub health: HealthState,
    /// What was seen at the last look: a stable word such as `target_unreachable`.
    pub health_detail: Option<String>,
    /// When it was last looked at.
    #[serde(with = "time::serde::rfc3339::option")]
    pub checked_at: Option<OffsetDateTime>,
    /// Bundles it belongs to.
    pub bundles: Vec<BundleId>,
    /// The rules that name it or one of its bundles, switched off ones too. Rules about all targets, or all of its
    /// kind, are not among them.
    pub used_by_rules: Vec<RuleRef>,
}

/// What the administrator sets of a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TargetFields {
    /// The name, unique in the tenant.
    #[schema(max_length = 100)]
    pub name: String,
    /// The heading it stands under on the start page.
    #[serde(default)]
    pub folder: String,
    /// The name of its icon.
    #[serde(default)]
    pub icon: String,
    /// A sentence on what it is for.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub description: String,
    /// Host name or address inside the house.
    #[schema(max_length = 253)]
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// What a target of this kind needs beyond host and port.
    pub settings: TargetSettings,
    /// Whether it may be used at all.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// What a target of each kind needs beyond host and port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TargetSettings {
    /// A desktop by RDP.
    Rdp {
        /// Network level authentication (`CredSSP`) is required.
        #[serde(default)]
        nla: bool,
        /// Clipboard text may pass.
        #[serde(default)]
        clipboard: bool,
        /// Drives may be passed into the desktop.
        #[serde(default)]
        drives: bool,
        /// Printers may be passed into the desktop.
        #[serde(default)]
        printers: bool,
        /// Sign on with what the person typed at sign-in.
        #[serde(default)]
        sign_on: bool,
        /// The Windows domain.
        #[serde(default)]
        domain: Option<String>,
        /// Load-balance information for a session broker.
        #[serde(default)]
        load_balance_info: Option<String>,
    },
    /// A host by SSH.
    Ssh {},
    /// Any service by TCP.
    Tcp {
        /// The command to start once the tunnel stands, with `{host}` and `{port}` for our end of it.
        #[serde(default)]
        start_command: Option<String>,
    },
    /// An internal web application.
    Web {
        /// The first label of its host name.
        #[schema(max_length = 63)]
        label: String,
        /// Speak TLS to it.
        #[serde(default)]
        tls: bool,
        /// The path opened first.
        #[serde(default)]
        start_path: Option<String>,
    },
}

/// A change to a target.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeTarget {
    /// The version that the change is based on.
    pub version: String,
    /// All that the administrator sets.
    #[serde(flatten)]
    pub fields: TargetFields,
}

/// A certificate that was learnt or is offered for pinning.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LearntCertificate {
    /// SHA-256 of the certificate, in hexadecimal.
    pub sha256: String,
    /// Whom it names.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Until when it is valid.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
}

/// The certificate to pin, after the administrator compared it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PinCertificate {
    /// SHA-256 of the certificate, in hexadecimal; `None` removes the pin.
    pub sha256: Option<String>,
}

/// Which targets to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct TargetQuery {
    /// Words that must stand in the name, host or folder.
    pub q: Option<String>,
    /// Only this kind.
    pub kind: Option<TargetKind>,
    /// Only this state of health.
    pub health: Option<HealthState>,
    /// How many entries to skip.
    pub offset: u64,
    /// How many entries to return: 50 unless said, at most 200.
    pub limit: Option<u64>,
}

/// A table of targets as CSV.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportRequest {
    /// The file's bytes in base64: UTF-8 or Windows-1252, separated by comma or semicolon, at most 5,000 rows.
    pub csv_base64: String,
    /// Only show what would happen.
    pub preview: bool,
}

/// What an import would do, or did.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportResult {
    /// The import, once applied; it can be undone.
    pub id: Option<ImportId>,
    /// Row by row.
    pub rows: Vec<ImportRow>,
    /// Faults; while there is one, nothing is applied.
    pub faults: Vec<ImportFault>,
}

/// What happens with one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportRow {
    /// The line in the file, the header being line 1.
    pub line: u32,
    /// The target's name.
    pub name: String,
    /// `create`, `change` or `unchanged`.
    pub action: String,
    /// The bundle it is put into.
    pub bundle: Option<String>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportFault {
    /// The line in the file, the header being line 1.
    pub line: u32,
    /// The column's name.
    pub column: Option<String>,
    /// A stable word for the fault.
    pub code: String,
    /// What is wrong, in English.
    pub detail: String,
    /// Values that belong in the sentence.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
}

/// An import that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PastImport {
    /// The import.
    pub id: ImportId,
    /// When it was applied.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who applied it, unless they are gone.
    pub by: Option<PersonRef>,
    /// How many targets it made.
    pub created: u32,
    /// How many targets it changed or put into bundles.
    pub changed: u32,
    /// When it was undone.
    #[serde(with = "time::serde::rfc3339::option")]
    pub undone_at: Option<OffsetDateTime>,
    /// The day from which it can no longer be undone, because what was there before is deleted.
    pub kept_until: Date,
}

/// What undoing an import did.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UndoResult {
    /// Targets set back to what they were.
    pub restored: u32,
    /// Names of targets left alone, because somebody changed them since.
    pub kept: Vec<String>,
}

operations! { "targets-admin";
    /// Targets, by name.
    list_targets: get "/api/v1/admin/targets" () query TargetQuery [] -> 200 Page<Target>;
    /// Makes a target.
    create_target: post "/api/v1/admin/targets" () [TargetFields] -> 201 Target;
    /// One target.
    get_target: get "/api/v1/admin/targets/{id}" (TargetId) [] -> 200 Target;
    /// Changes a target.
    change_target: put "/api/v1/admin/targets/{id}" (TargetId) [ChangeTarget] -> 200 Target;
    /// Removes a target; connections to it end.
    remove_target: delete "/api/v1/admin/targets/{id}" (TargetId) [] -> 204;
    /// Looks at the certificate that a target shows now, without pinning it.
    look_at_certificate: post "/api/v1/admin/targets/{id}/certificate" (TargetId) [] -> 200 LearntCertificate;
    /// Pins a certificate, or removes the pin.
    pin_certificate: put "/api/v1/admin/targets/{id}/certificate" (TargetId) [PinCertificate] -> 200 Target;
    /// Looks at a target now.
    check_target: post "/api/v1/admin/targets/{id}/check" (TargetId) [] -> 200 Target;
    /// Imports targets from a table, or shows what would happen.
    import_targets: post "/api/v1/admin/targets/import" () [ImportRequest] -> 200 ImportResult;
    /// Imports that can still be undone, or were, newest first; at most 50.
    list_imports: get "/api/v1/admin/targets/imports" () [] -> 200 Vec<PastImport>;
    /// Undoes an import.
    undo_import: post "/api/v1/admin/targets/import/{id}/undo" (ImportId) [] -> 200 UndoResult;
    /// All targets as a table that can be imported again.
    export_targets: get "/api/v1/admin/targets/export" () [] -> 200 String;
}
