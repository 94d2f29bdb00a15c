//! LDAP directories and Active Directory: test, sign-in by bind, and regular synchronisation.
//!
//! `snapshot` turns what the directory answered into people and groups, `sync` brings the store into line with it.

mod apply;
pub mod client;
mod kept;
mod plan;
pub mod snapshot;
pub mod sync;
mod tls;

use std::collections::BTreeMap;

use fernamt_domain::Secret;
use url::Url;

/// How to reach a directory and what to look for in it.
#[derive(Debug, Clone)]
pub struct DirectoryConfig {
    /// `ldaps://…`; with `ldap://…` the connection is secured by `StartTLS` before anything else is said.
    pub url: Url,
    /// Who reads the directory for us.
    pub bind_dn: String,
    /// Their password.
    pub bind_password: Secret<String>,
    /// Below which entry people and groups live.
    pub base_dn: String,
    /// Which entries are people; empty for the usual.
    pub person_filter: String,
    /// Which entries are groups; empty for the usual.
    pub group_filter: String,
    /// The certificates to trust.
    pub ca_pem: String,
}

/// Which family a directory belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Active Directory, or Samba as a domain controller.
    ActiveDirectory,
    /// `OpenLDAP` and its like.
    Ldap,
}

/// What went wrong with the directory, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// The address is not usable.
    #[error("the address must read ldaps://host or ldap://host, with a port if it is not the usual one")]
    Address,
    /// No certificate can be read.
    #[error(
        "the certificates cannot be read: paste the authority's certificate in PEM form, beginning with BEGIN CERTIFICATE"
    )]
    Certificates,
    /// No connection.
    #[error("no connection to {host}: {why}; check the address, the port and the firewall in between")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the system said.
        why: String,
    },
    /// TLS failed.
    #[error(
        "{host} was reached, but its certificate is not trusted: {why}; enter the certificate of the authority that signed it"
    )]
    Untrusted {
        /// Host and port.
        host: String,
        /// What the verifier said.
        why: String,
    },
    /// The directory did not answer in time.
    #[error("{host} did not answer in time; try again, or check its load")]
    Timeout {
        /// Host and port.
        host: String,
    },
    /// The reading account was refused.
    #[error("the directory refused the reading account; check its name (as a distinguished name) and password")]
    BindRefused,
    /// The base does not exist.
    #[error("the directory holds no entry named by the base; check its spelling")]
    BaseMissing,
    /// A filter cannot be parsed.
    #[error("a filter cannot be read; it must be an LDAP filter in round brackets")]
    Filter,
    /// The answer was cut off.
    #[error(
        "the directory gave only part of the answer ({why}); raise its limits for the reading account, or narrow the filter"
    )]
    Incomplete {
        /// What was cut.
        why: String,
    },
    /// Nobody was found.
    #[error("no person was found below the base; check base and filter")]
    Nobody,
    /// Suspiciously many people vanished at once.
    #[error(
        "{gone} of {known} people vanished from the directory at once: nothing was changed; check base, filter and the reading account's rights"
    )]
    ManyVanished {
        /// How many vanished.
        gone: usize,
        /// How many there were.
        known: usize,
    },
    /// Any other answer.
    #[error("the directory answered with code {code}: {text}")]
    Answer {
        /// The LDAP result code.
        code: u32,
        /// What it said.
        text: String,
    },
    /// The connection broke.
    #[error("the connection to the directory broke: {0}")]
    Broken(String),
}

impl DirectoryError {
    /// The values that belong in a sentence about it. `why` is in the words of the system or the directory.
    pub fn params(&self) -> BTreeMap<String, String> {
        let pairs: Vec<(&str, String)> = match self {
            Self::Unreachable { host, why } | Self::Untrusted { host, why } => {
                vec![("host", host.clone()), ("why", why.clone())]
            }
            Self::Timeout { host } => vec![("host", host.clone())],
            Self::Incomplete { why } | Self::Broken(why) => vec![("why", why.clone())],
            Self::ManyVanished { gone, known } => vec![("gone", gone.to_string()), ("known", known.to_string())],
            Self::Answer { code, text } => vec![("code", code.to_string()), ("why", text.clone())],
            _ => Vec::new(),
        };
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The stable word for the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address => "directory_address",
            Self::Certificates => "directory_certificates",
            Self::Unreachable { .. } => "directory_unreachable",
            Self::Untrusted { .. } => "directory_untrusted",
            Self::Timeout { .. } => "directory_timeout",
            Self::BindRefused => "directory_bind_refused",
            Self::BaseMissing => "directory_base_missing",
            Self::Filter => "directory_filter",
            Self::Incomplete { .. } => "directory_incomplete",
            Self::Nobody => "directory_nobody",
            Self::ManyVanished { .. } => "directory_many_vanished",
            Self::Answer { .. } => "directory_answer",
            Self::Broken(_) => "directory_broken",
        }
    }
}
