//! Doing on the server what was done to folders in the index.

use std::collections::{BTreeSet, HashMap};

use fernamt_domain::MailboxId;
use fernamt_mailhost::imap::{FolderName, Imap};
use fernamt_store::{MailboxRecord, MirrorFolderRecord};

use super::{
    MirrorError, REFUSED_FOR,
    carry::Ways,
    layout::{Layout, role_for},
    round::Mirror,
    step::Step,
};

impl Mirror {
    /// Makes and renames folders on the server. Returns the ways into those that there are.
    pub(super) async fn carry_folders(&mut self, imap: &mut Imap, layout: &Layout) -> Result<Ways, MirrorError> {
        let bases = self.tenant.mail_mirrors().folders(self.account).await?;
        let mut bases: HashMap<_, _> = bases.into_iter().map(|base| (base.mailbox, base)).collect();
        let mailboxes = self.tenant.mailboxes().of_account(self.account).await?;
        let alive = mailboxes.iter().map(|mailbox| mailbox.id).collect();
        self.is_unfinished = false;
        for mailbox in parents_first(mailboxes) {
            match bases.get(&mailbox.id) {
                None => self.make_there(imap, layout, &mailbox, &alive, &mut bases).await?,
                Some(base) if base.parent != mailbox.parent || base.name != mailbox.name => {
                    self.rename_there(imap, layout, &mailbox, &mut bases).await?;
                }
                Some(_) => {}
            }
        }
        Ok(Ways(bases))
    }

    /// Where a folder is to lie on the server; nowhere as long as the one around it does not.
    fn wire_of(
        layout: &Layout,
        mailbox: &MailboxRecord,
        bases: &HashMap<MailboxId, MirrorFolderRecord>,
    ) -> Option<String> {
        let parent = match mailbox.parent {
            Some(parent) => Some(bases.get(&parent)?.wire.as_str()),
            None => None,
        };
        layout.place(parent, &mailbox.name)
    }

