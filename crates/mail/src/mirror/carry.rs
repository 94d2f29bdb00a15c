//! Doing on the server what was done in the index.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fernamt_domain::{EmailId, MailboxId, mail::Keywords};
use fernamt_mailhost::{
    Error,
    imap::{FolderName, Imap, UidSet},
};
use fernamt_store::{EmailRecord, MirrorBegunRecord, MirrorFolderRecord, MirrorMessageRecord, StoreError};

use super::{
    MirrorError, REFUSED_FOR, SETTLED_AFTER, STEP,
    fetch::went_back,
    flags::{flags_of, is_system, merged, without},
    plan::{Deed, deeds},
    round::Mirror,
    step::Step,
    wire::for_imap,
};

/// How many messages go in one command: as many single numbers as surely fit into one line.
const AT_ONCE: usize = 400;

/// The folders of the server that messages are carried into.
pub(super) struct Ways(pub(super) HashMap<MailboxId, MirrorFolderRecord>);

impl Ways {
    fn name(&self, mailbox: MailboxId) -> Result<FolderName, MirrorError> {
        let base = self.0.get(&mailbox).ok_or(MirrorError::Unsteady)?;
        Ok(FolderName::kept(base.wire.clone()))
    }

    fn validity(&self, mailbox: MailboxId) -> u32 {
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
        begun.refused || begun.at + SETTLED_AFTER < self.round_began
    }

    /// Carries what changed in messages to the server.
    pub(super) async fn carry(&mut self, imap: &mut Imap, ways: &Ways) -> Result<(), MirrorError> {
        let (changed, newest) = self.changed_here().await?;
        let changed: Vec<_> = changed.into_iter().collect();
        let (mut soon, mut again) = (false, BTreeSet::new());
        for part in changed.chunks(STEP) {
            let planned = self.planned(part, ways).await?;
            soon |= planned.soon;
            again.extend(planned.put_off);
            self.do_all(imap, ways, planned.deeds, &planned.emails).await?;
        }
        // Not before all went well: whatever did not is found changed again.
        (self.carried, self.again, self.is_soon) = (Some(newest), again, soon);
        Ok(())
    }

