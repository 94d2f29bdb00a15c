//! The audit log. Role: administrator or data protection.

use fernamt_domain::{
    TargetId,
    audit::{AuditKind, Outcome, SignedHead},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::operations::operations;

/// One entry. People stand in it by pseudonym.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Its number in the chain.
    pub sequence: u64,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What kind of thing.
    pub kind: AuditKind,
    /// What exactly.
    pub action: String,
    /// How it went.
    pub outcome: Outcome,
    /// Who did it, by pseudonym.
    pub actor: Option<String>,
    /// To whom it was done, by pseudonym.
    pub subject: Option<String>,
    /// The target concerned.
    pub target_id: Option<TargetId>,
    /// The target's name today, if it still exists.
    pub target_name: Option<String>,
    /// The zone it came from.
    pub zone: Option<String>,
    /// More facts.
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
}

/// Entries, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    /// The entries.
    pub items: Vec<AuditEntry>,
    /// Pass as `before` for the next page; `None` on the last.
    pub next: Option<u64>,
}

/// Which entries to show.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct AuditQuery {
    /// Only this kind.
    pub kind: Option<AuditKind>,
    /// Only this outcome.
    pub outcome: Option<Outcome>,
    /// Only this target.
    pub target: Option<TargetId>,
    /// Only this person, by pseudonym.
    pub pseudonym: Option<String>,
    /// Not before this moment.
    #[serde(with = "time::serde::rfc3339::option")]
    pub from: Option<OffsetDateTime>,
    /// Before this moment.
    #[serde(with = "time::serde::rfc3339::option")]
    pub until: Option<OffsetDateTime>,
    /// Only entries with a lower number.
    pub before: Option<u64>,
    /// How many entries to return: 50 unless said, at most 200.
    pub limit: Option<u64>,
}

/// A signed head and the key to verify it with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExportedHead {
    /// The head.
    #[schema(value_type = Object)]
    pub head: SignedHead,
    /// The Ed25519 public key in hexadecimal.
    pub public_key: String,
}

/// Whether the chain verifies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Verification {
    /// It is intact.
    pub intact: bool,
    /// How many entries were looked at.
    pub entries: u64,
    /// The fault, in English.
    pub fault: Option<String>,
}

operations! { "audit";
    /// Entries, newest first.
    search_audit: get "/api/v1/admin/audit" () query AuditQuery [] -> 200 AuditPage;
    /// Entries as JSON lines, oldest first.
    export_audit: get "/api/v1/admin/audit/export" () query AuditQuery [] -> 200 String;
    /// Signs the chain's head, to be kept outside the house.
    audit_head: get "/api/v1/admin/audit/head" () [] -> 200 ExportedHead;
    /// Verifies the chain.
    verify_audit: post "/api/v1/admin/audit/verify" () [] -> 200 Verification;
}
