//! What is said on a WebSocket (RFC 8887, section 4).

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    error::RequestError,
    request::{Request, Response},
};

/// The most bytes of a client's name for a request.
const MAX_REQUEST_ID_BYTES: usize = 255;
/// The most bytes of a state that a client says it knows.
const MAX_PUSH_STATE_BYTES: usize = 64;
/// The most kinds of objects that a client may name.
const MAX_DATA_TYPES: usize = 100;

/// What a client says.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// It calls methods; by this name it will know the answer.
    Call(Option<String>, Request),
    /// It wants to hear of changes to these kinds of objects, or all, from a state on.
    Enable { kinds: Option<Vec<String>>, known: Option<String> },
    /// It wants to hear of nothing any more.
    Disable,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Enable {
    #[serde(default)]
    data_types: Option<Vec<String>>,
    #[serde(default)]
    push_state: Option<String>,
}

impl Incoming {
    /// Reads what a client says. What is refused is refused by the name that the client gave it, if there is one.
    pub(crate) fn read(text: &str) -> Result<Self, (Option<String>, RequestError)> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| (None, RequestError::NotJson(error.to_string())))?;
        let id = value["id"].as_str().filter(|id| id.len() <= MAX_REQUEST_ID_BYTES).map(str::to_owned);
        let refused = |detail: &str| (id.clone(), RequestError::NotRequest(detail.to_owned()));
        if id.is_none() && value.get("id").is_some_and(|id| !id.is_null()) {
            return Err(refused("an id is a text of at most 255 bytes"));
        }
        match value["@type"].as_str() {
            Some("Request") => match Request::of(value) {
                Ok(request) => Ok(Self::Call(id, request)),
                Err(error) => Err((id, error)),
            },
            Some("WebSocketPushEnable") => {
                let Enable { data_types, push_state } =
                    serde_json::from_value(value).map_err(|error| refused(&error.to_string()))?;
                if data_types.as_ref().is_some_and(|kinds| kinds.len() > MAX_DATA_TYPES) {
                    return Err(refused("there are not so many kinds of objects"));
                }
                Ok(Self::Enable {
                    kinds: data_types,
                    known: push_state.filter(|state| (1..=MAX_PUSH_STATE_BYTES).contains(&state.len())),
                })
            }
            Some("WebSocketPushDisable") => Ok(Self::Disable),
            _ => Err(refused("its @type is Request, WebSocketPushEnable or WebSocketPushDisable")),
        }
    }
}

/// The answer to a call.
pub(crate) fn response(id: Option<String>, response: &Response) -> Value {
    let mut told = serde_json::to_value(response).unwrap_or_default();
    told["@type"] = "Response".into();
    named(told, id)
}

/// The answer to what is refused.
pub(crate) fn refusal(id: Option<String>, error: &RequestError) -> Value {
    let mut told = error.problem();
    told["@type"] = "RequestError".into();
    named(told, id)
}

/// The answer to a call that failed by our own fault.
pub(crate) fn failure(id: Option<String>) -> Value {
    let detail = "the server failed; its log says why";
    named(json!({ "@type": "RequestError", "type": "about:blank", "status": 500, "detail": detail }), id)
}

/// Changes, with the name of the state that they lead to.
pub(crate) fn state_change(mut change: Value, state: String) -> Value {
    change["pushState"] = state.into();
    change
}

fn named(mut told: Value, id: Option<String>) -> Value {
    if let Some(id) = id {
        told["requestId"] = id.into();
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (Option<String>, Value) {
        let (id, error) = Incoming::read(text).unwrap_err();
        (id, error.problem()["type"].clone())
    }

    #[test]
    fn what_a_client_says_is_read() {
        let call = r#"{"@type":"Request","id":"R1","using":[],"methodCalls":[["Core/echo",{},"a"]]}"#;
        assert!(matches!(Incoming::read(call), Ok(Incoming::Call(Some(id), request))
            if id == "R1" && request.method_calls.len() == 1));
        let unnamed = r#"{"@type":"Request","using":[],"methodCalls":[]}"#;
        assert!(matches!(Incoming::read(unnamed), Ok(Incoming::Call(None, _))));
        let enable = r#"{"@type":"WebSocketPushEnable","dataTypes":["Email"],"pushState":"abc"}"#;
        assert!(matches!(Incoming::read(enable), Ok(Incoming::Enable { kinds: Some(kinds), known: Some(known) })
            if kinds == ["Email"] && known == "abc"));
        let all = r#"{"@type":"WebSocketPushEnable","dataTypes":null}"#;
        assert!(matches!(Incoming::read(all), Ok(Incoming::Enable { kinds: None, known: None })));
        assert!(matches!(Incoming::read(r#"{"@type":"WebSocketPushDisable"}"#), Ok(Incoming::Disable)));
    }

    #[test]
    fn what_is_refused_is_refused_by_its_name() {
        let error = |word: &str| Value::from(format!("urn:ietf:params:jmap:error:{word}"));
        assert_eq!(refused("{"), (None, error("notJSON")));
        assert_eq!(refused("[]"), (None, error("notRequest")));
        assert_eq!(refused(r#"{"@type":"Response","id":"R1"}"#), (Some("R1".to_owned()), error("notRequest")));
        assert_eq!(refused(r#"{"@type":"Request","id":"R2","using":3}"#), (Some("R2".to_owned()), error("notRequest")));
        let foreign = r#"{"@type":"Request","id":"R3","using":["urn:x"],"methodCalls":[]}"#;
        assert_eq!(refused(foreign), (Some("R3".to_owned()), error("unknownCapability")));
        assert_eq!(refused(r#"{"@type":"WebSocketPushDisable","id":7}"#), (None, error("notRequest")));
        let long = json!({ "@type": "WebSocketPushDisable", "id": "x".repeat(MAX_REQUEST_ID_BYTES + 1) });
        assert_eq!(refused(&long.to_string()).0, None);
        let many = json!({ "@type": "WebSocketPushEnable", "dataTypes": vec!["x"; MAX_DATA_TYPES + 1] });
        assert_eq!(refused(&many.to_string()), (None, error("notRequest")));
    }
}
