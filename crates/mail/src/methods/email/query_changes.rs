//! What of a list of messages is not as it was: `Email/queryChanges` (RFC 8621, section 4.5).

use std::collections::BTreeSet;

use fernamt_domain::mail::MailType;
use fernamt_store::EmailFilter;
use serde_json::Value;

use super::query::{Places, filter_of, read_order};
use crate::{
    jmap::{Object, error::MethodError, query_changes::QueryChanges, request::answer},
    methods::Caller,
};

/// `Email/queryChanges`. Where a list shows one message of each thread, or a filter asks for a thread's marks, all messages
/// of a thread in which anything happened may have come or gone.
pub(crate) async fn query_changes(caller: &Caller, ask: QueryChanges<Value>) -> Result<Object, MethodError> {
    let filter = ask.filter.as_ref().map(filter_of).transpose()?;
    let order = read_order(ask.sort.as_deref().unwrap_or_default())?;
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to_read();
    let state = account.state(MailType::Email);
    let since = ask.since(state, account.forgotten)?;
    let emails = caller.tenant.emails();
    let touched = emails.touched(account.id, since).await?.ok_or_else(MethodError::cannot_calculate_changes)?;
    let by_threads = ask.collapse_threads || filter.as_ref().is_some_and(asks_for_threads);
    let maybe = if by_threads { touched.in_threads } else { touched.changed };
    let maybe: BTreeSet<_> = maybe.iter().chain(&touched.destroyed).map(ToString::to_string).collect();
    let mut places = Places::new(ask.collapse_threads);
    places.take(emails.matching(account.id, filter.as_ref(), &order).await?);
    caller.unchanged(account, MailType::Email).await?;
    Ok(answer(&ask.answer(state, maybe, &places.ids)?))
}

fn asks_for_threads(filter: &EmailFilter) -> bool {
    match filter {
        EmailFilter::And(inner) | EmailFilter::Or(inner) | EmailFilter::Not(inner) => {
            inner.iter().any(asks_for_threads)
        }
        EmailFilter::AllInThreadHaveKeyword(_) | EmailFilter::SomeInThreadHaveKeyword(_) => true,
        _ => false,
    }
}
