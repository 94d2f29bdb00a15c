//! The conference: rooms and their booking, invitations, the way in, the meeting itself, and who is told of it.
//!
//! A *room* is a lasting thing that a person owns; a *meeting* is one occurrence of what was booked in it, or one opening
//! of a personal room. Each meeting has a number, a PIN and a link of its own, good only around it.

pub mod entry;
pub mod meeting;
