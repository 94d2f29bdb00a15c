//! LiveKit's signalling at `/rtc`: a WebSocket with binary frames, opened with a ticket.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{
        Query, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use fernamt_sfu::SeatId as SeatNo;
use futures_util::{SinkExt as _, StreamExt as _};
use livekit_protocol as proto;
use prost::Message as _;
use serde::Deserialize;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, sleep_until, timeout},
};

use super::{
    Embedded,
    control::{Client, Pass, Refused},
    wing::Wing,
};
use crate::embedded::control::wire;
use crate::token::Claims;

/// The most bytes of one message: a session description of a large room.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// The most sockets at once.
pub(crate) const MAX_SOCKETS: usize = 8192;

/// How many messages a client may send at once, and how many a second from then on. Beyond, it has to wait.
pub const BURST_MESSAGES: u32 = 400;
/// See [`BURST_MESSAGES`].
pub const MESSAGES_PER_S: u32 = 50;

/// How long a client may be silent: three of its pings and a little.
const SILENCE_LIMIT: Duration = Duration::from_secs(20);

/// How long a message may take to leave.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Says that a page of any origin may read the answer. There is nothing in it, and clients take it for an outage if they may not.
const ANY_ORIGIN: (HeaderName, HeaderValue) = (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));

/// What a client says in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Words {
    access_token: Option<String>,
    auto_subscribe: Option<String>,
    client_protocol: Option<String>,
    capabilities: Option<String>,
    reconnect: Option<String>,
}

pub(crate) fn router(plane: Arc<Embedded>) -> Router {
    Router::new()
        .route("/rtc", any(connect))
        .route("/rtc/validate", any(validate))
        // The newer way in with a single connection. 404 is what makes clients take the older one.
        .route("/rtc/v1", any(not_here))
        .route("/rtc/v1/{*rest}", any(not_here))
        .with_state(plane)
}

async fn not_here() -> Response {
    (StatusCode::NOT_FOUND, [ANY_ORIGIN], "not here").into_response()
}

/// Tells a client that could not connect whether its token is the reason.
async fn validate(State(plane): State<Arc<Embedded>>, Query(words): Query<Words>, headers: HeaderMap) -> Response {
    match plane.look_at(&words, &headers) {
        Ok(_) => (StatusCode::OK, [ANY_ORIGIN], "success").into_response(),
        Err(refused) => refusal(refused),
    }
}

async fn connect(
    State(plane): State<Arc<Embedded>>,
    Query(words): Query<Words>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    // A plain look at the address uses up no ticket.
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.max_message_size(MAX_MESSAGE_BYTES).max_frame_size(MAX_MESSAGE_BYTES),
        Err(rejection) => return ([ANY_ORIGIN], rejection).into_response(),
    };
    let Ok(permit) = Arc::clone(&plane.sockets).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, [ANY_ORIGIN]).into_response();
    };
    let (claims, wing) = match plane.look_at(&words, &headers) {
        Ok(found) => found,
        Err(refused) => return refusal(refused),
    };
    // Nothing is kept for somebody to resume: whoever wants to is asked to join anew, with a token of the same worth.
    if words.reconnect.as_deref() == Some("1") {
        return upgrade.on_upgrade(ask_to_join_anew);
    }
    if !wing.has_room() {
        return refusal(Refused::Full);
    }
    let pass = match wing.with(|control| control.admit(&claims, plane.clock.now())) {
        Ok(pass) => pass,
        Err(refused) => return refusal(refused),
    };
    let client = Client {
        auto_subscribe: !matches!(words.auto_subscribe.as_deref(), Some("0" | "false")),
        protocol: words.client_protocol.and_then(|word| word.parse().ok()).unwrap_or_default(),
        capabilities: capabilities(words.capabilities.as_deref().unwrap_or_default()),
    };
    upgrade.on_upgrade(move |socket| serve(plane, wing, pass, client, socket, permit))
}

fn refusal(refused: Refused) -> Response {
    let status = match refused {
        Refused::Invalid => StatusCode::UNAUTHORIZED,
        Refused::NoSuchRoom => StatusCode::NOT_FOUND,
        Refused::Full => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, [ANY_ORIGIN], refused.to_string()).into_response()
}

fn capabilities(words: &str) -> Vec<i32> {
    const MAX_CAPABILITIES: usize = 16;
    let known = |word: &str| proto::client_info::Capability::from_str_name(word.trim()).map(i32::from);
    words.split(',').filter_map(known).take(MAX_CAPABILITIES).collect()
}

impl Embedded {
    /// Finds token, room and seat of a request; uses nothing up.
    fn look_at(&self, words: &Words, headers: &HeaderMap) -> Result<(Claims, Arc<Wing>), Refused> {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let token = bearer.or(words.access_token.as_deref()).ok_or(Refused::Invalid)?;
        let now = self.clock.now();
        let claims = self.key.verify(token, now).ok_or(Refused::Invalid)?;
        let room = claims.video.room.parse().map(crate::RoomName).map_err(|_| Refused::Invalid)?;
        let wing = self.wing_of(room).ok_or(Refused::NoSuchRoom)?;
        wing.with(|control| control.look_at(&claims, now))?;
        Ok((claims, wing))
    }
}

