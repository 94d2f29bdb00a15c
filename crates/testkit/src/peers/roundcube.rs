//! Debian's Roundcube before Debian's Cyrus: the web mail that large mailboxes are raced against.

use std::fs;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::{Cyrus, Namespace, Network, quoted};

/// Not in every peer's root: only a bench needs them.
const PACKAGES: &[&str] =
    &["php-cli", "php-intl", "php-mbstring", "php-sqlite3", "roundcube-core", "roundcube-sqlite3"];
const PERSON: (&str, &str) = ("ada", "Linde-Fluss-27");

/// A running Roundcube with one person's mailbox.
#[derive(Debug)]
pub struct Roundcube {
    cyrus: Cyrus,
}

/// How long something took, and what came of it.
#[derive(Debug, Deserialize)]
pub struct Taken {
    /// In milliseconds, the fastest first.
    pub times: Vec<f64>,
    /// How many messages were found.
    pub found: usize,
}

impl Roundcube {
    /// Starts it. Its mail lies on the disk and not in memory, as everywhere else.
    pub fn start() -> Result<Self> {
        let namespace = Namespace::start_with("roundcube", Network::Private, PACKAGES)?;
        let on_disk =
            "plaintext=yes\nmkdir -p /share/spool/mail /var/spool/cyrus\nmount --bind /share/spool /var/spool/cyrus";
        let cyrus = Cyrus::start_in(namespace, &[PERSON], on_disk)?;
        cyrus.namespace().run(include_str!("roundcube.sh"))?;
        let share = cyrus.namespace().share();
        fs::write(share.join("roundcube.py"), include_str!("roundcube.py"))?;
        fs::create_dir(share.join("import")).context("a place for letters")?;
        let roundcube = Self { cyrus };
        // Cyrus makes a mailbox when somebody signs in first.
        roundcube.measure("first screen", 1)?;
        Ok(roundcube)
    }

    /// Puts a message aside for the person; [`Roundcube::take_in`] brings all of them at once into a folder. Numbers begin at 1.
    pub fn put_aside(&self, number: usize, message: &[u8]) -> Result<()> {
        let path = self.cyrus.namespace().share().join(format!("import/{number}."));
        fs::write(&path, message).with_context(|| format!("write {}", path.display()))
    }

    /// Brings what was put aside into a folder, where Cyrus finds it by looking: much faster than one by one.
    pub fn take_in(&self, folder: &str) -> Result<()> {
        let mailbox = if folder == "INBOX" { "user/ada".to_owned() } else { format!("user/ada/{folder}") };
        let script = format!(
            "place=$(su cyrus -s /bin/sh -c 'cyrus mbpath {mailbox}')\n\
             find /share/import -type f -exec mv -t \"$place\" {{}} +\n\
             chown -R cyrus:mail \"$place\"\n\
             su cyrus -s /bin/sh -c 'cyrus reconstruct {mailbox}' >/share/reconstruct.log",
        );
        self.cyrus.namespace().run(&script).map(drop)
    }

    /// Asks what a browser asks, so many times: for the `first screen`, for `another folder` (Archive and INBOX in turn), or, with
    /// any other text, for the messages that hold it anywhere.
    pub fn measure(&self, case: &str, rounds: usize) -> Result<Taken> {
        let (person, password) = PERSON;
        let script = format!("python3 /share/roundcube.py {person} {password} {rounds} {}", quoted(case));
        let printed = self.cyrus.namespace().run(&script)?;
        serde_json::from_str(&printed).with_context(|| format!("Roundcube answered something else: {printed}"))
    }
}
