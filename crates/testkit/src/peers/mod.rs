//! Real peers as values: each `start()` returns once the peer answers, and dropping the value ends everything it
//! started, also when the test is killed.
//!
//! Server peers run from a private Debian root (see [`root`]) inside namespaces of their own (see [`Namespace`]):
//! nothing is installed on the developer's machine as a service, nothing listens on its network, and several can run
//! at the same time. They need root or a password-less `sudo`, and Debian's packages the first time.

mod calendar;
mod chromium;
mod clamav;
mod cyrus;
mod door;
mod driven;
mod exim;
mod janus;
mod jmap_client;
mod livekit;
mod livekit_client;
mod livekit_sdk;
mod namespace;
mod nla;
mod node;
mod openssh;
mod postgres;
mod push_browser;
pub mod root;
mod roundcube;
mod samba_ad;
mod supervised;
mod venv;
mod xrdp;

pub use calendar::{read_calendar, read_letter};
pub use chromium::chromium;
pub use clamav::ClamAv;
pub use cyrus::{Contents, Cyrus};
pub use door::Door;
pub use driven::{Driven, Seen};
pub use exim::Exim;
pub use janus::Janus;
pub use jmap_client::JmapClient;
pub use livekit::{LiveKit, LiveKitSettings};
pub use livekit_client::BrowserClient;
pub use livekit_sdk::{SdkClient, sdk_python};
pub use namespace::{Namespace, Network};
pub use nla::NlaDesktop;
pub use openssh::OpenSsh;
pub use postgres::Postgres;
pub use push_browser::PushBrowser;
pub use roundcube::{Roundcube, Taken};
pub use samba_ad::{LOCKOUT_THRESHOLD, SambaAd};
pub use supervised::Supervised;
pub use xrdp::Xrdp;

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

/// Whether a peer that does not start is a failure (`FERNAMT_PEERS=required`) rather than a reason to skip.
pub fn required() -> bool {
    std::env::var("FERNAMT_PEERS").is_ok_and(|value| value == "required")
}

/// What a peer is made of and no machine must have, such as a compiler for its language. A test that needs the peer is
/// skipped, whatever `FERNAMT_PEERS` says.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotAtHand(pub &'static str);

/// Whether a peer that did not start for this reason fails its test.
pub fn must_start(why: &anyhow::Error) -> bool {
    required() && !why.is::<NotAtHand>()
}

/// A loopback port that was free a moment ago, for peers that cannot bind port 0 and tell which one they got.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A loopback UDP port that was free a moment ago.
pub fn free_udp_port() -> std::io::Result<u16> {
    Ok(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Quotes `text` as one word of a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_survives_a_shell() {
        let text = "it's $HOME `x` \"y\"";
        let output = std::process::Command::new("sh").arg("-c").arg(format!("printf %s {}", quoted(text))).output();
        assert_eq!(output.expect("sh runs").stdout, text.as_bytes());
    }
}
