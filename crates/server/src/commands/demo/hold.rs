//! One demo a folder: a second one would take other ports, and both would do the same work on one database.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use anyhow::{Context as _, bail};

/// The file in the demo's folder that a running one holds.
const FILE: &str = "demo.lock";

/// Holds the folder until what is returned goes; with the process, it goes in any case.
pub(super) fn hold(folder: &Path) -> anyhow::Result<File> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join(FILE);
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => bail!(
            "a demo is running in {} already; end that one first, or name another folder with --dir",
            folder.display()
        ),
        // A file system without locks is no reason to show nothing.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo");
        let first = hold(&path).unwrap();
        let refused = hold(&path).unwrap_err().to_string();
        assert!(refused.contains(path.to_str().unwrap()) && refused.contains("--dir"), "{refused}");
        drop(first);
        hold(&path).unwrap();
    }
}
