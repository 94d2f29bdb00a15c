//! What a new passphrase must have: length that is worth something. Rules about digits and signs make people choose worse.

use fernamt_domain::Secret;

/// So many characters it has at least.
pub const MIN_CHARS: usize = 12;
/// So many of them must not follow from those before: a row such as `1234567` counts as one.
pub const MIN_UNFORESEEN: usize = 6;
/// The most bytes of a passphrase that is looked at.
pub const MAX_BYTES: usize = 1024;
/// What is shorter is no row: `abc` and `ss` stand in words.
const MIN_ROW_CHARS: usize = 3;

/// Why a passphrase is not taken, as a hint for whoever chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseFault {
    /// Fewer than [`MIN_CHARS`] characters.
    #[error("{missing} characters are missing: at least {MIN_CHARS}")]
    TooShort {
        /// Characters that are missing.
        missing: usize,
    },
    /// The same characters or words over and over, or rows that count on.
    #[error("it repeats itself or counts on")]
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
    if chars < MIN_CHARS {
        return Err(PassphraseFault::TooShort { missing: MIN_CHARS - chars });
    }
    // Wiped with its room, which never grows: a lower case letter may take more bytes than its capital.
    let mut plain = zeroize::Zeroizing::new(Vec::with_capacity(3 * MAX_BYTES));
    plain.extend(text.chars().filter(|character| !character.is_whitespace()).flat_map(char::to_lowercase));
    if repeats(&plain) || unforeseen(&plain) < MIN_UNFORESEEN {
        return Err(PassphraseFault::Repeated);
    }
    Ok(())
}

/// Whether it is one beginning over and over, the last time perhaps not to its end.
fn repeats(text: &[char]) -> bool {
    (1..=text.len() / 2).any(|period| text.iter().zip(text.iter().skip(period)).all(|(before, now)| before == now))
}

/// How many characters there are when each row counts as one.
fn unforeseen(text: &[char]) -> usize {
    let (mut count, mut row, mut way) = (text.len(), 1, None);
    for pair in text.windows(2) {
        let [before, now] = pair else { continue };
        let step = step(*before, *now);
        row = match step {
            Some(_) if step == way => row + 1,
            Some(_) => 2,
            None => 1,
        };
        way = step;
        if row == MIN_ROW_CHARS {
            count -= MIN_ROW_CHARS - 1;
        } else if row > MIN_ROW_CHARS {
            count -= 1;
        }
    }
    count
}

/// How one counts from one character to the next, if that is counting: on, back, or not at all. `0` comes after `9`.
fn step(before: char, now: char) -> Option<i8> {
    match (before, now) {
        ('9', '0') => Some(1),
        ('0', '9') => Some(-1),
        _ => match i64::from(u32::from(now)) - i64::from(u32::from(before)) {
            0 => Some(0),
            1 => Some(1),
            -1 => Some(-1),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_enough_when_it_is_worth_something() {
        for good in [
            "zwölf zeiche",
            "Kastanie-Regen-41",
            "Kastanie Regen",
            "vier Wörter sind genug",
            "aus Haus raus Maus",
            "abc Schützen 123 Fest",
            "correct horse battery",
        ] {
            assert_eq!(check(&good.into()), Ok(()), "{good}");
        }
    }

    #[test]
    fn the_hint_says_what_is_missing() {
        for (short, missing) in
            [("kurz", 8), ("", 12), ("a b c d", 5), ("aa bb cc dd", 1), ("           x           ", 11)]
        {
            assert_eq!(check(&short.into()), Err(PassphraseFault::TooShort { missing }), "{short}");
        }
        assert_eq!(check(&Secret::new("ab".repeat(MAX_BYTES))), Err(PassphraseFault::TooLong));
    }

    #[test]
    fn what_repeats_itself_or_counts_on_is_refused() {
        for weak in [
            "aaaaaaaaaaaaaaaa",
            "abababababab",
            "Ab aB ab AB ab",
            "Kastanie kastanie",
            "Kastanie  Kastanie Kastanie",
            "geheimgeheimgehe",
            "123456789012",
            "1234 5678 9012",
            "210987654321",
            "123456789123",
            "abcdefghijkl",
            "abcdef123456",
            "111222333444",
            "🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻a",
            "a                  b",
        ] {
            assert_eq!(check(&weak.into()), Err(PassphraseFault::Repeated), "{weak}");
        }
    }
}
