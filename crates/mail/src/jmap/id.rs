//! Ids as clients write them: our own, or the name of something made in the same request (RFC 8620, section 5.3).

use std::{collections::HashMap, str::FromStr};

/// Ids of what was made, by the client's own names.
pub(crate) type CreatedIds = HashMap<String, String>;

/// An id of ours. A text that is none names nothing.
pub(crate) fn read<Id: FromStr>(text: &str, created: &CreatedIds) -> Option<Id> {
    match text.strip_prefix('#') {
        Some(name) => created.get(name)?.parse().ok(),
        None => text.parse().ok(),
    }
}
