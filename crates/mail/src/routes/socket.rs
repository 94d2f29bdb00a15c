//! The way into a WebSocket (RFC 8887, section 4). Browsers must name our own origin, as everywhere.

use std::sync::Arc;

use axum::{
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    response::{IntoResponse, Response},
};
use fernamt_http::ApiError;

use crate::{
    Mail,
    delegation::Actor,
    jmap::limits::MAX_SIZE_REQUEST,
    push::{Client, Kinds, Wanted, serve},
    routes::{door::Approved, event_source::line},
};

/// The subprotocol that a client asks for.
const PROTOCOL: &str = "jmap";

/// Lets a client call methods and hear what is new on one connection, for as long as its session lasts.
pub(super) async fn socket(
    State(mail): State<Arc<Mail>>,
    Approved(session): Approved,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let detail = "open a WebSocket here with the subprotocol jmap (RFC 8887)";
    let Ok(upgrade) = upgrade else { return Err(ApiError::bad_request("no_websocket", detail)) };
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(MAX_SIZE_REQUEST).max_frame_size(MAX_SIZE_REQUEST);
    if upgrade.selected_protocol().is_none() {
        return Err(ApiError::bad_request("no_subprotocol", detail));
    }
    let wanted = Wanted { kinds: Kinds::none(), once: false, ping_s: 0, known: None };
    let line = match line(&mail, &session, wanted).await? {
        Ok(line) => line,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    let client = Client { mail, tenant: session.site.tenant.clone(), actor: Actor::of(&session) };
    Ok(upgrade.on_upgrade(move |socket| serve(socket, client, line)))
}
