//! Cedar text from forms.
//!
//! Only ids, words of an enum, numbers and [`quoted`] strings go into the text, so nothing that somebody typed can
//! change what it means.

use std::{
    collections::BTreeSet,
    fmt::{Display, Write},
};

use fernamt_domain::RuleId;

use crate::{
    form::{Effect, FormRule},
    window::Window,
};

/// The Cedar policy of a form. It has one `when` for each condition that the form states.
pub(crate) fn generate(rule: RuleId, name: &str, form: &FormRule) -> String {
    let effect = match form.effect {
        Effect::Allow => "permit",
        Effect::Deny => "forbid",
    };
    let mut out = format!(
        "@name({})\n@rule(\"{rule}\")\n{effect} (\n    principal,\n    action == Action::\"reach\",\n    resource\n)",
        quoted(name)
    );
    for condition in conditions(form) {
        // Writing to a String cannot fail.
        let _ = write!(out, "\nwhen {{ {condition} }}");
    }
    out.push_str(";\n");
    out
}

fn conditions(form: &FormRule) -> Vec<String> {
    let mut out = Vec::new();
    if !form.all_targets {
        let mut any = Vec::new();
        if !form.targets.is_empty() {
            any.push(format!("resource in [{}]", entities("Target", &form.targets)));
        }
        if !form.bundles.is_empty() {
            any.push(format!("resource in [{}]", entities("Bundle", &form.bundles)));
        }
        if !form.target_kinds.is_empty() {
            any.push(format!("[{}].contains(resource.kind)", entities("TargetKind", &form.target_kinds)));
        }
        out.push(any.join(" || "));
    }
    if !form.everybody {
        let mut any = Vec::new();
        if !form.groups.is_empty() {
            any.push(format!("principal in [{}]", entities("Group", &form.groups)));
        }
        if !form.people.is_empty() {
            any.push(format!("principal in [{}]", entities("Person", &form.people)));
        }
        out.push(any.join(" || "));
    }
    if !form.device_kinds.is_empty() {
        out.push(format!("[{}].contains(context.device.kind)", entities("DeviceKind", &form.device_kinds)));
    }
    if !form.device_states.is_empty() {
        out.push(format!("[{}].contains(context.device.state)", entities("DeviceState", &form.device_states)));
    }
    if form.second_factor {
        out.push("context.second_factor".to_owned());
    }
    if !form.zones.is_empty() {
        out.push(format!("[{}].contains(context.zone)", list(form.zones.iter().map(|zone| quoted(&zone.0)))));
    }
    if !form.networks.is_empty() {
        let ranges = form.networks.iter().map(|network| format!("context.address.isInRange(ip(\"{network}\"))"));
        out.push(ranges.collect::<Vec<_>>().join(" || "));
    }
    if !form.windows.is_empty() {
        out.push(form.windows.iter().map(window).collect::<Vec<_>>().join(" || "));
    }
    if let Some(from) = form.valid_from {
        out.push(format!("context.time.date >= datetime(\"{from}\")"));
    }
    if let Some(until) = form.valid_until {
        out.push(format!("context.time.date <= datetime(\"{until}\")"));
    }
    out
}

fn window(window: &Window) -> String {
    let days = |numbers: &BTreeSet<u8>| format!("[{}].contains(context.time.weekday)", list(numbers));
    let (today, from, to) = (days(&window.days), window.from, window.to);
    if window.crosses_midnight() {
        let tomorrow = days(&window.next_days());
        format!("({today} && context.time.minute >= {from}) || ({tomorrow} && context.time.minute < {to})")
    } else {
        format!("({today} && context.time.minute >= {from} && context.time.minute < {to})")
    }
}

/// `Kind::"id", Kind::"id"`. Ids and words of the domain hold letters, digits, `-` and `_` only.
fn entities<T: Display>(kind: &str, ids: &[T]) -> String {
    list(ids.iter().map(|id| format!("{kind}::\"{id}\"")))
}

fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// A Cedar string literal. Cedar's escapes are Rust's.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

#[cfg(test)]
mod tests {
    use cedar_policy::PolicySet;
    use fernamt_domain::{DeviceKind, GroupId, TargetId, Zone};
    use proptest::prelude::*;
    use time::macros::date;
    use uuid::Uuid;

    use super::*;
    use crate::RuleForm;

    fn rule() -> RuleId {
        RuleId(Uuid::from_u128(1))
    }

    #[test]
    fn reads_like_the_form() {
        let form = RuleForm {
            groups: vec![GroupId(Uuid::from_u128(2))],
            targets: vec![TargetId(Uuid::from_u128(3))],
            device_kinds: vec![DeviceKind::Browser, DeviceKind::Stick],
            networks: vec!["192.0.2.0/24".into()],
            times: vec!["Mon-Fri 06:00-20:00".parse().unwrap(), "Sat 22:00-02:00".parse().unwrap()],
            valid_until: Some(date!(2026 - 12 - 31)),
            ..RuleForm::new(Effect::Allow)
        };
        let expected = r#"@name("Bauamt \"zu Hause\"")
@rule("00000000-0000-0000-0000-000000000001")
permit (
    principal,
    action == Action::"reach",
    resource
)
when { resource in [Target::"00000000-0000-0000-0000-000000000003"] }
when { principal in [Group::"00000000-0000-0000-0000-000000000002"] }
when { [DeviceKind::"browser", DeviceKind::"stick"].contains(context.device.kind) }
when { [DeviceState::"approved"].contains(context.device.state) }
when { context.second_factor }
when { context.address.isInRange(ip("192.0.2.0/24")) }
when { ([1, 2, 3, 4, 5].contains(context.time.weekday) && context.time.minute >= 360 && context.time.minute < 1200) || ([6].contains(context.time.weekday) && context.time.minute >= 1320) || ([7].contains(context.time.weekday) && context.time.minute < 120) }
when { context.time.date <= datetime("2026-12-31") };
"#;
        assert_eq!(generate(rule(), "Bauamt \"zu Hause\"", &form.parse().unwrap()), expected);
    }

    proptest! {
        /// Whatever stands in a name or a zone, the text is one policy with that name and the same conditions.
        #[test]
        fn typed_text_stays_text(name in "\\PC{0,40}|[\"\\\\);}{\n\r\t\0 a]{0,40}", zone in "[\"\\\\);}|&\n a'u]{1,20}") {
            let form = RuleForm {
                everybody: true,
                all_targets: true,
                zones: vec![Zone(zone.clone())],
                ..RuleForm::new(Effect::Allow)
            };
            let set: PolicySet = generate(rule(), &name, &form.parse().unwrap()).parse().unwrap();
            let policies: Vec<_> = set.policies().collect();
            prop_assert_eq!(policies.len(), 1);
            prop_assert_eq!(policies[0].annotation("name"), Some(name.as_str()));
            let json = policies[0].to_json().unwrap();
            prop_assert_eq!(json["conditions"].as_array().unwrap().len(), 3);
            prop_assert_eq!(&json["conditions"][2]["body"]["contains"]["left"]["Set"][0]["Value"], &serde_json::json!(zone));
        }
    }
}
