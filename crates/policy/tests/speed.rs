//! A decision costs well below a millisecond in a release build; this guards against something quadratic, with room for
//! an unoptimised build on a busy machine.

use std::time::{Duration, Instant};

use fernamt_domain::{GroupId, TargetId};
use fernamt_policy::RuleForm;
use uuid::Uuid;

use crate::support::{allow, engine, request, rule};

#[test]
fn two_hundred_rules_decide_quickly() {
    let rules: Vec<_> = (0..200_u128)
        .map(|number| {
            let form = RuleForm {
                groups: (0..5).map(|n| GroupId(Uuid::from_u128(1_000 + number * 5 + n))).collect(),
                targets: (0..10).map(|n| TargetId(Uuid::from_u128(9_000 + number * 10 + n))).collect(),
                times: vec!["Mon-Fri 06:00-20:00".parse().unwrap()],
                ..allow()
            };
            rule(number + 1, form)
        })
        .chain([rule(999, allow())])
        .collect();
    let engine = engine(&rules);
    let request = request();
    assert!(engine.decide(&request).allowed);
    let best = (0..20)
        .map(|_| {
            let start = Instant::now();
            engine.decide(&request);
            start.elapsed()
        })
        .min()
        .unwrap();
    eprintln!("201 rules: {best:?}");
    assert!(best < Duration::from_millis(20), "{best:?}");
}
