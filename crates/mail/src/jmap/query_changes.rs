//! `/queryChanges` (RFC 8620, section 5.6).
//!
//! Nothing is kept of what a query answered. What did not change since stands in the list as before, so it is enough to
//! take out whatever may have changed and to put in what of that is in the list now, which section 5.6 allows.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{error::MethodError, query::Comparator};

/// The arguments.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct QueryChanges<Filter> {
    pub(crate) account_id: String,
    #[serde(default = "Option::default")]
    pub(crate) filter: Option<Filter>,
    #[serde(default)]
    pub(crate) sort: Option<Vec<Comparator>>,
    /// What only some kinds have.
    #[serde(default)]
    pub(crate) collapse_threads: bool,
    since_query_state: String,
    #[serde(default)]
    max_changes: Option<u64>,
    /// What comes behind this in the list need not be told. It is told all the same.
    #[serde(default, rename = "upToId")]
    _up_to_id: Option<String>,
    #[serde(default)]
    calculate_total: bool,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueryChanged {
    account_id: String,
    old_query_state: String,
    new_query_state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    removed: BTreeSet<String>,
    added: Vec<Added>,
}

/// Something that is in the list now.
#[derive(Debug, Serialize)]
struct Added {
    id: String,
    index: usize,
}

impl<Filter> QueryChanges<Filter> {
    /// Since which change it is asked: one that is past, and of which nothing is forgotten.
    pub(crate) fn since(&self, state: u64, forgotten: u64) -> Result<u64, MethodError> {
        let since = self.since_query_state.parse().ok().filter(|since| (forgotten.min(state)..=state).contains(since));
        since.ok_or_else(MethodError::cannot_calculate_changes)
    }

    /// The answer: what may have changed or is gone, and the list as it is now.
    pub(crate) fn answer(
        self,
        state: u64,
        touched: BTreeSet<String>,
        list: &[String],
    ) -> Result<QueryChanged, MethodError> {
        let places = list.iter().enumerate().filter(|(_, id)| touched.contains(*id));
        let added: Vec<_> = places.map(|(index, id)| Added { id: id.clone(), index }).collect();
        if self.max_changes.is_some_and(|max| (touched.len() + added.len()) as u64 > max) {
            return Err(MethodError::too_many_changes());
        }
        Ok(QueryChanged {
            account_id: self.account_id,
            old_query_state: self.since_query_state,
            new_query_state: state.to_string(),
            total: self.calculate_total.then_some(list.len() as u64),
            removed: touched,
            added,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn ask(more: &Value) -> QueryChanges<Value> {
        let mut ask = json!({ "accountId": "a", "sinceQueryState": "4" });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(ask).unwrap()
    }

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn what_may_have_changed_is_taken_out_and_put_in() {
        let touched: BTreeSet<_> = texts(&["gone", "b", "d"]).into_iter().collect();
        let answer = ask(&json!({ "calculateTotal": true })).answer(9, touched.clone(), &texts(&["a", "b", "c", "d"]));
        let expected = json!({
            "accountId": "a", "oldQueryState": "4", "newQueryState": "9", "total": 4,
            "removed": ["b", "d", "gone"],
            "added": [{ "id": "b", "index": 1 }, { "id": "d", "index": 3 }],
        });
        assert_eq!(serde_json::to_value(answer.unwrap()).unwrap(), expected);
        let few = |max| ask(&json!({ "maxChanges": max })).answer(9, touched.clone(), &texts(&["b"]));
        assert!(few(4).is_ok());
        assert_eq!(few(3).unwrap_err(), MethodError::too_many_changes());
    }

    #[test]
    fn a_state_that_is_none_cannot_be_told_from() {
        let since = |text: &str| ask(&json!({ "sinceQueryState": text })).since(9, 3).ok();
        assert_eq!(["3", "9", "2", "10", "x", ""].map(since), [Some(3), Some(9), None, None, None, None]);
    }
}
