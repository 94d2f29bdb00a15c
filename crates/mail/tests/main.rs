//! Mail from outside: what clients ask and get.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod absence;
mod accounts;
mod blobs;
mod changes;
mod client;
mod copies;
mod delegation;
mod emails;
mod features;
mod house;
mod lmtp;
mod mailboxes;
mod mirror;
mod office;
mod outside;
mod pictures;
mod pictures_far_end;
mod push;
mod push_service;
mod queries;
mod rights;
mod rights_place;
mod scanning;
mod sending;
mod thread_work;
mod web_push;
mod web_push_ends;
mod web_push_slow;
