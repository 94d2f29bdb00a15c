//! The way in for mail from outside. Left out, none comes.

use std::{net::SocketAddr, path::PathBuf};

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The way in for mail from outside: the mail server of the house hands over by LMTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lmtp {
    /// A Unix socket that is made here; this or `address`.
    #[serde(default)]
    pub(crate) socket: Option<PathBuf>,
    /// Address and port; this or `socket`. Beyond the loopback `peers` has to say who may connect.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(crate) address: Option<SocketAddr>,
    /// Networks of the mail servers that may connect beside this machine itself, such as `192.0.2.25/32`. What they hand over
    /// goes over the line in clear.
    #[serde(default)]
    pub(crate) peers: Vec<String>,
}

impl Lmtp {
    /// The networks that may connect.
    pub(crate) fn networks(&self) -> Vec<IpNet> {
        self.peers.iter().filter_map(|peer| peer.parse().ok()).collect()
    }

    /// What is wrong with it, by the key that is.
    pub(super) fn faults(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.socket.is_some() == self.address.is_some() {
            let key = if self.socket.is_some() { "address" } else { "socket" };
            found.push((key, "set one of `socket` and `address`".to_owned()));
        }
        let is_open = self.address.is_some_and(|address| !address.ip().to_canonical().is_loopback());
        if is_open && self.peers.is_empty() {
            let message = "beyond the loopback `peers` must name the mail servers that may connect, such as \
                           [\"192.0.2.25/32\"]";
            found.push(("address", message.to_owned()));
        }
        if let Some(wrong) = self.peers.iter().find(|peer| peer.parse::<IpNet>().is_err()) {
            found.push(("peers", format!("`{wrong}` is no network; write it like 192.0.2.25/32")));
        }
        if let Some(wide) = self.networks().iter().find(|network| network.prefix_len() == 0) {
            found.push(("peers", format!("`{wide}` is everybody; name the mail servers that hand over")));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;

    fn faults(lmtp: &str) -> Vec<String> {
        let text = format!(
            "[server]\ndata_dir = \"data\"\npublic_url = \"https://fernamt.example.org\"\n\n[[listener]]\nzone = \
             \"office\"\naddress = \"10.0.0.1:8443\"\ntls = \"self-signed\"\nadministration = true\n\n\
             [mail.lmtp]\n{lmtp}"
        );
        match Config::parse(&text, Path::new("/etc/fernamt")) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn mail_comes_from_this_machine_or_from_whom_is_named() {
        for good in [
            "socket = \"/run/fernamt/lmtp\"\n",
            "address = \"127.0.0.1:24\"\n",
            "address = \"0.0.0.0:24\"\npeers = [\"192.0.2.25/32\", \"2001:db8::/64\"]\n",
        ] {
            assert_eq!(faults(good), Vec::<String>::new(), "{good}");
        }
        for (text, line, words) in [
            ("", None, "set one of"),
            ("socket = \"s\"\naddress = \"127.0.0.1:24\"\n", Some(13), "set one of"),
            ("address = \"0.0.0.0:24\"\n", Some(12), "must name the mail servers"),
            ("address = \"0.0.0.0:24\"\npeers = [\"mail.amt.test\"]\n", Some(13), "is no network"),
            ("address = \"0.0.0.0:24\"\npeers = [\"0.0.0.0/0\"]\n", Some(13), "is everybody"),
            ("address = \"127.0.0.1:8443\"\n\n[metrics]\naddress = \"127.0.0.1:8443\"\n", Some(15), "listens on"),
        ] {
            let found = faults(text);
            let begins = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            assert!(found.iter().any(|fault| fault.starts_with(&begins) && fault.contains(words)), "{text}: {found:?}");
        }
    }
}
