//! Handing one message over to the smarthost.

use std::{collections::BTreeMap, time::Duration};

use fernamt_domain::{
    DomainEvent,
    mail::{Keywords, MailType},
};
use fernamt_mailhost::{Error, submission::Submission};
use fernamt_store::{Change, EmailSubmissionRecord, StoreError, Work};
use time::OffsetDateTime;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Job, report};
use crate::{
    Mail,
    delivery::{
        Delivered, Recipient,
        arrival::{self, Arrival},
        inbox,
        recipient::one_line,
        recipients_of, stamp,
    },
};

/// For how long a message is tried again before its sender is told that it does not get there.
const GIVE_UP_AFTER: time::Duration = time::Duration::days(5);
/// After how many doublings of a minute the time between two attempts is the longest, an hour.
const DOUBLINGS: u16 = 6;
/// How long a smarthost may take to say goodbye.
const GOODBYE_LIMIT: Duration = Duration::from_secs(5);

/// What became of a message at some receivers, and the words for it.
type News = BTreeMap<String, (Delivered, String)>;

/// A message that waits.
struct Waiting {
    submission: EmailSubmissionRecord,
    /// Those outside who have not got it.
    left: Vec<Recipient>,
}

impl Waiting {
    fn all(&self, delivered: Delivered, words: &str) -> News {
        self.left.iter().map(|one| (one.address.clone(), (delivered, one_line(words)))).collect()
    }
}

