//! Looking for what was sent (RFC 8621, sections 7.3 and 7.4).

use std::collections::BTreeSet;

use fernamt_domain::mail::{MailType, UndoStatus};
use fernamt_store::{SubmissionFilter, SubmissionOrder};
use serde::Deserialize;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::Caller;
use crate::{
    delegation::Need,
    jmap::{
        Object,
        error::MethodError,
        query::{Comparator, Found, Query},
        query_changes::QueryChanges,
        request::answer,
    },
};

/// The most ids that one condition names.
const MAX_NAMED: usize = 500;
/// The most criteria of an order.
const MAX_COMPARATORS: usize = 5;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Filter {
    #[serde(default)]
    identity_ids: Option<Vec<String>>,
    #[serde(default)]
    email_ids: Option<Vec<String>>,
    #[serde(default)]
    thread_ids: Option<Vec<String>>,
    #[serde(default)]
    undo_status: Option<UndoStatus>,
    #[serde(default)]
    before: Option<String>,
    #[serde(default)]
    after: Option<String>,
}

impl Filter {
    fn read(&self) -> Result<SubmissionFilter, MethodError> {
        Ok(SubmissionFilter {
            identities: ids(self.identity_ids.as_deref())?,
            emails: ids(self.email_ids.as_deref())?,
            threads: ids(self.thread_ids.as_deref())?,
            undo_status: self.undo_status,
            before: moment(self.before.as_deref())?,
            after: moment(self.after.as_deref())?,
        })
    }
}

/// An id that is none names nothing.
fn ids<Id: std::str::FromStr>(texts: Option<&[String]>) -> Result<Option<Vec<Id>>, MethodError> {
    match texts {
        Some(texts) if texts.len() > MAX_NAMED => {
            Err(MethodError::unsupported_filter(format!("at most {MAX_NAMED} ids in a condition")))
        }
        texts => Ok(texts.map(|texts| texts.iter().filter_map(|text| text.parse().ok()).collect())),
    }
}

fn moment(text: Option<&str>) -> Result<Option<OffsetDateTime>, MethodError> {
    let read = |text| OffsetDateTime::parse(text, &Rfc3339);
    text.map(read).transpose().map_err(|_| MethodError::invalid_arguments("filter: before and after are moments"))
}

fn read_filter(filter: Option<Value>) -> Result<SubmissionFilter, MethodError> {
    let Some(filter) = filter.filter(|filter| !filter.is_null()) else { return Ok(SubmissionFilter::default()) };
    if filter.get("operator").is_some() {
        return Err(MethodError::unsupported_filter("conditions are not combined by operators here"));
    }
    let filter: Filter =
        serde_json::from_value(filter).map_err(|error| MethodError::invalid_arguments(format!("filter: {error}")))?;
    filter.read()
}

fn read_order(comparators: Option<&[Comparator]>) -> Result<Vec<(SubmissionOrder, bool)>, MethodError> {
    let comparators = comparators.unwrap_or_default();
    if comparators.len() > MAX_COMPARATORS {
        return Err(MethodError::unsupported_sort(format!("at most {MAX_COMPARATORS} criteria")));
    }
    comparators
        .iter()
        .map(|comparator| match comparator.property.as_str() {
            "emailId" => Ok((SubmissionOrder::Email, comparator.is_ascending)),
            "threadId" => Ok((SubmissionOrder::Thread, comparator.is_ascending)),
            // RFC 8621, section 7.3 has another name for it than section 7.
            "sentAt" | "sendAt" => Ok((SubmissionOrder::SendAt, comparator.is_ascending)),
            other => Err(MethodError::unsupported_sort(other)),
        })
        .collect()
}

pub(super) async fn query(caller: &Caller, mut ask: Query<Value>) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to(Need::Sent)?;
    let filter = read_filter(ask.filter.take())?;
    let order = read_order(ask.sort.as_deref())?;
    let found = caller.tenant.email_submissions().matching(account.id, &filter, &order).await?;
    let ids: Vec<_> = found.iter().map(ToString::to_string).collect();
    let window = ask.window();
    let (position, part) = window.cut(&ids)?;
    Ok(answer(&Found {
        account_id: ask.account_id,
        query_state: account.submission_state.to_string(),
        can_calculate_changes: true,
        position,
        ids: part,
        total: window.calculate_total.then_some(ids.len() as u64),
        limit: window.told_limit(),
    }))
}

pub(super) async fn query_changes(caller: &Caller, mut ask: QueryChanges<Value>) -> Result<Object, MethodError> {
    let filter = read_filter(ask.filter.take())?;
    let order = read_order(ask.sort.as_deref())?;
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to(Need::Sent)?;
    let state = account.state(MailType::EmailSubmission);
    let since = ask.since(state, account.forgotten)?;
    let submissions = caller.tenant.email_submissions();
    let changes = submissions.changes(account.id, since, state, u64::MAX).await?;
    let changes = changes.ok_or_else(MethodError::cannot_calculate_changes)?;
    let found = submissions.matching(account.id, &filter, &order).await?;
    caller.unchanged(account, MailType::EmailSubmission).await?;
    let ids: Vec<_> = found.iter().map(ToString::to_string).collect();
    let touched = [changes.created, changes.updated, changes.destroyed].concat();
    let touched: BTreeSet<_> = touched.iter().map(ToString::to_string).collect();
    Ok(answer(&ask.answer(state, touched, &ids)?))
}
