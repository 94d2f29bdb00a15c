//! Bringing what is sent to its receivers. Within the house a message, its place in every receiver's inbox and what became
//! of it at the sender become real in one transaction: nothing is delivered twice, whenever the server is killed.

mod absence;
pub(crate) mod arrival;
mod receive;
mod rounds;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use fernamt_domain::{
    DomainEvent, MailAccountId,
    mail::{Keywords, MailType, MailboxRole, UndoStatus},
};
use fernamt_store::{Change, EmailSubmissionRecord, StoreError, TenantStore, Work};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub use receive::Incoming;

use crate::{Mail, delivery::arrival::Arrival};

/// How often it is looked for what another process handed in.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// After how long a message that cannot be delivered is tried again, at most.
const LONGEST_PUT_OFF: time::Duration = time::Duration::HOUR;
/// How many messages one round takes at once.
const PER_ROUND: u64 = 20;

/// What became of a message at one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recipient {
    /// The address.
    pub(crate) address: String,
    /// The account that it belongs to.
    pub(crate) account: MailAccountId,
    /// Whether it is there.
    pub(crate) delivered: Delivered,
}

/// Whether a message is at its receiver (RFC 8621, section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Delivered {
    /// It is on its way.
    Queued,
    /// It is there.
    Yes,
    /// It will not get there.
    No,
}

/// Wakes whoever delivers.
#[derive(Debug, Default)]
pub(crate) struct Bell(Notify);

impl Bell {
    /// Something is to be delivered.
    pub(crate) fn ring(&self) {
        self.0.notify_one();
    }
}

impl Mail {
    /// Delivers what is due in a tenant. What fails is put off, so that it holds up nobody else's.
    pub(crate) async fn deliver_due(&self, tenant: &TenantStore) -> Result<(), StoreError> {
        loop {
            let due = tenant.email_submissions().due(self.parts.clock.now(), PER_ROUND).await?;
            if due.is_empty() {
                return Ok(());
            }
            for submission in &due {
                match self.deliver(tenant, submission).await {
                    Ok(()) => {}
                    // Nothing can be written at all, so nothing can be put off either.
                    Err(error @ (StoreError::Busy | StoreError::Full)) => return Err(error),
                    Err(error) => {
                        tracing::error!(submission = %submission.id, error = &error as &dyn std::error::Error, "A message cannot be delivered for now");
                        self.put_off(tenant, submission).await?;
                    }
                }
            }
        }
    }

    async fn put_off(&self, tenant: &TenantStore, submission: &EmailSubmissionRecord) -> Result<(), StoreError> {
        let work = tenant.begin().await?;
        work.mail_accounts().change(submission.account).await?;
        let current = work.email_submissions().these(submission.account, &[submission.id]).await?;
        let Some(current) = current.into_iter().next().filter(|one| one.next_at.is_some()) else { return Ok(()) };
        let attempts = current.attempts.saturating_add(1);
        let rest = time::Duration::minutes(attempts.into()).min(LONGEST_PUT_OFF);
        let next_at = Some(self.parts.clock.now() + rest);
        work.email_submissions().replace(&EmailSubmissionRecord { attempts, next_at, ..current }).await?;
        work.commit().await
    }

