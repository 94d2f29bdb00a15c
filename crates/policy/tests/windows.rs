//! Weekly windows, days, and when the answer next changes, across midnight and the change of the clocks.

use fernamt_policy::{LocalZone, Request, RuleForm};
use time::{
    Duration, OffsetDateTime,
    macros::{date, datetime},
};

use crate::support::{allow, engine, expert, request, rule};

fn decide(form: &RuleForm, at: OffsetDateTime) -> (bool, Option<OffsetDateTime>) {
    let decision = engine(&[rule(1, form.clone())]).decide(&Request { at, ..request() });
    (decision.allowed, decision.next_change)
}

fn during(window: &str) -> RuleForm {
    RuleForm { times: vec![window.parse().unwrap()], ..allow() }
}

#[test]
fn a_window_opens_and_closes_on_the_minute() {
    let work = during("Mon-Fri 06:00-20:00");
    let cases = [
        (datetime!(2026-11-23 05:59:59.9 +1), false, datetime!(2026-11-23 06:00 +1)),
        (datetime!(2026-11-23 06:00 +1), true, datetime!(2026-11-23 20:00 +1)),
        (datetime!(2026-11-23 19:59:59.9 +1), true, datetime!(2026-11-23 20:00 +1)),
        (datetime!(2026-11-27 20:00 +1), false, datetime!(2026-11-30 06:00 +1)),
    ];
    for (at, allowed, next) in cases {
        assert_eq!(decide(&work, at), (allowed, Some(next)), "{at}");
    }
}

#[test]
fn a_window_runs_past_midnight() {
    let night = during("Fri 22:00-06:00");
    assert_eq!(decide(&night, datetime!(2026-11-28 05:59 +1)), (true, Some(datetime!(2026-11-28 06:00 +1))));
    assert_eq!(decide(&night, datetime!(2026-11-28 22:30 +1)), (false, Some(datetime!(2026-12-04 22:00 +1))));
}

#[test]
fn the_night_the_clocks_go_forward() {
    // On 2026-03-29 the clock jumps from 02:00 to 03:00.
    let early = during("Sun 02:30-05:00");
    assert_eq!(decide(&early, datetime!(2026-03-29 01:59 +1)), (false, Some(datetime!(2026-03-29 03:00 +2))));
    assert_eq!(decide(&early, datetime!(2026-03-29 03:00 +2)), (true, Some(datetime!(2026-03-29 05:00 +2))));
}

#[test]
fn the_night_the_clocks_go_back() {
    // On 2026-10-25 the clock shows 02:00 to 03:00 twice, so this window holds twice.
    let twice = during("Sun 02:30-02:45");
    let mut at = datetime!(2026-10-25 00:00 +2);
    let mut edges = Vec::new();
    for _ in 0..4 {
        let (allowed, next) = decide(&twice, at);
        at = next.unwrap();
        edges.push((allowed, at));
    }
    let expected = [
        (false, datetime!(2026-10-25 02:30 +2)),
        (true, datetime!(2026-10-25 02:45 +2)),
        (false, datetime!(2026-10-25 02:30 +1)),
        (true, datetime!(2026-10-25 02:45 +1)),
    ];
    assert_eq!(edges, expected);
}

#[test]
fn days_begin_and_end_at_local_midnight() {
    let week = RuleForm {
        valid_from: Some(date!(2027 - 03 - 22)),
        valid_until: Some(date!(2027 - 03 - 28)),
        times: vec!["Mon-Fri 06:00-20:00".parse().unwrap()],
        ..allow()
    };
    assert_eq!(decide(&week, request().at), (false, Some(datetime!(2027-03-22 06:00 +1))), "months ahead");
    assert_eq!(decide(&week, datetime!(2027-03-26 20:00 +1)), (false, None), "over: the weekend is not in the window");
    let plain = RuleForm { times: vec![], ..week };
    assert_eq!(decide(&plain, datetime!(2027-03-21 23:59 +1)), (false, Some(datetime!(2027-03-22 00:00 +1))));
    assert_eq!(decide(&plain, datetime!(2027-03-28 23:59 +2)), (true, Some(datetime!(2027-03-29 00:00 +2))));
    assert_eq!(decide(&plain, datetime!(2027-03-29 00:00 +2)), (false, None));
}

#[test]
fn only_rules_that_could_speak_wake_anybody() {
    let work = during("Mon-Fri 06:00-20:00");
    let engine = engine(&[rule(1, work), rule(2, RuleForm { second_factor: Some(false), ..allow() })]);
    assert!(engine.decide(&request()).next_change.is_some());
    let without_code = Request { methods: vec![fernamt_domain::Method::Password], ..request() };
    assert_eq!(engine.decide(&without_code).next_change, None, "the rule with the window asks for a code");
}

#[test]
fn an_expert_rule_on_time_is_looked_at_each_minute() {
    let engine = engine(&[expert(1, "permit (principal, action, resource) when { context.time.weekday < 6 };")]);
    let decision = engine.decide(&Request { at: request().at + Duration::seconds(90), ..request() });
    assert_eq!((decision.allowed, decision.next_change), (true, Some(request().at + Duration::minutes(2))));
    let timeless = crate::support::engine(&[expert(1, "permit (principal, action, resource);")]);
    assert_eq!(timeless.decide(&request()).next_change, None);
}

/// Steps through half a year minute by minute on the hour marks and checks the promise of `next_change`: until then the
/// answer stays, and at that moment it is another one.
#[test]
fn next_change_keeps_its_promise() {
    for zone in ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"] {
        let zone: LocalZone = zone.parse().unwrap();
        let form = RuleForm {
            times: ["Mon-Fri 06:00-20:00", "Sun 01:45-02:15", "Sat 22:00-02:30"]
                .map(|text| text.parse().unwrap())
                .into(),
            ..allow()
        };
        let engine = fernamt_policy::Engine::compile(&[rule(1, form)], &zone).unwrap();
        let decide = |at| engine.decide(&Request { at, ..request() });
        let (mut at, end) = (datetime!(2026-09-20 00:00 UTC), datetime!(2026-11-10 00:00 UTC));
        while at < end {
            let now = decide(at);
            let next = now.next_change.unwrap();
            assert!(next > at);
            let mut probe = at + Duration::minutes(7);
            while probe < next {
                assert_eq!(decide(probe).allowed, now.allowed, "{zone:?} {probe}");
                probe += Duration::minutes(67);
            }
            assert_eq!(decide(next - Duration::seconds(1)).allowed, now.allowed, "{zone:?} just before {next}");
            assert_ne!(decide(next).allowed, now.allowed, "{zone:?} at {next}");
            at = next;
        }
    }
}
