//! Messages (RFC 8621, section 4).

pub(crate) mod copy;
pub(crate) mod get;
pub(crate) mod import;
pub(crate) mod query;
pub(crate) mod query_changes;
pub(crate) mod set;
