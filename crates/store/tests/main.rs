//! The store against real databases: every test runs on SQLite and on a private PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod support;

mod backup;
mod bus;
mod conformance;
mod deletion;
mod durability;
mod kill;
mod schema;
mod tenants;
