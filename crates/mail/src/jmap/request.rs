//! Requests and responses (RFC 8620, sections 3.2 to 3.4).

use std::collections::HashMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    CAPABILITIES, Object,
    error::{MethodError, RequestError},
    limits::MAX_CALLS_IN_REQUEST,
};

/// A request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    /// What it uses.
    pub(crate) using: Vec<String>,
    /// What it calls, in this order.
    pub(crate) method_calls: Vec<Invocation>,
    /// Ids of objects that earlier requests made, by the client's own names.
    #[serde(default)]
    pub(crate) created_ids: Option<HashMap<String, String>>,
}

/// A method's name, its arguments, and the client's name for the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Invocation(pub(crate) String, pub(crate) Object, pub(crate) String);

/// A response.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Response {
    /// What the methods answered.
    pub(crate) method_responses: Vec<Invocation>,
    /// Ids of objects that were made, by the client's own names, if the client named any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_ids: Option<HashMap<String, String>>,
    /// The state of the session resource.
    pub(crate) session_state: String,
}

impl Request {
    /// Reads a request, and checks what can be checked before the first call.
    pub(crate) fn read(body: &[u8]) -> Result<Self, RequestError> {
        Self::of(serde_json::from_slice(body).map_err(|error| RequestError::NotJson(error.to_string()))?)
    }

    /// The same of what was read as JSON already.
    pub(crate) fn of(value: Value) -> Result<Self, RequestError> {
        if !value.is_object() {
            return Err(RequestError::NotRequest("it is an object".to_owned()));
        }
        let request: Self =
            serde_json::from_value(value).map_err(|error| RequestError::NotRequest(error.to_string()))?;
        if let Some(unknown) = request.using.iter().find(|word| !CAPABILITIES.contains(&word.as_str())) {
            return Err(RequestError::UnknownCapability(unknown.clone()));
        }
        if request.method_calls.len() > MAX_CALLS_IN_REQUEST {
            return Err(RequestError::Limit("maxCallsInRequest"));
        }
        Ok(request)
    }
}

/// Reads a method's arguments. One that the method does not know is refused.
pub(crate) fn arguments<T: DeserializeOwned>(arguments: Object) -> Result<T, MethodError> {
    serde_json::from_value(Value::Object(arguments)).map_err(|error| MethodError::invalid_arguments(error.to_string()))
}

/// How much room an object takes, roughly: its texts, and 8 bytes for each other value.
pub(crate) fn weight(object: &Object) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len(),
            Value::Array(list) => list.iter().map(of).sum(),
            Value::Object(object) => weight(object),
            _ => 8,
        }
    }
    object.iter().map(|(name, value)| name.len() + of(value)).sum()
}

/// A method's answer as a JSON object.
pub(crate) fn answer(answer: &impl Serialize) -> Object {
    match serde_json::to_value(answer) {
        Ok(Value::Object(object)) => object,
        // Answers are structs with string keys.
        _ => Object::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<Request, RequestError> {
        Request::read(value.to_string().as_bytes())
    }

    #[test]
    fn a_request_is_read_and_refused_as_the_standard_says() {
        let call = json!(["Core/echo", { "hello": true }, "a"]);
        let fine = read(&json!({ "using": ["urn:ietf:params:jmap:core"], "methodCalls": [call] })).unwrap();
        assert_eq!(fine.method_calls[0].2, "a");
        assert!(matches!(Request::read(b"{"), Err(RequestError::NotJson(_))));
        for list in [json!([]), json!([[], [], {}])] {
            assert!(matches!(read(&list), Err(RequestError::NotRequest(_))), "{list}");
        }
        assert!(matches!(read(&json!({ "using": [], "methodCalls": [["x"]] })), Err(RequestError::NotRequest(_))));
        let foreign = read(&json!({ "using": ["urn:x"], "methodCalls": [] }));
        assert_eq!(foreign.unwrap_err(), RequestError::UnknownCapability("urn:x".to_owned()));
    }

    #[test]
    fn a_request_has_so_many_calls_and_no_more() {
        let calls = |count| {
            let calls: Vec<_> = (0..count).map(|number| json!(["Core/echo", {}, number.to_string()])).collect();
            read(&json!({ "using": [], "methodCalls": calls }))
        };
        assert!(calls(MAX_CALLS_IN_REQUEST).is_ok());
        assert_eq!(calls(MAX_CALLS_IN_REQUEST + 1).unwrap_err(), RequestError::Limit("maxCallsInRequest"));
    }
}
