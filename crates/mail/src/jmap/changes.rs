//! `/changes` (RFC 8620, section 5.2), and states.

use std::fmt::Display;

use fernamt_domain::mail::MailType;
use fernamt_store::{Changes, MailAccountRecord};
use serde::{Deserialize, Serialize};

use super::error::MethodError;

/// The arguments.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AskChanges {
    pub(crate) account_id: String,
    pub(crate) since_state: String,
    #[serde(default)]
    pub(crate) max_changes: Option<u64>,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Changed {
    account_id: String,
    old_state: String,
    new_state: String,
    has_more_changes: bool,
    created: Vec<String>,
    updated: Vec<String>,
    destroyed: Vec<String>,
}

impl AskChanges {
    /// Since which change it is asked, and how many objects may be told of.
    pub(crate) fn since(&self, account: &MailAccountRecord, kind: MailType) -> Result<(u64, u64), MethodError> {
        if self.max_changes == Some(0) {
            return Err(MethodError::invalid_arguments("maxChanges is at least 1"));
        }
        let since: u64 = self.since_state.parse().map_err(|_| MethodError::cannot_calculate_changes())?;
        let newest = account.state(kind);
        if since > newest || since < account.forgotten.min(newest) {
            return Err(MethodError::cannot_calculate_changes());
        }
        Ok((since, self.max_changes.unwrap_or(u64::MAX)))
    }

    /// The answer to it.
    pub(crate) fn answer<Id: Display>(self, changes: Option<Changes<Id>>) -> Result<Changed, MethodError> {
        let changes = changes.ok_or_else(MethodError::cannot_calculate_changes)?;
        let texts = |ids: Vec<Id>| ids.iter().map(ToString::to_string).collect();
        Ok(Changed {
            account_id: self.account_id,
            old_state: self.since_state,
            new_state: changes.state.to_string(),
            has_more_changes: changes.more,
            created: texts(changes.created),
            updated: texts(changes.updated),
            destroyed: texts(changes.destroyed),
        })
    }
}
