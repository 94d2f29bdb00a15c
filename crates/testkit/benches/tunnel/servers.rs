//! The two servers of the race, and the stock client in front of them.

use std::{
    cell::Cell,
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use fernamt_testkit::process;
use tempfile::TempDir;

use crate::{
    gateway::{self, Gateway},
    target::Target,
};

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
        fs::write(&askpass, "#!/bin/sh\necho \"$BENCH_CODE\"\n")?;
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

    /// Our gateway: a whole server with this many people.
    pub(crate) fn gateway(&self, target: &Target, people: usize) -> Result<Server> {
        let port = target.address().port();
        let gateway = Gateway::start(self.folder.path(), people, port)?;
        let destination = format!("{}:{port}", gateway::TARGET);
        let port = gateway.port();
        Server::new(self, Kind::Gateway(gateway), port, destination)
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
        Server::new(self, Kind::Sshd(Running(child)), port, target.address().to_string())
    }
}

/// A running server.
pub(crate) struct Server {
    kind: Kind,
    port: u16,
    folder: PathBuf,
    known_hosts: PathBuf,
    destination: String,
    arrivals: Cell<u16>,
}

enum Kind {
    Gateway(Gateway),
    Sshd(Running),
}

impl Server {
    fn new(workshop: &Workshop, kind: Kind, port: u16, destination: String) -> Result<Self> {
        let known_hosts = workshop.path(&format!("known_hosts_{port}"));
        let scan = Command::new("ssh-keyscan").args(["-p", &port.to_string(), "127.0.0.1"]).output()?;
        ensure!(!scan.stdout.is_empty(), "no host key: {}", String::from_utf8_lossy(&scan.stderr));
        fs::write(&known_hosts, scan.stdout)?;
        let folder = workshop.folder.path().to_owned();
        Ok(Self { kind, port, folder, known_hosts, destination, arrivals: Cell::new(0) })
    }

    /// The same server in a fresh process, so that nothing is left over from the load.
    pub(crate) fn restart(mut self, workshop: &Workshop, target: &Target) -> Result<Self> {
        match self.kind {
            Kind::Gateway(gateway) => {
                self.kind = Kind::Gateway(gateway.restart()?);
                wait_until("the gateway listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok())?;
                Ok(self)
            }
            Kind::Sshd(_) => {
                drop(self);
                workshop.sshd(target)
            }
        }
    }

    fn pid(&self) -> u32 {
        match &self.kind {
            Kind::Gateway(gateway) => gateway.pid(),
            Kind::Sshd(child) => child.0.id(),
        }
    }

    /// The stock client of the next person, with the same key exchange for both servers.
    fn client(&self, options: &[&str]) -> Result<Command> {
        let mut command = Command::new("ssh");
        command.args(["-F", "none", "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes"]);
        command.args(["-o", "StrictHostKeyChecking=yes", "-o", "KexAlgorithms=curve25519-sha256"]);
        command.args(["-o", "ExitOnForwardFailure=yes", "-o"]);
        command.arg(format!("UserKnownHostsFile={}", self.known_hosts.display()));
        // People come from many addresses: the limits for one source are those of a real gateway.
        let number = self.arrivals.get();
        self.arrivals.set(number.wrapping_add(1));
        command.args(["-b", &format!("127.1.0.{}", 1 + number % 250)]);
        match &self.kind {
            Kind::Gateway(gateway) => {
                let colleague = gateway.next()?;
                command.arg("-i").arg(&colleague.key).args(["-l", colleague.name()]);
                command.env("BENCH_CODE", colleague.fresh_code()?);
            }
            Kind::Sshd(_) => {
                command.arg("-i").arg(self.folder.join("id"));
            }
        }
        command.args(["-p", &self.port.to_string()]).args(options).arg("127.0.0.1");
        command.env("SSH_ASKPASS", self.folder.join("askpass")).env("SSH_ASKPASS_REQUIRE", "force");
        command.env_remove("SSH_AUTH_SOCK").stdin(Stdio::null()).stdout(Stdio::null());
        Ok(command)
    }

    /// A forwarded port.
    pub(crate) fn tunnel(&self, cipher: Cipher) -> Result<Tunnel> {
        let port = free_port()?;
        let forward = format!("127.0.0.1:{port}:{}", self.destination);
        let client = Running(self.client(&["-N", "-c", cipher.name(), "-L", &forward])?.spawn()?);
        wait_until("the tunnel stands", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())?;
        Ok(Tunnel { port, _client: client })
    }

    /// Signs in, opens a tunnel to the target, ends.
    pub(crate) fn visit(&self) -> Result<()> {
        let status = self.client(&["-c", Cipher::AesGcm.name(), "-W", &self.destination])?.status()?;
        ensure!(status.success(), "a visit to {} failed: {status}", self.destination);
        Ok(())
    }

    /// Signs people in who then do nothing.
    pub(crate) fn idle(&self, people: usize) -> Result<Vec<Running>> {
        let signs = tempfile::tempdir()?;
        let mut clients = Vec::with_capacity(people);
        for number in 0..people {
            let sign = format!("LocalCommand=touch {}", signs.path().join(number.to_string()).display());
            clients.push(Running(self.client(&["-N", "-o", "PermitLocalCommand=yes", "-o", &sign])?.spawn()?));
            if clients.len() % AT_ONCE == 0 || clients.len() == people {
                wait_until("people are signed in", || count(signs.path()) == clients.len())?;
            }
        }
        Ok(clients)
    }

    /// CPU time while the same processes and threads run from beginning to end.
    pub(crate) fn running_seconds(&self) -> Result<f64> {
        Ok(process::running_with_children(self.pid())?.as_secs_f64())
    }

    /// The CPU time once all children but the server itself have ended, so that all of theirs is counted.
    pub(crate) fn settled_cpu_seconds(&self) -> Result<f64> {
        wait_until("the sessions have ended", || process::children(self.pid()).is_empty())?;
        // The last child is counted when the server has waited for it.
        pause(PAUSE * 10);
        Ok(process::cpu_with_children(self.pid())?.as_secs_f64())
    }

    pub(crate) fn pss_megabytes(&self) -> Result<f64> {
        let kilobytes = u32::try_from(process::memory_with_children(self.pid())? / 1000)?;
        Ok(f64::from(kilobytes) / 1e3)
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

/// A process that is stopped when dropped.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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
