//! What a `ManageSieve` server says, one line at a time.

use bytes::Bytes;

use crate::{
    Error,
    words::{Word, Words},
};

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
        let words = Words::new(answer).rest()?;
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
}
