//! A message's bytes on their way to the server.

use bytes::Bytes;

/// A message as IMAP takes it: each line ends in CR and LF.
pub(super) fn for_imap(raw: Vec<u8>) -> Bytes {
    let is_bare = |(place, byte): (usize, &u8)| *byte == b'\n' && (place == 0 || raw[place - 1] != b'\r');
    let bare = raw.iter().enumerate().filter(|one| is_bare(*one)).count();
    if bare == 0 {
        return raw.into();
    }
    let mut lines = Vec::with_capacity(raw.len() + bare);
    for (place, byte) in raw.iter().enumerate() {
        if is_bare((place, byte)) {
            lines.push(b'\r');
        }
        lines.push(*byte);
    }
    lines.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_imap_wants_them() {
        for (raw, sent) in [("a\nb\r\nc", "a\r\nb\r\nc"), ("\n\n", "\r\n\r\n"), ("a\r\n", "a\r\n"), ("", "")] {
            assert_eq!(for_imap(raw.into()), sent);
        }
    }
}
