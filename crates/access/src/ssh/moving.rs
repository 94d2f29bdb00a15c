//! Moves an open tunnel from the connection it began on to the companion's: the bytes change their channel, and all else,
//! its live grant, its limits and its notes, stays where it is.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fernamt_domain::TargetId;
use fernamt_resume::Way;
use russh::{
    Channel,
    server::{ChannelOpenHandle, Handle, Msg},
};
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    connection::Shared,
    tunnel::{Inlet, Outlet},
};

/// The tunnels of a connection that could move, by the numbers that the stick gave them.
#[derive(Default)]
pub(super) struct Movables(Mutex<HashMap<u32, Arc<Movable>>>);

/// A tunnel that could move.
pub(super) struct Movable {
    target: TargetId,
    inlet: Arc<Inlet>,
    /// Taken by the one move there is.
    next: Mutex<Option<oneshot::Sender<Outlet>>>,
    over: CancellationToken,
    lost: CancellationToken,
}

/// What a tunnel hears of its move.
pub(super) struct Moves {
    /// Where it goes on.
    pub(super) next: oneshot::Receiver<Outlet>,
    /// The connection that it moved to is over.
    pub(super) lost: CancellationToken,
}

/// A tunnel's place among those that could move.
pub(super) struct Place<'a> {
    movables: &'a Movables,
    number: Option<u32>,
    _over: DropGuard,
}

impl Movables {
    /// A tunnel that could move, if it has a number of its own.
    pub(super) fn enter(&self, number: u32, target: TargetId, inlet: &Arc<Inlet>) -> (Place<'_>, Moves) {
        let (tell, next) = oneshot::channel();
        let (over, lost) = (CancellationToken::new(), CancellationToken::new());
        let moves = Moves { next, lost: lost.clone() };
        let place = |number| Place { movables: self, number, _over: over.clone().drop_guard() };
        let mut all = self.lock();
        if number == 0 || all.contains_key(&number) {
            return (place(None), moves);
        }
        let next = Mutex::new(Some(tell));
        let movable = Movable { target, inlet: Arc::clone(inlet), next, over: over.clone(), lost };
        all.insert(number, Arc::new(movable));
        (place(Some(number)), moves)
    }

    /// The tunnel with this number, if it leads to this target.
    pub(super) fn find(&self, number: u32, target: TargetId) -> Option<Arc<Movable>> {
        self.lock().get(&number).filter(|movable| movable.target == target).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Arc<Movable>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.movables.lock().remove(&number);
        }
    }
}

impl Movable {
    /// Begins the move, unless the tunnel has moved, or ended in one direction.
    pub(super) fn begin(&self) -> Option<oneshot::Sender<Outlet>> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let open = next.as_ref().is_some_and(|next| !next.is_closed());
        if open && self.inlet.begin_move() { next.take() } else { None }
    }
}

/// Carries on on the companion what began on the first connection, until either is over or the tunnel is.
pub(super) async fn carry_on(
    companion: &Shared,
    movable: &Movable,
    next: oneshot::Sender<Outlet>,
    channel: Channel<Msg>,
    reply: ChannelOpenHandle,
    handle: &Handle,
) {
    let id = channel.id();
    companion.let_in(id, Arc::clone(&movable.inlet), Way::Second);
    // Incoming data reach the handler; the channel's own queue would only hold a second copy.
    let (_, client) = channel.split();
    reply.accept().await;
    if let Err(outlet) = next.send(Outlet { client, flow: companion.flow() }) {
        // The target ended meanwhile, and the end of the old channel is taken for the move.
        let _ = companion.hung_up.run_until_cancelled(outlet.client.eof()).await;
    }
    let over = async {
        movable.over.cancelled().await;
        companion.let_out(id);
        // A connection that is over needs no goodbye.
        let _ = handle.close(id).await;
    };
    if companion.hung_up.run_until_cancelled(over).await.is_none() {
        movable.lost.cancel();
    }
}
