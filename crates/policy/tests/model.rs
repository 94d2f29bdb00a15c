//! Random forms and requests: Cedar's decision equals a plain model written apart from the crate, and the conditions
//! that "why?" shows hold exactly when Cedar is satisfied.

use std::net::IpAddr;

use fernamt_domain::{BundleId, DeviceKind, DeviceState, GroupId, Method, PersonId, TargetId, TargetKind, Zone};
use fernamt_policy::{Effect, Engine, LocalZone, Reason, Request, Rule, RuleForm, TargetFacts, WindowForm};
use proptest::{collection::vec, option, prelude::*, sample::select};
use time::{Date, Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use crate::support::rule;

fn few() -> impl Strategy<Value = Uuid> {
    (1_u128..5).prop_map(Uuid::from_u128)
}

fn words<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = Vec<T>> {
    vec(select(all), 0..3)
}

fn address() -> impl Strategy<Value = IpAddr> {
    const ALL: &[&str] = &["10.0.0.1", "10.0.200.1", "192.0.2.7", "::ffff:10.0.0.1", "2001:db8::1", "2001:db8:1::1"];
    select(ALL).prop_map(|text| text.parse().unwrap())
}

fn moment() -> impl Strategy<Value = OffsetDateTime> {
    (0_i64..14 * 24 * 3600).prop_map(|seconds| datetime!(2026-11-16 00:00 UTC) + Duration::seconds(seconds))
}

fn window() -> impl Strategy<Value = WindowForm> {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    (vec(1_u8..=7, 1..4), 0_u16..1440, 1_u16..1440).prop_map(move |(weekdays, from, length)| {
        let to = if from + length == 1440 { 1440 } else { (from + length) % 1440 };
        WindowForm { weekdays, from: clock(from), to: clock(to) }
    })
}

fn day() -> impl Strategy<Value = Option<Date>> {
    option::weighted(0.2, moment().prop_map(OffsetDateTime::date))
}

fn form() -> impl Strategy<Value = RuleForm> {
    let people = (any::<bool>(), vec(few().prop_map(GroupId), 0..3), vec(few().prop_map(PersonId), 0..2));
    let targets = (
        any::<bool>(),
        vec(few().prop_map(TargetId), 0..3),
        vec(few().prop_map(BundleId), 0..2),
        words(TargetKind::ALL),
    );
    let device = (words(DeviceKind::ALL), option::of(words(DeviceState::ALL)), option::of(any::<bool>()));
    let zone = select(&["internet", "office", "o\"ffice"][..]).prop_map(|name| Zone(name.into()));
    let networks =
        select(&["10.0.0.0/16", "10.0.0.1", "2001:db8::/48", "0.0.0.0/0", "::/0"][..]).prop_map(String::from);
    let place = (vec(zone, 0..2), vec(networks, 0..3));
    let effect = prop_oneof![3 => Just(Effect::Allow), 1 => Just(Effect::Deny)];
    (effect, people, targets, device, place, vec(window(), 0..3), day(), day()).prop_map(
        |(effect, people, targets, device, place, times, valid_from, valid_until)| RuleForm {
            effect,
            everybody: people.0 || (people.1.is_empty() && people.2.is_empty()),
            groups: if people.0 { vec![] } else { people.1 },
            people: if people.0 { vec![] } else { people.2 },
            all_targets: targets.0 || (targets.1.is_empty() && targets.2.is_empty() && targets.3.is_empty()),
            targets: if targets.0 { vec![] } else { targets.1 },
            bundles: if targets.0 { vec![] } else { targets.2 },
            target_kinds: if targets.0 { vec![] } else { targets.3 },
            device_kinds: device.0,
            device_states: device.1,
            second_factor: device.2,
            zones: place.0,
            networks: place.1,
            times,
            valid_from: valid_from.min(valid_until.or(valid_from)),
            valid_until: valid_until.max(valid_from.and(valid_until)),
        },
    )
}

fn request() -> impl Strategy<Value = Request> {
    let who = (few(), vec(few().prop_map(GroupId), 0..3), words(Method::ALL));
    let device = (select(DeviceKind::ALL), select(DeviceState::ALL));
    let target = (few(), select(TargetKind::ALL), vec(few().prop_map(BundleId), 0..3));
    let zone = select(&["internet", "office", "o\"ffice"][..]);
    (who, device, target, zone, address(), moment()).prop_map(|(who, device, target, zone, address, at)| Request {
        person: PersonId(who.0),
        groups: who.1,
        device: None,
        device_kind: device.0,
        device_state: device.1,
        methods: who.2,
        target: TargetFacts { id: TargetId(target.0), kind: target.1, bundles: target.2, owner: None },
        zone: Zone(zone.into()),
        address,
        at,
    })
}

/// What a form means, in plain words and in UTC.
fn satisfied(form: &RuleForm, request: &Request) -> bool {
    let allow = form.effect == Effect::Allow;
    let default_states = if allow { vec![DeviceState::Approved] } else { vec![] };
    let states = form.device_states.clone().unwrap_or(default_states);
    let needs_factor = form.second_factor.unwrap_or(allow);
    let mut methods = request.methods.clone();
    methods.sort_unstable();
    methods.dedup();
    let factor = methods.contains(&Method::Passkey) || methods.len() > 1;
    let subject = form.everybody
        || form.people.contains(&request.person)
        || form.groups.iter().any(|group| request.groups.contains(group));
    let target = form.all_targets
        || form.targets.contains(&request.target.id)
        || form.target_kinds.contains(&request.target.kind)
        || form.bundles.iter().any(|bundle| request.target.bundles.contains(bundle));
    subject
        && target
        && (form.device_kinds.is_empty() || form.device_kinds.contains(&request.device_kind))
        && (states.is_empty() || states.contains(&request.device_state))
        && (!needs_factor || factor)
        && (form.zones.is_empty() || form.zones.contains(&request.zone))
        && (form.networks.is_empty() || form.networks.iter().any(|network| inside(network, request.address)))
        && (form.times.is_empty() || form.times.iter().any(|window| minutes(window)[minute_of_week(request.at)]))
        && form.valid_from.is_none_or(|day| request.at.date() >= day)
        && form.valid_until.is_none_or(|day| request.at.date() <= day)
}

fn inside(network: &str, address: IpAddr) -> bool {
    let (base, length) = network.split_once('/').unwrap_or((network, "32"));
    let length: u32 = length.parse().unwrap();
    match (base.parse().unwrap(), address.to_canonical()) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            length == 0 || (u32::from(base) ^ u32::from(address)) >> (32 - length) == 0
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => {
            length == 0 || (u128::from(base) ^ u128::from(address)) >> (128 - length) == 0
        }
        _ => false,
    }
}

