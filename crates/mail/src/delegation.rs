//! What somebody may do in a mail account: the one place that every method asks.
//!
//! With the embedded store rights hold for a whole account. The check takes the folder all the same: a foreign mail
//! server has rights for each folder, and its own word is the truth there.

use std::collections::{BTreeMap, BTreeSet};

use fernamt_domain::{
    MailAccountId, MailboxId, PersonId, SessionId, Zone,
    audit::{AuditEvent, AuditKind, Outcome},
    mail::{MailRight, MailRights, MailboxRole},
};
use fernamt_http::Session;
use fernamt_store::{MailAccountRecord, MailboxRecord, StoreError, Work, repo::mail::delegation::MailGrants};
use serde::Serialize;
use serde_json::json;

use crate::jmap::{
    error::{MethodError, SetError},
    set::Done,
};

/// The most ids that an audit entry names.
const MAX_IDS_IN_AUDIT: usize = 20;

/// Who asks: for rights, and for the audit log.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub(crate) person: PersonId,
    pub(crate) session: SessionId,
    pub(crate) zone: Zone,
}

impl Actor {
    /// Whoever is signed in.
    pub(crate) fn of(session: &Session) -> Self {
        Self { person: session.person(), session: session.facts.session, zone: session.situation.zone.clone() }
    }

    /// An audit entry of what they did.
    pub(crate) fn did(&self, action: &'static str) -> AuditEvent {
        AuditEvent::new(AuditKind::Mail, action, Outcome::Success)
            .by(self.person)
            .session(self.session)
            .from_zone(&self.zone)
    }
}

/// Whose an account is, for somebody who opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Theirs.
    Own,
    /// Another person's.
    Person,
    /// Nobody's own.
    Functional,
}

/// What a method needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// To change messages or folders, at least some of them: which ones, each folder says.
    Change,
    /// To know the senders of the account.
    Senders,
    /// To change them.
    ChangeSenders,
    /// To know what is on its way out.
    Sent,
    /// To know what is answered while somebody is away.
    Absence,
    /// To change that.
    ChangeAbsence,
    /// To grant and revoke.
    Manage,
}

/// What somebody may do in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Access {
    pub(crate) kind: Kind,
    pub(crate) rights: MailRights,
}

impl Access {
    /// What a person may do in an account; nothing if it is not open to them. Inside a unit of work that took the account
    /// this holds until its end.
    pub(crate) async fn find<A>(
        grants: &MailGrants<'_, A>,
        account: &MailAccountRecord,
        person: PersonId,
    ) -> Result<Option<Self>, StoreError> {
        if account.owner == Some(person) {
            return Ok(Some(Self { kind: Kind::Own, rights: MailRights::all() }));
        }
        let grant = grants.get(account.id, person).await?;
        Ok(grant.and_then(|grant| Self::granted(account, grant.rights)))
    }

    /// What these rights in somebody else's account are worth; nothing if there are none.
    pub(crate) fn granted(account: &MailAccountRecord, rights: MailRights) -> Option<Self> {
        let kind = if account.owner.is_some() { Kind::Person } else { Kind::Functional };
        (!rights.is_empty()).then_some(Self { kind, rights })
    }

    pub(crate) fn has(self, right: MailRight) -> bool {
        self.rights.has(right)
    }

    /// Whether nothing can be changed or sent.
    pub(crate) fn is_read_only(self) -> bool {
        !self.has(MailRight::Write) && !self.rights.may_send()
    }

    /// Whether messages that somebody sends name themselves as the sender.
    pub(crate) fn names_sender(self) -> bool {
        self.rights.may_send() && !self.has(MailRight::SendAs)
    }

    /// Refuses a method that needs what is not there.
    pub(crate) fn demand(self, need: Need) -> Result<(), MethodError> {
        let (sends, manages) = (self.rights.may_send(), self.has(MailRight::Manage));
        let fits = match need {
            Need::Change => !self.is_read_only(),
            Need::Senders => sends || manages,
            // Which ones may be changed, each object says.
            Need::ChangeSenders => manages || !self.is_read_only(),
            Need::Sent => sends,
            Need::Absence | Need::ChangeAbsence | Need::Manage => manages,
        };
        if fits {
            return Ok(());
        }
        let changes = matches!(need, Need::Change | Need::ChangeSenders | Need::ChangeAbsence);
        Err(match need {
            Need::Manage => MethodError::forbidden("who may work in this account is not yours to say"),
            _ if changes && self.is_read_only() => MethodError::account_read_only(),
            _ => MethodError::account_not_supported(),
        })
    }

    /// Refuses to change one object that needs a right.
    pub(crate) fn object(self, right: MailRight) -> Result<(), SetError> {
        if self.has(right) { Ok(()) } else { Err(SetError::forbidden("you may not change this in this account")) }
    }

    /// What may be done with a folder and what lies in it.
    pub(crate) fn in_folder(self, folder: &MailboxRecord) -> FolderRights {
        let (writes, sends) = (self.has(MailRight::Write), self.rights.may_send());
        // Who sends without writing has the drafts for it, and the place where what was sent is kept.
        let drafts = writes || (sends && folder.role == Some(MailboxRole::Drafts));
        let sent = drafts || (sends && folder.role == Some(MailboxRole::Sent));
        FolderRights {
            read: self.has(MailRight::Read),
            create: drafts,
            add: sent,
            remove: drafts,
            seen: drafts,
            keywords: drafts,
            child: writes,
            rename: writes,
            delete: writes && folder.role.is_none(),
            submit: sends,
        }
    }
}

