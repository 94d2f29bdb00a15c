//! Answers of IMAP and `ManageSieve`: one answer with its literals taken off the line, and the words in it.
//!
//! Both protocols write atoms, quoted strings, literals (`{5}` and then five bytes) and lists in parentheses.

use bytes::Bytes;

use crate::{Error, line::Line};

/// The most bytes of an answer that are not literals.
const MAX_TEXT_BYTES: usize = 8 << 20;
/// How deep lists may lie in each other.
const MAX_DEPTH: usize = 24;

/// A word of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// Bare text, such as `FETCH` or `BODY[]`.
    Atom(Bytes),
    /// A quoted string or a literal.
    Text(Bytes),
    /// Words in parentheses.
    List(Vec<Word>),
}

impl Word {
    /// Whether it is this atom, however it is written.
    pub(crate) fn is(&self, name: &str) -> bool {
        matches!(self, Self::Atom(bytes) if bytes.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The text of an atom or a string; nothing for a list, and for `NIL`.
    pub(crate) fn text(&self) -> Option<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The bytes of an atom or a string; nothing for a list, and for `NIL`.
    pub(crate) fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Text(bytes) => Some(bytes),
            Self::Atom(bytes) if !self.is("NIL") => Some(bytes),
            _ => None,
        }
    }

    /// The number that an atom writes.
    pub(crate) fn number<T: std::str::FromStr>(&self) -> Option<T> {
        match self {
            Self::Atom(bytes) if bytes.iter().all(u8::is_ascii_digit) => std::str::from_utf8(bytes).ok()?.parse().ok(),
            _ => None,
        }
    }

    /// The words of a list.
    pub(crate) fn list(&self) -> Option<&[Word]> {
        match self {
            Self::List(words) => Some(words),
            _ => None,
        }
    }
}

/// Takes one answer with its literals off the line. Together these must not have more than `max_literal_bytes`.
pub(crate) async fn read_answer(line: &mut Line, max_literal_bytes: usize) -> Result<Bytes, Error> {
    read_answer_within(line, max_literal_bytes, MAX_TEXT_BYTES).await
}

/// The same where what is not literals must not have more than `max_text_bytes`.
pub(crate) async fn read_answer_within(
    line: &mut Line,
    max_literal_bytes: usize,
    max_text_bytes: usize,
) -> Result<Bytes, Error> {
    let mut answer = Vec::new();
    let mut literals = 0;
    loop {
        let start = answer.len();
        line.read_line(&mut answer, max_text_bytes + literals).await?;
        let Some(count) = announced(&answer[start..]) else {
            return Ok(answer.into());
        };
        // It is compared before it is added, since the server may name any number.
        if count > max_literal_bytes - literals {
            return Err(Error::TooLarge(max_literal_bytes));
        }
        literals += count;
        line.read_bytes(&mut answer, count).await?;
    }
}

