//! The mirror of a mail server, against Debian's Cyrus. What lies there is told by Python's `imaplib`.

mod absence;
mod acl;
mod acl_new;
mod acl_refused;
mod carried;
mod cost;
mod edits;
mod fetched;
mod house;
mod log;
mod odd;
mod people;
