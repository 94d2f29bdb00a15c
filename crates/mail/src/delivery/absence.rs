//! Answers while somebody is away (RFC 8621, section 8), as RFC 3834 wants them: to people, once, and never to a machine.

use std::{collections::HashMap, panic::catch_unwind};

use fernamt_store::{MailAccountRecord, MailVacationRecord, StoreError, Work};
use mail_parser::{Message, decoders::html::html_to_text};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{
    Mail,
    account::domain_of,
    jmap::Object,
    message::{
        blob_id::print_of,
        compose::{Surroundings, compose, is_address},
        envelope::parse,
    },
};

/// The most letters of an answered message's subject that the answer repeats.
const MAX_REPEATED_SUBJECT: usize = 200;
/// What is answered where nobody wrote a text.
const USUAL_TEXT: &str = "Ich bin zurzeit nicht erreichbar. Ihre Nachricht ist angekommen.\n\nI am away at present. Your message has arrived.\n";

/// Who wrote a message that is to be answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender<'a> {
    /// The address in the envelope, where the answer goes.
    pub(super) address: &'a str,
    /// Whether that is inside the house.
    pub(super) inside: bool,
}

/// What an account answers to a message from this sender that has just arrived, if it answers at all. That the sender got
/// an answer is noted with it.
pub(super) async fn answer(
    mail: &Mail,
    work: &Work,
    account: &MailAccountRecord,
    raw: &[u8],
    Sender { address: sender, inside }: Sender<'_>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let now = mail.parts.clock.now();
    let vacation = work.mail_vacations().get(account.id).await?.filter(|vacation| is_on(vacation, now));
    let Some(vacation) = (if inside { vacation } else { vacation.and_then(told_outside) }) else { return Ok(None) };
    let message = parse(raw);
    if !is_from_person(&message, sender) || !names(&message, &account.address) {
        return Ok(None);
    }
    let (blobs, id) = (HashMap::new(), fernamt_domain::EmailId::new(&*mail.parts.clock, &*mail.parts.rng));
    let message_id = format!("{id}@{}", domain_of(&account.address));
    let surroundings = Surroundings { blobs: &blobs, message_id, now, attaches_only: false };
    let written = match compose(&words(&vacation, account, &message, sender), &surroundings) {
        Ok(written) => written,
        Err(error) => {
            tracing::warn!(account = %account.id, error = %error.to_value(), "What somebody who is away answers cannot be written");
            return Ok(None);
        }
    };
    let sender = print_of(sender.to_lowercase().as_bytes());
    Ok(work.mail_vacations().note(account.id, &sender).await?.then_some(written))
}

/// What those outside are answered, as if it were for all; nothing where they get no answer.
pub(crate) fn told_outside(vacation: MailVacationRecord) -> Option<MailVacationRecord> {
    vacation.answers_outside.then_some(match vacation.outside_text {
        Some(text) => MailVacationRecord { text: Some(text), html: None, outside_text: None, ..vacation },
        None => vacation,
    })
}

/// What is answered, in plain text alone.
pub(crate) fn plain_text(vacation: &MailVacationRecord) -> String {
    match (&vacation.text, &vacation.html) {
        (Some(text), _) => text.clone(),
        // The parser stumbles over some HTML.
        (None, Some(html)) => catch_unwind(|| html_to_text(html)).unwrap_or_default(),
        (None, None) => USUAL_TEXT.to_owned(),
    }
}

fn is_on(vacation: &MailVacationRecord, now: OffsetDateTime) -> bool {
    vacation.enabled && vacation.begins_at.is_none_or(|at| at <= now) && vacation.ends_at.is_none_or(|at| now < at)
}

/// Whether a person wrote this to persons, as far as one can see (RFC 3834, section 2; RFC 5230, section 4.6).
fn is_from_person(message: &Message<'_>, sender: &str) -> bool {
    let sender = sender.to_lowercase();
    let name = sender.split('@').next().unwrap_or_default();
    let machine = ["mailer-daemon", "listserv", "majordomo", "noreply", "no-reply", "donotreply"].contains(&name)
        || name.starts_with("owner-")
        || name.ends_with("-request");
    if machine || !is_address(&sender) {
        return false;
    }
    message.headers_raw().all(|(field, value)| {
        let value = value.trim().to_lowercase();
        match field.trim().to_lowercase().as_str() {
            "auto-submitted" => value == "no" || value.starts_with("no;") || value.starts_with("no "),
            "precedence" => !["bulk", "list", "junk"].contains(&value.as_str()),
            "x-auto-response-suppress" => value == "none",
            field => !field.starts_with("list-"),
        }
    })
}

/// Whether the message is to this address by name, and not by way of a list or in secret.
fn names(message: &Message<'_>, address: &str) -> bool {
    let lists = [message.to(), message.cc()];
    let mut all = lists.into_iter().flatten().flat_map(mail_parser::Address::iter).filter_map(|one| one.address());
    all.any(|one| one.eq_ignore_ascii_case(address))
}

