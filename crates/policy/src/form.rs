//! Rules as administrators edit them: "group X may reach target Y from device kinds Z, Mon-Fri 06:00-20:00".

use fernamt_domain::{BundleId, DeviceKind, DeviceState, GroupId, PersonId, TargetId, TargetKind, Zone, text_enum};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    Fault,
    network::Network,
    window::{Window, WindowForm},
};

/// The most entries of one list of a form. More targets than this belong in a bundle, more people in a group.
pub const MAX_LIST: usize = 500;

/// The most addresses and ranges of a form.
pub const MAX_NETWORKS: usize = 64;

/// The most zones of a form.
const MAX_ZONES: usize = 64;

/// The most weekly windows of a form.
pub const MAX_WINDOWS: usize = 32;

/// The years that a rule's days may lie in; Cedar writes years with four digits.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=9998;

/// The most characters of a zone's name.
const MAX_ZONE_CHARS: usize = 64;

text_enum! {
    /// What a rule does when its conditions hold.
    pub enum Effect {
        /// It allows, unless another rule denies.
        Allow = "allow",
        /// It denies, whatever other rules allow.
        Deny = "deny",
    }
}

/// A rule as a form. It needs somebody and something it is about; beyond that, an empty list states no condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleForm {
    /// What the rule does.
    pub effect: Effect,
    /// It is about everybody.
    #[serde(default)]
    pub everybody: bool,
    /// It is about everybody in one of these groups, directly or by nesting.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// It is about these people.
    #[serde(default)]
    pub people: Vec<PersonId>,
    /// It is about every target.
    #[serde(default)]
    pub all_targets: bool,
    /// It is about these targets.
    #[serde(default)]
    pub targets: Vec<TargetId>,
    /// It is about all targets of these bundles.
    #[serde(default)]
    pub bundles: Vec<BundleId>,
    /// It is about all targets of these kinds.
    #[serde(default)]
    pub target_kinds: Vec<TargetKind>,
    /// The kinds of device it holds for.
    #[serde(default)]
    pub device_kinds: Vec<DeviceKind>,
    /// The states of device it holds for. Unsaid: only approved ones where it allows, all where it denies.
    #[serde(default)]
    pub device_states: Option<Vec<DeviceState>>,
    /// Whether it holds only where a second factor was used. Unsaid: yes where it allows, no where it denies.
    #[serde(default)]
    pub second_factor: Option<bool>,
    /// The zones it holds in.
    #[serde(default)]
    pub zones: Vec<Zone>,
    /// The addresses it holds for: single ones or CIDR ranges.
    #[serde(default)]
    pub networks: Vec<String>,
    /// The weekly windows it holds in.
    #[serde(default)]
    pub times: Vec<WindowForm>,
    /// The first day it holds.
    #[serde(default)]
    pub valid_from: Option<time::Date>,
    /// The last day it holds.
    #[serde(default)]
    pub valid_until: Option<time::Date>,
}

/// A form whose parts were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FormRule {
    pub(crate) effect: Effect,
    pub(crate) everybody: bool,
    pub(crate) groups: Vec<GroupId>,
    pub(crate) people: Vec<PersonId>,
    pub(crate) all_targets: bool,
    pub(crate) targets: Vec<TargetId>,
    pub(crate) bundles: Vec<BundleId>,
    pub(crate) target_kinds: Vec<TargetKind>,
    pub(crate) device_kinds: Vec<DeviceKind>,
    /// Empty: any.
    pub(crate) device_states: Vec<DeviceState>,
    pub(crate) second_factor: bool,
    pub(crate) zones: Vec<Zone>,
    pub(crate) networks: Vec<Network>,
    pub(crate) windows: Vec<Window>,
    pub(crate) valid_from: Option<Date>,
    pub(crate) valid_until: Option<Date>,
}

impl RuleForm {
    /// A form that states nothing yet beyond its effect.
    pub fn new(effect: Effect) -> Self {
        Self {
            effect,
            everybody: false,
            groups: Vec::new(),
            people: Vec::new(),
            all_targets: false,
            targets: Vec::new(),
            bundles: Vec::new(),
            target_kinds: Vec::new(),
            device_kinds: Vec::new(),
            device_states: None,
            second_factor: None,
            zones: Vec::new(),
            networks: Vec::new(),
            times: Vec::new(),
            valid_from: None,
            valid_until: None,
        }
    }

