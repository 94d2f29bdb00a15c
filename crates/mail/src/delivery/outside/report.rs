//! Telling a sender what does not arrive (RFC 3464).

use std::fmt::Write as _;

use fernamt_store::EmailSubmissionRecord;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use crate::delivery::{Delivered, Recipient};

/// The most bytes of a message's head that a report repeats.
const MAX_HEAD_BYTES: usize = 64 * 1024;

const FAILED: &str = "Ihre Nachricht ist bei diesen Empfängern nicht angekommen:\n\
                      Your message did not reach these recipients:\n\n";
const UNCERTAIN: &str = "Bei diesen Empfängern ist nicht bekannt, ob Ihre Nachricht angekommen ist: Die Leitung brach ab, \
                         bevor der Mailserver antwortete. Sie wird nicht von selbst noch einmal gesendet. Fragen Sie nach, \
                         oder senden Sie sie noch einmal.\n\
                         For these recipients it is not known whether your message arrived: the line broke before the \
                         mail server answered. It is not sent again by itself. Ask them, or send it once more.\n\n";

/// What a report is about.
#[derive(Debug)]
pub(super) struct Of<'a> {
    /// What was sent.
    pub(super) submission: &'a EmailSubmissionRecord,
    /// The receivers that it did not reach, or nobody knows.
    pub(super) lost: &'a [Recipient],
    /// The message's bytes.
    pub(super) raw: &'a [u8],
    /// A name that nothing else has.
    pub(super) id: &'a str,
    /// When the report is written.
    pub(super) now: OffsetDateTime,
}

/// Writes a report.
pub(super) fn write(of: &Of<'_>) -> Vec<u8> {
    let to = &of.submission.mail_from;
    let domain = to.rsplit('@').next().unwrap_or_default();
    let date = |at: OffsetDateTime| at.format(&Rfc2822).unwrap_or_default();
    let (id, now) = (of.id, date(of.now));
    let mut text = format!(
        "From: Fernamt <MAILER-DAEMON@{domain}>\nTo: <{to}>\nSubject: Nicht zugestellt / Undelivered\nDate: {now}\n\
         Message-ID: <{id}@{domain}>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"{id}\"\n\n\
         --{id}\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    );
    for (words, kind) in [(FAILED, Delivered::No), (UNCERTAIN, Delivered::Uncertain)] {
        let lost: Vec<_> = of.lost.iter().filter(|one| one.delivered == kind).collect();
        if !lost.is_empty() {
            text.push_str(words);
        }
        for one in lost {
            let _ = writeln!(text, "{}\n    {}\n", one.address, one.status(false).0);
        }
    }
    let arrived = date(of.submission.at);
    let _ = write!(
        text,
        "--{id}\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; {domain}\nArrival-Date: {arrived}\n"
    );
    for one in of.lost {
        let (reply, _) = one.status(false);
        let (address, status) = (&one.address, enhanced(reply));
        let _ = write!(
            text,
            "\nFinal-Recipient: rfc822; {address}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {reply}\n\
             Last-Attempt-Date: {now}\n"
        );
    }
    let _ = write!(text, "\n--{id}\nContent-Type: text/rfc822-headers\n\n");
    let mut report = text.replace('\n', "\r\n").into_bytes();
    report.extend_from_slice(head(of.raw));
    report.extend_from_slice(format!("\r\n--{id}--\r\n").as_bytes());
    report
}

/// The enhanced status code of a reply (RFC 3463), or what follows from its first digit.
fn enhanced(reply: &str) -> &str {
    let is_status = |word: &&str| {
        let mut parts = word.split('.');
        let digits = |part: Option<&str>, most: usize| {
            part.is_some_and(|part| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        digits(parts.next(), 1) && digits(parts.next(), 3) && digits(parts.next(), 3) && parts.next().is_none()
    };
    let usual = if reply.starts_with('4') { "4.0.0" } else { "5.0.0" };
    reply.split_ascii_whitespace().nth(1).filter(is_status).unwrap_or(usual)
}

/// The header fields of a message.
fn head(raw: &[u8]) -> &[u8] {
    let end = raw.windows(4).position(|part| part == b"\r\n\r\n").map_or(raw.len(), |end| end + 2);
    &raw[..end.min(MAX_HEAD_BYTES)]
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{EmailId, EmailSubmissionId, MailAccountId, MailIdentityId, ThreadId, mail::UndoStatus};
    use mail_parser::{MessageParser, MimeHeaders as _};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_report_names_each_receiver_and_the_message_without_its_text() {
        let at = OffsetDateTime::from_unix_timestamp(1_000_000_000).unwrap();
        let submission = EmailSubmissionRecord {
            id: EmailSubmissionId(Uuid::nil()),
            account: MailAccountId(Uuid::nil()),
            identity: MailIdentityId(Uuid::nil()),
            email: EmailId(Uuid::nil()),
            thread: ThreadId(Uuid::nil()),
            print: crate::message::blob_id::print_of(b""),
            mail_from: "ada@amt.example".to_owned(),
            recipients: serde_json::Value::Null,
            send_at: at,
            undo_status: UndoStatus::Final,
            at,
            next_at: None,
            attempts: 1,
            created_in: 1,
            changed_in: 1,
        };
        let one = |name: &str, delivered, reply: Option<&str>| Recipient {
            address: format!("{name}@elsewhere.test"),
            account: None,
            delivered,
            reply: reply.map(str::to_owned),
        };
        let lost =
            [one("nobody", Delivered::No, Some("550 5.1.1 no such person")), one("eva", Delivered::Uncertain, None)];
        let raw = b"Subject: Plan\r\nMessage-ID: <1@amt.example>\r\n\r\nsecret text\r\n";
        let written = write(&Of { submission: &submission, lost: &lost, raw, id: "abc", now: at });
        let message = MessageParser::default().parse(&written).unwrap();
        let kind = message.content_type().unwrap();
        assert_eq!((kind.ctype(), kind.subtype()), ("multipart", Some("report")));
        assert_eq!(kind.attribute("report-type"), Some("delivery-status"));
        let text = String::from_utf8(written).unwrap();
        for line in [
            "Final-Recipient: rfc822; nobody@elsewhere.test\r\nAction: failed\r\nStatus: 5.1.1\r\n",
            "Diagnostic-Code: smtp; 550 5.1.1 no such person\r\n",
            "Final-Recipient: rfc822; eva@elsewhere.test\r\nAction: failed\r\nStatus: 4.4.2\r\n",
            "Message-ID: <1@amt.example>\r\n\r\n--abc--\r\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.contains("secret") && !text.replace("\r\n", "").contains('\n'));
    }

    #[test]
    fn a_status_follows_from_the_reply() {
        for (reply, status) in
            [("550 5.1.1 no", "5.1.1"), ("451 later", "4.0.0"), ("550", "5.0.0"), ("554 5.x.1 y", "5.0.0")]
        {
            assert_eq!(enhanced(reply), status);
        }
    }
}
