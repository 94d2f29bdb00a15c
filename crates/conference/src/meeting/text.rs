//! What people type, as it may be shown to others.

use fernamt_domain::name;

/// One line, such as a name: trimmed, not empty, nothing in it that nobody sees.
pub(super) fn line(text: &str, most_chars: usize) -> Option<String> {
    let text = text.trim();
    name::check(text, most_chars).ok().map(|()| text.to_owned())
}

/// Lines: trimmed, not empty, with line breaks and tabs, and with the joiners that pictures are made of.
pub(super) fn lines(text: &str, most_chars: usize) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= most_chars;
    let shown = |character: char| matches!(character, '\n' | '\t') || !is_hostile(character);
    (fits && text.chars().all(shown)).then(|| text.to_owned())
}

/// Control characters, and those that turn the direction of what stands around them.
fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_disturb_others_is_refused() {
        assert_eq!(line("  Dr. Ada Beispiel ", 60).as_deref(), Some("Dr. Ada Beispiel"));
        assert_eq!(lines("a\n\tb", 60).as_deref(), Some("a\n\tb"));
        for text in ["", "   ", "a\nb", "a\u{0}b", "a\u{202E}b", "a\u{2067}b", &"x".repeat(61)] {
            assert_eq!(line(text, 60), None, "{text:?}");
        }
        assert_eq!(lines("a\u{7}b", 60), None);
        assert_eq!(line(&"ü".repeat(60), 60).map(|text| text.chars().count()), Some(60));
    }
}