    pub(crate) fn parse(&self) -> Result<FormRule, Vec<Fault>> {
        let mut faults = Vec::new();
        self.check_scope(&mut faults);
        self.check_limits(&mut faults);
        let networks = parse_each(&self.networks, "form.networks", &mut faults, |text, path| {
            text.parse::<Network>()
                .map_err(|_| vec![Fault::new(path, "invalid", "an address is written 192.0.2.7, a range 192.0.2.0/24")])
        });
        let windows = parse_each(&self.times, "form.times", &mut faults, Window::parse);
        let valid_from = parse_day(self.valid_from, "form.valid_from", &mut faults);
        let valid_until = parse_day(self.valid_until, "form.valid_until", &mut faults);
        if let (Some(from), Some(until)) = (valid_from, valid_until)
            && until < from
        {
            faults.push(Fault::new("form.valid_until", "before_start", "the last day lies before the first"));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let (states, second_factor) = match self.effect {
            Effect::Allow => (vec![DeviceState::Approved], true),
            Effect::Deny => (Vec::new(), false),
        };
        Ok(FormRule {
            effect: self.effect,
            everybody: self.everybody,
            groups: self.groups.clone(),
            people: self.people.clone(),
            all_targets: self.all_targets,
            targets: self.targets.clone(),
            bundles: self.bundles.clone(),
            target_kinds: self.target_kinds.clone(),
            device_kinds: self.device_kinds.clone(),
            device_states: self.device_states.clone().unwrap_or(states),
            second_factor: self.second_factor.unwrap_or(second_factor),
            zones: self.zones.clone(),
            networks,
            windows,
            valid_from,
            valid_until,
        })
    }

    fn check_scope(&self, faults: &mut Vec<Fault>) {
        let people = !self.groups.is_empty() || !self.people.is_empty();
        match (self.everybody, people) {
            (true, true) => {
                faults.push(Fault::new("form.everybody", "contradiction", "a rule for everybody lists nobody besides"));
            }
            (false, false) => {
                faults.push(Fault::new("form.groups", "required", "a rule needs a group, a person or everybody"));
            }
            _ => {}
        }
        let targets = !self.targets.is_empty() || !self.bundles.is_empty() || !self.target_kinds.is_empty();
        match (self.all_targets, targets) {
            (true, true) => faults.push(Fault::new(
                "form.all_targets",
                "contradiction",
                "a rule for all targets lists none besides",
            )),
            (false, false) => {
                faults.push(Fault::new(
                    "form.targets",
                    "required",
                    "a rule needs a target, a bundle, a kind or all targets",
                ));
            }
            _ => {}
        }
    }

    fn check_limits(&self, faults: &mut Vec<Fault>) {
        let lists = [
            ("form.groups", self.groups.len(), MAX_LIST),
            ("form.people", self.people.len(), MAX_LIST),
            ("form.targets", self.targets.len(), MAX_LIST),
            ("form.bundles", self.bundles.len(), MAX_LIST),
            ("form.target_kinds", self.target_kinds.len(), TargetKind::ALL.len()),
            ("form.device_kinds", self.device_kinds.len(), DeviceKind::ALL.len()),
            ("form.device_states", self.device_states.as_ref().map_or(0, Vec::len), DeviceState::ALL.len()),
            ("form.zones", self.zones.len(), MAX_ZONES),
            ("form.networks", self.networks.len(), MAX_NETWORKS),
            ("form.times", self.times.len(), MAX_WINDOWS),
        ];
        for (path, length, most) in lists.into_iter().filter(|(_, length, most)| length > most) {
            faults.push(Fault::new(path, "too_many", format!("at most {most} are allowed, not {length}")));
        }
        for (index, zone) in self.zones.iter().enumerate() {
            let length = zone.0.chars().count();
            if length == 0 || length > MAX_ZONE_CHARS {
                let message = format!("a zone's name has 1 to {MAX_ZONE_CHARS} characters");
                faults.push(Fault::new(format!("form.zones[{index}]"), "invalid", message));
            }
        }
    }
}

fn parse_each<T, U>(
    items: &[T],
    path: &str,
    faults: &mut Vec<Fault>,
    parse: impl Fn(&T, &str) -> Result<U, Vec<Fault>>,
) -> Vec<U> {
    let mut parsed = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match parse(item, &format!("{path}[{index}]")) {
            Ok(value) => parsed.push(value),
            Err(found) => faults.extend(found),
        }
    }
    parsed
}

