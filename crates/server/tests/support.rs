//! A server with a configuration of the test's own, and what every story needs from it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use fernamt_testkit::{http::Answer, office::Office, peers::Cyrus, person::Person};
use serde_json::{Value, json};

use crate::BINARY;

/// What `ada`, the administrator, types.
pub(crate) const ADAS_PASSWORD: &str = "Kastanie-Regen-41";

/// A running `fernamt serve` whose log is shown when the test fails.
pub(crate) struct Server {
    pub(crate) office: Office,
}

impl Server {
    /// Starts a server without TLS, with further sections of configuration.
    pub(crate) fn start(sections: &str) -> Self {
        Self { office: Office::start_binary_with(BINARY, sections).unwrap() }
    }

    /// Starts a server by a whole configuration that listens on `address` among others.
    pub(crate) fn start_configured(configuration: &str, address: SocketAddr) -> Self {
        Self { office: Office::start_configured(BINARY, configuration, address).unwrap() }
    }

    /// A person at a fresh browser who has signed in and set up an authenticator app.
    pub(crate) fn signed_in(&self, name: &str, password: &str, role: Option<&str>) -> Person {
        let mut words = vec!["user", "add", name];
        words.extend(role.into_iter().flat_map(|role| ["--role", role]));
        self.office.run(&words, &format!("{password}\n")).unwrap();
        let mut person = self.office.person(name, password).unwrap();
        person.sign_in().unwrap();
        person
    }

    /// The administrator.
    pub(crate) fn ada(&self) -> Person {
        self.signed_in("ada", ADAS_PASSWORD, Some("administrator"))
    }

    /// Every entry of the audit log, oldest first.
    pub(crate) fn audited(&self) -> Vec<Value> {
        self.office
            .run(&["audit", "export"], "")
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Drop for Server {
    #[expect(clippy::print_stderr, reason = "whoever reads the failed test needs the log")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.office.log().unwrap_or_default());
        }
    }
}

/// The section by which people's mailboxes lie on a mail server; its operator's password lies in this folder.
pub(crate) fn mirroring(cyrus: &Cyrus, folder: &Path) -> String {
    let password_file = folder.join("password");
    std::fs::write(&password_file, format!("{}\n", cyrus.operator_password)).unwrap();
    format!(
        "[mail.server]\ndomain = \"amt.test\"\nhost = \"localhost\"\nport = {}\nsieve_port = {}\noperator = \"{}\"\n\
         password_file = \"{}\"\nauthority_file = \"{}\"\n",
        cyrus.imap_tls.address().port(),
        cyrus.sieve.address().port(),
        cyrus.operator,
        password_file.display(),
        cyrus.authority_file().display(),
    )
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
