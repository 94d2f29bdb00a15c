//! Looking for messages: `Email/query` (RFC 8621, section 4.4).

use std::collections::HashSet;

use fernamt_domain::mail::Keyword;
use fernamt_store::{EmailField, EmailFilter, EmailOrder, Match};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    jmap::{
        Object,
        error::MethodError,
        query::{Comparator, Found, Query},
        request::answer,
    },
    methods::Caller,
};

/// How deep conditions lie within each other at most.
const MAX_FILTER_DEPTH: usize = 10;
/// The most conditions.
const MAX_CONDITIONS: usize = 100;
/// The most words of one condition.
const MAX_WORDS: usize = 20;
/// The most criteria of an order.
const MAX_COMPARATORS: usize = 5;
/// How many messages of a folder are read at once.
const STEP: u64 = 500;

/// `Email/query`.
pub(crate) async fn query(caller: &Caller, ask: Query<Value>) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to_read();
    let filter = ask.filter.as_ref().map(filter_of).transpose()?;
    let order = read_order(ask.sort.as_deref().unwrap_or_default())?;
    let window = ask.window();
    let newest_first = matches!(order[..], [(EmailOrder::ReceivedAt, false)]);
    let emails = caller.tenant.emails();
    let mut places = Places::new(ask.collapse_threads);
    match (&filter, window.first_screen()) {
        // The first screen of a folder, however large the folder is.
        (Some(EmailFilter::InMailbox(mailbox)), Some((position, limit)))
            if newest_first && caller.tenant.mailboxes().has(account.id, *mailbox).await? =>
        {
            let wanted = position.saturating_add(limit);
            let mut offset = 0;
            while places.ids.len() < wanted {
                let found = emails.newest_in(*mailbox, offset, STEP).await?;
                offset += STEP;
                let last = found.len() < usize::try_from(STEP).unwrap_or(usize::MAX);
                places.take(found);
                if last {
                    break;
                }
            }
        }
        _ => places.take(emails.matching(account.id, filter.as_ref(), &order).await?),
    }
    let (position, ids) = window.cut(&places.ids)?;
    Ok(answer(&Found {
        account_id: ask.account_id,
        query_state: account.email_state.to_string(),
        can_calculate_changes: true,
        position,
        ids,
        total: window.calculate_total.then_some(places.ids.len() as u64),
        limit: window.told_limit(),
    }))
}

/// Messages in their order, of each thread the first alone where that is asked for.
pub(super) struct Places {
    seen: HashSet<fernamt_domain::ThreadId>,
    collapse: bool,
    pub(super) ids: Vec<String>,
}

impl Places {
    pub(super) fn new(collapse: bool) -> Self {
        Self { seen: HashSet::new(), collapse, ids: Vec::new() }
    }

    pub(super) fn take(&mut self, found: Vec<Match>) {
        for one in found {
            if !self.collapse || self.seen.insert(one.thread) {
                self.ids.push(one.email.to_string());
            }
        }
    }
}

pub(super) fn read_order(comparators: &[Comparator]) -> Result<Vec<(EmailOrder, bool)>, MethodError> {
    if comparators.len() > MAX_COMPARATORS {
        return Err(MethodError::unsupported_sort(format!("at most {MAX_COMPARATORS} criteria")));
    }
    if comparators.is_empty() {
        return Ok(vec![(EmailOrder::ReceivedAt, false)]);
    }
    comparators
        .iter()
        .map(|comparator| {
            let order = match comparator.property.as_str() {
                "receivedAt" => EmailOrder::ReceivedAt,
                "sentAt" => EmailOrder::SentAt,
                "size" => EmailOrder::Size,
                "from" => EmailOrder::From,
                "subject" => EmailOrder::Subject,
                other => return Err(MethodError::unsupported_sort(other)),
            };
            if comparator.collation.is_some() {
                return Err(MethodError::unsupported_sort("there is one way to compare here"));
            }
            Ok((order, comparator.is_ascending))
        })
        .collect()
}

/// Reads a filter (RFC 8621, section 4.4.1).
pub(crate) fn filter_of(value: &Value) -> Result<EmailFilter, MethodError> {
    read_filter(value, MAX_FILTER_DEPTH, &mut MAX_CONDITIONS.clone())
}

fn read_filter(value: &Value, depth: usize, left: &mut usize) -> Result<EmailFilter, MethodError> {
    let fault = |why: &str| MethodError::invalid_arguments(format!("filter: {why}"));
    let object = value.as_object().ok_or_else(|| fault("it is an object"))?;
    if let Some(operator) = object.get("operator") {
        let conditions =
            object.get("conditions").and_then(Value::as_array).ok_or_else(|| fault("conditions is a list"))?;
        if depth == 0 {
            return Err(MethodError::unsupported_filter("the conditions lie too deep"));
        }
        let inner = conditions.iter().map(|one| read_filter(one, depth - 1, left)).collect::<Result<_, _>>()?;
        return match operator.as_str() {
            Some("AND") => Ok(EmailFilter::And(inner)),
            Some("OR") => Ok(EmailFilter::Or(inner)),
            Some("NOT") => Ok(EmailFilter::Not(inner)),
            _ => Err(fault("operator is AND, OR or NOT")),
        };
    }
    let mut all = Vec::new();
    for (name, value) in object {
        *left = left.checked_sub(1).ok_or_else(|| MethodError::unsupported_filter("there are too many conditions"))?;
        all.push(read_condition(name, value)?);
    }
    Ok(if all.len() == 1 { all.remove(0) } else { EmailFilter::And(all) })
}

