//! Who may work in a mailbox that lies on a mail server: its lists of rights (RFC 4314) are the truth, as far as they have the
//! rights that there are here (ADR 0036). What both sides last agreed on is remembered. What differs from it there was
//! changed there and holds here; what differs from it here is carried there.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration as Span,
};

use fernamt_domain::{PersonId, mail::MailRights};
use fernamt_mailhost::imap::{FolderName, Imap};
use fernamt_store::{MailGrantRecord, MirrorRightsRecord, StoreError};
use time::{Duration, OffsetDateTime};

use super::{
    MirrorError, REFUSED_FOR,
    layout::Layout,
    rights_carry::{Said, list_of},
    rights_note::refusal,
    rights_table::{FolderList, carried, common, exceeds, is_login, joined, merged, with},
    round::Mirror,
    task::back_off,
    transfer::is_temporary,
};
/// How often the lists are read where nothing changed here.
const LOOK_EVERY: Duration = Duration::MINUTE;
/// Of how many names on INBOX's list it is asked whether they are people of ours.
const MAX_STRANGERS: usize = 1_000;

/// When the lists of rights were read, and when they are again.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Whether the server has such lists; unknown before it was spoken to.
    is_offered: Option<bool>,
    looked_at: Option<OffsetDateTime>,
    again_at: Option<OffsetDateTime>,
    faults: u32,
    /// What was granted here when both sides were the same.
    seen: Option<Vec<MailGrantRecord>>,
    /// Whose rights ended here and were not taken away by the server, and when it was asked.
    kept: BTreeMap<String, OffsetDateTime>,
    /// Whether the log says that not everybody on the lists can be let in.
    is_full: bool,
}

/// What others may do in the account, as far as it is known here, by the names that the server knows them by.
#[derive(Debug, Default)]
struct Sides {
    here: BTreeMap<String, (PersonId, MailRights)>,
    base: BTreeMap<String, MirrorRightsRecord>,
}

/// What the server's lists come to.
#[derive(Debug, Default)]
struct There {
    rights: BTreeMap<String, MailRights>,
    /// People of ours to whom nothing was granted so far.
    strangers: BTreeMap<String, PersonId>,
}

/// One person's rights on both sides.
#[derive(Debug)]
pub(super) struct One {
    pub(super) login: String,
    /// Who it is; nobody where a person is gone.
    pub(super) person: Option<PersonId>,
    /// All that is granted here.
    pub(super) granted: MailRights,
    pub(super) base: Option<MirrorRightsRecord>,
    there: MailRights,
}

/// What both sides last agreed on, or the most that may lie there.
fn agreed(base: Option<&MirrorRightsRecord>) -> MailRights {
    base.map_or(MailRights::NONE, |base| base.rights)
}

/// Whether rights ended here that the server refused to take away.
fn is_kept(base: Option<&MirrorRightsRecord>, here: MailRights) -> bool {
    base.is_some_and(|base| base.refused && !base.begun && exceeds(base.rights, here))
}

impl Sides {
    fn logins(&self) -> BTreeSet<&String> {
        self.here.keys().chain(self.base.keys()).collect()
    }

    fn here(&self, login: &str) -> MailRights {
        self.here.get(login).map_or(MailRights::NONE, |(_, rights)| carried(*rights))
    }

    /// Whether something that was done here is still to be told to the server.
    fn owe(&self) -> bool {
        self.logins().into_iter().any(|login| {
            let (base, here) = (self.base.get(login), self.here(login));
            base.is_some_and(|base| base.begun) || agreed(base) != here && !is_kept(base, here)
        })
    }
}

impl Mirror {
    /// Sees to it that what others may do in the account is the same on both sides. What cannot be read holds up nothing
    /// else.
    pub(super) async fn settle_rights(&mut self, imap: &mut Imap, layout: &Layout) -> Result<(), MirrorError> {
        let (is_offered, now) = (imap.offers("ACL"), self.round_began);
        self.rights.is_offered = Some(is_offered);
        if !is_offered || self.rights.again_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        let grants = self.tenant.mail_grants().of_account(self.account).await?;
        let is_fresh = self.rights.looked_at.is_some_and(|at| now < at + LOOK_EVERY);
        if is_fresh && self.rights.seen.as_ref() == Some(&grants) {
            return Ok(());
        }
        let shown = layout.seen.iter().filter(|seen| seen.selectable);
        let mut folders: Vec<_> = shown.map(|seen| FolderName::kept(seen.wire.clone())).collect();
        // Who may not read INBOX has no right here, so that mostly no other list is read.
        folders.sort_by_key(|folder| folder.as_wire() != "INBOX");
        match self.share(imap, &folders, &grants).await {
            Ok(is_same) => {
                (self.rights.looked_at, self.rights.again_at, self.rights.faults) = (Some(now), None, 0);
                self.rights.seen = is_same.then_some(grants);
                Ok(())
            }
            Err(MirrorError::Server(error)) => {
                // The next rounds go on without.
                self.rights.again_at = Some(self.mail.parts.clock.now() + back_off(self.rights.faults));
                self.rights.faults = self.rights.faults.saturating_add(1);
                Err(error.into())
            }
            Err(error) => Err(error),
        }
    }

