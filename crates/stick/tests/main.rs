//! The program as people start it: below a stock `ssh`, and before a gateway with a certificate of its own.

#![expect(clippy::unwrap_used, reason = "in tests, and what they share, a panic is the report")]

mod cli;
mod ssh;
mod tls;
#[cfg(all(feature = "window", target_os = "linux"))]
mod window;
