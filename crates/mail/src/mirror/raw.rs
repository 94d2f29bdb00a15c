//! A message's bytes, or what is shown instead of them.

use bytes::Bytes;
use fernamt_mailhost::{
    Error,
    imap::{Described, Imap, MAX_MESSAGE_BYTES},
};

use super::{MirrorError, folders::Place, round::Mirror, transfer::is_temporary};

/// How many messages of an account are remembered that ended a conversation.
const MAX_UNREADABLE: usize = 1_000;

/// What a note begins with that is shown in the place of a message. Whatever comes from elsewhere begins with how it came.
const NOTE: &str = "X-Fernamt-Note: the message itself is on the mail server\r\n";

/// Whether these bytes are no message, but a note that is shown in the place of one.
pub(crate) fn is_note(raw: &[u8]) -> bool {
    raw.starts_with(NOTE.as_bytes())
}

/// Why a message is not shown itself.
#[derive(Debug, Clone, Copy)]
enum Why {
    /// It is larger than what is fetched.
    TooLarge,
    /// The server does not hand it out, or says something that cannot be read.
    Unreadable,
}

impl Mirror {
    /// A message's bytes, or what is shown instead of them. None if it has gone since it was described.
    pub(super) async fn bytes(
        &mut self,
        imap: &mut Imap,
        place: &Place,
        described: &Described,
    ) -> Result<Option<Bytes>, MirrorError> {
        let here = (place.base.mailbox, described.uid);
        let why = if described.size as usize > MAX_MESSAGE_BYTES {
            Why::TooLarge
        } else if self.unreadable.contains(&here) {
            Why::Unreadable
        } else {
            match imap.raw(described.uid).await {
                Ok(raw) => return Ok(raw),
                Err(error) => {
                    let blamed = blamed(&error);
                    if blamed != Blamed::Others {
                        tracing::warn!(
                            account = %self.account, uid = described.uid, error = &error as &dyn std::error::Error,
                            "The mail server does not hand out a message, so a note is shown in its place"
                        );
                    }
                    match blamed {
                        Blamed::Message => Why::Unreadable,
                        Blamed::MessageNextTime if self.unreadable.len() < MAX_UNREADABLE => {
                            self.unreadable.insert(here);
                            return Err(error.into());
                        }
                        _ => return Err(error.into()),
                    }
                }
            }
        };
        Ok(Some(stand_in(described, why)))
    }
}

/// Whose fault it is that a message's bytes did not come.
#[derive(Debug, PartialEq, Eq)]
enum Blamed {
    /// The message's.
    Message,
    /// The message's, and the conversation ended by it.
    MessageNextTime,
    /// Something that has nothing to do with it.
    Others,
}

fn blamed(error: &Error) -> Blamed {
    match error {
        error if is_temporary(error) => Blamed::Others,
        error if error.is_refusal() => Blamed::Message,
        Error::TooLarge(_) | Error::TooMany(..) | Error::Unreadable(_) => Blamed::MessageNextTime,
        _ => Blamed::Others,
    }
}

/// A message that says so.
fn stand_in(described: &Described, why: Why) -> Bytes {
    let date = described.received.and_then(|at| at.format(&time::format_description::well_known::Rfc2822).ok());
    let date = date.map(|date| format!("Date: {date}\r\n")).unwrap_or_default();
    let (megabytes, uid) = (described.size / (1024 * 1024), described.uid);
    let (subject, german, english) = match why {
        Why::TooLarge => (
            format!("=?utf-8?Q?Zu_gro=C3=9Fe_Nachricht_/_message_too_large?= ({megabytes} MB)"),
            format!("Diese Nachricht hat {megabytes} MB und ist zu groß, um hier gezeigt zu werden."),
            format!("This message has {megabytes} MB and is too large to be shown here."),
        ),
        Why::Unreadable => (
            "Nicht lesbare Nachricht / message cannot be read".to_owned(),
            "Der Mailserver gibt diese Nachricht nicht heraus.".to_owned(),
            "The mail server does not hand out this message.".to_owned(),
        ),
    };
    format!(
        "{NOTE}{date}Subject: {subject}\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         {german} Auf dem Mailserver liegt sie vollständig (Nummer {uid}).\r\n\r\n\
         {english} The mail server has it in whole (number {uid}).\r\n"
    )
    .into()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::message::envelope;

    #[test]
    fn what_stands_in_for_a_message_says_what_it_is() {
        let described = Described {
            uid: 7,
            flags: Vec::new(),
            received: Some(datetime!(2026-11-23 06:00 UTC)),
            size: 70 << 20,
            email_id: None,
            thread_id: None,
        };
        for (why, subject) in [
            (Why::TooLarge, "Zu große Nachricht / message too large (70 MB)"),
            (Why::Unreadable, "Nicht lesbare Nachricht / message cannot be read"),
        ] {
            let shown = stand_in(&described, why);
            assert!(is_note(&shown) && !is_note(b"Subject: x\r\n\r\n"));
            let read = envelope::parse(&shown);
            assert_eq!(read.subject(), Some(subject));
            assert!(read.body_text(0).unwrap().contains("Nummer 7"));
            assert_eq!(read.date().unwrap().to_timestamp(), datetime!(2026-11-23 06:00 UTC).unix_timestamp());
        }
    }

    #[test]
    fn one_message_is_not_to_blame_for_a_line_that_broke() {
        let refused = |code: Option<&str>| Error::Refused { code: code.map(str::to_owned), text: String::new() };
        assert_eq!(blamed(&refused(None)), Blamed::Message);
        assert_eq!(blamed(&refused(Some("INUSE"))), Blamed::Others);
        assert_eq!(blamed(&Error::TooLarge(7)), Blamed::MessageNextTime);
        assert_eq!((blamed(&Error::Silent), blamed(&Error::Ended)), (Blamed::Others, Blamed::Others));
    }
}
