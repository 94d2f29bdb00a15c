//! Errors as `application/problem+json` (RFC 9457).

use std::collections::BTreeMap;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use fernamt_api::{Problem, problem::FieldProblem};
use fernamt_store::StoreError;

/// A refused request: what was wrong, in a form that the web app turns into a sentence.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: String,
    params: BTreeMap<String, String>,
    fields: Vec<FieldProblem>,
}

impl ApiError {
    /// An error with its stable code and a sentence in English.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), params: BTreeMap::new(), fields: Vec::new() }
    }

    /// 400: the request itself is malformed.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401: nobody is signed in, or no longer.
    pub fn unauthenticated(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 403: this person or device may not.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404: there is no such thing, or none that may be known of.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is no such thing")
    }

    /// 409: it clashes with what is there, such as a change by somebody else.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 422: fields of the request are wrong. Add each with [`ApiError::field`].
    pub fn invalid() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "some fields are wrong")
    }

    /// 429: too many tries; come back after `seconds`.
    pub fn slow_down(seconds: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "slow_down", "too many tries; wait before the next one")
            .param("retry_after_s", seconds)
    }

    /// 500: our own fault. The cause is logged, the client learns nothing of it.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut chain = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            chain.push_str(": ");
            chain.push_str(&cause.to_string());
            source = cause.source();
        }
        tracing::error!(error = chain, "A request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server failed; its log says why")
    }

    /// What is left of the store's errors once those that the request caused are answered: 503 while the database is busy
    /// or its disk full, else 500.
    pub fn store(error: &StoreError) -> Self {
        match error {
            StoreError::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "the database is busy; try again")
                .param("retry_after_s", 1),
            StoreError::Full => {
                tracing::error!(%error, "A request failed");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "storage_full",
                    "the server has no room left to store anything",
                )
            }
            other => Self::internal(other),
        }
    }

    /// With a value that belongs in the sentence.
    #[must_use]
    pub fn param(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.params.insert(name.to_owned(), format!("{value}"));
        self
    }

    /// With a field that was wrong.
    #[must_use]
    pub fn field(mut self, path: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        self.fields.push(FieldProblem {
            path: path.into(),
            code: code.to_owned(),
            detail: detail.into(),
            params: BTreeMap::new(),
        });
        self
    }

    /// With a field that was wrong, described already.
    #[must_use]
    pub fn with_field(mut self, field: FieldProblem) -> Self {
        self.fields.push(field);
        self
    }

    /// `Ok` if no field was found wrong, else this error.
    pub fn or_ok(self) -> Result<(), Self> {
        if self.fields.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::NotFound(_) => Self::not_found(),
            StoreError::Conflict { what } => Self::conflict("taken", error.to_string()).param("what", what),
            StoreError::Reference => Self::conflict("in_use", error.to_string()),
            StoreError::TooMany { what, limit } => {
                Self::conflict("too_many", error.to_string()).param("what", what).param("limit", limit)
            }
            other => Self::store(other),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let retry_after = self.params.get("retry_after_s").and_then(|s| HeaderValue::from_str(s).ok());
        let problem = Problem {
            problem_type: format!("urn:fernamt:problem:{}", self.code),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail,
            params: self.params,
            fields: self.fields,
        };
        let mut response = (self.status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(value) = retry_after {
            headers.insert(header::RETRY_AFTER, value);
        }
        response
    }
}
