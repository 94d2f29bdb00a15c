//! Targets: what their fields may hold, and their table.

pub(crate) mod convert;
pub(crate) mod encoding;
pub(crate) mod fields;
pub(crate) mod import;
pub(crate) mod row;
pub(crate) mod table;
