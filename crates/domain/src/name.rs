//! What may stand in a name, or in any line of text that people type and others read.
//!
//! A name is shown beside other names: in lists, rules, the answers of "Why?", the audit log. A character that nobody
//! sees, or one that turns the order of the others around, lets a name pass for another, so none is allowed. What does
//! not fit is refused with its place; nothing is cut or dropped in silence.

/// What is wrong with a name or a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// There is nothing to read.
    #[error("a name is needed")]
    Empty,
    /// It begins or ends with a space.
    #[error("a name has no spaces before or behind it")]
    SpacesAround,
    /// It is too long.
    #[error("{chars} characters are too many: at most {most} are allowed")]
    TooLong {
        /// How many characters it has.
        chars: usize,
        /// How many are allowed.
        most: usize,
    },
    /// A line break, a tabulator or the like.
    #[error("character {position} ({}) is a control character", written(*.character))]
    Control {
        /// Which character, from 1.
        position: usize,
        /// The character.
        character: char,
    },
    /// A character that changes the direction of what stands around it.
    #[error("character {position} ({}) changes the direction of writing", written(*.character))]
    Bidi {
        /// Which character, from 1.
        position: usize,
        /// The character.
        character: char,
    },
    /// A character that has no width, or that shows nothing.
    #[error("character {position} ({}) cannot be seen", written(*.character))]
    Invisible {
        /// Which character, from 1.
        position: usize,
        /// The character.
        character: char,
    },
}

impl NameFault {
    /// The stable word of the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "required",
            Self::SpacesAround => "spaces_around",
            Self::TooLong { .. } => "too_long",
            Self::Control { .. } => "control_character",
            Self::Bidi { .. } => "bidi_character",
            Self::Invisible { .. } => "invisible_character",
        }
    }

    /// The values that belong in a sentence about it.
    pub fn params(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Empty | Self::SpacesAround => Vec::new(),
            Self::TooLong { chars, most } => vec![("chars", chars.to_string()), ("most", most.to_string())],
            Self::Control { position, character }
            | Self::Bidi { position, character }
            | Self::Invisible { position, character } => {
                vec![("position", position.to_string()), ("character", written(character))]
            }
        }
    }
}

/// Checks a name: something to read, in one line, without spaces around it.
pub fn check(name: &str, most_chars: usize) -> Result<(), NameFault> {
    check_line(name, most_chars)?;
    match name.trim() {
        "" => Err(NameFault::Empty),
        trimmed if trimmed.len() != name.len() => Err(NameFault::SpacesAround),
        _ => Ok(()),
    }
}

/// Checks a line of text that may be empty.
pub fn check_line(text: &str, most_chars: usize) -> Result<(), NameFault> {
    let chars = text.chars().count();
    if chars > most_chars {
        return Err(NameFault::TooLong { chars, most: most_chars });
    }
    let (mut before, mut characters) = (None, (1..).zip(text.chars()).peekable());
    while let Some((position, character)) = characters.next() {
        // Between two pictures a joiner makes one of them, which everybody sees: a family, a profession, a flag.
        let joins = character == JOINER
            && before.is_some_and(is_picture)
            && characters.peek().is_some_and(|(_, next)| is_picture(*next));
        if let Some(fault) = fault(position, character).filter(|_| !joins) {
            return Err(fault);
        }
        if !belongs_to_the_picture_before(character) {
            before = Some(character);
        }
    }
    Ok(())
}

const JOINER: char = '\u{200D}';

