//! The stick's inside, without any window: takes commands, shows its state.
//!
//! The window and the command line are both thin over this. [`State`] is all that there is to show; it comes through a
//! watch channel, so whoever shows it draws the newest and misses nothing that still matters.

mod actor;
mod desk;
pub mod line_state;
mod presence;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use fernamt_api::stick::{LineQuality, StickTarget};
use fernamt_domain::{Rng, Secret, TargetId};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use crate::{
    container::Cost,
    seam::{Family, Gateway, Launcher},
};

/// Commands that wait for the engine. A person is never so fast; a script is told to wait by the channel.
pub const MAX_WAITING_COMMANDS: usize = 16;
/// How long the programs and the goodbye may take together at the end.
pub const END_PATIENCE: Duration = Duration::from_secs(2);

/// What an engine is made of.
pub struct Parts {
    /// Where the stick's files are.
    pub folder: PathBuf,
    /// The way to sign in.
    pub gateway: Arc<dyn Gateway>,
    /// The programs of this computer.
    pub launcher: Arc<dyn Launcher>,
    /// Makes the key, salts and nonces.
    pub rng: Arc<dyn Rng>,
    /// What a guess at a new passphrase is to cost.
    pub cost: Cost,
    /// Whose connections the tunnels take.
    pub family: Family,
}

/// An engine at work, from outside. It ends by [`Command::Leave`], when the stick is pulled, or when this is dropped; then
/// every tunnel has ended and every secret is wiped.
#[derive(Debug)]
pub struct Engine {
    /// Takes commands. What makes no sense in the present stage is ignored.
    pub commands: mpsc::Sender<Command>,
    /// Shows the newest state.
    pub state: watch::Receiver<State>,
    task: JoinHandle<()>,
}

impl Engine {
    /// Looks what is in the folder and begins, on the present runtime.
    pub fn start(parts: Parts) -> Self {
        let (commands, waiting) = mpsc::channel(MAX_WAITING_COMMANDS);
        let (shown, state) = watch::channel(State { stage: Stage::Unusable, problem: None });
        let task = tokio::spawn(actor::run(parts, waiting, shown));
        Self { commands, state, task }
    }

    /// Waits until it has ended.
    pub async fn ended(self) {
        let Self { commands, state, task } = self;
        drop((commands, state));
        // One that was cancelled has ended as well.
        let _ = task.await;
    }
}

/// What a person can do.
#[derive(Debug)]
pub enum Command {
    /// First start: the activation code from the administration, and the passphrase they chose.
    Activate {
        /// The code.
        code: Secret<String>,
        /// The new passphrase.
        passphrase: Secret<String>,
    },
    /// Opens the key container.
    Unlock(Secret<String>),
    /// Signs in with a one-time code.
    SignIn(Secret<String>),
    /// Name and password for the HTTP proxy on the way out, after [`Problem::ProxyWantsPassword`]. They are kept in memory
    /// only.
    ProxyPassword {
        /// The name that the proxy knows.
        user: String,
        /// The password.
        password: Secret<String>,
    },
    /// Opens a target: its tunnel, and what fits to start.
    Open(TargetId),
    /// Closes a target's tunnel and what was started for it.
    Close(TargetId),
    /// Measures the line.
    TestLine,
    /// Ends everything and locks the container.
    Leave,
}

/// All that there is to show.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Where we are.
    pub stage: Stage,
    /// What went wrong with the last command, if anything.
    pub problem: Option<Problem>,
}

/// Where we are.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// This folder holds no usable stick.
    Unusable,
    /// Not activated yet.
    Fresh,
    /// Activated; the passphrase is missing.
    Locked,
    /// Something takes a moment.
    Working(Step),
    /// The container is open; the one-time code is missing.
    AskCode,
    /// At work.
    Ready(Box<Desk>),
    /// Over: [`State::problem`] says why, if it was not the person's wish.
    Ended,
}

/// What takes a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The passphrase is being stretched.
    Unlocking,
    /// A way to the gateway is being sought.
    Connecting,
    /// The gateway checks.
    SigningIn,
    /// The stick gets its key.
    Activating,
}

