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
    rights_breaks::Breaks,
    rights_carry::list_of,
    rights_one::{One, sort_ends_first},
    rights_table::{FolderList, Known, carried, is_login, narrowed},
    round::Mirror,
    task::back_off,
    transfer::is_temporary,
};

/// How often the lists are read where nothing changed here.
const LOOK_EVERY: Duration = Duration::MINUTE;
/// How long a round goes on to one person after the other, since mail is not mirrored meanwhile.
const LIMIT: Duration = Duration::seconds(30);
/// Of how many names on INBOX's list it is asked whether they are people of ours.
const MAX_STRANGERS: usize = 1_000;

/// When the lists of rights were read, and when they are again.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Whether the server has such lists; unknown before it was spoken to.
    pub(super) is_offered: Option<bool>,
    looked_at: Option<OffsetDateTime>,
    again_at: Option<OffsetDateTime>,
    faults: u32,
    /// What was granted here when both sides were the same.
    pub(super) seen: Option<Vec<MailGrantRecord>>,
    /// Whose rights ended here and were not taken away by the server, and when it was asked.
    pub(super) kept: BTreeMap<String, OffsetDateTime>,
    /// Of whose refused end nobody could be told, since there was no room for the letter.
    untold: BTreeSet<String>,
    /// Whose rights, which are older than we are, the server did not take, so that they hold here alone, and when it was
    /// asked.
    pub(super) alone: BTreeMap<String, OffsetDateTime>,
    /// Whose turn ended before all was said, and when it began.
    late: BTreeMap<String, OffsetDateTime>,
    /// At which folders the conversation broke off when lists were read.
    reads: Breaks,
    /// At which it broke off when something was said.
    pub(super) says: Breaks,
    /// Whether the log says that not everybody on the lists can be let in.
    is_full: bool,
    /// Whether some folder did not tell its list when it was asked last.
    is_unsure: bool,
}

/// What others may do in the account, as far as it is known here, by the names that the server knows them by.
#[derive(Debug, Default)]
pub(super) struct Sides {
    here: BTreeMap<String, MailGrantRecord>,
    base: BTreeMap<String, MirrorRightsRecord>,
}

/// What the server's lists come to.
#[derive(Debug, Default)]
struct There {
    rights: BTreeMap<String, MailRights>,
    /// People of ours to whom nothing was granted so far.
    strangers: BTreeMap<String, PersonId>,
    /// Whether each folder told its list, or never will.
    is_whole: bool,
}

impl Sides {
    fn logins(&self) -> BTreeSet<&String> {
        self.here.keys().chain(self.base.keys()).collect()
    }

    /// What is granted here of what folders have, too.
    pub(super) fn here(&self, login: &str) -> MailRights {
        self.here.get(login).map_or(MailRights::NONE, |grant| carried(grant.rights))
    }

