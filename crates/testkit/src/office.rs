//! A whole server from outside: the binary, a configuration, a data folder that goes when it is dropped.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::{peers::free_port, person::Person, report::target_dir};

/// A server that does not listen by then never will.
const START_LIMIT: Duration = Duration::from_mins(1);
/// Threads that prepare people.
const PREPARING: usize = 8;

/// A running `fernamt serve` on the loopback, without TLS, on SQLite.
#[derive(Debug)]
pub struct Office {
    /// How long it took from its start until it answered.
    pub started_in: Duration,
    address: SocketAddr,
    child: Child,
    folder: TempDir,
    binary: PathBuf,
}

impl Office {
    /// Starts the binary named by `FERNAMT_BIN`, else the release build.
    pub fn start() -> Result<Self> {
        Self::start_with("")
    }

    /// Starts this binary.
    pub fn start_binary(binary: impl Into<PathBuf>) -> Result<Self> {
        Self::start_binary_with(binary, "")
    }

    /// Starts the same binary as [`Office::start`] with further sections of configuration.
    pub fn start_with(sections: &str) -> Result<Self> {
        Self::start_binary_with(Self::binary(), sections)
    }

    /// Starts this binary with further sections of configuration.
    pub fn start_binary_with(binary: impl Into<PathBuf>, sections: &str) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        Self::start_configured(binary, &(configuration(address) + sections), address)
    }

    /// Starts this binary with a whole configuration that listens on `address` among others.
    pub fn start_configured(binary: impl Into<PathBuf>, configuration: &str, address: SocketAddr) -> Result<Self> {
        let binary = binary.into();
        let folder = tempfile::Builder::new().prefix("fernamt-office-").tempdir()?;
        fs::write(folder.path().join("fernamt.toml"), configuration)?;
        let (child, started_in) = serve(&binary, folder.path(), address)?;
        Ok(Self { started_in, address, child, folder, binary })
    }

    /// The binary named by `FERNAMT_BIN`, else the release build.
    pub fn binary() -> PathBuf {
        std::env::var_os("FERNAMT_BIN").map_or_else(|| target_dir().join("release/fernamt"), PathBuf::from)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The host, with its port, that people type.
    pub fn host(&self) -> String {
        host(self.address)
    }

    /// A file below its data folder.
    pub fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs another command of the binary on the same installation and returns what it printed.
    pub fn run(&self, words: &[&str], input: &str) -> Result<String> {
        let mut command = command(&self.binary, self.folder.path());
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("run the binary")?;
        child.stdin.take().context("the command has an input")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "fernamt {} failed: {}", words.join(" "), complaint.trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A person at a fresh browser.
    pub fn person(&self, name: &str, password: &str) -> Result<Person> {
        Person::new(self.address, &self.host(), name, password)
    }

    /// So many people who have signed in once, a few at a time, and what `prepare` makes of each, in any order.
    pub fn crowd<T: Send>(&self, count: usize, prepare: impl Fn(Person) -> Result<T> + Sync) -> Result<Vec<T>> {
        let next = AtomicUsize::new(0);
        let one_by_one = || {
            let mut made = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok(made);
                }
                let (name, password) = (format!("person{number}"), format!("Morgen-Kaffee-{number:04}"));
                self.run(&["user", "add", &name], &format!("{password}\n"))?;
                let mut person = self.person(&name, &password)?;
                person.sign_in()?;
                made.push(prepare(person)?);
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..PREPARING).map(|_| scope.spawn(one_by_one)).collect();
            let mut crowd = Vec::with_capacity(count);
            for worker in workers {
                let made: Result<Vec<T>> = worker.join().ok().context("a worker panicked")?;
                crowd.extend(made?);
            }
            Ok(crowd)
        })
    }

    /// Stops the server; its installation stays.
    pub fn stop(mut self) -> Result<Self> {
        self.kill()?;
        Ok(self)
    }

    /// A fresh process on the same installation.
    pub fn restart(self) -> Result<Self> {
        let mut office = self.stop()?;
        office.revive()?;
        Ok(office)
    }

    /// Kills the server as a power cut does.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill().context("kill the server")?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts a server that was killed again.
    pub fn revive(&mut self) -> Result<()> {
        (self.child, self.started_in) = serve(&self.binary, self.folder.path(), self.address)?;
        Ok(())
    }

    /// What it logged so far.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.path().join("log"))?)
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the server and waits until it listens. Returns how long that took.
fn serve(binary: &Path, folder: &Path, address: SocketAddr) -> Result<(Child, Duration)> {
    let log = File::options().create(true).append(true).open(folder.join("log"))?;
    let begin = Instant::now();
    let mut child = command(binary, folder)
        .arg("serve")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("start the server: build it with `cargo build --release -p fernamt-server`")?;
    while TcpStream::connect(address).is_err() {
        if let Some(status) = child.try_wait()? {
            bail!("the server ended with {status}: {}", fs::read_to_string(folder.join("log"))?);
        }
        ensure!(begin.elapsed() < START_LIMIT, "the server does not listen on {address}");
        // Nobody tells a stranger when a port opens.
        pause(Duration::from_millis(1));
    }
    Ok((child, begin.elapsed()))
}

/// Starts a program that this process has just written. A thread that starts another program at the same moment may hold
/// the file open for writing until that runs, and the system starts no file that somebody writes to.
pub fn start_written(command: &mut Command) -> io::Result<Child> {
    loop {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            other => return other,
        }
    }
}

/// Waits for time to pass where passing time is what is measured.
#[expect(clippy::disallowed_methods, reason = "a bench measures in real time")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

fn command(binary: &Path, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    command.current_dir(folder).arg("--config").arg(folder.join("fernamt.toml"));
    command
}

fn configuration(address: SocketAddr) -> String {
    format!(
        r#"[server]
data_dir = "data"
public_url = "http://{}"

[[listener]]
zone = "office"
address = "{address}"
tls = "off"
administration = true

[backup]
enabled = false
"#,
        host(address)
    )
}

fn host(address: SocketAddr) -> String {
    format!("fernamt.localhost:{}", address.port())
}
