//! The stick's programs where nothing of this machine is: on Windows, and on a Linux without a single library. Each makes
//! its key, signs in, opens a tunnel and starts a client in it.
//!
//! `FERNAMT_STICKS` names the folder with the programs; `cargo xtask test --full` builds them.

mod bare;
mod wine;

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Cursor, Seek as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use fernamt_testkit::{
    peers::free_port,
    person::{Person, code},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Server, add_target, allow_everybody, granted};

/// The seconds that a one-time code is good.
const CODE_PERIOD_S: u64 = 30;
/// The target's name.
const TARGET: &str = "Fachverfahren";
const PASSPHRASE: &str = "vier Wörter sind genug";
/// What the client of the story writes down in the end.
const HEARD: &str = "heard: hello from elsewhere\n";

/// The folder with the stick's programs, if they were built.
fn programs() -> Option<PathBuf> {
    let folder = env::var_os("FERNAMT_STICKS").map(PathBuf::from);
    if folder.is_none() {
        fernamt_testkit::skip!("the stick's programs for other computers are built by `cargo xtask test --full` only");
    }
    folder
}

/// An office with somebody who has a stick.
struct Office {
    server: Server,
    erika: Person,
    activation_code: String,
    /// The stick, unpacked.
    stick: TempDir,
}

impl Office {
    /// `programs` are handed out with the stick.
    fn open(programs: &Path) -> Self {
        let (ssh, target) = (free_port().unwrap(), echo());
        let programs = programs.display();
        let server = Server::start(&format!(
            "[ssh]\nzone = \"internet\"\naddress = \"127.0.0.1:{ssh}\"\n\n[stick]\nprograms = \"{programs}\"\nssh_address = \
             \"127.0.0.1:{ssh}\"\n\n[targets]\nallow_loopback_ports = [{target}]\n"
        ));
        let ada = server.ada();
        let id = add_target(&ada, TARGET, target, &json!({ "kind": "tcp" }));
        allow_everybody(&ada, &[&id]);
        let erika = server.signed_in("erika", "Linde-Fluss-27", None);
        let me = granted(&erika.get("/api/v1/session").unwrap())["person"]["id"].clone();
        let made = granted(&ada.post("/api/v1/admin/sticks", &json!({ "people": [me] })).unwrap());
        let made = &made["sticks"][0];
        let id = made["stick"]["id"].as_str().unwrap();
        let package = ada.get(&format!("/api/v1/admin/sticks/{id}/package")).unwrap();
        assert_eq!(package.status, 200, "{}", String::from_utf8_lossy(&package.body));
        let stick = tempfile::Builder::new().prefix("fernamt-stick-").tempdir().unwrap();
        zip::ZipArchive::new(Cursor::new(package.body)).unwrap().extract(stick.path()).unwrap();
        let activation_code = made["activation_code"].as_str().unwrap().to_owned();
        Self { server, erika, activation_code, stick }
    }

    /// The whole story. `stick` makes the command for the stick's program there, with these words; `client` is the way to
    /// the client there, and `heard` the file it writes: there and here.
    fn goes_to_work(&self, stick: impl Fn(&[&str]) -> Command, client: &str, heard: (&str, &Path)) {
        let version = run(stick(&["--version"]), "");
        assert_eq!(said(&version), format!("fernamt-stick {}\n", env!("CARGO_PKG_VERSION")));
        assert_eq!(self.status(&stick)["activated"], false);

        let secrets = format!("{}\n{PASSPHRASE}\n", self.activation_code);
        succeeds(&run(stick(&["activate", "--secrets-stdin"]), &secrets));
        assert_eq!(self.status(&stick)["activated"], true);

        let secrets = format!("{PASSPHRASE}\n{}\n", self.fresh_code());
        let words = ["connect", "--target", TARGET, "--secrets-stdin", "--", client, "{host}", "{port}", heard.0];
        succeeds(&run(stick(&words), &secrets));
        assert_eq!(fs::read_to_string(heard.1).unwrap(), HEARD);
        fs::remove_file(heard.1).unwrap();

        let entries = self.server.audited();
        let tunnel = entries.iter().any(|entry| entry["kind"] == "connection_start" && entry["action"] == "tunnel");
        assert!(tunnel, "the tunnel was not written down: {entries:#?}");
    }

    fn status(&self, stick: impl Fn(&[&str]) -> Command) -> Value {
        let output = run(stick(&["status", "--json"]), "");
        succeeds(&output);
        let told: Value = serde_json::from_str(said(&output).lines().next().unwrap()).unwrap();
        assert_eq!(told["person"], self.erika.name.as_str(), "{told}");
        told
    }

    /// A one-time code that was not used yet: the sign-in at the browser took the present one.
    #[expect(clippy::disallowed_methods, reason = "the server outside runs on the real time")]
    fn fresh_code(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        code(self.erika.totp_secret.as_deref().unwrap(), now + CODE_PERIOD_S)
    }
}

/// A server that says again what it hears. Returns its port.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for line in listener.incoming() {
            let mut line = line.unwrap();
            thread::spawn(move || {
                let mut heard = String::new();
                BufReader::new(line.try_clone().unwrap()).read_line(&mut heard).unwrap();
                line.write_all(format!("heard: {heard}").as_bytes()).unwrap();
            });
        }
    });
    port
}

/// Runs it with this on its standard input.
fn run(mut command: Command, input: &str) -> Output {
    let mut stdin = tempfile::tempfile().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    stdin.rewind().unwrap();
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
}

fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}: {}{}", output.status, said(output), String::from_utf8_lossy(&output.stderr));
}

/// Standard output, with the ends of lines that we use here.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).replace('\r', "")
}
