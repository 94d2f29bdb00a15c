//! The SSH gateway against stock clients: OpenSSH and PuTTY's plink.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod house;
pub(crate) mod peers;

mod audit_tool;
mod clients;
mod companion;
mod conversation;
mod limits;
mod revocation;
pub(crate) mod road;
pub(crate) mod stick;
mod streams;
mod weak_line;
mod websocket;
