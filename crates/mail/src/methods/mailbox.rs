//! Folders (RFC 8621, section 2).

use std::collections::HashMap;

use fernamt_domain::{
    MailboxId,
    mail::{MailRight, MailType, MailboxRole},
};
use fernamt_store::{MailAccountRecord, MailboxCounts, MailboxRecord};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Begun, Caller, email};
use crate::{
    delegation::{Access, Deed, Need},
    jmap::{
        Object,
        changes::AskChanges,
        error::{Fault, MethodError, SetError},
        get::{self, Get, Got},
        id,
        query::{Comparator, Found, Query},
        query_changes::QueryChanges,
        request::{answer, arguments},
        set::{Done, Set},
    },
};

/// How deep folders lie within each other at most.
pub(crate) const MAX_DEPTH: usize = 10;
/// The most bytes of a folder's name.
pub(crate) const MAX_NAME_BYTES: usize = 200;

pub(super) async fn get(caller: &Caller, ask: Get) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to_read();
    let all = caller.tenant.mailboxes().of_account(account.id).await?;
    let (mut wanted, mut not_found) = (Vec::new(), Vec::new());
    match ask.ids {
        None => wanted.extend(&all),
        Some(ids) => {
            for id in get::asked(ids)? {
                match all.iter().find(|mailbox| mailbox.id.to_string() == id) {
                    Some(mailbox) => wanted.push(mailbox),
                    None => not_found.push(id),
                }
            }
        }
    }
    let ids: Vec<_> = wanted.iter().map(|mailbox| mailbox.id).collect();
    let counted = ask.properties.as_ref().is_none_or(|names| names.iter().any(|name| COUNTS.contains(&name.as_str())));
    let counts = if counted { caller.tenant.mailboxes().counts(&ids).await? } else { HashMap::new() };
    let mut list = Vec::new();
    for mailbox in wanted {
        let counts = counts.get(&mailbox.id).copied().unwrap_or_default();
        list.push(get::only(object_of(mailbox, counts, opened.access()), ask.properties.as_deref())?);
    }
    Ok(answer(&Got { account_id: ask.account_id, state: account.mailbox_state.to_string(), list, not_found }))
}

/// The properties that change with what lies in a folder.
const COUNTS: [&str; 4] = ["totalEmails", "unreadEmails", "totalThreads", "unreadThreads"];

pub(super) async fn changes(caller: &Caller, ask: AskChanges) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to_read();
    let (since, max) = ask.since(account, MailType::Mailbox)?;
    let newest = account.state(MailType::Mailbox);
    let found = caller.tenant.mailboxes().changes(account.id, since, newest, max).await?;
    let counts_only = found.as_ref().is_some_and(|found| found.counts_only);
    let mut answer = answer(&ask.answer(found.map(|found| found.changes))?);
    answer.insert("updatedProperties".to_owned(), if counts_only { json!(COUNTS) } else { Value::Null });
    Ok(answer)
}

/// What folders are looked for (RFC 8621, section 2.3).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Filter {
    #[serde(default)]
    parent_id: Wanted<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    role: Wanted<MailboxRole>,
    #[serde(default)]
    has_any_role: Option<bool>,
    #[serde(default)]
    is_subscribed: Option<bool>,
}

/// A condition in which "null" means something else than nothing at all.
#[derive(Debug, Default)]
enum Wanted<T> {
    /// It does not matter.
    #[default]
    Any,
    /// It is this, or none.
    Exactly(Option<T>),
}

impl<T: PartialEq> Wanted<T> {
    fn fits(&self, value: Option<&T>) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(wanted) => wanted.as_ref() == value,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Wanted<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Exactly)
    }
}

impl Filter {
    fn fits(&self, mailbox: &MailboxRecord) -> bool {
        let parent = mailbox.parent.map(|parent| parent.to_string());
        self.parent_id.fits(parent.as_ref())
            && self.name.as_ref().is_none_or(|name| mailbox.name.to_lowercase().contains(&name.to_lowercase()))
            && self.role.fits(mailbox.role.as_ref())
            && self.has_any_role.is_none_or(|any| mailbox.role.is_some() == any)
            && self.is_subscribed.is_none_or(|wanted| mailbox.subscribed == wanted)
    }
}

pub(super) async fn query(caller: &Caller, ask: Query<Filter>) -> Result<Object, MethodError> {
    if ask.sort_as_tree || ask.filter_as_tree {
        return Err(MethodError::invalid_arguments("folders are not listed as a tree; read them all and build it"));
    }
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to_read();
    let ids = list(caller, account, ask.filter.as_ref(), ask.sort.as_deref()).await?;
    let window = ask.window();
    let (position, part) = window.cut(&ids)?;
    Ok(answer(&Found {
        account_id: ask.account_id,
        query_state: account.mailbox_state.to_string(),
        can_calculate_changes: true,
        position,
        ids: part,
        total: window.calculate_total.then_some(ids.len() as u64),
        limit: window.told_limit(),
    }))
}

