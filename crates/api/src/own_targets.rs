//! Targets that the signed-in person sets up for themselves ("my PC at work"), where an administrator decided that
//! people may.

use fernamt_domain::{TargetId, text_enum};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::operations::operations;

/// The most targets that one person may set up.
pub const MAX_OWN_TARGETS: u16 = 5;

text_enum! {
    /// What is spoken to a target that a person sets up.
    pub enum OwnTargetKind {
        /// A desktop by RDP.
        Rdp = "rdp",
        /// A host by SSH.
        Ssh = "ssh",
    }
}

/// What the person sets up, and may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnTargets {
    /// Whether an administrator decided that people may set up targets. If not, those that exist cannot be opened.
    pub enabled: bool,
    /// The networks where they may be.
    pub networks: Vec<String>,
    /// The most targets of one person.
    pub most: u16,
    /// The person's own.
    pub targets: Vec<OwnTarget>,
}

/// A target of one's own. It stands among the other targets too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnTarget {
    /// The target.
    pub id: TargetId,
    /// Changes with every change of the target; send it back when changing.
    pub version: String,
    /// What the person sets.
    #[serde(flatten)]
    pub fields: OwnTargetFields,
}

/// What a person sets of a target of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnTargetFields {
    /// The name, unique among the person's own.
    #[schema(max_length = 100)]
    pub name: String,
    /// What is spoken to it.
    pub kind: OwnTargetKind,
    /// Host name or address inside the house.
    #[schema(max_length = 253)]
    pub host: String,
    /// The TCP port: 3389 for a desktop and 22 for SSH unless said.
    pub port: Option<u16>,
    /// For a desktop: whether it asks for name and password before it shows anything (network level authentication), as
    /// Windows does. Yes unless said.
    #[serde(default = "yes")]
    pub nla: bool,
}

fn yes() -> bool {
    true
}

/// A change to a target of one's own.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeOwnTarget {
    /// The version that the change is based on.
    pub version: String,
    /// All that the person sets.
    #[serde(flatten)]
    pub fields: OwnTargetFields,
}

operations! { "own-targets";
    /// What the person set up, and may.
    own_targets: get "/api/v1/me/own-targets" () [] -> 200 OwnTargets;
    /// Sets up a target.
    create_own_target: post "/api/v1/me/own-targets" () [OwnTargetFields] -> 201 OwnTarget;
    /// Changes a target of one's own; connections to it end if they lead elsewhere.
    change_own_target: put "/api/v1/me/own-targets/{id}" (TargetId) [ChangeOwnTarget] -> 200 OwnTarget;
    /// Removes a target of one's own; connections to it end.
    remove_own_target: delete "/api/v1/me/own-targets/{id}" (TargetId) [] -> 204;
}
