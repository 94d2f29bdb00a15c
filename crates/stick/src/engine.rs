//! The stick's inside, without any window: takes commands, shows its state.
//!
//! The window and the command line are both thin over this. [`State`] is all that there is to show; it comes through a
//! watch channel, so whoever shows it draws the newest and misses nothing that still matters.

use std::{net::SocketAddr, time::Duration};

use fernamt_api::stick::{LineQuality, StickTarget};
use fernamt_domain::{Secret, TargetId};

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
    /// The new passphrase is too short.
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
    /// The gateway's own fault; later it may work.
    Unavailable,
}
