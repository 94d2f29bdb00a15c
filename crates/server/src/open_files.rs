//! How many files the server may hold open: each connection of a person, and each to a target, is one.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Below this, a town's Monday morning may run out: 600 people with some tunnels each, and the store.
const ENOUGH: u64 = 16_384;

/// Raises the soft limit to the hard one. Services and shells start with a soft limit of 1,024, for the sake of programs
/// that would break above it.
pub(crate) fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
    if let Some(files) = getrlimit(Resource::Nofile).current.filter(|files| *files < ENOUGH) {
        tracing::warn!(files, enough = ENOUGH, "few open files are allowed: set LimitNOFILE in the service's unit");
    }
}
