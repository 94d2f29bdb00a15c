//! The administration through HTTP: the real router over a real store, in virtual time.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod audit;
mod bundles;
mod devices;
mod duties;
mod features;
mod groups;
mod house;
mod import;
mod licences;
mod mailboxes;
mod names;
mod own_targets;
mod people;
mod phones;
mod reveals;
mod rules;
mod sessions;
mod settings;
mod sticks;
mod targets;
mod tokens;
mod why;
