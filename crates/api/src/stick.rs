//! What a stick and the gateway say to each other inside SSH, and the file that makes a stick somebody's.
//!
//! A stick signs in over SSH with its own key and a one-time code, opens one `session` channel and asks for the subsystem
//! [`SUBSYSTEM`]. On it both sides speak lines of JSON, none longer than [`MAX_LINE_BYTES`]: first [`Hello`], answered by
//! [`FromGateway::Welcome`] or [`FromGateway::Refused`]. Before that the gateway opens no tunnel for a stick. To open one
//! the stick asks for `direct-tcpip` to the host [`target_host`] and the target's port.
//!
//! A stick without a key activates itself: it signs in as [`activation_login`], proves its new key and answers the one
//! question with the activation code. The gateway then accepts, and nothing else can be done with that connection.
//!
//! # The companion
//!
//! Where [`Welcome::companions`] says so, a stick may have a second SSH connection for what carries much. On the first it
//! says [`FromStick::Companion`], and gets the secret of [`FromGateway::Companion`]. It signs in a second time with the same
//! name and key, and answers the question for the code with [`COMPANION_PREFIX`] and that secret. On a `session` channel it
//! asks for [`SUBSYSTEM`], and hears one [`FromGateway::Ticket`]; it says nothing itself.
//!
//! The companion opens no target. The one channel it takes is `direct-tcpip` to the host [`moved_host`] and the target's
//! port, by which an open tunnel of the first connection moves over. Which one, the originator's port says: a stick gives
//! each tunnel a number of its own there, from 1, when it opens it. If the gateway accepts, each direction goes on on the new
//! channel once its sender has ended it (`SSH_MSG_CHANNEL_EOF`) on the old; see the inflows of `fernamt-resume`. From its
//! request to the answer the stick ends nothing on the old channel.

use fernamt_domain::{DeviceId, Secret, TargetId, TargetKind, text_enum};
use serde::{Deserialize, Serialize};

/// The SSH subsystem that sticks ask for.
pub const SUBSYSTEM: &str = "fernamt-stick";
/// The version of this conversation.
pub const VERSION: u32 = 1;
/// The longest line either side sends: some hundred targets with their descriptions.
pub const MAX_LINE_BYTES: usize = 512 * 1024;
/// The longest line that a stick sends: it has little to say.
pub const MAX_FROM_STICK_BYTES: usize = 16 * 1024;
/// The most targets in one message.
pub const MAX_TARGETS: usize = 500;
/// What stands before a companion's secret where a code is asked for. No code has a colon.
pub const COMPANION_PREFIX: &str = "companion:";
/// The file beside the program that says whose stick it is.
pub const CONFIG_FILE: &str = "stick.json";
/// The largest such file.
pub const MAX_CONFIG_BYTES: usize = 64 * 1024;

/// What [`CONFIG_FILE`] holds. It has no secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// [`VERSION`].
    pub version: u32,
    /// The stick's device.
    pub device: DeviceId,
    /// The sign-in name, with `@tenant` where the installation has several.
    pub login: String,
    /// The name of the agency, as people read it.
    pub agency: String,
    /// Whose stick it is, as people read it.
    pub person: String,
    /// The language of its window: `de` or `en`.
    pub language: String,
    /// The accent colour of its window, as `#rrggbb`; ours when empty.
    #[serde(default)]
    pub accent: String,
    /// The SSH port from outside as `host:port`, if it can be reached.
    pub ssh: Option<String>,
    /// The HTTPS port from outside, such as `wss://fernamt.example.org`, if it can be reached.
    pub websocket: Option<String>,
    /// The gateway's host keys, as lines of `authorized_keys`. Nothing else is trusted, whatever a certificate says.
    pub host_keys: Vec<String>,
    /// The web application's address, for what opens in a browser.
    pub web: String,
}

/// The name by which a stick activates itself.
pub fn activation_login(device: DeviceId, tenant: Option<&str>) -> String {
    match tenant {
        Some(tenant) => format!("+{device}@{tenant}"),
        None => format!("+{device}"),
    }
}

/// The host to ask for in `direct-tcpip`.
pub fn target_host(target: TargetId) -> String {
    format!("{target}.target")
}

