//! What became of a message at each of its receivers.

use fernamt_domain::MailAccountId;
use serde::{Deserialize, Serialize};

/// The most letters that are kept of what a mail server said.
const MAX_REPLY_LETTERS: usize = 500;

/// What became of a message at one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recipient {
    /// The address.
    pub(crate) address: String,
    /// The account that it belongs to; none outside of the house.
    pub(crate) account: Option<MailAccountId>,
    /// Whether it is there.
    pub(crate) delivered: Delivered,
    /// What a mail server said of it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reply: Option<String>,
}

/// Whether a message is at its receiver (RFC 8621, section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Delivered {
    /// It is on its way.
    Queued,
    /// Its end is being handed over to the smarthost: only the answer will tell whether it has it.
    Begun,
    /// It is there.
    Yes,
    /// The smarthost has it, and no more is known.
    Relayed,
    /// It will not get there.
    No,
    /// Nobody knows whether the smarthost has it, and it is not sent again by itself.
    Uncertain,
}

impl Recipient {
    /// A receiver to whom nothing was brought yet.
    pub(crate) fn new(address: String, account: Option<MailAccountId>) -> Self {
        Self { address, account, delivered: Delivered::Queued, reply: None }
    }

    /// Whether it still has to be handed over to the smarthost.
    pub(crate) fn waits_outside(&self) -> bool {
        self.account.is_none() && matches!(self.delivered, Delivered::Queued | Delivered::Begun)
    }

    /// The SMTP reply and the word for it (RFC 8621, section 7); a message may have been stopped by a restore.
    pub(crate) fn status(&self, stopped: bool) -> (&str, &'static str) {
        let told = |usual: &'static str| self.reply.as_deref().unwrap_or(usual);
        match self.delivered {
            Delivered::Queued | Delivered::Begun if stopped => {
                ("451 4.3.0 Stopped by a restore, not sent again by itself", "unknown")
            }
            Delivered::Queued => (told("250 2.0.0 Queued"), "queued"),
            Delivered::Begun => ("250 2.0.0 Queued", "queued"),
            Delivered::Yes => ("250 2.1.5 Delivered", "yes"),
            Delivered::Relayed => (told("250 2.0.0 Handed over"), "unknown"),
            Delivered::No => (told("554 5.0.0 The account is gone or full"), "no"),
            Delivered::Uncertain => ("451 4.4.2 Unknown whether it was taken, not sent again by itself", "unknown"),
        }
    }
}

/// What a mail server said, as one line of a reasonable length.
pub(crate) fn one_line(said: &str) -> String {
    let letters = said.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    letters.take(MAX_REPLY_LETTERS).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_written_before_there_was_an_outside_is_read() {
        let account = uuid::Uuid::from_u128(7);
        let old = json!({ "address": "ben@amt.example", "account": account, "delivered": "queued" });
        let read: Recipient = serde_json::from_value(old.clone()).unwrap();
        assert_eq!(read, Recipient::new("ben@amt.example".to_owned(), Some(MailAccountId(account))));
        assert_eq!(serde_json::to_value(&read).unwrap(), old);
        assert!(!read.waits_outside() && Recipient { account: None, ..read }.waits_outside());
    }

    #[test]
    fn what_a_server_says_stands_in_one_short_line() {
        assert_eq!(one_line("550 no\r\n.\u{7}such"), "550 no  . such");
        assert_eq!(one_line(&"x".repeat(MAX_REPLY_LETTERS + 1)).len(), MAX_REPLY_LETTERS);
    }
}