    async fn make_there(
        &mut self,
        imap: &mut Imap,
        layout: &Layout,
        mailbox: &MailboxRecord,
        alive: &BTreeSet<MailboxId>,
        bases: &mut HashMap<MailboxId, MirrorFolderRecord>,
    ) -> Result<(), MirrorError> {
        let now = self.mail.parts.clock.now();
        if self.refused.get(&mailbox.id).is_some_and(|at| *at + REFUSED_FOR > now) {
            return Ok(());
        }
        let wire = Self::wire_of(layout, mailbox, bases);
        if bases.values().any(|base| Some(&base.wire) == wire.as_ref() && !alive.contains(&base.mailbox)) {
            // The one that had its place goes at the end of this round.
            self.is_unfinished = true;
            return Ok(());
        }
        let wire = wire.filter(|wire| bases.values().all(|base| base.wire != *wire));
        let made = match wire.clone().map(FolderName::kept) {
            Some(name) => {
                let shared = self.begin_new().await?;
                match imap.create_folder(&name, mailbox.role.map(role_for)).await {
                    Ok(()) => {
                        self.open_new(imap, &name, shared).await?;
                        Some(imap.folder_state(&name).await?)
                    }
                    Err(error) if error.is_refusal() => {
                        self.remember_rights(&shared).await?;
                        None
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            None => None,
        };
        let (Some(wire), Some(state)) = (wire, made) else {
            self.refused.insert(mailbox.id, now);
            self.tell_refused("a folder");
            return Ok(());
        };
        let base = MirrorFolderRecord {
            mailbox: mailbox.id,
            account: self.account,
            wire,
            parent: mailbox.parent,
            name: mailbox.name.clone(),
            selectable: true,
            uid_validity: state.uid_validity,
            uid_next: 0,
            modseq: None,
            messages: 0,
        };
        let work = self.tenant.begin().await?;
        work.mail_mirrors().put_folder(&base).await?;
        work.commit().await?;
        bases.insert(mailbox.id, base);
        Ok(())
    }

    async fn rename_there(
        &self,
        imap: &mut Imap,
        layout: &Layout,
        mailbox: &MailboxRecord,
        bases: &mut HashMap<MailboxId, MirrorFolderRecord>,
    ) -> Result<(), MirrorError> {
        let Some(base) = bases.get(&mailbox.id).cloned() else { return Ok(()) };
        // People may call it as they like; the server calls it INBOX.
        let wire = if base.wire == "INBOX" { Some(base.wire.clone()) } else { Self::wire_of(layout, mailbox, bases) };
        let done = match &wire {
            Some(wire) if *wire == base.wire => true,
            Some(wire) => {
                let (from, to) = (FolderName::kept(base.wire.clone()), FolderName::kept(wire.clone()));
                match imap.rename_folder(&from, &to).await {
                    Ok(()) => true,
                    Err(error) if error.is_refusal() => false,
                    Err(error) => return Err(error.into()),
                }
            }
            None => false,
        };
        let mut step = Step::begin(&self.tenant, self.account).await?;
        match wire.filter(|_| done) {
            Some(wire) => {
                // What lies in it got another name, too.
                for other in bases.values_mut() {
                    if layout.is_within(&other.wire, &base.wire) {
                        other.wire = format!("{wire}{}", &other.wire[base.wire.len()..]);
                        step.work.mail_mirrors().put_folder(other).await?;
                    }
                }
                let (parent, name) = (mailbox.parent, mailbox.name.clone());
                let now = MirrorFolderRecord { wire, parent, name, ..base };
                step.work.mail_mirrors().put_folder(&now).await?;
                bases.insert(mailbox.id, now);
            }
            None => {
                let all = step.work.mailboxes().of_account(self.account).await?;
                let is_free = !all
                    .iter()
                    .any(|other| other.id != mailbox.id && other.parent == base.parent && other.name == base.name);
                let is_there = base.parent.is_none_or(|parent| all.iter().any(|other| other.id == parent));
                if is_free && is_there {
                    let changed_in = step.change.number;
                    let back = MailboxRecord { parent: base.parent, name: base.name, changed_in, ..mailbox.clone() };
                    step.work.mailboxes().replace(&back).await?;
                    step.changed();
                }
                self.tell_refused("another name of a folder");
            }
        }
        step.commit().await?;
        Ok(())
    }

    /// Deletes folders on the server that went from the index, once nothing lies in them any more.
    pub(super) async fn bury_there(&self, imap: &mut Imap, layout: &Layout) -> Result<(), MirrorError> {
        let alive = self.tenant.mailboxes().of_account(self.account).await?;
        let bases = self.tenant.mail_mirrors().folders(self.account).await?;
        let (lost, kept): (Vec<_>, Vec<_>) =
            bases.into_iter().partition(|base| !alive.iter().any(|mailbox| mailbox.id == base.mailbox));
        // The deepest first.
        let mut lost = lost;
        lost.sort_by_key(|base| std::cmp::Reverse(base.wire.len()));
        for base in lost {
            let name = FolderName::kept(base.wire.clone());
            let holds = kept.iter().any(|other| layout.is_within(&other.wire, &base.wire));
            let empty = !base.selectable
                || match imap.folder_state(&name).await {
                    Ok(state) => state.messages == 0,
                    // What it does not tell may be full; and what is not there needs no end.
                    Err(error) if error.is_refusal() => false,
                    Err(error) => return Err(error.into()),
                };
            if empty && !holds {
                match imap.delete_folder(&name).await {
                    Ok(()) => {}
                    Err(error) if error.is_refusal() => self.tell_refused("the end of a folder"),
                    Err(error) => return Err(error.into()),
                }
            }
            // Where something came into it meanwhile, or the server keeps it, it comes back as a new folder.
            let work = self.tenant.begin().await?;
            work.mail_mirrors().remove_folder(base.mailbox).await?;
            work.commit().await?;
        }
        Ok(())
    }
}

fn parents_first(mailboxes: Vec<MailboxRecord>) -> Vec<MailboxRecord> {
    let mut ordered: Vec<MailboxRecord> = Vec::with_capacity(mailboxes.len());
    let mut rest = mailboxes;
    loop {
        let placed = |parent: Option<MailboxId>| parent.is_none_or(|id| ordered.iter().any(|one| one.id == id));
        let (ready, waiting): (Vec<_>, Vec<_>) = rest.into_iter().partition(|one| placed(one.parent));
        if ready.is_empty() {
            return ordered;
        }
        ordered.extend(ready);
        rest = waiting;
    }
}
