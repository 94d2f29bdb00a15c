//! The whole server from outside: the binary with a configuration and a data folder of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod backup;
mod commands;
mod container;
mod crowd;
mod delegation;
mod elsewhere;
mod jmap;
mod jmap_programs;
mod jmap_socket;
mod mail;
mod mail_directory;
mod mail_killed;
mod mail_mirror_killed;
mod mail_outside_killed;
mod meeting;
mod metrics;
mod operations;
mod own_targets;
mod programs;
mod ssh;
mod start;
mod sticks;
mod support;
mod tls;
mod without_meetings;

use fernamt_testkit::office::Office;

/// The binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_fernamt");

/// A running server with one administrator, `ada`.
fn office() -> Office {
    let office = Office::start_binary(BINARY).unwrap();
    office.run(&["user", "add", "ada", "--role", "administrator"], "Kastanie-Regen-41\n").unwrap();
    office
}
