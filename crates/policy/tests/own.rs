//! Targets that people set up for themselves: only their owner reaches them, and deny rules hold there too.

use fernamt_domain::{DeviceState, Method, PersonId, TargetId, TargetKind};
use fernamt_policy::{Effect, Owner, Reason, Request, RuleForm, TargetFacts};
use uuid::Uuid;

use crate::support::{ANNA, berlin, engine, expert, id, request, rule};

const BERT: PersonId = PersonId(Uuid::from_u128(2));

/// Anna asks for a target of her own.
fn own(owner: Owner) -> Request {
    let target = TargetFacts {
        id: TargetId(Uuid::from_u128(99)),
        kind: TargetKind::Rdp,
        bundles: Vec::new(),
        owner: Some(owner),
    };
    Request { target, ..request() }
}

fn annas() -> Request {
    own(Owner { person: ANNA, allowed: true })
}

#[test]
fn only_the_owner_reaches_it_whatever_rules_say() {
    let everything = RuleForm { everybody: true, all_targets: true, ..RuleForm::new(Effect::Allow) };
    let wide = expert(2, "permit (principal, action, resource);");
    for rules in [vec![], vec![rule(1, everything)], vec![wide]] {
        let engine = engine(&rules);
        assert!(engine.decide(&annas()).allowed);
        let berts = engine.decide(&own(Owner { person: BERT, allowed: true }));
        assert_eq!((berts.allowed, berts.reason), (false, Reason::NotOwner));
        let off = engine.decide(&own(Owner { person: ANNA, allowed: false }));
        assert_eq!((off.allowed, off.reason), (false, Reason::OwnTargetsOff));
    }
}

#[test]
fn without_a_rule_it_takes_an_approved_device_and_a_second_factor() {
    let engine = engine(&[]);
    assert_eq!(engine.decide(&annas()).reason, Reason::Owner);
    assert!(engine.explain(&annas()).rules.is_empty());
    for state in [DeviceState::Pending, DeviceState::Suspended, DeviceState::Revoked] {
        assert!(!engine.decide(&Request { device_state: state, ..annas() }).allowed, "{state}");
    }
    assert!(!engine.decide(&Request { methods: vec![Method::Password], ..annas() }).allowed);
}

#[test]
fn a_rule_that_denies_holds_for_the_owner_too() {
    let night = RuleForm { everybody: true, target_kinds: vec![TargetKind::Rdp], ..RuleForm::new(Effect::Deny) };
    let engine = engine(&[rule(1, night)]);
    let decision = engine.decide(&annas());
    assert_eq!((decision.allowed, decision.reason, decision.deciding), (false, Reason::DeniedByRule, vec![id(1)]));
    let faulty = fernamt_policy::Engine::load(&[expert(1, "permit (")], &berlin());
    assert_eq!(faulty.decide(&annas()).reason, Reason::FaultyRules);
}
