//! A message's arrival in an account, whichever way it comes: delivered, imported or written as a draft.

use std::collections::BTreeSet;

use fernamt_domain::{EmailId, MailboxId, ThreadId, mail::Keywords};
use fernamt_store::{Change, EmailRecord, NewEmail, StoreError, Work};
use time::OffsetDateTime;

use crate::{Mail, message::envelope};

/// A message that comes.
#[derive(Debug)]
pub(crate) struct Arrival<'a> {
    /// Its raw bytes.
    pub(crate) raw: &'a [u8],
    /// The folders that it lies in: at least one.
    pub(crate) mailboxes: BTreeSet<MailboxId>,
    /// Its marks.
    pub(crate) keywords: Keywords,
    /// When it came.
    pub(crate) received_at: OffsetDateTime,
}

/// Puts a message into an account.
pub(crate) async fn put(
    mail: &Mail,
    work: &Work,
    change: Change,
    arrival: Arrival<'_>,
) -> Result<EmailRecord, StoreError> {
    let Arrival { raw, mailboxes, keywords, received_at } = arrival;
    let (clock, rng) = (&*mail.parts.clock, &*mail.parts.rng);
    let id = EmailId::new(clock, rng);
    let mut read = envelope::read(raw, id, change.account, received_at, keywords);
    let thread = work.emails().thread_of(change.account, &read.references).await?;
    read.email.thread = thread.unwrap_or_else(|| ThreadId::new(clock, rng));
    work.mail_blobs().put(&read.email.print, raw).await?;
    let touched: Vec<_> = mailboxes.iter().copied().collect();
    let new = NewEmail { email: read.email, text: read.text, references: read.references, mailboxes };
    let email = work.emails().insert(change, &new).await?;
    work.mailboxes().counted(change, &touched).await?;
    Ok(email)
}
