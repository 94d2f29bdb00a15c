//! Faulty rules never widen.

use fernamt_domain::DeviceState;
use fernamt_policy::{Effect, Engine, MAX_RULES, Reason, Request, Rule, RuleForm};

use crate::support::{allow, berlin, engine, expert, id, request, rule};

#[test]
fn one_faulty_rule_refuses_everything_and_is_named() {
    let rules = [rule(1, allow()), expert(2, "forbid (principal, action, resource) when { context.hour < 6 };")];
    let faults = Engine::compile(&rules, &berlin()).unwrap_err();
    assert_eq!((faults[0].rule, faults[0].fault.code.as_str()), (id(2), "schema"));
    let closed = Engine::load(&rules, &berlin());
    let decision = closed.decide(&request());
    assert_eq!((decision.allowed, decision.reason), (false, Reason::FaultyRules));
    assert_eq!(closed.explain(&request()).faults, faults);
    assert!(Engine::load(&rules[..1], &berlin()).decide(&request()).allowed);
}

#[test]
fn a_denying_rule_that_fails_denies() {
    let overflow = "9223372036854775807 + context.time.weekday > 0";
    let text = format!("forbid (principal, action, resource) when {{ {overflow} }};");
    let explanation = engine(&[rule(1, allow()), expert(2, &text)]).explain(&request());
    assert_eq!(explanation.decision.reason, Reason::DeniedByRule);
    assert_eq!(explanation.decision.deciding, [id(2)]);
    assert!(explanation.rules[0].errors[0].contains("overflow"), "{:?}", explanation.rules[0].errors);

    let text = format!("permit (principal, action, resource) when {{ {overflow} }};");
    let decision = engine(&[expert(2, &text)]).decide(&request());
    assert_eq!(
        (decision.allowed, decision.reason),
        (false, Reason::NoRule),
        "an allowing rule that fails allows nothing"
    );
}

#[test]
fn a_denying_form_denies_whatever_the_device_and_factor() {
    let deny = RuleForm { everybody: true, all_targets: true, ..RuleForm::new(Effect::Deny) };
    let lax = RuleForm { device_states: Some(DeviceState::ALL.to_vec()), second_factor: Some(false), ..allow() };
    let request = Request { methods: vec![], device_state: DeviceState::Pending, ..request() };
    assert!(engine(&[rule(1, lax.clone())]).decide(&request).allowed);
    assert_eq!(engine(&[rule(1, lax), rule(2, deny)]).decide(&request).deciding, [id(2)]);
}

#[test]
fn rules_are_limited_and_unique() {
    let many: Vec<Rule> = (0..=MAX_RULES as u128).map(|number| rule(number, allow())).collect();
    assert_eq!(Engine::compile(&many, &berlin()).unwrap_err()[0].fault.code, "too_many");
    let twice = [rule(1, allow()), rule(1, allow())];
    assert_eq!(Engine::compile(&twice, &berlin()).unwrap_err()[0].fault.code, "duplicate");
    let nameless = Rule { name: " ".into(), ..rule(1, allow()) };
    assert_eq!(nameless.check()[0].code, "required");
}

#[test]
fn names_and_zones_cannot_change_what_a_rule_means() {
    let evil = "x\" }; permit (principal, action, resource); //";
    let form = RuleForm { zones: vec![fernamt_domain::Zone(evil.into())], ..allow() };
    let rule = Rule { name: evil.into(), ..rule(1, form) };
    let engine = engine(&[rule]);
    assert!(!engine.decide(&request()).allowed);
    let there = Request { zone: fernamt_domain::Zone(evil.into()), ..request() };
    assert!(engine.decide(&there).allowed, "the zone's name is taken by the letter");
}