/// Every minute of the week, true where the window is open: painted, not computed.
fn minutes(window: &WindowForm) -> Vec<bool> {
    let clock = |text: &str| text[..2].parse::<usize>().unwrap() * 60 + text[3..].parse::<usize>().unwrap();
    let (from, to) = (clock(&window.from), clock(&window.to));
    let length = if to > from { to - from } else { to + 1440 - from };
    let mut week = vec![false; 7 * 1440];
    for day in &window.weekdays {
        for step in 0..length {
            week[((usize::from(*day) - 1) * 1440 + from + step) % (7 * 1440)] = true;
        }
    }
    week
}

fn minute_of_week(at: OffsetDateTime) -> usize {
    let day = usize::from(at.weekday().number_days_from_monday());
    (day * 24 + usize::from(at.hour())) * 60 + usize::from(at.minute())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn cedar_and_the_plain_model_agree(forms in vec(form(), 1..5), requests in vec(request(), 1..6)) {
        let rules: Vec<Rule> = (1..).zip(&forms).map(|(number, form)| rule(number, form.clone())).collect();
        let engine = Engine::compile(&rules, &LocalZone::utc()).unwrap();
        for request in &requests {
            let decision = engine.decide(request);
            let by_effect = |effect| {
                let hits = rules.iter().zip(&forms).filter(move |(_, form)| form.effect == effect && satisfied(form, request));
                hits.map(|(rule, _)| rule.id).collect::<Vec<_>>()
            };
            let (allowing, denying) = (by_effect(Effect::Allow), by_effect(Effect::Deny));
            let (reason, deciding) = if !denying.is_empty() {
                (Reason::DeniedByRule, denying)
            } else if !allowing.is_empty() {
                (Reason::Allowed, allowing)
            } else {
                (Reason::NoRule, vec![])
            };
            prop_assert_eq!(decision.reason, reason);
            prop_assert_eq!(&decision.deciding, &deciding);
            for rule in engine.explain(request).rules {
                prop_assert_eq!(rule.satisfied, deciding.contains(&rule.id));
                prop_assert_eq!(rule.satisfied, rule.conditions.iter().all(|condition| condition.holds));
            }
        }
    }

    #[test]
    fn forms_survive_storage(form in form()) {
        let json = serde_json::to_string(&form).unwrap();
        prop_assert_eq!(serde_json::from_str::<RuleForm>(&json).unwrap(), form);
    }
}
