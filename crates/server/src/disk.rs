//! How much room there is for what the server keeps.

use std::{io, path::Path};

use fernamt_api::admin::health::{Part, PartState};
use rustix::fs::statvfs;

const MIB: u64 = 1024 * 1024;

/// With less, it is time to make room: some weeks of a town's audit log and backups.
const LITTLE_BYTES: u64 = 2048 * MIB;
/// With less, there may soon be no room for a sign-in's trace.
const VERY_LITTLE_BYTES: u64 = 256 * MIB;
/// With less, nothing more can be relied on to be stored.
const NONE_BYTES: u64 = 8 * MIB;

/// The bytes that are free where `path` lies.
fn free_bytes(path: &Path) -> io::Result<u64> {
    let disk = statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Whether something can still be stored; where that cannot be told, it is taken for granted.
pub(crate) fn has_room(data_dir: &Path) -> bool {
    free_bytes(data_dir).map_or(true, |free| free >= NONE_BYTES)
}

/// What the administration is shown, where it can be told.
pub(crate) fn part(data_dir: &Path) -> Option<Part> {
    free_bytes(data_dir).ok().map(of)
}

fn of(free: u64) -> Part {
    let (state, code) = match free {
        ..VERY_LITTLE_BYTES => (PartState::Failed, "disk_full"),
        VERY_LITTLE_BYTES..LITTLE_BYTES => (PartState::Warning, "disk_low"),
        LITTLE_BYTES.. => (PartState::Ok, "ok"),
    };
    let mebibytes = free / MIB;
    Part::new("disk", state, code, format!("{mebibytes} MiB are free in the data folder")).param("mebibytes", mebibytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_administrator_hears_of_it_before_it_is_too_late() {
        for (free, state) in [
            (0, PartState::Failed),
            (VERY_LITTLE_BYTES - 1, PartState::Failed),
            (VERY_LITTLE_BYTES, PartState::Warning),
            (LITTLE_BYTES - 1, PartState::Warning),
            (LITTLE_BYTES, PartState::Ok),
        ] {
            assert_eq!(of(free).state, state, "{free}");
        }
    }

    #[test]
    fn room_is_read_off_the_file_system() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(folder.path()).unwrap() > 0);
        assert!(free_bytes(&folder.path().join("missing")).is_err());
        assert!(has_room(&folder.path().join("missing")), "what cannot be told stops nothing");
        assert!(part(folder.path()).is_some());
        assert!(part(&folder.path().join("missing")).is_none());
    }
}
