//! What an IMAP server says, one answer at a time.

use bytes::Bytes;

use crate::{
    Error,
    words::{Word, Words},
};

/// How a command ended, or what a server says of its own accord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    No,
    Bad,
    Bye,
    PreAuth,
}

/// A status with its code and the words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) status: Status,
    pub(crate) code: Option<(String, Vec<Word>)>,
    pub(crate) text: String,
}

impl Said {
    /// The words of the code of this name.
    pub(crate) fn code(&self, name: &str) -> Option<&[Word]> {
        self.code.as_ref().filter(|(read, _)| read == name).map(|(_, words)| words.as_slice())
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// `+`: what comes next may be sent.
    Continue(String),
    /// `a1 OK`: a command has ended.
    Done { tag: String, said: Said },
    /// `* OK`: something beside commands.
    Said(Said),
    /// `* 3 FETCH (…)`: about a message, or how many there are.
    Numbered { number: u32, name: String, words: Vec<Word> },
    /// `* LIST …`: about anything else.
    Data { name: String, words: Vec<Word> },
}

impl Answer {
    /// Reads an answer that was taken off the line.
    pub(crate) fn read(answer: Bytes) -> Result<Self, Error> {
        let mut words = Words::new(answer);
        let first = words.next()?.ok_or(Error::Unreadable("an empty answer"))?;
        if first.is("+") {
            return Ok(Self::Continue(words.remaining_text()));
        }
        let tag = match &first {
            Word::Atom(_) if first.is("*") => None,
            Word::Atom(_) => first.text(),
            _ => return Err(Error::Unreadable("an answer without a tag")),
        };
        let second = words.next()?.filter(|word| matches!(word, Word::Atom(_)));
        let second = second.ok_or(Error::Unreadable("an answer without a name"))?;
        let name = second.text().unwrap_or_default().to_ascii_uppercase();
        let status = match name.as_str() {
            "OK" => Some(Status::Ok),
            "NO" => Some(Status::No),
            "BAD" => Some(Status::Bad),
            "BYE" => Some(Status::Bye),
            "PREAUTH" => Some(Status::PreAuth),
            _ => None,
        };
        if let Some(status) = status {
            let code = words.code()?;
            let said = Said { status, code, text: words.remaining_text() };
            return Ok(match tag {
                Some(tag) => Self::Done { tag, said },
                None => Self::Said(said),
            });
        }
        if tag.is_some() {
            return Err(Error::Unreadable("a command that ended without a status"));
        }
        if let Some(number) = second.number() {
            let third = words.next()?.and_then(|word| word.text());
            let name = third.ok_or(Error::Unreadable("a number without a name"))?.to_ascii_uppercase();
            return Ok(Self::Numbered { number, name, words: words.rest()? });
        }
        Ok(Self::Data { name, words: words.rest()? })
    }
}

/// The value behind `name` in a list of names and values, as `FETCH` and `STATUS` write them.
pub(crate) fn value<'a>(list: &'a [Word], name: &str) -> Option<&'a Word> {
    list.chunks_exact(2).find(|pair| pair[0].is(name)).map(|pair| &pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Result<Answer, Error> {
        Answer::read(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(read("+ go on\r\n").expect("one"), Answer::Continue("go on".to_owned()));
        let Answer::Done { tag, said } = read("a7 NO [TRYCREATE] not there\r\n").expect("one") else { panic!("done") };
        assert_eq!((tag.as_str(), said.status, said.text.as_str()), ("a7", Status::No, "not there"));
        assert!(said.code("TRYCREATE").is_some_and(<[Word]>::is_empty) && said.code("ALERT").is_none());
        assert!(matches!(read("* BYE\r\n"), Ok(Answer::Said(Said { status: Status::Bye, .. }))));
        assert!(matches!(read("* 3 exists\r\n"), Ok(Answer::Numbered { number: 3, name, .. }) if name == "EXISTS"));
        let Ok(Answer::Data { name, words }) = read("* STATUS a (MESSAGES 1 UIDNEXT 2)\r\n") else { panic!("data") };
        assert_eq!(name, "STATUS");
        let list = words[1].list().expect("a list");
        assert_eq!(value(list, "uidnext").and_then(Word::number), Some(2_u32));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in ["\r\n", "(a) OK\r\n", "* (a)\r\n", "a1 FETCH\r\n", "* 3\r\n", "*\r\n"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
