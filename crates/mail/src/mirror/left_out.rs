//! Folders of which something could not be taken in, so that it is offered again.

use std::collections::{BTreeMap, BTreeSet};

use fernamt_domain::MailboxId;
use fernamt_store::MirrorFolderRecord;
use time::OffsetDateTime;

use super::REFUSED_FOR;

/// Folders of which something was left out. How far they were read is not stored, so that they are read again from where
/// they were whole: after a while, or when the mirror begins anew.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    /// Those of this round.
    fresh: BTreeSet<MailboxId>,
    /// Those of earlier rounds: how far they were read all the same, and since when something is left out.
    read: BTreeMap<MailboxId, (MirrorFolderRecord, OffsetDateTime)>,
}

impl LeftOut {
    /// Begins a round.
    pub(super) fn begin(&mut self, now: OffsetDateTime) {
        self.fresh.clear();
        self.read.retain(|_, (_, since)| *since + REFUSED_FOR > now);
    }

    /// Notes that something of a folder was left out; whether that is new.
    pub(super) fn note(&mut self, mailbox: MailboxId) -> bool {
        self.fresh.insert(mailbox) && !self.read.contains_key(&mailbox)
    }

    /// How far a folder was read, whether or not that is stored.
    pub(super) fn base(&self, base: MirrorFolderRecord) -> MirrorFolderRecord {
        match self.read.get(&base.mailbox) {
            Some((read, _)) => MirrorFolderRecord {
                uid_validity: read.uid_validity,
                uid_next: read.uid_next,
                modseq: read.modseq,
                messages: read.messages,
                ..base
            },
            None => base,
        }
    }

    /// What is to be stored of how far a folder was read: nothing if something of it was left out.
    pub(super) fn whole(&mut self, read: MirrorFolderRecord, now: OffsetDateTime) -> Option<MirrorFolderRecord> {
        let before = self.read.get(&read.mailbox).map(|(_, since)| *since);
        let since = before.or_else(|| self.fresh.contains(&read.mailbox).then_some(now));
        let Some(since) = since else { return Some(read) };
        self.read.insert(read.mailbox, (read, since));
        None
    }

    /// Whether nothing is left out.
    pub(super) fn is_empty(&self) -> bool {
        self.read.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::MailAccountId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_was_left_out_is_offered_again_after_a_while() {
        let folder = |uid_next| MirrorFolderRecord {
            mailbox: MailboxId(Uuid::nil()),
            account: MailAccountId(Uuid::nil()),
            wire: "INBOX".to_owned(),
            parent: None,
            name: "INBOX".to_owned(),
            selectable: true,
            uid_validity: 7,
            uid_next,
            modseq: Some(uid_next.into()),
            messages: 3,
        };
        let (mut left_out, now) = (LeftOut::default(), OffsetDateTime::UNIX_EPOCH);
        left_out.begin(now);
        assert_eq!(left_out.whole(folder(4), now), Some(folder(4)), "nothing is left out");
        assert!(left_out.note(folder(5).mailbox) && !left_out.note(folder(5).mailbox), "it is told once");
        assert_eq!(left_out.whole(folder(5), now), None);
        left_out.begin(now + REFUSED_FOR / 2);
        assert_eq!(left_out.base(folder(4)), folder(5), "it is not fetched again and again");
        assert!(!left_out.note(folder(5).mailbox));
        assert_eq!(left_out.whole(folder(6), now + REFUSED_FOR / 2), None);
        left_out.begin(now + REFUSED_FOR);
        assert_eq!(left_out.base(folder(4)), folder(4));
        assert_eq!(left_out.whole(folder(6), now + REFUSED_FOR), Some(folder(6)), "there was room for all");
        assert!(left_out.is_empty());
    }
}
