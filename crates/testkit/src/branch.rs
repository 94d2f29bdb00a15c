//! A town's office in a [`Lab`]: a whole server with names, TLS and an SSH gateway on their usual ports, people, targets,
//! and sticks made as administrators make them.

use std::{
    cell::Cell,
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::ZipArchive;

use crate::{
    http::Answer,
    lab::Lab,
    office::{Office, pause, start_written},
    person::{CODE_PERIOD_S, Person, code, now_s, until_next_code},
};

/// The port of the SSH gateway.
pub const SSH_PORT: u16 = 2222;
/// The port of everything else.
pub const HTTPS_PORT: u16 = 443;

/// Where the administration listens, inside the office.
const ADMINISTRATION: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);
const PASSWORD: &str = "Kastanie-Regen-41";
/// What opens every stick.
const PASSPHRASE: &str = "vier Wörter sind genug";

/// A running server with an administrator, `ada`.
pub struct Branch {
    /// The server.
    pub office: Office,
    /// The administrator, signed in.
    pub ada: Person,
    _folder: TempDir,
}

/// Somebody who works there.
pub struct Colleague {
    /// At the browser.
    pub person: Person,
    /// Their id.
    pub id: String,
    /// The time step of the code given last.
    given: Cell<u64>,
}

/// A stick, unpacked into a folder of its own.
#[derive(Debug)]
pub struct Stick {
    /// The device.
    pub id: String,
    /// The code that activates it.
    pub activation_code: String,
    folder: TempDir,
}

impl Branch {
    /// Starts the server. To be called at the office; `programs` holds `fernamt-stick`.
    pub fn start(lab: &Lab, programs: &Path, target_ports: &[u16]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("fernamt-branch-").tempdir()?;
        lab.office().run(&format!(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN={name} \
             -addext subjectAltName=DNS:{name} -keyout /share/tls.key -out /share/tls.pem 2>/dev/null",
            name = Lab::OFFICE_NAME
        ))?;
        for file in ["tls.key", "tls.pem"] {
            fs::copy(lab.office().share().join(file), folder.path().join(file))?;
        }
        let at = |name: &str| folder.path().join(name).display().to_string();
        let configuration = format!(
            r#"[server]
data_dir = "data"
public_url = "https://{name}"

[[listener]]
zone = "internet"
address = "{office}:{HTTPS_PORT}"
tls = {{ certificate = "{certificate}", key = "{key}" }}

[[listener]]
zone = "office"
address = "{ADMINISTRATION}"
tls = "off"
administration = true

[ssh]
zone = "internet"
address = "{office}:{SSH_PORT}"

[stick]
programs = "{programs}"

[targets]
allow_loopback_ports = {target_ports:?}

[backup]
enabled = false
"#,
            name = Lab::OFFICE_NAME,
            office = Lab::OFFICE,
            certificate = at("tls.pem"),
            key = at("tls.key"),
            programs = programs.display(),
        );
        let office = Office::start_configured(Office::binary(), &configuration, ADMINISTRATION)?;
        office.run(&["user", "add", "ada", "--role", "administrator"], &format!("{PASSWORD}\n"))?;
        let mut ada = browser("ada")?;
        ada.sign_in()?;
        let mut settings = ada.get("/api/v1/admin/settings")?.json()?;
        settings["settings"]["approval_needed"] = json!([]);
        let changed = json!({ "version": settings["version"], "settings": settings["settings"] });
        done(&ada.put("/api/v1/admin/settings", &changed)?)?;
        let form = json!({ "effect": "allow", "everybody": true, "all_targets": true });
        let rule = json!({ "name": "Everybody", "enabled": true, "body": { "kind": "form", "form": form } });
        done(&ada.post("/api/v1/admin/rules", &rule)?)?;
        Ok(Self { office, ada, _folder: folder })
    }

