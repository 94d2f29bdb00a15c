//! A signed-in connection: scripts are listed, read, put, and one of them counts.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::timeout;

use super::{Answer, MAX_SCRIPT_BYTES, MAX_SCRIPTS};
use crate::{
    Error, Login, Server,
    line::{Line, Security},
    words::{Word, read_answer_within},
};

/// How long one command may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(120);
/// The most lines of an answer.
const MAX_LINES: usize = MAX_SCRIPTS + 100;
/// The most bytes of an answer that are no script.
const MAX_TEXT_BYTES: usize = 256 * 1024;
/// The most bytes of an answer, all its lines together.
const MAX_ANSWER_BYTES: usize = MAX_SCRIPT_BYTES + MAX_TEXT_BYTES;
/// A script of no more bytes is put without asking whether there is room.
const SMALL_SCRIPT_BYTES: usize = 4 * 1024;

/// A script that lies at the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its name; empty where the server tells it so that nobody can read it.
    pub name: String,
    /// Whether it is the one that counts.
    pub active: bool,
}

/// A connection to a `ManageSieve` server on which somebody is signed in.
#[derive(Debug)]
pub struct Sieve {
    line: Line,
    capabilities: BTreeMap<String, String>,
    broken: bool,
}

impl Sieve {
    /// Connects and signs in.
    pub async fn connect(server: &Server, login: &Login) -> Result<Self, Error> {
        timeout(COMMAND_LIMIT, async {
            let mut sieve = Self::new(Line::connect(server).await?);
            sieve.hear_capabilities().await?;
            if server.security == Security::StartTls {
                sieve.run("STARTTLS".to_owned()).await?;
                // What was told in clear may not be the server's word; it tells it once more.
                sieve = Self::new(sieve.line.with_tls(server).await?);
                sieve.hear_capabilities().await?;
            }
            let mechanisms = sieve.capabilities.get("SASL").map(String::as_str).unwrap_or_default();
            if !mechanisms.split_ascii_whitespace().any(|name| name.eq_ignore_ascii_case("PLAIN")) {
                return Err(Error::Missing("sign-in by PLAIN"));
            }
            let plain = login.plain()?;
            match sieve.run(format!("AUTHENTICATE \"PLAIN\" \"{}\"", plain.expose())).await {
                Ok(_) => Ok(sieve),
                Err(Error::Refused { .. }) => Err(Error::SignIn),
                Err(error) => Err(error),
            }
        })
        .await
        .map_err(|_| Error::Silent)?
    }

    pub(super) fn new(line: Line) -> Self {
        Self { line, capabilities: BTreeMap::new(), broken: false }
    }

    /// Whether scripts may use an extension, such as `vacation`.
    pub fn extends(&self, name: &str) -> bool {
        let known = self.capabilities.get("SIEVE").map(String::as_str).unwrap_or_default();
        known.split_ascii_whitespace().any(|known| known == name)
    }

    async fn hear_capabilities(&mut self) -> Result<(), Error> {
        let lines = self.hear().await?;
        let told = lines.iter().filter_map(|words| {
            let value = words.get(1).and_then(Word::text).unwrap_or_default();
            Some((words.first()?.text()?.to_ascii_uppercase(), value))
        });
        self.capabilities = told.collect();
        Ok(())
    }

    /// All scripts.
    pub async fn scripts(&mut self) -> Result<Vec<Script>, Error> {
        let lines = self.run("LISTSCRIPTS".to_owned()).await?;
        if lines.len() > MAX_SCRIPTS {
            return Err(Error::TooMany(MAX_SCRIPTS, "scripts"));
        }
        let script = |words: &Vec<Word>| {
            let active = words.last().is_some_and(|word| word.is("ACTIVE"));
            let name = match words.as_slice() {
                [Word::Text(name)] => name.as_ref(),
                [Word::Text(name), _] if active => name.as_ref(),
                _ => &[],
            };
            Script { name: String::from_utf8_lossy(name).into_owned(), active }
        };
        Ok(lines.iter().map(script).collect())
    }

    /// What a script says.
    pub async fn script(&mut self, name: &str) -> Result<String, Error> {
        let lines = self.run(format!("GETSCRIPT {}", string(name)?)).await?;
        let text = lines.first().and_then(|words| words.first()?.text());
        text.ok_or(Error::Unreadable("a script without text"))
    }

