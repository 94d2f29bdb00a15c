//! What a folder of the server has that both sides did not agree on.

use std::collections::{BTreeSet, HashMap};

use fernamt_domain::{EmailId, MailboxId, mail::Keywords};
use fernamt_mailhost::imap::{Imap, Selected, Vanished};
use fernamt_store::{MirrorFolderRecord, MirrorMessageRecord};

use super::{MirrorError, flags::marks_of, folders::Place, round::Mirror};

/// Up to how many numbers are looked up one by one, before all of a folder are read.
const FEW: u64 = 5_000;

/// What is not as both sides knew it.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) place: Place,
    /// How the folder is remembered once all of this is done.
    pub(super) read: MirrorFolderRecord,
    /// Messages that nobody knew, the newest first.
    pub(super) new: Vec<u32>,
    /// Messages with other marks, and these.
    pub(super) marked: Vec<(MirrorMessageRecord, Keywords)>,
    /// Messages that are no longer there.
    pub(super) gone: Vec<MirrorMessageRecord>,
}

/// Copies on the server that are gone, by their message.
#[derive(Debug, Default)]
pub(super) struct Gone(pub(super) HashMap<EmailId, Vec<MirrorMessageRecord>>);

impl Gone {
    pub(super) fn add(&mut self, copies: impl IntoIterator<Item = MirrorMessageRecord>) {
        for copy in copies {
            self.0.entry(copy.email).or_default().push(copy);
        }
    }

    /// Leaves out messages of folders that could not be read. Returns all folders that such a message is gone from.
    pub(super) fn hold(&mut self, unread: &BTreeSet<MailboxId>) -> BTreeSet<MailboxId> {
        let is_held = |copies: &[MirrorMessageRecord]| copies.iter().any(|copy| unread.contains(&copy.mailbox));
        let held = self.0.values().filter(|copies| is_held(copies)).flatten().map(|copy| copy.mailbox).collect();
        self.0.retain(|_, copies| !is_held(copies));
        held
    }

    pub(super) fn has(&self, copy: &MirrorMessageRecord) -> bool {
        self.0.get(&copy.email).is_some_and(|gone| gone.contains(copy))
    }
}

