//! Which messages of the index may not be on the server as they are here.

use std::collections::{BTreeMap, BTreeSet};

use fernamt_domain::{EmailId, mail::MailType};
use fernamt_store::StoreError;

use super::round::Mirror;

impl Mirror {
    /// The messages to be looked at, and up to which change of the account that holds.
    ///
    /// The first round of a mirror compares everything; later ones ask what changed since the round before.
    pub(super) async fn changed_here(&self) -> Result<(BTreeSet<EmailId>, u64), StoreError> {
        let newest = self.tenant.mail_accounts().get(self.account).await?.state(MailType::Email);
        let mut found = self.again.clone();
        let Some(since) = self.carried else {
            found.extend(self.all_that_differs().await?);
            return Ok((found, newest));
        };
        if since == newest {
            return Ok((found, newest));
        }
        match self.tenant.emails().changes(self.account, since, newest, u64::MAX).await? {
            Some(changes) => {
                for ids in [changes.created, changes.updated, changes.destroyed] {
                    found.extend(ids);
                }
                Ok((found, changes.state))
            }
            None => {
                found.extend(self.all_that_differs().await?);
                Ok((found, newest))
            }
        }
    }

    async fn all_that_differs(&self) -> Result<BTreeSet<EmailId>, StoreError> {
        let mirrors = self.tenant.mail_mirrors();
        let mut copies: BTreeMap<EmailId, Vec<_>> = BTreeMap::new();
        for copy in mirrors.messages(self.account).await? {
            copies.entry(copy.email).or_default().push((copy.mailbox, copy.flags));
        }
        let mailboxes = self.tenant.mailboxes().of_account(self.account).await?;
        let mailboxes: Vec<_> = mailboxes.into_iter().map(|mailbox| mailbox.id).collect();
        let mut lying: BTreeMap<EmailId, BTreeSet<_>> = BTreeMap::new();
        for (email, mailbox) in mirrors.lying(&mailboxes).await? {
            lying.entry(email).or_default().insert(mailbox);
        }
        let mut found = BTreeSet::new();
        for (email, marks) in mirrors.marks(self.account).await? {
            let there = copies.remove(&email).unwrap_or_default();
            let is_same = there.iter().all(|(_, flags)| *flags == marks)
                && there.iter().map(|(mailbox, _)| *mailbox).collect::<BTreeSet<_>>()
                    == lying.remove(&email).unwrap_or_default();
            if !is_same {
                found.insert(email);
            }
        }
        found.extend(copies.into_keys());
        Ok(found)
    }
}
