//! Doing in the index what was done on the server.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use bytes::Bytes;
use fernamt_domain::{EmailId, MailboxId, mail::Keywords};
use fernamt_mailhost::imap::{Described, Imap, MAX_MESSAGE_BYTES, UidSet};
use fernamt_store::{EmailRecord, MirrorBegunRecord, MirrorMessageRecord, StoreError};

use super::{
    BATCH, MAX_BATCH_BYTES, MirrorError, STEP,
    fetch::Gone,
    flags::{marks_of, merged},
    folders::Place,
    round::Mirror,
    step::Step,
};
use crate::{
    delivery::arrival::{self, Arrival},
    message::{blob_id::print_of, envelope},
};

/// What came of a message that was to be taken in without its bytes.
#[derive(Debug, PartialEq, Eq)]
enum Taken {
    /// It is in the index.
    In,
    /// It is none that is there already.
    NeedsBytes,
}

/// A message that the server has, and its bytes once they were needed.
struct Coming {
    described: Described,
    raw: Option<Bytes>,
}

impl Mirror {
    /// Takes messages of a folder into the index, or finds them there.
    pub(super) async fn take_in(
        &mut self,
        imap: &mut Imap,
        place: &Place,
        uids: &[u32],
        validity: u32,
        gone: &mut Gone,
    ) -> Result<(), MirrorError> {
        if uids.is_empty() {
            return Ok(());
        }
        if imap.select(&place.name, false).await?.uid_validity != validity {
            return Err(MirrorError::Unsteady);
        }
        let mail = Arc::clone(&self.mail);
        for part in uids.chunks(BATCH) {
            let part: UidSet = part.iter().copied().collect();
            let described = imap.describe(&part).await?;
            let ids: Vec<_> = described.iter().filter_map(|one| one.email_id.clone()).collect();
            let mut coming: Vec<_> =
                described.into_iter().rev().map(|described| Coming { described, raw: None }).collect();
            if !self.tenant.mail_mirrors().copies(self.account, &ids).await?.is_empty() {
                coming = self.put_all(place, coming, gone).await?;
            }
            for (bytes, part) in in_parts(coming, |one| bytes_of(&one.described)) {
                // All of it at once: who held some and waited for more would wait for each other.
                let _room = mail.mirrors.room(bytes).await;
                let mut batch = Vec::with_capacity(part.len());
                for Coming { described, .. } in part {
                    let Some(raw) = self.bytes(imap, place, &described).await? else { continue };
                    batch.push(Coming { described, raw: Some(raw) });
                }
                self.put_all(place, batch, gone).await?;
            }
        }
        Ok(())
    }

