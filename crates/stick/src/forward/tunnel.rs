//! One tunnel: a program's connection on one side, a channel to the gateway on the other.

use std::io;

use bytes::BytesMut;
use russh::{ChannelWriteHalf, client::Msg};
use tokio::net::{TcpStream, tcp::OwnedReadHalf};
use tokio_util::sync::CancellationToken;

use super::{
    gate::{Flow, Gate},
    inlet::Inlet,
};

/// Carries bytes both ways until both have ended, either side breaks, or `stop` says so. Each side hears the other's end,
/// and goes on with its own.
pub(super) async fn carry(
    program: TcpStream,
    channel: &ChannelWriteHalf<Msg>,
    inlet: &Inlet,
    gate: &Gate,
    stop: &CancellationToken,
) {
    let (from_program, to_program) = program.into_split();
    inlet.connect(to_program);
    let both_ways = async {
        // Whatever breaks one way breaks both.
        let _ = tokio::try_join!(to_gateway(&from_program, channel, inlet, gate), inlet.carry());
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        () = both_ways => {}
    }
    inlet.abandon();
}

/// Carries to the gateway until the program has ended, or the gateway takes nothing more.
async fn to_gateway(
    program: &OwnedReadHalf,
    channel: &ChannelWriteHalf<Msg>,
    inlet: &Inlet,
    gate: &Gate,
) -> io::Result<()> {
    tokio::select! {
        sent = send(program, channel, inlet, gate) => sent,
        () = inlet.closed() => Ok(()),
    }
}

async fn send(program: &OwnedReadHalf, channel: &ChannelWriteHalf<Msg>, inlet: &Inlet, gate: &Gate) -> io::Result<()> {
    let mut flow = Flow::default();
    loop {
        program.readable().await?;
        // Who waits for the gateway's window must not hold the gate meanwhile.
        while channel.writable_packet_size().await == 0 {
            inlet.window_grown().await;
        }
        let turn = gate.turn(&flow).await;
        // Only now, so that what came while others had their turn goes out in one piece.
        let most = channel.writable_packet_size().await.min(gate.portion());
        let mut bytes = BytesMut::with_capacity(most);
        match program.try_read_buf(&mut bytes) {
            Ok(0) => break,
            Ok(count) => {
                channel.data_bytes(bytes.freeze()).await.map_err(io::Error::other)?;
                turn.spent(&mut flow, count, inlet.closed()).await;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    channel.eof().await.map_err(io::Error::other)
}
