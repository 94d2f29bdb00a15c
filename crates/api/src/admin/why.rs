//! "Why?": the decision for any person, target and situation, with the rules that made it. Role: administrator.

use std::collections::BTreeMap;

use fernamt_domain::{DeviceKind, DeviceState, Method, PersonId, RuleId, TargetId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{admin::rules::Effect, operations::operations};

/// A situation to decide.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WhyRequest {
    /// Who.
    pub person_id: PersonId,
    /// What.
    pub target_id: TargetId,
    /// On which kind of device.
    pub device_kind: DeviceKind,
    /// In which state.
    pub device_state: DeviceState,
    /// Signed in by these methods.
    pub methods: Vec<Method>,
    /// Through which zone.
    pub zone: String,
    /// From which address.
    pub address: String,
    /// When; now unless said.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub at: Option<OffsetDateTime>,
}

/// The decision and how it came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WhyAnswer {
    /// Whether it is allowed.
    pub allowed: bool,
    /// `rule` if rules decided, `no_rule` if none applied, `person_disabled`, `target_disabled`.
    pub reason: String,
    /// The rules that decided; when none applied, each rule that touches the target.
    pub rules: Vec<WhyRule>,
    /// When the decision next changes by itself, because a time window begins or ends.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_change: Option<OffsetDateTime>,
}

/// A rule's part in a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WhyRule {
    /// The rule.
    pub id: RuleId,
    /// Its name.
    pub name: String,
    /// What it does where it applies.
    pub effect: Option<Effect>,
    /// Whether it decided.
    pub decided: bool,
    /// Its conditions, each with whether it holds.
    pub conditions: Vec<WhyCondition>,
}

/// One condition of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhyCondition {
    /// A stable word: `subject`, `target`, `device_kind`, `device_state`, `second_factor`, `zone`, `network`, `time`,
    /// `valid_from`, `valid_until`, `expert`.
    pub code: String,
    /// Whether it holds.
    pub holds: bool,
    /// What the rule asks for and what was there, as words for the sentence.
    pub params: BTreeMap<String, String>,
}

operations! { "why";
    /// Decides a situation and explains the decision.
    why: post "/api/v1/admin/why" () [WhyRequest] -> 200 WhyAnswer;
}