/// Takes an account inside a unit of work, and refuses what may not be done in it any more.
pub(crate) async fn still_may(
    work: &Work,
    account: MailAccountId,
    actor: &Actor,
    need: Need,
) -> Result<(), MethodError> {
    let account = match work.mail_accounts().take(account).await {
        Ok(account) => account,
        Err(StoreError::NotFound(_)) => return Err(MethodError::account_not_found()),
        Err(error) => return Err(error.into()),
    };
    let access = Access::find(&work.mail_grants(), &account, actor.person).await?;
    access.ok_or_else(MethodError::account_not_found)?.demand(need)
}

/// What may be done with a folder and what lies in it (RFC 8621, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a right of its own in the standard")]
pub(crate) struct FolderRights {
    pub(crate) read: bool,
    /// New messages may be put into it.
    pub(crate) create: bool,
    /// Messages of other folders may be put into it.
    pub(crate) add: bool,
    pub(crate) remove: bool,
    pub(crate) seen: bool,
    pub(crate) keywords: bool,
    pub(crate) child: bool,
    pub(crate) rename: bool,
    pub(crate) delete: bool,
    pub(crate) submit: bool,
}

/// The folders of an account, with what may be done in each.
#[derive(Debug)]
pub(crate) struct Folders(BTreeMap<MailboxId, FolderRights>);

impl Folders {
    /// Reads them inside a unit of work that took the account.
    pub(crate) async fn read(work: &Work, account: MailAccountId, access: Access) -> Result<Self, StoreError> {
        let all = work.mailboxes().of_account(account).await?;
        Ok(Self(all.iter().map(|folder| (folder.id, access.in_folder(folder))).collect()))
    }

    /// Whether a folder is among them.
    pub(crate) fn has(&self, id: MailboxId) -> bool {
        self.0.contains_key(&id)
    }

    fn all(&self, ids: &BTreeSet<MailboxId>, may: impl Fn(&FolderRights) -> bool) -> bool {
        ids.iter().all(|id| self.0.get(id).is_some_and(&may))
    }

    /// Refuses a new message in folders that take none.
    pub(crate) fn may_create(&self, ids: &BTreeSet<MailboxId>) -> Result<(), SetError> {
        refused_unless(self.all(ids, |folder| folder.create), "you may not put messages into this folder")
    }

    /// Refuses to destroy a message in folders that nothing may be taken from.
    pub(crate) fn may_destroy(&self, ids: &BTreeSet<MailboxId>) -> Result<(), SetError> {
        refused_unless(self.all(ids, |folder| folder.remove), "you may not take messages from this folder")
    }

    /// Refuses to file a message otherwise than it lies. Who puts it elsewhere may take it from where it is.
    pub(crate) fn may_file(&self, from: &BTreeSet<MailboxId>, to: &BTreeSet<MailboxId>) -> Result<(), SetError> {
        let (added, removed) = (to - from, from - to);
        let moves = from.iter().any(|id| self.0.get(id).is_some_and(|folder| folder.remove));
        let fits = added.is_empty() && removed.is_empty()
            || moves && self.all(&added, |folder| folder.add) && self.all(&removed, |folder| folder.remove);
        refused_unless(fits, "you may not file messages between these folders")
    }

    /// Refuses to mark a message in folders in which nothing may be marked.
    pub(crate) fn may_mark(&self, ids: &BTreeSet<MailboxId>, seen: bool, others: bool) -> Result<(), SetError> {
        let fits = self.all(ids, |folder| (!seen || folder.seen) && (!others || folder.keywords));
        refused_unless(fits, "you may not mark messages in this folder")
    }
}

fn refused_unless(fits: bool, why: &str) -> Result<(), SetError> {
    if fits { Ok(()) } else { Err(SetError::forbidden(why)) }
}

/// What a method did, for the audit log.
#[derive(Debug)]
pub(crate) struct Deed {
    method: &'static str,
    made: Vec<String>,
    changed: Vec<String>,
    destroyed: Vec<String>,
}

impl Deed {
    /// What a method made, by its answer for each of the client's names.
    pub(crate) fn made<'v>(method: &'static str, created: impl Iterator<Item = &'v serde_json::Value>) -> Self {
        let made = created.filter_map(|one| one["id"].as_str().map(str::to_owned)).collect();
        Self { method, made, changed: Vec::new(), destroyed: Vec::new() }
    }

    /// What a `/set` did.
    pub(crate) fn of(method: &'static str, done: &Done) -> Self {
        let (changed, destroyed) = (done.updated.keys().cloned().collect(), done.destroyed.clone());
        Self { changed, destroyed, ..Self::made(method, done.created.values()) }
    }

    /// The audit entry of somebody who did it in an account that is not theirs.
    pub(crate) fn entry(&self, actor: &Actor, account: &MailAccountRecord) -> AuditEvent {
        let ids: Vec<_> =
            [&self.made, &self.changed, &self.destroyed].into_iter().flatten().take(MAX_IDS_IN_AUDIT).collect();
        let details = json!({
            "account": account.id,
            "method": self.method,
            "created": self.made.len(),
            "updated": self.changed.len(),
            "destroyed": self.destroyed.len(),
            "ids": ids,
        });
        about_owner(actor.did("mail_acted_on_behalf"), account).details(details)
    }
}

/// An audit entry that names the account's owner, where it has one.
pub(crate) fn about_owner(event: AuditEvent, account: &MailAccountRecord) -> AuditEvent {
    match account.owner {
        Some(owner) => event.about(owner),
        None => event,
    }
}
