//! Rules that an expert wrote in Cedar: parsed and checked against the schema, with the place of each fault.

use cedar_policy::{Policy, PolicyId, PolicySet, ResourceConstraint, ValidationMode, Validator};
use fernamt_domain::RuleId;
use miette::Diagnostic;
use serde_json::Value;

use crate::{
    Fault, Position, Request,
    schema::{names, schema, uid},
    stack,
};

/// The most bytes of an expert rule's text.
pub const MAX_EXPERT_BYTES: usize = 16 * 1024;

/// The most Cedar policies of one expert rule.
pub const MAX_POLICIES_PER_RULE: usize = 16;

/// The most faults named of one text; the rest follow from the first ones more often than not.
const MAX_FAULTS: usize = 20;

/// The field of a rule that holds the text.
const PATH: &str = "expert";

/// One checked Cedar policy of an expert rule.
#[derive(Debug, Clone)]
pub(crate) struct ExpertPolicy {
    pub(crate) policy: Policy,
    /// Whether its answer can change by time alone.
    pub(crate) uses_time: bool,
}

/// Parses and checks an expert rule. The policies get ids of their own, made of the rule's id.
pub(crate) fn parse(rule: RuleId, text: &str) -> Result<Vec<ExpertPolicy>, Vec<Fault>> {
    stack::with_room(|| parse_with_room(rule, text)).map_err(|fault| vec![fault])?
}

/// The same, for callers that are on a thread with room already.
pub(crate) fn parse_with_room(rule: RuleId, text: &str) -> Result<Vec<ExpertPolicy>, Vec<Fault>> {
    if text.len() > MAX_EXPERT_BYTES {
        return Err(vec![Fault::new(PATH, "too_long", format!("the text has at most {MAX_EXPERT_BYTES} bytes"))]);
    }
    if let Err((offset, code)) = stack::check(text) {
        let fault =
            Fault::new(PATH, code, "the text nests or joins more than can be read; use lists or several policies");
        return Err(vec![fault.at(Some(Position::of(text, offset)))]);
    }
    let set: PolicySet = text.parse().map_err(|errors: cedar_policy::ParseErrors| {
        let faults = errors.iter().map(|error| fault(text, "syntax", error));
        faults.take(MAX_FAULTS).collect::<Vec<_>>()
    })?;
    if set.num_of_templates() > 0 {
        return Err(vec![Fault::new(
            PATH,
            "template",
            "slots such as ?principal are not used here; name the group or person",
        )]);
    }
    let count = set.num_of_policies();
    if count == 0 {
        return Err(vec![Fault::new(PATH, "required", "the text holds no policy")]);
    }
    if count > MAX_POLICIES_PER_RULE {
        let message = format!("one rule holds at most {MAX_POLICIES_PER_RULE} policies, not {count}");
        return Err(vec![Fault::new(PATH, "too_many", message)]);
    }
    let result = Validator::new(schema().clone()).validate(&set, ValidationMode::Strict);
    let mut faults: Vec<_> = result.validation_errors().map(|error| fault(text, "schema", error)).collect();
    if !faults.is_empty() {
        faults.sort_by_key(|fault| fault.position.map(|position| (position.line, position.column)));
        faults.truncate(MAX_FAULTS);
        return Err(faults);
    }
    let renamed = set.policies().enumerate().map(|(index, policy)| {
        let policy = policy.new_id(PolicyId::new(format!("{rule}#{index}")));
        // A policy that cannot be looked into is taken to depend on time: the worst is a needless second look.
        let uses_time = policy.to_json().map_or(true, |json| mentions_time(&json));
        ExpertPolicy { policy, uses_time }
    });
    Ok(renamed.collect())
}

impl ExpertPolicy {
    /// Whether the policy's head admits this target.
    pub(crate) fn touches(&self, request: &Request) -> bool {
        let names = names();
        let target = uid(&names.target, request.target.id);
        let inside = |container: &_| {
            *container == target || request.target.bundles.iter().any(|bundle| *container == uid(&names.bundle, bundle))
        };
        match self.policy.resource_constraint() {
            ResourceConstraint::Any => true,
            ResourceConstraint::In(container) => inside(&container),
            ResourceConstraint::Eq(one) => one == target,
            ResourceConstraint::Is(kind) => kind == names.target,
            ResourceConstraint::IsIn(kind, container) => kind == names.target && inside(&container),
        }
    }
}

