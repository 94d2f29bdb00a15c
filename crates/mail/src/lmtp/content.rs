//! A message as it comes over the line: with a dot before lines that begin with one, and a line of one dot at its end (RFC
//! 5321, section 4.5.2). Only CR LF ends a line, so that two servers never see two different ends.

/// A message that comes in.
#[derive(Debug)]
pub(crate) struct Content {
    bytes: Vec<u8>,
    max_bytes: usize,
    too_large: bool,
    place: Place,
}

/// Where in a line the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Begin,
    Inside,
    /// Behind a CR.
    Cr,
    /// Behind a dot at the beginning of a line.
    Dot,
    /// Behind such a dot and a CR.
    DotCr,
}

impl Content {
    /// Nothing has come yet.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { bytes: Vec::new(), max_bytes, too_large: false, place: Place::Begin }
    }

    /// Takes bytes. Returns how many of them belong to the message and its end, once that is there.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Option<usize> {
        for (index, byte) in bytes.iter().enumerate() {
            match (self.place, byte) {
                (Place::DotCr, b'\n') => return Some(index + 1),
                (Place::DotCr, _) => {
                    // The dot was one that the sender put before the line.
                    self.keep(b'\r');
                    self.place = Place::Cr;
                    self.usual(*byte);
                }
                (Place::Begin, b'.') => self.place = Place::Dot,
                (Place::Dot, b'\r') => self.place = Place::DotCr,
                _ => self.usual(*byte),
            }
        }
        None
    }

    /// The message; nothing if it was too large.
    pub(crate) fn whole(self) -> Option<Vec<u8>> {
        (!self.too_large).then_some(self.bytes)
    }

    fn usual(&mut self, byte: u8) {
        self.keep(byte);
        self.place = match (self.place, byte) {
            (_, b'\r') => Place::Cr,
            (Place::Cr, b'\n') => Place::Begin,
            _ => Place::Inside,
        };
    }

    fn keep(&mut self, byte: u8) {
        if self.too_large {
            return;
        }
        if self.bytes.len() >= self.max_bytes {
            self.too_large = true;
            self.bytes = Vec::new();
        } else {
            self.bytes.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of bytes in pieces of this size: the message, and what is left behind its end.
    fn read(bytes: &[u8], piece: usize) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut content = Content::new(1000);
        let mut at = 0;
        for part in bytes.chunks(piece) {
            if let Some(taken) = content.take(part) {
                return Some((content.whole()?, bytes[at + taken..].to_vec()));
            }
            at += part.len();
        }
        None
    }

    #[test]
    fn dots_are_taken_off_and_only_cr_lf_dot_cr_lf_ends_it() {
        for (raw, message) in [
            (&b"a\r\n.\r\nQUIT\r\n"[..], &b"a\r\n"[..]),
            (b".\r\nQUIT\r\n", b""),
            (b"..\r\n.\r\nQUIT\r\n", b".\r\n"),
            (b"...a\r\n.b\r\n.\r\nQUIT\r\n", b"..a\r\nb\r\n"),
            (b"a\n.\nb\r\n.\r\nQUIT\r\n", b"a\n.\nb\r\n"),
            (b"a\r.\r\nb\n.\r\nc\r\n.\r\nQUIT\r\n", b"a\r.\r\nb\n.\r\nc\r\n"),
            (b".\rx\r\n.\r\r\n.\r\nQUIT\r\n", b"\rx\r\n\r\r\n"),
        ] {
            for piece in 1..=raw.len() {
                let (whole, left) = read(raw, piece).unwrap_or_else(|| panic!("{raw:?} has an end"));
                assert_eq!((whole.as_slice(), left.as_slice()), (message, &b"QUIT\r\n"[..]), "{raw:?} by {piece}");
            }
        }
        for endless in [&b"a\r\n."[..], b"a\n.\r\n", b"a\r\n.\n", b"a.\r\n"] {
            assert_eq!(read(endless, 1), None, "{endless:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_not_kept_and_its_end_is_found() {
        let mut content = Content::new(4);
        assert_eq!(content.take(b"ab\r\n"), None);
        assert_eq!((content.bytes.len(), content.too_large), (4, false));
        assert_eq!(content.take(b"c\r\n.\r\n"), Some(6));
        assert!(content.bytes.is_empty() && content.whole().is_none());
    }
}
