//! The application's end of a stream.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::core::{Core, Shared};
use crate::End;

/// Bytes both ways, whatever happens to the lines below. Reading fails when the stream ends otherwise than by the other
/// side's wish; [`Handle::status`](super::Handle::status) says how it did.
#[derive(Debug)]
pub struct Pipe {
    shared: Arc<Shared>,
}

impl Pipe {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl AsyncRead for Pipe {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = |core: &mut Core| {
            let place = out.initialize_unfilled();
            if place.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let count = core.stream.read(place);
            if count > 0 {
                out.advance(count);
                return Poll::Ready(Ok(()));
            }
            match core.stream.ended() {
                _ if core.stream.at_end() => Poll::Ready(Ok(())),
                Some(End::Finished | End::Dismissed) => Poll::Ready(Ok(())),
                Some(end) => Poll::Ready(Err(broken(end))),
                None => {
                    core.reader = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        };
        self.shared.act(read)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let write = |core: &mut Core| {
            if let Some(end) = core.stream.ended() {
                return Poll::Ready(Err(broken(end)));
            }
            if core.shut {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let count = core.stream.write(bytes);
            if count > 0 || bytes.is_empty() {
                return Poll::Ready(Ok(count));
            }
            core.writer = Some(cx.waker().clone());
            Poll::Pending
        };
        self.shared.act(write)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What the stream has taken goes out by itself.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.shut();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.shared.leave();
    }
}

fn broken(end: End) -> io::Error {
    let kind = match end {
        End::Lost => io::ErrorKind::TimedOut,
        End::Refused(_) => io::ErrorKind::ConnectionRefused,
        _ => io::ErrorKind::ConnectionAborted,
    };
    io::Error::new(kind, end)
}
