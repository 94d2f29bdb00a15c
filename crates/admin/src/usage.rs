//! Which rules name an entry.

use std::fmt::Display;

use fernamt_store::RuleRecord;

/// Names of the rules, switched off ones too, that name this id in their form or text. Ids are unique over all kinds,
/// so finding the id's text is finding its use.
pub(crate) fn rules_naming(rules: &[RuleRecord], id: impl Display) -> Vec<String> {
    let id = id.to_string();
    let names = |rule: &&RuleRecord| {
        let in_form = rule.form.as_ref().is_some_and(|form| form.to_string().contains(&id));
        in_form || rule.expert.as_ref().is_some_and(|text| text.to_lowercase().contains(&id))
    };
    rules.iter().filter(names).map(|rule| rule.name.clone()).collect()
}