    /// Somebody with an account and an authenticator app.
    pub fn hire(&self, name: &str) -> Result<Colleague> {
        self.office.run(&["user", "add", name], &format!("{PASSWORD}\n"))?;
        let mut person = browser(name)?;
        person.sign_in()?;
        let people = done(&self.ada.get("/api/v1/admin/people?limit=200")?)?;
        let all = people["items"].as_array().context("a list of people")?;
        let id = all.iter().find(|person| person["name"] == name).and_then(|person| person["id"].as_str());
        let id = id.context("the new colleague is listed")?.to_owned();
        Ok(Colleague { person, id, given: Cell::new(step()) })
    }

    /// A target on the office's loopback that everybody may reach. Returns its id.
    pub fn target(&self, name: &str, port: u16, settings: &Value) -> Result<String> {
        let target = json!({ "name": name, "host": "127.0.0.1", "port": port, "enabled": true, "settings": settings });
        let made = done(&self.ada.post("/api/v1/admin/targets", &target)?)?;
        Ok(made["id"].as_str().context("a target has an id")?.to_owned())
    }

    /// Makes a stick for somebody and unpacks it into an empty folder.
    pub fn make_stick(&self, colleague: &Colleague) -> Result<Stick> {
        let wanted = json!({ "people": [colleague.id], "group": null, "additional": true });
        let made = done(&self.ada.post("/api/v1/admin/sticks", &wanted)?)?;
        let made = &made["sticks"][0];
        let text = |value: &Value| value.as_str().map(str::to_owned).context("a stick was made");
        let (id, activation_code) = (text(&made["stick"]["id"])?, text(&made["activation_code"])?);
        let package = self.ada.get(&format!("/api/v1/admin/sticks/{id}/package"))?;
        ensure!(package.status == 200, "no package: {}", String::from_utf8_lossy(&package.body));
        let folder = tempfile::Builder::new().prefix("fernamt-stick-").tempdir()?;
        ZipArchive::new(std::io::Cursor::new(package.body))?.extract(folder.path())?;
        Ok(Stick { id, activation_code, folder })
    }

    /// What the administration shows of a stick.
    pub fn stick(&self, stick: &Stick) -> Result<Value> {
        done(&self.ada.get(&format!("/api/v1/admin/sticks/{}", stick.id))?)
    }

    /// One click on a stick: `suspend`, `resume`, `lost` or `end`.
    pub fn click(&self, stick: &Stick, what: &str) -> Result<Value> {
        done(&self.ada.post(&format!("/api/v1/admin/sticks/{}/{what}", stick.id), &json!({}))?)
    }

    /// The newest entries of the audit log.
    pub fn audited(&self) -> Result<Vec<Value>> {
        let page = done(&self.ada.get("/api/v1/admin/audit?limit=200")?)?;
        Ok(page["items"].as_array().cloned().unwrap_or_default())
    }
}

impl Colleague {
    /// A one-time code that was not used yet: of the present step or the next one, which is good already. Waits if need be.
    pub fn fresh_code(&self) -> Result<String> {
        let wanted = step().max(self.given.get() + 1);
        while step() + 1 < wanted {
            pause(until_next_code());
        }
        self.given.set(wanted);
        let secret = self.person.totp_secret.as_deref().context("there is an authenticator app")?;
        Ok(code(secret, wanted * CODE_PERIOD_S))
    }
}

impl Stick {
    /// The folder that it was unpacked into.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Its program, as the package brought it.
    pub fn program(&self) -> Command {
        let mut command = Command::new(self.folder.path().join("fernamt-stick"));
        command.current_dir(self.folder.path());
        command
    }

