//! Bodies of which every field is known. What nobody reads is a slip or a misunderstanding, and dropped in silence it looks
//! like success.

use axum::extract::{FromRequest, Request};
use fernamt_api::conference::{
    entry::EntryRequest,
    meetings::ChangeMeeting,
    moderation::ModerationAct,
    rooms::{BookingDraft, ChangeRoom, NewRoom},
    settings::ChangeConferenceSettings,
    webhooks::{ChangeWebhook, WebhookFields},
};
use fernamt_http::{ApiError, Json};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The most unknown fields that a refusal names.
const MOST_NAMED: usize = 10;

/// What a request says.
pub(crate) trait Body: DeserializeOwned + Serialize {
    /// What reading shows beside what can be set: whoever changes something may send back all that was read.
    const SHOWN: &'static [&'static str] = &[];
}

impl Body for NewRoom {}
impl Body for BookingDraft {}
impl Body for WebhookFields {}
impl Body for EntryRequest {}
impl Body for ModerationAct {}

impl Body for ChangeRoom {
    const SHOWN: &'static [&'static str] = &["id", "kind", "owner", "role", "safeguards", "invited", "meetings"];
}

impl Body for ChangeMeeting {
    const SHOWN: &'static [&'static str] = &[
        "id",
        "room",
        "name",
        "kind",
        "owner",
        "role",
        "state",
        "starts_at",
        "ends_at",
        "time_zone",
        "recurring",
        "moved",
        "protection",
        "valid_from",
        "valid_until",
        "open_now",
        "description",
        "safeguards",
        "access",
    ];
}

impl Body for ChangeConferenceSettings {
    const SHOWN: &'static [&'static str] = &["usual", "classes", "limits", "mail_server"];
}

impl Body for ChangeWebhook {
    const SHOWN: &'static [&'static str] = &["id", "waiting", "failing_since"];
}

/// A JSON body without unknown fields.
pub(crate) struct Exact<T>(pub(crate) T);

impl<T: Body, S: Send + Sync> FromRequest<S> for Exact<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Json(sent) = Json::<Value>::from_request(request, state).await?;
        // The second reading names the place of a fault, which reading from a value would not.
        let read = axum::Json::<T>::from_bytes(sent.to_string().as_bytes());
        let axum::Json(body) = read.map_err(|fault| ApiError::bad_request("malformed", fault.body_text()))?;
        let understood = serde_json::to_value(&body).map_err(|error| ApiError::internal(&error))?;
        let mut unknown = Vec::new();
        differ(&sent, &understood, "", &mut unknown);
        unknown.retain(|path| !T::SHOWN.contains(&path.as_str()));
        if unknown.is_empty() {
            return Ok(Self(body));
        }
        unknown.sort();
        unknown.truncate(MOST_NAMED);
        Err(ApiError::bad_request("malformed", format!("these fields are not known here: {}", unknown.join(", "))))
    }
}

/// The paths of what was sent and is not among what was understood. An empty field says nothing and may be missing there.
fn differ(sent: &Value, understood: &Value, path: &str, unknown: &mut Vec<String>) {
    match (sent, understood) {
        (Value::Object(sent), Value::Object(understood)) => {
            for (name, value) in sent.iter().filter(|(_, value)| !value.is_null()) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match understood.get(name) {
                    Some(known) => differ(value, known, &path, unknown),
                    None => unknown.push(path),
                }
            }
        }
        (Value::Array(sent), Value::Array(understood)) => {
            for (at, (value, known)) in sent.iter().zip(understood).enumerate() {
                differ(value, known, &format!("{path}[{at}]"), unknown);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    /// The fields of a schema, with those of the schemas that it takes in.
    fn fields(document: &Value, schema: &Value) -> BTreeSet<String> {
        if let Some(path) = schema["$ref"].as_str() {
            return fields(document, document.pointer(path.trim_start_matches('#')).unwrap());
        }
        let own = schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys().cloned());
        let taken_in = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| fields(document, part));
        own.chain(taken_in).collect()
    }

    /// Holds that all that reading shows can be sent back.
    fn can_be_sent_back<T: Body>(read: &str, sent: &str) {
        let document = serde_json::to_value(fernamt_api::document()).unwrap();
        let [read, sent] = [read, sent].map(|name| fields(&document, &document["components"]["schemas"][name]));
        assert!(!read.is_empty() && !sent.is_empty());
        let shown: BTreeSet<_> = read.difference(&sent).map(String::as_str).collect();
        assert_eq!(T::SHOWN.iter().copied().collect::<BTreeSet<_>>(), shown);
        assert_eq!(T::SHOWN.len(), shown.len(), "each stands there once");
    }

    #[test]
    fn all_that_reading_shows_can_be_sent_back() {
        can_be_sent_back::<ChangeRoom>("Room", "ChangeRoom");
        can_be_sent_back::<ChangeMeeting>("Meeting", "ChangeMeeting");
        can_be_sent_back::<ChangeConferenceSettings>("ConferenceSettingsView", "ChangeConferenceSettings");
        can_be_sent_back::<ChangeWebhook>("Webhook", "ChangeWebhook");
    }

    fn unknown(sent: &Value, understood: &Value) -> Vec<String> {
        let mut unknown = Vec::new();
        differ(sent, understood, "", &mut unknown);
        unknown.sort();
        unknown
    }

    #[test]
    fn what_was_not_understood_is_named_by_its_path() {
        let understood =
            json!({ "name": "a", "when": { "starts": "b" }, "people": [{ "role": "c" }], "left_out": null });
        let sent = json!({
            "name": "a", "colour": 1, "when": { "starts": "b", "ends": "d" }, "people": [{ "role": "c", "age": 7 }],
            "nothing": null,
        });
        assert_eq!(unknown(&sent, &understood), ["colour", "people[0].age", "when.ends"]);
        assert!(unknown(&understood, &understood).is_empty());
    }
}
