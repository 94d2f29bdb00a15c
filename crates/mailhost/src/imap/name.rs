//! Names of folders: UTF-7 as IMAP has it (RFC 3501, section 5.1.3) on the line, Unicode for people.

use std::{fmt::Write as _, sync::LazyLock};

use data_encoding::{Encoding, Specification};

/// A folder as its server calls it. Only who made it from a server's words or [`FolderName::of`] has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FolderName(String);

static BASE64: LazyLock<Encoding> = LazyLock::new(|| {
    let mut alphabet = Specification::new();
    alphabet.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,");
    alphabet.check_trailing_bits = false;
    alphabet.encoding().expect("64 different symbols are an alphabet")
});

impl FolderName {
    /// The name for a path of Unicode names.
    pub fn of(path: &str) -> Self {
        let mut name = String::new();
        let mut foreign = Vec::new();
        for letter in path.chars() {
            if (' '..='~').contains(&letter) {
                shift(&mut name, &mut foreign);
                name.push(letter);
                if letter == '&' {
                    name.push('-');
                }
            } else {
                let mut units = [0; 2];
                foreign.extend(letter.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
            }
        }
        shift(&mut name, &mut foreign);
        Self(name)
    }

    /// What a server called it, which is kept as it is, so that the server knows it again.
    pub(crate) fn from_wire(name: String) -> Self {
        // INBOX is the one name that is the same in any case.
        Self(if name.eq_ignore_ascii_case("INBOX") { "INBOX".to_owned() } else { name })
    }

    /// What an index kept of [`FolderName::as_wire`].
    pub fn kept(name: String) -> Self {
        Self::from_wire(name)
    }

    /// As it goes over the line.
    pub fn as_wire(&self) -> &str {
        &self.0
    }

    /// The path as people read it.
    pub fn path(&self) -> String {
        decode(&self.0)
    }
}

fn shift(name: &mut String, foreign: &mut Vec<u8>) {
    if !foreign.is_empty() {
        let _ = write!(name, "&{}-", BASE64.encode(foreign));
        foreign.clear();
    }
}

/// The path that a name writes. What is not written in order stays as it is.
pub(crate) fn decode(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, shifted)) = rest.split_once('&') {
        path.push_str(before);
        let Some((code, after)) = shifted.split_once('-') else {
            path.push('&');
            rest = shifted;
            continue;
        };
        match letters(code) {
            Some(letters) => {
                path.push_str(&letters);
                rest = after;
            }
            None => {
                path.push('&');
                rest = shifted;
            }
        }
    }
    path.push_str(rest);
    path
}

fn letters(code: &str) -> Option<String> {
    if code.is_empty() {
        return Some("&".to_owned());
    }
    let bytes = BASE64.decode(code.as_bytes()).ok()?;
    if bytes.len() % 2 != 0 {
        return None;
    }
    let units: Vec<_> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_written_as_the_standard_shows() {
        for (path, name) in [
            ("Entwürfe", "Entw&APw-rfe"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("A & B", "A &- B"),
        ] {
            assert_eq!(FolderName::of(path).as_wire(), name);
            assert_eq!(decode(name), path);
        }
        assert_eq!(FolderName::from_wire("inbox".to_owned()).as_wire(), "INBOX");
    }

    #[test]
    fn what_is_not_in_order_stays_as_it_is() {
        for name in ["a&b", "&A-", "&!-", "&2AA-", "Entw\u{fc}rfe", "&"] {
            assert_eq!(decode(name), name);
        }
    }

    proptest! {
        #[test]
        fn every_path_comes_back(path: String) {
            let name = FolderName::of(&path);
            prop_assert!(name.as_wire().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(name.path(), path);
        }

        #[test]
        fn any_name_is_read(name: String) {
            let _ = decode(&name);
        }
    }
}
