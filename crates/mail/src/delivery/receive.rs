//! Messages that come from outside an account: each is put into the inbox of the account that its address belongs to.

use fernamt_domain::{
    DomainEvent, EmailSubmissionId,
    mail::{Keyword, Keywords, MailType, UndoStatus},
};
use fernamt_store::{
    BlobPrint, Change, EmailRecord, EmailSubmissionRecord, MailAccountRecord, StoreError, TenantStore, Work,
};
use time::OffsetDateTime;

use super::{
    Recipient, absence,
    arrival::{self, Arrival},
    inbox, stamp, stamp_by,
};
use crate::{
    Mail,
    account::is_of_house,
    message::{blob_id::print_of, compose::is_address, envelope::parse},
};

/// A message for one receiver.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The address in the envelope that it comes from (RFC 5321, section 4.1.1.2); empty for none.
    pub from: &'a str,
    /// The address that it goes to.
    pub to: &'a str,
    /// Its bytes (RFC 5322).
    pub raw: &'a [u8],
    /// When it came.
    pub received_at: OffsetDateTime,
    /// Whether it counts as read.
    pub seen: bool,
}

impl Mail {
    /// Puts a message into its receiver's inbox. `false` if nobody here has that address.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] if the account is full.
    pub async fn receive(&self, tenant: &TenantStore, incoming: Incoming<'_>) -> Result<bool, StoreError> {
        let Some(account) = self.receiver(tenant, incoming.to).await? else { return Ok(false) };
        let work = tenant.begin().await?;
        let change = work.mail_accounts().change(account.id).await?;
        let raw = stamp(incoming.raw, incoming.from, incoming.to, incoming.received_at);
        let Some(_) = put(self, &work, change, &raw, incoming).await? else { return Ok(false) };
        finish(work, change, &[]).await?;
        // It is to reach the mail server soon, whether or not its owner is there.
        self.uses(tenant.id(), account.id);
        Ok(true)
    }

