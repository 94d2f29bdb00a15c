//! What a `ManageSieve` server says, one line at a time.

use bytes::Bytes;

use crate::{
    Error,
    words::{Word, Words},
};

/// The most words of a line.
const MAX_WORDS: usize = 64;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It was done.
    Ok,
    /// It was not done.
    No { code: Option<String>, text: String },
    /// The server ends the conversation.
    Bye,
    /// A line of what was asked for.
    Line(Vec<Word>),
}

impl Answer {
    /// Reads an answer that was taken off the line.
    pub(crate) fn read(answer: Bytes) -> Result<Self, Error> {
        // Cyrus lists names with quotes and backslashes as they are, so that nobody knows where they end.
        let is_quoted = answer.starts_with(b"\"");
        if is_quoted && has_odd_backslash(&answer) {
            return Ok(Self::Line(unread(&answer)));
        }
        let whole = answer.clone();
        let words = match words(answer) {
            Err(_) if is_quoted => return Ok(Self::Line(unread(&whole))),
            words => words?,
        };
        let Some(first) = words.first() else { return Err(Error::Unreadable("an empty answer")) };
        if first.is("OK") {
            return Ok(Self::Ok);
        }
        if first.is("BYE") {
            return Ok(Self::Bye);
        }
        if first.is("NO") {
            let code = words.get(1).and_then(Word::list).and_then(|code| code.first()?.text());
            let text = words.iter().skip(1).find(|word| matches!(word, Word::Text(_))).and_then(Word::text);
            return Ok(Self::No { code: code.map(|code| code.to_ascii_uppercase()), text: text.unwrap_or_default() });
        }
        Ok(Self::Line(words))
    }
}

fn words(answer: Bytes) -> Result<Vec<Word>, Error> {
    let (mut rest, mut words) = (Words::new(answer), Vec::new());
    while let Some(word) = rest.next()? {
        if words.len() == MAX_WORDS {
            return Err(Error::TooMany(MAX_WORDS, "words in a line"));
        }
        words.push(word);
    }
    Ok(words)
}

/// Whether something is escaped that is not to be (RFC 5804, section 4).
fn has_odd_backslash(line: &[u8]) -> bool {
    let mut bytes = line.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'\\' && !matches!(bytes.next(), Some(b'"' | b'\\')) {
            return true;
        }
    }
    false
}

/// A line of which only the end can be understood: the one word that is no string, or none.
fn unread(line: &Bytes) -> Vec<Word> {
    let line = line.trim_ascii_end();
    let last = line.iter().rposition(|byte| *byte == b'"').map_or(line, |quote| &line[quote + 1..]);
    vec![Word::Atom(Bytes::copy_from_slice(last.trim_ascii()))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let read = |text: &'static str| Answer::read(Bytes::from_static(text.as_bytes()));
        assert_eq!(read("OK (WARNINGS) \"hm\"\r\n").expect("one"), Answer::Ok);
        let no = Answer::No { code: Some("QUOTA/MAXSIZE".to_owned()), text: "too much".to_owned() };
        assert_eq!(read("NO (quota/maxsize) {8}\r\ntoo much\r\n").expect("one"), no);
        assert_eq!(read("bye\r\n").expect("one"), Answer::Bye);
        assert!(matches!(read("\"own\" ACTIVE\r\n"), Ok(Answer::Line(words)) if words[1].is("active")));
        assert!(read("\r\n").is_err() && read("NO (a\r\n").is_err());
    }

    #[test]
    fn a_line_that_nobody_can_take_apart_says_what_it_ends_with() {
        let read = |text: &str| match Answer::read(Bytes::from(text.to_owned())) {
            Ok(Answer::Line(words)) => words,
            other => panic!("{text}: {other:?}"),
        };
        for name in ["\\", "a\\b", "a\"(b", "a\" \"(b\\", &"\" a".repeat(MAX_WORDS)] {
            assert!(matches!(&read(&format!("\"{name}\" ACTIVE\r\n"))[..], [word] if word.is("ACTIVE")), "{name}");
            assert!(matches!(&read(&format!("\"{name}\"\r\n"))[..], [word] if word.is("")), "{name}");
        }
        let many = format!("NO{}\r\n", " a".repeat(MAX_WORDS));
        assert!(matches!(Answer::read(Bytes::from(many)), Err(Error::TooMany(MAX_WORDS, _))));
    }
}