    /// Whether something that was done here is still to be told to the server, except of those who are `alone`.
    fn owe(&self, alone: impl Fn(&str) -> bool) -> bool {
        self.logins().into_iter().filter(|login| !alone(login) || self.base.contains_key(*login)).any(|login| {
            let (base, here) = (self.base.get(login), self.here(login));
            // What the server refused to take away beside it is tried again from time to time.
            base.is_some_and(|base| base.begun) || Known::of(base).least != here
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
        match self.share(imap, &layout.openable, &grants).await {
            Ok(is_same) => {
                (self.rights.looked_at, self.rights.again_at, self.rights.faults) = (Some(now), None, 0);
                self.rights.seen = is_same.then_some(grants);
                Ok(())
            }
            Err(MirrorError::Server(error)) => {
                let (reads, says) = (self.rights.reads.broke_off(), self.rights.says.broke_off());
                if reads || says {
                    tracing::warn!(account = %self.account, "The mail server breaks off when it is asked who may work in some folder; it is left out for an hour");
                }
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
        Ok(self.rights.is_offered.unwrap_or(!sides.base.is_empty())
            && sides.owe(|login| self.rights.alone.contains_key(login)))
    }

    /// Whether the server refused to take away what ended here.
    pub(super) async fn keeps_rights(&self) -> Result<bool, StoreError> {
        let rows = self.tenant.mail_mirrors().rights(self.account).await?;
        Ok(rows.iter().any(|row| row.refused))
    }

    /// Whether that was tried for somebody not long ago.
    pub(super) fn rests(&self, login: &str) -> bool {
        self.rights.kept.get(login).is_some_and(|at| *at + REFUSED_FOR > self.round_began)
    }

    /// Whether the server was asked for somebody's rights not long ago, which hold here alone.
    pub(super) fn is_alone(&self, one: &One) -> bool {
        let asked_at = self.rights.alone.get(&one.login);
        one.base.is_none() && one.is_old && asked_at.is_some_and(|at| *at + REFUSED_FOR > self.round_began)
    }

    /// What others may do here, and what is remembered of the server.
    pub(super) async fn sides(&self, grants: &[MailGrantRecord]) -> Result<Sides, StoreError> {
        let mut sides = Sides::default();
        for grant in grants {
            // Whom the server cannot know has rights here alone.
            if let Some(login) = self.login_of(grant.person).await? {
                sides.here.insert(login, grant.clone());
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
        self.rights.reads.begin(folders, self.round_began);
        self.rights.says.begin(folders, self.round_began);
        let there = self.rights_there(imap, folders, &sides).await?;
        let was_unsure = std::mem::replace(&mut self.rights.is_unsure, !there.is_whole);
        if self.rights.is_unsure && !was_unsure {
            tracing::warn!(account = %self.account, "The mail server cannot tell now who may work in some folder; it is asked again");
        }
        let logins: BTreeSet<_> = sides.logins().into_iter().chain(there.rights.keys()).cloned().collect();
        let mut all = Vec::new();
        for login in logins {
            let here = sides.here.remove(&login);
            all.push(One {
                person: here.as_ref().map(|grant| grant.person).or_else(|| there.strangers.get(&login).copied()),
                granted: here.as_ref().map_or(MailRights::NONE, |grant| grant.rights),
                is_old: here.is_some_and(|grant| grant.granted_at < self.mail.mirrors.began),
                base: sides.base.remove(&login),
                there: there.rights.get(&login).copied().unwrap_or_default(),
                is_untold: self.rights.untold.contains(&login),
                login,
            });
        }
        self.rights.alone.retain(|login, _| all.iter().any(|one| one.login == *login && one.is_old));
        self.rights.untold.retain(|login| all.iter().any(|one| one.login == *login));
        self.rights.late.retain(|login, _| all.iter().any(|one| one.login == *login));
        sort_ends_first(&mut all, |login| self.rests(login), |login| self.rights.late.get(login).copied());
        // What a folder does not tell now is asked again with the next look, not in each round.
        let (until, mut is_same) = (self.mail.parts.clock.now() + LIMIT, true);
        for one in &mut all {
            let now = self.mail.parts.clock.now();
            if now > until {
                return Ok(false);
            }
            self.rights.late.insert(one.login.clone(), now);
            let done = self.settle_one(imap, folders, one).await;
            if done.is_ok() && one.base.as_ref().is_none_or(|base| !base.begun) {
                self.rights.late.remove(&one.login);
            }
            if one.is_untold && one.was_refused() {
                self.rights.untold.insert(one.login.clone());
            } else {
                self.rights.untold.remove(&one.login);
            }
            match done {
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

    /// What all lists together allow each login that we know or could know.
    async fn rights_there(
        &mut self,
        imap: &mut Imap,
        folders: &[FolderName],
        sides: &Sides,
    ) -> Result<There, MirrorError> {
        let (mut there, mut is_whole): (Option<There>, bool) = (None, true);
        for folder in folders {
            let told = if self.rights.reads.enter(folder) { Some(list_of(imap, folder).await) } else { None };
            let list = match told {
                Some(Ok(list)) => list,
                // It may tell in a moment. What the others tell counts all the same.
                Some(Err(error)) if !is_temporary(&error) => return Err(error.into()),
                Some(Err(_)) | None => {
                    is_whole = false;
                    None
                }
            };
            self.rights.reads.answered();
            let mut known = match there.take() {
                Some(known) => known,
                None => {
                    let mut able = list.as_ref().map(FolderList::logins).unwrap_or_default();
                    able.retain(|name| list.as_ref().is_some_and(|list| !list.worth(name).is_empty()));
                    self.known(sides, able).await?
                }
            };
            known.rights = narrowed(known.rights, list.as_ref(), |login| Known::of(sides.base.get(login)).least);
            let is_empty = known.rights.is_empty();
            there = Some(known);
            if is_empty {
                break;
            }
        }
        Ok(There { is_whole, ..there.unwrap_or_default() })
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
        Ok(There { rights, strangers, is_whole: true })
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

#[cfg(test)]
mod tests {
    use fernamt_domain::{MailAccountId, mail::MailRight::Read};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_holds_here_alone_is_not_owed_until_it_was_begun() {
        let (account, person) = (MailAccountId(Uuid::nil()), PersonId(Uuid::nil()));
        let rights = MailRights::from_iter([Read]);
        let grant = MailGrantRecord { account, person, rights, granted_at: OffsetDateTime::UNIX_EPOCH };
        let mut sides = Sides::default();
        sides.here.insert("bob".to_owned(), grant);
        assert!(sides.owe(|_| false) && sides.owe(|login| login == "eva"));
        assert!(!sides.owe(|login| login == "bob"));
        let login = "bob".to_owned();
        let row = MirrorRightsRecord { account, login, rights, least: MailRights::NONE, begun: true, refused: false };
        sides.base.insert(row.login.clone(), row);
        assert!(sides.owe(|login| login == "bob"));
    }
}