pub(super) async fn query_changes(caller: &Caller, ask: QueryChanges<Filter>) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to_read();
    let state = account.state(MailType::Mailbox);
    let since = ask.since(state, account.forgotten)?;
    let found = caller.tenant.mailboxes().changes(account.id, since, state, u64::MAX).await?;
    let changes = found.ok_or_else(MethodError::cannot_calculate_changes)?.changes;
    let ids = list(caller, account, ask.filter.as_ref(), ask.sort.as_deref()).await?;
    caller.unchanged(account, MailType::Mailbox).await?;
    let touched = [changes.created, changes.updated, changes.destroyed].concat();
    let touched = touched.iter().map(ToString::to_string).collect();
    Ok(answer(&ask.answer(state, touched, &ids)?))
}

/// The ids of all folders that fit, in their order.
async fn list(
    caller: &Caller,
    account: &MailAccountRecord,
    filter: Option<&Filter>,
    sort: Option<&[Comparator]>,
) -> Result<Vec<String>, MethodError> {
    let mut found = caller.tenant.mailboxes().of_account(account.id).await?;
    if let Some(filter) = filter {
        found.retain(|mailbox| filter.fits(mailbox));
    }
    for Comparator { property, is_ascending, .. } in sort.unwrap_or_default().iter().rev() {
        match property.as_str() {
            "sortOrder" => found.sort_by_key(|mailbox| mailbox.sort_order),
            "name" => found.sort_by_key(|mailbox| mailbox.name.to_lowercase()),
            other => return Err(MethodError::unsupported_sort(other)),
        }
        if !is_ascending {
            found.reverse();
        }
    }
    Ok(found.iter().map(|mailbox| mailbox.id.to_string()).collect())
}

pub(super) async fn set(caller: &mut Caller, mut given: Object) -> Result<Object, MethodError> {
    let removes_emails = match given.remove("onDestroyRemoveEmails") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(wanted)) => wanted,
        Some(_) => return Err(MethodError::invalid_arguments("onDestroyRemoveEmails is true or false")),
    };
    let set: Set = arguments(given)?;
    let account = caller.account(&set.account_id).await?.to(Need::Change)?.id;
    let begun = caller.begin(account, Need::Change).await?;
    let state = begun.account.mailbox_state;
    set.check(state)?;
    let mut done = Done::new(&set.account_id, state);
    // A folder may name another one that is made in the same call, whichever stands first.
    let mut waiting = set.create.unwrap_or_default();
    while !waiting.is_empty() {
        let ready = waiting.iter().find(|(_, properties)| {
            let parent = properties.get("parentId").and_then(Value::as_str).and_then(|parent| parent.strip_prefix('#'));
            parent.is_none_or(|parent| !waiting.contains_key(parent))
        });
        // Those that wait for each other are refused one after the other.
        let Some(name) = ready.or_else(|| waiting.iter().next()).map(|(name, _)| name.clone()) else { break };
        let properties = waiting.remove(&name).unwrap_or_default();
        let result = create(caller, &begun, &properties).await.map(|mailbox| {
            caller.created.insert(name.clone(), mailbox.id.to_string());
            Value::Object(object_of(&mailbox, MailboxCounts::default(), begun.access))
        });
        done.create(&name, result)?;
    }
    for (id, patch) in set.update.unwrap_or_default() {
        done.update(&id, update(caller, &begun, &id, &patch).await)?;
    }
    let mut emails_changed = false;
    for id in set.destroy.unwrap_or_default() {
        let result = destroy(&begun, id::read(&id, &caller.created), removes_emails).await;
        done.destroy(&id, result.map(|touched| emails_changed |= touched))?;
    }
    done.new_state = if done.anything() {
        let number = begun.change.number;
        let emails: &[_] = if emails_changed { &[MailType::Email, MailType::Thread] } else { &[] };
        begun.commit(&[&[MailType::Mailbox], emails].concat(), &Deed::of("Mailbox/set", &done)).await?;
        number.to_string()
    } else {
        done.old_state.clone()
    };
    Ok(answer(&done))
}

async fn create(caller: &Caller, begun: &Begun, properties: &Object) -> Result<MailboxRecord, Fault> {
    begun.access.object(MailRight::Write)?;
    let all = begun.work.mailboxes().of_account(begun.account.id).await?;
    let parts = &caller.mail.parts;
    let mut mailbox = MailboxRecord {
        id: MailboxId::new(&*parts.clock, &*parts.rng),
        account: begun.account.id,
        parent: None,
        name: String::new(),
        role: None,
        sort_order: 10,
        subscribed: true,
        created_in: begun.change.number,
        changed_in: begun.change.number,
        counted_in: begun.change.number,
    };
    for (name, value) in properties {
        put(caller, &mut mailbox, name, value)?;
    }
    check(&mailbox, &all)?;
    begun.work.mailboxes().insert(begun.change, &mailbox).await?;
    Ok(mailbox)
}

