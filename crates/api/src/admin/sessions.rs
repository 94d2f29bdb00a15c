//! Sessions and connections of all people. Role: administrator or control desk.

use fernamt_domain::{DeviceKind, GrantId, Method, PersonId, SessionId, TargetId, Zone};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{Page, operations::operations, page::ListQuery};

/// An open session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OpenSession {
    /// The session.
    pub id: SessionId,
    /// Whose it is.
    pub person_id: PersonId,
    /// The person's name as others see it.
    pub person_name: String,
    /// The device's kind.
    pub device_kind: DeviceKind,
    /// The device's name.
    pub device_name: String,
    /// The methods used.
    pub methods: Vec<Method>,
    /// The zone it came through.
    #[schema(value_type = String)]
    pub zone: Zone,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it ends at the latest.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// What runs in it now.
    pub connections: Vec<Connection>,
}

/// A connection that runs now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Connection {
    /// Its grant.
    pub id: GrantId,
    /// The target.
    pub target_id: TargetId,
    /// The target's name.
    pub target_name: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

operations! { "sessions";
    /// Sessions that are open now. No history is kept of them.
    list_sessions: get "/api/v1/admin/sessions" () query ListQuery [] -> 200 Page<OpenSession>;
    /// Ends a session and what runs in it.
    end_session: delete "/api/v1/admin/sessions/{id}" (SessionId) [] -> 204;
    /// Ends one connection.
    end_connection: delete "/api/v1/admin/connections/{id}" (GrantId) [] -> 204;
}
