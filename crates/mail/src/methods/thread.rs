//! Threads (RFC 8621, section 3).

use fernamt_domain::{ThreadId, mail::MailType};
use serde_json::json;

use super::Caller;
use crate::jmap::{
    Object,
    changes::AskChanges,
    error::MethodError,
    get::{self, Get, Got},
    request::answer,
};

pub(super) async fn get(caller: &Caller, ask: Get) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to_read();
    let ids = get::asked(ask.ids.ok_or_else(|| MethodError::request_too_large("name the threads"))?)?;
    let known: Vec<ThreadId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let threads = caller.tenant.emails().of_threads(account.id, &known).await?;
    let (mut list, mut not_found) = (Vec::new(), Vec::new());
    for id in ids {
        match id.parse().ok().and_then(|thread: ThreadId| threads.get(&thread)) {
            Some(emails) => {
                let emails: Vec<_> = emails.iter().map(|email| email.id.to_string()).collect();
                let thread = json!({ "id": id, "emailIds": emails });
                let properties = thread.as_object().cloned().unwrap_or_default();
                list.push(get::only(properties, ask.properties.as_deref())?);
            }
            None => not_found.push(id),
        }
    }
    Ok(answer(&Got { account_id: ask.account_id, state: account.thread_state.to_string(), list, not_found }))
}

pub(super) async fn changes(caller: &Caller, ask: AskChanges) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to_read();
    let (since, max) = ask.since(account, MailType::Thread)?;
    let newest = account.state(MailType::Thread);
    let changes = caller.tenant.emails().thread_changes(account.id, since, newest, max).await?;
    Ok(answer(&ask.answer(changes)?))
}
