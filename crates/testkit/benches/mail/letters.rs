//! The messages that mailboxes are made of, the same for all who take part.

use anyhow::Result;
use fernamt_testkit::SeededRng;
use serde_json::{Value, json};

/// Messages that one thread holds.
const PER_THREAD: usize = 4;
/// Every so many messages carry a file.
const PER_FILE: usize = 5;
/// The bytes of that file: with its text the mean is 20 kB.
const FILE_BYTES: usize = 58_000;
/// Different words that messages are made of; the first are the most frequent.
const WORDS: u64 = 30_000;
/// Words of a message's text.
const TEXT_WORDS: usize = 450;
/// The bytes of the file in a line of its message.
const LINE_BYTES: usize = 57;

/// What one looks for, by how often it is there.
pub(crate) fn texts() -> [(&'static str, String); 4] {
    [
        ("a rare word", word(WORDS - 5)),
        ("a word of every hundredth message", word(2_500)),
        ("a frequent word", word(3)),
        ("two words", format!("{} {}", word(700), word(900))),
    ]
}

/// Yields messages, the same ones from the same seed.
pub(crate) struct Letters {
    random: SeededRng,
    /// The file that some of them carry.
    pub(crate) file: Vec<u8>,
    number: usize,
}

/// One message.
pub(crate) struct Letter {
    /// Counted from 0.
    pub(crate) number: usize,
    sender: String,
    text: String,
}

impl Letters {
    pub(crate) fn new(seed: u64) -> Self {
        let random = SeededRng::new(seed);
        let file = (0..FILE_BYTES).map(|_| u8::try_from(random.below(256)).unwrap_or_default()).collect();
        Self { random, file, number: 0 }
    }
}

impl Iterator for Letters {
    type Item = Letter;

    fn next(&mut self) -> Option<Letter> {
        let number = self.number;
        self.number += 1;
        let words: Vec<_> = (0..TEXT_WORDS).map(|_| word(frequent(&self.random))).collect();
        Some(Letter { number, sender: word(frequent(&self.random)), text: words.join(" ") })
    }
}

impl Letter {
    /// Whether it lies in the archive, and in the inbox otherwise.
    pub(crate) fn is_archived(&self) -> bool {
        self.thread() % 2 == 1
    }

    /// As JMAP makes it (RFC 8621, section 4.6), with the file as a blob.
    pub(crate) fn email(&self, folder: &str, file: &Value) -> Result<Value> {
        let mut email = json!({
            "mailboxIds": { folder: true },
            "keywords": { "$seen": true },
            "from": [{ "name": self.sender, "email": "absender@amt.example" }],
            "to": [{ "email": "ada@fernamt.localhost" }],
            "subject": self.subject()?,
            "messageId": [format!("{}@bench", self.number)],
            "bodyValues": { "t": { "value": self.text } },
            "textBody": [{ "partId": "t", "type": "text/plain" }],
        });
        if let Some(before) = self.before() {
            email["inReplyTo"] = json!([format!("{before}@bench")]);
        }
        if self.has_file() {
            email["attachments"] = json!([{ "blobId": file, "type": "application/pdf", "name": "Plan.pdf" }]);
        }
        Ok(email)
    }

    /// As it travels (RFC 5322).
    pub(crate) fn raw(&self, file: &[u8]) -> Result<Vec<u8>> {
        let answers = self.before().map(|before| format!("In-Reply-To: <{before}@bench>\r\n")).unwrap_or_default();
        let text = self.text.replace(" qf", "\r\nqf");
        let body = if self.has_file() {
            let lines: Vec<_> = file.chunks(LINE_BYTES).map(|line| data_encoding::BASE64.encode(line)).collect();
            format!(
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--b\r\n\
                 Content-Type: application/pdf; name=Plan.pdf\r\nContent-Disposition: attachment; filename=Plan.pdf\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
                lines.join("\r\n")
            )
        } else {
            format!("Content-Type: text/plain\r\n\r\n{text}\r\n")
        };
        let raw = format!(
            "From: {} <absender@amt.example>\r\nTo: ada@amt.test\r\nSubject: {}\r\nMessage-ID: <{}@bench>\r\n\
             Date: Mon, 23 Nov 2026 08:00:00 +0000\r\nMIME-Version: 1.0\r\n{answers}{body}",
            self.sender,
            self.subject()?,
            self.number
        );
        Ok(raw.into_bytes())
    }

    fn thread(&self) -> usize {
        self.number / PER_THREAD
    }

    fn subject(&self) -> Result<String> {
        Ok(format!("{} {}", word(u64::try_from(self.thread())? % WORDS), self.thread()))
    }

    /// The message that it answers.
    fn before(&self) -> Option<usize> {
        (!self.number.is_multiple_of(PER_THREAD)).then(|| self.number - 1)
    }

    fn has_file(&self) -> bool {
        self.number.is_multiple_of(PER_FILE)
    }
}

/// The word of this number: no word is a part of another.
fn word(number: u64) -> String {
    let mut letters = String::new();
    let mut rest = number + 16;
    while rest > 0 {
        letters.insert(0, char::from(b'a' + u8::try_from(rest % 16).unwrap_or_default()));
        rest /= 16;
    }
    format!("q{letters}x")
}

/// A word's number, distributed as in texts: the first word ten times as often as the tenth.
fn frequent(random: &SeededRng) -> u64 {
    let share = f64::from(u32::try_from(random.below(1 << 20)).unwrap_or_default()) / f64::from(1 << 20);
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a draw")]
    let number = ((WORDS as f64).powf(share) - 1.0) as u64;
    number.min(WORDS - 1)
}
