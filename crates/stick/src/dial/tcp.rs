//! TCP connections: the first address that answers (RFC 8305), set up for small packets on slow lines.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::TcpStream, time::timeout};

use super::{
    names::{Host, Names},
    stagger::staggered,
};

/// The next address is tried this long after the one before.
const ADDRESS_PAUSE: Duration = Duration::from_millis(250);
/// How long one address may take to answer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that the kernel takes before it has sent what it has: what waits there can no longer be overtaken.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 16 * 1024;

/// Connects to the first address of a host that answers.
pub(super) async fn connect(host: &Host, names: &Names) -> io::Result<TcpStream> {
    let attempts = names.addresses(host).await?.into_iter().map(connect_to);
    let failed = |failures: Vec<io::Error>| failures.into_iter().next_back();
    staggered(attempts, ADDRESS_PAUSE)
        .await
        .map_err(|failures| failed(failures).unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
}

async fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = timeout(CONNECT_PATIENCE, TcpStream::connect(address)).await??;
    socket.set_nodelay(true)?;
    prefer_short_queues(&socket);
    Ok(socket)
}

/// BBR does not take loss for congestion, and a short queue in the kernel lets a key press pass a file copy. Both are
/// wishes: a kernel without them is as good as it is.
#[cfg(target_os = "linux")]
fn prefer_short_queues(socket: &TcpStream) {
    let socket = socket2::SockRef::from(socket);
    let _ = socket.set_tcp_congestion(b"bbr");
    let _ = socket.set_tcp_notsent_lowat(UNSENT_BYTES);
}

#[cfg(not(target_os = "linux"))]
fn prefer_short_queues(_socket: &TcpStream) {}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_socket_sends_small_packets_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = Host::parse(&listener.local_addr().unwrap().to_string()).unwrap();
        let socket = connect(&host, &Names::default()).await.unwrap();
        assert!(socket.nodelay().unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!(socket2::SockRef::from(&socket).tcp_notsent_lowat().unwrap(), UNSENT_BYTES);
    }

    #[tokio::test]
    async fn a_closed_port_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = Host::parse(&listener.local_addr().unwrap().to_string()).unwrap();
        drop(listener);
        let failure = connect(&host, &Names::default()).await.unwrap_err();
        assert_eq!(failure.kind(), io::ErrorKind::ConnectionRefused);
    }
}
