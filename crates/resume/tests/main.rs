//! The stream over simulated networks in virtual time and over real, bad lines: against a reference model in random histories, against the clock
//! where deadlines are promised, and against peers that break the rules.

#![expect(clippy::unwrap_used, reason = "in tests, and what they share, a panic is the report")]

mod deadlines;
mod driver;
mod histories;
mod hostile;
mod lines;
mod network;
mod twin;
mod world;
