//! `/get` (RFC 8620, section 5.1).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Object, error::MethodError, limits::MAX_OBJECTS_IN_GET};

/// The arguments.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Get {
    pub(crate) account_id: String,
    #[serde(default)]
    pub(crate) ids: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) properties: Option<Vec<String>>,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Got {
    pub(crate) account_id: String,
    pub(crate) state: String,
    pub(crate) list: Vec<Value>,
    pub(crate) not_found: Vec<String>,
}

/// The ids that were asked for, each once, within the limit.
pub(crate) fn asked(ids: Vec<String>) -> Result<Vec<String>, MethodError> {
    if ids.len() > MAX_OBJECTS_IN_GET {
        return Err(MethodError::request_too_large(format!("at most {MAX_OBJECTS_IN_GET} objects at once")));
    }
    let mut seen = std::collections::HashSet::new();
    Ok(ids.into_iter().filter(|id| seen.insert(id.clone())).collect())
}

/// Only these properties of an object, and always its id. A property that the kind does not have is refused.
pub(crate) fn only(mut object: Object, properties: Option<&[String]>) -> Result<Value, MethodError> {
    if let Some(properties) = properties {
        if let Some(unknown) = properties.iter().find(|name| !object.contains_key(*name)) {
            return Err(MethodError::invalid_arguments(format!("there is no property {unknown}")));
        }
        object.retain(|name, _| name == "id" || properties.contains(name));
    }
    Ok(Value::Object(object))
}
