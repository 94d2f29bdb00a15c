//! A server with a configuration of the test's own, and what every story needs from it.

use std::{
    fs::{self, File},
    io::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use fernamt_testkit::{http::Answer, office::pause, peers::free_port, person::Person};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::BINARY;

/// What `ada`, the administrator, types.
pub(crate) const ADAS_PASSWORD: &str = "Kastanie-Regen-41";

/// More than a debug build needs to start on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A running `fernamt serve`.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
    folder: TempDir,
}

impl Server {
    /// Starts a server without TLS, with further sections of configuration.
    pub(crate) fn start(sections: &str) -> Self {
        let address = local(free_port().unwrap());
        let first = format!(
            "[server]\ndata_dir = \"data\"\npublic_url = \"http://fernamt.localhost:{}\"\n\n[[listener]]\nzone = \
             \"office\"\naddress = \"{address}\"\ntls = \"off\"\nadministration = true\n\n[backup]\nenabled = false\n\n",
            address.port()
        );
        Self::start_configured(&(first + sections), address)
    }

    /// Starts a server by a whole configuration that listens on `address` among others.
    pub(crate) fn start_configured(configuration: &str, address: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("fernamt.toml"), configuration).unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = command(folder.path());
        command.arg("serve").stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut server = Self { address, child: command.spawn().unwrap(), folder };
        let begin = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none() && begin.elapsed() < START_LIMIT, "it does not listen: {}", server.log());
            // Nobody tells a stranger when a port opens.
            pause(Duration::from_millis(5));
        }
        server
    }

    /// Its name with the port, as people type it.
    pub(crate) fn host(&self) -> String {
        format!("fernamt.localhost:{}", self.address.port())
    }

    /// Runs another command on the same installation and returns what it printed.
    pub(crate) fn run(&self, words: &[&str], input: &str) -> String {
        let mut command = command(self.folder.path());
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A person at a fresh browser who has signed in and set up an authenticator app.
    pub(crate) fn signed_in(&self, name: &str, password: &str, role: Option<&str>) -> Person {
        let mut words = vec!["user", "add", name];
        words.extend(role.into_iter().flat_map(|role| ["--role", role]));
        self.run(&words, &format!("{password}\n"));
        let mut person = Person::new(self.address, &self.host(), name, password).unwrap();
        person.sign_in().unwrap();
        person
    }

    /// The administrator.
    pub(crate) fn ada(&self) -> Person {
        self.signed_in("ada", ADAS_PASSWORD, Some("administrator"))
    }

    /// Every entry of the audit log, oldest first.
    pub(crate) fn audited(&self) -> Vec<Value> {
        self.run(&["audit", "export"], "").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A file below the data folder.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    #[expect(clippy::print_stderr, reason = "whoever reads the failed test needs the log")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command.arg("--config").arg(folder.join("fernamt.toml")).env_remove("RUST_LOG");
    command
}

pub(crate) fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// The answer's JSON, which must not be a refusal.
pub(crate) fn granted(answer: &Answer) -> Value {
    assert!(answer.status < 300, "{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    if answer.body.is_empty() { Value::Null } else { answer.json().unwrap() }
}

/// Adds a target and returns its id.
pub(crate) fn add_target(administrator: &Person, name: &str, port: u16, settings: &Value) -> String {
    let wanted = json!({ "name": name, "host": "127.0.0.1", "port": port, "settings": settings });
    let made = granted(&administrator.post("/api/v1/admin/targets", &wanted).unwrap());
    made["id"].as_str().unwrap().to_owned()
}

/// Lets everybody reach these targets.
pub(crate) fn allow_everybody(administrator: &Person, targets: &[&str]) -> Value {
    let form = json!({ "effect": "allow", "everybody": true, "targets": targets, "device_states": [] });
    let rule = json!({ "name": "everybody", "body": { "kind": "form", "form": form } });
    granted(&administrator.post("/api/v1/admin/rules", &rule).unwrap())
}
