//! Doing on the server what was done in the index.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fernamt_domain::{EmailId, MailboxId, mail::Keywords};
use fernamt_mailhost::{
    Error,
    imap::{FolderName, Imap, UidSet},
};
use fernamt_store::{EmailRecord, MirrorBegunRecord, MirrorFolderRecord, MirrorMessageRecord, StoreError};
use time::OffsetDateTime;

use super::{
    MirrorError, REFUSED_FOR, SETTLED_AFTER, STEP,
    fetch::went_back,
    flags::{flags_of, is_system, merged, without},
    plan::{Deed, deeds},
    round::Mirror,
    step::Step,
    transfer::{AT_ONCE, Answer, answer_of},
    wire::for_imap,
};

/// The folders of the server that messages are carried into.
pub(super) struct Ways(pub(super) HashMap<MailboxId, MirrorFolderRecord>);

impl Ways {
    pub(super) fn name(&self, mailbox: MailboxId) -> Result<FolderName, MirrorError> {
        let base = self.0.get(&mailbox).ok_or(MirrorError::Unsteady)?;
        Ok(FolderName::kept(base.wire.clone()))
    }

    pub(super) fn validity(&self, mailbox: MailboxId) -> u32 {
        self.0.get(&mailbox).map_or(0, |base| base.uid_validity)
    }

    fn lead_to(&self, mailbox: MailboxId) -> bool {
        self.0.get(&mailbox).is_some_and(|base| base.selectable)
    }
}

/// What is to be done on the server.
struct Planned {
    deeds: Vec<Deed>,
    /// The messages that it is done for.
    emails: HashMap<EmailId, EmailRecord>,
    /// Messages for which something cannot be done yet.
    put_off: Vec<EmailId>,
    /// Whether some of that can be done in a moment, and not only once the server thinks better of it.
    soon: bool,
}

impl Mirror {
    /// Whether what was being put onto the server, when that broke off, has turned up by now if it ever does.
    pub(super) fn is_settled(&self, begun: &MirrorBegunRecord) -> bool {
        is_settled(begun, self.mail.mirrors.began, self.round_began)
    }

    /// Carries what changed in messages to the server.
    pub(super) async fn carry(&mut self, imap: &mut Imap, ways: &Ways) -> Result<(), MirrorError> {
        let (changed, newest) = self.changed_here().await?;
        let changed: Vec<_> = changed.into_iter().collect();
        let (mut soon, mut again) = (false, BTreeSet::new());
        let begun = self.still_begun().await?;
        for part in changed.chunks(STEP) {
            let planned = self.planned(part, ways, &begun).await?;
            soon |= planned.soon;
            again.extend(planned.put_off);
            again.extend(self.do_all(imap, ways, planned.deeds, &planned.emails).await?);
        }
        // Not before all went well: whatever did not is found changed again.
        (self.carried, self.again, self.is_soon) = (Some(newest), again, soon);
        Ok(())
    }

    /// What is being put onto the server. What turns up no more of messages that are gone from here is forgotten.
    async fn still_begun(&self) -> Result<Vec<MirrorBegunRecord>, StoreError> {
        let mut begun = self.tenant.mail_mirrors().begun(self.account).await?;
        let mut alive = BTreeSet::new();
        for part in begun.chunks(STEP) {
            let ids: Vec<_> = part.iter().map(|one| one.email).collect();
            alive.extend(self.tenant.emails().these(self.account, &ids).await?.into_iter().map(|email| email.id));
        }
        let is_over = |one: &MirrorBegunRecord| self.is_settled(one) && !alive.contains(&one.email);
        if begun.iter().any(is_over) {
            let work = self.tenant.begin().await?;
            for one in begun.iter().filter(|one| is_over(one)) {
                work.mail_mirrors().end(one.mailbox, one.email).await?;
            }
            work.commit().await?;
            begun.retain(|one| !is_over(one));
        }
        Ok(begun)
    }

    /// What is to be done for these messages.
    async fn planned(&self, ids: &[EmailId], ways: &Ways, begun: &[MirrorBegunRecord]) -> Result<Planned, StoreError> {
        let emails = self.tenant.emails().these(self.account, ids).await?;
        let emails: HashMap<_, _> = emails.into_iter().map(|email| (email.id, email)).collect();
        let known: Vec<_> = emails.keys().copied().collect();
        let folders = self.tenant.emails().mailboxes(&known).await?;
        let mut copies: HashMap<EmailId, Vec<MirrorMessageRecord>> = HashMap::new();
        for copy in self.tenant.mail_mirrors().of_emails(self.account, ids).await? {
            copies.entry(copy.email).or_default().push(copy);
        }
        let now = self.mail.parts.clock.now();
        let waits = |email: EmailId, mailbox: MailboxId| {
            let one = begun.iter().find(|one| one.email == email && one.mailbox == mailbox);
            one.is_some_and(|one| if one.refused { one.at + REFUSED_FOR > now } else { !self.is_settled(one) })
        };
        let soon = begun.iter().any(|one| !self.is_settled(one) && ids.contains(&one.email));
        let (mut all, mut put_off) = (Vec::new(), Vec::new());
        for id in ids {
            let there = copies.remove(id).unwrap_or_default();
            let mailboxes = folders.get(id).cloned().unwrap_or_default();
            // It went while this was read, and is looked at in the next round.
            let wanted = emails.get(id).map(|email| &email.keywords).filter(|_| !mailboxes.is_empty());
            let planned = deeds(*id, wanted.map(|keywords| (keywords, &mailboxes)), &there);
            for deed in planned {
                let possible = match &deed {
                    Deed::Mark(copy, _) | Deed::Remove(copy) => ways.lead_to(copy.mailbox),
                    Deed::Append(email, to) => ways.lead_to(*to) && !waits(*email, *to),
                    Deed::Copy(copy, to) | Deed::Move(copy, to) => {
                        ways.lead_to(copy.mailbox) && ways.lead_to(*to) && !waits(copy.email, *to)
                    }
                };
                if possible { all.push(deed) } else { put_off.push(*id) }
            }
        }
        let soon = soon && !put_off.is_empty();
        Ok(Planned { deeds: all, emails, put_off, soon })
    }

