//! What lets somebody into a meeting: a number with a PIN to type, or the secret of a link.

use std::{fmt, str::FromStr};

use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use crate::{
    Rng, Secret,
    rng::{random_bytes, random_token},
};

/// Digits of a room number.
pub const ROOM_NUMBER_DIGITS: usize = 9;

/// Digits of a PIN.
pub const PIN_DIGITS: usize = 6;

/// Random bytes of a link's secret: 192 bits.
pub const ENTRY_SECRET_BYTES: usize = 24;

/// The smallest number: none begins with 0, so that nobody drops a digit.
const LEAST: u32 = 100_000_000;

/// How many numbers there are.
const NUMBERS: u32 = 900_000_000;

/// How many PINs there are.
const PINS: u32 = 1_000_000;

/// The number of a meeting, as it is typed or dialled: nine digits, shown in groups of three.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomNumber(u32);

/// The text is no room number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a room number has {ROOM_NUMBER_DIGITS} digits and does not begin with 0")]
pub struct MalformedRoomNumber;

impl RoomNumber {
    /// A random number. Whether it is in use is the store's to say.
    pub fn random(rng: &dyn Rng) -> Self {
        Self(LEAST + below(rng, NUMBERS))
    }

    /// The nine digits without gaps.
    pub fn digits(self) -> String {
        self.0.to_string()
    }
}

impl FromStr for RoomNumber {
    type Err = MalformedRoomNumber;

    /// Reads what people type: digits with gaps, hyphens or dots between them.
    fn from_str(text: &str) -> Result<Self, MalformedRoomNumber> {
        let digits = digits::<ROOM_NUMBER_DIGITS>(text).ok_or(MalformedRoomNumber)?;
        let number: u32 = digits.parse().map_err(|_| MalformedRoomNumber)?;
        if number < LEAST { Err(MalformedRoomNumber) } else { Ok(Self(number)) }
    }
}

impl fmt::Display for RoomNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (millions, rest) = (self.0 / 1_000_000, self.0 % 1_000_000);
        write!(f, "{millions:03} {:03} {:03}", rest / 1000, rest % 1000)
    }
}

impl fmt::Debug for RoomNumber {
    /// A number opens nothing by itself, but a log is no place for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoomNumber(…)")
    }
}

/// The PIN of a meeting: six digits.
#[derive(Clone, PartialEq)]
pub struct Pin(Secret<String>);

/// The text is no PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PIN has {PIN_DIGITS} digits")]
pub struct MalformedPin;

impl Pin {
    /// A random PIN.
    pub fn random(rng: &dyn Rng) -> Self {
        Self(Secret::new(format!("{:06}", below(rng, PINS))))
    }

    /// The six digits.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl FromStr for Pin {
    type Err = MalformedPin;

    fn from_str(text: &str) -> Result<Self, MalformedPin> {
        digits::<PIN_DIGITS>(text).map(|digits| Self(Secret::new((*digits).clone()))).ok_or(MalformedPin)
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

/// The secret in a link's fragment. Whoever has it needs no PIN.
#[derive(Clone, PartialEq)]
pub struct EntrySecret(Secret<String>);

/// The text is no secret of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the link is incomplete")]
pub struct MalformedEntrySecret;

impl EntrySecret {
    /// A random secret.
    pub fn random(rng: &dyn Rng) -> Self {
        Self(Secret::new(random_token::<ENTRY_SECRET_BYTES>(rng)))
    }

    /// The secret as it stands in the link: base64url.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl FromStr for EntrySecret {
    type Err = MalformedEntrySecret;

    fn from_str(text: &str) -> Result<Self, MalformedEntrySecret> {
        let decoded = BASE64URL_NOPAD.decode(text.as_bytes()).map(Zeroizing::new).map_err(|_| MalformedEntrySecret)?;
        if decoded.len() == ENTRY_SECRET_BYTES { Ok(Self(text.into())) } else { Err(MalformedEntrySecret) }
    }
}

impl fmt::Debug for EntrySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EntrySecret(…)")
    }
}

/// A number below `limit`, each equally likely: what would favour the small ones is drawn again.
fn below(rng: &dyn Rng, limit: u32) -> u32 {
    let fair = u32::MAX - u32::MAX % limit;
    loop {
        let drawn = u32::from_le_bytes(random_bytes::<4>(rng));
        if drawn < fair {
            return drawn % limit;
        }
    }
}

/// Exactly `N` digits, once gaps, hyphens and dots between them are left out.
fn digits<const N: usize>(text: &str) -> Option<Zeroizing<String>> {
    let mut found = Zeroizing::new(String::with_capacity(N));
    for character in text.trim().chars() {
        match character {
            '0'..='9' if found.len() < N => found.push(character),
            ' ' | '\u{A0}' | '\u{202F}' | '-' | '.' => {}
            _ => return None,
        }
    }
    (found.len() == N).then_some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SystemRng;

    #[test]
    fn a_number_is_read_as_people_write_it() {
        let number: RoomNumber = "123456789".parse().unwrap();
        assert_eq!((number.to_string(), number.digits()), ("123 456 789".into(), "123456789".into()));
        for text in ["123 456 789", " 123-456-789 ", "123.456.789", "123\u{202F}456\u{A0}789"] {
            assert_eq!(text.parse(), Ok(number), "{text}");
        }
        for text in ["", "12345678", "1234567890", "012345678", "12345678a", "١٢٣٤٥٦٧٨٩", "+123456789"] {
            assert!(text.parse::<RoomNumber>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_drawn_parses_back_and_is_not_printed() {
        for _ in 0..1000 {
            let (number, pin) = (RoomNumber::random(&SystemRng), Pin::random(&SystemRng));
            assert_eq!(number.to_string().parse(), Ok(number));
            assert_eq!(pin.expose().parse(), Ok(pin.clone()));
            assert_eq!(format!("{number:?} {pin:?}"), "RoomNumber(…) Pin(…)");
        }
        let secret = EntrySecret::random(&SystemRng);
        assert_eq!(secret.expose().parse(), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "EntrySecret(…)");
        assert!("AAAA".parse::<EntrySecret>().is_err());
    }

    #[test]
    fn every_first_digit_is_drawn() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..2000 {
            seen.insert(RoomNumber::random(&SystemRng).digits().as_bytes()[0]);
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), b"123456789");
    }

    proptest! {
        #[test]
        fn foreign_text_never_panics(text in "\\PC{0,40}") {
            let _ = (text.parse::<RoomNumber>(), text.parse::<Pin>(), text.parse::<EntrySecret>());
        }
    }
}
