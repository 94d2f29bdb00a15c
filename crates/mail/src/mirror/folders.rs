//! Which folder of the server is which folder of the index, and what the server changed among them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fernamt_domain::{MailboxId, mail::MailboxRole};
use fernamt_mailhost::imap::{FolderName, FolderState};
use fernamt_store::{MailboxRecord, MirrorFolderRecord, StoreError};

use super::{
    MirrorError,
    layout::{Layout, Seen},
    round::Mirror,
    step::Step,
};

/// A folder of both sides, in which messages can lie.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) name: FolderName,
    /// How the server has it now.
    pub(super) state: FolderState,
    /// How both sides had it last.
    pub(super) base: MirrorFolderRecord,
}

/// What the folders of both sides are to each other.
#[derive(Debug, Default)]
pub(super) struct Agreed {
    pub(super) places: Vec<Place>,
    /// Folders that the server has no more.
    pub(super) gone: Vec<MirrorFolderRecord>,
}

impl Mirror {
    /// Takes over what the server changed among the folders.
    pub(super) async fn agree(&self, layout: &Layout) -> Result<Agreed, MirrorError> {
        if !layout.seen.iter().any(|seen| seen.wire == "INBOX" && seen.selectable) {
            return Err(MirrorError::NoInbox);
        }
        let bases = self.tenant.mail_mirrors().folders(self.account).await?;
        let mailboxes = self.tenant.mailboxes().of_account(self.account).await?;
        let known: HashMap<_, _> = bases.iter().map(|base| (base.wire.as_str(), base)).collect();
        let alive: BTreeSet<_> = mailboxes.iter().map(|mailbox| mailbox.id).collect();
        let listed = layout.wires();
        let is_settled = |seen: &Seen| {
            known.get(seen.wire.as_str()).is_some_and(|base| {
                base.selectable == seen.selectable && (alive.contains(&base.mailbox) || !seen.selectable)
            })
        };
        let settled = layout.seen.iter().all(is_settled);
        if settled && bases.iter().all(|base| listed.contains(base.wire.as_str())) {
            return Ok(places(layout, bases, &alive, Vec::new()));
        }
        let mut step = Step::begin(&self.tenant, self.account).await?;
        let gone = Tree::read(&step, layout).await?.settle(self, &mut step, layout).await?;
        let bases = step.work.mail_mirrors().folders(self.account).await?;
        let mailboxes = step.work.mailboxes().of_account(self.account).await?;
        step.commit().await?;
        let alive = mailboxes.iter().map(|mailbox| mailbox.id).collect();
        Ok(places(layout, bases, &alive, gone))
    }

    /// Takes folders out of the index that the server has no more, and in which nothing lies that was not carried there.
    pub(super) async fn bury(&self, gone: &[MirrorFolderRecord]) -> Result<(), StoreError> {
        if gone.is_empty() {
            return Ok(());
        }
        let mut step = Step::begin(&self.tenant, self.account).await?;
        // The deepest first, since a folder goes only when no other lies in it.
        let mut gone: Vec<_> = gone.iter().collect();
        gone.sort_by_key(|base| std::cmp::Reverse(base.wire.len()));
        for base in gone {
            let all = step.work.mailboxes().of_account(self.account).await?;
            step.work.mail_mirrors().remove_folder(base.mailbox).await?;
            let Some(mailbox) = all.iter().find(|mailbox| mailbox.id == base.mailbox) else { continue };
            let holds = all.iter().any(|other| other.parent == Some(mailbox.id))
                || !step.work.emails().in_mailbox(mailbox.id, 1).await?.is_empty();
            // What stays is made anew on the server.
            if !holds && mailbox.role.is_none() {
                step.work.mailboxes().remove(step.change, mailbox).await?;
                step.changed();
            }
        }
        step.commit().await.map(|_| ())
    }
}

fn places(
    layout: &Layout,
    bases: Vec<MirrorFolderRecord>,
    alive: &BTreeSet<MailboxId>,
    gone: Vec<MirrorFolderRecord>,
) -> Agreed {
    let mut states: HashMap<_, _> =
        layout.seen.iter().filter_map(|seen| Some((seen.wire.as_str(), seen.state.clone()?))).collect();
    let places = bases.into_iter().filter(|base| alive.contains(&base.mailbox)).filter_map(|base| {
        let state = states.remove(base.wire.as_str())?;
        Some(Place { name: FolderName::kept(base.wire.clone()), state, base })
    });
    Agreed { places: places.collect(), gone }
}

