//! Notices that this computer has changed its network.
//!
//! A UDP socket that is connected sends nothing, but the system chooses the address it would send from. Where that changes,
//! the way to the gateway has changed, long before TCP learns it.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::net::UdpSocket;

/// How often we look.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Remembers the address from which the gateway was reached last.
#[derive(Debug, Default)]
pub(super) struct Watch {
    seen: Option<(SocketAddr, IpAddr)>,
}

impl Watch {
    /// Looks at the way to `peer`. `true` if it begins elsewhere than before. To have no way at all is no change: the way
    /// may come back as it was.
    pub(super) async fn has_moved(&mut self, peer: SocketAddr) -> bool {
        let Some(from) = local_address(peer).await else { return false };
        match self.seen.replace((peer, from)) {
            Some((before, known)) => before == peer && known != from,
            None => false,
        }
    }
}

async fn local_address(peer: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await.ok()?;
    socket.connect(peer).await.ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_way_is_no_move_and_another_is() {
        let peer: SocketAddr = "127.0.0.1:2222".parse().unwrap();
        let mut watch = Watch::default();
        assert!(!watch.has_moved(peer).await, "the first look");
        assert!(!watch.has_moved(peer).await);
        watch.seen = Some((peer, "192.0.2.1".parse().unwrap()));
        assert!(watch.has_moved(peer).await);
        assert!(!watch.has_moved(peer).await);
        watch.seen = Some(("127.0.0.2:443".parse().unwrap(), "192.0.2.1".parse().unwrap()));
        assert!(!watch.has_moved(peer).await, "another peer may be reached from elsewhere");
    }
}