/// How many bytes of a literal follow this line.
fn announced(line: &[u8]) -> Option<usize> {
    let line = without_end(line);
    let open = line.iter().rposition(|byte| *byte == b'{')?;
    let inner = line.strip_suffix(b"}")?.get(open + 1..)?;
    let digits = inner.strip_suffix(b"+").unwrap_or(inner);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // What does not fit is more than any limit.
    Some(std::str::from_utf8(digits).ok()?.parse().unwrap_or(usize::MAX))
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Reads the words of one answer from its beginning.
#[derive(Debug)]
pub(crate) struct Words {
    answer: Bytes,
    at: usize,
}

impl Words {
    pub(crate) fn new(answer: Bytes) -> Self {
        Self { answer, at: 0 }
    }

    /// The next word; nothing at the end of the answer, or before a `]` where codes are read.
    pub(crate) fn next(&mut self) -> Result<Option<Word>, Error> {
        self.word(0, false)
    }

    /// The words up to the end.
    pub(crate) fn rest(&mut self) -> Result<Vec<Word>, Error> {
        let mut words = Vec::new();
        while let Some(word) = self.next()? {
            words.push(word);
        }
        Ok(words)
    }

    /// What stands in brackets, where some do: a name in capitals and what belongs to it.
    pub(crate) fn code(&mut self) -> Result<Option<(String, Vec<Word>)>, Error> {
        self.skip_spaces();
        if self.peek() != Some(b'[') {
            return Ok(None);
        }
        self.at += 1;
        let mut words = Vec::new();
        while let Some(word) = self.word(0, true)? {
            words.push(word);
        }
        if self.peek() != Some(b']') {
            return Err(Error::Unreadable("a code without an end"));
        }
        self.at += 1;
        let name = if words.is_empty() { None } else { words.remove(0).text() };
        Ok(name.map(|name| (name.to_ascii_uppercase(), words)))
    }

    /// The text up to the end.
    pub(crate) fn remaining_text(&mut self) -> String {
        self.skip_spaces();
        let text = without_end(self.answer.get(self.at..).unwrap_or_default());
        String::from_utf8_lossy(text).into_owned()
    }

    fn peek(&self) -> Option<u8> {
        self.answer.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn word(&mut self, depth: usize, in_code: bool) -> Result<Option<Word>, Error> {
        self.skip_spaces();
        match self.peek() {
            None | Some(b'\r' | b'\n') => Ok(None),
            Some(b']') if in_code => Ok(None),
            Some(b'(') if depth == MAX_DEPTH => Err(Error::Unreadable("lists too deep in each other")),
            Some(b'(') => self.list(depth, in_code).map(Some),
            Some(b')') => Err(Error::Unreadable("a parenthesis without a beginning")),
            Some(b'"') => self.quoted().map(Some),
            Some(b'{') => self.literal().map(Some),
            Some(b'~') if self.answer.get(self.at + 1) == Some(&b'{') => {
                self.at += 1;
                self.literal().map(Some)
            }
            Some(_) => Ok(Some(self.atom(in_code))),
        }
    }

    fn list(&mut self, depth: usize, in_code: bool) -> Result<Word, Error> {
        self.at += 1;
        let mut words = Vec::new();
        loop {
            self.skip_spaces();
            if self.peek() == Some(b')') {
                self.at += 1;
                return Ok(Word::List(words));
            }
            match self.word(depth + 1, in_code)? {
                Some(word) => words.push(word),
                None => return Err(Error::Unreadable("a list without an end")),
            }
        }
    }

    fn quoted(&mut self) -> Result<Word, Error> {
        self.at += 1;
        let start = self.at;
        let mut escaped = Vec::new();
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped.push(self.at);
                    self.at += 2;
                }
                None | Some(b'\r' | b'\n') => return Err(Error::Unreadable("a quoted string without an end")),
                Some(_) => self.at += 1,
            }
        }
        let text = self.answer.slice(start..self.at);
        self.at += 1;
        if escaped.is_empty() {
            return Ok(Word::Text(text));
        }
        let backslashes: Vec<_> = escaped.into_iter().map(|at| at - start).collect();
        let kept = text.iter().enumerate().filter(|(at, _)| backslashes.binary_search(at).is_err());
        Ok(Word::Text(kept.map(|(_, byte)| *byte).collect::<Vec<_>>().into()))
    }

    fn literal(&mut self) -> Result<Word, Error> {
        let rest = self.answer.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or(Error::Unreadable("a literal without bytes"))? + 1;
        let count = announced(&rest[..end]).ok_or(Error::Unreadable("a literal without a length"))?;
        let start = self.at + end;
        let stop = start.checked_add(count).filter(|stop| *stop <= self.answer.len());
        let stop = stop.ok_or(Error::Unreadable("a literal shorter than it says"))?;
        self.at = stop;
        Ok(Word::Text(self.answer.slice(start..stop)))
    }

    /// An atom; what stands in its brackets belongs to it, as in `BODY[HEADER.FIELDS (SUBJECT)]`.
    fn atom(&mut self, in_code: bool) -> Word {
        let start = self.at;
        let mut brackets = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'\r' | b'\n' => break,
                b' ' | b'(' | b')' if brackets == 0 => break,
                b'[' if !in_code => brackets += 1,
                b']' if in_code => break,
                b']' => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
        Word::Atom(self.answer.slice(start..self.at))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    fn words(text: &str) -> Vec<Word> {
        Words::new(Bytes::from(text.to_owned())).rest().expect("words")
    }

    #[test]
    fn atoms_strings_literals_and_lists_are_told_apart() {
        let read = words("* 1 FETCH (UID 7 BODY[HEADER.FIELDS (A B)] {3}\r\na\"b X \"q\\\"\\\\\" NIL ())\r\n");
        let list = read[3].list().expect("a list");
        assert!(read[2].is("fetch") && list[0].is("uid") && list[2].is("BODY[HEADER.FIELDS (A B)]"));
        assert_eq!((list[1].number(), list[3].text().as_deref()), (Some(7_u32), Some("a\"b")));
        assert_eq!((list[5].text().as_deref(), list[6].text()), (Some("q\"\\"), None));
        assert_eq!(list[7].list(), Some(&[][..]));
    }

    #[test]
    fn codes_are_read_apart_from_the_words_behind_them() {
        let mut answer = Words::new(Bytes::from_static(b"[COPYUID 3 1:2 (a b)] Done (0.1 s)\r\n"));
        let (name, code) = answer.code().expect("in order").expect("a code");
        assert_eq!((name.as_str(), code.len(), code[0].number()), ("COPYUID", 3, Some(3_u32)));
        assert_eq!(answer.remaining_text(), "Done (0.1 s)");
        assert!(Words::new(Bytes::from_static(b"[ALERT oh\r\n")).code().is_err());
    }

    #[test]
    fn what_has_no_end_or_lies_too_deep_is_refused() {
        for text in ["(a", "\"a", "\"a\\", "{5}\r\nab", "{}\r\n", ")", "{99999999999999999999999}\r\n"] {
            assert!(Words::new(Bytes::from(text.to_owned())).rest().is_err(), "{text}");
        }
        let deep = |depth: usize| format!("{}{}", "(".repeat(depth), ")".repeat(depth));
        assert!(Words::new(Bytes::from(deep(MAX_DEPTH))).rest().is_ok());
        assert!(Words::new(Bytes::from(deep(MAX_DEPTH + 1))).rest().is_err());
    }

    #[tokio::test]
    async fn an_answer_brings_its_literals_and_has_a_limit() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let mut line = Line::over(ours);
        theirs.write_all(b"* 1 FETCH (A {4}\r\n\r\n{9 B {2+}\r\nxy)\r\n* OK\r\n* X {9}\r\n").await.expect("room");
        assert_eq!(&read_answer(&mut line, 6).await.expect("six")[..], b"* 1 FETCH (A {4}\r\n\r\n{9 B {2+}\r\nxy)\r\n");
        assert_eq!(&read_answer(&mut line, 0).await.expect("none")[..], b"* OK\r\n");
        assert!(matches!(read_answer(&mut line, 8).await, Err(Error::TooLarge(8))));
        theirs.write_all(b"* Y {18446744073709551616}\r\n").await.expect("room");
        assert!(matches!(read_answer(&mut line, 8).await, Err(Error::TooLarge(8))));
        let part = vec![b'a'; 1 << 16];
        let endless = tokio::spawn(async move { while theirs.write_all(&part).await.is_ok() {} });
        assert!(matches!(read_answer(&mut line, 8).await, Err(Error::TooLarge(_))));
        drop(line);
        endless.await.expect("it ends with the line");
    }

    proptest! {
        #[test]
        fn any_string_comes_back_from_its_literal(bytes: Vec<u8>) {
            let mut answer = format!("{{{}}}\r\n", bytes.len()).into_bytes();
            answer.extend_from_slice(&bytes);
            answer.extend_from_slice(b" END\r\n");
            let read = Words::new(answer.into()).rest().expect("two words");
            prop_assert_eq!(read[0].bytes().map(|read| read.to_vec()), Some(bytes));
            prop_assert!(read[1].is("END"));
        }
    }
}