/// Whether a policy reads `context.time`, or the context as a whole.
fn mentions_time(json: &Value) -> bool {
    match json {
        Value::Object(map) => {
            let context_attribute = |access: &Value| {
                let on_context = access["left"]["Var"] == "context";
                on_context.then(|| access["attr"].as_str().unwrap_or("time") == "time")
            };
            map.iter().any(|(operator, value)| match (operator.as_str(), value) {
                ("." | "has", access) => context_attribute(access).unwrap_or_else(|| mentions_time(access)),
                ("Var", name) => name == "context",
                (_, inner) => mentions_time(inner),
            })
        }
        Value::Array(items) => items.iter().any(mentions_time),
        _ => false,
    }
}

fn fault(text: &str, code: &str, error: &(impl Diagnostic + ?Sized)) -> Fault {
    let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
    let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
    // Cedar names policies by their number in the text, which nobody wrote; the position says it better.
    let message = error.to_string();
    let message = message
        .split_once("`, ")
        .filter(|(head, _)| head.starts_with("for policy `"))
        .map_or(message.as_str(), |(_, rest)| rest);
    Fault::new(PATH, code, format!("{message}{help}")).at(offset.map(|offset| Position::of(text, offset)))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn check(text: &str) -> Result<Vec<ExpertPolicy>, Vec<Fault>> {
        parse(RuleId(Uuid::nil()), text)
    }

    fn found(text: &str) -> (String, Option<(u32, u32)>) {
        let fault = check(text).unwrap_err().remove(0);
        (fault.code, fault.position.map(|position| (position.line, position.column)))
    }

    #[test]
    fn faults_have_a_place() {
        assert_eq!(found("permit (principal,\n  action, resource"), ("syntax".into(), Some((2, 19))));
        let misspelt =
            "// ä\npermit (principal, action, resource)\nwhen { context.device.kind == DeviceKind::\"brwser\" };";
        assert_eq!(found(misspelt), ("schema".into(), Some((3, 31))));
        let unknown = "permit (principal, action, resource)\nwhen { context.hour < 3 };";
        assert_eq!(found(unknown), ("schema".into(), Some((2, 8))));
        assert_eq!(found("permit (principal == User::\"x\", action, resource);").0, "schema");
        assert_eq!(found("permit (principal == ?principal, action, resource);").0, "template");
        assert_eq!(found("// nothing").0, "required");
    }

    #[test]
    fn size_and_count_are_limited() {
        let policy = "permit (principal, action, resource);\n";
        assert_eq!(check(&policy.repeat(MAX_POLICIES_PER_RULE)).unwrap().len(), MAX_POLICIES_PER_RULE);
        assert_eq!(found(&policy.repeat(MAX_POLICIES_PER_RULE + 1)).0, "too_many");
        assert_eq!(found(&" ".repeat(MAX_EXPERT_BYTES + 1)).0, "too_long");
    }

    #[test]
    fn no_text_exhausts_the_stack() {
        let within = |body: String| check(&format!("permit (principal, action, resource) when {{ {body} }};"));
        for count in [20, 1_000, 5_000] {
            let deep = [("(", "true", ")"), ("[", "", "]"), ("{\"a\": ", "1", "}")];
            for (open, middle, close) in deep {
                let _ = within(format!("{}{middle}{}", open.repeat(count), close.repeat(count)));
            }
            for link in ["true && ", "1 + ", "!", "-", "if true then true else ", "context.time."] {
                let _ = within(format!("{}true", link.repeat(count)));
            }
        }
        assert_eq!(check("permit (principal, action, resource) when { ((((((((((true)))))))))) };").unwrap().len(), 1);
        assert!(within(format!("{}true", "context.second_factor || ".repeat(300))).is_ok());
        assert_eq!(within(format!("{}true", "true || ".repeat(600))).unwrap_err()[0].code, "too_many_operators");
    }

    #[test]
    fn knows_which_texts_depend_on_time() {
        let uses_time = |condition: &str| {
            check(&format!("permit (principal, action, resource) when {{ {condition} }};")).unwrap()[0].uses_time
        };
        assert!(uses_time("context.time.minute < 600"));
        assert!(uses_time("[1, 2].contains(context[\"time\"].weekday)"));
        assert!(!uses_time("context.zone == \"time\" && context.second_factor"));
    }

    proptest::proptest! {
        #[test]
        fn foreign_text_never_panics(text in "(permit|forbid|when|unless|principal|resource|context|\\.time|Target::|[(){}\"\\[\\],;=&|!<.@?\\\\/ \n-]|é|[a-z0-9]){0,60}") {
            let _ = check(&text);
            let _ = check(&format!("permit (principal, action, resource) when {{ {text} }};"));
        }
    }
}
