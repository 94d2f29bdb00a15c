//! Lists come in pages.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The most entries of one page.
pub const MAX_PAGE_SIZE: u64 = 200;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// How many entries there are in all.
    pub total: u64,
}

/// Which page of a list, and what to search for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct ListQuery {
    /// Words that must stand in the entry's name, in any case.
    pub q: Option<String>,
    /// How many entries to skip.
    pub offset: u64,
    /// How many entries to return: 50 unless said, at most 200.
    pub limit: Option<u64>,
}
