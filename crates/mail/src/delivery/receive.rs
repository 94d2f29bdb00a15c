//! Messages that come from outside an account: each is put into the inbox of the account that its address belongs to.

use fernamt_domain::{
    DomainEvent,
    mail::{Keyword, Keywords, MailType},
};
use fernamt_store::{StoreError, TenantStore};
use time::OffsetDateTime;

use super::{
    arrival::{self, Arrival},
    inbox, stamp,
};
use crate::Mail;

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
        let mut work = tenant.begin().await?;
        let change = work.mail_accounts().change(account.id).await?;
        let Some(inbox) = inbox(&work, account.id).await? else { return Ok(false) };
        let mut keywords = Keywords::default();
        if incoming.seen
            && let Ok(seen) = Keyword::SEEN.parse()
        {
            keywords.set(seen, true);
        }
        let received_at = incoming.received_at;
        let raw = stamp(incoming.raw, incoming.from, incoming.to, received_at);
        let arrival = Arrival { raw: &raw, mailboxes: [inbox].into(), keywords, received_at };
        arrival::put(self, &work, change, arrival).await?;
        let kinds = [MailType::Mailbox, MailType::Email, MailType::Thread, MailType::EmailDelivery];
        work.mail_accounts().touch(change, &kinds).await?;
        work.publish(DomainEvent::MailChanged { account: account.id });
        work.commit().await?;
        Ok(true)
    }
}