    /// Puts a script, in place of one with the same name. The server refuses what it does not understand.
    pub async fn put(&mut self, name: &str, script: &str) -> Result<(), Error> {
        if script.len() > MAX_SCRIPT_BYTES {
            return Err(Error::TooLarge(MAX_SCRIPT_BYTES));
        }
        // Cyrus says of one that is too large that it cannot read it, and not why, unless it is asked.
        if script.len() > SMALL_SCRIPT_BYTES {
            self.run(format!("HAVESPACE {} {}", string(name)?, script.len())).await?;
        }
        self.run(format!("PUTSCRIPT {} {{{}+}}\r\n{script}", string(name)?, script.len())).await.map(|_| ())
    }

    /// Lets a script count instead of the one that does; none at all by an empty name.
    pub async fn activate(&mut self, name: &str) -> Result<(), Error> {
        self.run(format!("SETACTIVE {}", string(name)?)).await.map(|_| ())
    }

    /// Gives a script another name, which none has; it counts as before.
    pub async fn rename(&mut self, name: &str, new_name: &str) -> Result<(), Error> {
        self.run(format!("RENAMESCRIPT {} {}", string(name)?, string(new_name)?)).await.map(|_| ())
    }

    /// Deletes a script that does not count.
    pub async fn delete(&mut self, name: &str) -> Result<(), Error> {
        self.run(format!("DELETESCRIPT {}", string(name)?)).await.map(|_| ())
    }

