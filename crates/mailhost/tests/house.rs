//! A house with a mail server.

use std::fs;

use fernamt_mailhost::{Error, Login, Security, Server, Trust, imap::Imap, sieve::Sieve, submission::Submission};
use fernamt_testkit::peers::{Cyrus, Door};

/// A mail server with two people, and the ways to it.
pub(crate) struct House {
    pub(crate) cyrus: Cyrus,
    pub(crate) trust: Trust,
}

impl House {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let cyrus = Cyrus::start(&[("ada", "Linde-Fluss-27"), ("bob", "Linde-Fluss-28")])?;
        let trust = Trust::only(&fs::read(cyrus.authority_file())?)?;
        Ok(Self { cyrus, trust })
    }

    pub(crate) fn server(&self, door: &Door, security: Security) -> Server {
        Server { host: "localhost".to_owned(), port: door.address().port(), security, trust: self.trust.clone() }
    }

    /// The operator's login, for whoever it acts for.
    pub(crate) fn login(&self, on_behalf_of: Option<&str>) -> Login {
        Login {
            user: self.cyrus.operator.to_owned(),
            password: self.cyrus.operator_password.into(),
            on_behalf_of: on_behalf_of.map(str::to_owned),
        }
    }

    pub(crate) async fn imap(&self, person: &str) -> Result<Imap, Error> {
        Imap::connect(&self.server(&self.cyrus.imap, Security::StartTls), &self.login(Some(person))).await
    }

    pub(crate) async fn sieve(&self, person: &str) -> Result<Sieve, Error> {
        // Cyrus makes a mailbox with the first sign-in to IMAP, and keeps no scripts without one.
        self.imap(person).await?.log_out().await?;
        Sieve::connect(&self.server(&self.cyrus.sieve, Security::StartTls), &self.login(Some(person))).await
    }

    pub(crate) async fn submission(&self) -> Result<Submission, Error> {
        let server = self.server(&self.cyrus.submission, Security::StartTls);
        Submission::connect(&server, &self.login(None)).await
    }

    /// Hands a message over. It is delivered soon after that.
    pub(crate) async fn deliver(&self, from: &str, to: &str, message: &str) {
        let mut submission = self.submission().await.expect("a way in");
        let recipients = [format!("{to}@amt.test")];
        let outcome = submission.submit(&format!("{from}@amt.test"), &recipients, message.as_bytes()).await;
        assert_eq!(outcome.expect("taken").taken, recipients);
    }
}