    /// Does it. Returns the messages that the server can do nothing for now.
    async fn do_all(
        &self,
        imap: &mut Imap,
        ways: &Ways,
        deeds: Vec<Deed>,
        emails: &HashMap<EmailId, EmailRecord>,
    ) -> Result<BTreeSet<EmailId>, MirrorError> {
        let mut later = BTreeSet::new();
        let (mut marks, mut appends, mut removals) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        let (mut copies, mut moves) = (BTreeMap::new(), BTreeMap::new());
        for deed in deeds {
            match deed {
                Deed::Mark(copy, to) => {
                    let (add, remove) = (without(&to, &copy.flags), without(&copy.flags, &to));
                    let one: &mut Vec<_> = marks.entry((copy.mailbox, add, remove)).or_default();
                    one.push((copy, to));
                }
                Deed::Append(email, to) => appends.push((email, to)),
                Deed::Copy(copy, to) => {
                    let one: &mut Vec<_> = copies.entry((copy.mailbox, to)).or_default();
                    one.push(copy);
                }
                Deed::Move(copy, to) => {
                    let one: &mut Vec<_> = moves.entry((copy.mailbox, to)).or_default();
                    one.push(copy);
                }
                Deed::Remove(copy) => {
                    let one: &mut Vec<_> = removals.entry(copy.mailbox).or_default();
                    one.push(copy);
                }
            }
        }
        for ((mailbox, add, remove), marked) in marks {
            // IMAP's own flags go alone: where a server takes no other keywords, these still hold.
            for own in [true, false] {
                let these = |words: &[fernamt_domain::mail::Keyword]| -> Keywords {
                    words.iter().filter(|word| is_system(word) == own).cloned().collect()
                };
                if self.mark(imap, ways, mailbox, (these(&add), these(&remove)), &marked).await? == Answer::Later {
                    later.extend(marked.iter().map(|(copy, _)| copy.email));
                }
            }
        }
        for (email, to) in appends {
            if let Some(email) = emails.get(&email) {
                self.append(imap, ways, email, to).await?;
            }
        }
        let transfers = copies.into_iter().map(|one| (one, false)).chain(moves.into_iter().map(|one| (one, true)));
        for (((from, to), mut copies), moves) in transfers {
            // Where they lie is remembered with their marks, which come first.
            copies.retain(|copy| !later.contains(&copy.email));
            for part in copies.chunks(AT_ONCE) {
                if self.transfer(imap, ways, (from, to, moves), part).await? == Answer::Later {
                    later.extend(part.iter().map(|copy| copy.email));
                }
            }
        }
        for (mailbox, copies) in removals {
            if self.remove(imap, ways, mailbox, &copies).await? == Answer::Later {
                later.extend(copies.iter().map(|copy| copy.email));
            }
        }
        Ok(later)
    }

    /// Selects a folder to change something in it, if it is still the one that was read. What a server only shows is as
    /// good as refused.
    pub(super) async fn enter(&self, imap: &mut Imap, ways: &Ways, mailbox: MailboxId) -> Result<(), MirrorError> {
        let selected = imap.select(&ways.name(mailbox)?, true).await?;
        let is_same =
            |base: &MirrorFolderRecord| base.uid_validity == selected.uid_validity && !went_back(base, &selected);
        if !ways.0.get(&mailbox).is_some_and(is_same) {
            return Err(MirrorError::Unsteady);
        }
        if selected.read_only {
            return Err(Error::Missing("changes to this folder").into());
        }
        Ok(())
    }

