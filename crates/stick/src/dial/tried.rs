//! A line that tells whether anything came back on it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use super::{Way, order::Order};

/// Who has been asked and has said nothing for so long is to blame for it.
const DUMB_AFTER: Duration = Duration::from_secs(1);

/// Praises its way for the first byte, and blames it when it goes without one.
#[derive(Debug)]
pub(super) struct Tried<S> {
    inner: S,
    way: Way,
    order: Order,
    answered: bool,
    asked_at: Option<Instant>,
}

impl<S> Tried<S> {
    pub(super) fn new(inner: S, way: Way, order: Order) -> Self {
        Self { inner, way, order, answered: false, asked_at: None }
    }
}

impl<S> Drop for Tried<S> {
    fn drop(&mut self) {
        if !self.answered && self.asked_at.is_some_and(|at| at.elapsed() >= DUMB_AFTER) {
            self.order.blame(self.way);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tried<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = out.filled().len();
        let done = Pin::new(&mut this.inner).poll_read(cx, out);
        if !this.answered && out.filled().len() > before {
            this.answered = true;
            this.order.praise(this.way);
        }
        done
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tried<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.asked_at.get_or_insert_with(Instant::now);
        Pin::new(&mut this.inner).poll_write(cx, bytes)
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
    async fn an_answer_is_praise() {
        let order = Order::new(None);
        let (near, mut far) = duplex(100);
        let mut line = Tried::new(near, Way::SshByProxy, order.clone());
        far.write_all(b"x").await.unwrap();
        line.read_u8().await.unwrap();
        drop(line);
        assert_eq!(order.ways()[0], Way::SshByProxy);
    }

    #[tokio::test]
    async fn silence_is_blamed_only_on_who_was_asked_and_had_time() {
        let order = Order::new(None);
        drop(Tried::new(duplex(1).0, Way::Ssh, order.clone()));
        let (near, _far) = duplex(100);
        let mut line = Tried::new(near, Way::Ssh, order.clone());
        line.write_all(b"x").await.unwrap();
        drop(line);
        assert_eq!(order.ways()[0], Way::Ssh);
        let (near, _far) = duplex(100);
        let mut line = Tried::new(near, Way::Ssh, order.clone());
        line.asked_at = Instant::now().checked_sub(DUMB_AFTER);
        line.write_all(b"x").await.unwrap();
        drop(line);
        assert_eq!(order.ways()[3], Way::Ssh);
    }
}