/// The folders of both sides while they are brought together.
struct Tree {
    mailboxes: BTreeMap<MailboxId, MailboxRecord>,
    bases: BTreeMap<String, MirrorFolderRecord>,
    /// Folders of the index that are some folder of the server.
    taken: BTreeSet<MailboxId>,
    /// Folders that went from the index and are still to go from the server.
    dying: BTreeSet<String>,
}

impl Tree {
    async fn read(step: &Step, layout: &Layout) -> Result<Self, StoreError> {
        let account = step.change.account;
        let mailboxes = step.work.mailboxes().of_account(account).await?;
        let bases = step.work.mail_mirrors().folders(account).await?;
        let mailboxes: BTreeMap<_, _> = mailboxes.into_iter().map(|mailbox| (mailbox.id, mailbox)).collect();
        let taken = bases.iter().map(|base| base.mailbox).collect();
        let bases: BTreeMap<_, _> = bases.into_iter().map(|base| (base.wire.clone(), base)).collect();
        let mut dying = BTreeSet::new();
        // The deepest first: where somebody made a folder in one that is to go, that one stays.
        for seen in layout.seen.iter().rev() {
            let went = bases.get(&seen.wire).is_some_and(|base| !mailboxes.contains_key(&base.mailbox));
            let inside = layout.seen.iter().filter(|other| other.parent.as_deref() == Some(&seen.wire));
            if went && inside.into_iter().all(|other| dying.contains(&other.wire)) {
                dying.insert(seen.wire.clone());
            }
        }
        Ok(Self { mailboxes, bases, taken, dying })
    }

    /// Brings the index to what the server has. Returns the folders that it has no more.
    async fn settle(
        mut self,
        mirror: &Mirror,
        step: &mut Step,
        layout: &Layout,
    ) -> Result<Vec<MirrorFolderRecord>, StoreError> {
        let by_role = self.by_role(layout);
        let mut at: HashMap<&str, MailboxId> = HashMap::new();
        let dying = std::mem::take(&mut self.dying);
        for seen in layout.seen.iter().filter(|seen| !dying.contains(&seen.wire)) {
            let parent = match seen.parent.as_deref() {
                None => None,
                // What lies in a folder that is not shown is not shown either.
                Some(wire) => match at.get(wire) {
                    Some(id) => Some(*id),
                    None => continue,
                },
            };
            if let Some(id) = self.place(mirror, step, seen, parent, &by_role, layout).await? {
                at.insert(&seen.wire, id);
            }
        }
        let listed = layout.wires();
        Ok(self.bases.into_values().filter(|base| !listed.contains(base.wire.as_str())).collect())
    }

    /// The folders of the index that each have a role and are no folder of the server yet.
    fn by_role(&self, layout: &Layout) -> HashMap<String, MailboxId> {
        let free = |role: MailboxRole| {
            let fits = |mailbox: &&MailboxRecord| mailbox.role == Some(role) && !self.taken.contains(&mailbox.id);
            self.mailboxes.values().find(fits).map(|mailbox| mailbox.id)
        };
        let unknown = layout.seen.iter().filter(|seen| !self.bases.contains_key(&seen.wire));
        unknown.filter_map(|seen| Some((seen.wire.clone(), free(seen.role?)?))).collect()
    }

