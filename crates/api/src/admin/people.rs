//! People. Role: administrator.

use fernamt_domain::{GroupId, PersonId, PersonSource, PersonState, Role, Secret};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use crate::{Page, operations::operations, page::ListQuery};

/// A person in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PersonSummary {
    /// The person.
    pub id: PersonId,
    /// The sign-in name.
    pub name: String,
    /// The name that others see.
    pub display_name: String,
    /// Where the account is kept.
    pub source: PersonSource,
    /// Whether the person may sign in.
    pub state: PersonState,
    /// Duties beside the daily work.
    pub roles: Vec<Role>,
    /// Whether a second factor is enrolled.
    pub second_factor: bool,
}

/// A person with everything an administrator needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PersonDetail {
    /// What the list shows.
    #[serde(flatten)]
    pub summary: PersonSummary,
    /// Changes with every change of the person; send it back when changing.
    pub version: String,
    /// The groups the person is in directly.
    pub groups: Vec<GroupRef>,
    /// Devices, by number.
    pub devices: u32,
    /// Sessions that are open now.
    pub open_sessions: u32,
    /// When the account was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// The day that the data go, if the person was removed.
    pub deleted_on: Option<Date>,
}

/// A group by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupRef {
    /// The group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
}

/// A new local person.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewPerson {
    /// The sign-in name: lower-case letters, digits, dot, hyphen, underscore; at most 64.
    #[schema(max_length = 64)]
    pub name: String,
    /// The name that others see.
    #[schema(max_length = 200)]
    pub display_name: String,
    /// The first password; made up and returned when left out.
    #[schema(value_type = Option<String>)]
    pub password: Option<Secret<String>>,
    /// Duties beside the daily work.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Groups to join.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// `de` or `en`.
    pub language: Option<String>,
}

/// A person that was made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedPerson {
    /// The person.
    pub person: PersonDetail,
    /// The first password, shown once, if it was made up.
    pub password: Option<String>,
}

/// Changes to a person. What is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ChangePerson {
    /// The version that the change is based on.
    pub version: String,
    /// The name that others see. Directory people keep the directory's.
    pub display_name: Option<String>,
    /// Duties beside the daily work.
    pub roles: Option<Vec<Role>>,
    /// The local groups the person is in directly.
    pub groups: Option<Vec<GroupId>>,
}

/// A password set by an administrator.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewPassword {
    /// The new password, shown once.
    pub password: String,
}

/// A code for the first sign-in of a person who has no second factor yet.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StartCode {
    /// The code, shown once. It is typed where a recovery code goes and gone once a second factor is enrolled.
    pub code: String,
}

/// A person by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonRef {
    /// The person.
    pub id: PersonId,
    /// The name that others see.
    pub display_name: String,
}

/// Why a person may or may not reach each target now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PersonTargets {
    /// The targets that an approved browser with second factor may reach now from the first zone.
    pub allowed: Vec<crate::admin::targets::TargetRef>,
}

operations! { "people";
    /// People, by name.
    list_people: get "/api/v1/admin/people" () query ListQuery [] -> 200 Page<PersonSummary>;
    /// Makes a local person.
    create_person: post "/api/v1/admin/people" () [NewPerson] -> 201 CreatedPerson;
    /// One person.
    get_person: get "/api/v1/admin/people/{id}" (PersonId) [] -> 200 PersonDetail;
    /// Changes a person.
    change_person: patch "/api/v1/admin/people/{id}" (PersonId) [ChangePerson] -> 200 PersonDetail;
    /// Removes a person: everything ends now, the data go after the account's period.
    remove_person: delete "/api/v1/admin/people/{id}" (PersonId) [] -> 204;
    /// Disables a person: everything ends now.
    disable_person: post "/api/v1/admin/people/{id}/disable" (PersonId) [] -> 200 PersonDetail;
    /// Enables a person again.
    enable_person: post "/api/v1/admin/people/{id}/enable" (PersonId) [] -> 200 PersonDetail;
    /// Makes up a new password for a local person.
    reset_password: post "/api/v1/admin/people/{id}/password" (PersonId) [] -> 200 NewPassword;
    /// Removes all second factors of a person, who enrols anew at the next sign-in.
    reset_second_factor: post "/api/v1/admin/people/{id}/second-factor/reset" (PersonId) [] -> 204;
    /// Makes a code for the first sign-in of a person who has no second factor yet. An earlier one becomes void.
    make_start_code: post "/api/v1/admin/people/{id}/start-code" (PersonId) [] -> 200 StartCode;
    /// What a person may reach now.
    person_targets: get "/api/v1/admin/people/{id}/targets" (PersonId) [] -> 200 PersonTargets;
}
