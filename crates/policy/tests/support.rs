//! A small house: people, groups, targets and a request to vary.

use fernamt_domain::{
    BundleId, DeviceKind, DeviceState, GroupId, Method, PersonId, RuleId, TargetId, TargetKind, Zone,
};
use fernamt_policy::{Effect, Engine, LocalZone, Request, Rule, RuleBody, RuleForm, TargetFacts};
use time::macros::datetime;
use uuid::Uuid;

pub(crate) const ANNA: PersonId = PersonId(Uuid::from_u128(1));
pub(crate) const BUILDING_OFFICE: GroupId = GroupId(Uuid::from_u128(11));
pub(crate) const TRAINEES: GroupId = GroupId(Uuid::from_u128(12));
pub(crate) const DESKTOP: TargetId = TargetId(Uuid::from_u128(21));
pub(crate) const CADASTRE: TargetId = TargetId(Uuid::from_u128(22));
pub(crate) const OFFICE_BUNDLE: BundleId = BundleId(Uuid::from_u128(31));

pub(crate) fn berlin() -> LocalZone {
    "Europe/Berlin".parse().unwrap()
}

pub(crate) fn id(number: u128) -> RuleId {
    RuleId(Uuid::from_u128(number))
}

/// Anna of the building office, in her browser at home, with password and code, on a Monday at 10:00.
pub(crate) fn request() -> Request {
    Request {
        person: ANNA,
        groups: vec![BUILDING_OFFICE],
        device: None,
        device_kind: DeviceKind::Browser,
        device_state: DeviceState::Approved,
        methods: vec![Method::Password, Method::Totp],
        target: TargetFacts { id: DESKTOP, kind: TargetKind::Rdp, bundles: vec![OFFICE_BUNDLE], owner: None },
        zone: Zone("internet".into()),
        address: "198.51.100.7".parse().unwrap(),
        at: datetime!(2026-11-23 10:00 +1),
    }
}

/// The building office may reach the desktop.
pub(crate) fn allow() -> RuleForm {
    RuleForm { groups: vec![BUILDING_OFFICE], targets: vec![DESKTOP], ..RuleForm::new(Effect::Allow) }
}

pub(crate) fn rule(number: u128, form: RuleForm) -> Rule {
    Rule { id: id(number), name: format!("rule {number}"), enabled: true, body: RuleBody::Form(Box::new(form)) }
}

pub(crate) fn expert(number: u128, text: &str) -> Rule {
    Rule { id: id(number), name: format!("rule {number}"), enabled: true, body: RuleBody::Expert(text.into()) }
}

pub(crate) fn engine(rules: &[Rule]) -> Engine {
    Engine::compile(rules, &berlin()).unwrap()
}
