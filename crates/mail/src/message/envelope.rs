//! What lists and searches need of a message.

use std::panic::catch_unwind;

use fernamt_domain::{EmailId, MailAccountId, ThreadId, mail::Keywords};
use fernamt_store::{BlobPrint, EmailRecord, EmailTextRecord};
use mail_parser::{HeaderValue, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    blob_id::print_of,
    header::{MAX_ADDRESSES, addresses},
};

/// The most letters of a preview (RFC 8621, section 4.1.4).
const MAX_PREVIEW_LETTERS: usize = 256;

/// The most bytes of a message's text that a search looks in.
const MAX_SEARCHED_BYTES: usize = 200_000;

/// The most bytes of a name or subject that lists sort by.
const MAX_SORTED_BYTES: usize = 200;

/// The most Message-IDs of one field.
const MAX_MESSAGE_IDS: usize = 100;

/// The properties of a message that are kept beside it.
pub(crate) const KEPT: [&str; 11] =
    ["messageId", "inReplyTo", "references", "sender", "from", "to", "cc", "bcc", "replyTo", "subject", "sentAt"];

/// A message as the store keeps it for lists and searches.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    /// The message. Its thread and the numbers of its changes are not set yet.
    pub(crate) email: EmailRecord,
    /// The text that a search looks in.
    pub(crate) text: EmailTextRecord,
    /// Prints of the Message-IDs that it names.
    pub(crate) references: Vec<BlobPrint>,
}

/// Reads a message. Every sequence of bytes is one, be it an empty one or one that the parser stumbles over: nobody's
/// mailbox is to stay closed for one strange message in it.
pub(crate) fn parse(raw: &[u8]) -> Message<'_> {
    let whole = || MessageParser::default().parse(raw);
    let part = || MessagePart { body: PartType::Text(String::from_utf8_lossy(raw)), ..MessagePart::default() };
    catch_unwind(whole).ok().flatten().or_else(|| head(raw)).unwrap_or_else(|| Message {
        html_body: vec![0],
        text_body: vec![0],
        attachments: Vec::new(),
        parts: vec![part()],
        raw_message: raw.into(),
    })
}

/// A message's fields alone; none where the parser stumbles.
pub(crate) fn head(raw: &[u8]) -> Option<Message<'_>> {
    catch_unwind(|| MessageParser::default().parse_headers(raw)).ok().flatten()
}

/// What is kept of a message that came into an account.
pub(crate) fn read(
    raw: &[u8],
    id: EmailId,
    account: MailAccountId,
    received_at: OffsetDateTime,
    keywords: Keywords,
) -> Envelope {
    let message = parse(raw);
    let subject = message.subject().unwrap_or_default();
    let base_subject = cut(&message.thread_name().unwrap_or_default().to_lowercase(), MAX_SORTED_BYTES).to_owned();
    let sent = message.date().filter(|date| date.is_valid());
    let ids = |value: &HeaderValue<'_>| -> Option<Vec<String>> {
        match value {
            HeaderValue::Text(id) => Some(vec![id.to_string()]),
            HeaderValue::TextList(list) => Some(list.iter().take(MAX_MESSAGE_IDS).map(ToString::to_string).collect()),
            _ => None,
        }
    };
    let none = HeaderValue::Empty;
    let own = ids(message.header("Message-ID").unwrap_or(&none));
    let (answers, references) = (ids(message.in_reply_to()), ids(message.references()));
    let named = [&own, &answers, &references].into_iter().flatten().flatten();
    let prints = named.map(|id| print_of(format!("{id}\0{base_subject}").as_bytes())).collect();
    let envelope = json!({
        "messageId": own,
        "inReplyTo": answers,
        "references": references,
        "sender": addresses(message.sender()),
        "from": addresses(message.from()),
        "to": addresses(message.to()),
        "cc": addresses(message.cc()),
        "bcc": addresses(message.bcc()),
        "replyTo": addresses(message.reply_to()),
        "subject": message.subject(),
        "sentAt": sent.map(mail_parser::DateTime::to_rfc3339),
    });
    let sender =
        message.from().and_then(|list| list.first()).map(|one| one.name().or(one.address()).unwrap_or_default());
    let preview = message.body_preview(MAX_PREVIEW_LETTERS).unwrap_or_default();
    let email = EmailRecord {
        id,
        account,
        thread: ThreadId(id.0),
        print: print_of(raw),
        size: raw.len() as u64,
        received_at,
        sent_at: sent.and_then(|date| OffsetDateTime::from_unix_timestamp(date.to_timestamp()).ok()),
        subject: base_subject,
        sender: cut(&sender.unwrap_or_default().to_lowercase(), MAX_SORTED_BYTES).to_owned(),
        preview: storable(&preview).chars().take(MAX_PREVIEW_LETTERS).collect(),
        has_attachment: has_attachment(&message),
        keywords,
        created_in: 0,
        changed_in: 0,
        envelope: storable_value(envelope),
    };
    let text = EmailTextRecord {
        email: id,
        subject: storable(&subject.to_lowercase()),
        sender: people(message.from()),
        recipient: people(message.to()),
        cc: people(message.cc()),
        bcc: people(message.bcc()),
        body: body_text(&message),
    };
    Envelope { email, text, references: prints }
}

