//! Targets: what a person may reach inside the house.

use std::net::IpAddr;

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
    /// The command to start once the tunnel stands, with `{host}` and `{port}` for our end of it. A stick starts it; who
    /// brings a tunnel of their own reads it.
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

/// The most characters of a host name (RFC 1035).
pub const MAX_HOST_CHARS: usize = 253;

/// Whether the text is an address, or a host name as houses have them (RFC 1123, with underscores).
pub fn is_host(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
        || (host.len() <= MAX_HOST_CHARS
            && host.split('.').all(|label| is_label(&label.replace('_', "-")))
            // Resolvers read `1`, `0x7f.1` and `127.1` as addresses; a name of a house never ends in a number.
            && host.rsplit('.').next().is_some_and(|last| !last.starts_with(|c: char| c.is_ascii_digit())))
}

/// Whether the text is one label of a host name (RFC 1123).
pub fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_addresses() {
        for host in ["ts1", "ts-1.amt.example", "10.1.2.3", "2001:db8::1", "alt_server.amt.test"] {
            assert!(is_host(host), "{host}");
        }
        for host in ["", "ts 1", "127.1", "0x7f.1", "1", "-a", "a..b", "a/b", "user@host", "host:22", "[::1]", "ü.test"]
        {
            assert!(!is_host(host), "{host}");
        }
    }
}