fn is_picture(character: char) -> bool {
    matches!(character, '\u{2190}'..='\u{21FF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// The tone of a skin, and the mark that a sign is to be drawn as a picture.
fn belongs_to_the_picture_before(character: char) -> bool {
    matches!(character, '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}')
}

fn fault(position: usize, character: char) -> Option<NameFault> {
    match character {
        c if c.is_control() => Some(NameFault::Control { position, character }),
        // Line and paragraph separators break lines as control characters do.
        '\u{2028}' | '\u{2029}' => Some(NameFault::Control { position, character }),
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            Some(NameFault::Bidi { position, character })
        }
        // Soft hyphen, joiners, fillers, variation selectors for nothing, tags, private marks.
        '\u{00AD}'
        | '\u{034F}'
        | '\u{115F}'
        | '\u{1160}'
        | '\u{17B4}'
        | '\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200D}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206A}'..='\u{206F}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}' => Some(NameFault::Invisible { position, character }),
        _ => None,
    }
}

/// A text from elsewhere that cannot be refused, with what could not be read in it spelled out: `Bau<U+200B>amt`. Texts
/// that differ stay different.
pub fn spelled(text: &str) -> String {
    let spell = |character| match fault(1, character) {
        Some(_) => format!("<{}>", written(character)),
        None => character.to_string(),
    };
    text.chars().map(spell).collect()
}

/// A character by its number, as in `U+202E`: itself it could not be read.
fn written(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_languages_are_names() {
        for name in ["Straßenbau", "Ämter (2. OG) – Süd", "Zoë O’Neill", "平和", "محمد", "e\u{301}cole", "🏛 Rathaus"]
        {
            assert_eq!(check(name, 100), Ok(()), "{name}");
        }
        assert_eq!(check_line("", 10), Ok(()));
    }

    #[test]
    fn a_joiner_stands_between_pictures_and_nowhere_else() {
        for name in [
            "👨\u{200D}👩\u{200D}👧 Elternabend",
            "👩🏽\u{200D}🚀",
            "❤\u{FE0F}\u{200D}🔥",
            "🏳\u{FE0F}\u{200D}🌈",
            "🧑\u{200D}⚖\u{FE0F}",
        ] {
            assert_eq!(check(name, 100), Ok(()), "{name}");
        }
        for (name, position) in [
            ("Bau\u{200D}amt", 4),
            ("👩\u{200D}", 2),
            ("\u{200D}👩", 1),
            ("👩\u{200D}a", 2),
            ("a\u{200D}👩", 2),
            ("👩\u{200D}\u{200D}🚀", 2),
        ] {
            assert_eq!(check(name, 100), Err(NameFault::Invisible { position, character: JOINER }), "{name:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_place() {
        let cases = [
            ("Bau\u{202E}amt", NameFault::Bidi { position: 4, character: '\u{202E}' }),
            ("ä\u{200F}", NameFault::Bidi { position: 2, character: '\u{200F}' }),
            ("a\u{200B}b", NameFault::Invisible { position: 2, character: '\u{200B}' }),
            ("a\u{AD}b", NameFault::Invisible { position: 2, character: '\u{AD}' }),
            ("a\nb", NameFault::Control { position: 2, character: '\n' }),
            ("a\u{2028}b", NameFault::Control { position: 2, character: '\u{2028}' }),
            ("a\u{9B}b", NameFault::Control { position: 2, character: '\u{9B}' }),
            ("", NameFault::Empty),
            (" \u{A0}", NameFault::Empty),
            ("Bauamt ", NameFault::SpacesAround),
        ];
        for (name, fault) in cases {
            assert_eq!(check(name, 100), Err(fault), "{name:?}");
        }
        let fault = check("Bau\u{202E}amt", 100).unwrap_err();
        assert_eq!(fault.code(), "bidi_character");
        assert_eq!(fault.params(), [("position", "4".to_owned()), ("character", "U+202E".to_owned())]);
    }

    #[test]
    fn what_cannot_be_refused_is_spelled_out() {
        assert_eq!(spelled("Straßenbau"), "Straßenbau");
        assert_eq!(spelled("Bau\u{200B}amt\n"), "Bau<U+200B>amt<U+000A>");
        assert_eq!(check(&spelled("a\u{202E}\u{AD}\u{7}b"), 100), Ok(()));
    }

    #[test]
    fn the_limit_counts_characters_and_cuts_nothing() {
        assert_eq!(check(&"ß".repeat(100), 100), Ok(()));
        let fault = check(&"ß".repeat(101), 100).unwrap_err();
        assert_eq!((fault, fault.code()), (NameFault::TooLong { chars: 101, most: 100 }, "too_long"));
    }
}
