//! The words of mail: what a folder is for, what a message is marked with, what an account's state counts, and what
//! somebody may do in it.

mod rights;

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::text_enum;

pub use rights::{MailRight, MailRights};

/// The most keywords on one message.
pub const MAX_KEYWORDS: usize = 100;

/// The most bytes of one keyword (RFC 8621, section 4.1.1).
pub const MAX_KEYWORD_BYTES: usize = 255;

text_enum! {
    /// What a folder is for (RFC 8621, section 2; the words of RFC 8457 and RFC 6154).
    pub enum MailboxRole {
        /// Where new mail arrives.
        Inbox = "inbox",
        /// Messages that are being written.
        Drafts = "drafts",
        /// What was sent.
        Sent = "sent",
        /// What is kept out of the way.
        Archive = "archive",
        /// Unwanted mail.
        Junk = "junk",
        /// What was thrown away.
        Trash = "trash",
    }
}

text_enum! {
    /// A kind of object whose changes are counted (RFC 8620, section 5.2).
    pub enum MailType {
        /// Folders.
        Mailbox = "Mailbox",
        /// Messages.
        Email = "Email",
        /// Messages that answer each other.
        Thread = "Thread",
        /// Senders.
        Identity = "Identity",
        /// Messages on their way out.
        EmailSubmission = "EmailSubmission",
        /// That a message came: no objects of their own (RFC 8621, section 1.5).
        EmailDelivery = "EmailDelivery",
        /// What is answered while somebody is away.
        VacationResponse = "VacationResponse",
        /// Who works on a thread, and what is noted about it.
        ThreadWork = "ThreadWork",
    }
}

text_enum! {
    /// What became of a message on its way out (RFC 8621, section 7).
    pub enum UndoStatus {
        /// It can still be taken back.
        Pending = "pending",
        /// It is on its way, or arrived.
        Final = "final",
        /// It was taken back.
        Canceled = "canceled",
    }
}

/// One mark of a message, in lower case: `$seen`, `$flagged`, or a person's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Keyword(String);

/// A text that is no keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a keyword has 1 to {MAX_KEYWORD_BYTES} letters of US-ASCII without blanks and without ( ) {{ ] % * \" \\")]
pub struct MalformedKeyword;

impl Keyword {
    /// The message was read.
    pub const SEEN: &str = "$seen";
    /// The message is marked as important.
    pub const FLAGGED: &str = "$flagged";
    /// The message is being written.
    pub const DRAFT: &str = "$draft";
    /// The message was answered.
    pub const ANSWERED: &str = "$answered";
    /// The message was passed on.
    pub const FORWARDED: &str = "$forwarded";

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Keyword {
    type Err = MalformedKeyword;

    /// Reads a keyword by the rules of RFC 8621, section 4.1.1.
    fn from_str(text: &str) -> Result<Self, MalformedKeyword> {
        let allowed = |byte: u8| matches!(byte, 0x21..=0x7e) && !b"(){]%*\"\\".contains(&byte);
        if (1..=MAX_KEYWORD_BYTES).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(MalformedKeyword)
        }
    }
}

impl TryFrom<String> for Keyword {
    type Error = MalformedKeyword;

    fn try_from(text: String) -> Result<Self, MalformedKeyword> {
        text.parse()
    }
}

impl From<Keyword> for String {
    fn from(keyword: Keyword) -> Self {
        keyword.0
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The marks of a message, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keywords(BTreeSet<Keyword>);

impl Keywords {
    /// Whether the message is marked with this word, which is in lower case.
    pub fn has(&self, word: &str) -> bool {
        self.0.iter().any(|keyword| keyword.as_str() == word)
    }

    /// Adds a mark or takes it away. Tells whether there is room: a message has at most [`MAX_KEYWORDS`].
    pub fn set(&mut self, keyword: Keyword, on: bool) -> bool {
        if on {
            self.0.contains(&keyword) || (self.0.len() < MAX_KEYWORDS && self.0.insert(keyword))
        } else {
            self.0.remove(&keyword);
            true
        }
    }

    /// The marks in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Keyword> {
        self.0.iter()
    }

    /// All marks in one line, each between blanks, so that one can be looked for: ` $flagged $seen `. Empty if there is
    /// none.
    pub fn to_line(&self) -> String {
        let mut line = String::new();
        for keyword in &self.0 {
            line.push(' ');
            line.push_str(keyword.as_str());
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line
    }

    /// Reads what [`Keywords::to_line`] wrote.
    pub fn from_line(line: &str) -> Result<Self, MalformedKeyword> {
        line.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromIterator<Keyword> for Keywords {
    fn from_iter<T: IntoIterator<Item = Keyword>>(keywords: T) -> Self {
        Self(keywords.into_iter().take(MAX_KEYWORDS).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_follows_the_standard() {
        assert_eq!("$Seen".parse::<Keyword>().unwrap().as_str(), "$seen");
        let long = "x".repeat(MAX_KEYWORD_BYTES + 1);
        for bad in ["", "two words", "paren(", "ümlaut", "quote\"", "star*", "back\\slash", &long] {
            assert_eq!(bad.parse::<Keyword>(), Err(MalformedKeyword), "{bad}");
        }
    }

    #[test]
    fn keywords_survive_their_line() {
        let keywords: Keywords = ["$seen", "urlaub", "$flagged"].iter().map(|word| word.parse().unwrap()).collect();
        assert_eq!(keywords.to_line(), " $flagged $seen urlaub ");
        assert_eq!(Keywords::from_line(&keywords.to_line()), Ok(keywords));
        assert_eq!(Keywords::default().to_line(), "");
    }

    #[test]
    fn a_message_has_so_many_keywords_and_no_more() {
        let mut keywords = Keywords::default();
        for number in 0..MAX_KEYWORDS {
            assert!(keywords.set(format!("k{number}").parse().unwrap(), true));
        }
        assert!(!keywords.set("one-more".parse().unwrap(), true));
        assert!(keywords.set("k7".parse().unwrap(), true), "it is there already");
        assert!(keywords.set("k7".parse().unwrap(), false) && keywords.set("one-more".parse().unwrap(), true));
    }
}
