//! Marks on both sides: `\Seen` of IMAP is `$seen` of JMAP (RFC 8621, section 4.1.1).

use fernamt_domain::mail::{Keyword, Keywords};

const SYSTEM: [(&str, &str); 4] = [
    ("\\Seen", Keyword::SEEN),
    ("\\Flagged", Keyword::FLAGGED),
    ("\\Answered", Keyword::ANSWERED),
    ("\\Draft", Keyword::DRAFT),
];

/// The marks that flags stand for. `\Deleted` is none: who marks a message so may still take that back.
pub(super) fn marks_of(flags: &[String]) -> Keywords {
    let mark = |flag: &String| -> Option<Keyword> {
        let system = SYSTEM.iter().find(|(name, _)| flag.eq_ignore_ascii_case(name));
        match system {
            Some((_, word)) => word.parse().ok(),
            // A server's own `$seen` would be mistaken for `\Seen`.
            None => flag.parse().ok().filter(|word| !is_system(word)),
        }
    };
    flags.iter().filter_map(mark).collect()
}

/// Whether a mark is one of IMAP's own flags, which every server keeps.
pub(super) fn is_system(word: &Keyword) -> bool {
    SYSTEM.iter().any(|(_, name)| *name == word.as_str())
}

/// The flags that marks stand for.
pub(super) fn flags_of<'a>(marks: impl IntoIterator<Item = &'a Keyword>) -> Vec<String> {
    let flag = |word: &Keyword| {
        let system = SYSTEM.iter().find(|(_, name)| *name == word.as_str());
        system.map_or(word.as_str(), |(flag, _)| flag).to_owned()
    };
    marks.into_iter().map(flag).collect()
}

/// What is among `these` and not among `those`.
pub(super) fn without(these: &Keywords, those: &Keywords) -> Vec<Keyword> {
    these.iter().filter(|word| !those.has(word.as_str())).cloned().collect()
}

/// `own`, changed as `theirs` was since `base`.
pub(super) fn merged(own: &Keywords, base: &Keywords, theirs: &Keywords) -> Keywords {
    let mut merged = own.clone();
    for word in without(base, theirs) {
        merged.set(word, false);
    }
    for word in without(theirs, base) {
        // Beyond the most that a message has, the server alone knows it.
        merged.set(word, true);
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(line: &str) -> Keywords {
        Keywords::from_line(line).unwrap()
    }

    #[test]
    fn flags_are_marks_and_come_back() {
        let told: Vec<_> = ["\\seen", "\\Deleted", "\\Draft", "$Forwarded", "NonJunk", "$seen", "\\*", "bad]"]
            .map(str::to_owned)
            .into();
        let read = marks_of(&told);
        assert_eq!(read, marks("$draft $forwarded $seen nonjunk"));
        assert_eq!(flags_of(read.iter()), ["\\Draft", "$forwarded", "\\Seen", "nonjunk"]);
        assert_eq!(marks_of(&["$flagged".to_owned()]), Keywords::default());
    }

    #[test]
    fn what_both_sides_did_is_done() {
        let merge = |own, base, theirs| merged(&marks(own), &marks(base), &marks(theirs));
        assert_eq!(merge("$seen", "", "$flagged"), marks("$seen $flagged"));
        assert_eq!(merge("$flagged $seen", "$flagged", ""), marks("$seen"));
        assert_eq!(merge("", "$seen", "$seen"), marks(""), "what was taken away here stays away");
        assert_eq!(merge("$seen", "$seen", "$seen"), marks("$seen"));
    }
}
