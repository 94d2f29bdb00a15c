//! A signed-in connection: commands and their answers.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::timeout;

use super::{
    Answer, MAX_MESSAGE_BYTES,
    answer::{Said, Status},
    command::{Command, Piece},
};
use crate::{
    Error, Login, Server,
    line::{Line, Security},
    words::{Word, read_answer},
};

/// How long one command may take with all that is answered, however steadily the server speaks.
const COMMAND_LIMIT: Duration = Duration::from_secs(600);
/// The most capabilities that are kept.
const MAX_CAPABILITIES: usize = 500;
/// Literals of servers that take any number of them without being asked (RFC 7888).
const LITERAL_MINUS_BYTES: usize = 4096;

/// A connection to an IMAP server on which somebody is signed in.
#[derive(Debug)]
pub struct Imap {
    pub(super) line: Line,
    capabilities: BTreeSet<String>,
    pub(super) enabled: BTreeSet<String>,
    commands: u64,
    /// A conversation that broke off in the middle of something must not go on.
    broken: bool,
}

impl Imap {
    /// Connects and signs in.
    pub async fn connect(server: &Server, login: &Login) -> Result<Self, Error> {
        timeout(COMMAND_LIMIT, async {
            let mut imap = Self::new(Line::connect(server).await?);
            let greeting = imap.greeting().await?;
            if server.security == Security::StartTls {
                if greeting.status == Status::PreAuth {
                    return Err(Error::Unreadable("a sign-in before TLS"));
                }
                imap.run(Command::new("STARTTLS")).await?;
                // What was told in clear may not be the server's word, so it is asked anew.
                imap = Self::new(imap.line.with_tls(server).await?);
            }
            imap.sign_in(login).await?;
            Ok(imap)
        })
        .await
        .map_err(|_| Error::Silent)?
    }

    pub(super) fn new(line: Line) -> Self {
        let (capabilities, enabled) = (BTreeSet::new(), BTreeSet::new());
        Self { line, capabilities, enabled, commands: 0, broken: false }
    }

