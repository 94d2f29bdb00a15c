//! Mail accounts of the people.

use std::path::PathBuf;

use fernamt_mail::ScannerAddress;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Lmtp, MailPictures, MailServer, Smarthost, validate::is_host_and_port};

/// Mail accounts of the people, kept in this installation's own store or on the administration's mail server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mail {
    /// The mail server that takes what people send out of the house; left out, their mail stays inside.
    #[serde(default)]
    pub(crate) smarthost: Option<Smarthost>,
    /// The way in for mail from outside; left out, none comes.
    #[serde(default)]
    pub(crate) lmtp: Option<Lmtp>,
    /// The malware scanner (clamd) that sees what people attach and open; left out, nothing is scanned.
    #[serde(default)]
    pub(crate) scanner: Option<MailScanner>,
    /// The mail server that the administration keeps; left out, mail lies in this installation's own store.
    #[serde(default)]
    pub(crate) server: Option<MailServer>,
    /// How pictures are fetched that lie elsewhere, where an administration allows it; left out, none are.
    #[serde(default)]
    pub(crate) pictures: Option<MailPictures>,
}

/// Where the malware scanner listens: one of both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MailScanner {
    /// At a socket on this machine, such as `/run/clamav/clamd.ctl`.
    Socket(PathBuf),
    /// At a host and port, such as `127.0.0.1:3310`. Files go there in clear.
    Address(String),
}

impl Mail {
    /// The paths of its files.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let scanner = match &mut self.scanner {
            Some(MailScanner::Socket(path)) => Some(path),
            _ => None,
        };
        let server = self.server.iter_mut().flat_map(MailServer::paths);
        let smarthost = self.smarthost.iter_mut().flat_map(Smarthost::paths);
        let lmtp = self.lmtp.iter_mut().flat_map(|lmtp| &mut lmtp.socket);
        server.chain(smarthost).chain(lmtp).chain(scanner)
    }

    /// What is wrong with it, by the section and the key that is.
    pub(super) fn faults(&self) -> impl Iterator<Item = (&'static str, &'static str, String)> {
        let scanner = match &self.scanner {
            Some(MailScanner::Address(address)) if !is_host_and_port(address) => {
                let message = format!("`{address}` is no address of a scanner; write it as host:port");
                Some(("[mail.scanner]", "address", message))
            }
            _ => None,
        };
        let of = |section| move |(key, message)| (section, key, message);
        let server = self.server.iter().flat_map(MailServer::faults).map(of("[mail.server]"));
        let smarthost = self.smarthost.iter().flat_map(Smarthost::faults).map(of("[mail.smarthost]"));
        let lmtp = self.lmtp.iter().flat_map(Lmtp::faults).map(of("[mail.lmtp]"));
        let pictures = self.pictures.iter().flat_map(MailPictures::faults).map(of("[mail.pictures]"));
        server.chain(smarthost).chain(lmtp).chain(scanner).chain(pictures)
    }
}

impl From<&MailScanner> for ScannerAddress {
    fn from(scanner: &MailScanner) -> Self {
        match scanner {
            MailScanner::Socket(path) => Self::Socket(path.clone()),
            MailScanner::Address(address) => Self::Tcp(address.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn read(scanner: &str) -> Result<Option<MailScanner>, String> {
        let text = format!(
            "[server]\ndata_dir = \"data\"\npublic_url = \"https://fernamt.example.org\"\n\n[[listener]]\nzone = \
             \"office\"\naddress = \"10.0.0.1:8443\"\ntls = \"self-signed\"\nadministration = true\n\n[mail]\n{scanner}"
        );
        let config = Config::parse(&text, Path::new("/etc/fernamt"));
        config.map(|config| config.mail.unwrap_or_default().scanner).map_err(|faults| faults[0].to_string())
    }

    #[test]
    fn a_scanner_has_one_place() {
        assert_eq!(read(""), Ok(None));
        let socket = |path: &str| Ok(Some(MailScanner::Socket(path.into())));
        assert_eq!(read("[mail.scanner]\nsocket = \"/run/clamd\"\n"), socket("/run/clamd"));
        assert_eq!(read("[mail.scanner]\nsocket = \"clamd\"\n"), socket("/etc/fernamt/clamd"));
        let address = Ok(Some(MailScanner::Address("10.0.0.7:3310".into())));
        assert_eq!(read("[mail.scanner]\naddress = \"10.0.0.7:3310\"\n"), address);
        let wrong = read("[mail.scanner]\naddress = \"10.0.0.7\"\n").unwrap_err();
        assert!(wrong.starts_with("line 13: ") && wrong.contains("host:port"), "{wrong}");
        assert!(read("[mail.scanner]\naddress = \"a:1\"\nsocket = \"/b\"\n").is_err());
        assert!(read("[mail.scanner]\n").is_err());
    }
}
