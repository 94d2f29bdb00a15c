//! ICE over TCP, for networks that let nothing else out: datagrams with two bytes of length before each (RFC 4571).

use std::{io, net::SocketAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use fernamt_sfu::{Datagram, Proto, ShardNo, classify, limits::MAX_DATAGRAM_BYTES};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::mpsc,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::shard::Carried;

/// How long the first frame may take.
const FIRST_FRAME_TIMEOUT: Duration = Duration::from_secs(10);

/// How long nothing may come. Clients check the way every few seconds.
const SILENCE_LIMIT: Duration = Duration::from_secs(40);

/// How long a write may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// The most frames that wait to be written: half a second of a large meeting.
const MAX_WAITING_FRAMES: usize = 1024;

/// The most bytes that leave in one write.
const MAX_WRITE_BYTES: usize = 64 * 1024;

/// Whether a connection that begins with this byte speaks ICE: the high byte of the length of a connectivity check. A TLS
/// handshake begins with 22, HTTP with a letter.
pub fn begins_like_ice(first: u8) -> bool {
    first <= 2
}

/// Serves a connection until it ends. `to` is the address that the client was told.
pub(crate) async fn serve<S>(
    mut stream: S,
    peer: SocketAddr,
    to: SocketAddr,
    shards: &[mpsc::Sender<Carried>],
    stop: CancellationToken,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let first = timeout(FIRST_FRAME_TIMEOUT, read_frame(&mut stream)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    let Datagram::Check(name) = classify(&first) else { return Err(io::ErrorKind::InvalidData.into()) };
    let ShardNo(number) = name.shard;
    let Some(shard) = shards.get(usize::from(number)) else { return Err(io::ErrorKind::InvalidData.into()) };

    let (frames, mut waiting) = mpsc::channel(MAX_WAITING_FRAMES);
    let busy = |_| io::Error::from(io::ErrorKind::QuotaExceeded);
    shard.try_send(Carried::TcpOpened { peer, frames }).map_err(busy)?;
    shard.try_send(Carried::Datagram { proto: Proto::Tcp, from: peer, to, bytes: first }).map_err(busy)?;
    let (mut reader, mut writer) = tokio::io::split(stream);
    let read = async {
        loop {
            let frame =
                timeout(SILENCE_LIMIT, read_frame(&mut reader)).await.map_err(|_| io::ErrorKind::TimedOut)??;
            // Waiting here holds the client back, as TCP should.
            let carried = Carried::Datagram { proto: Proto::Tcp, from: peer, to, bytes: frame };
            shard.send(carried).await.map_err(|_| io::ErrorKind::BrokenPipe)?;
        }
    };
    let write = async {
        let mut batch = Vec::new();
        let mut bytes = BytesMut::with_capacity(MAX_WRITE_BYTES);
        while waiting.recv_many(&mut batch, 32).await > 0 {
            for frame in batch.drain(..) {
                let Ok(length) = u16::try_from(frame.len()) else { continue };
                bytes.extend_from_slice(&length.to_be_bytes());
                bytes.extend_from_slice(&frame);
            }
            timeout(WRITE_TIMEOUT, writer.write_all(&bytes)).await.map_err(|_| io::ErrorKind::TimedOut)??;
            bytes.clear();
        }
        Ok(())
    };
    let ended = tokio::select! {
        () = stop.cancelled() => Ok(()),
        ended = read => ended,
        ended = write => ended,
    };
    let _ = shard.try_send(Carried::TcpClosed { peer });
    ended
}

async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Bytes> {
    let length = usize::from(stream.read_u16().await?);
    if length == 0 || length > MAX_DATAGRAM_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).await?;
    Ok(frame.into())
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 4000);

    #[tokio::test]
    async fn who_does_not_begin_with_a_check_is_sent_away() {
        for bytes in [&b"\x00\x00"[..], b"\x01\x00GET / HTTP/1.1", b"\x00\x04abcd", b"\xff\xff", b""] {
            let (mut client, server) = duplex(4096);
            client.write_all(bytes).await.unwrap();
            client.shutdown().await.unwrap();
            let (shard, mut carried) = mpsc::channel(4);
            assert!(serve(server, PEER, PEER, &[shard], CancellationToken::new()).await.is_err(), "{bytes:?}");
            assert!(carried.try_recv().is_err());
        }
    }

    #[test]
    fn the_first_byte_tells_ice_from_everything_else_on_the_port() {
        assert!(begins_like_ice(0));
        assert!(b"\x16GPHDOC".iter().all(|first| !begins_like_ice(*first)));
    }
}
