//! The ways to targets against real clients, desktops and applications.

#![expect(clippy::unwrap_used, reason = "in tests, and what they share, a panic is the report")]

mod desktop;
mod proxy;
mod revocation_matrix;
mod ssh;
mod stick_revocation;
mod support;
mod whole;
