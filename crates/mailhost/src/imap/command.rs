//! What we say to an IMAP server.

use bytes::Bytes;

use super::{FolderName, UidSet};
use crate::Error;

/// Longer strings are sent as literals; servers take lines of 8,192 bytes at least (RFC 7162, section 4).
const MAX_QUOTED_BYTES: usize = 1024;

/// A piece of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text that stands on the line.
    Text(String),
    /// Bytes that are announced by their number.
    Literal(Bytes),
}

/// A command without its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command(pub(crate) Vec<Piece>);

impl Command {
    /// A command's fixed beginning.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(vec![Piece::Text(text.into())])
    }

    /// Goes on with text as it is, after a space.
    pub(crate) fn word(mut self, text: impl AsRef<str>) -> Self {
        self.append(" ");
        self.append(text.as_ref());
        self
    }

    /// Goes on with messages.
    pub(crate) fn uids(self, uids: &UidSet) -> Self {
        self.word(uids.to_string())
    }

    /// Goes on with a folder.
    pub(crate) fn folder(self, name: &FolderName) -> Result<Self, Error> {
        self.string(name.as_wire())
    }

    /// Goes on with a string: quoted where that can be, else as a literal.
    pub(crate) fn string(mut self, text: &str) -> Result<Self, Error> {
        if text.contains('\0') {
            return Err(Error::Unsayable("text with a zero byte"));
        }
        self.append(" ");
        let quotable = text.len() <= MAX_QUOTED_BYTES && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if quotable {
            self.append(&quoted(text));
        } else {
            self.0.push(Piece::Literal(Bytes::from(text.to_owned())));
        }
        Ok(self)
    }

    /// Goes on with a message.
    pub(crate) fn literal(mut self, bytes: Bytes) -> Self {
        self.append(" ");
        self.0.push(Piece::Literal(bytes));
        self
    }

    /// Goes on with flags in parentheses.
    pub(crate) fn flags(self, flags: &[String]) -> Result<Self, Error> {
        if !flags.iter().all(|flag| is_flag(flag)) {
            return Err(Error::Unsayable("a keyword that IMAP has no letters for"));
        }
        Ok(self.word(format!("({})", flags.join(" "))))
    }

    fn append(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.0.push(Piece::Text(text.to_owned())),
        }
    }
}

/// A quoted string.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether a flag is an atom, with a backslash before it or not.
pub(crate) fn is_flag(flag: &str) -> bool {
    let atom = flag.strip_prefix('\\').unwrap_or(flag);
    !atom.is_empty() && atom.bytes().all(|byte| byte.is_ascii_graphic() && !b"(){%*\"\\]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(command: Result<Command, Error>) -> Option<String> {
        match command.ok()?.0.as_slice() {
            [Piece::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }

    #[test]
    fn strings_are_quoted_or_sent_as_literals_and_never_break_out() {
        let select = || Command::new("SELECT");
        assert_eq!(text(select().string("a \"b\\")).as_deref(), Some("SELECT \"a \\\"b\\\\\""));
        for foreign in ["a\r\nb LOGOUT", "ä", &"x".repeat(MAX_QUOTED_BYTES + 1)] {
            let command = select().string(foreign).expect("a literal");
            assert_eq!(command.0[1], Piece::Literal(Bytes::from(foreign.to_owned())));
        }
        assert!(select().string("a\0").is_err());
    }

    #[test]
    fn a_flag_is_an_atom_or_it_is_not_sent() {
        let store = |flag: &str| text(Command::new("STORE").flags(&[flag.to_owned()]));
        assert_eq!(store("\\Seen").as_deref(), Some("STORE (\\Seen)"));
        assert_eq!(store("$Forwarded").as_deref(), Some("STORE ($Forwarded)"));
        for bad in ["", "\\", "a b", "a)", "a\r\n", "ä", "a]", "\\\\Seen"] {
            assert_eq!(store(bad), None, "{bad}");
        }
    }
}