    async fn deliver(&self, tenant: &TenantStore, submission: &EmailSubmissionRecord) -> Result<(), StoreError> {
        let mut recipients: Vec<Recipient> = serde_json::from_value(submission.recipients.clone())
            .map_err(|_| StoreError::Corrupt { column: "recipients".to_owned(), reason: "they do not parse" })?;
        let raw = tenant.mail_blobs().of_submission(submission.id).await?.ok_or(StoreError::NotFound("mail_blob"))?;
        let mut work = tenant.begin().await?;
        // Accounts are always taken in the same order, so that two deliveries never wait for each other.
        let accounts: BTreeSet<_> =
            recipients.iter().map(|recipient| recipient.account).chain([submission.account]).collect();
        let mut changes = BTreeMap::new();
        for account in accounts {
            match work.mail_accounts().change(account).await {
                Ok(change) => drop(changes.insert(account, change)),
                Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let current = work.email_submissions().these(submission.account, &[submission.id]).await?;
        // It was taken back, or delivered by another process, before its account was ours.
        let Some(current) = current.into_iter().next().filter(|one| one.next_at.is_some()) else { return Ok(()) };
        let (mut reached, mut answered) = (BTreeSet::new(), false);
        for recipient in recipients.iter_mut().filter(|recipient| recipient.delivered == Delivered::Queued) {
            let there = match changes.get(&recipient.account) {
                Some(_) if reached.contains(&recipient.account) => true,
                Some(change) => {
                    let stamped = stamp(&raw, &submission.mail_from, &recipient.address, self.parts.clock.now());
                    let inbox = inbox(&work, recipient.account).await?;
                    if let Some(inbox) = inbox {
                        let arrival = Arrival {
                            raw: &stamped,
                            mailboxes: [inbox].into(),
                            keywords: Keywords::default(),
                            received_at: self.parts.clock.now(),
                        };
                        match arrival::put(self, &work, *change, arrival).await {
                            Ok(_) => {
                                if let Some(own) = changes.get(&submission.account)
                                    && recipient.account != submission.account
                                {
                                    answered |=
                                        self.answer(&work, recipient, *own, (&raw, &submission.mail_from)).await?;
                                }
                                true
                            }
                            // A full account is no reason to keep it from the others.
                            Err(StoreError::TooMany { .. }) => false,
                            Err(error) => return Err(error),
                        }
                    } else {
                        false
                    }
                }
                None => false,
            };
            if there {
                reached.insert(recipient.account);
            }
            recipient.delivered = if there { Delivered::Yes } else { Delivered::No };
        }
        for account in reached.iter().chain(answered.then_some(&submission.account)) {
            if let Some(change) = changes.get(account) {
                let kinds = [MailType::Mailbox, MailType::Email, MailType::Thread, MailType::EmailDelivery];
                work.mail_accounts().touch(*change, &kinds).await?;
                work.publish(DomainEvent::MailChanged { account: *account });
            }
        }
        if let Some(change) = changes.get(&submission.account) {
            let done = EmailSubmissionRecord {
                recipients: serde_json::to_value(&recipients).unwrap_or_default(),
                undo_status: UndoStatus::Final,
                next_at: None,
                attempts: current.attempts.saturating_add(1),
                changed_in: change.number,
                ..current
            };
            work.email_submissions().replace(&done).await?;
            work.mail_accounts().touch(*change, &[MailType::EmailSubmission]).await?;
            work.publish(DomainEvent::MailChanged { account: submission.account });
        }
        work.commit().await
    }
}

impl Mail {
    /// Puts the answer of somebody who is away into the sender's inbox. Tells whether there was one.
    async fn answer(
        &self,
        work: &Work,
        recipient: &Recipient,
        own: Change,
        (raw, sender): (&[u8], &str),
    ) -> Result<bool, StoreError> {
        let away = work.mail_accounts().get(recipient.account).await?;
        let Some(inbox) = inbox(work, own.account).await? else { return Ok(false) };
        let Some(answer) = absence::answer(self, work, &away, raw, sender).await? else { return Ok(false) };
        let received_at = self.parts.clock.now();
        let stamped = stamp(&answer, "", sender, received_at);
        let keywords = Keywords::default();
        let arrival = Arrival { raw: &stamped, mailboxes: [inbox].into(), keywords, received_at };
        match arrival::put(self, work, own, arrival).await {
            Ok(_) => Ok(true),
            Err(StoreError::TooMany { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

async fn inbox(work: &Work, account: MailAccountId) -> Result<Option<fernamt_domain::MailboxId>, StoreError> {
    let all = work.mailboxes().of_account(account).await?;
    Ok(all.into_iter().find(|mailbox| mailbox.role == Some(MailboxRole::Inbox)).map(|mailbox| mailbox.id))
}

/// The message with the trace fields of a final delivery (RFC 5321, section 4.4).
fn stamp(raw: &[u8], from: &str, to: &str, now: time::OffsetDateTime) -> Vec<u8> {
    let date = now.format(&time::format_description::well_known::Rfc2822).unwrap_or_default();
    let mut stamped =
        format!("Return-Path: <{from}>\r\nReceived: by fernamt with local\r\n for <{to}>; {date}\r\n").into_bytes();
    stamped.extend_from_slice(raw);
    stamped
}

/// A message without its `Bcc` and `Resent-Bcc` fields, as receivers get it (RFC 8621, section 7.5).
pub(crate) fn without_bcc(raw: &[u8]) -> Vec<u8> {
    let mut sent = Vec::with_capacity(raw.len());
    let (mut rest, mut dropping) = (raw, false);
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |place| place + 1);
        let (line, after) = rest.split_at(end);
        if matches!(line, b"\r\n" | b"\n") {
            break;
        }
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = line.split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii_end();
            dropping = [&b"bcc"[..], b"resent-bcc"].iter().any(|secret| name.eq_ignore_ascii_case(secret));
        }
        if !dropping {
            sent.extend_from_slice(line);
        }
        rest = after;
    }
    sent.extend_from_slice(rest);
    sent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_in_secret_stay_secret() {
        let raw = b"From: a@x\r\nBCC: one@x,\r\n two@x\r\nSubject: s\r\nbcc : three@x\r\nResent-Bcc: four@x\r\n\r\nBcc: this is text\r\n";
        assert_eq!(without_bcc(raw), b"From: a@x\r\nSubject: s\r\n\r\nBcc: this is text\r\n");
        for odd in [&b""[..], b"\r\n", b"Bcc: a", b"no header", b"Bcc: a\n\nx"] {
            let sent = without_bcc(odd);
            assert!(!sent.starts_with(b"Bcc"), "{odd:?}");
        }
    }
}
