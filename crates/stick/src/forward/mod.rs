//! Tunnels to targets: a listener on a loopback address of its own for each open target, a channel to the gateway for each
//! connection that one of our programs makes to it.

mod gate;
mod inlet;
mod inlets;
#[cfg(test)]
mod move_tests;
mod moving;
mod tunnel;

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use fernamt_api::stick::{StickTarget, target_host};
use fernamt_domain::{Rng, TargetId, rng::random_bytes};
use russh::{ChannelOpenFailure, client};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, oneshot},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::debug;

pub(crate) use self::{
    gate::{Flow, Gate, TURN_BYTES},
    inlets::Inlets,
    moving::{Lane, Lanes},
};
use self::{
    moving::{ANSWER_PATIENCE, Mover},
    tunnel::Carried,
};
use crate::{
    engine::Problem,
    peer_process::may_use,
    seam::{Family, SessionEvent},
};

/// Connections of one target at the same time; the others wait in the listener's queue.
const MAX_CONNECTIONS_PER_TARGET: usize = 32;
/// Targets that are open at the same time.
const MAX_OPEN_TARGETS: usize = 64;
/// How often a loopback address is drawn before we take the one that everybody has.
const MAX_DRAWS: usize = 16;
/// How long the end of a target's tunnels may take.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);
/// The pause after the operating system had no socket for us.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The tunnels of one session.
pub(crate) struct Forwards<H: client::Handler> {
    line: Arc<Line<H>>,
    rng: Arc<dyn Rng>,
    open: Mutex<HashMap<TargetId, Open>>,
    stop: CancellationToken,
}

/// What all tunnels share.
struct Line<H: client::Handler> {
    ssh: Arc<client::Handle<H>>,
    inlets: Inlets,
    gate: Gate,
    failed: mpsc::Sender<SessionEvent>,
    lanes: Lanes<H>,
    /// The last number that a tunnel was given.
    numbers: AtomicU32,
}

/// An open target.
#[derive(Debug)]
struct Open {
    address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl<H: client::Handler + 'static> Forwards<H> {
    /// None is open yet. What carries much moves to what `lanes` tells of. Refusals of the gateway are told on `failed`;
    /// cancelling `stop` ends everything.
    pub(crate) fn new(
        ssh: Arc<client::Handle<H>>,
        inlets: Inlets,
        gate: Gate,
        lanes: Lanes<H>,
        failed: mpsc::Sender<SessionEvent>,
        rng: Arc<dyn Rng>,
        stop: CancellationToken,
    ) -> Self {
        let line = Arc::new(Line { ssh, inlets, gate, failed, lanes, numbers: AtomicU32::new(0) });
        Self { line, rng, open: Mutex::default(), stop }
    }

    /// Opens a listener for a target, unless it has one, and says where.
    pub(crate) async fn open(&self, target: &StickTarget, family: &Family) -> Result<SocketAddr, Problem> {
        if let Some(open) = self.lock().get(&target.id) {
            return Ok(open.address);
        }
        let listener = self.listen().await.ok_or(Problem::Unavailable)?;
        let address = listener.local_addr().map_err(|_| Problem::Unavailable)?;
        let (stop, tasks) = (self.stop.child_token(), TaskTracker::new());
        {
            let mut open = self.lock();
            // Somebody may have been quicker.
            if let Some(open) = open.get(&target.id) {
                return Ok(open.address);
            }
            if open.len() >= MAX_OPEN_TARGETS {
                return Err(Problem::Unavailable);
            }
            open.insert(target.id, Open { address, stop: stop.clone(), tasks: tasks.clone() });
        }
        let door = Door {
            line: Arc::clone(&self.line),
            target: target.id,
            port: target.port,
            address,
            family: family.clone(),
            stop,
            tasks: tasks.clone(),
        };
        tasks.spawn(door.accept(listener));
        Ok(address)
    }

    /// Ends a target's listener and its tunnels.
    pub(crate) async fn close(&self, target: TargetId) {
        let open = self.lock().remove(&target);
        if let Some(open) = open {
            open.stop.cancel();
            open.tasks.close();
            // What does not end in time holds no socket any more.
            let _ = timeout(CLOSE_PATIENCE, open.tasks.wait()).await;
        }
    }