    /// What is to be done for these messages.
    async fn planned(&self, ids: &[EmailId], ways: &Ways) -> Result<Planned, StoreError> {
        let emails = self.tenant.emails().these(self.account, ids).await?;
        let emails: HashMap<_, _> = emails.into_iter().map(|email| (email.id, email)).collect();
        let known: Vec<_> = emails.keys().copied().collect();
        let folders = self.tenant.emails().mailboxes(&known).await?;
        let mut copies: HashMap<EmailId, Vec<MirrorMessageRecord>> = HashMap::new();
        for copy in self.tenant.mail_mirrors().of_emails(self.account, ids).await? {
            copies.entry(copy.email).or_default().push(copy);
        }
        let begun = self.tenant.mail_mirrors().begun(self.account).await?;
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

    async fn do_all(
        &self,
        imap: &mut Imap,
        ways: &Ways,
        deeds: Vec<Deed>,
        emails: &HashMap<EmailId, EmailRecord>,
    ) -> Result<(), MirrorError> {
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
                self.mark(imap, ways, mailbox, (these(&add), these(&remove)), &marked).await?;
            }
        }
        for (email, to) in appends {
            if let Some(email) = emails.get(&email) {
                self.append(imap, ways, email, to).await?;
            }
        }
        for ((from, to), copies) in copies {
            self.transfer(imap, ways, (from, to, false), &copies).await?;
        }
        for ((from, to), copies) in moves {
            self.transfer(imap, ways, (from, to, true), &copies).await?;
        }
        for (mailbox, copies) in removals {
            self.remove(imap, ways, mailbox, &copies).await?;
        }
        Ok(())
    }

    /// Selects a folder to change something in it, if it is still the one that was read. What a server only shows is as
    /// good as refused.
    async fn enter(&self, imap: &mut Imap, ways: &Ways, mailbox: MailboxId) -> Result<(), MirrorError> {
        let selected = imap.select(&ways.name(mailbox)?, true).await?;
        let is_same = |base: &MirrorFolderRecord| {
            base.uid_validity == selected.uid_validity && !went_back(base, &selected)
        };
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
    ) -> Result<(), MirrorError> {
        if add == Keywords::default() && remove == Keywords::default() {
            return Ok(());
        }
        let uids: UidSet = marked.iter().map(|(copy, _)| copy.uid).collect();
        let done = match self.enter(imap, ways, mailbox).await {
            Ok(()) => {
                imap.change_flags(&uids, &flags_of(add.iter()), &flags_of(remove.iter())).await.map_err(Into::into)
            }
            Err(error) => Err(error),
        };
        let refused = refusal(done)?;
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
        Ok(())
    }

    async fn append(
        &self,
        imap: &mut Imap,
        ways: &Ways,
        email: &EmailRecord,
        to: MailboxId,
    ) -> Result<(), MirrorError> {
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
            Err(error) => return Err(error.into()),
        }
        Ok(mirrors.commit().await?)
    }

    async fn transfer(
        &self,
        imap: &mut Imap,
        ways: &Ways,
        (from, to, moves): (MailboxId, MailboxId, bool),
        copies: &[MirrorMessageRecord],
    ) -> Result<(), MirrorError> {
        for part in copies.chunks(AT_ONCE) {
            let at = self.mail.parts.clock.now();
            let begun = |copy: &MirrorMessageRecord| MirrorBegunRecord {
                mailbox: to,
                email: copy.email,
                account: self.account,
                flags: copy.flags.clone(),
                at,
                refused: false,
            };
            self.note_begun(part.iter().map(begun).collect()).await?;
            let uids: UidSet = part.iter().map(|copy| copy.uid).collect();
            let name = ways.name(to)?;
            let done = match self.enter(imap, ways, from).await {
                Ok(()) if moves => imap.relocate(&uids, &name).await.map_err(Into::into),
                Ok(()) => imap.copy(&uids, &name).await.map_err(Into::into),
                Err(error) => Err(error),
            };
            let told = match done {
                Ok(told) => told,
                Err(error) => {
                    refusal::<()>(Err(error))?;
                    self.undo_transfer((from, to, moves), part).await?;
                    continue;
                }
            };
            let told = told.filter(|told| told.uid_validity == ways.validity(to));
            let work = self.tenant.begin().await?;
            for (old, new) in told.into_iter().flat_map(|told| told.uids) {
                let Some(copy) = part.iter().find(|copy| copy.uid == old) else { continue };
                if moves {
                    work.mail_mirrors().remove_message(copy).await?;
                }
                let copy = MirrorMessageRecord { mailbox: to, uid: new, ..copy.clone() };
                work.mail_mirrors().put_message(&copy).await?;
            }
            work.commit().await?;
        }
        Ok(())
    }

    /// Puts messages back where the server has them.
    async fn undo_transfer(
        &self,
        (from, to, moves): (MailboxId, MailboxId, bool),
        copies: &[MirrorMessageRecord],
    ) -> Result<(), MirrorError> {
        let mut step = Step::begin(&self.tenant, self.account).await?;
        let back = moves && step.work.mailboxes().has(self.account, from).await?;
        for copy in copies {
            step.work.mail_mirrors().end(to, copy.email).await?;
            let known = step.known(&[copy.email]).await?;
            let Some(email) = known.emails.get(&copy.email) else { continue };
            let was_in = known.folders_of(email.id);
            let mut mailboxes = was_in.clone();
            mailboxes.remove(&to);
            if back {
                mailboxes.insert(from);
            }
            if !mailboxes.is_empty() {
                step.update(email, was_in, email.keywords.clone(), mailboxes).await?;
            }
        }
        step.commit().await?;
        self.tell_refused("a move");
        Ok(())
    }

    async fn remove(
        &self,
        imap: &mut Imap,
        ways: &Ways,
        mailbox: MailboxId,
        copies: &[MirrorMessageRecord],
    ) -> Result<(), MirrorError> {
        let uids: UidSet = copies.iter().map(|copy| copy.uid).collect();
        let done = match self.enter(imap, ways, mailbox).await {
            Ok(()) => imap.expunge(&uids).await.map_err(Into::into),
            Err(error) => Err(error),
        };
        let refused = refusal(done)?;
        let work = self.tenant.begin().await?;
        for copy in copies {
            work.mail_mirrors().remove_message(copy).await?;
        }
        if refused {
            // What is still there comes back with the next look into the folder.
            work.mail_mirrors().read_anew(mailbox).await?;
            self.tell_refused("a removal");
        }
        Ok(work.commit().await?)
    }

    async fn note_begun(&self, begun: Vec<MirrorBegunRecord>) -> Result<(), StoreError> {
        let work = self.tenant.begin().await?;
        for one in &begun {
            work.mail_mirrors().begin(one).await?;
        }
        work.commit().await
    }

    pub(super) fn tell_refused(&self, what: &'static str) {
        tracing::warn!(account = %self.account, what, "The mail server refused a change, so it was undone or waits here");
    }
}

/// Whether the server said no. Any other fault ends the round.
fn refusal<T>(done: Result<T, MirrorError>) -> Result<bool, MirrorError> {
    match done {
        Ok(_) => Ok(false),
        Err(MirrorError::Server(error)) if error.is_refusal() => Ok(true),
        Err(error) => Err(error),
    }
}
