//! Telling somebody what became of their own filter scripts beside an absence.

use fernamt_mailhost::sieve::Aside;

use super::absence_refused::Letter;

/// The most letters of a name that is told.
const MAX_NAME: usize = 100;

/// What is said of it; nothing where there is nothing to know.
pub(super) fn letter(aside: &Aside) -> Option<Letter> {
    let (mut german, mut english) = (Vec::new(), Vec::new());
    if let Some(gone) = &aside.gone {
        let gone = shown(gone);
        german.push(format!(
            "Ihr Filterskript „{gone}“ galt auf dem Mailserver neben Ihrer Abwesenheitsnotiz und liegt dort nicht mehr. Nach \
             ihm wird nichts mehr abgelegt. Haben Sie ihm einen anderen Namen gegeben, schalten Sie es dort wieder ein, und \
             danach die Abwesenheitsnotiz hier, wenn sie noch gelten soll."
        ));
        english.push(format!(
            "Your filter script \"{gone}\" was active on the mail server beside your out-of-office reply, and is not there any \
             more. Nothing is filed by it. If you gave it another name, activate it there again, and after that the reply \
             here if it is still to hold."
        ));
    }
    if !aside.kept.is_empty() {
        let kept: Vec<_> = aside.kept.iter().map(|name| shown(name)).collect();
        let (german_names, english_names) =
            (format!("„{}“", kept.join("“, „")), format!("\"{}\"", kept.join("\", \"")));
        german.push(format!(
            "Auf dem Mailserver lagen Filterskripte, die dort geschrieben oder geändert wurden und deren Namen die \
             Abwesenheitsnotiz braucht. Nichts davon ist verloren; sie heißen jetzt {german_names}. Sehen Sie dort bitte \
             nach, welches Skript gelten soll, wenn Sie wieder da sind."
        ));
        english.push(format!(
            "There were filter scripts on the mail server that were written or changed there, and whose names the \
             out-of-office reply needs. Nothing of them is lost; they are now called {english_names}. Please look there \
             which script is to be active once you are back."
        ));
    }
    (!german.is_empty()).then(|| Letter {
        subject: "Filter auf dem Mailserver / Filters on the mail server",
        german: german.join("\n\n"),
        english: english.join("\n\n"),
    })
}

fn shown(name: &str) -> String {
    name.chars().take(MAX_NAME).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::message::envelope::parse;

    #[test]
    fn a_letter_names_the_scripts_and_says_what_to_do() {
        assert!(letter(&Aside::default()).is_none());
        let long = format!("Mein\r\nFilter {}", "x".repeat(5_000));
        let aside =
            Aside { gone: Some(long), kept: vec!["fernamt-kept".to_owned(), "fernamt-absence-kept".to_owned()] };
        let raw = letter(&aside).expect("a letter").raw("ada@amt.test", "7", datetime!(2026-11-23 06:00 UTC));
        let read = parse(&raw);
        let text = read.body_text(0).expect("a text");
        for part in
            ["„Mein  Filter xx", "\"Mein  Filter xx", "„fernamt-kept“, „fernamt-absence-kept“", "\"fernamt-kept\", "]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(read.subject().is_some_and(|subject| subject.starts_with("Filter ")));
        assert!(raw.split(|byte| *byte == b'\n').all(|line| line.len() < 998), "{text}");
    }
}
