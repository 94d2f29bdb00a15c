//! Rules between the wire, the policy and the store.

use fernamt_api::{
    admin::rules::{
        Effect as WireEffect, Rule as WireRule, RuleBody as WireBody, RuleFields, RuleForm as WireForm, TimeWindow,
    },
    problem::FieldProblem,
};
use fernamt_domain::{DeviceState, RuleId, Zone};
use fernamt_identity::authorise;
use fernamt_policy::{Effect, Fault, Rule, RuleBody, RuleForm, WindowForm};
use fernamt_store::RuleRecord;

use crate::version;

/// The rule that an administrator wants.
pub(crate) fn wanted(id: RuleId, fields: &RuleFields) -> Rule {
    Rule { id, name: fields.name.clone(), enabled: fields.enabled, body: body(&fields.body) }
}

/// What a rule says, as the policy takes it.
pub(crate) fn body(wire: &WireBody) -> RuleBody {
    match wire {
        WireBody::Form { form } => RuleBody::Form(Box::new(to_policy(form))),
        WireBody::Expert { cedar } => RuleBody::Expert(cedar.clone()),
    }
}

/// A stored rule with what the policy rule says, instead of what it said.
pub(crate) fn with_body(record: &RuleRecord, rule: &Rule) -> RuleRecord {
    let (form, expert) = match &rule.body {
        RuleBody::Form(form) => {
            (Some(serde_json::to_value(form).expect("a form has string keys only and always serialises")), None)
        }
        RuleBody::Expert(text) => (None, Some(text.clone())),
    };
    RuleRecord { name: rule.name.clone(), enabled: rule.enabled, form, expert, ..*record }
}

/// A stored rule as the administration shows it.
pub(crate) fn shown(record: RuleRecord) -> WireRule {
    let rule = authorise::rule(record);
    let cedar = rule.cedar().unwrap_or_default();
    let body = match rule.body {
        RuleBody::Form(form) => WireBody::Form { form: to_wire(*form) },
        RuleBody::Expert(cedar) => WireBody::Expert { cedar },
    };
    let fields = RuleFields { name: rule.name, enabled: rule.enabled, body };
    WireRule { id: rule.id, version: version::of(&fields), fields, cedar }
}

/// A fault of the policy as a fault of the request's field.
pub(crate) fn field_problem(fault: &Fault) -> FieldProblem {
    let path = match fault.path.as_str() {
        "name" => "name".to_owned(),
        "expert" => "body.cedar".to_owned(),
        other => format!("body.{other}"),
    };
    let detail = match fault.position {
        Some(position) => format!("line {}, column {}: {}", position.line, position.column, fault.message),
        None => fault.message.clone(),
    };
    FieldProblem { params: fault.params.clone(), ..FieldProblem::new(path, fault.code.as_str(), detail) }
}

/// What a rule does, on the wire.
pub(crate) fn effect(effect: Effect) -> WireEffect {
    match effect {
        Effect::Allow => WireEffect::Allow,
        Effect::Deny => WireEffect::Deny,
    }
}

fn to_policy(form: &WireForm) -> RuleForm {
    RuleForm {
        effect: match form.effect {
            WireEffect::Allow => Effect::Allow,
            WireEffect::Deny => Effect::Deny,
        },
        everybody: form.everybody,
        groups: form.groups.clone(),
        people: form.people.clone(),
        all_targets: form.all_targets,
        targets: form.targets.clone(),
        bundles: form.bundles.clone(),
        target_kinds: form.target_kinds.clone(),
        device_kinds: form.device_kinds.clone(),
        device_states: form.device_states.clone(),
        second_factor: form.second_factor,
        zones: form.zones.iter().cloned().map(Zone).collect(),
        networks: form.networks.clone(),
        times: form.times.iter().map(to_policy_window).collect(),
        valid_from: form.valid_from,
        valid_until: form.valid_until,
    }
}

fn to_wire(form: RuleForm) -> WireForm {
    let allow = form.effect == Effect::Allow;
    let default_states = if allow { vec![DeviceState::Approved] } else { Vec::new() };
    WireForm {
        effect: effect(form.effect),
        everybody: form.everybody,
        groups: form.groups,
        people: form.people,
        all_targets: form.all_targets,
        targets: form.targets,
        bundles: form.bundles,
        target_kinds: form.target_kinds,
        device_kinds: form.device_kinds,
        device_states: Some(form.device_states.unwrap_or(default_states)),
        second_factor: Some(form.second_factor.unwrap_or(allow)),
        zones: form.zones.into_iter().map(|zone| zone.0).collect(),
        networks: form.networks,
        times: form.times.into_iter().map(to_wire_window).collect(),
        valid_from: form.valid_from,
        valid_until: form.valid_until,
    }
}

fn to_policy_window(window: &TimeWindow) -> WindowForm {
    WindowForm { weekdays: window.weekdays.clone(), from: window.from.clone(), to: window.to.clone() }
}

pub(crate) fn to_wire_window(window: WindowForm) -> TimeWindow {
    TimeWindow { weekdays: window.weekdays, from: window.from, to: window.to }
}
