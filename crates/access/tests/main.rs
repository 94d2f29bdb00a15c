//! The ways to targets against real clients, desktops and applications.

mod desktop;
mod proxy;
mod revocation_matrix;
mod ssh;
mod support;
mod whole;