    /// How long it is until the lists are read again.
    pub(super) fn rights_rest(&self) -> Option<Span> {
        let due = self.rights.again_at.or_else(|| Some(self.rights.looked_at? + LOOK_EVERY))?;
        let left = due - self.mail.parts.clock.now();
        (self.rights.is_offered == Some(true)).then(|| left.try_into().unwrap_or_default())
    }

    /// Whether the server is still to be told what others may do, or not any more.
    pub(super) async fn owes_rights(&self) -> Result<bool, StoreError> {
        let grants = self.tenant.mail_grants().of_account(self.account).await?;
        let sides = self.sides(&grants).await?;
        Ok(self.rights.is_offered.unwrap_or(!sides.base.is_empty()) && sides.owe())
    }

    async fn sides(&self, grants: &[MailGrantRecord]) -> Result<Sides, StoreError> {
        let mut sides = Sides::default();
        for grant in grants {
            // Whom the server cannot know has rights here alone.
            if let Some(login) = self.login_of(grant.person).await? {
                sides.here.insert(login, (grant.person, grant.rights));
            }
        }
        for row in self.tenant.mail_mirrors().rights(self.account).await? {
            sides.base.insert(row.login.clone(), row);
        }
        Ok(sides)
    }

    /// Merges both sides. Tells whether they were the same already, or the server was told what it lacked.
    async fn share(
        &mut self,
        imap: &mut Imap,
        folders: &[FolderName],
        grants: &[MailGrantRecord],
    ) -> Result<bool, MirrorError> {
        let mut sides = self.sides(grants).await?;
        let Some(there) = self.rights_there(imap, folders, &sides).await? else { return Ok(false) };
        let logins: BTreeSet<_> = sides.logins().into_iter().chain(there.rights.keys()).cloned().collect();
        let mut is_same = true;
        for login in logins {
            let here = sides.here.remove(&login);
            let mut one = One {
                person: here.map(|(person, _)| person).or_else(|| there.strangers.get(&login).copied()),
                granted: here.map_or(MailRights::NONE, |(_, rights)| rights),
                base: sides.base.remove(&login),
                there: there.rights.get(&login).copied().unwrap_or_default(),
                login,
            };
            match self.settle_one(imap, folders, &mut one).await {
                Ok(was_same) => is_same &= was_same,
                Err(MirrorError::Store(StoreError::TooMany { .. })) => {
                    if !std::mem::replace(&mut self.rights.is_full, true) {
                        tracing::warn!(account = %self.account, "The mail server lets more people into a mailbox than there is room for here");
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(is_same)
    }

    /// What all lists together allow each login that we know or could know. Nothing where they cannot be read now.
    async fn rights_there(
        &self,
        imap: &mut Imap,
        folders: &[FolderName],
        sides: &Sides,
    ) -> Result<Option<There>, MirrorError> {
        let mut there: Option<There> = None;
        for folder in folders {
            let list = match list_of(imap, folder).await {
                Ok(list) => list,
                Err(error) if is_temporary(&error) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let mut known = match there.take() {
                Some(known) => known,
                None => {
                    let mut able = list.as_ref().map(FolderList::logins).unwrap_or_default();
                    able.retain(|name| list.as_ref().is_some_and(|list| !list.worth(name).is_empty()));
                    self.known(sides, able).await?
                }
            };
            known.rights = known
                .rights
                .into_iter()
                .map(|(login, rights)| {
                    // What is not told of a folder is as it was agreed: nobody gets more by it.
                    let worth = list.as_ref().map_or_else(|| agreed(sides.base.get(&login)), |list| list.worth(&login));
                    (login, common(rights, worth))
                })
                .filter(|(_, rights)| !rights.is_empty())
                .collect();
            let is_empty = known.rights.is_empty();
            there = Some(known);
            if is_empty {
                break;
            }
        }
        Ok(Some(there.unwrap_or_default()))
    }

    /// Whoever may have rights, before any list was looked into: with all that can be had.
    async fn known(&self, sides: &Sides, named: BTreeSet<&str>) -> Result<There, StoreError> {
        let mut logins: BTreeSet<String> = sides.logins().into_iter().cloned().collect();
        let mut strangers = BTreeMap::new();
        let mut unknown: Vec<_> = named.into_iter().filter(|name| !logins.contains(*name)).map(str::to_owned).collect();
        unknown.truncate(MAX_STRANGERS);
        for name in unknown {
            if let Some(person) = self.person_of(&name).await? {
                strangers.insert(name, person);
            }
        }
        logins.extend(strangers.keys().cloned());
        let rights = logins.into_iter().map(|login| (login, carried(MailRights::all()))).collect();
        Ok(There { rights, strangers })
    }

    /// Merges what one person may do. Tells whether it was the same on both sides, or is now what it was here.
    async fn settle_one(
        &mut self,
        imap: &mut Imap,
        folders: &[FolderName],
        one: &mut One,
    ) -> Result<bool, MirrorError> {
        let (base, here, now) = (agreed(one.base.as_ref()), carried(one.granted), self.round_began);
        let was_refused = is_kept(one.base.as_ref(), here);
        if was_refused && self.rights.kept.get(&one.login).is_some_and(|at| *at + REFUSED_FOR > now) {
            return Ok(true);
        }
        let is_begun = one.base.as_ref().is_some_and(|base| base.begun);
        // Who broke off in the middle left lists behind that say nothing.
        let wanted = if is_begun { here } else { merged(base, here, one.there) };
        let carries = is_begun || exceeds(base, here) || exceeds(wanted, one.there);
        let granted = with(one.granted, wanted);
        let is_same = granted == one.granted;
        let after = MirrorRightsRecord {
            account: self.account,
            login: one.login.clone(),
            rights: wanted,
            begun: false,
            refused: false,
        };
        if !carries {
            return Ok(self.note_rights(one, granted, &after, None).await? && is_same);
        }
        let begun =
            MirrorRightsRecord { rights: joined(base, wanted), begun: true, refused: was_refused, ..after.clone() };
        if !self.note_rights(one, granted, &begun, None).await? {
            return Ok(false);
        }
        let narrows = exceeds(base, wanted);
        match self.carry_rights(imap, folders, &one.login, wanted, narrows).await? {
            Said::Done => Ok(self.note_rights(one, granted, &after, None).await? && is_same),
            Said::Later => Ok(false),
            Said::Refused if narrows => {
                // What ended here does not begin again because the server cannot end it.
                self.rights.kept.insert(one.login.clone(), now);
                let kept = MirrorRightsRecord { rights: base, refused: true, ..after };
                let letter = if was_refused { None } else { Some(refusal(&self.name_of(one).await?, true)) };
                self.tell_refused("the end of somebody's rights");
                Ok(self.note_rights(one, granted, &kept, letter.as_ref()).await? && is_same)
            }
            Said::Refused => {
                let left = common(wanted, one.there);
                let letter = refusal(&self.name_of(one).await?, false);
                self.tell_refused("somebody's rights");
                let undone = MirrorRightsRecord { rights: left, ..after };
                self.note_rights(one, with(granted, left), &undone, Some(&letter)).await?;
                Ok(false)
            }
        }
    }

    /// The name by which the server knows a person; nothing where it knows none, or it is the mailbox's own.
    async fn login_of(&self, person: PersonId) -> Result<Option<String>, StoreError> {
        let address = match self.tenant.mail_accounts().of_owner(person).await?.into_iter().next() {
            Some(own) => own.address,
            None => match self.tenant.people().get(person).await {
                Ok(person) => format!("{}@{}", person.name, self.server.domain),
                Err(StoreError::NotFound(_)) => return Ok(None),
                Err(error) => return Err(error),
            },
        };
        let login = self.server.user_of(&address).filter(|login| is_login(login) && *login != self.user);
        let Some(login) = login else { return Ok(None) };
        Ok((self.bearer_of(login).await? == Some(person)).then(|| login.to_owned()))
    }

    /// The person whom the server knows by this name; nobody where it is not plainly one of ours.
    async fn person_of(&self, login: &str) -> Result<Option<PersonId>, StoreError> {
        let Some(person) = self.bearer_of(login).await? else { return Ok(None) };
        Ok((self.login_of(person).await?.as_deref() == Some(login)).then_some(person))
    }

    /// Whose mailbox has this name, or will have it.
    async fn bearer_of(&self, login: &str) -> Result<Option<PersonId>, StoreError> {
        let address = format!("{login}@{}", self.server.domain);
        if let Some(account) = self.tenant.mail_accounts().by_address(&address).await? {
            return Ok(account.owner);
        }
        Ok(self.tenant.people().by_name(login).await?.map(|person| person.id))
    }
}
