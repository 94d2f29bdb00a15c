//! The audit log. Role: administrator or data protection.

use fernamt_domain::{
    PersonId, RevealId, TargetId, TenantId,
    audit::{AuditKind, Outcome, SignedHead},
    text_enum,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::{admin::people::PersonRef, operations::operations};

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
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
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
    #[schema(value_type = WireHead)]
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

/// How a signed head looks on the wire; it describes the domain's own type.
#[derive(ToSchema)]
#[schema(as = SignedHead)]
#[expect(dead_code, reason = "describes the type for the document")]
struct WireHead {
    /// Whose chain.
    tenant: TenantId,
    /// The entry that the head stands after.
    sequence: u64,
    /// The head: SHA-256 in hexadecimal.
    head: String,
    /// When it was signed.
    signed_at: OffsetDateTime,
    /// The Ed25519 signature (RFC 8032) in hexadecimal.
    signature: String,
}

/// A wish to know who stands behind a pseudonym of the log, or under which pseudonym somebody stands in it. It takes
/// two people: an administrator and a data-protection officer, one to ask and the other to decide.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AskReveal {
    /// What is wanted.
    pub wanted: RevealWanted,
    /// Why, for who decides and for the log: 10 to 500 characters. No names of people.
    #[schema(min_length = 10, max_length = 500)]
    pub reason: String,
}

/// What is to be revealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RevealWanted {
    /// The person behind a pseudonym.
    Person {
        /// The pseudonym.
        pseudonym: String,
    },
    /// The pseudonym of a person.
    Pseudonym {
        /// The person.
        person_id: PersonId,
    },
}

text_enum! {
    /// How things stand with a wish to reveal.
    pub enum RevealState {
        /// It waits for the other duty.
        Asked = "asked",
        /// It was agreed to: who asked may look.
        Approved = "approved",
        /// It was turned down.
        Refused = "refused",
    }
}

/// A wish to reveal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reveal {
    /// The wish.
    pub id: RevealId,
    /// What is wanted.
    pub wanted: RevealWanted,
    /// For a pseudonym that is wanted: the person's name as others see it.
    pub person_name: Option<String>,
    /// Why.
    pub reason: String,
    /// How things stand.
    pub state: RevealState,
    /// Who asked.
    pub asked_by: Option<PersonRef>,
    /// When it was asked.
    #[serde(with = "time::serde::rfc3339")]
    pub asked_at: OffsetDateTime,
    /// Who decided.
    pub decided_by: Option<PersonRef>,
    /// When it was decided.
    #[serde(with = "time::serde::rfc3339::option")]
    pub decided_at: Option<OffsetDateTime>,
    /// Until when it can be decided and looked at.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// Whether you may decide: you hold the other duty and did not ask.
    pub may_decide: bool,
    /// Whether you may look: you asked, and it was agreed to.
    pub may_look: bool,
}

/// What was revealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Revealed {
    /// The pseudonym; `None` if the person does not stand in the log.
    pub pseudonym: Option<String>,
    /// The person; `None` if the link was deleted because its time was over.
    pub person: Option<PersonRef>,
}

operations! { "audit";
    /// Entries, newest first.
    search_audit: get "/api/v1/admin/audit" () query AuditQuery [] -> 200 AuditPage;
    /// Entries as JSON lines, oldest first.
    export_audit: get "/api/v1/admin/audit/export" () query AuditQuery [] -> 200 String;
    /// Signs the chain's head, to be kept outside the house.
    audit_head: get "/api/v1/admin/audit/head" () [] -> 200 ExportedHead;
    /// Wishes to reveal of the last days, newest first.
    list_reveals: get "/api/v1/admin/audit/reveals" () [] -> 200 Vec<Reveal>;
    /// Asks to reveal a pseudonym or a person.
    ask_reveal: post "/api/v1/admin/audit/reveals" () [AskReveal] -> 201 Reveal;
    /// Agrees to a wish of somebody with the other duty.
    approve_reveal: post "/api/v1/admin/audit/reveals/{id}/approve" (RevealId) [] -> 200 Reveal;
    /// Turns a wish down, or takes one's own back.
    refuse_reveal: post "/api/v1/admin/audit/reveals/{id}/refuse" (RevealId) [] -> 200 Reveal;
    /// Looks at what was agreed to. Each look is written down.
    look_at_reveal: post "/api/v1/admin/audit/reveals/{id}/look" (RevealId) [] -> 200 Revealed;
    /// Verifies the chain.
    verify_audit: post "/api/v1/admin/audit/verify" () [] -> 200 Verification;
}
