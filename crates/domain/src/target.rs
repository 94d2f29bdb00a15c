//! Targets: what a person may reach inside the house.

use serde::{Deserialize, Serialize};

use crate::text_enum;

text_enum! {
    /// What is spoken to a target.
    pub enum TargetKind {
        /// A desktop by RDP.
        Rdp = "rdp",
        /// A host by SSH.
        Ssh = "ssh",
        /// Any service by TCP.
        Tcp = "tcp",
        /// An internal web application.
        Web = "web",
    }
}

/// What a target of each kind needs beyond host and port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TargetSettings {
    /// A desktop by RDP.
    Rdp(RdpSettings),
    /// A host by SSH.
    Ssh(SshSettings),
    /// Any service by TCP.
    Tcp(TcpSettings),
    /// An internal web application.
    Web(WebSettings),
}

impl TargetSettings {
    /// The kind of target that these settings belong to.
    pub fn kind(&self) -> TargetKind {
        match self {
            Self::Rdp(_) => TargetKind::Rdp,
            Self::Ssh(_) => TargetKind::Ssh,
            Self::Tcp(_) => TargetKind::Tcp,
            Self::Web(_) => TargetKind::Web,
        }
    }
}

/// How a desktop is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RdpSettings {
    /// Network level authentication (`CredSSP`) is required.
    pub nla: bool,
    /// Clipboard text may pass between the desktop and the browser.
    pub clipboard: bool,
    /// Drives may be passed into the desktop.
    pub drives: bool,
    /// Printers may be passed into the desktop.
    pub printers: bool,
    /// Sign on to the desktop with what the person typed at sign-in.
    pub sign_on: bool,
    /// The Windows domain to sign on to.
    pub domain: Option<String>,
    /// Load-balance information for a session broker, sent in the X.224 connection request ([MS-RDPBCGR] 2.2.1.1).
    pub load_balance_info: Option<String>,
}

/// How an SSH host is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SshSettings {}

/// How a TCP service is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TcpSettings {
    /// The command that the person starts once the tunnel stands, for their eyes only.
    pub start_command: Option<String>,
}

/// How a web application is published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebSettings {
    /// The first label of its host name: `app` in `app.example.org`.
    pub label: String,
    /// Speak TLS to it.
    pub tls: bool,
    /// The path opened first.
    pub start_path: Option<String>,
}

/// A target's name in a form that can be typed as a host: lower case, `ä` as `ae`, everything else that is neither
/// letter nor digit as one hyphen.
pub fn alias(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            c if c.is_alphanumeric() || c == '.' => out.push(c),
            _ if out.ends_with('-') || out.is_empty() => {}
            _ => out.push('-'),
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}
