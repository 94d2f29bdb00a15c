//! What the scripts of an absence say. Texts of people stand in them as quoted strings, and never as anything else.

use std::fmt::Write as _;

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use time::{OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description};

use crate::Error;

/// The script that answers.
pub(super) const ANSWERS: &str = "fernamt-absence";
/// The script that counts while the person has one of their own: it leads to both.
pub(super) const BOTH: &str = "fernamt";
/// One sender gets no second answer before.
const DAYS_BETWEEN_ANSWERS: u32 = 30;
/// The most bytes of subject and texts together.
const MAX_TEXT_BYTES: usize = 64 * 1024;
/// The most bytes of a line; servers refuse mail with lines of more than 998 (RFC 5322, section 2.1.1).
const MAX_LINE_BYTES: usize = 900;

const DAY: &[BorrowedFormatItem<'_>] = format_description!(version = 2, "[year]-[month]-[day]");
const TIME: &[BorrowedFormatItem<'_>] = format_description!(version = 2, "[hour]:[minute]:[second]");

/// An absence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Absence {
    /// From when senders are answered; at once without it.
    pub from: Option<OffsetDateTime>,
    /// Until when; without it until it is ended.
    pub until: Option<OffsetDateTime>,
    /// The subject of answers; the server's own way without it.
    pub subject: Option<String>,
    /// What answers say.
    pub text: String,
    /// All addresses of whoever is away: mail that names none of them is not answered.
    pub addresses: Vec<String>,
    /// How those outside the house are answered; like all others without it.
    pub outside: Option<Outside>,
}

/// How those outside the house are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// The domain of the house: whoever has an address of it, or of one below it, is inside.
    pub domain: String,
    /// What answers to those outside say; they get none without it.
    pub text: Option<String>,
}

impl Absence {
    /// The script that answers (RFC 5230). The same absence always has the same one.
    pub fn script(&self) -> Result<String, Error> {
        let further = [self.subject.as_ref(), self.outside.as_ref().and_then(|outside| outside.text.as_ref())];
        if self.text.len() + further.into_iter().flatten().map(String::len).sum::<usize>() > MAX_TEXT_BYTES {
            return Err(Error::TooLarge(MAX_TEXT_BYTES));
        }
        let mut conditions = Vec::new();
        conditions.extend(self.from.map(|from| moment(from, "ge")).transpose()?);
        conditions.extend(self.until.map(|until| moment(until, "lt")).transpose()?);
        let mut script = "# Written by Fernamt; changes are lost when the absence is changed there.\r\n".to_owned();
        let mut required = vec!["\"vacation\""];
        if self.outside.is_some() {
            required.push("\"envelope\"");
        }
        if !conditions.is_empty() {
            required.extend(["\"date\"", "\"relational\""]);
        }
        let _ = write!(script, "require [{}];\r\n", required.join(", "));
        let answer = self.answer(&self.text);
        let act = match &self.outside {
            None => answer,
            Some(Outside { domain, text }) => {
                let outside = text.as_ref().map(|text| format!(" else {{\r\n{}\r\n}}", self.answer(text)));
                format!("if {} {{\r\n{answer}\r\n}}{}", is_of(domain), outside.unwrap_or_default())
            }
        };
        if conditions.is_empty() {
            let _ = write!(script, "{act}\r\n");
        } else {
            let _ = write!(script, "if allof({}) {{\r\n{act}\r\n}}\r\n", conditions.join(",\r\n"));
        }
        Ok(sealed(&script))
    }

    /// The action that answers with this text.
    fn answer(&self, text: &str) -> String {
        let mut act = format!("vacation :days {DAYS_BETWEEN_ANSWERS} :handle {}", quoted(&self.handle()));
        if let Some(subject) = &self.subject {
            let _ = write!(act, " :subject {}", quoted(&subject.replace(char::is_control, " ")));
        }
        if !self.addresses.is_empty() {
            let addresses: Vec<_> = self.addresses.iter().map(|address| quoted(address)).collect();
            let _ = write!(act, " :addresses [{}]", addresses.join(", "));
        }
        let _ = write!(act, " {};", quoted(&folded(text)));
        act
    }

