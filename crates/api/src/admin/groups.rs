//! Groups. Role: administrator.

use fernamt_domain::{GroupId, PersonId, PersonSource};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Page,
    admin::{
        people::{GroupRef, PersonSummary},
        rules::RuleRef,
    },
    operations::operations,
    page::ListQuery,
};

/// A group in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GroupSummary {
    /// The group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// Where it is kept.
    pub source: PersonSource,
    /// How many people are in it, directly or through other groups.
    pub people: u32,
}

/// A group with its members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GroupDetail {
    /// What the list shows.
    #[serde(flatten)]
    pub summary: GroupSummary,
    /// Changes with every change of the group; send it back when changing.
    pub version: String,
    /// People who are in it directly.
    pub members: Vec<PersonSummary>,
    /// Groups whose members are in it too.
    pub groups: Vec<GroupRef>,
    /// The rules that use it, switched off ones too.
    pub used_by_rules: Vec<RuleRef>,
}

/// A new group.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewGroup {
    /// The name, unique in the tenant.
    #[schema(max_length = 200)]
    pub name: String,
}

/// A new name of a local group.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RenameGroup {
    /// The version that the change is based on.
    pub version: String,
    /// The name, unique in the tenant.
    #[schema(max_length = 200)]
    pub name: String,
}

/// The members of a local group, as a whole.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GroupMembers {
    /// The version that the change is based on.
    pub version: String,
    /// People who are in it directly.
    pub people: Vec<PersonId>,
    /// Groups whose members are in it too.
    pub groups: Vec<GroupId>,
}

operations! { "groups";
    /// Groups, by name.
    list_groups: get "/api/v1/admin/groups" () query ListQuery [] -> 200 Page<GroupSummary>;
    /// Makes a group.
    create_group: post "/api/v1/admin/groups" () [NewGroup] -> 201 GroupDetail;
    /// One group.
    get_group: get "/api/v1/admin/groups/{id}" (GroupId) [] -> 200 GroupDetail;
    /// Renames a local group.
    rename_group: patch "/api/v1/admin/groups/{id}" (GroupId) [RenameGroup] -> 200 GroupDetail;
    /// Removes a local group that no rule uses.
    remove_group: delete "/api/v1/admin/groups/{id}" (GroupId) [] -> 204;
    /// Sets the members of a local group.
    set_group_members: put "/api/v1/admin/groups/{id}/members" (GroupId) [GroupMembers] -> 200 GroupDetail;
}