fn parse_day(day: Option<time::Date>, path: &str, faults: &mut Vec<Fault>) -> Option<Date> {
    let day = day?;
    let year = i16::try_from(day.year()).ok().filter(|year| YEARS.contains(year));
    let month = i8::try_from(u8::from(day.month())).ok();
    let date = year.zip(month).zip(i8::try_from(day.day()).ok()).and_then(|((y, m), d)| Date::new(y, m, d).ok());
    if date.is_none() {
        faults.push(Fault::new(
            path,
            "invalid",
            format!("a day lies between the years {} and {}", YEARS.start(), YEARS.end()),
        ));
    }
    date
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn codes(form: &RuleForm) -> Vec<(String, String)> {
        form.parse().unwrap_err().into_iter().map(|fault| (fault.path, fault.code)).collect()
    }

    fn valid() -> RuleForm {
        RuleForm { everybody: true, all_targets: true, ..RuleForm::new(Effect::Allow) }
    }

    #[test]
    fn an_allowing_rule_asks_for_an_approved_device_and_a_second_factor_unless_told() {
        let allow = valid().parse().unwrap();
        assert_eq!((allow.device_states, allow.second_factor), (vec![DeviceState::Approved], true));
        let deny = RuleForm { effect: Effect::Deny, ..valid() }.parse().unwrap();
        assert_eq!((deny.device_states, deny.second_factor), (vec![], false));
        let told = RuleForm { second_factor: Some(false), ..valid() }.parse().unwrap();
        assert!(!told.second_factor);
    }

    #[test]
    fn every_fault_is_named_by_its_field() {
        let form = RuleForm {
            zones: vec![Zone(String::new())],
            networks: vec!["10.0.0.0/8".into(), "nonsense".into()],
            times: vec![WindowForm { weekdays: vec![], from: "6".into(), to: "24:00".into() }],
            valid_from: Some(date!(0012 - 02 - 03)),
            ..RuleForm::new(Effect::Allow)
        };
        let expected = [
            ("form.groups", "required"),
            ("form.targets", "required"),
            ("form.zones[0]", "invalid"),
            ("form.networks[1]", "invalid"),
            ("form.times[0].weekdays", "required"),
            ("form.times[0].from", "invalid"),
            ("form.valid_from", "invalid"),
        ];
        assert_eq!(codes(&form), expected.map(|(path, code)| (path.to_owned(), code.to_owned())));
    }

    #[test]
    fn contradictions_and_excess_are_refused() {
        let form = RuleForm {
            groups: vec![GroupId(uuid::Uuid::nil())],
            target_kinds: vec![TargetKind::Rdp],
            networks: vec!["10.0.0.1".into(); MAX_NETWORKS + 1],
            times: vec!["Mon 08:00-09:00".parse().unwrap(); MAX_WINDOWS + 1],
            valid_from: Some(date!(2026 - 11 - 02)),
            valid_until: Some(date!(2026 - 11 - 01)),
            ..valid()
        };
        let expected = [
            ("form.everybody", "contradiction"),
            ("form.all_targets", "contradiction"),
            ("form.networks", "too_many"),
            ("form.times", "too_many"),
            ("form.valid_until", "before_start"),
        ];
        assert_eq!(codes(&form), expected.map(|(path, code)| (path.to_owned(), code.to_owned())));
    }

    #[test]
    fn a_form_at_its_limits_compiles() {
        let ids = || (0..MAX_LIST as u128).map(uuid::Uuid::from_u128);
        let form = RuleForm {
            groups: ids().map(GroupId).collect(),
            people: ids().map(PersonId).collect(),
            targets: ids().map(TargetId).collect(),
            bundles: ids().map(BundleId).collect(),
            zones: (0..MAX_ZONES).map(|n| Zone(format!("zone-{n}"))).collect(),
            networks: (0..MAX_NETWORKS).map(|n| format!("2001:db8:{n:x}::/48")).collect(),
            times: vec!["Mon,Wed,Fri,Sun 22:00-06:00".parse().unwrap(); MAX_WINDOWS],
            ..RuleForm::new(Effect::Deny)
        };
        let rule = crate::Rule {
            id: fernamt_domain::RuleId(uuid::Uuid::nil()),
            name: "all".into(),
            enabled: true,
            body: crate::RuleBody::Form(Box::new(form)),
        };
        crate::Engine::compile(&[rule], &crate::LocalZone::utc()).unwrap();
    }
}