    /// Whether the server offers an extension, such as `CONDSTORE`.
    pub fn offers(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    /// Whether the server offers some extension whose name begins so, such as `RIGHTS=`.
    pub(super) fn offers_beginning_with(&self, beginning: &str) -> bool {
        self.capabilities.iter().any(|name| name.starts_with(beginning))
    }

    /// Whether the conversation can go on.
    pub fn is_usable(&self) -> bool {
        !self.broken
    }

    /// Ends the conversation in order.
    pub async fn log_out(mut self) -> Result<(), Error> {
        match self.run(Command::new("LOGOUT")).await {
            // It may close the line before it says that the command has ended.
            Ok(_) | Err(Error::Ended | Error::Broken(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn greeting(&mut self) -> Result<Said, Error> {
        match Answer::read(read_answer(&mut self.line, 0).await?)? {
            Answer::Said(said) if said.status == Status::Bye => Err(Error::Ended),
            Answer::Said(said) => Ok(said),
            _ => Err(Error::Unreadable("no greeting")),
        }
    }

    async fn sign_in(&mut self, login: &Login) -> Result<(), Error> {
        self.ask_capabilities().await?;
        if !self.offers("AUTH=PLAIN") {
            return Err(Error::Missing("sign-in by PLAIN"));
        }
        let plain = login.plain()?;
        // The answer goes on its own line even where it may stand on the first: some servers hold that line too short.
        let signed_in = self.exchange(Command::new("AUTHENTICATE PLAIN"), Some(plain.expose()), &mut |_| Ok(())).await;
        match signed_in {
            Ok(_) => {}
            Err(Error::Refused { .. }) => return Err(Error::SignIn),
            Err(error) => return Err(error),
        }
        // Servers offer more to whoever is signed in.
        self.ask_capabilities().await?;
        if self.offers("QRESYNC") && self.offers("ENABLE") {
            let mut enabled = BTreeSet::new();
            self.collect(Command::new("ENABLE QRESYNC CONDSTORE"), &mut |answer| {
                if let Answer::Data { name, words } = answer
                    && name == "ENABLED"
                {
                    enabled.extend(words.iter().take(MAX_CAPABILITIES).filter_map(Word::text));
                }
                Ok(())
            })
            .await?;
            self.enabled = enabled.iter().map(|name| name.to_ascii_uppercase()).collect();
        }
        Ok(())
    }

    async fn ask_capabilities(&mut self) -> Result<(), Error> {
        let mut told = BTreeSet::new();
        self.collect(Command::new("CAPABILITY"), &mut |answer| {
            if let Answer::Data { name, words } = answer
                && name == "CAPABILITY"
            {
                told = words.iter().take(MAX_CAPABILITIES).filter_map(Word::text).collect();
            }
            Ok(())
        })
        .await?;
        self.capabilities = told.iter().map(|name| name.to_ascii_uppercase()).collect();
        Ok(())
    }

    /// Says a command whose answers do not matter.
    pub(super) async fn run(&mut self, command: Command) -> Result<Said, Error> {
        self.collect(command, &mut |_| Ok(())).await
    }

    /// Says a command and hands over each answer until it ends.
    pub(super) async fn collect(
        &mut self,
        command: Command,
        take: &mut (dyn FnMut(Answer) -> Result<(), Error> + Send),
    ) -> Result<Said, Error> {
        self.exchange(command, None, take).await
    }

    async fn exchange(
        &mut self,
        command: Command,
        answer_to_challenge: Option<&str>,
        take: &mut (dyn FnMut(Answer) -> Result<(), Error> + Send),
    ) -> Result<Said, Error> {
        if self.broken {
            return Err(Error::Ended);
        }
        // Whoever drops the future in the middle, and every fault but a refusal, leaves the conversation unusable.
        self.broken = true;
        let talk = self.talk(command, answer_to_challenge, take);
        let result = timeout(COMMAND_LIMIT, talk).await.unwrap_or(Err(Error::Silent));
        self.broken = match &result {
            Ok(_) | Err(Error::Refused { .. } | Error::Misunderstood(_)) => false,
            Err(_) => true,
        };
        result
    }

    async fn talk(
        &mut self,
        Command(pieces): Command,
        answer_to_challenge: Option<&str>,
        take: &mut (dyn FnMut(Answer) -> Result<(), Error> + Send),
    ) -> Result<Said, Error> {
        let tag = self.next_tag();
        let mut pending = format!("{tag} ").into_bytes();
        for piece in pieces {
            match piece {
                Piece::Text(text) => pending.extend_from_slice(text.as_bytes()),
                Piece::Literal(bytes) => {
                    let at_once =
                        self.offers("LITERAL+") || (self.offers("LITERAL-") && bytes.len() <= LITERAL_MINUS_BYTES);
                    let plus = if at_once { "+" } else { "" };
                    pending.extend_from_slice(format!("{{{}{plus}}}\r\n", bytes.len()).as_bytes());
                    self.line.send(&pending).await?;
                    pending.clear();
                    if !at_once && let Some(ended) = self.wait_for_turn(&tag, take).await? {
                        return Ok(ended);
                    }
                    self.line.send(&bytes).await?;
                }
            }
        }
        pending.extend_from_slice(b"\r\n");
        self.line.send(&pending).await?;
        if let Some(text) = answer_to_challenge {
            if let Some(ended) = self.wait_for_turn(&tag, take).await? {
                return Ok(ended);
            }
            self.line.send(text.as_bytes()).await?;
            self.line.send(b"\r\n").await?;
        }
        loop {
            match self.next_answer().await? {
                Answer::Done { tag: done, said } if done == tag => return ended(said),
                Answer::Done { .. } => return Err(Error::Unreadable("the end of another command")),
                Answer::Continue(_) => return Err(Error::Unreadable("a turn that nobody asked for")),
                other => take(other)?,
            }
        }
    }

    /// Waits until the server takes more; tells how the command ended if it ended instead.
    async fn wait_for_turn(
        &mut self,
        tag: &str,
        take: &mut (dyn FnMut(Answer) -> Result<(), Error> + Send),
    ) -> Result<Option<Said>, Error> {
        loop {
            match self.next_answer().await? {
                Answer::Continue(_) => return Ok(None),
                Answer::Done { tag: done, said } if done == tag => return ended(said).map(Some),
                Answer::Done { .. } => return Err(Error::Unreadable("the end of another command")),
                other => take(other)?,
            }
        }
    }

    pub(super) fn next_tag(&mut self) -> String {
        self.commands += 1;
        format!("f{}", self.commands)
    }

    pub(super) async fn next_answer(&mut self) -> Result<Answer, Error> {
        let answer = Answer::read(read_answer(&mut self.line, MAX_MESSAGE_BYTES).await?)?;
        Ok(answer)
    }

    pub(super) fn set_broken(&mut self, broken: bool) {
        self.broken = broken;
    }
}

/// What the end of a command means.
pub(super) fn ended(said: Said) -> Result<Said, Error> {
    match said.status {
        Status::Ok => Ok(said),
        Status::No => Err(Error::Refused { code: said.code.map(|(name, _)| name), text: said.text }),
        Status::Bad => Err(Error::Misunderstood(said.text)),
        Status::Bye | Status::PreAuth => Err(Error::Unreadable("a command that ended with a greeting or farewell")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

    use super::*;

    /// A connection to a server that says `answers` one after the other, each once something was said to it that ends a
    /// line; what was said to it comes back at the end.
    pub(in crate::imap) fn scripted(
        capabilities: &[&str],
        answers: &'static [&'static str],
    ) -> (Imap, tokio::task::JoinHandle<String>) {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let mut imap = Imap::new(Line::over(ours));
        imap.capabilities = capabilities.iter().map(|&name| name.to_owned()).collect();
        imap.enabled = capabilities.iter().map(|&name| name.to_owned()).collect();
        (imap, tokio::spawn(speak(theirs, answers)))
    }

    async fn speak(mut wire: DuplexStream, answers: &'static [&'static str]) -> String {
        let mut heard = Vec::new();
        for answer in answers {
            let before = heard.len();
            while heard.len() == before || !heard.ends_with(b"\r\n") {
                let count = wire.read_buf(&mut heard).await.expect("something is said");
                assert_ne!(count, 0, "more answers than commands");
            }
            wire.write_all(answer.as_bytes()).await.expect("somebody listens");
        }
        wire.read_to_end(&mut heard).await.expect("the rest");
        String::from_utf8(heard).expect("text")
    }

    #[tokio::test]
    async fn a_refusal_leaves_the_conversation_usable_and_nonsense_ends_it() {
        let (mut imap, _server) = scripted(&[], &["* 1 EXISTS\r\nf1 NO [OVERQUOTA] full\r\n", "f9 OK\r\n"]);
        let refused = imap.run(Command::new("NOOP")).await;
        assert!(matches!(&refused, Err(Error::Refused { code: Some(code), .. }) if code == "OVERQUOTA"));
        assert!(imap.is_usable());
        assert!(matches!(imap.run(Command::new("NOOP")).await, Err(Error::Unreadable(_))));
        assert!(!imap.is_usable());
        assert!(matches!(imap.run(Command::new("NOOP")).await, Err(Error::Ended)));
    }

    #[tokio::test]
    async fn a_literal_waits_for_its_turn_unless_the_server_takes_it_at_once() {
        let (mut imap, server) = scripted(&[], &["+ go on\r\n", "f1 OK done\r\n"]);
        let command = || Command::new("SELECT").string("ä").expect("a literal");
        imap.run(command()).await.expect("taken");
        drop(imap);
        assert_eq!(server.await.expect("said"), "f1 SELECT {2}\r\nä\r\n");
        let (mut imap, server) = scripted(&["LITERAL+"], &["f1 OK done\r\n"]);
        imap.run(command()).await.expect("taken");
        drop(imap);
        assert!(server.await.expect("said").starts_with("f1 SELECT {2+}\r\n"));
        let (mut imap, _server) = scripted(&[], &["f1 NO not here\r\n"]);
        assert!(matches!(imap.run(command()).await, Err(Error::Refused { .. })));
    }

    #[tokio::test]
    async fn who_gives_up_in_the_middle_cannot_go_on() {
        let (mut imap, _server) = scripted(&[], &["* 1 EXISTS\r\n"]);
        let given_up = timeout(Duration::from_millis(1), imap.run(Command::new("NOOP"))).await;
        assert!(given_up.is_err() && !imap.is_usable());
    }
}
