//! `/set` (RFC 8620, section 5.3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Object,
    error::{Fault, MethodError, SetError},
    limits::MAX_OBJECTS_IN_SET,
};

/// The arguments that every `/set` has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Set {
    pub(crate) account_id: String,
    #[serde(default)]
    pub(crate) if_in_state: Option<String>,
    #[serde(default)]
    pub(crate) create: Option<BTreeMap<String, Object>>,
    #[serde(default)]
    pub(crate) update: Option<BTreeMap<String, Object>>,
    #[serde(default)]
    pub(crate) destroy: Option<Vec<String>>,
}

/// The answer.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Done {
    pub(crate) account_id: String,
    pub(crate) old_state: String,
    pub(crate) new_state: String,
    pub(crate) created: BTreeMap<String, Value>,
    pub(crate) updated: BTreeMap<String, Value>,
    pub(crate) destroyed: Vec<String>,
    pub(crate) not_created: BTreeMap<String, Value>,
    pub(crate) not_updated: BTreeMap<String, Value>,
    pub(crate) not_destroyed: BTreeMap<String, Value>,
}

impl Set {
    /// Refuses too many objects at once, and a state that is not the current one.
    pub(crate) fn check(&self, state: u64) -> Result<(), MethodError> {
        let count = self.create.as_ref().map_or(0, BTreeMap::len)
            + self.update.as_ref().map_or(0, BTreeMap::len)
            + self.destroy.as_ref().map_or(0, Vec::len);
        if count > MAX_OBJECTS_IN_SET {
            return Err(MethodError::request_too_large(format!("at most {MAX_OBJECTS_IN_SET} objects at once")));
        }
        if self.if_in_state.as_ref().is_some_and(|wanted| *wanted != state.to_string()) {
            return Err(MethodError::state_mismatch());
        }
        Ok(())
    }
}

impl Done {
    /// An answer in which nothing has happened yet.
    pub(crate) fn new(account_id: &str, state: u64) -> Self {
        Self { account_id: account_id.to_owned(), old_state: state.to_string(), ..Self::default() }
    }

    /// Whether anything was made, changed or destroyed.
    pub(crate) fn anything(&self) -> bool {
        !(self.created.is_empty() && self.updated.is_empty() && self.destroyed.is_empty())
    }

    /// Notes what became of an object that was to be made: its properties that the client does not know.
    pub(crate) fn create(&mut self, name: &str, result: Result<Value, Fault>) -> Result<(), MethodError> {
        match result {
            Ok(properties) => drop(self.created.insert(name.to_owned(), properties)),
            Err(fault) => drop(self.not_created.insert(name.to_owned(), own(fault)?.to_value())),
        }
        Ok(())
    }

    /// Notes what became of an object that was to be changed.
    pub(crate) fn update(&mut self, id: &str, result: Result<(), Fault>) -> Result<(), MethodError> {
        match result {
            Ok(()) => drop(self.updated.insert(id.to_owned(), Value::Null)),
            Err(fault) => drop(self.not_updated.insert(id.to_owned(), own(fault)?.to_value())),
        }
        Ok(())
    }

    /// Notes what became of an object that was to be destroyed.
    pub(crate) fn destroy(&mut self, id: &str, result: Result<(), Fault>) -> Result<(), MethodError> {
        match result {
            Ok(()) => self.destroyed.push(id.to_owned()),
            Err(fault) => drop(self.not_destroyed.insert(id.to_owned(), own(fault)?.to_value())),
        }
        Ok(())
    }
}

fn own(fault: Fault) -> Result<SetError, MethodError> {
    match fault {
        Fault::Object(error) => Ok(error),
        Fault::Method(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(count: usize) -> Set {
        let destroy: Vec<_> = (0..count).map(|number| number.to_string()).collect();
        serde_json::from_value(json!({ "accountId": "a", "ifInState": "7", "destroy": destroy })).unwrap()
    }

    #[test]
    fn so_many_objects_are_changed_at_once_and_no_more() {
        assert_eq!(set(MAX_OBJECTS_IN_SET).check(7), Ok(()));
        let refused = set(MAX_OBJECTS_IN_SET + 1).check(7).unwrap_err();
        assert_eq!(refused.to_arguments()["type"], "requestTooLarge");
        assert_eq!(set(1).check(8), Err(MethodError::state_mismatch()));
    }

    #[test]
    fn an_unknown_argument_is_refused() {
        let refused = serde_json::from_value::<Set>(json!({ "accountId": "a", "vanish": [] }));
        assert!(refused.unwrap_err().to_string().contains("vanish"));
    }
}
