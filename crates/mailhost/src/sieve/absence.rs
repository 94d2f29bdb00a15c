//! An absence as Sieve scripts: ours answers (RFC 5230), and the person's own script goes on beside it.
//!
//! A server lets one script count. Where a person has one, ours includes it (RFC 6609) and it stays as it is. Without that
//! extension the absence is refused: nobody's filing is switched off by us.

use std::fmt::Write as _;

use time::{OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description};

use super::{Sieve, connection::is_plain};
use crate::Error;

/// The script that answers.
const ANSWERS: &str = "fernamt-absence";
/// The script that counts while the person has one of their own: it leads to both.
const BOTH: &str = "fernamt";
/// One sender gets no second answer before.
const DAYS_BETWEEN_ANSWERS: u32 = 30;
/// The most bytes of subject and text together.
const MAX_TEXT_BYTES: usize = 64 * 1024;

const DAY: &[BorrowedFormatItem<'_>] = format_description!(version = 2, "[year]-[month]-[day]");
const TIME: &[BorrowedFormatItem<'_>] = format_description!(version = 2, "[hour]:[minute]:[second]");

/// An absence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Absence {
    /// From when senders are answered; at once without it.
    pub from: Option<OffsetDateTime>,
    /// Until when; without it until it is ended.
    pub until: Option<OffsetDateTime>,
    /// The subject of answers; the server's own way without it.
    pub subject: Option<String>,
    /// What answers say.
    pub text: String,
    /// All addresses of whoever is away: mail that names none of them is not answered.
    pub addresses: Vec<String>,
}

/// Whether senders are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDuty {
    /// No absence lies at the server.
    Yes,
    /// An absence lies there and counts.
    No,
    /// An absence lies there, but somebody let another script count since.
    Overruled,
}

impl Absence {
    /// The script.
    pub(crate) fn script(&self) -> Result<String, Error> {
        if self.text.len() + self.subject.as_ref().map_or(0, String::len) > MAX_TEXT_BYTES {
            return Err(Error::TooLarge(MAX_TEXT_BYTES));
        }
        let mut conditions = Vec::new();
        conditions.extend(self.from.map(|from| moment(from, "ge")).transpose()?);
        conditions.extend(self.until.map(|until| moment(until, "lt")).transpose()?);
        let mut script = "# Written by Fernamt; changes are lost when the absence is changed there.\r\n".to_owned();
        let required =
            if conditions.is_empty() { "[\"vacation\"]" } else { "[\"vacation\", \"date\", \"relational\"]" };
        let _ = write!(script, "require {required};\r\n");
        let mut act = format!("vacation :days {DAYS_BETWEEN_ANSWERS}");
        if let Some(subject) = &self.subject {
            let _ = write!(act, " :subject {}", quoted(&subject.replace(['\r', '\n'], " ")));
        }
        if !self.addresses.is_empty() {
            let addresses: Vec<_> = self.addresses.iter().map(|address| quoted(address)).collect();
            let _ = write!(act, " :addresses [{}]", addresses.join(", "));
        }
        let _ = write!(act, " {};", quoted(&with_crlf(&self.text)));
        if conditions.is_empty() {
            let _ = write!(script, "{act}\r\n");
        } else {
            let _ = write!(script, "if allof({}) {{\r\n{act}\r\n}}\r\n", conditions.join(",\r\n"));
        }
        Ok(script)
    }
}

/// A test whether it is later (`ge`) or earlier (`lt`) than a moment. Day and time are compared apart, since servers do not
/// agree on how both are written together.
fn moment(at: OffsetDateTime, relation: &str) -> Result<String, Error> {
    let at = at.to_offset(UtcOffset::UTC);
    let unsayable = |_| Error::Unsayable("a date before the year 0");
    let (day, time) = (at.format(DAY).map_err(unsayable)?, at.format(TIME).map_err(unsayable)?);
    let strictly = if relation == "ge" { "gt" } else { "lt" };
    let zone = "currentdate :zone \"+0000\"";
    Ok(format!(
        "anyof({zone} :value \"{strictly}\" \"date\" \"{day}\", allof({zone} :is \"date\" \"{day}\", \
         {zone} :value \"{relation}\" \"time\" \"{time}\"))"
    ))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\0', "").replace('\\', "\\\\").replace('"', "\\\""))
}

fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

/// The script that leads to ours and to the person's own, whose name is plain.
fn both(own: &str) -> String {
    let (ours, own) = (quoted(ANSWERS), quoted(own));
    format!("require [\"include\"];\r\ninclude :personal {ours};\r\ninclude :personal {own};\r\n")
}

/// The person's own script that [`both`] leads to.
fn own_of(script: &str) -> Option<String> {
    let line = script.lines().filter(|line| line.starts_with("include :personal ")).nth(1)?;
    let inner = line.trim_end().strip_prefix("include :personal \"")?.strip_suffix("\";")?;
    Some(inner.to_owned())
}

