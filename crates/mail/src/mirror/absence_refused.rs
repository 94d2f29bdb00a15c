//! Telling somebody that the mail server does not answer for them.

use fernamt_mailhost::Error;

use super::letter::Letter;

/// Why the mail server does not answer for somebody, however often it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// It cannot answer, or not for a period.
    CannotAnswer,
    /// It cannot tell who is outside.
    CannotTell,
    /// It cannot answer beside a script of theirs.
    OwnScript,
    /// A script of theirs answers or refuses messages itself.
    AnswersItself,
    /// The name of their script cannot be said in one of ours.
    NameOfScript,
    /// It has no room for a script more, or for one as large.
    NoRoom,
    /// It did not say.
    Unknown,
}

impl Why {
    /// Why it refused; nothing where it may well do it the next time.
    pub(super) fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Missing(what) if what.contains("include") => Some(Self::OwnScript),
            Error::Missing(what) if what.contains("envelope") => Some(Self::CannotTell),
            Error::Missing(what) if what.contains("vacation") || what.contains("dates") => Some(Self::CannotAnswer),
            Error::Unsayable(what) if what.contains("date") => Some(Self::CannotAnswer),
            Error::Unsayable(what) if what.contains("answers or refuses") => Some(Self::AnswersItself),
            Error::Unsayable(_) => Some(Self::NameOfScript),
            Error::TooLarge(_) => Some(Self::NoRoom),
            Error::Refused { code: Some(code), .. } if code.starts_with("QUOTA") => Some(Self::NoRoom),
            Error::Refused { code: Some(code), .. } if code.starts_with("TRYLATER") => None,
            Error::Refused { .. } | Error::Misunderstood(_) => Some(Self::Unknown),
            _ => None,
        }
    }

    /// What is said of it, in German and in English.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::CannotAnswer => (
                "Der Mailserver kann keine Nachrichten beantworten, oder nicht für eine bestimmte Zeit (Sieve vacation, \
                 date). Bitte wenden Sie sich an Ihre Administration.",
                "The mail server cannot answer messages, or not for a period (Sieve vacation, date). Please turn to your \
                 administration.",
            ),
            Self::CannotTell => (
                "Der Mailserver kann nicht unterscheiden, wer von außen schreibt (Sieve envelope). Beantworten Sie alle \
                 gleich, oder wenden Sie sich an Ihre Administration.",
                "The mail server cannot tell who writes from outside (Sieve envelope). Answer all the same, or turn to your \
                 administration.",
            ),
            Self::OwnScript => (
                "Auf dem Mailserver ist ein eigenes Filterskript von Ihnen eingeschaltet, und er kann nicht daneben \
                 antworten (Sieve include). Ihr Skript gilt weiter. Schalten Sie es aus, wenn geantwortet werden soll.",
                "A filter script of your own is active on the mail server, which cannot answer beside it (Sieve include). \
                 Your script goes on. Switch it off if senders are to be answered.",
            ),
            Self::AnswersItself => (
                "Ihr eigenes Filterskript auf dem Mailserver beantwortet Nachrichten selbst oder weist welche ab (Sieve \
                 vacation, reject), oder es führt zu einem Skript, das hier nicht zu lesen ist. Beides nebeneinander \
                 versteht der Mailserver nicht. Ihr Skript gilt weiter. Löschen Sie dort die Abwesenheit und diese Regeln, \
                 auch ausgeschaltete, wenn von hier geantwortet werden soll.",
                "Your own filter script on the mail server answers or refuses messages itself (Sieve vacation, reject), or \
                 leads to a script that cannot be read here. The mail server does not understand both beside each other. \
                 Your script goes on. Delete the absence and these rules there, disabled ones too, if senders are to be \
                 answered from here.",
            ),
            Self::NameOfScript => (
                "Der Name Ihres Filterskripts auf dem Mailserver hat Zeichen, die er nicht überall versteht. Ihr Skript \
                 gilt weiter. Geben Sie ihm einen Namen aus einfachen Buchstaben.",
                "The name of your filter script on the mail server holds letters that it does not understand everywhere. \
                 Your script goes on. Give it a name of plain letters.",
            ),
            Self::NoRoom => (
                "Auf dem Mailserver ist für die Antwort kein Platz. Kürzen Sie sie, oder löschen Sie dort ein \
                 Filterskript, das Sie nicht mehr brauchen.",
                "There is no room for the answer on the mail server. Make it shorter, or delete a filter script there \
                 that you do not need any more.",
            ),
            Self::Unknown => (
                "Der Mailserver hat es abgelehnt, ohne einen Grund zu nennen. Bitte wenden Sie sich an Ihre \
                 Administration.",
                "The mail server refused and did not say why. Please turn to your administration.",
            ),
        }
    }

    /// A letter about it.
    pub(super) fn letter(self) -> Letter {
        let (german, english) = self.words();
        Letter {
            subject: "Abwesenheitsnotiz ist aus / Out of office is off",
            german: format!(
                "Ihre Abwesenheitsnotiz wurde wieder ausgeschaltet. Wer Ihnen schreibt, bekommt keine Antwort.\n{german}"
            ),
            english: format!(
                "Your out-of-office reply was switched off again. Nobody who writes to you gets an answer.\n{english}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::message::envelope::parse;

    #[test]
    fn what_may_work_the_next_time_is_no_refusal() {
        let refused = |code: Option<&str>| Error::Refused { code: code.map(str::to_owned), text: String::new() };
        for (error, why) in [
            (refused(Some("QUOTA/MAXSCRIPTS")), Some(Why::NoRoom)),
            (refused(Some("TRYLATER")), None),
            (refused(None), Some(Why::Unknown)),
            (Error::Missing("an absence beside somebody's own script (Sieve include)"), Some(Why::OwnScript)),
            (Error::Missing("answers during an absence (Sieve vacation)"), Some(Why::CannotAnswer)),
            (Error::Missing("an absence with dates (Sieve date and relational)"), Some(Why::CannotAnswer)),
            (Error::Missing("telling who is outside (Sieve envelope)"), Some(Why::CannotTell)),
            (Error::Missing("sign-in by PLAIN"), None),
            (Error::Unreadable("a quoted string without an end"), None),
            (Error::Unsayable("a date out of the range of dates"), Some(Why::CannotAnswer)),
            (
                Error::Unsayable("an absence beside a script with other than plain letters in its name"),
                Some(Why::NameOfScript),
            ),
            (
                Error::Unsayable("an absence beside a script that answers or refuses messages itself"),
                Some(Why::AnswersItself),
            ),
            (Error::TooMany(1, "bytes"), None),
            (Error::TooLarge(1), Some(Why::NoRoom)),
            (Error::SignIn, None),
            (Error::Silent, None),
        ] {
            assert_eq!(Why::of(&error), why, "{error}");
        }
    }

    #[test]
    fn a_letter_says_why_in_both_languages() {
        let all = [
            Why::CannotAnswer,
            Why::CannotTell,
            Why::OwnScript,
            Why::AnswersItself,
            Why::NameOfScript,
            Why::NoRoom,
            Why::Unknown,
        ];
        for why in all {
            let raw = why.letter().raw("ada@amt.test", "7", datetime!(2026-11-23 06:00 UTC));
            let letter = parse(&raw);
            let text = letter.body_text(0).expect("a text");
            let (german, english) = why.words();
            assert!(text.contains(german) && text.contains(english), "{text}");
            assert!(letter.subject().is_some_and(|subject| subject.contains("aus / Out of office")));
            assert!(raw.split(|byte| *byte == b'\n').all(|line| line.len() < 998));
        }
    }
}
