//! Which rules name an entry.

use std::fmt::Display;

use fernamt_api::admin::rules::RuleRef;
use fernamt_store::RuleRecord;

/// All rules, switched off ones too, ready to be searched for ids. Ids are unique over all kinds, so finding the id's
/// text is finding its use.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    rules: Vec<(RuleRef, String)>,
}

impl Usage {
    /// Of these rules.
    pub(crate) fn of(rules: Vec<RuleRecord>) -> Self {
        let text = |rule: &RuleRecord| match (&rule.form, &rule.expert) {
            (Some(form), _) => form.to_string(),
            (None, Some(text)) => text.to_lowercase(),
            (None, None) => String::new(),
        };
        let searchable = |rule: RuleRecord| {
            let text = text(&rule);
            (RuleRef { id: rule.id, name: rule.name }, text)
        };
        Self { rules: rules.into_iter().map(searchable).collect() }
    }

    /// The rules that name this id in their form or text.
    pub(crate) fn naming(&self, id: impl Display) -> Vec<RuleRef> {
        self.naming_any([id])
    }

    /// The rules that name any of these ids, each rule once.
    pub(crate) fn naming_any(&self, ids: impl IntoIterator<Item = impl Display>) -> Vec<RuleRef> {
        let ids: Vec<_> = ids.into_iter().map(|id| id.to_string()).collect();
        let names = |(_, text): &&(RuleRef, String)| ids.iter().any(|id| text.contains(id));
        self.rules.iter().filter(names).map(|(rule, _)| rule.clone()).collect()
    }
}
