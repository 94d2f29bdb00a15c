//! A decision costs well below a millisecond in a release build, which a bench shows. This only guards against something
//! worse than linear creeping in: it compares, so it holds on a busy machine too.

use std::time::{Duration, Instant};

use fernamt_domain::{GroupId, TargetId};
use fernamt_policy::{Engine, RuleForm};
use uuid::Uuid;

use crate::support::{allow, engine, request, rule};

#[test]
fn ten_times_the_rules_cost_about_ten_times_the_time() {
    let (few, many) = (best(&with_rules(20)), best(&with_rules(200)));
    assert!(many < few * 40, "20 rules: {few:?}, 200 rules: {many:?}");
}

fn with_rules(count: u128) -> Engine {
    let others = (0..count).map(|number| {
        let form = RuleForm {
            groups: (0..5).map(|n| GroupId(Uuid::from_u128(1_000 + number * 5 + n))).collect(),
            targets: (0..10).map(|n| TargetId(Uuid::from_u128(9_000 + number * 10 + n))).collect(),
            times: vec!["Mon-Fri 06:00-20:00".parse().unwrap()],
            ..allow()
        };
        rule(number + 1, form)
    });
    let rules: Vec<_> = others.chain([rule(9_999, allow())]).collect();
    engine(&rules)
}

fn best(engine: &Engine) -> Duration {
    let request = request();
    let once = || {
        let start = Instant::now();
        assert!(engine.decide(&request).allowed);
        start.elapsed()
    };
    (0..30).map(|_| once()).min().unwrap()
}