    /// The same for a message that another mail server hands over, which calls itself by this name. What was handed over
    /// already is not put there twice: our answer to it was lost. Whoever is away answers.
    pub(crate) async fn take_in(
        &self,
        tenant: &TenantStore,
        incoming: Incoming<'_>,
        peer: &str,
    ) -> Result<bool, StoreError> {
        let Some(account) = self.receiver(tenant, incoming.to).await? else { return Ok(false) };
        // What comes from outside came past the mail server; where that answers by itself, nobody gets a second answer.
        let is_answered =
            self.is_outside(tenant, incoming.from).await? && !self.is_answered_there(tenant, &account).await?;
        let work = tenant.begin().await?;
        let change = match work.mail_accounts().change(account.id).await {
            Ok(change) => change,
            Err(StoreError::NotFound(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        if !work.mail_arrivals().note(account.id, &handing_over(incoming)).await? {
            return Ok(true);
        }
        let by = format!("from {peer}\r\n by fernamt with LMTP");
        let raw = stamp_by(&by, incoming.raw, incoming.from, incoming.to, incoming.received_at);
        let Some(email) = put(self, &work, change, &raw, incoming).await? else { return Ok(false) };
        let answers = is_answered && self.answer_outside(&work, change, (&account, &email), incoming).await?;
        finish(work, change, if answers { &[MailType::EmailSubmission] } else { &[] }).await?;
        self.uses(tenant.id(), account.id);
        if answers {
            self.bell.ring();
        }
        Ok(true)
    }

    /// Whether an address is reached by the way out of the house.
    async fn is_outside(&self, tenant: &TenantStore, address: &str) -> Result<bool, StoreError> {
        Ok(self.way_out.is_open() && is_address(address) && self.receiver(tenant, address).await?.is_none())
    }

    /// Hands in what somebody who is away answers. It has no sender, so that nobody answers it in turn.
    async fn answer_outside(
        &self,
        work: &Work,
        change: Change,
        (account, email): (&MailAccountRecord, &EmailRecord),
        incoming: Incoming<'_>,
    ) -> Result<bool, StoreError> {
        let identities = work.mail_identities().of_account(account.id).await?;
        let Some(identity) = identities.first() else { return Ok(false) };
        let inside = is_of_house(incoming.from, &account.address);
        let sender = absence::Sender { address: incoming.from, inside };
        let answer = absence::answer(self, work, account, incoming.raw, sender).await?;
        let Some(answer) = answer else { return Ok(false) };
        let print = print_of(&answer);
        work.mail_blobs().put(&print, &answer).await?;
        let now = self.parts.clock.now();
        let recipients = [Recipient::new(incoming.from.to_owned(), None)];
        let submission = EmailSubmissionRecord {
            id: EmailSubmissionId::new(&*self.parts.clock, &*self.parts.rng),
            account: account.id,
            identity: identity.id,
            email: email.id,
            thread: email.thread,
            print,
            mail_from: String::new(),
            recipients: serde_json::to_value(&recipients).unwrap_or_default(),
            send_at: now,
            undo_status: UndoStatus::Final,
            at: now,
            next_at: Some(now),
            attempts: 0,
            created_in: change.number,
            changed_in: change.number,
        };
        match work.email_submissions().insert(&submission).await {
            Ok(()) => Ok(true),
            // Too much is on its way out already; the message itself is here.
            Err(StoreError::TooMany { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Puts a message into the inbox; nothing if there is none.
async fn put(
    mail: &Mail,
    work: &Work,
    change: Change,
    raw: &[u8],
    incoming: Incoming<'_>,
) -> Result<Option<EmailRecord>, StoreError> {
    let Some(inbox) = inbox(work, change.account).await? else { return Ok(None) };
    let mut keywords = Keywords::default();
    if incoming.seen
        && let Ok(seen) = Keyword::SEEN.parse()
    {
        keywords.set(seen, true);
    }
    let arrival = Arrival { raw, mailboxes: [inbox].into(), keywords, received_at: incoming.received_at };
    arrival::put(mail, work, change, arrival).await.map(Some)
}

async fn finish(mut work: Work, change: Change, further: &[MailType]) -> Result<(), StoreError> {
    let kinds = [MailType::Mailbox, MailType::Email, MailType::Thread, MailType::EmailDelivery];
    work.mail_accounts().touch(change, &[&kinds, further].concat()).await?;
    work.publish(DomainEvent::MailChanged { account: change.account });
    work.commit().await
}

/// What makes one handing over: the receiver, the sender, the message's own id, and the topmost trace field, in which the
/// server before us wrote its queue's id. A message that somebody sends twice has two of these. Without a trace field it is
/// the message as a whole.
fn handing_over(incoming: Incoming<'_>) -> BlobPrint {
    let message = parse(incoming.raw);
    let field = |wanted: &str| {
        let mut fields = message.headers_raw();
        fields.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    };
    let (to, from) = (incoming.to.to_lowercase(), incoming.from);
    let mut told = format!("{to}\0{from}\0").into_bytes();
    match field("received") {
        Some(trace) => {
            told.extend_from_slice(format!("{trace}\0{}", field("message-id").unwrap_or_default()).as_bytes());
        }
        None => told.extend_from_slice(incoming.raw),
    }
    print_of(&told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_sent_twice_is_handed_over_twice() {
        let print = |to: &str, raw: &str| {
            let received_at = OffsetDateTime::UNIX_EPOCH;
            handing_over(Incoming { from: "eva@elsewhere.test", to, raw: raw.as_bytes(), received_at, seen: false })
        };
        let raw = |queue: &str, id: &str, text: &str| {
            format!("Received: by mail.amt.test id {queue}\r\nReceived: by x\r\nMessage-ID: <{id}@x>\r\n\r\n{text}")
        };
        let one = print("ben@x", &raw("q1", "1", "text"));
        assert_eq!(one, print("BEN@x", &raw("q1", "1", "with a note of a filter on the way")));
        for other in [
            print("ada@x", &raw("q1", "1", "text")),
            print("ben@x", &raw("q2", "1", "text")),
            print("ben@x", &raw("q1", "2", "text")),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(print("ben@x", "Subject: a\r\n\r\n1"), print("ben@x", "Subject: a\r\n\r\n1"));
        assert_ne!(print("ben@x", "Subject: a\r\n\r\n1"), print("ben@x", "Subject: a\r\n\r\n2"));
    }
}