    /// Puts messages into the index. Returns those whose bytes are needed for that.
    async fn put_all(
        &mut self,
        place: &Place,
        coming: Vec<Coming>,
        gone: &mut Gone,
    ) -> Result<Vec<Coming>, MirrorError> {
        if coming.is_empty() {
            return Ok(coming);
        }
        let mut step = Step::begin(&self.tenant, self.account).await?;
        // Whoever destroyed the folder meanwhile will have its messages destroyed on the server, too.
        if !step.work.mailboxes().has(self.account, place.base.mailbox).await? {
            return Ok(Vec::new());
        }
        let begun = step.work.mail_mirrors().begun(self.account).await?;
        let begun: HashMap<EmailId, MirrorBegunRecord> =
            begun.into_iter().filter(|one| one.mailbox == place.base.mailbox).map(|one| (one.email, one)).collect();
        let mut joined = Vec::new();
        let mut left = Vec::new();
        for one in coming {
            match self.put(&mut step, place, &one, (&begun, gone), &mut joined).await {
                Ok(Taken::In) => {}
                Ok(Taken::NeedsBytes) => left.push(one),
                Err(StoreError::TooMany { what, limit }) => {
                    if self.left_out.note(place.base.mailbox) {
                        tracing::warn!(account = %self.account, what, limit, "Messages of the mail server are left out");
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        step.commit().await?;
        for email in joined {
            gone.0.remove(&email);
        }
        Ok(left)
    }

    async fn put(
        &self,
        step: &mut Step,
        place: &Place,
        coming: &Coming,
        (begun, gone): (&HashMap<EmailId, MirrorBegunRecord>, &Gone),
        joined: &mut Vec<EmailId>,
    ) -> Result<Taken, StoreError> {
        let (here, described) = (place.base.mailbox, &coming.described);
        let flags = marks_of(&described.flags);
        let known = step.work.mail_mirrors().these(here, &[described.uid]).await?;
        let lost = |copy: &MirrorMessageRecord| gone.has(copy) && !joined.contains(&copy.email);
        if known.iter().any(|copy| !lost(copy)) {
            return Ok(Taken::In);
        }
        let mut candidates = self.candidates(step, coming, begun).await?;
        let ids: Vec<_> = candidates.iter().map(|email| email.id).collect();
        let folders = step.known(&ids).await?;
        let (lost_copies, copies): (Vec<_>, Vec<_>) =
            step.work.mail_mirrors().of_emails(self.account, &ids).await?.into_iter().partition(|copy| lost(copy));
        // A message lies in a folder once; equal bytes that lie there twice are two messages.
        candidates.retain(|email| !copies.iter().any(|copy| copy.email == email.id && copy.mailbox == here));
        let rank = |email: &EmailRecord| {
            let moved = lost_copies.iter().any(|copy| copy.email == email.id);
            let awaited = begun.contains_key(&email.id);
            (moved, awaited, folders.folders_of(email.id).contains(&here))
        };
        candidates.sort_by_key(rank);
        let Some(email) = candidates.pop() else {
            let Some(raw) = &coming.raw else { return Ok(Taken::NeedsBytes) };
            let (mailboxes, keywords) = ([here].into(), flags.clone());
            let received_at = described.received.unwrap_or_else(|| self.mail.parts.clock.now());
            let arrival = Arrival { raw, mailboxes, keywords, received_at };
            let email = arrival::put(&self.mail, &step.work, step.change, arrival).await?;
            step.came();
            self.remember(step, here, described, email.id, flags).await?;
            return Ok(Taken::In);
        };
        let lost_copies: Vec<_> = lost_copies.into_iter().filter(|copy| copy.email == email.id).collect();
        let others: Vec<_> = copies.iter().filter(|copy| copy.email == email.id).collect();
        let awaited = begun.get(&email.id);
        let before = lost_copies.iter().find(|copy| copy.mailbox == here).or(lost_copies.first());
        let base = before.map(|copy| &copy.flags).or(awaited.map(|begun| &begun.flags));
        let none = Keywords::default();
        let base = base.or_else(|| others.first().map(|copy| &copy.flags)).unwrap_or(&none);
        let keywords = merged(&email.keywords, base, &flags);
        let was_in = folders.folders_of(email.id);
        let left: BTreeSet<MailboxId> =
            lost_copies.iter().map(|copy| copy.mailbox).filter(|mailbox| *mailbox != here).collect();
        // Both sides moved it: it lies where the server has it.
        let both = awaited.is_none() && left.iter().any(|mailbox| !was_in.contains(mailbox));
        let mut mailboxes: BTreeSet<_> = if both {
            others.iter().map(|copy| copy.mailbox).collect()
        } else {
            was_in.difference(&left).copied().collect()
        };
        mailboxes.insert(here);
        step.update(&email, was_in, keywords, mailboxes).await?;
        for copy in &lost_copies {
            step.work.mail_mirrors().remove_message(copy).await?;
        }
        joined.push(email.id);
        self.remember(step, here, described, email.id, flags).await?;
        Ok(Taken::In)
    }

    /// Messages of the index that this may be a copy of.
    async fn candidates(
        &self,
        step: &Step,
        coming: &Coming,
        begun: &HashMap<EmailId, MirrorBegunRecord>,
    ) -> Result<Vec<EmailRecord>, StoreError> {
        let mirrors = step.work.mail_mirrors();
        let ids: Vec<_> = coming.described.email_id.iter().cloned().collect();
        let copies = mirrors.copies(self.account, &ids).await?;
        let ids: BTreeSet<_> = copies.into_iter().map(|copy| copy.email).collect();
        let mut found = step.work.emails().these(self.account, &ids.into_iter().collect::<Vec<_>>()).await?;
        let raw = coming.raw.as_deref().filter(|_| !found.is_empty() || !begun.is_empty());
        let own = raw.and_then(envelope::message_ids);
        found.retain(|email| is_believable(email, &coming.described, own.as_ref()));
        let Some(raw) = &coming.raw else { return Ok(found) };
        let mut add = |more: Vec<EmailRecord>| {
            for email in more {
                if !found.iter().any(|known| known.id == email.id) {
                    found.push(email);
                }
            }
        };
        add(mirrors.equal(self.account, &print_of(raw)).await?);
        if !begun.is_empty() {
            // A server may have changed bytes of what was put there, such as the ends of lines.
            let awaited: Vec<_> = begun.keys().copied().collect();
            let same = |email: &EmailRecord| own.is_some() && email.envelope.get("messageId") == own.as_ref();
            for part in awaited.chunks(STEP) {
                let awaited = step.work.emails().these(self.account, part).await?;
                add(awaited.into_iter().filter(same).collect());
            }
        }
        Ok(found)
    }

    async fn remember(
        &self,
        step: &Step,
        mailbox: MailboxId,
        described: &Described,
        email: EmailId,
        flags: Keywords,
    ) -> Result<(), StoreError> {
        let (uid, remote_id, account) = (described.uid, described.email_id.clone(), self.account);
        let copy = MirrorMessageRecord { mailbox, uid, account, email, flags, remote_id };
        step.work.mail_mirrors().put_message(&copy).await
    }

    /// Takes out of folders what the server has there no more. Returns the folders that need another look later: something
    /// is on its way that may be the same message.
    pub(super) async fn settle_gone(&self, gone: Gone) -> Result<BTreeSet<MailboxId>, StoreError> {
        let mut later = BTreeSet::new();
        let gone: Vec<_> = gone.0.into_iter().collect();
        for part in gone.chunks(STEP) {
            let mut step = Step::begin(&self.tenant, self.account).await?;
            let mirrors = step.work.mail_mirrors();
            let ids: Vec<_> = part.iter().map(|(email, _)| *email).collect();
            let begun = mirrors.begun(self.account).await?;
            let copies = mirrors.of_emails(self.account, &ids).await?;
            let known = step.known(&ids).await?;
            drop(mirrors);
            for (id, lost) in part {
                let on_its_way = begun.iter().any(|one| one.email == *id && !self.is_settled(one));
                if let Some(email) = known.emails.get(id) {
                    let was_in = known.folders_of(*id);
                    let left: BTreeSet<_> = lost.iter().map(|copy| copy.mailbox).collect();
                    let is_anywhere = copies.iter().any(|copy| copy.email == *id && !lost.contains(copy));
                    let moved_here = left.iter().any(|mailbox| !was_in.contains(mailbox));
                    // The server destroyed what was moved here: its word counts.
                    let mailboxes: BTreeSet<_> = if moved_here && !is_anywhere {
                        BTreeSet::new()
                    } else {
                        was_in.difference(&left).copied().collect()
                    };
                    if mailboxes.is_empty() && on_its_way {
                        later.extend(left);
                        continue;
                    }
                    step.update(email, was_in, email.keywords.clone(), mailboxes).await?;
                }
                for copy in lost {
                    step.work.mail_mirrors().remove_message(copy).await?;
                }
            }
            step.commit().await?;
        }
        Ok(later)
    }

    /// Takes over marks.
    pub(super) async fn settle_marks(&self, marked: &[(MirrorMessageRecord, Keywords)]) -> Result<(), StoreError> {
        for part in marked.chunks(STEP) {
            let mut step = Step::begin(&self.tenant, self.account).await?;
            for (copy, flags) in part {
                // Two copies of one message may be among them, so each is read anew.
                let known = step.known(&[copy.email]).await?;
                if let Some(email) = known.emails.get(&copy.email) {
                    let was_in = known.folders_of(email.id);
                    let keywords = merged(&email.keywords, &copy.flags, flags);
                    step.update(email, was_in.clone(), keywords, was_in).await?;
                }
                let copy = MirrorMessageRecord { flags: flags.clone(), ..copy.clone() };
                step.work.mail_mirrors().put_message(&copy).await?;
            }
            step.commit().await?;
        }
        Ok(())
    }
}

/// How many bytes are held of a message while it is taken in.
fn bytes_of(described: &Described) -> usize {
    Some(described.size as usize).filter(|size| *size <= MAX_MESSAGE_BYTES).unwrap_or_default()
}

/// Parts that are held one after the other, each with its bytes: no more than [`MAX_BATCH_BYTES`], or one message.
fn in_parts<T>(all: Vec<T>, bytes_of: impl Fn(&T) -> usize) -> Vec<(usize, Vec<T>)> {
    let mut parts: Vec<(usize, Vec<T>)> = Vec::new();
    for one in all {
        let bytes = bytes_of(&one);
        match parts.last_mut() {
            Some((held, part)) if *held + bytes <= MAX_BATCH_BYTES => {
                *held += bytes;
                part.push(one);
            }
            _ => parts.push((bytes, vec![one])),
        }
    }
    parts
}

/// Whether a message that the server says is another copy of this one may be. A server counts an end of a line more than
/// what came from here may have; then the same Message-ID tells, once it is known. Of what is too large a note is here.
fn is_believable(email: &EmailRecord, described: &Described, message_ids: Option<&serde_json::Value>) -> bool {
    let is_note = described.size as usize > MAX_MESSAGE_BYTES;
    let is_same = message_ids.is_some() && email.envelope.get("messageId") == message_ids;
    is_note || email.size == u64::from(described.size) || is_same
}

#[cfg(test)]
mod tests {
    use fernamt_domain::MailAccountId;
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn another_message_is_not_taken_for_a_copy_because_the_server_says_so() {
        let raw = b"Subject: Eins\nMessage-ID: <Eins@amt.test>\n\nHallo\n";
        let (id, account) = (EmailId(uuid::Uuid::nil()), MailAccountId(uuid::Uuid::nil()));
        let email = envelope::read(raw, id, account, OffsetDateTime::UNIX_EPOCH, Keywords::default()).email;
        let size = u32::try_from(raw.len()).expect("a few bytes");
        let described = |size| Described {
            uid: 7,
            flags: Vec::new(),
            received: None,
            size,
            email_id: Some("M1".to_owned()),
            thread_id: None,
        };
        assert!(is_believable(&email, &described(size), None));
        // The same with other ends of lines, and something else.
        let (same, other) = (envelope::message_ids(raw), envelope::message_ids(b"Message-ID: <Zwei@amt.test>\n\n"));
        assert!(is_believable(&email, &described(size + 4), same.as_ref()));
        assert!(!is_believable(&email, &described(size + 4), other.as_ref()));
        assert!(!is_believable(&email, &described(size + 4), None));
        assert!(is_believable(&email, &described(u32::MAX), None), "a note is shown of it");
    }

    #[test]
    fn a_message_is_never_held_beside_more_than_a_batch() {
        let sizes = |all: &[usize]| -> Vec<Vec<usize>> {
            let parts = in_parts(all.to_vec(), |one| *one);
            assert!(parts.iter().all(|(bytes, part)| *bytes == part.iter().sum::<usize>()));
            parts.into_iter().map(|(_, part)| part).collect()
        };
        let (most, huge) = (MAX_BATCH_BYTES, MAX_MESSAGE_BYTES);
        assert_eq!(sizes(&[1, most - 1, 1, huge, 2]), [vec![1, most - 1], vec![1], vec![huge], vec![2]]);
        assert_eq!(sizes(&[]), Vec::<Vec<usize>>::new());
    }
}
