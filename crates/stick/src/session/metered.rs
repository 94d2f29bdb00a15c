//! The stream's end as SSH sees it, with a count of what SSH has written.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
};

/// Counts the bytes that are written through it.
#[derive(Debug)]
pub(super) struct Metered<S> {
    inner: S,
    written: watch::Sender<u64>,
}

impl<S> Metered<S> {
    pub(super) fn new(inner: S) -> (Self, watch::Receiver<u64>) {
        let (written, count) = watch::channel(0);
        (Self { inner, written }, count)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_read(cx, out)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.inner).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = done {
            this.written.send_modify(|written| *written += count as u64);
        }
        done
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn what_is_written_is_counted() {
        let (near, _far) = duplex(100);
        let (mut metered, count) = Metered::new(near);
        metered.write_all(b"hello").await.unwrap();
        metered.write_all(b" world").await.unwrap();
        assert_eq!(*count.borrow(), 11);
    }
}
