//! The conference through HTTP: the real router over a real store, in virtual time.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod administration;
mod entry;
mod hall;
mod house;
mod invitations;
mod mail;
mod meetings;
mod moderation;
mod outside;
mod revocation;
mod rooms;
mod socket;
mod webhooks;
