//! The mail server that the administration keeps. Left out, mail lies in this installation's own store.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The mail server that the administration keeps: its people's mailboxes stay there and are mirrored here, by IMAP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailServer {
    /// What the addresses of its people end in, such as `example.org`.
    pub(crate) domain: String,
    /// The host name of IMAP.
    pub(crate) host: String,
    /// The port of IMAP; 993 unless said, or 143 where TLS begins by `STARTTLS`.
    #[serde(default)]
    pub(crate) port: Option<u16>,
    /// How the way there is kept.
    #[serde(default)]
    pub(crate) security: MailServerSecurity,
    /// Who may act for everybody there by proxy authorisation.
    pub(crate) operator: String,
    /// A file with the operator's password.
    pub(crate) password_file: PathBuf,
    /// A file with certificates (PEM) that it is trusted by and no others; those that the machine trusts unless said.
    #[serde(default)]
    pub(crate) authority_file: Option<PathBuf>,
    /// Whether absences are carried there by `ManageSieve`, so that it answers what arrives there.
    #[serde(default = "carried")]
    pub(crate) sieve: bool,
    /// The port of `ManageSieve`, where TLS begins by `STARTTLS`.
    #[serde(default = "sieve_port")]
    pub(crate) sieve_port: u16,
    /// Names on it that may open mailboxes of others, such as its administrators: nobody here is any of them.
    #[serde(default = "administrators")]
    pub(crate) reserved: Vec<String>,
}

/// How the way to the mail server is kept. There is none without TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MailServerSecurity {
    /// By TLS from the first byte.
    #[default]
    Tls,
    /// By TLS after `STARTTLS`; without it nothing is said.
    StartTls,
}

fn administrators() -> Vec<String> {
    ["admin", "cyrus", "root"].map(str::to_owned).into()
}

fn carried() -> bool {
    true
}

fn sieve_port() -> u16 {
    4190
}

impl MailServer {
    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(if self.security == MailServerSecurity::Tls { 993 } else { 143 })
    }

    /// The paths of its files.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        std::iter::once(&mut self.password_file).chain(self.authority_file.iter_mut())
    }

    /// What is wrong with it, by the key that is.
    pub(super) fn faults(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        for (key, name) in [("domain", &self.domain), ("host", &self.host)] {
            if url::Host::parse(name).is_err() {
                found.push((key, format!("`{name}` is no host name; write it like mail.example.org")));
            }
        }
        if self.domain.parse::<std::net::IpAddr>().is_ok() {
            found.push(("domain", format!("`{}` is an address and no domain of mail", self.domain)));
        }
        if self.operator.is_empty() {
            found.push(("operator", "who acts for everybody needs a name".to_owned()));
        }
        if self.sieve_port == 0 {
            found.push(("sieve_port", "there is no port 0; usual is 4190".to_owned()));
        }
        match std::fs::read_to_string(&self.password_file) {
            Ok(password) if password.trim().is_empty() => {
                found.push(("password_file", format!("{} is empty", self.password_file.display())));
            }
            Ok(_) => {}
            Err(error) => {
                found.push(("password_file", format!("{} cannot be read: {error}", self.password_file.display())));
            }
        }
        if let Some(path) = &self.authority_file
            && let Err(error) = std::fs::File::open(path)
        {
            found.push(("authority_file", format!("{} cannot be read: {error}", path.display())));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::config::Config;

    fn read(folder: &Path, server: &str) -> Result<MailServer, String> {
        let text = format!(
            "[server]\ndata_dir = \"data\"\npublic_url = \"https://fernamt.example.org\"\n\n[[listener]]\nzone = \
             \"office\"\naddress = \"10.0.0.1:8443\"\ntls = \"self-signed\"\nadministration = true\n\n\
             [mail.server]\n{server}"
        );
        let config = Config::parse(&text, folder).map_err(|faults| faults[0].to_string())?;
        config.mail.and_then(|mail| mail.server).ok_or_else(|| "there is none".to_owned())
    }

    #[test]
    fn a_mail_server_is_reached_by_tls_as_an_operator() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("password"), "Linde-Fluss-27\n").unwrap();
        fs::write(folder.path().join("empty"), "\n").unwrap();
        let good = "domain = \"example.org\"\nhost = \"mail.example.org\"\noperator = \"fernamt\"\npassword_file = \
                    \"password\"\n";
        let read = |text: &str| read(folder.path(), text);
        let server = read(good).unwrap();
        assert_eq!((server.port(), server.password_file.clone()), (993, folder.path().join("password")));
        assert!(server.reserved.contains(&"cyrus".to_owned()));
        assert_eq!((server.sieve, server.sieve_port), (true, 4190));
        let other = read(&format!("{good}security = \"start-tls\"\nsieve = false\nsieve_port = 2000\n")).unwrap();
        assert_eq!((other.port(), other.sieve, other.sieve_port), (143, false, 2000));
        let fault = read(&format!("{good}sieve_port = 0\n")).unwrap_err();
        assert!(fault.starts_with("line 16: ") && fault.contains("4190"), "{fault}");
        for (from, to, line, words) in [
            ("mail.example.org", "mail example", 13, "no host name"),
            ("\"example.org", "\"10.0.0.7", 12, "no domain"),
            ("\"password\"", "\"nowhere\"", 15, "cannot be read"),
            ("\"password\"", "\"empty\"", 15, "is empty"),
            ("\"fernamt\"", "\"\"", 14, "needs a name"),
        ] {
            let fault = read(&good.replace(from, to)).unwrap_err();
            assert!(fault.starts_with(&format!("line {line}: ")) && fault.contains(words), "{fault}");
        }
        assert!(read(&format!("{good}security = \"none\"\n")).is_err());
    }
}
