//! "Why?": the decision for any person, target and situation, with the rules that made it. Role: administrator.

use fernamt_domain::{DeviceKind, DeviceState, Method, PersonId, RuleId, TargetId, text_enum};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use crate::{
    admin::rules::{Effect, TimeWindow},
    operations::operations,
};

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
    /// What decided.
    pub reason: WhyReason,
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

text_enum! {
    /// What decided.
    pub enum WhyReason {
        /// Rules did.
        Rule = "rule",
        /// No rule applied, so it is denied.
        NoRule = "no_rule",
        /// It is the person's own target, and no rule denies it.
        Owner = "owner",
        /// It is somebody else's own target.
        NotOwner = "not_owner",
        /// It is the person's own target, but nobody decided that people may have such.
        OwnTargetsOff = "own_targets_off",
        /// A rule cannot be worked out, so everything is denied.
        FaultyRules = "faulty_rules",
        /// The person is disabled.
        PersonDisabled = "person_disabled",
        /// The target is switched off.
        TargetDisabled = "target_disabled",
        /// The device is suspended or revoked.
        DeviceBlocked = "device_blocked",
    }
}

text_enum! {
    /// What a condition asks for.
    pub enum WhyCode {
        /// The rule is switched on. Named only where it is not.
        Enabled = "enabled",
        /// The person is one of those whom the rule is about.
        Subject = "subject",
        /// The target is one of those that the rule is about.
        Target = "target",
        /// The device is of one of the kinds.
        DeviceKind = "device_kind",
        /// The device is in one of the states.
        DeviceState = "device_state",
        /// A second factor was used.
        SecondFactor = "second_factor",
        /// The request came through one of the zones.
        Zone = "zone",
        /// The request came from one of the networks.
        Network = "network",
        /// It is one of the weekly windows.
        Time = "time",
        /// The rule's first day has come.
        ValidFrom = "valid_from",
        /// The rule's last day is not over.
        ValidUntil = "valid_until",
        /// The expert's Cedar text is satisfied.
        Expert = "expert",
    }
}

text_enum! {
    /// What kind of thing a term of a condition is.
    pub enum WhyTermKind {
        /// Everybody, whoever it is; the text is empty.
        Everybody = "everybody",
        /// A person, by the name that others see.
        Person = "person",
        /// A group, by name.
        Group = "group",
        /// All targets; the text is empty.
        AllTargets = "all_targets",
        /// A target, by name.
        Target = "target",
        /// A bundle, by name.
        Bundle = "bundle",
        /// A kind of target, such as `rdp`.
        TargetKind = "target_kind",
        /// A kind of device, such as `browser`.
        DeviceKind = "device_kind",
        /// A state of a device, such as `pending`.
        DeviceState = "device_state",
        /// A way of signing in, such as `totp`.
        Method = "method",
        /// A network zone, by name.
        Zone = "zone",
        /// A network in CIDR form, or an address.
        Network = "network",
        /// A day, `2026-11-02`.
        Date = "date",
    }
}

/// One condition of a rule: what it asks for and what was there. Nothing in it is a sentence; those are the reader's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhyCondition {
    /// What it asks for.
    pub code: WhyCode,
    /// Whether it holds.
    pub holds: bool,
    /// What the rule asks for: one of these.
    pub expected: Vec<WhyTerm>,
    /// What was there.
    pub actual: Vec<WhyTerm>,
    /// For `time`: the windows of the week, one of which is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<TimeWindow>,
    /// For `time`: the moment of the situation on the tenant's clock.
    pub moment: Option<WhyMoment>,
    /// For `expert`: what Cedar could not work out, in Cedar's words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

/// A thing that a condition speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhyTerm {
    /// What kind of thing.
    pub kind: WhyTermKind,
    /// Its name, or its stable word.
    pub text: String,
    /// Its id, where it has a page of its own and still exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// A moment on the tenant's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhyMoment {
    /// The day.
    pub date: Date,
    /// The weekday, Monday being 1 and Sunday 7 (ISO 8601).
    pub weekday: u8,
    /// The minute, as `HH:MM`.
    pub time: String,
}

operations! { "why";
    /// Decides a situation and explains the decision.
    why: post "/api/v1/admin/why" () [WhyRequest] -> 200 WhyAnswer;
}
