//! Features of mail, switched for everybody and by group. Role: administrator.

use fernamt_domain::feature::FeatureSwitch;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::operations::operations;

/// How the features of mail are switched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeatureTable {
    /// Changes with every change of the table; send it back when changing.
    pub version: String,
    /// Every feature, with the groups that there are.
    pub switches: Vec<FeatureSwitch>,
    /// The most groups that one feature is switched on for, and off for.
    pub max_groups: u16,
}

/// A change of the table.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeFeatures {
    /// The version that the change is based on.
    pub version: String,
    /// Each feature at most once; one that is left out stays as it is.
    #[schema(max_items = 10)]
    pub switches: Vec<FeatureSwitch>,
}

operations! { "features";
    /// How the features of mail are switched.
    get_features: get "/api/v1/admin/features" () [] -> 200 FeatureTable;
    /// Switches features of mail; it holds at once, in sessions that are open, too.
    set_features: put "/api/v1/admin/features" () [ChangeFeatures] -> 200 FeatureTable;
}
