//! Bringing what is sent to its receivers. Within the house a message, its place in every receiver's inbox and what became
//! of it at the sender become real in one transaction: nothing is delivered twice, whenever the server is killed. What goes
//! out of the house goes to the smarthost, see [`outside`].

mod absence;
pub(crate) mod arrival;
mod outside;
mod receive;
mod recipient;
mod rounds;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use fernamt_domain::{
    DomainEvent, EmailSubmissionId, MailAccountId,
    mail::{Keywords, MailType, MailboxRole, UndoStatus},
};
use fernamt_store::{Change, EmailSubmissionRecord, StoreError, TenantStore, Work};
use tokio::sync::Notify;

pub(crate) use absence::{plain_text, told_outside};
pub(crate) use outside::WayOut;
pub use outside::{Smarthost, SmarthostAddress};
pub use receive::Incoming;
pub(crate) use recipient::{Delivered, Recipient};

use crate::{
    Mail,
    delivery::{arrival::Arrival, outside::Job},
};

/// How often it is looked for what another process handed in.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// After how long a message that cannot be delivered is tried again, at most.
const LONGEST_PUT_OFF: time::Duration = time::Duration::HOUR;
/// How many messages one round takes at once.
const PER_ROUND: u64 = 20;

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
    /// Delivers what is due in a tenant. What fails is put off, so that it holds up nobody else's. Returns what is to be
    /// handed over to the smarthost.
    async fn deliver_due(&self, tenant: &TenantStore) -> Result<Vec<Job>, StoreError> {
        let mut jobs = Vec::new();
        loop {
            let submissions = tenant.email_submissions();
            let due = submissions.due(self.parts.clock.now(), PER_ROUND, &self.way_out.in_hand()).await?;
            if due.is_empty() {
                return Ok(jobs);
            }
            for submission in &due {
                let waits_outside = match self.deliver(tenant, submission).await {
                    Ok(waits_outside) => waits_outside,
                    // Nothing can be written at all, so nothing can be put off either.
                    Err(error @ (StoreError::Busy | StoreError::Full)) => return Err(error),
                    Err(error) => {
                        tracing::error!(submission = %submission.id, error = &error as &dyn std::error::Error, "A message cannot be delivered for now");
                        self.put_off(tenant, submission.account, submission.id, 1).await?;
                        continue;
                    }
                };
                if waits_outside {
                    match self.way_out.take(tenant, submission) {
                        Some(job) => jobs.push(job),
                        // Its turn has not come, which is no fault of its own.
                        None => self.put_off(tenant, submission.account, submission.id, 0).await?,
                    }
                }
            }
        }
    }

    /// Lets a message rest after so many further faults: the more there were, the longer, and for a minute after none.
    async fn put_off(
        &self,
        tenant: &TenantStore,
        account: MailAccountId,
        id: EmailSubmissionId,
        faults: u16,
    ) -> Result<(), StoreError> {
        let work = tenant.begin().await?;
        work.mail_accounts().change(account).await?;
        let current = work.email_submissions().these(account, &[id]).await?;
        let Some(current) = current.into_iter().next().filter(|one| one.next_at.is_some()) else { return Ok(()) };
        let attempts = current.attempts.saturating_add(faults);
        let next_at = Some(self.parts.clock.now() + rest(attempts, faults));
        work.email_submissions().replace(&EmailSubmissionRecord { attempts, next_at, ..current }).await?;
        work.commit().await
    }

    /// Delivers a message within the house. Tells whether it has receivers outside who wait for it.
    async fn deliver(&self, tenant: &TenantStore, submission: &EmailSubmissionRecord) -> Result<bool, StoreError> {
        let mut recipients = recipients_of(submission)?;
        let waits_outside = recipients.iter().any(Recipient::waits_outside);
        let waits_inside = recipients.iter().any(|one| one.account.is_some() && one.delivered == Delivered::Queued);
        if waits_outside && !waits_inside && submission.undo_status == UndoStatus::Final {
            return Ok(true);
        }
        let raw = tenant.mail_blobs().of_submission(submission.id).await?.ok_or(StoreError::NotFound("mail_blob"))?;
        let mut work = tenant.begin().await?;
        // Accounts are always taken in the same order, so that two deliveries never wait for each other.
        let accounts: BTreeSet<_> =
            recipients.iter().filter_map(|recipient| recipient.account).chain([submission.account]).collect();
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
        let Some(current) = current.into_iter().next().filter(|one| one.next_at.is_some()) else { return Ok(false) };
        let (mut reached, mut answered) = (BTreeSet::new(), false);
        for recipient in recipients.iter_mut().filter(|recipient| recipient.delivered == Delivered::Queued) {
            let Some(account) = recipient.account else { continue };
            let there = match changes.get(&account) {
                Some(_) if reached.contains(&account) => true,
                Some(change) => {
                    let stamped = stamp(&raw, &submission.mail_from, &recipient.address, self.parts.clock.now());
                    let inbox = inbox(&work, account).await?;
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
                                    && account != submission.account
                                {
                                    answered |=
                                        self.answer(&work, account, *own, (&raw, &submission.mail_from)).await?;
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
                reached.insert(account);
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
                next_at: current.next_at.filter(|_| waits_outside),
                attempts: if waits_outside { current.attempts } else { current.attempts.saturating_add(1) },
                changed_in: change.number,
                ..current
            };
            work.email_submissions().replace(&done).await?;
            work.mail_accounts().touch(*change, &[MailType::EmailSubmission]).await?;
            work.publish(DomainEvent::MailChanged { account: submission.account });
        }
        work.commit().await?;
        // It is to reach the mail server soon, whether or not its owner is there.
        for account in reached {
            self.uses(tenant.id(), account);
        }
        Ok(waits_outside)
    }
}

/// What became of a message at its receivers so far.
fn recipients_of(submission: &EmailSubmissionRecord) -> Result<Vec<Recipient>, StoreError> {
    serde_json::from_value(submission.recipients.clone())
        .map_err(|_| StoreError::Corrupt { column: "recipients".to_owned(), reason: "they do not parse" })
}

impl Mail {
    /// Puts the answer of somebody who is away into the sender's inbox. Tells whether there was one.
    async fn answer(
        &self,
        work: &Work,
        account: MailAccountId,
        own: Change,
        (raw, sender): (&[u8], &str),
    ) -> Result<bool, StoreError> {
        let away = work.mail_accounts().get(account).await?;
        let Some(inbox) = inbox(work, own.account).await? else { return Ok(false) };
        // Whoever has an account here is inside, whatever its address is.
        let from = absence::Sender { address: sender, inside: true };
        let Some(answer) = absence::answer(self, work, &away, raw, from).await? else { return Ok(false) };
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

/// The folder that messages to an account arrive in.
pub(crate) async fn inbox(
    work: &Work,
    account: MailAccountId,
) -> Result<Option<fernamt_domain::MailboxId>, StoreError> {
    let all = work.mailboxes().of_account(account).await?;
    Ok(all.into_iter().find(|mailbox| mailbox.role == Some(MailboxRole::Inbox)).map(|mailbox| mailbox.id))
}

/// The message with the trace fields of a final delivery (RFC 5321, section 4.4).
fn stamp(raw: &[u8], from: &str, to: &str, now: time::OffsetDateTime) -> Vec<u8> {
    stamp_by("by fernamt with local", raw, from, to, now)
}

/// The same for a message that came by this way.
fn stamp_by(way: &str, raw: &[u8], from: &str, to: &str, now: time::OffsetDateTime) -> Vec<u8> {
    let date = now.format(&time::format_description::well_known::Rfc2822).unwrap_or_default();
    let mut stamped = format!("Return-Path: <{from}>\r\nReceived: {way}\r\n for <{to}>; {date}\r\n").into_bytes();
    stamped.extend_from_slice(raw);
    stamped
}

/// How long a message rests after so many attempts of which these were the last to fail.
fn rest(attempts: u16, faults: u16) -> time::Duration {
    time::Duration::minutes(if faults == 0 { 1 } else { attempts.into() }).min(LONGEST_PUT_OFF)
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
    fn what_only_waits_for_its_turn_does_not_rest_longer_each_time() {
        let minutes = |attempts, faults| rest(attempts, faults).whole_minutes();
        assert_eq!([minutes(1, 1), minutes(7, 1), minutes(u16::MAX, 1)], [1, 7, 60]);
        assert_eq!([minutes(0, 0), minutes(7, 0), minutes(u16::MAX, 0)], [1, 1, 1]);
    }

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
