//! Bundles: all targets that one role needs. Role: administrator.

use fernamt_domain::{BundleId, TargetId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Page, admin::rules::RuleRef, operations::operations, page::ListQuery};

/// A bundle of targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bundle {
    /// The bundle.
    pub id: BundleId,
    /// Changes with every change of the bundle; send it back when changing.
    pub version: String,
    /// What the administrator sets.
    #[serde(flatten)]
    pub fields: BundleFields,
    /// The rules that use it, switched off ones too.
    pub used_by_rules: Vec<RuleRef>,
}

/// What the administrator sets of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BundleFields {
    /// The name, unique in the tenant.
    #[schema(max_length = 100)]
    pub name: String,
    /// A sentence on whom it is for.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub description: String,
    /// Its targets.
    pub targets: Vec<TargetId>,
}

/// A change to a bundle.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeBundle {
    /// The version that the change is based on.
    pub version: String,
    /// All that the administrator sets.
    #[serde(flatten)]
    pub fields: BundleFields,
}

operations! { "bundles";
    /// Bundles, by name.
    list_bundles: get "/api/v1/admin/bundles" () query ListQuery [] -> 200 Page<Bundle>;
    /// Makes a bundle.
    create_bundle: post "/api/v1/admin/bundles" () [BundleFields] -> 201 Bundle;
    /// One bundle.
    get_bundle: get "/api/v1/admin/bundles/{id}" (BundleId) [] -> 200 Bundle;
    /// Changes a bundle.
    change_bundle: put "/api/v1/admin/bundles/{id}" (BundleId) [ChangeBundle] -> 200 Bundle;
    /// Removes a bundle that no rule uses.
    remove_bundle: delete "/api/v1/admin/bundles/{id}" (BundleId) [] -> 204;
}
