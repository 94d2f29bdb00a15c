//! `ManageSieve` (RFC 5804): the scripts by which a mail server files and answers, as far as an absence needs them.

mod absence;
mod answer;
mod connection;
#[cfg(test)]
mod fake;
mod own;
mod script;

pub use absence::{Aside, OnDuty};
pub use connection::{Script, Sieve};
pub use script::{Absence, Outside};

pub(crate) use answer::Answer;

/// The most bytes of a script.
pub const MAX_SCRIPT_BYTES: usize = 1 << 20;
/// The most scripts that a person may have.
pub const MAX_SCRIPTS: usize = 1_000;
