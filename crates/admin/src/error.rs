//! Refusals of the administration.

use axum::response::{IntoResponse, Response};
use fernamt_api::admin::rules::RuleRef;
use fernamt_http::ApiError;
use fernamt_store::StoreError;

/// Why a request was refused: for a reason that the handler names, or because the store could not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    #[error("the request was refused")]
    Refused(ApiError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ApiError> for AdminError {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(error) => error,
            Self::Store(error) => of_store(&error),
        }
        .into_response()
    }
}

/// What the store's refusals mean to somebody at the administration.
fn of_store(error: &StoreError) -> ApiError {
    match error {
        StoreError::NotFound(_) => ApiError::not_found(),
        StoreError::Conflict { what } => match what.rsplit('.').next() {
            Some("name") => ApiError::invalid().field("name", "taken", "another entry has this name"),
            Some("label") => ApiError::invalid().field("settings.label", "taken", "another application has this label"),
            Some("cycle") => ApiError::invalid().field("groups", "circle", "a group cannot be inside itself"),
            _ => ApiError::conflict("conflict", "it clashes with what is there"),
        },
        StoreError::Reference => {
            ApiError::conflict("reference", "it names something that does not exist, or is still used")
        }
        StoreError::TooMany { what, limit } => {
            ApiError::conflict("too_many", "no more of these are allowed").param("what", what).param("limit", limit)
        }
        other => ApiError::store(other),
    }
}

/// The refusal to do to oneself what only another administrator may.
pub(crate) fn oneself() -> ApiError {
    ApiError::conflict("oneself", "ask another administrator to do this to you")
}

/// The refusal to remove a group that features are switched for.
pub(crate) fn used_by_features() -> ApiError {
    ApiError::conflict("used_by_features", "features are switched for it; change that first")
}

/// The refusal to remove what rules use.
pub(crate) fn used_by(rules: &[RuleRef]) -> ApiError {
    let names: Vec<_> = rules.iter().map(|rule| rule.name.as_str()).collect();
    let ids: Vec<_> = rules.iter().map(|rule| rule.id.to_string()).collect();
    ApiError::conflict("used_by_rules", "rules use it; change those first")
        .param("rules", names.join(", "))
        .param("rule_ids", ids.join(","))
}
