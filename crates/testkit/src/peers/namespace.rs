//! One peer's own small machine: namespaces over the private root, and shell scripts run inside.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::{Door, root};
use crate::report::target_dir;

/// Long enough for the slowest script (provisioning a domain) on a loaded machine.
const SCRIPT_LIMIT_S: u32 = 180;

/// Every script may use these.
const PRELUDE: &str = r#"
# A foreign daemon tells nobody that it listens, so its port is looked at until it does.
await_port() {
  tries=0
  until ss -Hltn "sport = :$1" | grep -q .; do
    tries=$((tries + 1))
    [ "$tries" -lt 1200 ] || { echo "nothing listens on port $1"; return 1; }
    sleep 0.05
  done
}
# The way into the private network: a socket in /share for a Door outside.
open_door() {
  socat "UNIX-LISTEN:/share/$1.sock,fork,mode=666" "TCP:127.0.0.1:$1" >>/share/door.log 2>&1 &
  tries=0
  until [ -S "/share/$1.sock" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 1200 ] || { echo "no door to port $1"; return 1; }
    sleep 0.05
  done
}
"#;

/// Which network a peer sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Its own, with nothing but a loopback; reached through a [`Door`].
    Private,
    /// The machine's, so that no door stands between us and the peer when speed is measured.
    Machine,
}

/// A running namespace. Dropping it ends every process inside; after a failed test its logs are kept.
#[derive(Debug)]
pub struct Namespace {
    name: &'static str,
    child: Child,
    control: Mutex<Control>,
    folder: TempDir,
}

#[derive(Debug)]
struct Control {
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    scripts: u32,
}

impl Namespace {
    /// Starts an empty namespace; makes the private root first where it is missing.
    pub fn start(name: &'static str, network: Network) -> Result<Self> {
        Self::start_with(name, network, &[])
    }

    /// Starts an empty namespace over a root that has further packages.
    pub fn start_with(name: &'static str, network: Network, packages: &[&str]) -> Result<Self> {
        let root = root::prepare_with(packages)?;
        let folder = tempfile::Builder::new().prefix(&format!("fernamt-{name}-")).tempdir()?;
        fs::create_dir(folder.path().join("mnt"))?;
        let share = folder.path().join("share");
        fs::create_dir(&share)?;
        // The peer's users write their own logs and sockets there.
        fs::set_permissions(&share, fs::Permissions::from_mode(0o777))?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;

        let mut command = root::as_root("unshare")?;
        command.args(["--mount", "--uts", "--pid", "--fork", "--kill-child"]);
        if network == Network::Private {
            command.arg("--net");
        }
        command.args(["sh", "-c", include_str!("namespace.sh"), "namespace"]).arg(&root).arg(folder.path());
        command.arg(SCRIPT_LIMIT_S.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().context("run unshare")?;
        let input = child.stdin.take().context("the namespace has an input")?;
        let output = BufReader::new(child.stdout.take().context("the namespace has an output")?);
        let control = Control { input: Some(input), output, scripts: 0 };
        let namespace = Self { name, child, control: Mutex::new(control), folder };
        namespace.lock().answer(0).context("this machine lets nobody make namespaces with an overlay")?;
        if network == Network::Private {
            namespace.run("ip link set lo up")?;
        }
        Ok(namespace)
    }

    /// Runs a shell script (`-eu`) inside as root and returns what it printed. What it starts in the background must
    /// write to a file, and runs on until the namespace is dropped.
    pub fn run(&self, script: &str) -> Result<String> {
        let mut control = self.lock();
        control.scripts += 1;
        let number = control.scripts;
        fs::write(self.share().join(format!("run-{number}.sh")), format!("{PRELUDE}\n{script}\n"))?;
        let input = control.input.as_mut().context("the namespace has ended")?;
        writeln!(input, "{number}").context("the namespace has ended")?;
        let code = control.answer(number)?;
        let output = fs::read(self.share().join(format!("run-{number}.log"))).unwrap_or_default();
        let output = String::from_utf8_lossy(&output).trim_end().to_owned();
        ensure!(code == "0", "a script of peer {} ended with {code}: {output}", self.name);
        Ok(output)
    }

    /// Opens a door to a port inside; the port must already be listened on.
    pub fn door(&self, port: u16) -> Result<Door> {
        self.run(&format!("open_door {port}"))?;
        Door::to_socket(self.share().join(format!("{port}.sock")))
    }

    /// Its network, to walk into.
    pub fn network(&self) -> Result<File> {
        let path = format!("/proc/{}/ns/net", self.child.id());
        File::open(&path).with_context(|| format!("open {path}"))
    }

    /// The folder that is `/share` inside.
    pub fn share(&self) -> PathBuf {
        self.folder.path().join("share")
    }

    /// Reads a file below `/share`.
    pub fn read_shared(&self, name: &str) -> Result<String> {
        let path = self.share().join(name);
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        Ok(text.trim_end().to_owned())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_logs(&self) -> Result<PathBuf> {
        let kept = target_dir().join("artefacts").join(self.folder.path().file_name().unwrap_or_default());
        fs::create_dir_all(&kept)?;
        for entry in fs::read_dir(self.share())? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let _ = fs::copy(entry.path(), kept.join(entry.file_name()));
            }
        }
        Ok(kept)
    }
}

impl Control {
    fn answer(&mut self, number: u32) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let (answered, code) = line.trim().split_once(' ').context("the namespace ended before it answered")?;
        ensure!(answered == number.to_string(), "the namespace answered {answered} instead of {number}");
        Ok(code.to_owned())
    }
}

impl Drop for Namespace {
    #[expect(clippy::print_stderr, reason = "whoever reads the failed test needs the place of the logs")]
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Ok(kept) = self.keep_logs()
        {
            eprintln!("The logs of peer {} are kept in {}", self.name, relative(&kept).display());
        }
        self.lock().input = None;
        let _ = self.child.wait();
    }
}

fn relative(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
