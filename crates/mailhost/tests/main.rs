//! Against Debian's Cyrus and Exim.

mod house;
mod imap;
mod sieve;
mod submission;
