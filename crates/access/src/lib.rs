//! Ways to targets: the desktop in the browser, the SSH gateway, and the proxy in front of internal web applications.
//!
//! All of them ask identity's authoriser before they connect, connect through the one egress guard, and hold a live
//! grant while anything flows.

pub mod desktop;
pub mod ssh;
pub mod tls;
