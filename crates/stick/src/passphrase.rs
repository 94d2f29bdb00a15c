//! What a new passphrase must have: length, and nothing else. Rules about digits and signs make people choose worse.

use fernamt_domain::Secret;

/// So many characters are enough.
pub const MIN_CHARS: usize = 12;
/// So many words are enough, whatever their length.
pub const MIN_WORDS: usize = 4;
/// The fewest letters of what counts as a word.
pub const MIN_WORD_CHARS: usize = 2;
/// The most bytes of a passphrase that is looked at.
pub const MAX_BYTES: usize = 1024;

/// Why a passphrase is not taken, as a hint for whoever chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseFault {
    /// Neither [`MIN_CHARS`] characters nor [`MIN_WORDS`] words.
    #[error("{missing} characters or some words are missing: at least {MIN_CHARS} characters, or {MIN_WORDS} words")]
    TooShort {
        /// Characters that are missing.
        missing: usize,
    },
    /// The same character over and over.
    #[error("it is one character repeated")]
    Repeated,
    /// Longer than [`MAX_BYTES`].
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
}

/// Whether a new passphrase may be taken.
pub fn check(passphrase: &Secret<String>) -> Result<(), PassphraseFault> {
    let text = passphrase.expose();
    if text.len() > MAX_BYTES {
        return Err(PassphraseFault::TooLong);
    }
    let chars = text.trim().chars().count();
    let words = text.split_whitespace().filter(|word| word.chars().count() >= MIN_WORD_CHARS).count();
    if chars < MIN_CHARS && words < MIN_WORDS {
        return Err(PassphraseFault::TooShort { missing: MIN_CHARS - chars });
    }
    let mut all = text.trim().chars();
    let first = all.next();
    if all.all(|character| Some(character) == first) {
        return Err(PassphraseFault::Repeated);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_or_words_are_enough() {
        for good in ["zwölf zeiche", "abcdefghijkl", "ab cd ef gh", "Kastanie-Regen-41", "🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻a"]
        {
            assert_eq!(check(&good.into()), Ok(()), "{good}");
        }
    }

    #[test]
    fn the_hint_says_what_is_missing() {
        assert_eq!(check(&"kurz".into()), Err(PassphraseFault::TooShort { missing: 8 }));
        assert_eq!(check(&"".into()), Err(PassphraseFault::TooShort { missing: 12 }));
        assert_eq!(check(&"a b c d".into()), Err(PassphraseFault::TooShort { missing: 5 }));
        assert_eq!(check(&"           x           ".into()), Err(PassphraseFault::TooShort { missing: 11 }));
        assert_eq!(check(&"aaaaaaaaaaaaaaaa".into()), Err(PassphraseFault::Repeated));
        assert_eq!(check(&Secret::new("ab".repeat(MAX_BYTES))), Err(PassphraseFault::TooLong));
    }
}
