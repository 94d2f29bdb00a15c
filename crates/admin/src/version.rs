//! Versions of entries: see [`fernamt_http::version`].

pub(crate) use fernamt_http::version::of;

use crate::error::AdminError;

/// Refuses a change that is based on another version than the present one.
pub(crate) fn expect(based_on: &str, present: &str) -> Result<(), AdminError> {
    Ok(fernamt_http::version::expect(based_on, present)?)
}