async fn ask_to_join_anew(mut socket: WebSocket) {
    let message = wire::join_anew(proto::DisconnectReason::StateMismatch);
    let bytes = proto::SignalResponse { message: Some(message) }.encode_to_vec();
    if timeout(SEND_TIMEOUT, socket.send(Message::Binary(bytes.into()))).await.is_ok_and(|sent| sent.is_ok()) {
        let _ = timeout(SEND_TIMEOUT, socket.send(Message::Close(None))).await;
    }
}

async fn serve(
    plane: Arc<Embedded>,
    wing: Arc<Wing>,
    pass: Pass,
    client: Client,
    mut socket: WebSocket,
    _permit: OwnedSemaphorePermit,
) {
    match wing.join(pass, client, &*plane.clock) {
        Ok((number, messages)) => {
            let ended = talk(&plane, &wing, number, &mut socket, messages).await;
            wing.silent(number, &*plane.clock);
            let frame = match ended {
                Ended::Done | Ended::Gone => None,
                Ended::Text => Some(CloseFrame { code: 1003, reason: "binary frames only".into() }),
                Ended::Nonsense => Some(CloseFrame { code: 1007, reason: "not a message of this protocol".into() }),
            };
            let _ = timeout(SEND_TIMEOUT, socket.send(Message::Close(frame))).await;
        }
        Err(refused) => {
            tracing::debug!(%refused, "A seat was withdrawn before it was taken");
            let _ = timeout(SEND_TIMEOUT, socket.send(Message::Close(None))).await;
        }
    }
}

/// How a conversation ended.
enum Ended {
    /// The seat is empty.
    Done,
    /// The client is gone, or does not read.
    Gone,
    /// The client speaks JSON.
    Text,
    /// The client speaks something else.
    Nonsense,
}

async fn talk(
    plane: &Embedded,
    wing: &Wing,
    number: SeatNo,
    socket: &mut WebSocket,
    mut messages: mpsc::Receiver<Bytes>,
) -> Ended {
    let (mut sink, mut stream) = socket.split();
    let mut bucket = Bucket::full(Instant::now());
    let mut heard = Instant::now();
    let mut waiting = None;
    loop {
        let next = bucket.ready_at(Instant::now());
        let may_read = next.is_none() && waiting.is_none();
        tokio::select! {
            message = messages.recv() => {
                let Some(message) = message else { return Ended::Done };
                if !timeout(SEND_TIMEOUT, sink.send(Message::Binary(message))).await.is_ok_and(|sent| sent.is_ok()) {
                    return Ended::Gone;
                }
            }
            message = stream.next(), if may_read => {
                heard = Instant::now();
                bucket.take(heard);
                let asked = match message {
                    Some(Ok(Message::Binary(bytes))) => proto::SignalRequest::decode(bytes),
                    Some(Ok(Message::Text(_))) => return Ended::Text,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Ended::Gone,
                };
                match asked {
                    // A message that is newer than this server is none.
                    Ok(proto::SignalRequest { message: None }) => {}
                    Ok(proto::SignalRequest { message: Some(asked) }) => {
                        waiting = wing.request(number, asked, plane.clock.now());
                    }
                    Err(_) => return Ended::Nonsense,
                }
            }
            () = wing.room(), if waiting.is_some() => {
                waiting = waiting.and_then(|asked| wing.request(number, asked, plane.clock.now()));
            }
            () = sleep_until(next.unwrap_or(heard)), if next.is_some() => {}
            () = sleep_until(heard + SILENCE_LIMIT) => return Ended::Gone,
        }
    }
}

/// Lets messages through at a steady rate, after a first burst.
#[derive(Debug)]
struct Bucket {
    /// When it will be full again.
    full_at: Instant,
}

impl Bucket {
    const PAUSE: Duration = Duration::from_millis(1000 / MESSAGES_PER_S as u64);

    fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    fn take(&mut self, now: Instant) {
        self.full_at = self.full_at.max(now) + Self::PAUSE;
    }

    /// When the next message may come, if not now.
    fn ready_at(&self, now: Instant) -> Option<Instant> {
        let at = self.full_at.checked_sub(Self::PAUSE * (BURST_MESSAGES - 1))?;
        (at > now).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_told_by_name() {
        use proto::client_info::Capability;
        let (trailer, deflate) = (Capability::CapPacketTrailer, Capability::CapCompressionDeflateRaw);
        let words = "CAP_PACKET_TRAILER, CAP_COMPRESSION_DEFLATE_RAW,CAP_OF_TOMORROW,,7";
        assert_eq!(capabilities(words), [i32::from(trailer), i32::from(deflate)]);
        assert_eq!(capabilities(&"CAP_PACKET_TRAILER,".repeat(100)).len(), 16);
    }

    #[test]
    fn after_a_burst_messages_come_at_a_steady_rate() {
        let begun = Instant::now();
        let (mut bucket, mut now) = (Bucket::full(begun), begun);
        for _ in 0..BURST_MESSAGES + 2 * MESSAGES_PER_S {
            now = bucket.ready_at(now).unwrap_or(now);
            bucket.take(now);
        }
        assert_eq!(now - begun, Duration::from_secs(2));
    }
}