async fn update(caller: &Caller, begun: &Begun, id: &str, patch: &Object) -> Result<(), Fault> {
    let all = begun.work.mailboxes().of_account(begun.account.id).await?;
    let id = id::read(id, &caller.created);
    let mut mailbox = all.iter().find(|mailbox| Some(mailbox.id) == id).cloned().ok_or_else(SetError::not_found)?;
    if !begun.access.in_folder(&mailbox).rename {
        return Err(SetError::forbidden("you may not change this folder").into());
    }
    for (name, value) in patch {
        put(caller, &mut mailbox, name, value)?;
    }
    check(&mailbox, &all)?;
    mailbox.changed_in = begun.change.number;
    Ok(begun.work.mailboxes().replace(&mailbox).await?)
}

/// Destroys a folder. Tells whether messages went with it or left it.
async fn destroy(begun: &Begun, id: Option<MailboxId>, removes_emails: bool) -> Result<bool, Fault> {
    let all = begun.work.mailboxes().of_account(begun.account.id).await?;
    let mailbox = all.iter().find(|mailbox| Some(mailbox.id) == id).ok_or_else(SetError::not_found)?;
    if !begun.access.in_folder(mailbox).delete {
        return Err(SetError::forbidden("a folder with a role stays, and others need the right to write").into());
    }
    if all.iter().any(|other| other.parent == Some(mailbox.id)) {
        return Err(SetError::new("mailboxHasChild", "other folders lie in it").into());
    }
    let touched = email::set::leave(begun, mailbox.id, removes_emails).await?;
    begun.work.mailboxes().remove(begun.change, mailbox).await?;
    Ok(touched)
}

fn put(caller: &Caller, mailbox: &mut MailboxRecord, name: &str, value: &Value) -> Result<(), SetError> {
    let fault = |why: &str| SetError::invalid(&[name], why);
    match name {
        "name" => {
            let text = value.as_str().map(str::trim).unwrap_or_default();
            let clean = !text.contains(|letter: char| letter.is_control());
            if text.is_empty() || text.len() > MAX_NAME_BYTES || !clean {
                return Err(fault(&format!("a name has 1 to {MAX_NAME_BYTES} bytes in one line")));
            }
            text.clone_into(&mut mailbox.name);
        }
        "parentId" => {
            mailbox.parent = match value {
                Value::Null => None,
                Value::String(text) => {
                    Some(id::read(text, &caller.created).ok_or_else(|| fault("there is no such folder"))?)
                }
                _ => return Err(fault("it is an id or null")),
            };
        }
        "role" => {
            mailbox.role = serde_json::from_value(value.clone()).map_err(|_| fault("there is no such role here"))?;
        }
        "sortOrder" => {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            mailbox.sort_order =
                number.filter(|number| i32::try_from(*number).is_ok()).ok_or_else(|| fault("a number"))?;
        }
        "isSubscribed" => mailbox.subscribed = value.as_bool().ok_or_else(|| fault("true or false"))?,
        _ => return Err(fault("it cannot be set")),
    }
    Ok(())
}

/// Whether a folder fits among the others.
fn check(mailbox: &MailboxRecord, all: &[MailboxRecord]) -> Result<(), SetError> {
    let others = || all.iter().filter(|other| other.id != mailbox.id);
    if mailbox.name.is_empty() {
        return Err(SetError::invalid(&["name"], "a folder has a name"));
    }
    if others().any(|other| other.parent == mailbox.parent && other.name == mailbox.name) {
        return Err(SetError::invalid(&["name"], "there is a folder of this name in the same place"));
    }
    if mailbox.role.is_some() && others().any(|other| other.role == mailbox.role) {
        return Err(SetError::invalid(&["role"], "another folder has this role"));
    }
    let before = all.iter().find(|other| other.id == mailbox.id);
    if before.is_some_and(|before| before.role.is_some() && before.role != mailbox.role) {
        return Err(SetError::invalid(&["role"], "a folder keeps its role"));
    }
    let (mut parent, mut depth) = (mailbox.parent, 1);
    while let Some(id) = parent {
        let found = others().find(|other| other.id == id);
        let found =
            found.ok_or_else(|| SetError::invalid(&["parentId"], "there is no such folder, or it lies in this one"))?;
        (parent, depth) = (found.parent, depth + 1);
        if depth > MAX_DEPTH {
            return Err(SetError::invalid(&["parentId"], format!("folders lie at most {MAX_DEPTH} deep")));
        }
    }
    Ok(())
}

fn object_of(mailbox: &MailboxRecord, counts: MailboxCounts, access: Access) -> Object {
    let may = access.in_folder(mailbox);
    let value = json!({
        "id": mailbox.id,
        "name": mailbox.name,
        "parentId": mailbox.parent,
        "role": mailbox.role,
        "sortOrder": mailbox.sort_order,
        "totalEmails": counts.emails,
        "unreadEmails": counts.unread_emails,
        "totalThreads": counts.threads,
        "unreadThreads": counts.unread_threads,
        "myRights": {
            "mayReadItems": may.read,
            "mayAddItems": may.add,
            "mayRemoveItems": may.remove,
            "maySetSeen": may.seen,
            "maySetKeywords": may.keywords,
            "mayCreateChild": may.child,
            "mayRename": may.rename,
            "mayDelete": may.delete,
            "maySubmit": may.submit,
        },
        "isSubscribed": mailbox.subscribed,
    });
    value.as_object().cloned().unwrap_or_default()
}