impl Sieve {
    /// Lets the server answer senders from now on, or answer them otherwise than before.
    pub async fn begin_absence(&mut self, absence: &Absence) -> Result<(), Error> {
        if !self.extends("vacation") {
            return Err(Error::Missing("answers during an absence (Sieve vacation)"));
        }
        if (absence.from.is_some() || absence.until.is_some()) && !(self.extends("date") && self.extends("relational"))
        {
            return Err(Error::Missing("an absence with dates (Sieve date and relational)"));
        }
        let script = absence.script()?;
        let active = self.scripts().await?.into_iter().find(|script| script.active).map(|script| script.name);
        match active.as_deref() {
            None | Some(ANSWERS) => {
                self.put(ANSWERS, &script).await?;
                self.activate(ANSWERS).await
            }
            // It leads to what is put here.
            Some(BOTH) => self.put(ANSWERS, &script).await,
            // Servers do not agree on other names, and a script that is not found from ours would be switched off.
            Some(own) if !is_plain(own) => {
                Err(Error::Unsayable("an absence beside a script with other than plain letters in its name"))
            }
            Some(own) => {
                if !self.extends("include") {
                    return Err(Error::Missing("an absence beside somebody's own script (Sieve include)"));
                }
                self.put(ANSWERS, &script).await?;
                self.put(BOTH, &both(own)).await?;
                self.activate(BOTH).await
            }
        }
    }

    /// Ends an absence: the person's own script counts again, and ours are gone.
    pub async fn end_absence(&mut self) -> Result<(), Error> {
        let scripts = self.scripts().await?;
        let is_there = |name: &str| scripts.iter().any(|script| script.name == name);
        match scripts.iter().find(|script| script.active).map(|script| script.name.as_str()) {
            Some(ANSWERS) => self.activate("").await?,
            Some(BOTH) => {
                let own = own_of(&self.script(BOTH).await?).filter(|own| is_there(own)).unwrap_or_default();
                self.activate(&own).await?;
            }
            _ => {}
        }
        for name in [BOTH, ANSWERS] {
            if is_there(name) {
                self.delete(name).await?;
            }
        }
        Ok(())
    }

    /// Whether senders are answered.
    pub async fn on_duty(&mut self) -> Result<OnDuty, Error> {
        let scripts = self.scripts().await?;
        let active = scripts.iter().any(|script| script.active && [ANSWERS, BOTH].contains(&script.name.as_str()));
        let there = scripts.iter().any(|script| script.name == ANSWERS);
        Ok(match (there, active) {
            (false, _) => OnDuty::Yes,
            (true, true) => OnDuty::No,
            (true, false) => OnDuty::Overruled,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::{super::connection::tests::scripted, *};

    #[test]
    fn a_script_says_when_and_what_and_nothing_breaks_out_of_it() {
        let absence = Absence {
            from: Some(datetime!(2026-11-23 08:30 +02:00)),
            until: None,
            subject: Some("Away\r\nBcc: x".to_owned()),
            text: "\"; stop; \\\nBye".to_owned(),
            addresses: vec!["ada@amt.test".to_owned(), "a\"b@amt.test".to_owned()],
        };
        let script = absence.script().expect("a script");
        assert!(
            script.contains(":value \"gt\" \"date\" \"2026-11-23\"") && script.contains("\"ge\" \"time\" \"06:30:00\"")
        );
        assert!(script.contains(":subject \"Away  Bcc: x\" :addresses [\"ada@amt.test\", \"a\\\"b@amt.test\"]"));
        assert!(script.contains(" \"\\\"; stop; \\\\\r\nBye\";"), "{script}");
        let plain = Absence { text: "Bye".to_owned(), ..Absence::default() }.script().expect("a script");
        assert!(plain.ends_with("require [\"vacation\"];\r\nvacation :days 30 \"Bye\";\r\n"));
        let long = Absence { text: "x".repeat(MAX_TEXT_BYTES + 1), ..Absence::default() };
        assert!(matches!(long.script(), Err(Error::TooLarge(MAX_TEXT_BYTES))));
    }

    #[tokio::test]
    async fn somebodys_own_script_goes_on_beside_the_absence() {
        let answers = &["\"mine\" ACTIVE\r\nOK\r\n", "OK\r\n", "OK\r\n", "OK\r\n"];
        let (mut sieve, server) = scripted("vacation include", answers);
        sieve.begin_absence(&Absence::default()).await.expect("begun");
        drop(sieve);
        let said = server.await.expect("said");
        assert!(said.contains("include :personal \"mine\";") && said.ends_with("SETACTIVE \"fernamt\"\r\n"), "{said}");
    }

    #[tokio::test]
    async fn without_include_somebodys_own_script_is_not_switched_off() {
        let (mut sieve, server) = scripted("vacation", &["\"mine\" ACTIVE\r\nOK\r\n"]);
        assert!(matches!(sieve.begin_absence(&Absence::default()).await, Err(Error::Missing(_))));
        drop(sieve);
        assert_eq!(server.await.expect("said"), "LISTSCRIPTS\r\n");
        let (mut sieve, _server) = scripted("vacation include", &["{6}\r\nB\u{fc}ro\" ACTIVE\r\nOK\r\n"]);
        assert!(matches!(sieve.begin_absence(&Absence::default()).await, Err(Error::Unsayable(_))));
        let (mut sieve, _server) = scripted("vacation", &[]);
        let dated = Absence { until: Some(datetime!(2026-12-01 00:00 UTC)), ..Absence::default() };
        assert!(matches!(sieve.begin_absence(&dated).await, Err(Error::Missing(_))));
    }

    proptest! {
        #[test]
        fn the_own_script_is_found_again(name in "[^\\r\\n\\x00\"\\\\]{1,40}") {
            prop_assert_eq!(own_of(&both(&name)), Some(name));
        }
    }
}
