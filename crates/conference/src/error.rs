//! Refusals of the conference.

use axum::response::{IntoResponse, Response};
use fernamt_http::ApiError;
use fernamt_store::StoreError;

use crate::credentials::NoCredentials;

/// Why a request was refused: for a reason that the handler names, or because the store could not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConferenceError {
    #[error("the request was refused")]
    Refused(ApiError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ApiError> for ConferenceError {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl From<NoCredentials> for ConferenceError {
    fn from(error: NoCredentials) -> Self {
        match error {
            NoCredentials::Store(error) => Self::Store(error),
            error @ NoCredentials::NumbersExhausted => Self::Refused(ApiError::internal(&error)),
        }
    }
}

impl IntoResponse for ConferenceError {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(error) => error,
            Self::Store(StoreError::Conflict { what }) if what.strip_suffix(".name").is_some() => {
                ApiError::invalid().field("name", "taken", "another entry has this name")
            }
            Self::Store(error) => ApiError::from(error),
        }
        .into_response()
    }
}

/// The refusal of what only those who run a meeting may do.
pub(crate) fn not_moderating() -> ApiError {
    ApiError::forbidden("not_moderating", "only those who run this meeting may do that")
}

/// The refusal to do something with a meeting that is over or called off.
pub(crate) fn over() -> ApiError {
    ApiError::conflict("meeting_over", "this meeting is over or was called off")
}