    /// Ends the conversation in order.
    pub async fn log_out(mut self) -> Result<(), Error> {
        match self.run("LOGOUT".to_owned()).await {
            Ok(_) | Err(Error::Ended | Error::Broken(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn run(&mut self, command: String) -> Result<Vec<Vec<Word>>, Error> {
        if self.broken {
            return Err(Error::Ended);
        }
        // Whoever drops the future in the middle, and every fault but a refusal, leaves the conversation unusable.
        self.broken = true;
        let talk = async {
            self.line.send(command.as_bytes()).await?;
            self.line.send(b"\r\n").await?;
            self.hear().await
        };
        let result = timeout(COMMAND_LIMIT, talk).await.unwrap_or(Err(Error::Silent));
        self.broken = !matches!(result, Ok(_) | Err(Error::Refused { .. }));
        result
    }

    async fn hear(&mut self) -> Result<Vec<Vec<Word>>, Error> {
        let too_many = || Error::TooMany(MAX_ANSWER_BYTES, "bytes");
        let (mut lines, mut left) = (Vec::new(), MAX_ANSWER_BYTES);
        loop {
            let (literals, text) = (left.min(MAX_SCRIPT_BYTES), left.min(MAX_TEXT_BYTES));
            let answer = match read_answer_within(&mut self.line, literals, text).await {
                // What we say may be too large, too, and is another fault.
                Err(Error::TooLarge(_)) => return Err(too_many()),
                answer => answer?,
            };
            left = left.checked_sub(answer.len()).ok_or_else(too_many)?;
            match Answer::read(answer)? {
                Answer::Ok => return Ok(lines),
                Answer::No { code, text } => return Err(Error::Refused { code, text }),
                Answer::Bye => return Err(Error::Ended),
                Answer::Line(_) if lines.len() == MAX_LINES => return Err(Error::TooMany(MAX_LINES, "lines")),
                Answer::Line(words) => lines.push(words),
            }
        }
    }
}

/// A string on the line: quoted where nobody can misread it, else as a literal, which a server takes at once. Cyrus reads
/// neither escapes nor letters beyond ASCII in quotes.
fn string(text: &str) -> Result<String, Error> {
    if text.contains('\0') || text.len() > 1024 {
        return Err(Error::Unsayable("a script's name that is too long or holds a zero byte"));
    }
    if is_plain(text) {
        return Ok(format!("\"{text}\""));
    }
    Ok(format!("{{{}+}}\r\n{text}", text.len()))
}

/// Whether every server reads it in quotes as it stands there.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\')
}

#[cfg(test)]
pub(super) mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A connection on which somebody is signed in, to a server whose scripts may use these extensions.
    pub(in crate::sieve) fn signed_in(wire: tokio::io::DuplexStream, extensions: &str) -> Sieve {
        let mut sieve = Sieve::new(Line::over(wire));
        sieve.capabilities.insert("SIEVE".to_owned(), extensions.to_owned());
        sieve
    }

    /// A connection to a server that says `answers` one after the other, each once something was said to it that ends a
    /// line; what was said to it comes back at the end.
    pub(in crate::sieve) fn scripted(
        extensions: &str,
        answers: &'static [&'static str],
    ) -> (Sieve, tokio::task::JoinHandle<String>) {
        let (ours, mut wire) = tokio::io::duplex(1 << 16);
        let sieve = signed_in(ours, extensions);
        let server = tokio::spawn(async move {
            let mut heard = Vec::new();
            for answer in answers {
                let before = heard.len();
                // A command's last line is sent apart.
                while heard.len() - before < 3 || !heard.ends_with(b"\r\n") {
                    let mut part = [0; 4096];
                    let count = wire.read(&mut part).await.expect("something is said");
                    assert_ne!(count, 0, "more answers than commands");
                    heard.extend_from_slice(&part[..count]);
                }
                wire.write_all(answer.as_bytes()).await.expect("somebody listens");
            }
            String::from_utf8(heard).expect("text")
        });
        (sieve, server)
    }

    #[tokio::test]
    async fn scripts_are_listed_and_names_cannot_break_out() {
        let answers = &[
            "\"a\\\"b\" ACTIVE\r\n{1}\r\nc\r\nOK\r\n",
            "NO (NONEXISTENT) \"not there\"\r\n",
            "\"\"own\"\" ACTIVE\r\n\"a\\b\"\r\n\"a\" \"b\"\r\n\"c\"\r\nOK\r\n",
        ];
        let (mut sieve, server) = scripted("vacation", answers);
        let expected = [("a\"b", true), ("c", false)];
        assert_eq!(
            sieve.scripts().await.expect("scripts"),
            expected.map(|(name, active)| Script { name: name.to_owned(), active })
        );
        let refused = sieve.activate("a\"\\").await;
        assert!(matches!(refused, Err(Error::Refused { code: Some(code), .. }) if code == "NONEXISTENT"));
        let expected = [("", true), ("", false), ("", false), ("c", false)];
        assert_eq!(
            sieve.scripts().await.expect("those that nobody can read have no name"),
            expected.map(|(name, active)| Script { name: name.to_owned(), active })
        );
        assert!(
            sieve.activate("a\0").await.is_err() && sieve.put("a", &"x".repeat(MAX_SCRIPT_BYTES + 1)).await.is_err()
        );
        drop(sieve);
        assert_eq!(server.await.expect("said"), "LISTSCRIPTS\r\nSETACTIVE {3+}\r\na\"\\\r\nLISTSCRIPTS\r\n");
    }

    #[tokio::test]
    async fn all_lines_of_an_answer_together_have_a_limit() {
        for part in ["\"name of a script\"\r\n".to_owned(), format!("\"{}\"\r\n", "x".repeat(100_000)), "x".to_owned()]
        {
            let (ours, mut wire) = tokio::io::duplex(1 << 16);
            let mut sieve = Sieve::new(Line::over(ours));
            let endless = tokio::spawn(async move {
                let mut said = 0;
                while wire.write_all(part.as_bytes()).await.is_ok() {
                    said += part.len();
                }
                said
            });
            assert!(matches!(sieve.hear_capabilities().await, Err(Error::TooMany(..))));
            drop(sieve);
            let said = endless.await.expect("it ends with the line");
            assert!(said < 2 * MAX_ANSWER_BYTES, "{said}");
        }
    }

    #[tokio::test]
    async fn whether_there_is_room_for_a_large_script_is_asked_first() {
        let (mut sieve, server) = scripted("vacation", &["OK\r\n", "NO (QUOTA/MAXSIZE) \"no\"\r\n"]);
        sieve.put("a", &"#".repeat(SMALL_SCRIPT_BYTES)).await.expect("small");
        let refused = sieve.put("a", &"#".repeat(SMALL_SCRIPT_BYTES + 1)).await;
        assert!(matches!(refused, Err(Error::Refused { code: Some(code), .. }) if code == "QUOTA/MAXSIZE"));
        drop(sieve);
        assert!(server.await.expect("said").ends_with("\r\nHAVESPACE \"a\" 4097\r\n"));
    }
}