/// The host to ask for in `direct-tcpip` on a companion.
pub fn moved_host(target: TargetId) -> String {
    format!("{target}.moved")
}

/// The first line of a stick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`].
    pub version: u32,
    /// The generation in the stick's key container: the last one that the gateway gave it, 0 after activation.
    pub generation: u64,
    /// The program's version.
    pub program: String,
    /// The operating system, as `std::env::consts::OS` names it.
    pub system: String,
}

/// What the gateway says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FromGateway {
    /// The stick is in.
    Welcome(Welcome),
    /// The stick is not let in; the connection ends.
    Refused {
        /// Why.
        reason: StickRefusal,
    },
    /// What the person may reach has changed.
    Targets {
        /// All of it.
        targets: Vec<StickTarget>,
    },
    /// A companion may sign in.
    Companion {
        /// By this, once and soon, in Base64.
        secret: Base64Secret,
    },
    /// The companion is in: all that is said on a companion.
    Ticket {
        /// The ticket of its resumable stream, as in [`Welcome`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<Base64Secret>,
    },
}

/// The gateway lets a stick in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// The generation to keep from now on, written before anything else is done.
    pub generation: u64,
    /// The ticket of the resumable stream below, in Base64; absent where there is none below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Base64Secret>,
    /// Whose stick it is.
    pub person: String,
    /// What they may reach now.
    pub targets: Vec<StickTarget>,
    /// Whether the stick may ask for a companion; an older gateway does not know what that is.
    #[serde(default)]
    pub companions: bool,
}

/// A secret that travels as text.
#[derive(Debug, Clone, PartialEq)]
pub struct Base64Secret(pub Secret<String>);

impl Serialize for Base64Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for Base64Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Secret::deserialize(deserializer).map(Self)
    }
}

text_enum! {
    /// Why a stick that signed in is not let in.
    pub enum StickRefusal {
        /// Its generation is an old one: a copy of it has been used.
        Copied = "copied",
        /// The program is too old for this gateway.
        Outdated = "outdated",
        /// The gateway's own fault; later it may work.
        Unavailable = "unavailable",
    }
}

/// A target on a stick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StickTarget {
    /// The target.
    pub id: TargetId,
    /// Its name.
    pub name: String,
    /// What is spoken to it.
    pub kind: TargetKind,
    /// The heading it stands under.
    #[serde(default)]
    pub folder: String,
    /// A sentence on what it is for.
    #[serde(default)]
    pub description: String,
    /// The target's own port.
    pub port: u16,
    /// Where a browser opens it: a web application's address, or the desktop in the browser.
    #[serde(default)]
    pub url: Option<String>,
    /// Clipboard text may pass (policy only, on a stick).
    #[serde(default)]
    pub clipboard: bool,
    /// Drives may be passed into the desktop (policy only, on a stick).
    #[serde(default)]
    pub drives: bool,
    /// Printers may be passed into the desktop (policy only, on a stick).
    #[serde(default)]
    pub printers: bool,
    /// The Windows domain.
    #[serde(default)]
    pub domain: Option<String>,
    /// Load-balance information for a session broker.
    #[serde(default)]
    pub load_balance_info: Option<String>,
    /// The command to start once the tunnel stands: program and arguments, with `{host}` and `{port}` for our end.
    #[serde(default)]
    pub start_command: Option<String>,
}

/// What a stick says after its [`Hello`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FromStick {
    /// How the line does, at most once a minute.
    Line(LineQuality),
    /// The generation of the welcome is written down for good: the one before it counts no more.
    Kept {
        /// The generation.
        generation: u64,
    },
    /// A companion would be of use; only where [`Welcome::companions`] says so.
    Companion,
}

/// How a line does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LineQuality {
    /// The way there and back, in milliseconds: the median of the last minute.
    pub round_trip_ms: u32,
    /// The share of answers that came late enough to have been lost once, in thousandths.
    pub loss_permille: u16,
    /// How often the line was away since the sign-in.
    pub outages: u32,
    /// How it goes out.
    pub transport: Transport,
}

text_enum! {
    /// How a stick reaches the gateway.
    pub enum Transport {
        /// The SSH port.
        Ssh = "ssh",
        /// A WebSocket on the HTTPS port.
        Websocket = "websocket",
        /// The same through an HTTP proxy.
        Proxy = "proxy",
    }
}
