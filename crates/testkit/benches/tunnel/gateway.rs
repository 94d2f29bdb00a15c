//! Our side of the race: a whole `fernamt serve`, with people who have SSH keys and authenticator apps, one target and
//! a rule that lets everybody reach it.

use std::{
    cell::Cell,
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
};

use anyhow::{Context as _, Result, ensure};
use fernamt_testkit::{
    http::Answer,
    office::{Office, pause},
    person::{Person, until_next_code},
};
use serde_json::{Value, json};

/// The target's name, as a client asks for it.
pub(crate) const TARGET: &str = "target";
/// Threads that prepare people.
const PREPARING: usize = 8;

/// A running office with an SSH gateway.
pub(crate) struct Gateway {
    office: Office,
    port: u16,
    staff: Vec<Colleague>,
    /// Whose turn it is.
    next: Cell<usize>,
}

/// Somebody who can sign in by key and code.
pub(crate) struct Colleague {
    person: Person,
    /// The private key.
    pub(crate) key: PathBuf,
    /// The code given last: each is good for one sign-in.
    given: Mutex<String>,
}

impl Gateway {
    /// Starts the office and makes its staff; their keys go to `folder`.
    pub(crate) fn start(folder: &Path, people: usize, target_port: u16) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let sections = format!(
            "\n[ssh]\nzone = \"office\"\naddress = \"127.0.0.1:{port}\"\n\n[targets]\nallow_loopback_ports = [{target_port}]\n"
        );
        let office = Office::start_with(&sections)?;
        furnish(&office, target_port)?;
        let staff = Mutex::new(Vec::with_capacity(people));
        let numbers = Mutex::new(0..people);
        thread::scope(|scope| -> Result<()> {
            let workers: Vec<_> = (0..PREPARING)
                .map(|_| {
                    scope.spawn(|| -> Result<()> {
                        while let Some(number) = { lock(&numbers).next() } {
                            let colleague = Colleague::hire(&office, folder, number)?;
                            lock(&staff).push(colleague);
                        }
                        Ok(())
                    })
                })
                .collect();
            workers.into_iter().try_for_each(|worker| worker.join().ok().context("a worker panicked")?)
        })?;
        let staff = staff.into_inner().unwrap_or_default();
        Ok(Self { office, port, staff, next: Cell::new(0) })
    }

    /// The port of the SSH gateway.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.office.pid()
    }

    /// A fresh process on the same installation.
    pub(crate) fn restart(self) -> Result<Self> {
        Ok(Self { office: self.office.restart()?, ..self })
    }

    /// Whoever's turn it is to sign in.
    pub(crate) fn next(&self) -> Result<&Colleague> {
        let number = self.next.get();
        self.next.set((number + 1) % self.staff.len());
        self.staff.get(number).context("there are people")
    }
}

impl Colleague {
    fn hire(office: &Office, folder: &Path, number: usize) -> Result<Self> {
        let (name, password) = (format!("person{number}"), format!("Morgen-Kaffee-{number:04}"));
        office.run(&["user", "add", &name], &format!("{password}\n"))?;
        let mut person = office.person(&name, &password)?;
        person.sign_in()?;
        let key = folder.join(&name);
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status()?;
        ensure!(made.success(), "ssh-keygen failed");
        let public_key = fs::read_to_string(key.with_extension("pub"))?;
        done(&person.post("/api/v1/me/devices/ssh-key", &json!({ "name": "Bench", "public_key": public_key }))?)?;
        let given = Mutex::new(person.code()?);
        Ok(Self { person, key, given })
    }

    /// The sign-in name.
    pub(crate) fn name(&self) -> &str {
        &self.person.name
    }

    /// A code that was not used yet; waits for the next one if need be.
    pub(crate) fn fresh_code(&self) -> Result<String> {
        let mut given = lock(&self.given);
        while self.person.code()? == *given {
            pause(until_next_code());
        }
        given.clone_from(&self.person.code()?);
        Ok(given.clone())
    }
}

/// The target, the rule, and keys that need nobody's approval.
fn furnish(office: &Office, target_port: u16) -> Result<()> {
    office.run(&["user", "add", "ada", "--role", "administrator"], "Morgen-Kaffee-Ada\n")?;
    let mut ada = office.person("ada", "Morgen-Kaffee-Ada")?;
    ada.sign_in()?;
    let mut settings = ada.get("/api/v1/admin/settings")?.json()?;
    settings["settings"]["approval_needed"] = json!([]);
    let changed = json!({ "version": settings["version"], "settings": settings["settings"] });
    done(&ada.put("/api/v1/admin/settings", &changed)?)?;
    let target = json!({ "name": TARGET, "host": "127.0.0.1", "port": target_port, "enabled": true, "settings": { "kind": "tcp" } });
    done(&ada.post("/api/v1/admin/targets", &target)?)?;
    let form = json!({ "effect": "allow", "everybody": true, "all_targets": true });
    let rule = json!({ "name": "Everybody", "enabled": true, "body": { "kind": "form", "form": form } });
    done(&ada.post("/api/v1/admin/rules", &rule)?)?;
    Ok(())
}

fn done(answer: &Answer) -> Result<Value> {
    ensure!(answer.status < 300, "status {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    if answer.body.is_empty() { Ok(Value::Null) } else { answer.json() }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
