//! The session that a request belongs to.

use fernamt_domain::{DeviceId, DeviceState, Method, PersonId, Role, SessionId, Zone};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::operations::operations;

/// Who is signed in, and how.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// The session.
    pub id: SessionId,
    /// The person.
    pub person: Me,
    /// The browser's device.
    pub device_id: DeviceId,
    /// The device's state.
    pub device_state: DeviceState,
    /// The methods used.
    pub methods: Vec<Method>,
    /// The zone that the request came through.
    #[schema(value_type = String)]
    pub zone: Zone,
    /// When the session ends at the latest.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// When it ends if nothing is done.
    #[serde(with = "time::serde::rfc3339")]
    pub idle_expires_at: OffsetDateTime,
    /// By when the device must prove itself again (`POST /session/rotate`).
    #[serde(with = "time::serde::rfc3339")]
    pub rotate_by: OffsetDateTime,
    /// Whether the password typed at sign-in can be handed to a desktop.
    pub handover: bool,
    /// Whether the administration may be used through this zone.
    pub administration_here: bool,
    /// The administration's name.
    pub tenant_name: String,
    /// Whether there are meetings here; where not, all of `/conference` answers 404. Left out, there are.
    #[serde(default = "yes")]
    pub meetings: bool,
    /// Whether there is mail here, on the origin `post.` and this host.
    #[serde(default)]
    pub mail: bool,
}

pub(crate) fn yes() -> bool {
    true
}

/// The signed-in person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The person's id.
    pub id: PersonId,
    /// The sign-in name.
    pub name: String,
    /// The name that others see.
    pub display_name: String,
    /// Duties beside the daily work.
    pub roles: Vec<Role>,
    /// `de` or `en`; `None` follows the browser.
    pub language: Option<String>,
    /// Whether the password is kept here (and can be changed here) or in the directory.
    pub password_here: bool,
}

/// A device's proof that it still holds its key: ES256 over `fernamt-rotate`, a zero byte and the challenge.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RotateRequest {
    /// A challenge of `GET /sign-in/challenge`.
    pub challenge: String,
    /// The signature, as in `DeviceProof`.
    pub signature: String,
}

/// Why a session ends.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct SignOutQuery {
    /// Nobody signed out: the page ends a session that nobody used. Where its device is told of new mail, it still is.
    pub idle: bool,
}

operations! { "session";
    /// The session in use.
    session: get "/api/v1/session" () [] -> 200 SessionView;
    /// Whether the session still stands, for a page that is open and not used: asking does not keep it alive.
    session_standing: get "/api/v1/session/standing" () [] -> 204;
    /// Signs out.
    sign_out: delete "/api/v1/session" () query SignOutQuery [] -> 204;
    /// Replaces the session's secret; the device proves that it holds its key.
    session_rotate: post "/api/v1/session/rotate" () [RotateRequest] -> 200 SessionView;
}
