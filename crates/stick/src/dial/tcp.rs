//! TCP connections: the first address that answers (RFC 8305), set up for small packets on slow lines.

use std::{io, net::SocketAddr, time::Duration};

use fernamt_resume::PacedTcp;
use tokio::{net::TcpStream, time::timeout};

use super::{
    names::{Host, Names},
    stagger::staggered,
};

/// The next address is tried this long after the one before.
const ADDRESS_PAUSE: Duration = Duration::from_millis(250);
/// How long one address may take to answer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// Connects to the first address of a host that answers.
pub(super) async fn connect(host: &Host, names: &Names) -> io::Result<PacedTcp> {
    let attempts = names.addresses(host).await?.into_iter().map(connect_to);
    let failed = |failures: Vec<io::Error>| failures.into_iter().next_back();
    staggered(attempts, ADDRESS_PAUSE)
        .await
        .map_err(|failures| failed(failures).unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
}

async fn connect_to(address: SocketAddr) -> io::Result<PacedTcp> {
    let socket = timeout(CONNECT_PATIENCE, TcpStream::connect(address)).await??;
    socket.set_nodelay(true)?;
    Ok(PacedTcp::new(socket))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_socket_sends_small_packets_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = Host::parse(&listener.local_addr().unwrap().to_string()).unwrap();
        let socket = connect(&host, &Names::default()).await.unwrap();
        assert!(socket.get_ref().nodelay().unwrap());
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
