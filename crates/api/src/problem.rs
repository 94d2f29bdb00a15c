//! Errors as `application/problem+json` (RFC 9457).

use std::{collections::BTreeMap, fmt};

use fernamt_domain::NameFault;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request was refused, in a form that the web app turns into a sentence and a way on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:fernamt:problem:` and the code.
    #[serde(rename = "type")]
    pub problem_type: String,
    /// The HTTP status.
    pub status: u16,
    /// A stable word for the fault, such as `sign_in_failed`.
    pub code: String,
    /// What happened, in English, for people who read the API itself.
    pub detail: String,
    /// Values that belong in the sentence, such as `retry_after_s`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// The fields that were wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
}

impl FieldProblem {
    /// A fault without values.
    pub fn new(path: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { path: path.into(), code: code.into(), detail: detail.into(), params: BTreeMap::new() }
    }

    /// A fault of a name or a line of text.
    pub fn name(path: impl Into<String>, fault: NameFault) -> Self {
        let params = fault.params().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { params, ..Self::new(path, fault.code(), fault.to_string()) }
    }

    /// With a value that belongs in the sentence.
    #[must_use]
    pub fn param(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.params.insert(name.to_owned(), format!("{value}"));
        self
    }
}

/// What was wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// The field's path, such as `settings.label`.
    pub path: String,
    /// A stable word for the fault, such as `required`, `too_long` or `taken`.
    pub code: String,
    /// What is wrong, in English.
    pub detail: String,
    /// Values that belong in the sentence, such as `position` and `character` of what cannot stand in a name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
}
