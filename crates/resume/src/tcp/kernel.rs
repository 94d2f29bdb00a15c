//! What Linux is asked about a connection, and told.
//!
//! Neither `TCP_INFO` nor `SO_MAX_PACING_RATE` is in a library that wraps them safely, so two system calls stand here.

#![expect(unsafe_code, reason = "two socket options that no library of ours knows")]

use std::{
    os::fd::{AsRawFd as _, RawFd},
    time::Duration,
};

use tokio::net::TcpStream;

use super::advice::Facts;

/// Bytes that the kernel takes before it has sent what it has: what waits there can no longer be overtaken.
const UNSENT_BYTES: u32 = 16 * 1024;
/// The congestion control that we ask for.
const BBR: &[u8] = b"bbr";
/// The one that every kernel has.
const RENO: &[u8] = b"reno";
/// `struct tcp_info` up to `tcpi_delivery_rate` (linux/tcp.h, since Linux 4.9); it only ever grows at its end.
const INFO_BYTES: usize = 168;

pub(super) fn prefer_short_queues(socket: &TcpStream) {
    let socket = socket2::SockRef::from(socket);
    let _ = socket.set_tcp_congestion(BBR);
    let _ = socket.set_tcp_notsent_lowat(UNSENT_BYTES);
}

/// Lets BBR forget what it has measured. Nothing happens where another congestion control is at work.
pub(super) fn begin_anew(socket: &TcpStream) {
    let socket = socket2::SockRef::from(socket);
    let has_bbr = socket.tcp_congestion().is_ok_and(|name| name.starts_with(BBR));
    if has_bbr && socket.set_tcp_congestion(RENO).is_ok() {
        let _ = socket.set_tcp_congestion(BBR);
    }
}

/// Limits the rate of sending, in bytes a second; `u64::MAX` is none.
pub(super) fn limit_pace(socket: &TcpStream, most: u64) {
    let most = u32::try_from(most).unwrap_or(u32::MAX).to_ne_bytes();
    // SAFETY: the descriptor is open as long as the borrowed socket is, and the kernel reads the four bytes given.
    unsafe {
        let (at, length) = (most.as_ptr().cast(), 4);
        libc::setsockopt(descriptor(socket), libc::SOL_SOCKET, libc::SO_MAX_PACING_RATE, at, length);
    }
}

/// What the kernel knows of the connection, if it tells as much as we need.
pub(super) fn facts(socket: &TcpStream) -> Option<Facts> {
    let mut info = [0_u8; INFO_BYTES];
    let mut length = libc::socklen_t::try_from(INFO_BYTES).ok()?;
    // SAFETY: the descriptor is open as long as the borrowed socket is, and the kernel writes at most `length` bytes.
    let answer = unsafe {
        let at = info.as_mut_ptr().cast();
        libc::getsockopt(descriptor(socket), libc::IPPROTO_TCP, libc::TCP_INFO, at, &raw mut length)
    };
    if answer != 0 || usize::try_from(length).ok()? < INFO_BYTES {
        return None;
    }
    let number = |at: usize| Some(u32::from_ne_bytes(*info.get(at..)?.first_chunk()?));
    let long = |at: usize| Some(u64::from_ne_bytes(*info.get(at..)?.first_chunk()?));
    let time = |at: usize| Some(Duration::from_micros(number(at)?.into()));
    Some(Facts {
        under_way: number(24)?,
        round_trip: time(68)?,
        pace: long(104)?,
        acknowledged: long(120)?,
        shortest: time(148)?,
        delivered: long(160)?,
    })
}

fn descriptor(socket: &TcpStream) -> RawFd {
    socket.as_raw_fd()
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::PacedTcp;

    async fn pair() -> (PacedTcp, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (PacedTcp::new(client), listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn the_kernel_tells_what_was_carried() {
        let (mut near, mut far) = pair().await;
        near.write_all(&vec![7; 100_000]).await.unwrap();
        far.read_exact(&mut vec![0; 100_000]).await.unwrap();
        far.write_all(b"!").await.unwrap();
        assert_eq!(near.read_u8().await.unwrap(), b'!');
        let facts = facts(near.get_ref()).unwrap();
        assert!(facts.acknowledged >= 100_000, "the answer acknowledges all that came before it: {facts:?}");
        assert!(facts.round_trip < Duration::from_secs(10) && facts.shortest <= facts.round_trip * 2, "{facts:?}");
    }

    #[tokio::test]
    async fn bytes_arrive_under_a_limit_and_after_a_new_beginning() {
        let (mut near, mut far) = pair().await;
        for most in [1_000_000, u64::MAX] {
            limit_pace(near.get_ref(), most);
            begin_anew(near.get_ref());
            near.write_all(&vec![7; 50_000]).await.unwrap();
            far.read_exact(&mut vec![0; 50_000]).await.unwrap();
        }
        let name = socket2::SockRef::from(near.get_ref()).tcp_congestion().unwrap();
        let asked = socket2::SockRef::from(&far);
        let possible = asked.set_tcp_congestion(BBR).is_ok();
        assert_eq!(name.starts_with(BBR), possible, "it has what it had");
    }

    #[tokio::test]
    async fn little_waits_in_the_kernel() {
        let (near, _far) = pair().await;
        assert_eq!(socket2::SockRef::from(near.get_ref()).tcp_notsent_lowat().unwrap(), UNSENT_BYTES);
    }
}
