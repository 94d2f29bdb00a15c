//! One tunnel: a program's connection on one side, a channel to the gateway on the other, and later perhaps another one.

use std::{io, sync::Arc};

use bytes::BytesMut;
use russh::client;
use tokio::{
    net::{TcpStream, tcp::OwnedReadHalf},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

use super::{
    gate::{Flow, Turn},
    inlet::Inlet,
    moving::{Course, Leg, Mover},
};

/// What is left of a tunnel.
pub(super) struct Carried {
    /// The channel that it moved to, if it did.
    pub(super) second: Option<Arc<Leg>>,
    /// It ended before all had come, through no fault of the program.
    pub(super) cut: bool,
}

/// Carries bytes both ways until both have ended, either side breaks, or `stop` says so. Each side hears the other's end,
/// and goes on with its own. A program that has not got everything is told so by a reset.
pub(super) async fn carry<H: client::Handler + 'static>(
    program: TcpStream,
    first: &Leg,
    mover: Mover<H>,
    stop: &CancellationToken,
) -> Carried {
    let (from_program, to_program) = program.into_split();
    first.inlet.connect(to_program);
    let course = watch::Sender::new(Course::First);
    let both_ways = async {
        // Whatever breaks one way breaks both.
        tokio::try_join!(to_gateway(&from_program, first, &course), first.inlet.carry())
    };
    let broke = tokio::select! {
        biased;
        () = stop.cancelled() => false,
        carried = both_ways => carried.is_err(),
        () = mover.run(&first.inlet, &course) => false,
    };
    first.inlet.abandon();
    Carried { second: course.borrow().second(), cut: first.inlet.was_cut() && !broke }
}

/// Carries to the gateway until the program has ended, or the gateway takes nothing more.
pub(super) async fn to_gateway(program: &OwnedReadHalf, first: &Leg, course: &watch::Sender<Course>) -> io::Result<()> {
    let sending = async {
        let mut moves = course.subscribe();
        let moved = send(program, first, Some(&mut moves)).await?;
        let second = match moved {
            Some(second) => Some(second),
            None => settle(course, &first.inlet, &mut moves).await,
        };
        // For the gateway this is the move, if there is one, and else the end.
        first.channel.eof().await.map_err(io::Error::other)?;
        let Some(second) = second else { return Ok(()) };
        send(program, &second, None).await?;
        second.channel.eof().await.map_err(io::Error::other)
    };
    tokio::select! {
        sent = sending => sent,
        () = first.inlet.closed() => Ok(()),
    }
}

/// Sends until the program has ended, or the tunnel has moved: then it goes on there.
async fn send(
    program: &OwnedReadHalf,
    leg: &Leg,
    mut moves: Option<&mut watch::Receiver<Course>>,
) -> io::Result<Option<Arc<Leg>>> {
    let mut flow = Flow::default();
    loop {
        let moved = async {
            match moves.as_deref_mut() {
                Some(moves) => {
                    moves.wait_for(|course| course.second().is_some()).await.ok().and_then(|now| now.second())
                }
                None => std::future::pending().await,
            }
        };
        // Nothing has been taken from the program when this is left.
        let turn = tokio::select! {
            biased;
            second = moved => return Ok(second),
            turn = turn(program, leg, &flow) => turn?,
        };
        // Only now, so that what came while others had their turn goes out in one piece.
        let most = leg.channel.writable_packet_size().await.min(leg.gate.portion());
        let mut bytes = BytesMut::with_capacity(most);
        match program.try_read_buf(&mut bytes) {
            Ok(0) => return Ok(None),
            Ok(count) => {
                leg.inlet.sent(count);
                leg.channel.data_bytes(bytes.freeze()).await.map_err(io::Error::other)?;
                turn.spent(&mut flow, count, leg.inlet.shut()).await;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// Waits until there is something to send, and it may be sent.
async fn turn<'a>(program: &OwnedReadHalf, leg: &'a Leg, flow: &Flow) -> io::Result<Turn<'a>> {
    program.readable().await?;
    // Who waits for the gateway's window must not hold the gate meanwhile.
    while leg.channel.writable_packet_size().await == 0 {
        leg.inlet.window_grown().await;
    }
    Ok(leg.gate.turn(flow).await)
}

/// The program has ended: waits until it is clear on which channel that is to be said.
async fn settle(
    course: &watch::Sender<Course>,
    inlet: &Inlet,
    moves: &mut watch::Receiver<Course>,
) -> Option<Arc<Leg>> {
    loop {
        if course.send_if_modified(Course::end) {
            return None;
        }
        inlet.hold();
        // The sender is here, so this waits for the answer and for nothing else.
        let second = moves.wait_for(|course| !course.is_open()).await.ok()?.second();
        if second.is_some() {
            return second;
        }
    }
}
