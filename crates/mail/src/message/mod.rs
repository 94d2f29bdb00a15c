//! Messages themselves (RFC 5322, MIME): reading them for lists, searches and views, and writing new ones.

pub(crate) mod blob_id;
pub(crate) mod body;
pub(crate) mod compose;
pub(crate) mod envelope;
pub(crate) mod header;
pub(crate) mod snippet;
