//! Twenty prepared situations: the deciding rules of each, or every rule that touches the target with the condition
//! that fails.

use fernamt_domain::{DeviceKind, DeviceState, GroupId, Method, PersonId, TargetId, TargetKind, Zone};
use fernamt_policy::{Effect, Reason, Request, Rule, RuleForm};
use time::macros::{date, datetime};
use uuid::Uuid;

use crate::support::{
    ANNA, BUILDING_OFFICE, CADASTRE, DESKTOP, OFFICE_BUNDLE, TRAINEES, allow, engine, expert, id, request, rule,
};

struct Case {
    name: &'static str,
    rules: Vec<Rule>,
    change: fn(&mut Request),
    reason: Reason,
    /// The rules named, each with the conditions that fail.
    named: &'static [(u128, &'static [&'static str])],
}

#[expect(clippy::too_many_lines, reason = "a table of twenty situations")]
fn cases() -> Vec<Case> {
    let on = |change: fn(&mut RuleForm)| {
        let mut form = allow();
        change(&mut form);
        form
    };
    let deny = || RuleForm { everybody: true, targets: vec![DESKTOP], ..RuleForm::new(Effect::Deny) };
    vec![
        Case {
            name: "a group's rule allows",
            rules: vec![rule(1, allow())],
            change: |_| {},
            reason: Reason::Allowed,
            named: &[(1, &[])],
        },
        Case { name: "nobody has made a rule", rules: vec![], change: |_| {}, reason: Reason::NoRule, named: &[] },
        Case {
            name: "the only rule is for another target",
            rules: vec![rule(1, on(|form| form.targets = vec![CADASTRE]))],
            change: |_| {},
            reason: Reason::NoRule,
            named: &[],
        },
        Case {
            name: "the person is in another group",
            rules: vec![rule(1, allow())],
            change: |request| request.groups = vec![TRAINEES],
            reason: Reason::NoRule,
            named: &[(1, &["subject"])],
        },
        Case {
            name: "a nested group counts",
            rules: vec![rule(1, allow())],
            change: |request| request.groups = vec![GroupId(Uuid::from_u128(99)), BUILDING_OFFICE],
            reason: Reason::Allowed,
            named: &[(1, &[])],
        },
        Case {
            name: "a rule names the person",
            rules: vec![rule(1, on(|form| (form.groups, form.people) = (vec![], vec![ANNA])))],
            change: |request| request.groups.clear(),
            reason: Reason::Allowed,
            named: &[(1, &[])],
        },
        Case {
            name: "the device waits for approval",
            rules: vec![rule(1, allow())],
            change: |request| request.device_state = DeviceState::Pending,
            reason: Reason::NoRule,
            named: &[(1, &["device_state"])],
        },
        Case {
            name: "password alone",
            rules: vec![rule(1, allow())],
            change: |request| request.methods = vec![Method::Password],
            reason: Reason::NoRule,
            named: &[(1, &["second_factor"])],
        },
        Case {
            name: "a passkey is enough by itself",
            rules: vec![rule(1, allow())],
            change: |request| request.methods = vec![Method::Passkey],
            reason: Reason::Allowed,
            named: &[(1, &[])],
        },
        Case {
            name: "only from sticks, but with a browser and without code",
            rules: vec![rule(1, on(|form| form.device_kinds = vec![DeviceKind::Stick]))],
            change: |request| request.methods = vec![Method::Password],
            reason: Reason::NoRule,
            named: &[(1, &["device_kind", "second_factor"])],
        },
        Case {
            name: "only in the office zone",
            rules: vec![rule(1, on(|form| form.zones = vec![Zone("office".into())]))],
            change: |_| {},
            reason: Reason::NoRule,
            named: &[(1, &["zone"])],
        },
        Case {
            name: "from an address of the list",
            rules: vec![rule(1, on(|form| form.networks = vec!["203.0.113.9".into(), "198.51.100.0/24".into()]))],
            change: |_| {},
            reason: Reason::Allowed,
            named: &[(1, &[])],
        },
        Case {
            name: "from an address outside of it",
            rules: vec![rule(1, on(|form| form.networks = vec!["198.51.100.0/24".into()]))],
            change: |request| request.address = "2001:db8::1".parse().unwrap(),
            reason: Reason::NoRule,
            named: &[(1, &["network"])],
        },
        Case {
            name: "on Sunday",
            rules: vec![rule(1, on(|form| form.times = vec!["Mon-Fri 06:00-20:00".parse().unwrap()]))],
            change: |request| request.at = datetime!(2026-11-22 10:00 +1),
            reason: Reason::NoRule,
            named: &[(1, &["time"])],
        },
        Case {
            name: "not yet, and no longer",
            rules: vec![
                rule(1, on(|form| form.valid_from = Some(date!(2026 - 11 - 24)))),
                rule(2, on(|form| form.valid_until = Some(date!(2026 - 11 - 22)))),
            ],
            change: |_| {},
            reason: Reason::NoRule,
            named: &[(1, &["valid_from"]), (2, &["valid_until"])],
        },
        Case {
            name: "a denying rule wins over two that allow",
            rules: vec![
                rule(1, allow()),
                rule(2, deny()),
                rule(3, on(|form| (form.targets, form.bundles) = (vec![], vec![OFFICE_BUNDLE]))),
            ],
            change: |_| {},
            reason: Reason::DeniedByRule,
            named: &[(2, &[])],
        },
        Case {
            name: "two rules allow, by bundle and by kind",
            rules: vec![
                rule(1, on(|form| (form.targets, form.bundles) = (vec![], vec![OFFICE_BUNDLE]))),
                rule(2, on(|form| (form.targets, form.target_kinds) = (vec![], vec![TargetKind::Rdp]))),
                rule(3, on(|form| (form.targets, form.target_kinds) = (vec![], vec![TargetKind::Web]))),
            ],
            change: |_| {},
            reason: Reason::Allowed,
            named: &[(1, &[]), (2, &[])],
        },
        Case {
            name: "the rule is switched off",
            rules: vec![Rule { enabled: false, ..rule(1, allow()) }],
            change: |_| {},
            reason: Reason::NoRule,
            named: &[(1, &["enabled"])],
        },
        Case {
            name: "an expert rule denies, whatever the form allows",
            rules: vec![
                rule(1, allow()),
                expert(
                    2,
                    "forbid (principal, action, resource) unless { context.methods.contains(Method::\"passkey\") };",
                ),
            ],
            change: |_| {},
            reason: Reason::DeniedByRule,
            named: &[(2, &[])],
        },
        Case {
            name: "an expert rule touches the target but is not satisfied; one for another target stays unnamed",
            rules: vec![
                expert(1, "permit (principal, action, resource) when { context.time.minute >= 1200 };"),
                expert(2, "permit (principal, action, resource == Target::\"00000000-0000-0000-0000-000000000016\");"),
            ],
            change: |_| {},
            reason: Reason::NoRule,
            named: &[(1, &["expert"])],
        },
    ]
}

#[test]
fn twenty_situations_are_explained() {
    let cases = cases();
    assert_eq!(cases.len(), 20);
    for case in cases {
        let mut request = request();
        (case.change)(&mut request);
        let engine = engine(&case.rules);
        let explanation = engine.explain(&request);
        let decision = engine.decide(&request);
        assert_eq!(explanation.decision, decision, "{}", case.name);
        assert_eq!(decision.reason, case.reason, "{}", case.name);
        assert_eq!(decision.allowed, case.reason == Reason::Allowed, "{}", case.name);
        let named: Vec<_> = explanation
            .rules
            .iter()
            .map(|rule| {
                let failing = rule.conditions.iter().filter(|condition| !condition.holds);
                assert_eq!(rule.satisfied, rule.conditions.iter().all(|condition| condition.holds), "{}", case.name);
                (rule.id, failing.map(|condition| condition.code.as_str()).collect::<Vec<_>>())
            })
            .collect();
        let expected: Vec<_> = case.named.iter().map(|(rule, failing)| (id(*rule), failing.to_vec())).collect();
        assert_eq!(named, expected, "{}", case.name);
        let deciding: Vec<_> =
            if case.reason == Reason::NoRule { vec![] } else { expected.iter().map(|(id, _)| *id).collect() };
        assert_eq!(decision.deciding, deciding, "{}", case.name);
    }
}

#[test]
fn conditions_tell_what_was_expected_and_what_was_there() {
    let form = RuleForm { times: vec!["Mon-Fri 06:00-20:00".parse().unwrap()], ..allow() };
    let late = Request { at: datetime!(2026-11-23 21:14 +1), ..request() };
    let explanation = engine(&[rule(1, form)]).explain(&late);
    let time = explanation.rules[0].conditions.iter().find(|condition| !condition.holds).unwrap();
    assert_eq!(
        time.params,
        serde_json::json!({
            "expected": [{ "weekdays": [1, 2, 3, 4, 5], "from": "06:00", "to": "20:00" }],
            "actual": { "date": "2026-11-23", "weekday": 1, "time": "21:14" },
        })
    );
}

#[test]
fn policy_knows_targets_by_id_only() {
    let other = Request {
        target: fernamt_policy::TargetFacts { id: TargetId(Uuid::from_u128(77)), ..request().target },
        person: PersonId(Uuid::from_u128(78)),
        ..request()
    };
    assert!(!engine(&[rule(1, allow())]).decide(&other).allowed);
}
