//! What a person's own script does that matters beside an absence: a message is answered once, and not refused as well.
//!
//! Servers take the actions of all scripts that one leads to together. Where two of them answer, or one answers and one
//! refuses, that is a fault, after which they answer nobody and file nothing (RFC 5230, section 4.7; RFC 5429, section 2.4).

use std::{iter::Peekable, str::Chars};

/// The actions that no message may have beside an answer.
const ALONE: [&str; 3] = ["vacation", "reject", "ereject"];

/// What is to be known of a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Own {
    /// Whether it answers or refuses messages itself, or may: what cannot be read for sure does.
    pub(super) answers: bool,
    /// The person's scripts that it leads to (RFC 6609).
    pub(super) leads_to: Vec<String>,
}

/// A part of a script (RFC 5228, section 8.1).
enum Part {
    Word(String),
    Tag(String),
    Text(String),
    Other,
    /// Something without an end.
    Endless,
}

/// Reads a script.
pub(super) fn read(script: &str) -> Own {
    let (mut letters, mut own) = (script.chars().peekable(), Own::default());
    // Within an `include`: whether it is one of the server's scripts, which nobody can read here.
    let mut including = None;
    while let Some(part) = next(&mut letters) {
        match part {
            Part::Word(word) => {
                own.answers |= ALONE.contains(&word.as_str());
                including = (word == "include").then_some(false);
            }
            Part::Tag(tag) => including = including.map(|is_global| is_global || tag == "global"),
            Part::Text(text) => {
                if let Some(is_global) = including.take() {
                    // A name may be put together when the script runs (RFC 5229).
                    own.answers |= is_global || text.contains("${");
                    own.leads_to.push(text);
                }
            }
            Part::Other => {}
            Part::Endless => own.answers = true,
        }
    }
    own
}

fn next(letters: &mut Peekable<Chars<'_>>) -> Option<Part> {
    let letter = letters.next()?;
    Some(match letter {
        '#' => {
            skip_line(letters);
            Part::Other
        }
        '/' if letters.next_if_eq(&'*').is_some() => comment(letters),
        '"' => quoted(letters),
        ':' => Part::Tag(word(String::new(), letters)),
        letter if is_word(letter) => {
            let word = word(letter.to_string(), letters);
            // What follows `text:` is text up to a line with a dot alone.
            if word == "text" && letters.next_if_eq(&':').is_some() { lines(letters) } else { Part::Word(word) }
        }
        _ => Part::Other,
    })
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn word(mut word: String, letters: &mut Peekable<Chars<'_>>) -> String {
    while let Some(letter) = letters.next_if(|letter| is_word(*letter)) {
        word.push(letter);
    }
    word.to_ascii_lowercase()
}

fn skip_line(letters: &mut Peekable<Chars<'_>>) {
    // Servers do not agree on whether a bare CR ends a line; where it does not, what follows is read for nothing.
    while letters.next_if(|letter| !['\r', '\n'].contains(letter)).is_some() {}
}

fn comment(letters: &mut Peekable<Chars<'_>>) -> Part {
    while let Some(letter) = letters.next() {
        if letter == '*' && letters.next_if_eq(&'/').is_some() {
            return Part::Other;
        }
    }
    Part::Endless
}

fn quoted(letters: &mut Peekable<Chars<'_>>) -> Part {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return Part::Text(text),
            '\\' => text.extend(letters.next()),
            letter => text.push(letter),
        }
    }
    Part::Endless
}

fn lines(letters: &mut Peekable<Chars<'_>>) -> Part {
    let mut text = String::new();
    while letters.next_if(|letter| *letter != '\n').is_some() {}
    letters.next();
    loop {
        let mut line = String::new();
        while let Some(letter) = letters.next_if(|letter| *letter != '\n') {
            line.push(letter);
        }
        let is_last = letters.next().is_none();
        if line.trim_end_matches('\r') == "." {
            return Part::Text(text);
        }
        if is_last {
            return Part::Endless;
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scripts_that_answer_or_refuse_are_told_from_those_that_only_name_it() {
        for answering in [
            "require [\"vacation\"];\nvacation \"Weg\";",
            "if true { ReJect \"no\"; }",
            "ereject text:\nno\n.\n;",
            "/* a */vacation/* b */ :days 7 \"x\";",
            "text: # note\n.\nvacation \"x\";",
            "include :global \"house\";",
            "include :personal \"${name}\";",
            "keep; /* no end",
            "keep \"no end",
            "redirect text:\nno end",
        ] {
            assert!(read(answering).answers, "{answering}");
        }
        for quiet in [
            "",
            "require [\"vacation\", \"reject\"];\nkeep;",
            "# vacation\r\nkeep; # reject\n",
            "/* vacation **/ keep;",
            "fileinto \"vacation \\\" reject\";",
            "redirect text: # vacation\r\nreject\r\n..\r\n.\r\n;keep;",
            "if header :vacation \"x\" \"y\" { keep; }",
            "if body :text :contains \"vacation\" { keep; }",
        ] {
            assert!(!read(quiet).answers, "{quiet}");
        }
    }

    #[test]
    fn what_a_script_leads_to_is_told_wherever_it_stands() {
        let own = read(
            "require \"include\";\nif true{include\n:personal :once\n\"a\";include \"b\\\"c\";}# include \"d\";\n",
        );
        assert_eq!(own, Own { answers: false, leads_to: vec!["a".to_owned(), "b\"c".to_owned()] });
        assert_eq!(read("include; fileinto \"x\";"), Own::default());
    }

    proptest! {
        #[test]
        fn no_text_hides_what_comes_after_it(text in "[\"\\\\\r\n;{}#/*$:. a]{0,40}") {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
            let quiet = format!("redirect \"{escaped}\";\r\n");
            prop_assert!(!read(&quiet).answers);
            let answering = format!("{quiet}vacation;");
            prop_assert!(read(&answering).answers);
        }

        #[test]
        fn nothing_is_read_forever(script: String) {
            let _ = read(&script);
        }
    }
}
