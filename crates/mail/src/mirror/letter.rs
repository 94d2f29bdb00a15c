//! A letter from us into an inbox: what the mail server refused or changed, for whoever has the mailbox.

use fernamt_domain::{
    EmailId,
    mail::{Keywords, MailType},
};
use fernamt_store::{Change, MailAccountRecord, StoreError, Work};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use crate::{
    Mail,
    delivery::{self, arrival, arrival::Arrival},
};

/// What changes in an account by a letter.
pub(super) const BY_LETTER: [MailType; 4] =
    [MailType::Mailbox, MailType::Email, MailType::Thread, MailType::EmailDelivery];

/// A letter in two languages.
#[derive(Debug)]
pub(super) struct Letter {
    /// Its subject, in plain ASCII.
    pub(super) subject: &'static str,
    /// Its text in German, in short lines.
    pub(super) german: String,
    /// The same in English.
    pub(super) english: String,
}

impl Letter {
    /// Puts it into the account's inbox. Tells whether there was room.
    pub(super) async fn put(
        &self,
        mail: &Mail,
        work: &Work,
        change: Change,
        account: &MailAccountRecord,
    ) -> Result<bool, StoreError> {
        let Some(inbox) = delivery::inbox(work, account.id).await? else { return Ok(false) };
        let (now, id) = (mail.parts.clock.now(), EmailId::new(&*mail.parts.clock, &*mail.parts.rng));
        let raw = self.raw(&account.address, &id.to_string(), now);
        let keywords = Keywords::default();
        let arrival = Arrival { raw: &raw, mailboxes: [inbox].into(), keywords, received_at: now };
        match arrival::put(mail, work, change, arrival).await {
            Ok(_) => Ok(true),
            Err(StoreError::TooMany { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Its bytes.
    pub(super) fn raw(&self, to: &str, id: &str, now: OffsetDateTime) -> Vec<u8> {
        let date = now.format(&Rfc2822).unwrap_or_default();
        let domain = to.rsplit('@').next().unwrap_or_default();
        let Self { subject, german, english } = self;
        let letter = format!(
            "From: Fernamt <MAILER-DAEMON@{domain}>\nTo: <{to}>\nSubject: {subject}\nDate: {date}\n\
             Message-ID: <{id}@{domain}>\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n\
             Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{german}\n\n{english}\n"
        );
        letter.replace('\n', "\r\n").into_bytes()
    }
}
