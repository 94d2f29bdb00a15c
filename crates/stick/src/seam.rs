//! Where the engine meets the network and the desktop: it knows the gateway and the programs of this computer by these
//! traits alone, so that its tests need neither.

use std::{
    collections::BTreeSet,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use fernamt_api::stick::{Config, LineQuality, StickTarget, Transport, Welcome};
use fernamt_domain::{Secret, TargetId};
use tokio::sync::{mpsc, watch};

use crate::engine::{LineTest, Problem, Step};

/// Events of a session that wait for the engine.
pub const MAX_WAITING_EVENTS: usize = 64;

/// What a stick shows to get in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The sign-in name, from the key container: the file beside it is not sealed.
    pub login: String,
    /// The seed of the stick's Ed25519 key.
    pub seed: Secret<[u8; 32]>,
    /// The gateway's pinned host keys, as lines of `authorized_keys`.
    pub host_keys: Vec<String>,
    /// The generation in the container.
    pub generation: u64,
}

/// The gateway, from outside.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Gives the stick its key: signs in as `fernamt_api::stick::activation_login` with the key of `seed`, trusting
    /// the host keys in `config` alone, and answers with the activation code. [`Problem::LineLost`] says that the line
    /// broke after the code had gone out, so that nobody here knows whether it was taken.
    async fn activate(&self, config: &Config, seed: &Secret<[u8; 32]>, code: &Secret<String>) -> Result<(), Problem>;

    /// Signs in, says hello and waits for the welcome. The engine keeps the new generation before it opens anything.
    /// `remembered` is the way that worked last; `progress` hears [`Step::Connecting`] and [`Step::SigningIn`].
    async fn sign_in(
        &self,
        config: &Config,
        credentials: &Credentials,
        code: &Secret<String>,
        remembered: Option<Transport>,
        progress: &Progress,
    ) -> Result<Arrival, Problem>;

    /// Name and password for the HTTP proxy on the way out, from now on.
    fn set_proxy_password(&self, user: String, password: Secret<String>);
}

/// Tells the engine what takes so long.
#[derive(Debug, Clone)]
pub struct Progress(watch::Sender<Step>);

impl Progress {
    /// Begins with a step; the receiver hears the others.
    pub fn new(first: Step) -> (Self, watch::Receiver<Step>) {
        let (sender, receiver) = watch::channel(first);
        (Self(sender), receiver)
    }

    /// This is what is being done now.
    pub fn step(&self, step: Step) {
        self.0.send_replace(step);
    }
}

/// A stick that is in.
pub struct Arrival {
    /// What the gateway said.
    pub welcome: Welcome,
    /// The way it took.
    pub transport: Transport,
    /// What can be done now.
    pub session: Box<dyn Session>,
    /// What happens meanwhile; at most [`MAX_WAITING_EVENTS`] wait.
    pub events: mpsc::Receiver<SessionEvent>,
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival").field("transport", &self.transport).finish_non_exhaustive()
    }
}

/// A signed-in session with the gateway. Dropping it ends every tunnel at once, without a goodbye.
#[async_trait]
pub trait Session: Send + Sync {
    /// Opens a listener of its own for the target, on a loopback address of its own, which takes connections of the
    /// family's programs only. Returns where it listens. Opening what is open already returns the same address.
    async fn open(&self, target: &StickTarget, family: &Family) -> Result<SocketAddr, Problem>;

    /// Ends the target's listener and all of its tunnels.
    async fn close(&self, target: TargetId);

    /// Tells the gateway that this generation is on the disk for good.
    async fn kept(&self, generation: u64);

    /// Measures the line.
    async fn test_line(&self) -> Result<LineTest, Problem>;

    /// Says goodbye, as far as that takes no longer than a moment.
    async fn leave(&self);
}

/// What happens to a session.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionEvent {
    /// What the person may reach has changed; this is all of it.
    Targets(Vec<StickTarget>),
    /// The line is gone; everything waits this long for it.
    Away {
        /// How long.
        patience: Duration,
    },
    /// The line is back, perhaps by another way.
    Back {
        /// The way.
        transport: Transport,
    },
    /// A measurement.
    Line(LineQuality),
    /// A target did not let a tunnel through. Its listener stays.
    TargetFailed(TargetId, Problem),
    /// It is over.
    Ended(Problem),
}

/// The processes whose connections to our listeners are let through: these, and whatever they started.
///
/// The stick itself always belongs to it.
#[derive(Debug, Clone, Default)]
pub struct Family(Arc<Mutex<BTreeSet<u32>>>);

impl Family {
    /// Lets a process in, with its descendants.
    pub fn admit(&self, process: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(process);
    }

    /// No longer lets it in: it has ended, and its number may become another's.
    pub fn forget(&self, process: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&process);
    }

    /// The heads of the family.
    pub fn heads(&self) -> BTreeSet<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The programs of this computer.
#[async_trait]
pub trait Launcher: Send + Sync {
    /// Starts what fits to a target: the program for `address`, our end of its tunnel, or a browser where there is
    /// none. A program that may use the tunnel is admitted to the family before it can connect, and forgotten once it has
    /// ended. `None` where a tunnel is all that there is to it.
    async fn launch(&self, order: LaunchOrder<'_>) -> Result<Option<Box<dyn Running>>, Problem>;

    /// Whether a target needs a tunnel on this computer. What a browser opens does not.
    fn needs_tunnel(&self, target: &StickTarget) -> bool;
}

/// What to start.
#[derive(Debug, Clone, Copy)]
pub struct LaunchOrder<'a> {
    /// For what.
    pub target: &'a StickTarget,
    /// Our end of the tunnel, if there is one.
    pub address: Option<SocketAddr>,
    /// The line is weak: fewer colours.
    pub reduced: bool,
    /// Who may use the tunnels.
    pub family: &'a Family,
}

/// A program that was started.
#[async_trait]
pub trait Running: Send + Sync {
    /// Its name, as people know it.
    fn name(&self) -> String;

    /// Waits for its end; forever for what cannot be watched, such as a browser's page. Must bear being dropped.
    async fn ended(&mut self);

    /// Ends it, at the latest after a moment.
    async fn end(&mut self);
}
