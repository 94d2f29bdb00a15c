//! Targets that people set up for themselves ("my PC at work"). Role: administrator.
//!
//! Off until an administrator decides otherwise. The decision names the networks where such targets may be and a reason;
//! the audit log keeps who decided it and when.

use fernamt_domain::{PersonId, TargetId, TargetKind};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{Page, admin::people::PersonRef, operations::operations, page::ListQuery};

/// The most networks of a decision.
pub const MAX_NETWORKS: usize = 50;

/// Whether people may set up targets for themselves, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnTargetsDecision {
    /// Changes with every decision; send it back when deciding anew.
    pub version: String,
    /// Whether they may.
    pub enabled: bool,
    /// The networks where such targets may be, such as `10.20.0.0/16`.
    pub networks: Vec<String>,
    /// Why it was decided so.
    pub reason: String,
    /// Who decided it; `None` while nobody has.
    pub decided_by: Option<PersonRef>,
    /// When it was decided.
    #[serde(with = "time::serde::rfc3339::option")]
    pub decided_at: Option<OffsetDateTime>,
    /// The most targets of one person.
    pub most_per_person: u16,
    /// How many there are.
    pub targets: u32,
}

/// A decision on targets that people set up for themselves.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DecideOwnTargets {
    /// The version that the decision is based on.
    pub version: String,
    /// Whether people may set up targets for themselves. If not, those that exist cannot be opened.
    pub enabled: bool,
    /// The networks where such targets may be, at most 50; at least one if enabled.
    pub networks: Vec<String>,
    /// Why, for the audit log: 10 to 500 characters. No names of people.
    #[schema(min_length = 10, max_length = 500)]
    pub reason: String,
}

/// A target that somebody set up for themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonsTarget {
    /// The target.
    pub id: TargetId,
    /// Whose it is.
    pub person_id: PersonId,
    /// That person's name as others see it.
    pub person_name: String,
    /// What they call it.
    pub name: String,
    /// What is spoken to it.
    pub kind: TargetKind,
    /// Host name or address inside the house.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

operations! { "own-targets-admin";
    /// The decision in force.
    own_targets_decision: get "/api/v1/admin/own-targets/decision" () [] -> 200 OwnTargetsDecision;
    /// Decides anew.
    decide_own_targets: put "/api/v1/admin/own-targets/decision" () [DecideOwnTargets] -> 200 OwnTargetsDecision;
    /// What people set up for themselves, by person.
    list_persons_targets: get "/api/v1/admin/own-targets" () query ListQuery [] -> 200 Page<PersonsTarget>;
    /// Removes a target that somebody set up; connections to it end.
    remove_persons_target: delete "/api/v1/admin/own-targets/{id}" (TargetId) [] -> 204;
}
