//! Errors at JMAP's three levels: of a request, of one method call, of one object in a `/set`.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use fernamt_store::StoreError;
use serde::Serialize;
use serde_json::{Value, json};

use super::Object;

/// A request that is refused as a whole (RFC 8620, section 3.6.1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestError {
    /// It uses something that this server does not know.
    #[error("this server does not know the capability {0}")]
    UnknownCapability(String),
    /// It is no JSON.
    #[error("the request is not JSON: {0}")]
    NotJson(String),
    /// It is JSON, but no request.
    #[error("the request does not have the form of RFC 8620, section 3.3: {0}")]
    NotRequest(String),
    /// It asks for too much at once.
    #[error("the request is beyond the limit {0}")]
    Limit(&'static str),
}

impl RequestError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Limit("maxSizeRequest" | "maxSizeUpload" | "maxUploadedBytes") => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Limit("maxConcurrentRequests" | "maxConcurrentUpload" | "maxEventSources") => {
                StatusCode::TOO_MANY_REQUESTS
            }
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The problem (RFC 7807) that tells it.
    pub(crate) fn problem(&self) -> Value {
        let kind = match self {
            Self::UnknownCapability(_) => "unknownCapability",
            Self::NotJson(_) => "notJSON",
            Self::NotRequest(_) => "notRequest",
            Self::Limit(_) => "limit",
        };
        let mut body = json!({
            "type": format!("urn:ietf:params:jmap:error:{kind}"),
            "status": self.status().as_u16(),
            "detail": self.to_string(),
        });
        if let Self::Limit(limit) = self {
            body["limit"] = (*limit).into();
        }
        body
    }
}

impl IntoResponse for RequestError {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("application/problem+json");
        (self.status(), [(header::CONTENT_TYPE, kind)], self.problem().to_string()).into_response()
    }
}

/// A method call that failed (RFC 8620, section 3.6.2). The word is what clients go by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{kind}: {description}")]
pub(crate) struct MethodError {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
}

impl MethodError {
    fn new(kind: &'static str, description: impl Into<String>) -> Self {
        Self { kind, description: description.into() }
    }

    pub(crate) fn unknown_method() -> Self {
        Self::new("unknownMethod", "")
    }

    pub(crate) fn invalid_arguments(description: impl Into<String>) -> Self {
        Self::new("invalidArguments", description)
    }

    pub(crate) fn invalid_reference(description: impl Into<String>) -> Self {
        Self::new("invalidResultReference", description)
    }

    pub(crate) fn account_not_found() -> Self {
        Self::new("accountNotFound", "there is no such account, or it is not open to you")
    }

    pub(crate) fn account_read_only() -> Self {
        Self::new("accountReadOnly", "this account is open to you for reading alone")
    }

    pub(crate) fn account_not_supported() -> Self {
        Self::new("accountNotSupportedByMethod", "what this asks for is not open to you in this account")
    }

    pub(crate) fn forbidden(description: impl Into<String>) -> Self {
        Self::new("forbidden", description)
    }

    pub(crate) fn is_forbidden(&self) -> bool {
        self.kind == "forbidden"
    }

    pub(crate) fn from_account_not_found() -> Self {
        Self::new("fromAccountNotFound", "there is no such account to copy from, or it is not open to you")
    }

    pub(crate) fn request_too_large(description: impl Into<String>) -> Self {
        Self::new("requestTooLarge", description)
    }

    pub(crate) fn state_mismatch() -> Self {
        Self::new("stateMismatch", "somebody else changed something since")
    }

    pub(crate) fn cannot_calculate_changes() -> Self {
        Self::new("cannotCalculateChanges", "read everything anew")
    }

    pub(crate) fn too_many_changes() -> Self {
        Self::new("tooManyChanges", "more than maxChanges; read everything anew")
    }

    pub(crate) fn anchor_not_found() -> Self {
        Self::new("anchorNotFound", "")
    }

    pub(crate) fn unsupported_filter(description: impl Into<String>) -> Self {
        Self::new("unsupportedFilter", description)
    }

    pub(crate) fn unsupported_sort(description: impl Into<String>) -> Self {
        Self::new("unsupportedSort", description)
    }

    /// The arguments of an `error` response.
    pub(crate) fn to_arguments(&self) -> Value {
        let mut arguments = json!({ "type": self.kind });
        if !self.description.is_empty() {
            arguments["description"] = self.description.clone().into();
        }
        arguments
    }
}

impl From<StoreError> for MethodError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy | StoreError::Full => Self::new("serverUnavailable", "try again later"),
            error => {
                tracing::error!(error = &error as &dyn std::error::Error, "A mail method failed");
                Self::new("serverFail", "the server failed; its log says why")
            }
        }
    }
}

/// An object of a `/set` that could not be made, changed or destroyed (RFC 8620, section 5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetError {
    kind: &'static str,
    description: String,
    /// Members beside type and description.
    more: Object,
}

impl SetError {
    /// An error with its word and a sentence.
    pub(crate) fn new(kind: &'static str, description: impl Into<String>) -> Self {
        Self { kind, description: description.into(), more: Object::new() }
    }

    /// Properties that are wrong, and why.
    pub(crate) fn invalid(properties: &[&str], description: impl Into<String>) -> Self {
        Self::new("invalidProperties", description).with("properties", json!(properties))
    }

    pub(crate) fn not_found() -> Self {
        Self::new("notFound", "")
    }

    pub(crate) fn forbidden(description: impl Into<String>) -> Self {
        Self::new("forbidden", description)
    }

    /// With one more member.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    /// As JSON.
    pub(crate) fn to_value(&self) -> Value {
        let mut object = self.more.clone();
        object.insert("type".to_owned(), self.kind.into());
        if !self.description.is_empty() {
            object.insert("description".to_owned(), self.description.clone().into());
        }
        Value::Object(object)
    }
}

/// Why one object of a `/set` did not go: its own fault, or the whole method's.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The object's.
    Object(SetError),
    /// The method's.
    Method(MethodError),
}

impl From<SetError> for Fault {
    fn from(error: SetError) -> Self {
        Self::Object(error)
    }
}

impl From<MethodError> for Fault {
    fn from(error: MethodError) -> Self {
        Self::Method(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooMany { what, limit } => {
                Self::Object(SetError::new("overQuota", format!("there may be at most {limit} {what}")))
            }
            error => Self::Method(error.into()),
        }
    }
}
