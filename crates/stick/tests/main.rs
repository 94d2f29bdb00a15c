//! The program as people start it: below a stock `ssh`, before a gateway with a certificate of its own, and over bad lines.

#![expect(clippy::unwrap_used, reason = "in tests, and what they share, a panic is the report")]

mod cli;
mod session;
mod ssh;
mod stories;
mod tls;
#[cfg(all(feature = "window", target_os = "linux"))]
mod window;