impl Mirror {
    /// Looks into a folder of the server, unless it says that nothing happened there.
    pub(super) async fn difference(&self, imap: &mut Imap, place: Place) -> Result<Option<Difference>, MirrorError> {
        let (base, state) = (&place.base, &place.state);
        let was_read = base.uid_next > 0;
        let is_quiet = was_read
            && base.uid_validity == state.uid_validity
            && base.uid_next == state.uid_next
            && base.messages == state.messages
            && base.modseq == state.highest_modseq
            && base.modseq.is_some();
        if is_quiet {
            return Ok(None);
        }
        let selected = match imap.select(&place.name, false).await {
            Ok(selected) => selected,
            // It went since it was listed, or may be seen and not read.
            Err(error) if error.is_refusal() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let is_same = base.uid_validity == selected.uid_validity && !went_back(base, &selected);
        let since = base.modseq.filter(|_| was_read && is_same && selected.highest_modseq.is_some());
        let changes = imap.changes(1..=u32::MAX, since).await?;
        let mirrors = self.tenant.mail_mirrors();
        let told: Vec<u32> = changes.flags.keys().copied().collect();
        let few = match &changes.vanished {
            Vanished::These(gone) => is_same && since.is_some() && told.len() as u64 <= FEW && gone.len() <= FEW,
            Vanished::AllBut(_) => false,
        };
        let known = if few {
            let Vanished::These(gone) = &changes.vanished else { return Err(MirrorError::Unsteady) };
            let asked: Vec<u32> = told.iter().copied().chain(gone.iter()).collect();
            mirrors.these(base.mailbox, &asked).await?
        } else {
            mirrors.in_folder(base.mailbox).await?
        };
        let is_gone = |uid: u32| match &changes.vanished {
            Vanished::These(gone) => gone.contains(uid),
            Vanished::AllBut(left) => !left.contains(uid),
        };
        let (mut marked, mut gone, mut rows) = (Vec::new(), Vec::new(), BTreeSet::new());
        for row in known {
            // Numbers that began anew say nothing about what was known.
            if !is_same || is_gone(row.uid) {
                gone.push(row);
                continue;
            }
            let flags = changes.flags.get(&row.uid).map(|flags| marks_of(flags));
            rows.insert(row.uid);
            if let Some(flags) = flags.filter(|flags| *flags != row.flags) {
                marked.push((row, flags));
            }
        }
        let mut new: Vec<u32> = told.into_iter().filter(|uid| !rows.contains(uid) && !is_gone(*uid)).collect();
        new.reverse();
        let read = MirrorFolderRecord {
            uid_validity: selected.uid_validity,
            uid_next: selected.uid_next,
            modseq: selected.highest_modseq,
            messages: selected.messages,
            ..base.clone()
        };
        Ok(Some(Difference { place, read, new, marked, gone }))
    }

    /// Messages that came into a folder after it was read up to this number.
    pub(super) async fn since(&self, imap: &mut Imap, place: &Place, from: u32) -> Result<Vec<u32>, MirrorError> {
        let selected = match imap.select(&place.name, false).await {
            Ok(selected) => selected,
            Err(error) if error.is_refusal() => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        if selected.uid_validity != place.state.uid_validity || selected.uid_next < from {
            return Err(MirrorError::Unsteady);
        }
        let changes = imap.changes(from..=u32::MAX, None).await?;
        Ok(changes.flags.into_keys().rev().collect())
    }
}

/// Whether a folder's numbers went back although its validity stayed, as after a restore from a backup: they are given
/// again, and say nothing about what was known.
pub(super) fn went_back(base: &MirrorFolderRecord, selected: &Selected) -> bool {
    let changes_went_back = base.modseq.zip(selected.highest_modseq).is_some_and(|(before, now)| now < before);
    selected.uid_next < base.uid_next || changes_went_back
}

#[cfg(test)]
mod tests {
    use fernamt_domain::MailAccountId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_gone_from_a_folder_that_was_not_read_is_held() {
        let copy = |email, mailbox| MirrorMessageRecord {
            mailbox: MailboxId(Uuid::from_u128(mailbox)),
            uid: 7,
            account: MailAccountId(Uuid::nil()),
            email: EmailId(Uuid::from_u128(email)),
            flags: Keywords::default(),
            remote_id: None,
        };
        let mut gone = Gone::default();
        gone.add([copy(1, 1), copy(1, 2), copy(2, 2), copy(3, 3)]);
        let held = gone.hold(&[MailboxId(Uuid::from_u128(1))].into());
        assert_eq!(held, [1, 2].map(|mailbox| MailboxId(Uuid::from_u128(mailbox))).into());
        assert!(gone.has(&copy(2, 2)) && gone.has(&copy(3, 3)) && !gone.has(&copy(1, 2)));
    }

    #[test]
    fn numbers_that_went_back_are_told_from_those_that_went_on() {
        let base = MirrorFolderRecord {
            mailbox: MailboxId(Uuid::nil()),
            account: MailAccountId(Uuid::nil()),
            wire: "INBOX".to_owned(),
            parent: None,
            name: "INBOX".to_owned(),
            selectable: true,
            uid_validity: 7,
            uid_next: 10,
            modseq: Some(100),
            messages: 3,
        };
        let went_back = |uid_next, highest_modseq| {
            let (uid_validity, messages, read_only, any_keyword) = (7, 3, true, true);
            let selected = Selected { uid_validity, uid_next, highest_modseq, messages, read_only, any_keyword };
            went_back(&base, &selected)
        };
        assert!(!went_back(10, Some(100)) && !went_back(11, Some(101)) && !went_back(10, None));
        assert!(went_back(9, Some(101)) && went_back(11, Some(99)));
    }
}