    /// Finds or makes the folder of the index for one of the server.
    async fn place(
        &mut self,
        mirror: &Mirror,
        step: &mut Step,
        seen: &Seen,
        parent: Option<MailboxId>,
        by_role: &HashMap<String, MailboxId>,
        layout: &Layout,
    ) -> Result<Option<MailboxId>, StoreError> {
        let mut base = self.bases.get(&seen.wire).cloned();
        let mut renamed = false;
        if base.is_none()
            && let Some(before) = self.renamed(seen, layout)
        {
            self.bases.remove(&before.wire);
            (base, renamed) = (Some(before), true);
        }
        // What went from the index was renamed on the server, or got a folder: it stays.
        if let Some(lost) = base.as_ref().filter(|base| !self.mailboxes.contains_key(&base.mailbox)) {
            step.work.mail_mirrors().remove_folder(lost.mailbox).await?;
            self.bases.remove(&lost.wire);
            base = None;
        }
        if let Some(base) = base {
            let Some(mailbox) = self.mailboxes.get(&base.mailbox).cloned() else { return Ok(None) };
            let mailbox = if renamed { self.rename(step, mailbox, seen, parent).await? } else { mailbox };
            let (parent, name) =
                if renamed { (mailbox.parent, mailbox.name.clone()) } else { (base.parent, base.name.clone()) };
            let now = MirrorFolderRecord { wire: seen.wire.clone(), selectable: seen.selectable, parent, name, ..base };
            step.work.mail_mirrors().put_folder(&now).await?;
            self.bases.insert(now.wire.clone(), now);
            return Ok(Some(mailbox.id));
        }
        let fits = |mailbox: &&MailboxRecord| {
            mailbox.parent == parent && mailbox.name == seen.name && !self.taken.contains(&mailbox.id)
        };
        let joined = match by_role.get(&seen.wire) {
            Some(id) => self.mailboxes.get(id).cloned(),
            None => self.mailboxes.values().find(fits).cloned(),
        };
        let mailbox = match joined {
            // An inbox is called INBOX everywhere, and otherwise by people.
            Some(mailbox) if mailbox.role == Some(MailboxRole::Inbox) => mailbox,
            Some(mailbox) => self.rename(step, mailbox, seen, parent).await?,
            None => match self.make(mirror, step, seen, parent).await {
                Ok(mailbox) => mailbox,
                Err(StoreError::TooMany { .. }) => return Ok(None),
                Err(error) => return Err(error),
            },
        };
        self.taken.insert(mailbox.id);
        let now = MirrorFolderRecord {
            mailbox: mailbox.id,
            account: mailbox.account,
            wire: seen.wire.clone(),
            parent: mailbox.parent,
            name: mailbox.name.clone(),
            selectable: seen.selectable,
            uid_validity: seen.state.as_ref().map_or(0, |state| state.uid_validity),
            uid_next: 0,
            modseq: None,
            messages: 0,
        };
        step.work.mail_mirrors().put_folder(&now).await?;
        self.bases.insert(now.wire.clone(), now);
        Ok(Some(mailbox.id))
    }

    /// The folder that has another name now: what is gone and what is new have the same validity, and no others do.
    fn renamed(&self, seen: &Seen, layout: &Layout) -> Option<MirrorFolderRecord> {
        let state = seen.state.as_ref()?;
        let listed = layout.wires();
        let lost = |base: &&MirrorFolderRecord| {
            base.selectable && base.uid_validity == state.uid_validity && !listed.contains(base.wire.as_str())
        };
        let is_new = |other: &&Seen| {
            !self.bases.contains_key(&other.wire)
                && other.state.as_ref().is_some_and(|other| other.uid_validity == state.uid_validity)
        };
        let mut before = self.bases.values().filter(lost);
        let base = before.next().filter(|base| base.uid_next <= state.uid_next)?;
        (before.next().is_none() && layout.seen.iter().filter(is_new).count() == 1).then(|| base.clone())
    }

    async fn rename(
        &mut self,
        step: &mut Step,
        mailbox: MailboxRecord,
        seen: &Seen,
        parent: Option<MailboxId>,
    ) -> Result<MailboxRecord, StoreError> {
        let name = self.free_name(&seen.name, parent, Some(mailbox.id));
        if mailbox.parent == parent && mailbox.name == name {
            return Ok(mailbox);
        }
        let mailbox = MailboxRecord { parent, name, changed_in: step.change.number, ..mailbox };
        step.work.mailboxes().replace(&mailbox).await?;
        step.changed();
        self.mailboxes.insert(mailbox.id, mailbox.clone());
        Ok(mailbox)
    }

    async fn make(
        &mut self,
        mirror: &Mirror,
        step: &mut Step,
        seen: &Seen,
        parent: Option<MailboxId>,
    ) -> Result<MailboxRecord, StoreError> {
        let role = seen.role.filter(|role| !self.mailboxes.values().any(|other| other.role == Some(*role)));
        let number = step.change.number;
        let parts = &mirror.mail.parts;
        let mailbox = MailboxRecord {
            id: MailboxId::new(&*parts.clock, &*parts.rng),
            account: step.change.account,
            parent,
            name: self.free_name(&seen.name, parent, None),
            role,
            sort_order: 10,
            subscribed: true,
            created_in: number,
            changed_in: number,
            counted_in: number,
        };
        step.work.mailboxes().insert(step.change, &mailbox).await?;
        step.changed();
        self.mailboxes.insert(mailbox.id, mailbox.clone());
        Ok(mailbox)
    }

    /// The name, with a number behind it where another folder in the same place has it.
    fn free_name(&self, name: &str, parent: Option<MailboxId>, own: Option<MailboxId>) -> String {
        let others = self.mailboxes.values().filter(|other| other.parent == parent && Some(other.id) != own);
        let taken: BTreeSet<_> = others.map(|other| other.name.as_str()).collect();
        let mut free = name.to_owned();
        let mut number = 2;
        while taken.contains(free.as_str()) {
            free = format!("{name} ({number})");
            number += 1;
        }
        free
    }
}
