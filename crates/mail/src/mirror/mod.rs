//! Mirrors: the mailboxes of a mail server that an administration keeps, in the index that every method reads (ADR 0033).
//!
//! The store remembers what both sides last agreed on. Whatever differs from that on the server was changed there and is
//! done in the index ([`fetch`], [`apply`]); whatever differs from it in the index was changed here and is carried to the
//! server ([`carry`]). Both are done in one [`round`], again and again for as long as somebody uses the account ([`task`]).
//! Where both sides moved or destroyed the same message, the server's word counts, and what it refuses is undone here. So is
//! the answer while somebody is away ([`absence`]), which the server gives to what arrives there, and what others may do in
//! the mailbox ([`rights`]).

mod absence;
mod absence_aside;
mod absence_refused;
mod apply;
mod carry;
mod carry_folders;
mod fetch;
mod flags;
mod folders;
mod full;
mod layout;
mod left_out;
mod letter;
mod mirrors;
mod plan;
mod raw;
mod rest;
mod rights;
mod rights_breaks;
mod rights_carry;
mod rights_new;
mod rights_note;
mod rights_one;
mod rights_owed;
mod rights_table;
mod round;
mod step;
mod task;
mod told;
mod transfer;
mod wire;

use fernamt_domain::Secret;
use fernamt_mailhost::{Login, Server};
use fernamt_store::StoreError;
use time::Duration;

pub(crate) use mirrors::Mirrors;
pub(crate) use raw::is_note;

/// How many messages are taken in at once.
const BATCH: usize = 50;
/// How many bytes of messages are taken in at once, or one message.
const MAX_BATCH_BYTES: usize = 8 << 20;
/// How many messages' changes are carried or settled at once.
const STEP: usize = 200;
/// How long a message may still turn up on the server after the conversation broke in which it was being put there: twice
/// as long as a server may be silent.
const SETTLED_AFTER: Duration = Duration::minutes(2);
/// After how long something that the server refused is tried again.
const REFUSED_FOR: Duration = Duration::HOUR;

/// A mail server that an administration keeps, and how to speak to it for its people.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// The host name of the administration whose server it is. Nobody else's accounts are mirrored.
    pub tenant_host: String,
    /// What its people's addresses end in, in lower case.
    pub domain: String,
    /// Where IMAP is spoken.
    pub imap: Server,
    /// Where `ManageSieve` is spoken, so that absences are carried there; nowhere if only we answer.
    pub sieve: Option<Server>,
    /// Who may act for everybody there.
    pub operator: String,
    /// The operator's password.
    pub password: Secret<String>,
    /// Names on the server that are nobody's mailbox, in lower case: who acts for one of them might open all.
    pub reserved: Vec<String>,
}

impl MailServer {
    /// The name by which the server knows the mailbox of an address, if it has one.
    fn user_of<'a>(&self, address: &'a str) -> Option<&'a str> {
        let name = address.strip_suffix(self.domain.as_str())?.strip_suffix('@')?;
        // Slashes, stars and the like mean something in names of mailboxes.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_plain = !name.is_empty() && name.bytes().all(plain) && !name.starts_with('.');
        let is_reserved = name.eq_ignore_ascii_case(&self.operator)
            || self.reserved.iter().any(|word| name.eq_ignore_ascii_case(word));
        (is_plain && !is_reserved).then_some(name)
    }

    fn login(&self, user: &str) -> Login {
        Login { user: self.operator.clone(), password: self.password.clone(), on_behalf_of: Some(user.to_owned()) }
    }
}

/// Why a round was not finished.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The mail server, or the way to it.
    #[error(transparent)]
    Server(#[from] fernamt_mailhost::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no mailbox of this name, or one that is nobody's own.
    #[error("the mail server shows no INBOX for the account")]
    NoInbox,
    /// A folder changed in a way that needs another look from the beginning.
    #[error("a folder of the mail server began anew while it was looked into")]
    Unsteady,
}

impl MirrorError {
    /// Whether this says nothing about the mailboxes of others.
    fn is_of_the_account(&self) -> bool {
        match self {
            Self::Server(fernamt_mailhost::Error::SignIn) | Self::NoInbox | Self::Unsteady | Self::Store(_) => true,
            // What one mailbox holds may be too much, or written as nobody can read it.
            Self::Server(
                fernamt_mailhost::Error::TooLarge(_)
                | fernamt_mailhost::Error::TooMany(..)
                | fernamt_mailhost::Error::Unreadable(_),
            ) => true,
            Self::Server(error) => error.is_refusal(),
        }
    }
}

#[cfg(test)]
mod tests {
    use fernamt_mailhost::{Error, Security, Trust};

    use super::*;

    #[test]
    fn one_mailbox_that_cannot_be_read_is_no_fault_of_the_server() {
        for error in [Error::TooLarge(7), Error::TooMany(7, "folders"), Error::Unreadable("x"), Error::SignIn] {
            assert!(MirrorError::Server(error).is_of_the_account());
        }
        assert!(!MirrorError::Server(Error::Silent).is_of_the_account());
    }

    #[test]
    fn nobody_acts_for_a_name_that_opens_more_than_one_mailbox() {
        let trust = Trust::of_this_machine().expect("some trust");
        let server = MailServer {
            tenant_host: "fernamt.amt.example".to_owned(),
            domain: "amt.example".to_owned(),
            imap: Server { host: "mail.amt.example".to_owned(), port: 993, security: Security::Tls, trust },
            sieve: None,
            operator: "fernamt".to_owned(),
            password: "Linde".into(),
            reserved: vec!["cyrus".to_owned()],
        };
        assert_eq!(server.user_of("ada.l-2@amt.example"), Some("ada.l-2"));
        for other in [
            "ada@other.example",
            "ada@x.amt.example",
            "@amt.example",
            "fernamt@amt.example",
            "cyrus@amt.example",
            "Cyrus@amt.example",
            "a/b@amt.example",
            "a*@amt.example",
            "ü@amt.example",
            ".a@amt.example",
            "adaamt.example",
        ] {
            assert_eq!(server.user_of(other), None, "{other}");
        }
    }
}
