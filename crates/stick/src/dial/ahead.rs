//! A carrier of which something has been read, and perhaps written, before it is handed over.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Yields what was read ahead first, and passes over what was written ahead.
#[derive(Debug)]
pub(super) struct Ahead<S> {
    inner: S,
    read: Bytes,
    /// Bytes that the owner will write although they have gone out already.
    written: usize,
}

impl<S> Ahead<S> {
    pub(super) fn new(inner: S, read: Bytes, written: usize) -> Self {
        Self { inner, read, written }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Ahead<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.read.is_empty() {
            return Pin::new(&mut this.inner).poll_read(cx, out);
        }
        let count = this.read.len().min(out.remaining());
        out.put_slice(this.read.get(..count).unwrap_or_default());
        this.read.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Ahead<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.written == 0 || bytes.is_empty() {
            return Pin::new(&mut this.inner).poll_write(cx, bytes);
        }
        let count = this.written.min(bytes.len());
        this.written -= count;
        Poll::Ready(Ok(count))
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
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn what_went_ahead_comes_once_and_goes_once() {
        let (near, mut far) = duplex(100);
        let mut ahead = Ahead::new(near, Bytes::from_static(b"first"), 5);
        far.write_all(b" second").await.unwrap();
        ahead.write_all(b"hello world").await.unwrap();
        let mut seen = [0; 12];
        ahead.read_exact(&mut seen).await.unwrap();
        assert_eq!(&seen, b"first second");
        let mut seen = [0; 6];
        far.read_exact(&mut seen).await.unwrap();
        assert_eq!(&seen, b" world");
    }
}
