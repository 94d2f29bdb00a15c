//! Why something did not work with a mail server.

use std::io;

/// Why something did not work with a mail server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection came about.
    #[error("the mail server cannot be reached")]
    Unreachable(#[source] io::Error),
    /// It is not the server that is trusted, or TLS did not come about.
    #[error("the mail server does not prove who it is")]
    Untrusted(#[source] io::Error),
    /// The configured certificates are none.
    #[error("the certificates cannot be read: give PEM that begins with BEGIN CERTIFICATE")]
    Certificates,
    /// The configured name is neither a host name nor an address.
    #[error("the mail server's name is no host name")]
    HostName,
    /// The connection broke.
    #[error("the connection to the mail server broke")]
    Broken(#[source] io::Error),
    /// It ended the conversation.
    #[error("the mail server ended the conversation")]
    Ended,
    /// It did not answer in time.
    #[error("the mail server did not answer in time")]
    Silent,
    /// An answer is larger than its limit.
    #[error("the mail server's answer is larger than {0} bytes")]
    TooLarge(usize),
    /// There are more of something than we take.
    #[error("the mail server told more than {0} {1}")]
    TooMany(usize, &'static str),
    /// An answer does not follow its protocol.
    #[error("the mail server's answer cannot be read: {0}")]
    Unreadable(&'static str),
    /// It refused name, password or acting for somebody.
    #[error("the mail server refused the sign-in")]
    SignIn,
    /// It understood and said no.
    #[error("the mail server refused{}", code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default())]
    Refused {
        /// Its code in capitals, such as `TRYCREATE`, `NONEXISTENT` or `OVERQUOTA`.
        code: Option<String>,
        /// Its own words; they may name people.
        text: String,
    },
    /// It did not understand a command.
    #[error("the mail server did not understand a command")]
    Misunderstood(String),
    /// It lacks what this needs.
    #[error("the mail server does not offer {0}")]
    Missing(&'static str),
    /// What was to be said cannot be said in this protocol.
    #[error("this cannot be said to a mail server: {0}")]
    Unsayable(&'static str),
    /// A message was handed over and the answer never came: it may be on its way or not.
    #[error("it is unknown whether the mail server took the message")]
    Uncertain,
}

impl Error {
    /// Whether the server said no in order, or we did before it was asked, so that the conversation can go on.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Misunderstood(_) | Self::Missing(_) | Self::Unsayable(_))
    }
}