    /// Draws a loopback address that others do not know.
    async fn listen(&self) -> Option<TcpListener> {
        for _ in 0..MAX_DRAWS {
            let address = SocketAddrV4::new(draw(&*self.rng), 0);
            if let Ok(listener) = TcpListener::bind(address).await {
                return Some(listener);
            }
        }
        // Some systems have the one loopback address only.
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.ok()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TargetId, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An address in 127.0.0.0/8, neither the network's nor the broadcast one nor one that programs listen on by themselves.
fn draw(rng: &dyn Rng) -> Ipv4Addr {
    let [a, b, c] = random_bytes(rng);
    Ipv4Addr::new(127, a.clamp(1, 254), b, c.clamp(2, 254))
}

/// One target's listener.
struct Door<H: client::Handler> {
    line: Arc<Line<H>>,
    target: TargetId,
    port: u16,
    address: SocketAddr,
    family: Family,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl<H: client::Handler + 'static> Door<H> {
    async fn accept(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS_PER_TARGET));
        let stop = self.stop.clone();
        let door = Arc::new(self);
        let accepting = async {
            while let Ok(place) = Arc::clone(&places).acquire_owned().await {
                let Ok((program, peer)) = listener.accept().await else {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                let serving = Arc::clone(&door);
                door.tasks.spawn(async move {
                    serving.serve(program, peer).await;
                    drop(place);
                });
            }
        };
        stop.run_until_cancelled(accepting).await;
    }

    async fn serve(&self, program: TcpStream, peer: SocketAddr) {
        let admitted = self.stop.run_until_cancelled(may_use(self.address, peer, &self.family)).await;
        if admitted != Some(true) || program.set_nodelay(true).is_err() {
            return;
        }
        // By this the gateway finds the tunnel, should it move.
        let number = self.line.numbers.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let (tell, told) = oneshot::channel();
        let (ssh, inlets, gate) = (Arc::clone(&self.line.ssh), self.line.inlets.clone(), self.line.gate.clone());
        tokio::spawn(moving::open(ssh, inlets, gate, target_host(self.target), self.port, number, tell));
        let first = match self.stop.run_until_cancelled(told).await {
            Some(Ok(Ok(first))) => first,
            Some(Ok(Err(error))) => {
                if let Some(problem) = problem(&error) {
                    // Somebody who does not listen needs no telling.
                    let _ = self.line.failed.send(SessionEvent::TargetFailed(self.target, problem)).await;
                }
                return;
            }
            Some(Err(_)) | None => return,
        };
        let mover = Mover {
            lanes: self.line.lanes.clone(),
            target: self.target,
            port: self.port,
            number,
            patience: ANSWER_PATIENCE,
        };
        let Carried { second, cut } = tunnel::carry(program, &first, mover, &self.stop).await;
        if cut {
            debug!(number, "A tunnel was cut off");
        }
        // A connection that is gone needs no goodbye, and one whose line is away gets it later.
        if let Some(second) = second {
            let _ = timeout(CLOSE_PATIENCE, second.channel.close()).await;
        }
        let _ = timeout(CLOSE_PATIENCE, first.channel.close()).await;
    }
}

/// What a refusal means. A connection that is over tells it in its own way.
fn problem(error: &russh::Error) -> Option<Problem> {
    match error {
        russh::Error::ChannelOpenFailure(ChannelOpenFailure::AdministrativelyProhibited) => {
            Some(Problem::TargetForbidden)
        }
        russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed) => Some(Problem::TargetUnreachable),
        russh::Error::ChannelOpenFailure(_) => Some(Problem::Unavailable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use fernamt_testkit::SeededRng;

    use super::*;

    #[test]
    fn addresses_are_drawn_from_all_of_the_loopback() {
        let rng = SeededRng::new(7);
        let drawn: std::collections::HashSet<_> = (0..1000).map(|_| draw(&rng)).collect();
        assert!(drawn.len() > 990);
        for address in drawn {
            let [_, a, _, c] = address.octets();
            assert!(address.is_loopback() && (1..=254).contains(&a) && (2..=254).contains(&c), "{address}");
        }
    }

    #[test]
    fn a_refusal_names_its_problem() {
        let refusal = |failure| problem(&russh::Error::ChannelOpenFailure(failure));
        assert_eq!(refusal(ChannelOpenFailure::AdministrativelyProhibited), Some(Problem::TargetForbidden));
        assert_eq!(refusal(ChannelOpenFailure::ConnectFailed), Some(Problem::TargetUnreachable));
        assert_eq!(refusal(ChannelOpenFailure::ResourceShortage), Some(Problem::Unavailable));
        assert_eq!(problem(&russh::Error::Disconnect), None);
    }
}