    /// What the server remembers whom it answered by. Without it, who was answered in an absence with the same text would
    /// not be answered in the next one; so it is another one with whatever differs.
    ///
    /// Each field is written by its name and length, and only where it says something: another version of ours, with more of
    /// them, has the same script for the same absence, and nobody is answered anew.
    fn handle(&self) -> String {
        let moment = |at: Option<OffsetDateTime>| at.map(|at| at.unix_timestamp().to_string());
        let mut fields = vec![
            ("from", moment(self.from)),
            ("until", moment(self.until)),
            ("subject", self.subject.clone()),
            ("text", Some(self.text.clone())),
        ];
        fields.extend(self.addresses.iter().map(|address| ("address", Some(address.clone()))));
        if let Some(Outside { domain, text }) = &self.outside {
            fields.extend([("domain", Some(domain.clone())), ("outside", text.clone())]);
        }
        let mut said = String::new();
        for (name, value) in fields {
            if let Some(value) = value {
                let _ = writeln!(said, "{name} {}:{value}", value.len());
            }
        }
        print_of(&said)
    }
}

/// The script with its print before it, so that [`is_as_written`] can tell.
fn sealed(script: &str) -> String {
    format!("# {}\r\n{script}", print_of(script))
}

/// Whether a script that answers is as we wrote it.
pub(super) fn is_as_written(script: &str) -> bool {
    let Some((print, rest)) = script.split_once('\n') else { return false };
    print.trim_end().strip_prefix("# ").is_some_and(|print| print == print_of(rest))
}

/// The SHA-256 of a text, whatever its lines end in.
fn print_of(text: &str) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, text.replace('\r', "").as_bytes()).as_ref())
}

/// A test whether the sender has an address of a domain, or of one below it. It asks the envelope, since there the answer
/// goes: in `From` anybody may write an address of the house.
fn is_of(domain: &str) -> String {
    let domain = literal(domain);
    format!("envelope :domain :matches \"from\" [{}, {}]", quoted(&domain), quoted(&format!("*.{domain}")))
}

/// A text as a pattern that fits itself alone (RFC 5228, section 2.7.1).
fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('*', "\\*").replace('?', "\\?")
}

/// A test whether it is later (`ge`) or earlier (`lt`) than a moment. Day and time are compared apart, since servers do not
/// agree on how both are written together.
fn moment(at: OffsetDateTime, relation: &str) -> Result<String, Error> {
    let unsayable = || Error::Unsayable("a date out of the range of dates");
    let at = at.checked_to_offset(UtcOffset::UTC).ok_or_else(unsayable)?;
    let (day, time) = (at.format(DAY).map_err(|_| unsayable())?, at.format(TIME).map_err(|_| unsayable())?);
    let strictly = if relation == "ge" { "gt" } else { "lt" };
    let zone = "currentdate :zone \"+0000\"";
    Ok(format!(
        "anyof({zone} :value \"{strictly}\" \"date\" \"{day}\", allof({zone} :is \"date\" \"{day}\", \
         {zone} :value \"{relation}\" \"time\" \"{time}\"))"
    ))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\0', "").replace('\\', "\\\\").replace('"', "\\\""))
}

/// A text in lines that end as mail's do, the long ones broken at blanks.
fn folded(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = Vec::new();
    for mut line in text.split('\n') {
        while line.len() > MAX_LINE_BYTES {
            let most = (1..=MAX_LINE_BYTES).rev().find(|place| line.is_char_boundary(*place)).unwrap_or(line.len());
            let end = line[..most].rfind(' ').filter(|blank| *blank > 0).unwrap_or(most);
            lines.push(&line[..end]);
            line = line[end..].trim_start_matches(' ');
        }
        lines.push(line);
    }
    lines.join("\r\n")
}

