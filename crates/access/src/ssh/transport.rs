//! The client's socket as the SSH session sees it: reads many small packets with one system call, and can be hung up
//! from outside even while the session waits for something else.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::{
    io::poll_read_buf,
    sync::{CancellationToken, WaitForCancellationFutureOwned},
};

/// Bytes read ahead while much comes in: eight of the largest packets that OpenSSH sends, for one system call.
const BUSY_BYTES: usize = 256 * 1024;
/// Bytes read ahead otherwise, so that hundreds of idle connections cost little.
const QUIET_BYTES: usize = 2 * 1024;

/// A socket with a read-ahead buffer and a hang-up.
#[derive(Debug)]
pub(super) struct Transport<S> {
    socket: S,
    hung_up: Pin<Box<WaitForCancellationFutureOwned>>,
    ahead: BytesMut,
    busy: bool,
}

impl<S> Transport<S> {
    /// Wraps a socket, from which `ahead` was read before. When `hang_up` is cancelled, reads end and writes fail.
    pub(super) fn new(socket: S, ahead: BytesMut, hang_up: CancellationToken) -> Self {
        Self { socket, hung_up: Box::pin(hang_up.cancelled_owned()), ahead, busy: false }
    }

    fn take_ahead(&mut self, out: &mut ReadBuf<'_>) {
        let count = self.ahead.len().min(out.remaining());
        out.put_slice(self.ahead.get(..count).unwrap_or_default());
        self.ahead.advance(count);
    }

    fn poll_hung_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Future::poll(self.hung_up.as_mut(), cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Transport<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ahead.is_empty() {
            this.ahead.reserve(if this.busy { BUSY_BYTES } else { QUIET_BYTES });
            match poll_read_buf(Pin::new(&mut this.socket), cx, &mut this.ahead) {
                Poll::Ready(count) => this.busy = count? >= QUIET_BYTES,
                Poll::Pending => {
                    if !this.busy {
                        this.ahead = BytesMut::new();
                    }
                    return this.poll_hung_up(cx).map(Ok);
                }
            }
        }
        this.take_ahead(out);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Transport<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match Pin::new(&mut this.socket).poll_write(cx, bytes) {
            Poll::Pending => {
                ready!(this.poll_hung_up(cx));
                Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
            }
            written @ Poll::Ready(_) => written,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn bytes_come_out_as_they_went_in_whatever_the_sizes() {
        let (mut near, far) = duplex(1_000_000);
        let sent: Vec<u8> = (0..900_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        near.write_all(&sent).await.unwrap();
        drop(near);
        let mut transport = Transport::new(far, BytesMut::new(), CancellationToken::new());
        let mut received = Vec::new();
        for size in [4, 1, 70_000, 300_000, 32_000].into_iter().cycle() {
            let mut part = vec![0; size];
            let count = transport.read(&mut part).await.unwrap();
            if count == 0 {
                break;
            }
            received.extend_from_slice(&part[..count]);
        }
        assert_eq!(received, sent);
        assert_eq!(transport.ahead.len(), 0);
    }

    #[tokio::test]
    async fn a_hang_up_ends_a_read_and_a_write_that_wait() {
        let (_near, far) = duplex(1);
        let hang_up = CancellationToken::new();
        let (mut reader, mut writer) = tokio::io::split(Transport::new(far, BytesMut::new(), hang_up.clone()));
        let reading = tokio::spawn(async move { reader.read(&mut [0; 4]).await });
        let writing = tokio::spawn(async move { writer.write_all(&[0; 100]).await });
        hang_up.cancel();
        assert_eq!(reading.await.unwrap().unwrap(), 0);
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    }
}
