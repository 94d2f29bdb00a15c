//! Who works on a thread, and what is noted about it inside the house. Our own kind of object: each thread of an account has
//! one, with nothing in it until somebody says something.

use fernamt_domain::{
    PersonId, ThreadId,
    mail::{MailRight, MailType},
};
use fernamt_store::ThreadWorkRecord;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Begun, Caller, principal::may_work};
use crate::{
    delegation::{Deed, Need},
    jmap::{
        Object,
        changes::AskChanges,
        error::{Fault, MethodError, SetError},
        get::{self, Get, Got},
        limits::MAX_OBJECTS_IN_GET,
        request::answer,
        set::{Done, Set},
    },
};

/// The most characters of a note.
const MAX_NOTE_CHARS: usize = 2_000;

pub(super) async fn get(caller: &Caller, ask: Get) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to_read();
    let (mut found, mut not_found) = (Vec::new(), Vec::new());
    match ask.ids {
        None => found = caller.tenant.thread_works().of_account(account.id, MAX_OBJECTS_IN_GET as u64).await?,
        Some(ids) => {
            let ids = get::asked(ids)?;
            let known: Vec<ThreadId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
            let threads = caller.tenant.emails().of_threads(account.id, &known).await?;
            let works = caller.tenant.thread_works().these(account.id, &known).await?;
            for id in ids {
                match id.parse().ok().filter(|thread| threads.contains_key(thread)) {
                    Some(thread) => {
                        let work = works.iter().find(|work| work.thread == thread).cloned();
                        found.push(work.unwrap_or_else(|| ThreadWorkRecord::none(account.id, thread)));
                    }
                    None => not_found.push(id),
                }
            }
        }
    }
    let list =
        found.iter().map(|work| get::only(object_of(work), ask.properties.as_deref())).collect::<Result<_, _>>()?;
    let state = account.state(MailType::ThreadWork).to_string();
    Ok(answer(&Got { account_id: ask.account_id, state, list, not_found }))
}

pub(super) async fn changes(caller: &Caller, ask: AskChanges) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to_read();
    let (since, max) = ask.since(account, MailType::ThreadWork)?;
    let newest = account.state(MailType::ThreadWork);
    let changes = caller.tenant.thread_works().changes(account.id, since, newest, max).await?;
    Ok(answer(&ask.answer(changes)?))
}

pub(super) async fn set(caller: &Caller, set: Set) -> Result<Object, MethodError> {
    let account = caller.account(&set.account_id).await?.to(Need::Change)?.id;
    let begun = caller.begin(account, Need::Change).await?;
    let state = begun.account.state(MailType::ThreadWork);
    set.check(state)?;
    let mut done = Done::new(&set.account_id, state);
    let with_thread = || SetError::new("singleton", "each thread has one such object, as long as it has messages");
    for name in set.create.unwrap_or_default().into_keys() {
        done.create(&name, Err(with_thread().into()))?;
    }
    for (id, patch) in set.update.unwrap_or_default() {
        done.update(&id, update(caller, &begun, &id, &patch).await)?;
    }
    for id in set.destroy.unwrap_or_default() {
        done.destroy(&id, Err(with_thread().into()))?;
    }
    done.new_state = if done.anything() {
        let number = begun.change.number;
        begun.commit(&[MailType::ThreadWork], &Deed::of("ThreadWork/set", &done)).await?;
        number.to_string()
    } else {
        done.old_state.clone()
    };
    Ok(answer(&done))
}

async fn update(caller: &Caller, begun: &Begun, id: &str, patch: &Object) -> Result<(), Fault> {
    begun.access.object(MailRight::Write)?;
    let thread: ThreadId = id.parse().map_err(|_| SetError::not_found())?;
    if begun.work.emails().of_threads(begun.account.id, &[thread]).await?.is_empty() {
        return Err(SetError::not_found().into());
    }
    let before = begun.work.thread_works().these(begun.account.id, &[thread]).await?.into_iter().next();
    let mut work = before.unwrap_or_else(|| ThreadWorkRecord::none(begun.account.id, thread));
    let now = caller.mail.parts.clock.now();
    for (name, value) in patch {
        match name.as_str() {
            "assignee" => {
                work.assignee = assignee(begun, value).await?;
                work.assigned_at = work.assignee.map(|_| now);
            }
            "note" => {
                work.note = note(value)?;
                (work.note_by, work.note_at) = (Some(caller.actor.person), Some(now));
            }
            _ => return Err(SetError::invalid(&[name], "it cannot be set").into()),
        }
    }
    Ok(begun.work.thread_works().put(begun.change, &work).await?)
}

/// Who is to work on it: somebody who may change mail in the account.
async fn assignee(begun: &Begun, value: &Value) -> Result<Option<PersonId>, Fault> {
    let fault = |why: &str| SetError::invalid(&["assignee"], why);
    if value.is_null() {
        return Ok(None);
    }
    let person = value.as_str().and_then(|text| text.parse::<PersonId>().ok()).ok_or_else(|| fault("an id or null"))?;
    let grants: Vec<_> = begun.work.mail_grants().get(begun.account.id, person).await?.into_iter().collect();
    if may_work(&begun.account, &grants, person) {
        Ok(Some(person))
    } else {
        Err(fault("nobody who may change mail here").into())
    }
}

fn note(value: &Value) -> Result<String, SetError> {
    let fits = |text: &&str| text.chars().count() <= MAX_NOTE_CHARS && !text.contains('\0');
    let text = value.as_str().filter(fits);
    text.map(str::to_owned)
        .ok_or_else(|| SetError::invalid(&["note"], format!("a text of at most {MAX_NOTE_CHARS} characters")))
}

fn object_of(work: &ThreadWorkRecord) -> Object {
    let moment = |at: Option<OffsetDateTime>| {
        let at = at?;
        at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).ok()
    };
    let value = json!({
        "id": work.thread,
        "assignee": work.assignee,
        "assignedAt": moment(work.assigned_at),
        "note": work.note,
        "noteBy": work.note_by,
        "noteAt": moment(work.note_at),
    });
    value.as_object().cloned().unwrap_or_default()
}
