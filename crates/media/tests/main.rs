//! The media plane over real sockets.

#![expect(clippy::unwrap_used, reason = "in tests, and what they share, a panic is the report")]

mod clients;
mod conversations;
mod signalling;
mod support;
