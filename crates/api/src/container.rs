//! The sealed container of a device's browser: what the server keeps and says of it. Answered on the origin of mail alone,
//! and to approved devices alone.

use fernamt_domain::{DeviceId, PersonId, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{conference::expose, operations::operations};

/// The highest generation that a container may tell of: a browser counts no further exactly.
pub const MAX_GENERATION: u64 = (1 << 53) - 1;

/// What a browser needs to make or open its container.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ContainerView {
    /// Whose it is.
    pub person: ContainerPerson,
    /// The device that it is bound to.
    pub device: DeviceId,
    /// The administration's name, as people see it.
    pub tenant_name: String,
    /// The origin of the rest of the web app, where people sign in.
    pub main_origin: String,
    /// The policy of this moment for this device.
    pub policy: ContainerPolicy,
    /// The key that policies are signed with: SPKI of a P-256 key, base64url. It does not change.
    pub policy_key: String,
    /// What a passphrase must be.
    pub passphrase: PassphraseRule,
    /// What is kept here of this device's container.
    pub share: ShareState,
    /// Whether the last sign-in is young enough for a share to be made or released.
    pub sign_in_fresh: bool,
    /// What the person has to accept on this device before a share is made or released; left out where nothing is left.
    pub terms: Option<TermsOfUse>,
    /// Whether the administration takes no phones and tablets and this is one, as far as is known: no share is made or released.
    pub phones_refused: bool,
}

/// Terms of use. One of the texts may be empty, both where an app is demanded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TermsOfUse {
    /// Changes with the texts and the app: a hash of them.
    pub version: String,
    /// The text in German.
    pub de: String,
    /// The text in English.
    pub en: String,
    /// The security app that has to be on this device; left out where none is demanded.
    pub app: Option<String>,
}

/// Accepts the terms of use for this device.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AcceptTerms {
    /// The version that was shown.
    #[schema(max_length = 64)]
    pub version: String,
}

/// The person that a container belongs to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ContainerPerson {
    /// The person's id.
    pub id: PersonId,
    /// The sign-in name.
    pub name: String,
    /// The name that others see.
    pub display_name: String,
    /// `de` or `en`; left out where the browser decides.
    pub language: Option<String>,
}

/// A signed policy.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ContainerPolicy {
    /// The policy as JSON, base64url.
    pub bytes: String,
    /// ECDSA P-256 with SHA-256 over `fernamt-container-policy`, a zero byte and those bytes: r and s, base64url.
    pub signature: String,
}

/// What a passphrase must be.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct PassphraseRule {
    /// The fewest characters.
    pub min_characters: u16,
}

/// What is kept of a container here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShareState {
    /// Whether there is a share. Without it the container on this device cannot be opened again.
    pub exists: bool,
    /// The highest generation that this device told of.
    pub generation: Option<u64>,
}

/// Asks for a new share.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct MakeShare {
    /// Whether a share that is there gives way. What was sealed with it cannot be opened again.
    #[serde(default)]
    pub replace: bool,
}

/// A device's share of its container's key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ShareView {
    /// 32 bytes, base64url.
    #[schema(value_type = String)]
    #[serde(serialize_with = "expose")]
    pub share: Secret<String>,
}

/// Tells that the container was opened.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct ContainerOpened {
    /// The generation that was found in it.
    #[schema(maximum = 9_007_199_254_740_991_u64)]
    pub generation: u64,
}

operations! { "container";
    /// What this device needs to make or open its container.
    get_container: get "/api/v1/container" () [] -> 200 ContainerView;
    /// Notes that the person accepted the terms of use on this device.
    accept_container_terms: post "/api/v1/container/terms" () [AcceptTerms] -> 204;
    /// Makes this device's share.
    make_container_share: post "/api/v1/container/share" () [MakeShare] -> 201 ShareView;
    /// Releases this device's share. Releases after which nothing was opened slow down.
    release_container_share: post "/api/v1/container/share/release" () [] -> 200 ShareView;
    /// Tells that the container was opened, and how new it is.
    container_opened: post "/api/v1/container/opened" () [ContainerOpened] -> 204;
    /// Deletes this device's share: the container opens no more.
    delete_container_share: delete "/api/v1/container/share" () [] -> 204;
}
