//! The mail server that takes what people send out of the house. Left out, their mail stays inside.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The mail server that takes what people send out of the house.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Smarthost {
    /// Its host name.
    pub(crate) host: String,
    /// Its port; 587 unless said, or 465 where TLS begins with the first byte.
    #[serde(default)]
    pub(crate) port: Option<u16>,
    /// How the way there is kept.
    #[serde(default)]
    pub(crate) security: SmarthostSecurity,
    /// The name to sign in with, where it asks for one. It has to let this name send for every address of the house.
    #[serde(default)]
    pub(crate) user: Option<String>,
    /// A file with the password to sign in with.
    #[serde(default)]
    pub(crate) password_file: Option<PathBuf>,
    /// A file with certificates (PEM) that it is trusted by and no others; those that the machine trusts unless said.
    #[serde(default)]
    pub(crate) authority_file: Option<PathBuf>,
}

/// How the way to the smarthost is kept. There is none without TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SmarthostSecurity {
    /// By TLS after `STARTTLS`; without it nothing is sent.
    #[default]
    StartTls,
    /// By TLS from the first byte.
    Tls,
}

impl Smarthost {
    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(if self.security == SmarthostSecurity::Tls { 465 } else { 587 })
    }

    /// The paths of its files.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.password_file.iter_mut().chain(self.authority_file.iter_mut())
    }

    /// What is wrong with it, by the key that is.
    pub(super) fn faults(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if url::Host::parse(&self.host).is_err() {
            found.push(("host", format!("`{}` is no host name; write it like mail.example.org", self.host)));
        }
        if self.user.is_some() != self.password_file.is_some() {
            found.push(("user", "`user` and `password_file` belong together; set both or none".to_owned()));
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

    fn faults(smarthost: &str) -> Vec<String> {
        let text = format!(
            "[server]\ndata_dir = \"data\"\npublic_url = \"https://fernamt.example.org\"\n\n[[listener]]\nzone = \
             \"office\"\naddress = \"10.0.0.1:8443\"\ntls = \"self-signed\"\nadministration = true\n\n\
             [mail.smarthost]\n{smarthost}"
        );
        match Config::parse(&text, Path::new("/etc/fernamt")) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn mail_leaves_the_house_only_by_tls_and_with_a_whole_login() {
        assert_eq!(faults("host = \"mail.amt.example\"\n"), Vec::<String>::new());
        assert_eq!(faults("host = \"mail.amt.example\"\nsecurity = \"tls\"\n"), Vec::<String>::new());
        for (text, line, words) in [
            ("host = \"mail.amt.example\"\nsecurity = \"none\"\n", 13, "none"),
            ("host = \"mail.amt.example\"\nuser = \"fernamt\"\n", 13, "belong together"),
            ("host = \"mail amt\"\n", 12, "no host name"),
            ("host = \"mail.amt.example\"\nauthority_file = \"/nowhere.pem\"\n", 13, "/nowhere.pem"),
        ] {
            let found = faults(text);
            let fits = found[0].starts_with(&format!("line {line}: ")) && found[0].contains(words);
            assert!(fits, "{found:?}");
        }
    }
}
