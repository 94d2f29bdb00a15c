//! Versions of entries, so that two people cannot silently overwrite each other.
//!
//! A version is a digest of what the entry holds. A change names the version that it is based on; the handler compares
//! it inside the unit of work that makes the change.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;

use crate::ApiError;

/// Bytes of the digest that a version shows: enough that no two states of an entry share one by chance.
const VERSION_BYTES: usize = 12;

/// The version of an entry that holds this.
pub fn of(content: &impl Serialize) -> String {
    let json = serde_json::to_vec(content).expect("wire types have string keys only and always serialise");
    let digest = digest(&SHA256, &json);
    BASE64URL_NOPAD.encode(digest.as_ref().get(..VERSION_BYTES).unwrap_or_default())
}

/// The refusal of a change that was based on an older state than the present one.
pub fn outdated() -> ApiError {
    ApiError::conflict("outdated", "somebody else has changed it since; look again before changing it")
}

/// Refuses a change that is based on another version than the present one.
pub fn expect(based_on: &str, present: &str) -> Result<(), ApiError> {
    if based_on == present { Ok(()) } else { Err(outdated()) }
}