/// What is on the desk of somebody who is at work.
#[derive(Debug, Clone, PartialEq)]
pub struct Desk {
    /// Whose it is.
    pub person: String,
    /// Their targets, in the order to show.
    pub tiles: Vec<Tile>,
    /// How the line does.
    pub line: LineState,
}

/// One target.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// The target.
    pub target: StickTarget,
    /// What is open of it.
    pub open: Option<Opened>,
    /// Why it could not be opened the last time.
    pub problem: Option<Problem>,
}

/// An open target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Our end of the tunnel; `None` for what runs in the browser.
    pub address: Option<SocketAddr>,
    /// The program that was started, as people know it.
    pub program: Option<String>,
}

/// How the line does.
#[derive(Debug, Clone, PartialEq)]
pub struct LineState {
    /// Gone since then, and for how long it may be before everything ends.
    pub away: Option<Away>,
    /// The last measurement.
    pub quality: Option<LineQuality>,
    /// The last line test, if there was one.
    pub test: Option<LineTest>,
    /// Whether desktops are opened with fewer colours because of it.
    pub reduced: bool,
}

/// An outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away {
    /// How long it has lasted.
    pub lasted: Duration,
    /// How long it may last.
    pub patience: Duration,
}

/// A line test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LineTest {
    /// Under way.
    Running,
    /// Its result.
    Done {
        /// The way there and back.
        round_trip: Duration,
        /// How much that varied.
        jitter: Duration,
        /// The share lost, in thousandths.
        loss_permille: u16,
        /// Kilobits per second to us.
        down_kbit: u32,
        /// Kilobits per second from us.
        up_kbit: u32,
    },
}

/// What can go wrong, as whoever shows it tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// There is no `stick.json` beside the program, or it is damaged.
    NoConfig,
    /// Passphrase wrong or container damaged: nobody can tell which.
    CannotUnlock,
    /// The container is there but not readable as one.
    ContainerDamaged,
    /// This computer has too little free memory to open the container.
    NoMemory,
    /// The stick cannot be written: full, pulled or protected.
    CannotWrite,
    /// The new passphrase is too short or too easy to guess.
    WeakPassphrase,
    /// The activation code is wrong, used or too old.
    WrongActivationCode,
    /// The sign-in was refused: the code was wrong, or the stick is blocked.
    SignInRefused,
    /// Too many attempts.
    SlowDown {
        /// Seconds to wait.
        seconds: u32,
    },
    /// The stick waits for approval.
    DevicePending,
    /// The person has no one-time code yet.
    EnrolmentRequired,
    /// The gateway cannot be reached by any way.
    Unreachable,
    /// The only way out is an HTTP proxy that wants a name and a password, or does not take the ones it got.
    ProxyWantsPassword,
    /// Whoever answers is not our gateway.
    WrongHostKey,
    /// A copy of this stick has been used; it is blocked.
    Copied,
    /// The program is too old.
    Outdated,
    /// The session was ended by the administration.
    SessionEnded,
    /// The line was away for too long.
    LineLost,
    /// The stick was pulled.
    StickPulled,
    /// The target is not allowed any more.
    TargetForbidden,
    /// The target does not answer.
    TargetUnreachable,
    /// No program that fits was found, and there is no address for the browser.
    NoProgram,
    /// The gateway is being restarted, which ended the session; in a minute it works.
    Restarting,
    /// The gateway's own fault; later it may work.
    Unavailable,
}

#[cfg(test)]
impl Problem {
    /// One of each, for the tests of all who tell them. A new one is added here.
    pub(crate) const EVERY: [Self; 24] = [
        Self::NoConfig,
        Self::CannotUnlock,
        Self::ContainerDamaged,
        Self::NoMemory,
        Self::CannotWrite,
        Self::WeakPassphrase,
        Self::WrongActivationCode,
        Self::SignInRefused,
        Self::SlowDown { seconds: 30 },
        Self::DevicePending,
        Self::EnrolmentRequired,
        Self::Unreachable,
        Self::ProxyWantsPassword,
        Self::WrongHostKey,
        Self::Copied,
        Self::Outdated,
        Self::SessionEnded,
        Self::LineLost,
        Self::StickPulled,
        Self::TargetForbidden,
        Self::TargetUnreachable,
        Self::NoProgram,
        Self::Restarting,
        Self::Unavailable,
    ];
}
