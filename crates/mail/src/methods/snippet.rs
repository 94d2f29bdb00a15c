//! Why a message was found: `SearchSnippet/get` (RFC 8621, section 5).

use fernamt_domain::EmailId;
use fernamt_store::{EmailField, EmailFilter};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Caller, email::query::filter_of};
use crate::{
    jmap::{Object, error::MethodError, get, request::answer},
    message::{
        envelope::{parse, readable},
        snippet,
    },
};

/// The most messages at once: each is read anew.
const MAX_SNIPPETS: usize = 100;
/// The most bytes that those messages have together, beyond a first one.
const MAX_READ_BYTES: u64 = 50_000_000;

/// The arguments.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Ask {
    account_id: String,
    #[serde(default)]
    filter: Option<Value>,
    email_ids: Vec<String>,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    account_id: String,
    list: Vec<Value>,
    not_found: Option<Vec<String>>,
}

/// What is looked for in subjects, and in texts.
#[derive(Debug, Default)]
struct Looked {
    subject: Vec<String>,
    body: Vec<String>,
}

impl Looked {
    fn collect(&mut self, filter: &EmailFilter) {
        match filter {
            EmailFilter::And(all) | EmailFilter::Or(all) => all.iter().for_each(|one| self.collect(one)),
            EmailFilter::Words(words) => {
                self.subject.extend(words.iter().cloned());
                self.body.extend(words.iter().cloned());
            }
            EmailFilter::WordsIn(EmailField::Subject, words) => self.subject.extend(words.iter().cloned()),
            EmailFilter::WordsIn(EmailField::Body, words) => self.body.extend(words.iter().cloned()),
            // What must not be there is marked nowhere.
            _ => {}
        }
    }
}

pub(super) async fn get(caller: &Caller, ask: Ask) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to_read();
    let mut looked = Looked::default();
    if let Some(filter) = ask.filter.as_ref().filter(|filter| !filter.is_null()) {
        looked.collect(&filter_of(filter)?);
    }
    let ids = get::asked(ask.email_ids)?;
    let too_large = || MethodError::request_too_large(format!("at most {MAX_SNIPPETS} messages, not too large ones"));
    if ids.len() > MAX_SNIPPETS {
        return Err(too_large());
    }
    let known: Vec<EmailId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let emails = caller.tenant.emails().these(account.id, &known).await?;
    if emails.iter().skip(1).map(|email| email.size).sum::<u64>() > MAX_READ_BYTES {
        return Err(too_large());
    }
    let (mut list, mut not_found) = (Vec::new(), Vec::new());
    for id in ids {
        let Some(email) = emails.iter().find(|email| email.id.to_string() == id) else {
            not_found.push(id);
            continue;
        };
        let subject = email.envelope["subject"].as_str().and_then(|text| snippet::subject(text, &looked.subject));
        let preview = if looked.body.is_empty() {
            None
        } else {
            let raw = caller.tenant.mail_blobs().get(account.id, &email.print).await?.unwrap_or_default();
            snippet::preview(&readable(&parse(&raw)), &looked.body)
        };
        list.push(json!({ "emailId": id, "subject": subject, "preview": preview }));
    }
    let not_found = (!not_found.is_empty()).then_some(not_found);
    Ok(answer(&Answer { account_id: ask.account_id, list, not_found }))
}