    /// Gives it its key by its command line. To be called at home.
    pub fn activate(&self) -> Result<()> {
        let mut command = self.program();
        command
            .args(["activate", "--secrets-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = start_written(&mut command).context("run the stick")?;
        let mut secrets = child.stdin.take().context("it has an input")?;
        writeln!(secrets, "{}\n{PASSPHRASE}", self.activation_code)?;
        drop(secrets);
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "the stick was not activated: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Opens a target by its command line, and returns the near end of the tunnel, which programs of the calling process
    /// may use. To be called at home.
    pub fn connect(&self, target: &str, code: &str) -> Result<(Child, SocketAddr)> {
        let (child, end, _) = self.connect_for(target, code, &[])?;
        Ok((child, end))
    }

    /// Opens a target for one command alone, and returns what it prints too. To be called at home.
    pub fn connect_for(
        &self,
        target: &str,
        code: &str,
        command: &[&str],
    ) -> Result<(Child, SocketAddr, BufReader<ChildStdout>)> {
        let log_file = self.folder.path().with_extension("log");
        let log = File::create(&log_file)?;
        let mut program = self.program();
        program.args(["connect", "--target", target, "--print-port", "--secrets-stdin"]);
        if !command.is_empty() {
            program.arg("--").args(command);
        }
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = start_written(&mut program).context("run the stick")?;
        let mut secrets = child.stdin.take().context("it has an input")?;
        writeln!(secrets, "{PASSPHRASE}\n{code}")?;
        let mut output = BufReader::new(child.stdout.take().context("it has an output")?);
        let mut end = String::new();
        output.read_line(&mut end)?;
        match end.trim().parse() {
            Ok(end) => Ok((child, end, output)),
            Err(_) => {
                child.kill()?;
                child.wait()?;
                bail!("the stick opened nothing: {}", fs::read_to_string(log_file)?)
            }
        }
    }

    /// A copy of everything on it.
    pub fn copied(&self) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("fernamt-copy-").tempdir()?;
        for entry in fs::read_dir(self.folder.path())? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                fs::copy(entry.path(), folder.path().join(entry.file_name()))?;
            }
        }
        File::open(folder.path().join("stick.json")).context("the copy has what the stick has")?;
        Ok(Self { id: self.id.clone(), activation_code: self.activation_code.clone(), folder })
    }
}

fn browser(name: &str) -> Result<Person> {
    Ok(Person::new(ADMINISTRATION, Lab::OFFICE_NAME, name, PASSWORD)?.by_https())
}

/// The number of the present time step of one-time codes.
fn step() -> u64 {
    now_s() / CODE_PERIOD_S
}

fn done(answer: &Answer) -> Result<Value> {
    ensure!(answer.status < 300, "status {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    if answer.body.is_empty() { Ok(Value::Null) } else { answer.json() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stick_is_made_and_unpacked() {
        if std::env::var_os("FERNAMT_BIN").is_none() {
            return crate::skip!("FERNAMT_BIN names no server");
        }
        let lab = crate::peer!(Lab::start(1));
        let programs = tempfile::tempdir().expect("a folder");
        fs::write(programs.path().join("fernamt-stick"), "#!/bin/sh\necho plugged\n").expect("written");
        lab.at_office(|| {
            let branch = Branch::start(&lab, programs.path(), &[1234]).expect("a branch");
            let erika = branch.hire("erika").expect("hired");
            branch.target("Fachverfahren", 1234, &json!({ "kind": "tcp" })).expect("a target");
            let stick = branch.make_stick(&erika).expect("a stick");
            let told = lab.at_home(|| stick.program().output()).expect("it runs");
            assert_eq!(told.stdout, b"plugged\n");
            let config = fs::read_to_string(stick.folder().join("stick.json")).expect("its file");
            let config: Value = serde_json::from_str(&config).expect("JSON");
            assert_eq!(config["ssh"], "fernamt.test:2222");
            assert_eq!(config["websocket"], "wss://fernamt.test");
            assert_eq!(branch.stick(&stick).expect("shown")["state"], "ordered");
            assert_eq!(branch.click(&stick, "lost").expect("clicked")["state"], "revoked");
            assert!(!branch.audited().expect("a log").is_empty());
        });
    }
}
