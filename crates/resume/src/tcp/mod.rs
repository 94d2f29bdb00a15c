//! A line over TCP, and what is asked of the kernel for it: that little waits there, and that little is not sent slowly.
//!
//! All of it is a wish. A kernel without these options, and a system other than Linux, carries the same bytes.

#[cfg(target_os = "linux")]
mod advice;
#[cfg(target_os = "linux")]
mod kernel;

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A TCP connection below a stream or a TLS session, whose sending is looked after while something is written.
#[derive(Debug)]
pub struct PacedTcp {
    socket: TcpStream,
    #[cfg(target_os = "linux")]
    pacing: advice::Pacing,
}

impl PacedTcp {
    /// Asks for BBR, which does not take loss for congestion, and for a short queue of unsent bytes, which a key press
    /// cannot pass.
    pub fn new(socket: TcpStream) -> Self {
        #[cfg(target_os = "linux")]
        kernel::prefer_short_queues(&socket);
        Self {
            socket,
            #[cfg(target_os = "linux")]
            pacing: advice::Pacing::default(),
        }
    }

    /// The other end's address.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.peer_addr()
    }

    /// The connection itself.
    pub fn get_ref(&self) -> &TcpStream {
        &self.socket
    }

    #[cfg(target_os = "linux")]
    fn look_after(&mut self) {
        let now = tokio::time::Instant::now().into_std();
        if !self.pacing.wants_a_look(now) {
            return;
        }
        let Some(facts) = kernel::facts(&self.socket) else { return };
        let advice = self.pacing.look(now, &facts);
        if advice.begin_anew {
            kernel::begin_anew(&self.socket);
        }
        if let Some(most) = advice.most {
            kernel::limit_pace(&self.socket, most);
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn look_after(&mut self) {}
}

impl AsyncRead for PacedTcp {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for PacedTcp {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.look_after();
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.look_after();
        Pin::new(&mut self.socket).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
