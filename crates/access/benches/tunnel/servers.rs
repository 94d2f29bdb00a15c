//! The two servers of the race, and the stock client in front of them.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::{gateway, proc, target::Target};

const PATIENCE: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(20);
/// Clients that sign in at the same time.
const AT_ONCE: usize = 8;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Cipher {
    AesGcm,
    ChaCha,
}

impl Cipher {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::AesGcm => "AES-256-GCM",
            Self::ChaCha => "ChaCha20",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::AesGcm => "aes256-gcm@openssh.com",
            Self::ChaCha => "chacha20-poly1305@openssh.com",
        }
    }
}

/// A folder with the keys of both sides.
pub(crate) struct Workshop {
    folder: TempDir,
}

impl Workshop {
    pub(crate) fn new() -> Result<Self> {
        let workshop = Self { folder: tempfile::tempdir()? };
        for name in ["id", "host_key"] {
            let key = workshop.path(name);
            let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(key).status()?;
            ensure!(made.success(), "ssh-keygen failed");
        }
        let askpass = workshop.path("askpass");
        fs::write(&askpass, format!("#!/bin/sh\necho {}\n", gateway::CODE))?;
        fs::set_permissions(&askpass, fs::Permissions::from_mode(0o700))?;
        Ok(workshop)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn sshd_version() -> Result<String> {
        let told = String::from_utf8(Command::new("ssh").arg("-V").output()?.stderr)?;
        let version = told.split([',', ' ']).next().unwrap_or_default();
        Ok(version.replace("OpenSSH_", "sshd "))
    }

    /// Our gateway, in a process of its own.
    pub(crate) fn gateway(&self, target: &Target) -> Result<Server> {
        let mut command = Command::new(env::current_exe()?);
        command.arg("--serve").arg(self.path("id.pub")).arg(target.address().to_string());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let (port, host_key) = line.trim().split_once(' ').context("the gateway did not start")?;
        let destination = format!("target:{}", target.address().port());
        Server::new(self, "gateway", child, port.parse()?, host_key, destination)
    }

    /// Debian's sshd, for the user who runs this.
    pub(crate) fn sshd(&self, target: &Target) -> Result<Server> {
        let port = free_port()?;
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\nPidFile none\n\
             UseDNS no\nLogLevel ERROR\nMaxStartups 1000\nPermitRootLogin prohibit-password\nPrintMotd no\n",
            self.path("host_key").display(),
            self.path("id.pub").display(),
        );
        fs::write(self.path("sshd_config"), config)?;
        // sshd wants this folder for its separated process when root runs it; nobody else can make or needs it.
        let _ = fs::create_dir_all("/run/sshd");
        let child = Command::new("/usr/sbin/sshd").arg("-D").arg("-f").arg(self.path("sshd_config")).spawn()?;
        wait_until("sshd listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())?;
        let host_key = fs::read_to_string(self.path("host_key.pub"))?;
        Server::new(self, "sshd", child, port, &host_key, target.address().to_string())
    }
}

/// A running server.
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    port: u16,
    folder: PathBuf,
    known_hosts: PathBuf,
    destination: String,
}

impl Server {
    fn new(
        workshop: &Workshop,
        name: &'static str,
        child: Child,
        port: u16,
        host_key: &str,
        destination: String,
    ) -> Result<Self> {
        let known_hosts = workshop.path(&format!("known_hosts_{name}"));
        fs::write(&known_hosts, format!("[127.0.0.1]:{port} {host_key}\n"))?;
        Ok(Self { name, child, port, folder: workshop.folder.path().to_owned(), known_hosts, destination })
    }

    /// The stock client, with the same key exchange for both servers.
    fn client(&self, options: &[&str]) -> Command {
        let mut command = Command::new("ssh");
        command.args([
            "-F",
            "none",
            "-o",
            "LogLevel=ERROR",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "StrictHostKeyChecking=yes",
        ]);
        command.args(["-o", "KexAlgorithms=curve25519-sha256", "-o", "ExitOnForwardFailure=yes", "-i"]);
        command.arg(self.folder.join("id")).arg("-o").arg(format!("UserKnownHostsFile={}", self.known_hosts.display()));
        command.args(["-p", &self.port.to_string()]).args(options).arg("127.0.0.1");
        command.env("SSH_ASKPASS", self.folder.join("askpass")).env("SSH_ASKPASS_REQUIRE", "force");
        command.env_remove("SSH_AUTH_SOCK").stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// A forwarded port.
    pub(crate) fn tunnel(&self, cipher: Cipher) -> Result<Tunnel> {
        let port = free_port()?;
        let forward = format!("127.0.0.1:{port}:{}", self.destination);
        let client = Running(self.client(&["-N", "-c", cipher.name(), "-L", &forward]).spawn()?);
        wait_until("the tunnel stands", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())?;
        Ok(Tunnel { port, _client: client })
    }

    /// Signs in, opens a tunnel to the target, ends.
    pub(crate) fn visit(&self) -> Result<()> {
        let status = self.client(&["-c", Cipher::AesGcm.name(), "-W", &self.destination]).status()?;
        ensure!(status.success(), "a visit to {} failed: {status}", self.name);
        Ok(())
    }

    /// Signs people in who then do nothing.
    pub(crate) fn idle(&self, people: usize) -> Result<Vec<Running>> {
        let signs = tempfile::tempdir()?;
        let mut clients = Vec::with_capacity(people);
        for number in 0..people {
            let sign = format!("LocalCommand=touch {}", signs.path().join(number.to_string()).display());
            let user = number.to_string();
            let mut options = vec!["-N", "-o", "PermitLocalCommand=yes", "-o", &sign];
            if self.name == "gateway" {
                options.extend(["-l", &user]);
            }
            clients.push(Running(self.client(&options).spawn()?));
            if clients.len() % AT_ONCE == 0 || clients.len() == people {
                wait_until("people are signed in", || count(signs.path()) == clients.len())?;
            }
        }
        Ok(clients)
    }

    /// CPU time while the same processes and threads run from beginning to end.
    pub(crate) fn running_seconds(&self) -> Result<f64> {
        proc::running_seconds(self.child.id())
    }

    /// The CPU time once all children but the server itself have ended, so that all of theirs is counted.
    pub(crate) fn settled_cpu_seconds(&self) -> Result<f64> {
        wait_until("the sessions have ended", || proc::tree(self.child.id()).is_ok_and(|tree| tree.len() == 1))?;
        // The last child is counted when the server has waited for it.
        pause(PAUSE * 10);
        proc::cpu_seconds(self.child.id())
    }

    pub(crate) fn pss_megabytes(&self) -> Result<f64> {
        proc::pss_megabytes(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// A forwarded port, closed when dropped.
pub(crate) struct Tunnel {
    port: u16,
    _client: Running,
}

impl Tunnel {
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// A client that is stopped when dropped.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        stop(&mut self.0);
    }
}

fn stop(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

fn wait_until(what: &str, done: impl Fn() -> bool) -> Result<()> {
    let start = Instant::now();
    while !done() {
        if start.elapsed() > PATIENCE {
            bail!("waited in vain until {what}");
        }
        pause(PAUSE);
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "another process tells us nothing that we could wait for")]
fn pause(time: Duration) {
    thread::sleep(time);
}
