//! An office with a target that sends everything back, and people with sticks.

use std::{
    cell::Cell,
    env, fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use fernamt_testkit::{
    office::{Office, pause},
    peers::free_port,
    person::{Person, code, until_next_code},
};
use serde_json::json;
use tempfile::TempDir;

use super::{assert_code, finish};

const PASSWORD: &str = "Kastanie-Regen-41";
pub(super) const PASSPHRASE: &str = "Kastanie Regen Dach Tor";
const CODE_PERIOD_S: u64 = 30;

pub(super) struct Desk {
    pub(super) office: Office,
    pub(super) ada: Person,
    folder: TempDir,
}

/// Somebody's stick, unpacked.
pub(super) struct Stick {
    pub(super) device: String,
    pub(super) activation_code: String,
    pub(super) folder: PathBuf,
    person: Person,
    given: Cell<u64>,
}

impl Desk {
    /// `None` where no server was built.
    pub(super) fn open() -> Option<Self> {
        if env::var_os("FERNAMT_BIN").is_none() {
            fernamt_testkit::skip!("FERNAMT_BIN names no server");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let programs = folder.path().join("programs");
        fs::create_dir(&programs).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_fernamt-stick"));
        let there = programs.join("fernamt-stick");
        fs::hard_link(program, &there).or_else(|_| fs::copy(program, &there).map(drop)).unwrap();
        let echo = echo();
        let port = free_port().unwrap();
        let sections = format!(
            "[ssh]\nzone = \"internet\"\naddress = \"127.0.0.1:{port}\"\n\n[stick]\nprograms = \"{}\"\n\
             ssh_address = \"127.0.0.1:{port}\"\n\n[targets]\nallow_loopback_ports = [{echo}]\n",
            programs.display()
        );
        let office = Office::start_with(&sections).unwrap();
        office.run(&["user", "add", "ada", "--role", "administrator"], &format!("{PASSWORD}\n")).unwrap();
        let mut ada = office.person("ada", PASSWORD).unwrap();
        ada.sign_in().unwrap();
        let desk = Self { office, ada, folder };
        desk.target("Echo", echo);
        let form = json!({ "effect": "allow", "everybody": true, "all_targets": true, "device_states": [] });
        let rule = json!({ "name": "everybody", "body": { "kind": "form", "form": form } });
        assert!(desk.ada.post("/api/v1/admin/rules", &rule).unwrap().status < 300);
        Some(desk)
    }

    pub(super) fn target(&self, name: &str, port: u16) {
        let target = json!({ "name": name, "host": "127.0.0.1", "port": port, "settings": { "kind": "tcp" } });
        let made = self.ada.post("/api/v1/admin/targets", &target).unwrap();
        assert!(made.status < 300, "{:?}", made.json());
    }

    /// The port of the target.
    pub(super) fn echo_port(&self) -> u16 {
        let targets = self.ada.get("/api/v1/admin/targets").unwrap().json().unwrap();
        let items = targets["items"].as_array().unwrap();
        let echo = items.iter().find(|target| target["name"] == "Echo").unwrap();
        u16::try_from(echo["port"].as_u64().unwrap()).unwrap()
    }

    /// Hires somebody and makes a stick for them, by the server's command line.
    pub(super) fn stick(&self, name: &str) -> Stick {
        self.office.run(&["user", "add", name], &format!("{PASSWORD}\n")).unwrap();
        let mut person = self.office.person(name, PASSWORD).unwrap();
        person.sign_in().unwrap();
        let given = Cell::new(step());
        let out = self.folder.path().join(name);
        let said = self.office.run(&["stick", "create", "--person", name, "--out", out.to_str().unwrap()], "").unwrap();
        let mut words = said.lines().next().unwrap().split('\t').skip(1);
        let device = words.next().unwrap().to_owned();
        let activation_code = words.next().unwrap().strip_prefix("activation code ").unwrap();
        let activation_code = activation_code.split(',').next().unwrap().to_owned();
        let folder = out.join("stick");
        let package = fs::File::open(out.join(format!("stick-{name}.zip"))).unwrap();
        zip::ZipArchive::new(package).unwrap().extract(&folder).unwrap();
        Stick { device, activation_code, folder, person, given }
    }
}

impl Stick {
    /// The program on the stick with these words.
    pub(super) fn program(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.folder.join("fernamt-stick"));
        command.args(words).current_dir("/").env_remove("HTTPS_PROXY").env_remove("https_proxy");
        command
    }

    /// The same with its secrets on standard input.
    pub(super) fn scripted(&self, words: &[&str]) -> Command {
        let mut command = self.program(&[]);
        let (ours, theirs) = match words.iter().position(|word| *word == "--") {
            Some(place) => words.split_at(place),
            None => (words, &[][..]),
        };
        command.args(ours).args(["--secrets-stdin", "--verbose"]).args(theirs);
        command
    }

    pub(super) fn activate(&self) {
        assert_code(&finish(self.scripted(&["activate"]), &[&self.activation_code, PASSPHRASE]), 0);
    }

    /// A one-time code that was not used yet: of the present step or the next one, which is good already. Waits if need be.
    pub(super) fn code(&self) -> String {
        let wanted = step().max(self.given.get() + 1);
        while step() + 1 < wanted {
            pause(until_next_code());
        }
        self.given.set(wanted);
        code(self.person.totp_secret.as_deref().unwrap(), wanted * CODE_PERIOD_S)
    }
}

/// The number of the present time step of one-time codes.
fn step() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() / CODE_PERIOD_S
}

/// A service that sends back what it gets.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let Ok(mut socket) = socket else { break };
            thread::spawn(move || {
                let mut buffer = [0; 16 * 1024];
                while let Ok(count @ 1..) = socket.read(&mut buffer) {
                    if socket.write_all(&buffer[..count]).is_err() {
                        break;
                    }
                }
            });
        }
    });
    port
}
