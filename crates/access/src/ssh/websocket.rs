//! The gateway behind a WebSocket on the HTTPS port, for networks that let nothing else out.
//!
//! No cookie and no ticket: what travels in it is SSH, which asks who it is. The same door counts these connections, and
//! the same time to sign in runs for them. A page has no business here, so whoever sends an `Origin` is refused: else a
//! page could try passwords from its visitors' addresses.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    Extension, Router,
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::any,
};
use bytes::{Buf as _, Bytes};
use fernamt_http::{ApiError, Connection};
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Entrance;

/// Where the WebSocket is.
pub const TUNNEL_PATH: &str = "/api/v1/tunnel";

/// The most bytes of one message, in either direction: two of the largest packets of SSH.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// Serves the tunnel, or says that there is no gateway. It needs the listener's [`Connection`] in each request, and no
/// check of origins before it.
pub fn router(entrance: Option<Entrance>) -> Router {
    Router::new().route(TUNNEL_PATH, any(connect)).with_state(entrance)
}

async fn connect(
    State(entrance): State<Option<Entrance>>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if headers.contains_key(header::ORIGIN) {
        return ApiError::forbidden("foreign_origin", "the tunnel is not for pages").into_response();
    }
    let Some(entrance) = entrance else {
        let why = "the SSH gateway is not set up";
        return ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "ssh_off", why).into_response();
    };
    let Ok(guest) = entrance.knock(connection.peer) else { return ApiError::slow_down(1).into_response() };
    upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAX_MESSAGE_BYTES)
        .on_upgrade(async move |socket| {
            guest.serve(Bytestream::new(socket), connection.zone, |socket| Box::new(socket)).await;
        })
}

/// A WebSocket's binary messages as one stream of bytes.
#[derive(Debug)]
struct Bytestream<S> {
    socket: S,
    ahead: Bytes,
}

impl Bytestream<WebSocket> {
    fn new(socket: WebSocket) -> Self {
        Self { socket, ahead: Bytes::new() }
    }
}

impl<S> AsyncRead for Bytestream<S>
where
    S: Stream<Item = Result<Message, axum::Error>> + Unpin,
{
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.ahead.is_empty() {
            match ready!(Pin::new(&mut this.socket).poll_next(cx)) {
                Some(Ok(Message::Binary(bytes))) => this.ahead = bytes,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Text(_))) => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
                Some(Ok(Message::Close(_))) | None => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
            }
        }
        let count = this.ahead.len().min(out.remaining());
        out.put_slice(this.ahead.get(..count).unwrap_or_default());
        this.ahead.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S> AsyncWrite for Bytestream<S>
where
    S: Sink<Message, Error = axum::Error> + Unpin,
{
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.socket).poll_ready(cx)).map_err(io::Error::other)?;
        let part = bytes.get(..MAX_MESSAGE_BYTES).unwrap_or(bytes);
        let message = Message::Binary(Bytes::copy_from_slice(part));
        Pin::new(&mut this.socket).start_send(message).map_err(io::Error::other)?;
        Poll::Ready(Ok(part.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx).map_err(io::Error::other)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_close(cx).map_err(io::Error::other)
    }
}
