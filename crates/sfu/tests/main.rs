//! Scenarios in virtual time: real str0m clients at a shard, over a network that loses, delays and reorders.

#![expect(clippy::unwrap_used, reason = "tests")]

mod world;

mod codecs;
mod gallery;
mod hostile;
mod lecture;
mod line;
mod meeting;