fn read_condition(name: &str, value: &Value) -> Result<EmailFilter, MethodError> {
    let fault = || MethodError::invalid_arguments(format!("filter: {name} has a wrong value"));
    let text = || value.as_str().ok_or_else(fault);
    let number = || value.as_u64().filter(|number| i64::try_from(*number).is_ok()).ok_or_else(fault);
    let moment = || OffsetDateTime::parse(text()?, &Rfc3339).map_err(|_| fault());
    let keyword = || text()?.parse::<Keyword>().map(String::from).map_err(|_| fault());
    // An id that is none names no folder, in which nothing lies.
    let mailbox = |value: &Value| value.as_str().ok_or_else(fault).map(|id| id.parse().unwrap_or(NOWHERE));
    let words = || -> Result<Vec<String>, MethodError> {
        let words: Vec<_> = words_of(text()?);
        if words.len() > MAX_WORDS {
            return Err(MethodError::unsupported_filter(format!("at most {MAX_WORDS} words")));
        }
        Ok(words)
    };
    let field = |field| words().map(|words| EmailFilter::WordsIn(field, words));
    Ok(match name {
        "inMailbox" => EmailFilter::InMailbox(mailbox(value)?),
        "inMailboxOtherThan" => {
            let list = value.as_array().ok_or_else(fault)?;
            EmailFilter::InMailboxOtherThan(list.iter().take(MAX_CONDITIONS).map(mailbox).collect::<Result<_, _>>()?)
        }
        "before" => EmailFilter::Before(moment()?),
        "after" => EmailFilter::After(moment()?),
        "minSize" => EmailFilter::MinSize(number()?),
        "maxSize" => EmailFilter::MaxSize(number()?),
        "hasKeyword" => EmailFilter::HasKeyword(keyword()?),
        "notKeyword" => EmailFilter::Not(vec![EmailFilter::HasKeyword(keyword()?)]),
        "allInThreadHaveKeyword" => EmailFilter::AllInThreadHaveKeyword(keyword()?),
        "someInThreadHaveKeyword" => EmailFilter::SomeInThreadHaveKeyword(keyword()?),
        "noneInThreadHaveKeyword" => EmailFilter::Not(vec![EmailFilter::SomeInThreadHaveKeyword(keyword()?)]),
        "hasAttachment" => EmailFilter::HasAttachment(value.as_bool().ok_or_else(fault)?),
        "text" => EmailFilter::Words(words()?),
        "subject" => field(EmailField::Subject)?,
        "from" => field(EmailField::From)?,
        "to" => field(EmailField::To)?,
        "cc" => field(EmailField::Cc)?,
        "bcc" => field(EmailField::Bcc)?,
        "body" => field(EmailField::Body)?,
        other => return Err(MethodError::unsupported_filter(other)),
    })
}

/// The folder that there never is.
const NOWHERE: fernamt_domain::MailboxId = fernamt_domain::MailboxId(uuid::Uuid::nil());

/// The words that are looked for, in lower case; what stands between quotation marks is one.
fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in text.to_lowercase().split('"').enumerate() {
        if number % 2 == 1 {
            words.push(part.trim().to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn filters_are_read() {
        let word = |word: &str| EmailFilter::WordsIn(EmailField::From, vec![word.to_owned()]);
        assert_eq!(filter_of(&json!({ "from": "Ada" })), Ok(word("ada")));
        let both = json!({ "operator": "NOT", "conditions": [{ "from": "a" }, { "from": "b", "minSize": 3 }] });
        let inner = EmailFilter::And(vec![word("b"), EmailFilter::MinSize(3)]);
        assert_eq!(filter_of(&both), Ok(EmailFilter::Not(vec![word("a"), inner])));
        assert_eq!(filter_of(&json!({})), Ok(EmailFilter::And(Vec::new())), "no condition holds for all");
        for bad in [json!([]), json!({ "minSize": -1 }), json!({ "before": "x" }), json!({ "hasKeyword": "a b" })] {
            assert_eq!(filter_of(&bad).unwrap_err().to_arguments()["type"], "invalidArguments", "{bad}");
        }
        assert_eq!(filter_of(&json!({ "header": ["X"] })).unwrap_err().to_arguments()["type"], "unsupportedFilter");
    }

    #[test]
    fn what_stands_between_quotation_marks_is_one_word() {
        assert_eq!(words_of("Rechnung \"Amt  Nord\" 2026\" "), ["rechnung", "amt  nord", "2026"]);
    }

    #[test]
    fn filters_and_orders_have_limits() {
        let mut deep = json!({ "minSize": 1 });
        for _ in 0..MAX_FILTER_DEPTH {
            deep = json!({ "operator": "AND", "conditions": [deep] });
        }
        assert!(filter_of(&deep).is_ok());
        assert!(filter_of(&json!({ "operator": "AND", "conditions": [deep] })).is_err());
        let many = |count| json!({ "operator": "OR", "conditions": vec![json!({ "minSize": 1 }); count] });
        assert!(filter_of(&many(MAX_CONDITIONS)).is_ok() && filter_of(&many(MAX_CONDITIONS + 1)).is_err());
        let words = |count: usize| json!({ "text": vec!["a"; count].join(" ") });
        assert!(filter_of(&words(MAX_WORDS)).is_ok() && filter_of(&words(MAX_WORDS + 1)).is_err());
        let order = |count| {
            let one: Comparator = serde_json::from_value(json!({ "property": "size" })).unwrap();
            read_order(&vec![one; count])
        };
        assert!(order(MAX_COMPARATORS).is_ok() && order(MAX_COMPARATORS + 1).is_err());
    }
}