/// The script that leads to ours and to the person's own (RFC 6609), whose name is plain. Where one of them goes, the other
/// one goes on.
pub(super) fn both(own: &str) -> String {
    let (ours, own) = (quoted(ANSWERS), quoted(own));
    format!(
        "# Written by Fernamt; it goes when the absence ends.\r\nrequire [\"include\"];\r\n\
         include :personal :optional {ours};\r\ninclude :personal :optional {own};\r\n"
    )
}

/// Whether a script is one like [`both`], as we wrote it.
pub(super) fn is_both(script: &str) -> bool {
    let lines = |script: &str| script.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    matches!(&included(script)[..], [ours, own] if ours == ANSWERS && lines(script) == lines(&both(own)))
}

/// The scripts that one like [`both`] leads to, whoever changed it since.
pub(super) fn included(script: &str) -> Vec<String> {
    let name = |line: &str| {
        let line = line.trim();
        let words = line.strip_prefix("include ")?;
        let (start, end) = (words.find('"')?, words.rfind('"')?);
        words.get(start + 1..end).map(str::to_owned)
    };
    script.lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_script_says_when_and_what_and_nothing_breaks_out_of_it() {
        let absence = Absence {
            from: Some(datetime!(2026-11-23 08:30 +02:00)),
            until: None,
            subject: Some("Away\r\nBcc: x".to_owned()),
            text: "\"; stop; \\\nBye".to_owned(),
            addresses: vec!["ada@amt.test".to_owned(), "a\"b@amt.test".to_owned()],
            outside: None,
        };
        let script = absence.script().expect("a script");
        assert!(
            script.contains(":value \"gt\" \"date\" \"2026-11-23\"") && script.contains("\"ge\" \"time\" \"06:30:00\"")
        );
        assert!(script.contains("\" :subject \"Away  Bcc: x\" :addresses [\"ada@amt.test\", \"a\\\"b@amt.test\"]"));
        assert!(script.contains(" \"\\\"; stop; \\\\\r\nBye\";"), "{script}");
        let plain = Absence { text: "Bye".to_owned(), ..Absence::default() }.script().expect("a script");
        assert!(plain.contains("require [\"vacation\"];\r\nvacation :days 30 :handle \""), "{plain}");
        assert!(plain.ends_with("\" \"Bye\";\r\n"), "{plain}");
        let edge = Absence { until: Some(datetime!(9999-12-31 23:59 -01:00)), ..Absence::default() };
        assert!(matches!(edge.script(), Err(Error::Unsayable(_))));
        let long = Absence { text: "x".repeat(MAX_TEXT_BYTES + 1), ..Absence::default() };
        assert!(matches!(long.script(), Err(Error::TooLarge(MAX_TEXT_BYTES))));
    }

    #[test]
    fn those_outside_are_told_by_the_envelope_and_answered_otherwise_or_not_at_all() {
        let absence = |text: Option<&str>| Absence {
            text: "Bye".to_owned(),
            outside: Some(Outside { domain: "amt.test".to_owned(), text: text.map(str::to_owned) }),
            ..Absence::default()
        };
        let inside = "require [\"vacation\", \"envelope\"];\r\n\
                      if envelope :domain :matches \"from\" [\"amt.test\", \"*.amt.test\"] {\r\nvacation :days 30 \"Bye\";\r\n}";
        let unnamed = |absence: &Absence| {
            let script = absence.script().expect("a script");
            script.replace(&format!(" :handle {}", quoted(&absence.handle())), "")
        };
        let script = unnamed(&absence(None));
        assert!(script.ends_with(&format!("{inside}\r\n")), "{script}");
        let script = unnamed(&absence(Some("Gone")));
        assert!(script.ends_with(&format!("{inside} else {{\r\nvacation :days 30 \"Gone\";\r\n}}\r\n")), "{script}");
        let dated = Absence { until: Some(datetime!(2026-12-01 00:00 UTC)), ..absence(None) };
        let script = dated.script().expect("a script");
        assert!(script.contains("require [\"vacation\", \"envelope\", \"date\", \"relational\"];"), "{script}");
        let odd = Outside { domain: "*.t?st\\".to_owned(), text: None };
        let script = Absence { outside: Some(odd), ..absence(None) }.script().expect("a script");
        assert!(script.contains(r#"["\\*.t\\?st\\\\", "*.\\*.t\\?st\\\\"]"#), "{script}");
        let long = absence(Some(&"x".repeat(MAX_TEXT_BYTES)));
        assert!(matches!(long.script(), Err(Error::TooLarge(MAX_TEXT_BYTES))), "both texts count");
    }

    #[test]
    fn another_absence_is_answered_anew_and_the_same_one_is_not() {
        let first = Absence { text: "Bye".to_owned(), ..Absence::default() };
        let later = Absence { until: Some(datetime!(2026-12-01 00:00 UTC)), ..first.clone() };
        let named = Absence { subject: Some("Away".to_owned()), ..first.clone() };
        let handle = |absence: &Absence| {
            let script = absence.script().expect("a script");
            let (_, rest) = script.split_once(":handle \"").expect("a handle");
            rest.split('"').next().map(str::to_owned)
        };
        assert_eq!(handle(&first), handle(&first.clone()));
        assert_ne!(handle(&first), handle(&later));
        assert_ne!(handle(&first), handle(&named));
        let outside = |text: Option<&str>| {
            let outside = Outside { domain: "amt.test".to_owned(), text: text.map(str::to_owned) };
            handle(&Absence { outside: Some(outside), ..first.clone() })
        };
        assert!(outside(None) != handle(&first) && outside(None) != outside(Some("")));
        // Another one would have everybody answered anew after an update.
        assert_eq!(handle(&first).as_deref(), Some("67c2045b6c5e964c62bd42a080054a78a07c0d6fb9a6d7800f33c9354378644f"));
    }

    #[test]
    fn what_somebody_changed_is_told_from_what_we_wrote() {
        let script = Absence { text: "Bye\nBye".to_owned(), ..Absence::default() }.script().expect("a script");
        assert!(is_as_written(&script) && is_as_written(&script.replace('\r', "")));
        for changed in [format!("{script}keep;\r\n"), script.replacen("Bye", "By", 1), script[1..].to_owned()] {
            assert!(!is_as_written(&changed), "{changed}");
        }
        let ours = both("mine");
        assert!(is_both(&ours) && is_both(&ours.replace('\r', "")));
        for changed in [format!("{ours}keep;\r\n"), ours.replace("mine", ANSWERS).replace(ANSWERS, "x"), String::new()]
        {
            assert!(!is_both(&changed), "{changed}");
        }
        assert!(!is_as_written("") && !is_as_written("#\n") && !is_as_written(&ours));
    }

    #[test]
    fn what_a_script_leads_to_is_told_also_where_somebody_changed_it() {
        assert_eq!(included(&both("Mein Filter")), [ANSWERS, "Mein Filter"]);
        let changed =
            "require \"include\";\n  include \"a\";\n# include \"b\";\ninclude :global :once \"c\"; \nkeep;\n";
        assert_eq!(included(changed), ["a", "c"]);
        for odd in ["", "include", "include \"", "include x;", "include \"\""] {
            assert!(included(odd).iter().all(String::is_empty), "{odd}");
        }
    }

    /// A part of a script (RFC 5228, section 8.1).
    #[derive(Debug, Clone, PartialEq)]
    enum Token {
        Word(String),
        Text(String),
        Mark(char),
    }

    fn tokens(script: &str) -> Vec<Token> {
        let (mut letters, mut found) = (script.chars().peekable(), Vec::new());
        let is_word = |letter: &char| letter.is_ascii_alphanumeric() || *letter == ':' || *letter == '_';
        while let Some(letter) = letters.next() {
            match letter {
                '#' => while letters.next_if(|letter| *letter != '\n').is_some() {},
                '"' => {
                    let mut text = String::new();
                    loop {
                        match letters.next().expect("a text has an end") {
                            '"' => break,
                            '\\' => text.extend(letters.next()),
                            letter => text.push(letter),
                        }
                    }
                    found.push(Token::Text(text));
                }
                letter if letter.is_ascii_whitespace() => {}
                letter if is_word(&letter) => {
                    let mut word = letter.to_string();
                    while let Some(letter) = letters.next_if(is_word) {
                        word.push(letter);
                    }
                    found.push(Token::Word(word));
                }
                letter => found.push(Token::Mark(letter)),
            }
        }
        found
    }

    fn texts(script: &str) -> Vec<String> {
        let text = |token| if let Token::Text(text) = token { Some(text) } else { None };
        tokens(script).into_iter().filter_map(text).collect()
    }

    /// The script's parts without what its texts say.
    fn shape(script: &str) -> Vec<Token> {
        let emptied = |token| if let Token::Text(_) = token { Token::Text(String::new()) } else { token };
        tokens(script).into_iter().map(emptied).collect()
    }

    /// Any text, and often one that looks like the end of a string and like code.
    fn hostile() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[\"\\\\\r\n;{}\\[\\]#/*$:. a\u{0}]{0,60}"]
    }

    proptest! {
        #[test]
        fn no_text_becomes_code(
            subject in prop::option::of(hostile()),
            text in hostile(),
            addresses in prop::collection::vec(hostile(), 0..4),
            ends in any::<bool>(),
            outside in prop::option::of((hostile(), prop::option::of(hostile()))),
        ) {
            let until = ends.then_some(datetime!(2026-12-01 00:00 UTC));
            let tame = Absence {
                from: None,
                until,
                subject: subject.as_ref().map(|_| "Away".to_owned()),
                text: "Bye".to_owned(),
                addresses: addresses.iter().map(|_| "ada@amt.test".to_owned()).collect(),
                outside: outside.as_ref().map(|(_, text)| Outside {
                    domain: "amt.test".to_owned(),
                    text: text.as_ref().map(|_| "Gone".to_owned()),
                }),
            };
            let wild = Absence {
                subject: subject.clone(),
                text: text.clone(),
                addresses: addresses.clone(),
                outside: outside.clone().map(|(domain, text)| Outside { domain, text }),
                ..tame.clone()
            };
            let handle = wild.handle();
            let (tame, wild) = (tame.script().expect("a script"), wild.script().expect("a script"));
            prop_assert_eq!(shape(&tame), shape(&wild));
            let without_zero = |text: &str| text.replace('\0', "");
            let subject = subject.map(|subject| subject.replace(char::is_control, " "));
            let said = |text: &str| -> Vec<_> {
                let own = addresses.iter().map(|address| without_zero(address));
                let name = [handle.clone()].into_iter().chain(subject.clone());
                name.chain(own).chain([without_zero(&folded(text))]).collect()
            };
            let (domain, other) = outside.unzip();
            let domain = domain.map(|domain| without_zero(&literal(&domain)));
            let test = domain.map(|domain| ["from".to_owned(), domain.clone(), format!("*.{domain}")]);
            let other = other.flatten().map(|text| said(&text));
            let expected: Vec<_> =
                test.into_iter().flatten().chain(said(&text)).chain(other.into_iter().flatten()).collect();
            prop_assert!(texts(&wild).ends_with(&expected), "{wild}");
        }

        #[test]
        fn a_folded_text_loses_no_letter_and_has_no_long_line(text in hostile(), times in 1_usize..60) {
            let text = text.repeat(times);
            let folded = folded(&text);
            let letters = |text: &str| text.replace(char::is_whitespace, "");
            prop_assert_eq!(letters(&folded), letters(&text));
            prop_assert!(folded.split("\r\n").all(|line| line.len() <= MAX_LINE_BYTES && !line.contains(['\r', '\n'])));
        }

        #[test]
        fn the_own_script_is_found_again(name in "[ -!#-\\[\\]-~]{1,40}") {
            prop_assert_eq!(included(&both(&name)), [ANSWERS, name.as_str()]);
        }
    }
}
