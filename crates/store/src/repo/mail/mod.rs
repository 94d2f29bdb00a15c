//! Mail: accounts, folders, messages, their raw bytes, senders, and what is on its way out.
//!
//! Every change of an account happens inside a [`account::Change`]: one step of the account's counter, by which clients
//! ask later what is new (RFC 8620, section 5.2). Taking it locks the account, so that two changes never mix.

pub mod account;
pub mod arrival;
pub mod begin;
pub mod blob;
pub mod delegation;
pub mod destroyed;
pub mod email;
pub mod identity;
pub mod mailbox;
pub mod mirror;
mod news;
pub mod query;
pub mod sharing;
pub mod submission;
pub mod thread_work;
pub mod vacation;
