//! A WebSocket to the gateway, and its messages as one stream of bytes.

use std::{
    io,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use futures_util::{Sink as _, Stream as _};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};

use super::{Carrier, gateway::Gateway, names::Names, tcp, tls};
use crate::StickError;

/// The most bytes of one message; the gateway sends and takes no more.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// How long the whole way may take to stand.
const LINE_TIMEOUT: Duration = Duration::from_secs(30);

/// A WebSocket that stands.
pub(crate) type Line = WebSocketStream<Box<dyn Carrier>>;

/// Opens a WebSocket to a gateway whose certificate is good. `ca` names authorities to trust instead of the system's.
pub(crate) async fn open(gateway: &Gateway, ca: Option<&Path>) -> Result<Line, StickError> {
    let opening = async {
        let unreachable = |source| StickError::Unreachable { host: gateway.host.name.clone(), source };
        let socket = tcp::connect(&gateway.host, &Names::default()).await.map_err(unreachable)?;
        let tls = if gateway.tls { Some(Arc::new(tls::strict(ca)?)) } else { None };
        upgrade(Box::new(socket), gateway, tls).await
    };
    timeout(LINE_TIMEOUT, opening).await.map_err(|_| StickError::Late)?
}

/// Speaks TLS, if there is a configuration for it, and then asks for a WebSocket.
pub(super) async fn upgrade(
    socket: Box<dyn Carrier>,
    gateway: &Gateway,
    tls: Option<Arc<ClientConfig>>,
) -> Result<Line, StickError> {
    let host = &gateway.host.name;
    let carrier: Box<dyn Carrier> = match tls {
        Some(config) => {
            let name = ServerName::try_from(host.clone()).map_err(|_| StickError::Address(host.clone()))?;
            let unreachable = |source| StickError::Unreachable { host: host.clone(), source };
            Box::new(TlsConnector::from(config).connect(name, socket).await.map_err(unreachable)?)
        }
        None => socket,
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAX_MESSAGE_BYTES);
    let (line, _) = client_async_with_config(gateway.url.as_str(), carrier, Some(config))
        .await
        .map_err(|error| StickError::Refused(Box::new(error)))?;
    Ok(line)
}

/// A WebSocket's binary messages as one stream of bytes.
#[derive(Debug)]
pub(super) struct Messages<S> {
    socket: WebSocketStream<S>,
    rest: Bytes,
}

impl<S> Messages<S> {
    pub(super) fn new(socket: WebSocketStream<S>) -> Self {
        Self { socket, rest: Bytes::new() }
    }
}

fn failed(error: tungstenite::Error) -> io::Error {
    match error {
        tungstenite::Error::Io(error) => error,
        other => io::Error::other(other),
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Messages<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.rest.is_empty() {
            match ready!(Pin::new(&mut this.socket).poll_next(cx)) {
                Some(Ok(Message::Binary(bytes))) => this.rest = bytes,
                Some(Ok(Message::Close(_))) | None => return Poll::Ready(Ok(())),
                Some(Ok(Message::Text(_))) => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(failed(error))),
            }
        }
        let count = this.rest.len().min(out.remaining());
        out.put_slice(this.rest.get(..count).unwrap_or_default());
        this.rest.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Messages<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.socket).poll_ready(cx)).map_err(failed)?;
        let part = bytes.get(..MAX_MESSAGE_BYTES).unwrap_or(bytes);
        let message = Message::Binary(Bytes::copy_from_slice(part));
        Pin::new(&mut this.socket).start_send(message).map_err(failed)?;
        Poll::Ready(Ok(part.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx).map_err(failed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_close(cx).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    #[tokio::test]
    async fn messages_become_bytes_and_bytes_messages() {
        let (near, far) = duplex(1024 * 1024);
        let mut near = Messages::new(WebSocketStream::from_raw_socket(near, Role::Client, None).await);
        let mut far = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
        far.send(Message::Binary(Bytes::from_static(b"abc"))).await.unwrap();
        far.send(Message::Ping(Bytes::new())).await.unwrap();
        far.send(Message::Binary(Bytes::from_static(b"def"))).await.unwrap();
        let mut seen = [0; 6];
        near.read_exact(&mut seen).await.unwrap();
        assert_eq!(&seen, b"abcdef");

        let long = vec![7; MAX_MESSAGE_BYTES + 1];
        near.write_all(&long).await.unwrap();
        near.flush().await.unwrap();
        let mut lengths = Vec::new();
        while lengths.iter().sum::<usize>() < long.len() {
            let message = far.next().await.unwrap().unwrap();
            if message.is_binary() {
                lengths.push(message.len());
            }
        }
        assert_eq!(lengths, [MAX_MESSAGE_BYTES, 1]);

        far.close(None).await.unwrap();
        assert_eq!(near.read(&mut seen).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn text_is_no_stream() {
        let (near, far) = duplex(1024);
        let mut near = Messages::new(WebSocketStream::from_raw_socket(near, Role::Client, None).await);
        let mut far = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
        far.send(Message::text("hello")).await.unwrap();
        assert_eq!(near.read(&mut [0; 6]).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