    async fn mark(
        &self,
        imap: &mut Imap,
        ways: &Ways,
        mailbox: MailboxId,
        (add, remove): (Keywords, Keywords),
        marked: &[(MirrorMessageRecord, Keywords)],
    ) -> Result<Answer, MirrorError> {
        if add == Keywords::default() && remove == Keywords::default() {
            return Ok(Answer::Done);
        }
        let uids: UidSet = marked.iter().map(|(copy, _)| copy.uid).collect();
        let done = match self.enter(imap, ways, mailbox).await {
            Ok(()) => {
                imap.change_flags(&uids, &flags_of(add.iter()), &flags_of(remove.iter())).await.map_err(Into::into)
            }
            Err(error) => Err(error),
        };
        let answer = answer_of(done)?;
        if answer == Answer::Later {
            return Ok(answer);
        }
        let refused = answer == Answer::Refused;
        let mut step = Step::begin(&self.tenant, self.account).await?;
        for (copy, _) in marked {
            let known = step.work.mail_mirrors().these(mailbox, &[copy.uid]).await?;
            let Some(known) = known.into_iter().find(|known| known.email == copy.email) else { continue };
            let flags = merged(&known.flags, &remove, &add);
            if refused {
                // What the server refuses is undone here.
                let all = step.known(&[copy.email]).await?;
                if let Some(email) = all.emails.get(&copy.email) {
                    let was_in = all.folders_of(email.id);
                    let keywords = merged(&email.keywords, &add, &remove);
                    step.update(email, was_in.clone(), keywords, was_in).await?;
                }
            } else {
                step.work.mail_mirrors().put_message(&MirrorMessageRecord { flags, ..known }).await?;
            }
        }
        step.commit().await?;
        if refused {
            self.tell_refused("other marks");
        }
        Ok(answer)
    }

    async fn append(
        &self,
        imap: &mut Imap,
        ways: &Ways,
        email: &EmailRecord,
        to: MailboxId,
    ) -> Result<(), MirrorError> {
        let _room = self.mail.mirrors.room(usize::try_from(email.size).unwrap_or(usize::MAX)).await;
        let Some(raw) = self.tenant.mail_blobs().get(self.account, &email.print).await? else { return Ok(()) };
        let begun = MirrorBegunRecord {
            mailbox: to,
            email: email.id,
            account: self.account,
            flags: email.keywords.clone(),
            at: self.mail.parts.clock.now(),
            refused: false,
        };
        self.note_begun([begun.clone()].into()).await?;
        let flags = flags_of(email.keywords.iter());
        let put = imap.append(&ways.name(to)?, &flags, email.received_at, for_imap(raw)).await;
        let mirrors = self.tenant.begin().await?;
        match put {
            Ok(Some(at)) if at.uid_validity == ways.validity(to) => {
                let copy = MirrorMessageRecord {
                    mailbox: to,
                    uid: at.uid,
                    account: self.account,
                    email: email.id,
                    flags: email.keywords.clone(),
                    remote_id: None,
                };
                mirrors.mail_mirrors().put_message(&copy).await?;
            }
            // The next look into the folder finds it.
            Ok(_) => return Ok(()),
            Err(error) if error.is_refusal() || matches!(error, Error::TooLarge(_)) => {
                mirrors.mail_mirrors().begin(&MirrorBegunRecord { refused: true, ..begun }).await?;
                self.tell_refused("a message");
            }
            Err(error) => {
                drop(mirrors);
                self.note_unanswered([begun].into()).await?;
                return Err(error.into());
            }
        }
        Ok(mirrors.commit().await?)
    }

    pub(super) async fn note_begun(&self, begun: Vec<MirrorBegunRecord>) -> Result<(), StoreError> {
        let work = self.tenant.begin().await?;
        for one in &begun {
            work.mail_mirrors().begin(one).await?;
        }
        work.commit().await
    }

    /// Notes that the conversation ended without an answer: only from now on can the server be done with it.
    pub(super) async fn note_unanswered(&self, mut begun: Vec<MirrorBegunRecord>) -> Result<(), StoreError> {
        let now = self.mail.parts.clock.now();
        for one in &mut begun {
            one.at = now;
        }
        self.note_begun(begun).await
    }

    pub(super) fn tell_refused(&self, what: &'static str) {
        tracing::warn!(account = %self.account, what, "The mail server refused a change, so it was undone or waits here");
    }
}

/// Whether what was begun has turned up on the server by now if it ever does. Where we ended in the middle, that counts
/// from when we began again.
fn is_settled(begun: &MirrorBegunRecord, we_began: OffsetDateTime, now: OffsetDateTime) -> bool {
    begun.refused || begun.at.max(we_began) + SETTLED_AFTER < now
}

#[cfg(test)]
mod tests {
    use fernamt_domain::MailAccountId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_was_begun_is_settled_a_while_after_nobody_waits_for_it_any_more() {
        let we_began = OffsetDateTime::UNIX_EPOCH;
        let begun = |at, refused| MirrorBegunRecord {
            mailbox: MailboxId(Uuid::nil()),
            email: EmailId(Uuid::nil()),
            account: MailAccountId(Uuid::nil()),
            flags: Keywords::default(),
            at,
            refused,
        };
        let later = we_began + SETTLED_AFTER + SETTLED_AFTER / 2;
        assert!(is_settled(&begun(we_began, false), we_began, later));
        assert!(!is_settled(&begun(we_began + SETTLED_AFTER, false), we_began, later));
        assert!(!is_settled(&begun(we_began, false), we_began + SETTLED_AFTER, later), "we ended in the middle of it");
        assert!(is_settled(&begun(later, true), later, later));
    }
}
