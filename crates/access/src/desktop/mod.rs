//! Desktops in the browser: the relay between a WebSocket and an RDP server.
//!
//! The browser runs the RDP client (`IronRDP` in WebAssembly) and sends an `RDCleanPath` message on its WebSocket. The
//! relay connects to the target that the one-time ticket names, exchanges X.224, does TLS with the pinned certificate,
//! answers with the certificate chain, and from then on relays, through a [`filter`] that enforces what may pass beside
//! the picture.

pub(crate) mod broker;
pub mod filter;
pub mod handshake;
pub mod outcome;
pub mod rdcleanpath;
pub mod relay;
pub mod ticket;
