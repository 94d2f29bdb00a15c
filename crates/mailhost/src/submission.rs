//! Handing messages over (RFC 6409): what became of each recipient, and whether it is known at all.

use std::{collections::BTreeSet, fmt::Write as _, time::Duration};

use tokio::time::timeout;

use crate::{
    Error, Login, Server,
    line::{Line, Security},
};

/// The most recipients of one message.
pub const MAX_RECIPIENTS: usize = 500;
/// The most bytes of one answer.
const MAX_REPLY_BYTES: usize = 64 * 1024;
/// How long the way to a signed-in conversation may take.
const SIGN_IN_LIMIT: Duration = Duration::from_secs(120);
/// How long a server may take for a whole message.
const SUBMISSION_LIMIT: Duration = Duration::from_secs(600);
/// What a server calls us by; it takes no decision by it, as one has to sign in.
const OUR_NAME: &str = "[127.0.0.1]";

/// A connection on which somebody is signed in to hand messages over.
#[derive(Debug)]
pub struct Submission {
    line: Line,
    extensions: BTreeSet<String>,
    broken: bool,
}

/// What became of a message that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The recipients to whom it is on its way.
    pub taken: Vec<String>,
    /// Those to whom it is not.
    pub refused: Vec<Refusal>,
    /// What the server said when it took the message; nothing while it has not.
    pub said: Option<String>,
}

/// A message of which everything but the end was sent. Dropped, it is on its way to nobody, and the conversation is over.
#[derive(Debug)]
pub struct Offered<'a> {
    submission: &'a mut Submission,
    outcome: Outcome,
}

/// Why a message is not on its way to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The recipient.
    pub recipient: String,
    /// Whether trying again is of no use.
    pub permanent: bool,
    /// What the server said; it may name people.
    pub said: String,
}

/// An answer of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) lines: Vec<String>,
}

impl Reply {
    /// Reads the lines of one answer.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut reply = Self { code: 0, lines: Vec::new() };
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let code = code_of(line)?;
            if reply.lines.is_empty() {
                reply.code = code;
            } else if reply.code != code {
                return Err(Error::Unreadable("an answer with two codes"));
            }
            reply.lines.push(String::from_utf8_lossy(line.get(4..).unwrap_or_default()).trim_end().to_owned());
        }
        if reply.lines.is_empty() { Err(Error::Unreadable("an empty answer")) } else { Ok(reply) }
    }

    fn is_fine(&self) -> bool {
        (200..400).contains(&self.code)
    }

    fn text(&self) -> String {
        format!("{} {}", self.code, self.lines.join(" "))
    }

    fn refusal(&self) -> Error {
        Error::Refused { code: Some(self.code.to_string()), text: self.text() }
    }
}

fn code_of(line: &[u8]) -> Result<u16, Error> {
    let digits = line.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit));
    let code = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    code.filter(|code| (200..600).contains(code)).ok_or(Error::Unreadable("an answer without a code"))
}

impl Submission {
    /// Connects and signs in.
    pub async fn connect(server: &Server, login: &Login) -> Result<Self, Error> {
        Self::begin(server, Some(login)).await
    }

    /// Connects to a server that takes messages from whoever reaches it, as one inside a house may.
    pub async fn connect_unsigned(server: &Server) -> Result<Self, Error> {
        Self::begin(server, None).await
    }

    async fn begin(server: &Server, login: Option<&Login>) -> Result<Self, Error> {
        timeout(SIGN_IN_LIMIT, async {
            let mut submission = Self::new(Line::connect(server).await?);
            submission.greeted().await?;
            submission.hello().await?;
            if server.security == Security::StartTls {
                submission.run("STARTTLS").await?;
                submission = Self::new(submission.line.with_tls(server).await?);
                // What was told in clear may not be the server's word, so it is asked anew.
                submission.hello().await?;
            }
            if let Some(login) = login {
                submission.sign_in(login).await?;
            }
            Ok(submission)
        })
        .await
        .map_err(|_| Error::Silent)?
    }

    async fn sign_in(&mut self, login: &Login) -> Result<(), Error> {
        let offered = self.extensions.iter().find_map(|line| line.strip_prefix("AUTH "));
        if !offered.is_some_and(|names| names.split_ascii_whitespace().any(|name| name == "PLAIN")) {
            return Err(Error::Missing("sign-in by PLAIN"));
        }
        let plain = login.plain()?;
        match self.run(&format!("AUTH PLAIN {}", plain.expose())).await {
            Ok(_) => Ok(()),
            Err(Error::Refused { .. }) => Err(Error::SignIn),
            Err(error) => Err(error),
        }
    }