/// The answer as a client would write it.
fn words(vacation: &MailVacationRecord, account: &MailAccountRecord, message: &Message<'_>, sender: &str) -> Object {
    let repeated = || {
        let subject = message.subject().unwrap_or_default().chars().filter(|letter| !letter.is_control());
        format!("Auto: {}", subject.take(MAX_REPEATED_SUBJECT).collect::<String>())
    };
    let subject = vacation.subject.clone().unwrap_or_else(repeated);
    let mut words = json!({
        "from": [{ "name": account.name, "email": account.address }],
        "to": [{ "email": sender }],
        "subject": subject,
        "header:Auto-Submitted:asText": "auto-replied",
    });
    let id = message.message_id().filter(|id| !id.contains(['<', '>', ' ', '\t', '\r', '\n', '\0']) && id.len() < 900);
    if let Some(id) = id.filter(|id| !id.is_empty()) {
        words["inReplyTo"] = json!([id]);
        words["references"] = json!([id]);
    }
    let text = match (&vacation.text, &vacation.html) {
        (None, None) => Some(USUAL_TEXT),
        (text, _) => text.as_deref(),
    };
    let mut values = Object::new();
    for (list, part, text) in [("textBody", "t", text), ("htmlBody", "h", vacation.html.as_deref())] {
        if let Some(text) = text {
            words[list] = json!([{ "partId": part }]);
            values.insert(part.to_owned(), json!({ "value": text }));
        }
    }
    words["bodyValues"] = Value::Object(values);
    words.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_people_are_answered() {
        let from_person = |head: &str, sender: &str| {
            let raw = format!("Subject: x\r\n{head}\r\n\r\ntext");
            is_from_person(&parse(raw.as_bytes()), sender)
        };
        assert!(from_person("X-Any: y", "ben@amt.example"));
        for head in ["Auto-Submitted: no", "Precedence: first-class", "auto-submitted: No (really)"] {
            assert!(from_person(head, "ben@amt.example"), "{head}");
        }
        for head in [
            "Auto-Submitted: auto-replied",
            "AUTO-SUBMITTED: auto-generated; owner-email=\"x\"",
            "Precedence: Bulk",
            "precedence: list",
            "List-Id: <all.amt.example>",
            "List-Unsubscribe: <mailto:x@amt.example>",
            "X-Auto-Response-Suppress: All",
        ] {
            assert!(!from_person(head, "ben@amt.example"), "{head}");
        }
        for sender in ["", "MAILER-DAEMON@x", "owner-all@x", "all-request@x", "no-reply@x", "no address"] {
            assert!(!from_person("X-Any: y", sender), "{sender}");
        }
    }

    #[test]
    fn whoever_is_named_is_meant() {
        let raw =
            "To: Amt: ada@amt.example, ben@amt.example;\r\nCc: Eva <EVA@amt.example>\r\nBcc: max@amt.example\r\n\r\n";
        let found = ["ada", "ben", "eva", "max", "ad"]
            .map(|name| names(&parse(raw.as_bytes()), &format!("{name}@amt.example")));
        assert_eq!(found, [true, true, true, false, false]);
    }

    fn vacation() -> MailVacationRecord {
        MailVacationRecord {
            account: fernamt_domain::MailAccountId(uuid::Uuid::nil()),
            enabled: true,
            begins_at: None,
            ends_at: None,
            subject: None,
            text: None,
            html: None,
            answers_outside: true,
            outside_text: None,
        }
    }

    #[test]
    fn those_outside_are_answered_the_same_or_otherwise_or_not_at_all() {
        let inside = MailVacationRecord { html: Some("<b>Fort</b>".to_owned()), ..vacation() };
        assert_eq!(told_outside(inside.clone()), Some(inside.clone()));
        let other = MailVacationRecord { outside_text: Some("Weg".to_owned()), ..inside };
        let told = told_outside(other.clone()).expect("an answer");
        assert_eq!((told.text.as_deref(), told.html, told.enabled), (Some("Weg"), None, true));
        assert_eq!(told_outside(MailVacationRecord { answers_outside: false, ..other }), None);
    }

    #[test]
    fn plain_text_is_what_was_written_or_what_is_usual() {
        let text = |text: Option<&str>, html: Option<&str>| {
            let (text, html) = (text.map(str::to_owned), html.map(str::to_owned));
            plain_text(&MailVacationRecord { text, html, ..vacation() })
        };
        assert_eq!(text(Some("Weg"), Some("<b>Fort</b>")), "Weg");
        assert_eq!(text(None, Some("<p>Auf <b>Reisen</b></p>")).trim(), "Auf Reisen");
        assert_eq!(text(None, None), USUAL_TEXT);
    }

    #[test]
    fn an_absence_has_a_beginning_and_an_end() {
        let at = |second| OffsetDateTime::from_unix_timestamp(second).unwrap();
        let vacation = |enabled, begins_at: Option<i64>, ends_at: Option<i64>| MailVacationRecord {
            enabled,
            begins_at: begins_at.map(at),
            ends_at: ends_at.map(at),
            ..vacation()
        };
        for (vacation, on) in [
            (vacation(true, None, None), true),
            (vacation(false, None, None), false),
            (vacation(true, Some(10), Some(11)), true),
            (vacation(true, Some(11), None), false),
            (vacation(true, None, Some(10)), false),
        ] {
            assert_eq!(is_on(&vacation, at(10)), on, "{vacation:?}");
        }
    }
}
