//! The conference: rooms, meetings, what is said in them, letters on their way, webhooks.

pub mod letter;
pub mod meeting;
pub mod room;
pub mod saying;
pub mod webhook;