    /// The most bytes of a message that the server says it takes (RFC 1870); nothing where it does not say.
    pub fn max_size(&self) -> Option<u64> {
        let told = self.extensions.iter().find_map(|line| line.strip_prefix("SIZE "));
        told.and_then(|size| size.trim().parse().ok()).filter(|size| *size > 0)
    }

    fn new(line: Line) -> Self {
        Self { line, extensions: BTreeSet::new(), broken: false }
    }

    async fn greeted(&mut self) -> Result<(), Error> {
        let reply = self.reply().await?;
        if reply.is_fine() { Ok(()) } else { Err(reply.refusal()) }
    }

    async fn hello(&mut self) -> Result<(), Error> {
        let reply = self.run(&format!("EHLO {OUR_NAME}")).await?;
        self.extensions = reply.lines.iter().skip(1).map(|line| line.to_ascii_uppercase()).collect();
        Ok(())
    }

    /// Hands a message over. It goes to those who are taken if at least one is, and to nobody otherwise.
    ///
    /// [`Error::Uncertain`] says that the message was handed over and the answer never came. After every other error it
    /// is not on its way to anybody.
    pub async fn submit(&mut self, sender: &str, recipients: &[String], raw: &[u8]) -> Result<Outcome, Error> {
        self.offer(sender, recipients, raw).await?.finish().await
    }

    /// Sends a message up to its end, for whoever writes down who is about to get it before they do. The sender may be
    /// empty, for reports and answers that nobody answers (RFC 5321, section 4.5.5).
    pub async fn offer(&mut self, sender: &str, recipients: &[String], raw: &[u8]) -> Result<Offered<'_>, Error> {
        if self.broken {
            return Err(Error::Ended);
        }
        if recipients.len() > MAX_RECIPIENTS {
            return Err(Error::TooMany(MAX_RECIPIENTS, "recipients"));
        }
        let parameters = self.parameters(sender, recipients, raw)?;
        // Whoever drops the future in the middle leaves the conversation unusable.
        self.broken = true;
        let talk = self.send_up_to_end(sender, recipients, raw, &parameters);
        let result = timeout(SUBMISSION_LIMIT, talk).await.unwrap_or(Err(Error::Silent));
        let in_order = match &result {
            Ok(outcome) => outcome.taken.is_empty(),
            Err(error) => matches!(error, Error::Refused { .. }),
        };
        self.broken = !in_order;
        Ok(Offered { outcome: result?, submission: self })
    }

    fn parameters(&self, sender: &str, recipients: &[String], raw: &[u8]) -> Result<String, Error> {
        let mut foreign_letters = false;
        if recipients.iter().any(String::is_empty) {
            return Err(Error::Unsayable("an empty address"));
        }
        for address in std::iter::once(sender).chain(recipients.iter().map(String::as_str)) {
            if address.contains(['<', '>']) || address.chars().any(|c| c.is_whitespace() || c.is_control()) {
                return Err(Error::Unsayable("an address with brackets or spaces"));
            }
            foreign_letters |= !address.is_ascii();
        }
        let mut parameters = String::new();
        if self.extensions.iter().any(|line| line == "SIZE" || line.starts_with("SIZE ")) {
            let _ = write!(parameters, " SIZE={}", raw.len());
        }
        if !raw.is_ascii() {
            self.needs("8BITMIME", "messages with 8-bit letters (8BITMIME)")?;
            parameters.push_str(" BODY=8BITMIME");
        }
        if foreign_letters {
            self.needs("SMTPUTF8", "addresses with letters beyond ASCII (SMTPUTF8)")?;
            parameters.push_str(" SMTPUTF8");
        }
        Ok(parameters)
    }

    fn needs(&self, extension: &str, what: &'static str) -> Result<(), Error> {
        if self.extensions.contains(extension) { Ok(()) } else { Err(Error::Missing(what)) }
    }

    async fn send_up_to_end(
        &mut self,
        sender: &str,
        recipients: &[String],
        raw: &[u8],
        parameters: &str,
    ) -> Result<Outcome, Error> {
        self.run(&format!("MAIL FROM:<{sender}>{parameters}")).await?;
        let mut outcome = Outcome { taken: Vec::new(), refused: Vec::new(), said: None };
        for recipient in recipients {
            let reply = self.ask(&format!("RCPT TO:<{recipient}>")).await?;
            if reply.is_fine() {
                outcome.taken.push(recipient.clone());
            } else {
                let permanent = reply.code >= 500;
                outcome.refused.push(Refusal { recipient: recipient.clone(), permanent, said: reply.text() });
            }
        }
        if outcome.taken.is_empty() {
            self.run("RSET").await?;
            return Ok(outcome);
        }
        if let Err(refused) = self.run("DATA").await {
            if refused.is_refusal() {
                self.run("RSET").await?;
            }
            return Err(refused);
        }
        let content = dotted(raw);
        self.line.send(&content[..content.len() - END.len()]).await?;
        Ok(outcome)
    }

    /// Ends the conversation in order.
    pub async fn log_out(mut self) -> Result<(), Error> {
        match timeout(SIGN_IN_LIMIT, self.run("QUIT")).await {
            Ok(Ok(_) | Err(Error::Broken(_))) => Ok(()),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(Error::Silent),
        }
    }

    async fn run(&mut self, command: &str) -> Result<Reply, Error> {
        let reply = self.ask(command).await?;
        if reply.is_fine() { Ok(reply) } else { Err(reply.refusal()) }
    }

    async fn ask(&mut self, command: &str) -> Result<Reply, Error> {
        self.line.send(format!("{command}\r\n").as_bytes()).await?;
        self.reply().await
    }

    async fn reply(&mut self) -> Result<Reply, Error> {
        let reply = self.last_reply().await?;
        if reply.code == ENDS { Err(Error::Ended) } else { Ok(reply) }
    }

    /// A reply that may end the conversation.
    async fn last_reply(&mut self) -> Result<Reply, Error> {
        let mut bytes = Vec::new();
        loop {
            let start = bytes.len();
            self.line.read_line(&mut bytes, MAX_REPLY_BYTES).await?;
            // A line with more to come has a hyphen behind its code.
            if bytes.get(start + 3) != Some(&b'-') {
                return Reply::read(&bytes);
            }
        }
    }
}

