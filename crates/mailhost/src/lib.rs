//! What the mail server of a house speaks, as a client: IMAP to read and change what lies there, `ManageSieve` to answer for
//! who is away, submission to send. There is no store here and nothing is remembered: who uses it keeps the index.
//!
//! Everything a server says is foreign: answers have limits in size, waiting has limits in time, and what cannot be read
//! ends the connection instead of being guessed at. Nothing is connected to but the [`Server`] that was configured.

mod error;
pub mod fuzzing;
pub mod imap;
mod line;
pub mod sieve;
pub mod submission;
mod trust;
mod words;

pub use error::Error;
pub use line::{Login, Security, Server};
pub use trust::Trust;