/// Whether a person would look for something attached: parts that are not shown inside the text.
fn has_attachment(message: &Message<'_>) -> bool {
    message.attachments().any(|part| {
        let inline = part.content_disposition().is_some_and(mail_parser::ContentType::is_inline);
        !inline || part.content_id().is_none()
    })
}

fn people(list: Option<&mail_parser::Address<'_>>) -> String {
    let mut text = String::new();
    for one in list.into_iter().flat_map(mail_parser::Address::iter).take(MAX_ADDRESSES) {
        for word in [one.name(), one.address()].into_iter().flatten() {
            text.push_str(&word.to_lowercase());
            text.push(' ');
        }
    }
    storable(cut(&text, MAX_SEARCHED_BYTES))
}

/// The text that a person reads, up to a limit.
pub(crate) fn readable(message: &Message<'_>) -> String {
    let mut text = String::new();
    for number in 0..message.text_body_count() {
        if let Some(part) = message.body_text(number) {
            text.push_str(&part);
            text.push('\n');
        }
        if text.len() > MAX_SEARCHED_BYTES {
            break;
        }
    }
    cut(&text, MAX_SEARCHED_BYTES).to_owned()
}

fn body_text(message: &Message<'_>) -> String {
    let mut text = readable(message);
    for name in message.attachments().filter_map(|part| part.attachment_name()) {
        text.push_str(name);
        text.push('\n');
    }
    storable(&cut(&text, MAX_SEARCHED_BYTES).to_lowercase())
}

/// Text as far as `limit` bytes, cut between two letters.
fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let end = (0..=limit).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0);
    &text[..end]
}

/// Text without the letter that PostgreSQL cannot keep.
fn storable(text: &str) -> String {
    text.replace('\0', "")
}

fn storable_value(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(storable(&text)),
        Value::Array(list) => list.into_iter().map(storable_value).collect(),
        Value::Object(object) => {
            Value::Object(object.into_iter().map(|(name, value)| (name, storable_value(value))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(raw: &str) -> Envelope {
        let (id, account) = (EmailId(uuid::Uuid::nil()), MailAccountId(uuid::Uuid::nil()));
        read(raw.as_bytes(), id, account, OffsetDateTime::UNIX_EPOCH, Keywords::default())
    }

    #[test]
    fn a_message_is_read_for_lists_and_searches() {
        let found = read_text(
            "From: \"Ada Lovelace\" <ada@amt.example>\r\nTo: ben@amt.example\r\nSubject: Re: Straße\r\n\
             Message-ID: <2@amt>\r\nIn-Reply-To: <1@amt>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0100\r\n\
             Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n\
             <p>Guten <b>Tag</b></p>\r\n--b\r\nContent-Type: application/pdf\r\n\
             Content-Disposition: attachment; filename=Plan.pdf\r\n\r\nx\r\n--b--\r\n",
        );
        assert_eq!(found.email.envelope["from"], json!([{ "name": "Ada Lovelace", "email": "ada@amt.example" }]));
        assert_eq!(found.email.envelope["cc"], Value::Null);
        assert_eq!(found.email.envelope["messageId"], json!(["2@amt"]));
        assert_eq!((found.email.subject.as_str(), found.email.sender.as_str()), ("straße", "ada lovelace"));
        assert_eq!(found.email.preview.trim(), "Guten Tag");
        assert!(found.email.has_attachment && found.text.body.contains("plan.pdf"), "{}", found.text.body);
        assert_eq!(found.references.len(), 2);
    }

    #[test]
    fn an_answer_names_what_it_answers() {
        let first = read_text("Subject: Haushalt\r\nMessage-ID: <1@amt>\r\n\r\n");
        let answer = read_text("Subject: AW: Haushalt\r\nMessage-ID: <2@amt>\r\nReferences: <1@amt>\r\n\r\n");
        let other = read_text("Subject: Urlaub\r\nMessage-ID: <3@amt>\r\nReferences: <1@amt>\r\n\r\n");
        let shares = |one: &Envelope| one.references.iter().any(|print| first.references.contains(print));
        assert!(shares(&answer), "the German prefix counts too");
        assert!(!shares(&other), "another subject is another thread");
    }

    #[test]
    fn any_bytes_are_a_message() {
        for raw in ["", "\0", "\r\n\r\n", "Subject:\0x\r\n\r\n\0", "no header at all"] {
            let found = read_text(raw);
            assert!(!found.text.subject.contains('\0') && !found.email.envelope.to_string().contains("\\u0000"));
        }
    }

    #[test]
    fn what_is_searched_and_sorted_has_limits() {
        let long = "ä".repeat(MAX_SEARCHED_BYTES);
        let found = read_text(&format!(
            "Subject: {long}\r\nFrom: {long} <a@x>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{long}"
        ));
        assert!(found.text.body.len() <= MAX_SEARCHED_BYTES && !found.text.body.is_empty());
        assert!(found.email.subject.len() <= MAX_SORTED_BYTES && found.email.sender.len() <= MAX_SORTED_BYTES);
        assert_eq!(found.email.preview.chars().count().min(MAX_PREVIEW_LETTERS), found.email.preview.chars().count());
    }
}