impl Mail {
    /// Hands a message over, if it still waits. Who stops it before its end is about to be sent sends nothing.
    pub(in crate::delivery) async fn hand_over(&self, job: &Job, stop: &CancellationToken) -> Result<(), StoreError> {
        let turn = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            turn = self.way_out.turns.acquire() => turn,
        };
        let (Ok(_turn), Some(waiting)) = (turn, self.waiting(job).await?) else { return Ok(()) };
        let begun = waiting.left.iter().filter(|one| one.delivered == Delivered::Begun);
        let lost: News = begun.map(|one| (one.address.clone(), (Delivered::Uncertain, String::new()))).collect();
        if !lost.is_empty() {
            // A process ended while it handed these over. The others did not get that far.
            tracing::warn!(submission = %job.id, "It is unknown whether a message left the house");
            return self.settle(job, &lost, 0).await;
        }
        if self.parts.clock.now() - waiting.submission.at >= GIVE_UP_AFTER {
            let last = waiting.left.iter().find_map(|one| one.reply.as_deref()).unwrap_or("no answer");
            let words = format!("554 5.4.7 Not taken for five days; last: {last}");
            return self.settle(job, &waiting.all(Delivered::No, &words), 1).await;
        }
        let Some(smarthost) = &self.way_out.smarthost else {
            let words = "451 4.3.5 There is no way out of the house at the moment";
            return self.settle(job, &waiting.all(Delivered::Queued, words), 1).await;
        };
        let connected = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            connected = smarthost.connect() => connected,
        };
        let mut line = match connected {
            Ok(line) => line,
            Err(error) => {
                // Whatever it is, the message is not at fault.
                tell(&error);
                let words = format!("451 4.4.1 The smarthost cannot be used: {error}");
                return self.settle(job, &waiting.all(Delivered::Queued, &words), 1).await;
            }
        };
        if let Some(news) = self.bring(job, &waiting, &mut line, stop).await? {
            self.settle(job, &news, 1).await?;
        }
        // Everything is written down; who does not say goodbye in return is left.
        let _ = timeout(GOODBYE_LIMIT, line.log_out()).await;
        Ok(())
    }

    /// What waits, if anything does.
    async fn waiting(&self, job: &Job) -> Result<Option<Waiting>, StoreError> {
        let found = job.tenant.email_submissions().these(job.account, &[job.id]).await?;
        let Some(submission) = found.into_iter().next().filter(|one| one.next_at.is_some()) else { return Ok(None) };
        let left = recipients_of(&submission)?.into_iter().filter(Recipient::waits_outside).collect();
        Ok(Some(Waiting { submission, left }))
    }

    /// Hands a message over on an open line. Nothing is told where it was stopped or waits no more.
    async fn bring(
        &self,
        job: &Job,
        waiting: &Waiting,
        line: &mut Submission,
        stop: &CancellationToken,
    ) -> Result<Option<News>, StoreError> {
        let raw = job.tenant.mail_blobs().of_submission(job.id).await?.ok_or(StoreError::NotFound("mail_blob"))?;
        if let Some(most) = line.max_size().filter(|most| raw.len() as u64 > *most) {
            let words = format!("552 5.3.4 The smarthost takes messages of at most {most} bytes");
            return Ok(Some(waiting.all(Delivered::No, &words)));
        }
        let recipients: Vec<_> = waiting.left.iter().map(|one| one.address.clone()).collect();
        let offered = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(None),
            offered = line.offer(&waiting.submission.mail_from, &recipients, &raw) => offered,
        };
        let offered = match offered {
            Ok(offered) => offered,
            Err(error) => {
                let (delivered, words) = fate_of(&error);
                return Ok(Some(waiting.all(delivered, &words)));
            }
        };
        let outcome = offered.outcome();
        let mut news: News = outcome
            .refused
            .iter()
            .map(|refusal| {
                let delivered = if refusal.permanent { Delivered::No } else { Delivered::Queued };
                (refusal.recipient.clone(), (delivered, one_line(&refusal.said)))
            })
            .collect();
        let taken = outcome.taken.clone();
        // From here on it goes to its end: what was noted and not answered counts as uncertain.
        if !taken.is_empty() && !self.note_begun(job, &taken).await? {
            return Ok(None);
        }
        let fate = match offered.finish().await {
            Ok(outcome) => (Delivered::Relayed, one_line(outcome.said.as_deref().unwrap_or_default())),
            Err(error) => fate_of(&error),
        };
        news.extend(taken.into_iter().map(|address| (address, fate.clone())));
        Ok(Some(news))
    }

    /// Writes down that a message's end is about to be sent for these receivers. `false` if it waits no more.
    async fn note_begun(&self, job: &Job, taken: &[String]) -> Result<bool, StoreError> {
        let work = job.tenant.begin().await?;
        let Some((_, current, mut recipients)) = current(&work, job).await? else { return Ok(false) };
        for recipient in recipients.iter_mut().filter(|one| one.account.is_none() && taken.contains(&one.address)) {
            if recipient.delivered != Delivered::Queued {
                return Ok(false);
            }
            recipient.delivered = Delivered::Begun;
        }
        let begun = EmailSubmissionRecord { recipients: written(&recipients), ..current };
        work.email_submissions().replace(&begun).await?;
        work.commit().await?;
        Ok(true)
    }

    /// Writes down what became of a message, says when it is tried next, and tells its sender what will not arrive.
    async fn settle(&self, job: &Job, news: &News, attempts: u16) -> Result<(), StoreError> {
        let mut work = job.tenant.begin().await?;
        let Some((change, current, mut recipients)) = current(&work, job).await? else { return Ok(()) };
        let mut lost = Vec::new();
        for recipient in recipients.iter_mut().filter(|one| one.waits_outside()) {
            let Some((delivered, words)) = news.get(&recipient.address) else { continue };
            recipient.delivered = *delivered;
            recipient.reply = (!words.is_empty()).then(|| words.clone());
            if matches!(delivered, Delivered::No | Delivered::Uncertain) {
                lost.push(recipient.clone());
            }
        }
        let mut kinds = vec![MailType::EmailSubmission];
        // Reports and answers of machines have no sender, and nobody is told of them (RFC 5321, section 4.5.5).
        if !lost.is_empty() && !current.mail_from.is_empty() && self.report(&work, change, &current, &lost).await? {
            kinds.extend([MailType::Mailbox, MailType::Email, MailType::Thread, MailType::EmailDelivery]);
        }
        let now = self.parts.clock.now();
        let attempts = current.attempts.saturating_add(attempts);
        let next_at = recipients.iter().any(Recipient::waits_outside).then(|| next_attempt(now, attempts));
        let settled = EmailSubmissionRecord {
            recipients: written(&recipients),
            next_at,
            attempts,
            changed_in: change.number,
            ..current
        };
        work.email_submissions().replace(&settled).await?;
        work.mail_accounts().touch(change, &kinds).await?;
        work.publish(DomainEvent::MailChanged { account: job.account });
        work.commit().await
    }

    /// Puts a report into the sender's inbox. `false` if there is no room for it.
    async fn report(
        &self,
        work: &Work,
        change: Change,
        submission: &EmailSubmissionRecord,
        lost: &[Recipient],
    ) -> Result<bool, StoreError> {
        let Some(inbox) = inbox(work, change.account).await? else { return Ok(false) };
        let raw = work.mail_blobs().of_submission(submission.id).await?.unwrap_or_default();
        let received_at = self.parts.clock.now();
        let id = fernamt_domain::EmailId::new(&*self.parts.clock, &*self.parts.rng).to_string();
        let written = report::write(&report::Of { submission, lost, raw: &raw, id: &id, now: received_at });
        let stamped = stamp(&written, "", &submission.mail_from, received_at);
        let arrival = Arrival { raw: &stamped, mailboxes: [inbox].into(), keywords: Keywords::default(), received_at };
        match arrival::put(self, work, change, arrival).await {
            Ok(_) => Ok(true),
            Err(StoreError::TooMany { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The submission as it is now, while nobody else changes its account; nothing if it waits no more.
async fn current(
    work: &Work,
    job: &Job,
) -> Result<Option<(Change, EmailSubmissionRecord, Vec<Recipient>)>, StoreError> {
    let change = match work.mail_accounts().change(job.account).await {
        Ok(change) => change,
        Err(StoreError::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let found = work.email_submissions().these(job.account, &[job.id]).await?;
    let Some(current) = found.into_iter().next().filter(|one| one.next_at.is_some()) else { return Ok(None) };
    let recipients = recipients_of(&current)?;
    Ok(Some((change, current, recipients)))
}

fn written(recipients: &[Recipient]) -> serde_json::Value {
    serde_json::to_value(recipients).unwrap_or_default()
}

fn next_attempt(now: OffsetDateTime, attempts: u16) -> OffsetDateTime {
    let minutes = if attempts == 0 { 0 } else { 1_i64 << (attempts - 1).min(DOUBLINGS) };
    now + time::Duration::minutes(minutes).min(time::Duration::HOUR)
}

/// Writes down why the smarthost cannot be used: as an error where waiting does not mend it.
fn tell(error: &Error) {
    let told = error as &dyn std::error::Error;
    match error {
        Error::Unreachable(_) | Error::Broken(_) | Error::Ended | Error::Silent => {
            tracing::warn!(error = told, "The smarthost cannot be reached; mail waits");
        }
        _ => {
            tracing::error!(error = told, "The smarthost cannot be used; mail waits until its configuration is mended");
        }
    }
}

/// What a fault on an open line means for those whom it is about.
fn fate_of(error: &Error) -> (Delivered, String) {
    match error {
        Error::Refused { code, text } => {
            let is_final = code.as_deref().is_some_and(|code| code.starts_with('5'));
            (if is_final { Delivered::No } else { Delivered::Queued }, one_line(text))
        }
        Error::Missing(_) | Error::Unsayable(_) | Error::TooMany(..) => {
            (Delivered::No, one_line(&format!("554 5.6.0 The smarthost cannot take this message: {error}")))
        }
        Error::Uncertain => (Delivered::Uncertain, String::new()),
        other => (Delivered::Queued, one_line(&format!("451 4.4.2 {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_come_at_ever_longer_times_up_to_an_hour() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let minutes = |attempts| (next_attempt(now, attempts) - now).whole_minutes();
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 200, u16::MAX].map(minutes), [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn only_a_refusal_for_good_is_final_and_only_a_lost_answer_uncertain() {
        let refused = |code: &str| Error::Refused { code: Some(code.to_owned()), text: format!("{code} no") };
        for (error, delivered) in [
            (refused("554"), Delivered::No),
            (refused("452"), Delivered::Queued),
            (Error::Missing("8BITMIME"), Delivered::No),
            (Error::Uncertain, Delivered::Uncertain),
            (Error::Ended, Delivered::Queued),
            (Error::Silent, Delivered::Queued),
        ] {
            assert_eq!(fate_of(&error).0, delivered, "{error}");
        }
    }
}