impl Offered<'_> {
    /// Who would get the message and who would not.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Sends the end: from here on only the server's answer tells whether it has the message.
    pub async fn finish(self) -> Result<Outcome, Error> {
        let Self { submission, mut outcome } = self;
        if outcome.taken.is_empty() {
            return Ok(outcome);
        }
        let talk = async {
            submission.line.send(END).await?;
            submission.last_reply().await
        };
        let Ok(Ok(reply)) = timeout(SUBMISSION_LIMIT, talk).await else { return Err(Error::Uncertain) };
        // Also who ends the conversation has said that the message was not taken.
        submission.broken = reply.code == ENDS;
        if !reply.is_fine() {
            return Err(reply.refusal());
        }
        outcome.said = Some(reply.text());
        Ok(outcome)
    }
}

/// The code that ends the conversation, whatever was asked (RFC 5321, section 4.2.1).
const ENDS: u16 = 421;
/// The end of a message.
const END: &[u8] = b".\r\n";

/// The message as it goes over the line: every line ends in CR LF, a dot before lines that begin with one, a dot at the end.
pub(crate) fn dotted(raw: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(raw.len() + raw.len() / 32 + 5);
    let mut fresh = true;
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' | b'\n' => {
                if byte == b'\r' {
                    let _ = bytes.next_if_eq(&b'\n');
                }
                content.extend_from_slice(b"\r\n");
                fresh = true;
            }
            _ => {
                if fresh && byte == b'.' {
                    content.push(b'.');
                }
                content.push(byte);
                fresh = false;
            }
        }
    }
    if !fresh {
        content.extend_from_slice(b"\r\n");
    }
    content.extend_from_slice(END);
    content
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn scripted(answers: &'static [&'static str]) -> (Submission, tokio::task::JoinHandle<String>) {
        let (ours, mut wire) = tokio::io::duplex(1 << 16);
        let mut submission = Submission::new(Line::over(ours));
        submission.extensions = ["SIZE 1000", "8BITMIME"].map(str::to_owned).into();
        let server = tokio::spawn(async move {
            let mut heard = Vec::new();
            for answer in answers {
                let before = heard.len();
                while heard.len() == before || !heard.ends_with(b"\r\n") {
                    let mut part = [0; 4096];
                    let count = wire.read(&mut part).await.expect("something is said");
                    if count == 0 {
                        break;
                    }
                    heard.extend_from_slice(&part[..count]);
                }
                wire.write_all(answer.as_bytes()).await.expect("somebody listens");
            }
            String::from_utf8(heard).expect("text")
        });
        (submission, server)
    }

    fn people(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| format!("{name}@amt.test")).collect()
    }

    #[tokio::test]
    async fn each_recipient_is_told_apart() {
        let answers =
            &["250 ok\r\n", "250 ok\r\n", "550-no\r\n550 such person\r\n", "450 later\r\n", "354 go\r\n", "250 ok\r\n"];
        let (mut submission, server) = scripted(answers);
        let outcome = submission.submit("ada@amt.test", &people(&["bob", "nobody", "later"]), "ä\n.".as_bytes()).await;
        let outcome = outcome.expect("handed over");
        assert_eq!(outcome.taken, people(&["bob"]));
        let refused: Vec<_> =
            outcome.refused.iter().map(|refusal| (refusal.permanent, refusal.said.as_str())).collect();
        assert_eq!(refused, [(true, "550 no such person"), (false, "450 later")]);
        drop(submission);
        let said = server.await.expect("said");
        assert!(
            said.starts_with("MAIL FROM:<ada@amt.test> SIZE=4 BODY=8BITMIME\r\nRCPT TO:<bob@amt.test>\r\n"),
            "{said}"
        );
        assert!(said.contains("DATA\r\nä\r\n..\r\n"), "{said}");
    }

    #[tokio::test]
    async fn a_line_that_breaks_after_the_message_leaves_it_uncertain() {
        let (mut submission, _server) = scripted(&["250 ok\r\n", "250 ok\r\n", "354 go\r\n", ""]);
        let outcome = submission.submit("ada@amt.test", &people(&["bob"]), b"x").await;
        assert!(matches!(outcome, Err(Error::Uncertain)), "{outcome:?}");
        assert!(matches!(submission.submit("ada@amt.test", &people(&["bob"]), b"x").await, Err(Error::Ended)));
        let (mut submission, _server) = scripted(&["250 ok\r\n", "250 ok\r\n"]);
        let outcome = submission.submit("ada@amt.test", &people(&["bob"]), b"x").await;
        assert!(matches!(outcome, Err(Error::Broken(_))), "{outcome:?}");
        let (mut submission, _server) = scripted(&["250 ok\r\n", "250 ok\r\n", "354 go\r\n", "554 spam\r\n"]);
        let outcome = submission.submit("ada@amt.test", &people(&["bob"]), b"x").await;
        assert!(matches!(outcome, Err(Error::Refused { .. })) && !submission.broken, "{outcome:?}");
    }

    #[tokio::test]
    async fn a_server_that_ends_the_conversation_instead_of_taking_a_message_has_refused_it_for_now() {
        let (mut submission, _server) = scripted(&["250 ok\r\n", "250 ok\r\n", "354 go\r\n", "421 closing\r\n"]);
        let outcome = submission.submit("ada@amt.test", &people(&["bob"]), b"x").await;
        assert!(matches!(&outcome, Err(Error::Refused { code: Some(code), .. }) if code == "421"), "{outcome:?}");
        assert!(matches!(submission.submit("ada@amt.test", &people(&["bob"]), b"x").await, Err(Error::Ended)));
    }

    #[tokio::test]
    async fn what_was_offered_and_not_finished_is_on_its_way_to_nobody() {
        let (mut submission, server) = scripted(&["250 ok\r\n", "250 ok\r\n", "354 go\r\n", "", ""]);
        assert_eq!(submission.max_size(), Some(1000));
        let recipients = people(&["bob"]);
        let offered = submission.offer("", &recipients, b"x\r\n.\r\n").await.expect("offered");
        assert_eq!((&offered.outcome().taken, &offered.outcome().said), (&recipients, &None));
        drop(offered);
        assert!(matches!(submission.submit("", &recipients, b"x").await, Err(Error::Ended)));
        drop(submission);
        let said = server.await.expect("said");
        assert!(said.starts_with("MAIL FROM:<> SIZE=") && said.ends_with("DATA\r\nx\r\n..\r\n"), "{said}");
    }

    #[tokio::test]
    async fn addresses_cannot_break_out_and_have_a_limit() {
        let (mut submission, _server) = scripted(&[]);
        for bad in ["", "a> SIZE=1", "a\r\nRCPT TO:<b>", "ä@amt.test"] {
            assert!(submission.submit("ada@amt.test", &[bad.to_owned()], b"x").await.is_err(), "{bad}");
        }
        let many = vec!["bob@amt.test".to_owned(); MAX_RECIPIENTS + 1];
        assert!(matches!(submission.submit("ada@amt.test", &many, b"x").await, Err(Error::TooMany(..))));
    }

    #[test]
    fn answers_have_one_code() {
        assert_eq!(Reply::read(b"250-a\r\n250 b\r\n").expect("one").lines, ["a", "b"]);
        for bad in [&b""[..], b"25", b"abc d\r\n", b"250-a\r\n550 b\r\n", b"999 a\r\n", b"\xff\xff\xff\r\n"] {
            assert!(Reply::read(bad).is_err());
        }
    }

    proptest! {
        #[test]
        fn a_message_ends_once(raw: Vec<u8>) {
            let content = dotted(&raw);
            let end = b"\r\n.\r\n";
            let whole = [b"\r\n", content.as_slice()].concat();
            prop_assert_eq!(whole.windows(end.len()).filter(|part| part == end).count(), 1);
            prop_assert!(whole.ends_with(end));
        }
    }
}
