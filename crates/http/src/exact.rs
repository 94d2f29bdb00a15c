//! Bodies of which every field is known. What nobody reads is a slip or a misunderstanding, and dropped in silence it looks
//! like success.

use std::fmt;

use axum::extract::{FromRequest, Request};
use fernamt_api::Body;
use serde_json::{Map, Value};

use crate::{ApiError, Json};

/// The most unknown fields that a refusal names.
const MOST_NAMED: usize = 10;

/// How alike two names are, from 0 to 1, where one was probably meant to be the other.
const MIN_SIMILARITY: f64 = 0.6;

/// A JSON body without unknown fields.
#[derive(Debug, Clone, Copy)]
pub struct Exact<T>(pub T);

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
        unknown.retain(|Unknown { path, .. }| !T::SHOWN.contains(&path.as_str()));
        if unknown.is_empty() {
            return Ok(Self(body));
        }
        unknown.sort();
        unknown.truncate(MOST_NAMED);
        let named: Vec<_> = unknown.iter().map(Unknown::to_string).collect();
        Err(ApiError::bad_request("malformed", format!("these fields are not known here: {}", named.join(", "))))
    }
}

/// A field that nobody reads.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Unknown {
    path: String,
    /// The name that was probably meant.
    meant: Option<String>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.meant {
            Some(meant) => write!(f, "{} (did you mean {meant}?)", self.path),
            None => f.write_str(&self.path),
        }
    }
}

/// The known name that comes nearest, of those that were not sent.
fn nearest(name: &str, sent: &Map<String, Value>, understood: &Map<String, Value>) -> Option<String> {
    understood
        .keys()
        .filter(|known| !sent.contains_key(*known))
        .map(|known| (strsim::normalized_damerau_levenshtein(name, known), known))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, known)| known.clone())
}

/// The paths of what was sent and is not among what was understood. An empty field says nothing and may be missing there.
fn differ(sent: &Value, understood: &Value, path: &str, unknown: &mut Vec<Unknown>) {
    match (sent, understood) {
        (Value::Object(sent), Value::Object(understood)) => {
            for (name, value) in sent.iter().filter(|(_, value)| !value.is_null()) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match understood.get(name) {
                    Some(known) => differ(value, known, &path, unknown),
                    None => unknown.push(Unknown { path, meant: nearest(name, sent, understood) }),
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
    use serde_json::json;

    use super::*;

    fn unknown(sent: &Value, understood: &Value) -> Vec<String> {
        let mut unknown = Vec::new();
        differ(sent, understood, "", &mut unknown);
        unknown.sort();
        unknown.iter().map(Unknown::to_string).collect()
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

    #[test]
    fn the_name_that_was_meant_is_told_unless_it_was_sent_too() {
        let understood = json!({ "lobby": null, "time_zone": "Europe/Berlin", "minutes": 30 });
        let sent = json!({ "minutes": 30, "minute": 30, "lobbby": "everybody", "timezone": "UTC", "colour": 1 });
        assert_eq!(
            unknown(&sent, &understood),
            ["colour", "lobbby (did you mean lobby?)", "minute", "timezone (did you mean time_zone?)"]
        );
    }
}
