//! Who carries the bytes over the line.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use fernamt_testkit::{
    lab::Lab,
    office::pause,
    peers::{OpenSsh, free_port},
};
use tempfile::TempDir;

/// A tunnel that does not stand by then never will.
const STANDS_LIMIT: Duration = Duration::from_secs(60);

/// A tunnel from home to one place in the office. It ends when dropped.
pub(crate) struct Tunnel {
    /// Its end at home.
    pub(crate) end: SocketAddr,
    pub(crate) client: Child,
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
}

/// Where a tunnel leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The terminal server.
    Desktop,
    /// The program that answers keys.
    Program,
}

/// Somebody with a way into the office.
pub(crate) trait Contestant: Sync {
    /// Opens a tunnel, in a connection of its own. Runs at home.
    fn open(&self, place: Place) -> Result<Tunnel>;
}

/// Debian's `ssh -L` against Debian's sshd, as they come.
pub(crate) struct Rival {
    server: OpenSsh,
    port: u16,
    desktop: u16,
    program: u16,
    folder: TempDir,
}

impl Rival {
    /// Starts sshd. Runs at the office, where the desktop and the program have these ports.
    pub(crate) fn start(desktop: u16, program: u16) -> Result<Self> {
        let port = free_port()?;
        let server = OpenSsh::start_with(&format!("ListenAddress {}:{port}", Lab::OFFICE))?;
        let folder = tempfile::tempdir()?;
        let (_, key) = server.known_hosts_line.split_once(' ').context("a line of known_hosts")?;
        fs::write(folder.path().join("known_hosts"), format!("[{}]:{port} {key}\n", Lab::OFFICE))?;
        Ok(Self { server, port, desktop, program, folder })
    }

    /// What it calls itself.
    pub(crate) fn name() -> Result<String> {
        let told = String::from_utf8(Command::new("ssh").arg("-V").output()?.stderr)?;
        let version = told.split([',', ' ']).next().unwrap_or_default();
        Ok(version.replace("OpenSSH_", "ssh -L "))
    }
}

impl Contestant for Rival {
    fn open(&self, place: Place) -> Result<Tunnel> {
        let port = if place == Place::Desktop { self.desktop } else { self.program };
        let end = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let known_hosts = self.folder.path().join("known_hosts");
        let client = Command::new("ssh")
            .args(["-F", "none", "-N", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o"])
            .arg(format!("UserKnownHostsFile={}", known_hosts.display()))
            .arg("-i")
            .arg(self.server.key_file())
            .args(["-L", &format!("{end}:127.0.0.1:{port}"), "-p", &self.port.to_string()])
            .arg(format!("{}@{}", self.server.user, Lab::OFFICE))
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("run ssh: install it")?;
        let tunnel = Tunnel { end, client };
        stands(end)?;
        Ok(tunnel)
    }
}

/// Waits until the tunnel's end is there.
fn stands(end: SocketAddr) -> Result<()> {
    let begin = Instant::now();
    while TcpStream::connect(end).is_err() {
        ensure!(begin.elapsed() < STANDS_LIMIT, "the tunnel does not stand");
        // ssh tells nobody when it listens.
        pause(Duration::from_millis(20));
    }
    Ok(())
}
