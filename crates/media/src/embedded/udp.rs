//! The one UDP port: several datagrams a call in both directions, where the operating system can do that.

use std::{
    cell::RefCell,
    io::{self, IoSliceMut},
    net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket as StdSocket},
};

use fernamt_sfu::Transmit;
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, SockAddr, Socket as RawSocket, Type};
use tokio::{io::Interest, net::UdpSocket};

/// What the operating system may keep for us in each direction. It may grant less.
const BUFFER_BYTES: usize = 8 * 1024 * 1024;

/// The bytes of one piece that is received: as many datagrams as the operating system joins.
const PIECE_BYTES: usize = 64 * 1024;

/// A socket of the port.
#[derive(Debug)]
pub(crate) struct Socket {
    raw: Option<StdSocket>,
    registered: Option<UdpSocket>,
    state: UdpSocketState,
    local: SocketAddr,
    /// What clients are told to send to, the port included.
    advertised: Vec<SocketAddr>,
    /// Those of them that are this machine's own: what is sent as from there must leave from there.
    own: RefCell<Vec<IpAddr>>,
}

/// Binds as many sockets to one port as asked for. The operating system spreads the clients over them.
pub(crate) fn bind(address: SocketAddr, count: u16) -> io::Result<Vec<StdSocket>> {
    let mut address = address;
    let mut sockets = Vec::new();
    for _ in 0..count.max(1) {
        let socket = RawSocket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if count > 1 {
            socket.set_reuse_port(true)?;
        }
        if address.is_ipv6() && address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&SockAddr::from(address))?;
        let socket: StdSocket = socket.into();
        address.set_port(socket.local_addr()?.port());
        sockets.push(socket);
    }
    Ok(sockets)
}

impl Socket {
    pub(crate) fn new(raw: StdSocket, advertised: Vec<SocketAddr>) -> io::Result<Self> {
        let state = UdpSocketState::new(UdpSockRef::from(&raw))?;
        let local = raw.local_addr()?;
        // Less than asked for is what administrators may have set.
        let _ = state.set_send_buffer_size(UdpSockRef::from(&raw), BUFFER_BYTES);
        let _ = state.set_recv_buffer_size(UdpSockRef::from(&raw), BUFFER_BYTES);
        Ok(Self { raw: Some(raw), registered: None, state, local, advertised, own: RefCell::default() })
    }

    /// Hands the socket to the runtime that this is called in.
    pub(crate) fn register(&mut self) -> io::Result<()> {
        if let Some(raw) = self.raw.take() {
            self.registered = Some(UdpSocket::from_std(raw)?);
        }
        Ok(())
    }

    /// Waits until there is something to read.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        match &self.registered {
            Some(socket) => socket.readable().await,
            None => std::future::pending().await,
        }
    }

    /// Takes in what there is, at most one batch.
    pub(crate) fn receive(&self, received: &mut Received) -> bool {
        received.count = 0;
        let Some(socket) = &self.registered else { return false };
        let Received { pieces, meta, .. } = received;
        let mut slices: Vec<IoSliceMut<'_>> = pieces.iter_mut().map(|piece| IoSliceMut::new(piece)).collect();
        let result = socket
            .try_io(Interest::READABLE, || self.state.recv(UdpSockRef::from(socket), &mut slices, meta.as_mut_slice()));
        drop(slices);
        match result {
            Ok(count) => {
                received.count = count;
                for at in &mut received.meta[..count] {
                    at.addr = SocketAddr::new(at.addr.ip().to_canonical(), at.addr.port());
                    let heard_at = at.dst_ip.map_or(self.local.ip(), |ip| ip.to_canonical());
                    let known_as = self.known_as(heard_at).ip();
                    if known_as == heard_at && !self.own.borrow().contains(&heard_at) {
                        self.own.borrow_mut().push(heard_at);
                    }
                    at.dst_ip = Some(known_as);
                }
                received.port = self.advertised.first().unwrap_or(&self.local).port();
                count > 0
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::WouldBlock {
                    tracing::debug!(%error, "The media port had an error");
                }
                false
            }
        }
    }

    /// The address under which clients know the one that they were heard at: behind an address translation it is another.
    fn known_as(&self, ip: IpAddr) -> SocketAddr {
        let same = |address: &&SocketAddr| address.ip() == ip;
        let family = |address: &&SocketAddr| address.is_ipv4() == ip.is_ipv4();
        *self.advertised.iter().find(same).or_else(|| self.advertised.iter().find(family)).unwrap_or(&self.local)
    }

    /// Sends at once, or not at all: what cannot leave now is late already.
    pub(crate) fn send(&self, transmit: &Transmit) {
        let Some(socket) = &self.registered else { return };
        let destination = match (self.local, transmit.to) {
            (SocketAddr::V6(_), SocketAddr::V4(to)) => SocketAddr::new(to.ip().to_ipv6_mapped().into(), to.port()),
            (_, to) => to,
        };
        let most = self.state.max_gso_segments().max(1);
        let segment = transmit.segment_bytes.filter(|bytes| *bytes < transmit.bytes.len());
        let piece = segment.map_or(transmit.bytes.len(), |bytes| bytes * most).max(1);
        let src_ip = self.own.borrow().contains(&transmit.from.ip()).then(|| transmit.from.ip());
        for contents in transmit.bytes.chunks(piece) {
            let segment_size = segment.filter(|bytes| *bytes < contents.len());
            let transmit = quinn_udp::Transmit { destination, ecn: None, contents, segment_size, src_ip };
            let sent = socket.try_io(Interest::WRITABLE, || self.state.try_send(UdpSockRef::from(socket), &transmit));
            if let Err(error) = sent {
                metrics::counter!("fernamt_media_datagrams_dropped_total", "why" => "socket").increment(1);
                tracing::debug!(%error, "Datagrams could not be sent");
            }
        }
    }
}

/// Room for a batch of datagrams.
pub(crate) struct Received {
    pieces: Vec<Vec<u8>>,
    meta: Vec<RecvMeta>,
    count: usize,
    port: u16,
}

impl Received {
    pub(crate) fn new() -> Self {
        Self {
            pieces: vec![vec![0; PIECE_BYTES]; BATCH_SIZE],
            meta: vec![RecvMeta::default(); BATCH_SIZE],
            count: 0,
            port: 0,
        }
    }

    /// From where, to where, what.
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = (SocketAddr, SocketAddr, &[u8])> {
        self.pieces.iter().zip(&self.meta).take(self.count).flat_map(|(piece, meta)| {
            let to = SocketAddr::new(meta.dst_ip.unwrap_or(meta.addr.ip()), self.port);
            let bytes = piece.get(..meta.len).unwrap_or_default();
            bytes.chunks(meta.stride.max(1)).map(move |datagram| (meta.addr, to, datagram))
        })
    }
}
