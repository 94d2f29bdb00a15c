//! The SSH gateway against stock clients: OpenSSH and PuTTY's plink.

mod house;
mod peers;

mod audit_tool;
mod clients;
mod limits;
mod revocation;
