//! Where the demo's application listened last: it takes other ports at each start, and targets point to the old ones.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::demo_app::Addresses;

#[derive(Debug, Serialize, Deserialize)]
struct Ports {
    pages: u16,
    service: u16,
}

/// The addresses of the last start; none at the first, or in a file that does not read.
pub(super) fn read(path: &Path) -> Option<Addresses> {
    let ports: Ports = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Some(Addresses { pages: at(ports.pages), service: at(ports.service) })
}

/// Keeps the addresses for the next start.
pub(super) fn write(path: &Path, now: Addresses) -> io::Result<()> {
    fs::write(path, serde_json::to_vec(&Ports { pages: now.pages.port(), service: now.service.port() })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ports.json");
        assert!(read(&path).is_none());
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        write(&path, Addresses { pages: at(4711), service: at(4712) }).unwrap();
        let last = read(&path).unwrap();
        assert_eq!((last.pages, last.service), (at(4711), at(4712)));
        fs::write(&path, "{").unwrap();
        assert!(read(&path).is_none());
    }
}
