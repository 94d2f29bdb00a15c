//! Rules: who may reach what, from where and when. Role: administrator.

use fernamt_domain::{BundleId, DeviceKind, DeviceState, GroupId, PersonId, RuleId, TargetId, TargetKind, text_enum};
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;

use crate::operations::operations;

text_enum! {
    /// What a rule does where it applies.
    pub enum Effect {
        /// It allows, unless another rule denies.
        Allow = "allow",
        /// It denies, whatever other rules say.
        Deny = "deny",
    }
}

/// A rule by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleRef {
    /// The rule.
    pub id: RuleId,
    /// Its name.
    pub name: String,
}

/// A rule with its place in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    /// The rule.
    pub id: RuleId,
    /// Changes with every change of the rule; send it back when changing.
    pub version: String,
    /// What the administrator sets.
    #[serde(flatten)]
    pub fields: RuleFields,
    /// The Cedar text that is in force.
    pub cedar: String,
}

/// What the administrator sets of a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleFields {
    /// The name, unique in the tenant.
    #[schema(max_length = 200)]
    pub name: String,
    /// Whether it is in force.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The rule itself.
    pub body: RuleBody,
}

fn yes() -> bool {
    true
}

/// A rule, by form or by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "rules are few and short-lived here")]
pub enum RuleBody {
    /// Filled in as a form, which writes the Cedar text.
    Form {
        /// The form.
        form: RuleForm,
    },
    /// Written by hand.
    Expert {
        /// The Cedar text: one or more policies without ids.
        #[schema(max_length = 20000)]
        cedar: String,
    },
}

/// The form of a rule. Every condition that is set must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleForm {
    /// What it does where it applies.
    pub effect: Effect,
    /// For everybody.
    #[serde(default)]
    pub everybody: bool,
    /// For people in any of these groups.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// For these people.
    #[serde(default)]
    pub people: Vec<PersonId>,
    /// For all targets.
    #[serde(default)]
    pub all_targets: bool,
    /// For these targets.
    #[serde(default)]
    pub targets: Vec<TargetId>,
    /// For the targets in any of these bundles.
    #[serde(default)]
    pub bundles: Vec<BundleId>,
    /// For targets of these kinds.
    #[serde(default)]
    pub target_kinds: Vec<TargetKind>,
    /// From devices of these kinds; empty: any.
    #[serde(default)]
    pub device_kinds: Vec<DeviceKind>,
    /// From devices in these states; empty: any. Unsaid: only approved ones where it allows, any where it denies.
    #[serde(default)]
    pub device_states: Option<Vec<DeviceState>>,
    /// Only with a second factor (or a passkey). Unsaid: yes where it allows, no where it denies.
    #[serde(default)]
    pub second_factor: Option<bool>,
    /// Through these zones; empty: any.
    #[serde(default)]
    pub zones: Vec<String>,
    /// From these networks in CIDR form; empty: any.
    #[serde(default)]
    pub networks: Vec<String>,
    /// In any of these times of the week; empty: always.
    #[serde(default)]
    pub times: Vec<TimeWindow>,
    /// From this day on.
    #[serde(default)]
    pub valid_from: Option<Date>,
    /// Until the end of this day.
    #[serde(default)]
    pub valid_until: Option<Date>,
}

/// A time of the week, in the tenant's time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimeWindow {
    /// Weekdays, Monday being 1 and Sunday 7 (ISO 8601).
    pub weekdays: Vec<u8>,
    /// First minute of the day, as `HH:MM`.
    pub from: String,
    /// The minute it ends, as `HH:MM`; `24:00` is midnight. A window that ends before it begins runs past midnight.
    pub to: String,
}

/// What a rule would be in Cedar.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RulePreview {
    /// The Cedar text.
    pub cedar: String,
    /// Faults of a rule written by hand.
    pub faults: Vec<RuleFault>,
}

/// A fault in a rule written by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleFault {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// What is wrong, in Cedar's words.
    pub detail: String,
}

/// A change to a rule.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeRule {
    /// The version that the change is based on.
    pub version: String,
    /// All that the administrator sets.
    #[serde(flatten)]
    pub fields: RuleFields,
}

operations! { "rules";
    /// All rules.
    list_rules: get "/api/v1/admin/rules" () [] -> 200 Vec<Rule>;
    /// Makes a rule.
    create_rule: post "/api/v1/admin/rules" () [RuleFields] -> 201 Rule;
    /// Shows the Cedar text of a rule without saving it.
    preview_rule: post "/api/v1/admin/rules/preview" () [RuleBody] -> 200 RulePreview;
    /// One rule.
    get_rule: get "/api/v1/admin/rules/{id}" (RuleId) [] -> 200 Rule;
    /// Changes a rule.
    change_rule: put "/api/v1/admin/rules/{id}" (RuleId) [ChangeRule] -> 200 Rule;
    /// Removes a rule; what it alone allowed ends.
    remove_rule: delete "/api/v1/admin/rules/{id}" (RuleId) [] -> 204;
}
