//! One tunnel: a channel on one side, a TCP connection to a target on the other, a live grant over both.
//!
//! Bytes from the client go straight from the SSH session to the target's socket, and into a bounded queue only while
//! the target is slower than the client. Bytes from the target are read when the client's window has room for them.

use std::{
    io,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::{BufMut as _, Bytes, BytesMut};
use fernamt_domain::{EndReason, LiveGrant};
use fernamt_resume::{Inflow, Way};
use russh::{ChannelWriteHalf, server::Msg};
use tokio::{
    io::Interest,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Notify, oneshot},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{moving::Moves, turns::Flow};

/// Bytes read from a target at once: two of OpenSSH's packets.
const READ_BYTES: usize = 64 * 1024;
/// What is sent to a client that takes nothing at the moment.
const BLOCKED_BYTES: usize = 1024;
/// How long a target may take for what the client had sent before it closed the channel.
const LINGER: Duration = Duration::from_secs(30);

/// Connects to the first address that answers.
pub(super) async fn connect(addresses: &[SocketAddr], limit: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => {
                socket.set_nodelay(true)?;
                return Ok(socket);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

/// The way from the client to the target.
#[derive(Debug)]
pub(super) struct Inlet {
    limit_bytes: usize,
    state: Mutex<Waiting>,
    /// Something happened that the tunnel's task must look at.
    filled: Notify,
    /// The queue is below its limit again.
    drained: Notify,
    /// The client closed the channel.
    closed: CancellationToken,
}

#[derive(Debug)]
struct Waiting {
    /// `None` once the target has been told that no more comes.
    socket: Option<OwnedWriteHalf>,
    inflow: Inflow,
    /// The target has got everything.
    whole: bool,
}

impl Waiting {
    /// Lets go of the target's socket. Dropping the write half tells that no more comes; where something is missing, a
    /// reset tells so.
    fn let_go(&mut self) {
        let Some(socket) = self.socket.take() else { return };
        self.whole = self.inflow.is_over() && !self.inflow.is_broken();
        if !self.whole {
            // Where the system does not want to, it looks like an end.
            let _ = socket.as_ref().set_zero_linger();
            socket.forget();
        }
    }
}

impl Inlet {
    pub(super) fn new(socket: OwnedWriteHalf, limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            state: Mutex::new(Waiting { socket: Some(socket), inflow: Inflow::default(), whole: false }),
            filled: Notify::new(),
            drained: Notify::new(),
            closed: CancellationToken::new(),
        }
    }

    /// Takes data from the client: to the socket what it takes at once, the rest into the queue. `false` means that the
    /// queue is full and [`Inlet::room`] must be awaited before more is brought.
    pub(super) fn push(&self, way: Way, mut data: &[u8]) -> bool {
        let mut state = self.lock();
        let Some(socket) = &state.socket else { return true };
        if state.inflow.is_next(way) {
            while !data.is_empty() {
                match socket.try_write(data) {
                    Ok(count) => data = data.get(count..).unwrap_or_default(),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(_) => {
                        // The tunnel's task meets the same error when it reads, and ends the tunnel.
                        state.socket = None;
                        self.filled.notify_one();
                        return true;
                    }
                }
            }
        }
        if data.is_empty() {
            return true;
        }
        state.inflow.push(way, data);
        self.filled.notify_one();
        !state.inflow.is_full(way, self.limit_bytes)
    }

    /// What ends on the channel from now on goes on on another. `false` if it can no more.
    pub(super) fn begin_move(&self) -> bool {
        let mut state = self.lock();
        let begun = state.socket.is_some() && state.inflow.ask_to_move();
        if begun {
            state.inflow.move_accepted();
        }
        begun
    }

    /// Whether all that came has gone to the target.
    fn is_drained(&self) -> bool {
        self.lock().inflow.is_drained()
    }

    /// Waits until the queue is below its limit, or the tunnel is over.
    pub(super) async fn room(&self, way: Way) {
        loop {
            let drained = self.drained.notified();
            {
                let state = self.lock();
                if state.socket.is_none() || !state.inflow.is_full(way, self.limit_bytes) {
                    return;
                }
            }
            drained.await;
        }
    }

    /// The client sends no more on this channel.
    pub(super) fn end(&self, way: Way) {
        self.lock().inflow.end(way);
        self.filled.notify_one();
        self.drained.notify_waiters();
    }

    /// The client closed the channel: it takes nothing more either. A channel that the tunnel has left says nothing.
    pub(super) fn close(&self, way: Way) {
        {
            let mut state = self.lock();
            if !state.inflow.rests_on(way) {
                return;
            }
            state.inflow.break_off(way);
            // Before anybody sees that no more comes.
            self.closed.cancel();
        }
        self.filled.notify_one();
        self.drained.notify_waiters();
    }

    /// Lets go of the target's socket at once.
    fn abandon(&self) {
        let mut state = self.lock();
        state.let_go();
        state.inflow.abandon();
        self.drained.notify_waiters();
    }

    /// Whether the target has got everything.
    fn is_whole(&self) -> bool {
        self.lock().whole
    }

    /// Writes from the queue what the socket takes now. `true` once all is written and the client has ended.
    fn flush(&self) -> io::Result<bool> {
        let mut state = self.lock();
        let state = &mut *state;
        let Some(socket) = &state.socket else { return Ok(true) };
        while let Some(first) = state.inflow.front() {
            match socket.try_write(first) {
                Ok(count) => state.inflow.take(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        if !state.inflow.is_full(Way::First, self.limit_bytes) {
            self.drained.notify_waiters();
        }
        if state.inflow.is_over() {
            state.let_go();
            return Ok(true);
        }
        Ok(false)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way from us to the client, which it may share with others.
pub(super) struct Outlet {
    pub(super) client: ChannelWriteHalf<Msg>,
    /// `None` where the operating system orders who sends.
    pub(super) flow: Option<Flow>,
}

/// Leave to send so much. Dropping it ends it.
struct Turn<'a> {
    bytes: usize,
    flow: Option<&'a Flow>,
}

impl Turn<'_> {
    /// So much of it was used.
    fn take(mut self, bytes: usize) {
        if let Some(flow) = self.flow.take() {
            flow.sent(bytes);
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(flow) = self.flow {
            flow.sent(0);
        }
    }
}

impl Outlet {
    /// Waits until there is something to read from the target and it may be sent. What comes meanwhile goes with it.
    async fn turn(&self, target: &OwnedReadHalf) -> io::Result<Turn<'_>> {
        let Some(flow) = &self.flow else { return Ok(Turn { bytes: READ_BYTES, flow: None }) };
        target.readable().await?;
        Ok(self.next(flow).await)
    }

    /// Sends what may take many turns.
    pub(super) async fn send(&self, mut bytes: Bytes) -> io::Result<()> {
        while !bytes.is_empty() {
            let part = match &self.flow {
                Some(flow) => {
                    let turn = self.next(flow).await;
                    let part = bytes.split_to(bytes.len().min(turn.bytes));
                    turn.take(part.len());
                    part
                }
                None => std::mem::take(&mut bytes),
            };
            self.client.data_bytes(part).await.map_err(io::Error::other)?;
        }
        Ok(())
    }

    async fn next<'a>(&self, flow: &'a Flow) -> Turn<'a> {
        if self.client.writable_packet_size().await == 0 {
            // The client takes no more yet: no turn is spent on waiting for that.
            return Turn { bytes: BLOCKED_BYTES, flow: None };
        }
        Turn { bytes: flow.turn().await, flow: Some(flow) }
    }
}

/// Lets go of the target's socket however the tunnel ends, so that nobody waits for room in a queue nobody empties.
struct Abandon<'a>(&'a Inlet);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// How a tunnel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TunnelEnd {
    /// By itself: both sides have ended.
    Finished,
    /// By itself, before all had come: either side broke off.
    Broken,
    /// The live grant ended.
    Revoked(EndReason),
    /// The whole connection ended, or the one that it had moved to.
    HungUp,
}

/// Carries bytes until either side, the grant or the connection ends. The target's socket is closed when this returns; a
/// target that has not got everything is told so by a reset.
/// `moves` tells where the tunnel goes on, should it move, and when that is over.
pub(super) async fn carry(
    target: OwnedReadHalf,
    inlet: &Inlet,
    client: Outlet,
    moves: Moves,
    grant: &LiveGrant,
    hung_up: &CancellationToken,
) -> TunnelEnd {
    let _abandon = Abandon(inlet);
    let Moves { mut next, lost } = moves;
    let both_ways = async {
        // Whatever breaks one way breaks both.
        tokio::try_join!(to_target(&target, inlet), to_client(&target, inlet, client, &mut next))
    };
    tokio::select! {
        biased;
        reason = grant.ended() => TunnelEnd::Revoked(reason),
        () = hung_up.cancelled() => TunnelEnd::HungUp,
        () = lost.cancelled() => TunnelEnd::HungUp,
        carried = both_ways => if carried.is_ok() && inlet.is_whole() { TunnelEnd::Finished } else { TunnelEnd::Broken },
    }
}

async fn to_target(target: &OwnedReadHalf, inlet: &Inlet) -> io::Result<()> {
    loop {
        let filled = inlet.filled.notified();
        if inlet.flush()? {
            return Ok(());
        }
        if inlet.is_drained() {
            filled.await;
        } else {
            target.ready(Interest::WRITABLE).await?;
        }
    }
}

async fn to_client(
    target: &OwnedReadHalf,
    inlet: &Inlet,
    first: Outlet,
    next: &mut oneshot::Receiver<Outlet>,
) -> io::Result<()> {
    let copy = async {
        let moved = send(target, &first, Some(&mut *next)).await?;
        let moved = moved.or_else(|| {
            // Whoever is about to move it hears that it is too late, or was just in time.
            next.close();
            next.try_recv().ok()
        });
        first.client.eof().await.map_err(io::Error::other)?;
        // What it had asked for on this line is given back.
        drop(first);
        let Some(second) = moved else { return Ok(()) };
        send(target, &second, None).await?;
        second.client.eof().await.map_err(io::Error::other)
    };
    tokio::select! {
        copied = copy => copied,
        () = inlet.closed.cancelled() => {
            // What the client had sent still goes to the target, but not for ever.
            let gone = async {
                while !inlet.is_drained() {
                    target.ready(Interest::WRITABLE).await?;
                    inlet.flush()?;
                }
                io::Result::Ok(())
            };
            timeout(LINGER, gone).await.map_err(io::Error::from)?
        }
    }
}

/// Sends until the target has ended, or it is told where to go on.
async fn send(
    target: &OwnedReadHalf,
    outlet: &Outlet,
    mut next: Option<&mut oneshot::Receiver<Outlet>>,
) -> io::Result<Option<Outlet>> {
    let mut buffer = BytesMut::new();
    loop {
        let moved = async {
            match next.as_deref_mut() {
                Some(next) => next.await,
                None => std::future::pending().await,
            }
        };
        // Nothing has been taken from the target when this is left.
        let turn = tokio::select! {
            biased;
            moved = moved => {
                next = None;
                match moved {
                    Ok(second) => return Ok(Some(second)),
                    // It has no number by which it could move.
                    Err(_) => continue,
                }
            }
            turn = outlet.turn(target) => turn?,
        };
        buffer.reserve(turn.bytes);
        match target.try_read_buf(&mut (&mut buffer).limit(turn.bytes)) {
            Ok(0) => return Ok(None),
            Ok(count) => {
                turn.take(count);
                outlet.client.data_bytes(buffer.split().freeze()).await.map_err(io::Error::other)?;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                drop(turn);
                // An idle tunnel holds no buffer. Should it move, it does so with the next bytes.
                buffer = BytesMut::new();
                target.readable().await?;
            }
            Err(error) => return Err(error),
        }
    }
}
