//! The identity feature as others see it: over its HTTP routes, a real store and a real directory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod active_directory;
mod attack;
mod container;
mod enrolment;
mod passkeys;
mod post;
mod programs;
mod push;
mod revocation;
mod sessions;
mod sign_in;
mod ssh;
mod sticks;
mod support;
