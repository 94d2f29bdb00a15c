//! The places of a text that a search found, marked (RFC 8621, section 5).

use std::ops::Range;

/// The most bytes of a preview.
pub(crate) const MAX_PREVIEW_BYTES: usize = 255;
/// The most bytes of a subject.
pub(crate) const MAX_SUBJECT_BYTES: usize = 4_000;
/// How many bytes of text stand before the first place, at most.
const BEFORE: usize = 60;
const OPEN: &str = "<mark>";
const CLOSE: &str = "</mark>";

/// The text from shortly before the first word on, as HTML with every word marked, of at most `limit` bytes; nothing if no
/// word is in it. The words are in lower case.
pub(crate) fn preview(text: &str, words: &[String]) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = Folded::new(&text).first(words)?;
    let earliest = first.saturating_sub(BEFORE);
    let start = if earliest == 0 {
        0
    } else {
        // At the beginning of a word, if there is one.
        let earliest = (earliest..=first).find(|place| text.is_char_boundary(*place)).unwrap_or(first);
        text[earliest..first].find(' ').map_or(earliest, |blank| earliest + blank + 1)
    };
    Some(marked(&text[start..], words, MAX_PREVIEW_BYTES))
}

/// A subject as HTML with every word marked; nothing if no word is in it.
pub(crate) fn subject(text: &str, words: &[String]) -> Option<String> {
    Folded::new(text).first(words)?;
    Some(marked(text, words, MAX_SUBJECT_BYTES))
}

fn marked(text: &str, words: &[String], limit: usize) -> String {
    let end = (0..=text.len().min(limit)).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0);
    let text = &text[..end];
    let places = Folded::new(text).places(words);
    let mut places = places.iter().peekable();
    let (mut html, mut open) = (String::new(), None);
    for (place, letter) in text.char_indices() {
        if open.is_some_and(|end| place >= end) {
            html.push_str(CLOSE);
            open = None;
        }
        let opens = places.next_if(|range| range.start == place).map(|range| range.end);
        let letter = escaped(letter);
        let marks = if opens.is_some() { OPEN.len() + CLOSE.len() } else { open.map_or(0, |_| CLOSE.len()) };
        if html.len() + letter.len() + marks > limit {
            break;
        }
        if opens.is_some() {
            html.push_str(OPEN);
            open = opens;
        }
        html.push_str(&letter);
    }
    if open.is_some() {
        html.push_str(CLOSE);
    }
    html
}

fn escaped(letter: char) -> String {
    match letter {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        other => other.to_string(),
    }
}

/// A text in lower case, and where each of its bytes comes from. Letters in lower case may be longer or shorter.
struct Folded {
    lower: String,
    /// For each byte in lower case, the letter that it comes from.
    from: Vec<Range<usize>>,
}

impl Folded {
    fn new(text: &str) -> Self {
        let (mut lower, mut from) = (String::with_capacity(text.len()), Vec::with_capacity(text.len()));
        for (place, letter) in text.char_indices() {
            lower.extend(letter.to_lowercase());
            from.resize(lower.len(), place..place + letter.len_utf8());
        }
        Self { lower, from }
    }

    /// Where the first word begins.
    fn first(&self, words: &[String]) -> Option<usize> {
        let found = words.iter().filter(|word| !word.is_empty()).filter_map(|word| self.lower.find(word));
        found.min().and_then(|place| self.from.get(place)).map(|letter| letter.start)
    }

    /// Where words stand, in their order and apart from each other.
    fn places(&self, words: &[String]) -> Vec<Range<usize>> {
        let words = words.iter().filter(|word| !word.is_empty());
        let found = words.flat_map(|word| self.lower.match_indices(word.as_str()));
        let mut all: Vec<_> =
            found.map(|(place, word)| self.from[place].start..self.from[place + word.len() - 1].end).collect();
        all.sort_by_key(|range| (range.start, range.end));
        let mut apart: Vec<Range<usize>> = Vec::new();
        for range in all {
            match apart.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => apart.push(range),
            }
        }
        apart
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn words_are_marked_and_the_rest_is_text() {
        let found = subject("Straße <b>&\"Amt\"</b> STRASSE straße", &words(&["straße", "amt"]));
        let expected =
            "<mark>Straße</mark> &lt;b&gt;&amp;&quot;<mark>Amt</mark>&quot;&lt;/b&gt; STRASSE <mark>straße</mark>";
        assert_eq!(found.as_deref(), Some(expected));
        assert_eq!(subject("Amt", &words(&["urlaub", ""])), None);
        assert_eq!(subject("aaab", &words(&["aa", "ab"])).as_deref(), Some("<mark>aaab</mark>"), "each once");
        assert_eq!(subject("İx", &words(&["x"])).as_deref(), Some("İ<mark>x</mark>"), "letters that grow");
    }

    #[test]
    fn a_preview_begins_shortly_before_the_first_word() {
        let text = format!("{} Haushalt\r\n\tund {}", "vorher ".repeat(50), "nachher ".repeat(50));
        let found = preview(&text, &words(&["haushalt"])).unwrap();
        assert!(found.starts_with("vorher ") && found.contains("vorher <mark>Haushalt</mark> und nachher"), "{found}");
        assert!(found.find(OPEN).unwrap() <= BEFORE && found.len() <= MAX_PREVIEW_BYTES && found.len() > 200);
        let glued = format!("{}haushalt", "ä".repeat(100));
        assert!(preview(&glued, &words(&["haushalt"])).unwrap().ends_with("<mark>haushalt</mark>"));
    }

    #[test]
    fn a_preview_is_so_long_and_every_mark_is_closed() {
        for (text, word) in
            [("<".repeat(500), "<"), ("& a".repeat(500), "a"), ("ö".repeat(500), "öö"), ("x y ".repeat(500), "y")]
        {
            let found = preview(&text, &words(&[word])).unwrap();
            assert!(found.len() <= MAX_PREVIEW_BYTES, "{}", found.len());
            assert_eq!(found.matches(OPEN).count(), found.matches(CLOSE).count(), "{found}");
            assert!(found.contains(OPEN) && !found.contains("<mark></mark>"));
        }
    }
}
