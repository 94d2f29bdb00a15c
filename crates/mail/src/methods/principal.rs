//! The people of the house (RFC 9670, section 2): to choose who may work in a mailbox, and to name who works on a thread.
//! They are looked for by name; nobody gets the list of all.

use std::collections::BTreeSet;

use fernamt_domain::{PersonId, PersonState, mail::MailRight};
use fernamt_store::{MailAccountRecord, MailGrantRecord, Page, PersonRecord, StoreError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Caller;
use crate::jmap::{
    Object, THREAD_WORK,
    error::MethodError,
    get::{self, Get, Got},
    query::{Found, Query},
    request::answer,
};

/// The most people that one search finds.
const MAX_FOUND: usize = 50;
/// The most bytes of what is looked for.
const MAX_TEXT_BYTES: usize = 200;

/// Who is looked for (RFC 9670, section 2.4).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Filter {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

pub(super) async fn get(caller: &Caller, ask: Get) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let ids: Vec<String> = match ask.ids {
        None => around(caller, opened.to_read()).await?.iter().map(ToString::to_string).collect(),
        Some(ids) => get::asked(ids)?,
    };
    let domain = caller.mail.domain(&caller.tenant).await?;
    let account = opened.to_read();
    let grants = caller.tenant.mail_grants().of_account(account.id).await?;
    let (mut list, mut not_found) = (Vec::new(), Vec::new());
    for id in ids {
        match person(caller, &id).await? {
            Some(person) => {
                let works = person.state == PersonState::Active && may_work(account, &grants, person.id);
                list.push(get::only(object_of(&person, &domain, works), ask.properties.as_deref())?);
            }
            None => not_found.push(id),
        }
    }
    // People are changed by the administration; no state of theirs is kept for clients.
    Ok(answer(&Got { account_id: ask.account_id, state: String::new(), list, not_found }))
}

pub(super) async fn query(caller: &Caller, mut ask: Query<Filter>) -> Result<Object, MethodError> {
    if ask.sort.as_ref().is_some_and(|sort| sort.iter().any(|one| one.property != "name")) {
        return Err(MethodError::unsupported_sort("people are ordered by name alone"));
    }
    let opened = caller.account(&ask.account_id).await?;
    let filter = ask.filter.take().unwrap_or_default();
    let words: Vec<_> = [&filter.text, &filter.name, &filter.email].into_iter().flatten().collect();
    let mut people = if words.is_empty() {
        let mut people = Vec::new();
        for id in around(caller, opened.to_read()).await? {
            people.extend(person(caller, &id.to_string()).await?);
        }
        people
    } else {
        looked_for(caller, &words.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ")).await?
    };
    people.retain(|person| person.state == PersonState::Active);
    if filter.kind.is_some_and(|kind| kind != "individual") {
        people.clear();
    }
    people.sort_by_cached_key(|person| (person.display_name.to_lowercase(), person.id));
    people.truncate(MAX_FOUND);
    let ids: Vec<_> = people.iter().map(|person| person.id.to_string()).collect();
    let window = ask.window();
    let (position, part) = window.cut(&ids)?;
    Ok(answer(&Found {
        account_id: ask.account_id,
        query_state: String::new(),
        can_calculate_changes: false,
        position,
        ids: part,
        total: window.calculate_total.then_some(ids.len() as u64),
        limit: window.told_limit(),
    }))
}

/// The people to whom an account is open.
async fn around(caller: &Caller, account: &MailAccountRecord) -> Result<BTreeSet<PersonId>, StoreError> {
    let grants = caller.tenant.mail_grants().of_account(account.id).await?;
    Ok(grants.iter().map(|grant| grant.person).chain(account.owner).collect())
}

/// The people of whom each of these words begins a word of the name or address.
async fn looked_for(caller: &Caller, text: &str) -> Result<Vec<PersonRecord>, MethodError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(MethodError::unsupported_filter(format!("at most {MAX_TEXT_BYTES} bytes")));
    }
    // The domain is everybody's; what stands before it tells people apart.
    let domain = format!("@{}", caller.mail.domain(&caller.tenant).await?);
    let text = text.to_lowercase().replace(&domain, "");
    let words: Vec<_> = text.split_whitespace().collect();
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let page = Page::search(&words.join(" "));
    let found = caller.tenant.people().list(&page).await?;
    Ok(found.items.into_iter().filter(|person| fits(person, &words)).collect())
}

fn fits(person: &PersonRecord, words: &[&str]) -> bool {
    let names = format!("{} {}", person.name, person.display_name).to_lowercase();
    let parts: Vec<_> = names.split(|letter: char| letter.is_whitespace() || "-._".contains(letter)).collect();
    let begins = |word: &&str| parts.iter().any(|part| part.starts_with(*word)) || person.name.starts_with(*word);
    words.iter().all(begins)
}

async fn person(caller: &Caller, id: &str) -> Result<Option<PersonRecord>, StoreError> {
    let Ok(id) = id.parse() else { return Ok(None) };
    match caller.tenant.people().get(id).await {
        Ok(person) => Ok(Some(person)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether somebody may do what a thread that is assigned to them asks for.
pub(super) fn may_work(account: &MailAccountRecord, grants: &[MailGrantRecord], person: PersonId) -> bool {
    let may = |grant: &MailGrantRecord| grant.person == person && grant.rights.has(MailRight::Write);
    account.owner == Some(person) || grants.iter().any(may)
}

fn object_of(person: &PersonRecord, domain: &str, works: bool) -> Object {
    let value: Value = json!({
        "id": person.id,
        "type": "individual",
        "name": person.display_name,
        "description": null,
        "email": format!("{}@{domain}", person.name),
        "timeZone": null,
        "capabilities": { THREAD_WORK: { "mayBeAssigned": works } },
        "accounts": null,
    });
    value.as_object().cloned().unwrap_or_default()
}
