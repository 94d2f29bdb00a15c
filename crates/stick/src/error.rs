//! What can go wrong on the way to the gateway and with the stick's own files.

use std::path::PathBuf;

/// Why the stick could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StickError {
    /// The gateway's address is not one.
    #[error("the address of the gateway is not one: {0}")]
    Address(String),
    /// A file of certificate authorities has none.
    #[error("{path}: no certificates in it")]
    Authorities {
        /// The file.
        path: PathBuf,
    },
    /// The system trusts nobody.
    #[error("this system names no certificate authority; name a file with --ca")]
    NoAuthority,
    /// TLS refuses its own settings.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// Nothing answers there.
    #[error("{host} cannot be reached")]
    Unreachable {
        /// Where.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// The way took too long to stand.
    #[error("the gateway does not answer in time")]
    Late,
    /// The gateway does not want to.
    #[error("the gateway refused: {0}")]
    Refused(#[source] Box<tokio_tungstenite::tungstenite::Error>),
    /// The way broke under us.
    #[error("the line broke")]
    Broken(#[source] Box<tokio_tungstenite::tungstenite::Error>),
    /// The runtime did not start.
    #[error("the runtime could not be started")]
    Runtime(#[source] std::io::Error),
}
