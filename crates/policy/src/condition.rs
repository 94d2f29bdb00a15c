//! A form rule's conditions, one by one: the plain reading that "why?" shows. A property test proves that all of them
//! hold exactly when the generated Cedar is satisfied.

use fernamt_domain::text_enum;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    LocalTime, Request,
    form::FormRule,
    second_factor,
    window::{Window, clock},
};

text_enum! {
    /// What a condition asks for.
    pub enum ConditionCode {
        /// The rule is switched on.
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

/// One condition and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What it asks for.
    pub code: ConditionCode,
    /// What the rule expects and what was found: ids, stable words and numbers, out of which the reader makes a
    /// sentence.
    pub params: Value,
    /// Whether it holds.
    pub holds: bool,
}

impl Condition {
    pub(crate) fn new(code: ConditionCode, holds: bool, params: Value) -> Self {
        Self { code, params, holds }
    }
}

impl FormRule {
    /// Every condition that the rule states, with its answer.
    pub(crate) fn conditions(&self, request: &Request, local: LocalTime) -> Vec<Condition> {
        use ConditionCode as Code;
        let mut out = vec![
            Condition::new(
                Code::Subject,
                self.subject_holds(request),
                json!({ "everybody": self.everybody, "groups": self.groups, "people": self.people }),
            ),
            Condition::new(
                Code::Target,
                self.target_holds(request),
                json!({ "all_targets": self.all_targets, "targets": self.targets, "bundles": self.bundles, "kinds": self.target_kinds }),
            ),
        ];
        let mut add = |code, holds, expected: Value, actual: Value| {
            out.push(Condition::new(code, holds, json!({ "expected": expected, "actual": actual })));
        };
        if !self.device_kinds.is_empty() {
            let holds = self.device_kinds.contains(&request.device_kind);
            add(Code::DeviceKind, holds, json!(self.device_kinds), json!(request.device_kind));
        }
        if !self.device_states.is_empty() {
            let holds = self.device_states.contains(&request.device_state);
            add(Code::DeviceState, holds, json!(self.device_states), json!(request.device_state));
        }
        if self.second_factor {
            add(Code::SecondFactor, second_factor(&request.methods), json!(true), json!(request.methods));
        }
        if !self.zones.is_empty() {
            add(Code::Zone, self.zones.contains(&request.zone), json!(self.zones), json!(request.zone));
        }
        if !self.networks.is_empty() {
            let holds = self.networks.iter().any(|network| network.contains(request.address));
            let expected: Vec<_> = self.networks.iter().map(ToString::to_string).collect();
            add(Code::Network, holds, json!(expected), json!(request.address.to_canonical()));
        }
        if !self.windows.is_empty() {
            let expected: Vec<_> = self.windows.iter().map(Window::form).collect();
            let time = clock(local.minute);
            let actual = json!({ "date": local.date.to_string(), "weekday": local.weekday, "time": time });
            add(Code::Time, self.window_holds(local), json!(expected), actual);
        }
        if let Some(from) = self.valid_from {
            add(Code::ValidFrom, local.date >= from, json!(from.to_string()), json!(local.date.to_string()));
        }
        if let Some(until) = self.valid_until {
            add(Code::ValidUntil, local.date <= until, json!(until.to_string()), json!(local.date.to_string()));
        }
        out
    }

    /// Whether the rule is about this target.
    pub(crate) fn target_holds(&self, request: &Request) -> bool {
        let target = &request.target;
        self.all_targets
            || self.targets.contains(&target.id)
            || self.target_kinds.contains(&target.kind)
            || target.bundles.iter().any(|bundle| self.bundles.contains(bundle))
    }

    /// Whether everything but the time speaks for the rule.
    pub(crate) fn timeless_holds(&self, request: &Request) -> bool {
        self.subject_holds(request)
            && self.target_holds(request)
            && (self.device_kinds.is_empty() || self.device_kinds.contains(&request.device_kind))
            && (self.device_states.is_empty() || self.device_states.contains(&request.device_state))
            && (!self.second_factor || second_factor(&request.methods))
            && (self.zones.is_empty() || self.zones.contains(&request.zone))
            && (self.networks.is_empty() || self.networks.iter().any(|network| network.contains(request.address)))
    }

    /// Whether the time speaks for the rule.
    pub(crate) fn time_holds(&self, local: LocalTime) -> bool {
        self.window_holds(local)
            && self.valid_from.is_none_or(|from| local.date >= from)
            && self.valid_until.is_none_or(|until| local.date <= until)
    }

    fn window_holds(&self, local: LocalTime) -> bool {
        self.windows.is_empty() || self.windows.iter().any(|window| window.contains(local))
    }

    fn subject_holds(&self, request: &Request) -> bool {
        self.everybody
            || self.people.contains(&request.person)
            || request.groups.iter().any(|group| self.groups.contains(group))
    }
}
