//! The mail server that invitations are handed to. Left out, no letter leaves the house.

use std::{net::IpAddr, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The mail server that invitations are handed to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Smtp {
    /// Its host name.
    pub(crate) host: String,
    /// Its port; 587 unless said, or 465 where TLS begins with the first byte.
    #[serde(default)]
    pub(crate) port: Option<u16>,
    /// How the way there is kept.
    #[serde(default)]
    pub(crate) security: SmtpSecurity,
    /// The name to sign in with, where it asks for one.
    #[serde(default)]
    pub(crate) user: Option<String>,
    /// A file with the password to sign in with.
    #[serde(default)]
    pub(crate) password_file: Option<PathBuf>,
    /// A file with certificates (PEM) that it is trusted by, beside those that the machine trusts.
    #[serde(default)]
    pub(crate) authority_file: Option<PathBuf>,
    /// The address that letters come from, such as `fernamt@example.org`.
    pub(crate) from: String,
}

/// How the way to the mail server is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SmtpSecurity {
    /// By TLS after `STARTTLS`; without it nothing is sent.
    #[default]
    StartTls,
    /// By TLS from the first byte.
    Tls,
    /// Not at all: to a mail server on this machine only.
    None,
}

impl Smtp {
    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(if self.security == SmtpSecurity::Tls { 465 } else { 587 })
    }

    /// The paths of its files.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.password_file.iter_mut().chain(self.authority_file.iter_mut())
    }

    /// What is wrong with it, by the key that is.
    pub(super) fn faults(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let local = self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if self.security == SmtpSecurity::None && !local {
            let message = "without TLS letters go only to a mail server on this machine; invitations hold what lets \
                           people into meetings";
            found.push(("security", message.to_owned()));
        }
        if self.user.is_some() != self.password_file.is_some() {
            found.push(("user", "`user` and `password_file` belong together; set both or none".to_owned()));
        }
        let (name, host) = self.from.rsplit_once('@').unwrap_or_default();
        if name.is_empty() || host.is_empty() || self.from.contains(char::is_whitespace) {
            found.push(("from", format!("`{}` is no mail address; write it like fernamt@example.org", self.from)));
        }
        for (key, path) in [("password_file", &self.password_file), ("authority_file", &self.authority_file)] {
            if let Some(path) = path
                && let Err(error) = std::fs::File::open(path)
            {
                found.push((key, format!("{} cannot be read: {error}", path.display())));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;

    fn faults(smtp: &str) -> Vec<String> {
        let text = format!(
            "[server]\ndata_dir = \"data\"\npublic_url = \"https://fernamt.example.org\"\n\n[[listener]]\nzone = \
             \"office\"\naddress = \"10.0.0.1:8443\"\ntls = \"self-signed\"\nadministration = true\n\n[smtp]\n{smtp}"
        );
        match Config::parse(&text, Path::new("/etc/fernamt")) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn letters_leave_the_house_only_by_a_safe_way() {
        let from = "from = \"fernamt@amt.example\"\n";
        assert_eq!(faults(&format!("host = \"mail.amt.example\"\n{from}")), Vec::<String>::new());
        assert_eq!(faults(&format!("host = \"127.0.0.1\"\nsecurity = \"none\"\n{from}")), Vec::<String>::new());
        let open = faults(&format!("host = \"mail.amt.example\"\nsecurity = \"none\"\n{from}"));
        assert!(open[0].contains("without TLS"), "{open:?}");
        let half = faults(&format!("host = \"mail.amt.example\"\nuser = \"fernamt\"\n{from}"));
        assert!(half[0].contains("belong together"), "{half:?}");
        let nobody = faults("host = \"mail.amt.example\"\nfrom = \"Fernamt\"\n");
        assert!(nobody[0].starts_with("line 13: ") && nobody[0].contains("no mail address"), "{nobody:?}");
    }
}
