//! The folder on the stick that a started program writes to instead of the computer.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The folder beside the program whose content lives only as long as the programs do.
pub(crate) const RUN_FOLDER: &str = "stick.run";

/// One program's own folder. It is removed with everything in it when this is dropped.
#[derive(Debug)]
pub(crate) struct OwnFolder(PathBuf);

impl OwnFolder {
    /// Makes it, empty.
    pub(crate) fn make(stick: &Path, name: &str) -> io::Result<Self> {
        let path = stick.join(RUN_FOLDER).join(name);
        _ = fs::remove_dir_all(&path);
        make_private(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, content)?;
        Ok(path)
    }
}

impl Drop for OwnFolder {
    fn drop(&mut self) {
        // A pulled stick cannot be cleaned any more; the next start does it.
        _ = fs::remove_dir_all(&self.0);
        if let Some(run) = self.0.parent() {
            _ = fs::remove_dir(run);
        }
    }
}

/// Removes what an earlier run could not, because the stick was pulled.
pub(crate) fn sweep(stick: &Path) {
    _ = fs::remove_dir_all(stick.join(RUN_FOLDER));
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_stays() {
        let stick = tempfile::tempdir().unwrap();
        let (one, two) = (OwnFolder::make(stick.path(), "a").unwrap(), OwnFolder::make(stick.path(), "b").unwrap());
        let file = one.write("x.rdp", b"x").unwrap();
        assert!(file.exists());
        drop(one);
        assert!(!file.exists() && two.path().exists());
        drop(two);
        assert!(!stick.path().join(RUN_FOLDER).exists());
    }

    #[test]
    fn what_a_pulled_stick_left_is_swept() {
        let stick = tempfile::tempdir().unwrap();
        let folder = OwnFolder::make(stick.path(), "a").unwrap();
        folder.write("x.rdp", b"x").unwrap();
        std::mem::forget(folder);
        sweep(stick.path());
        assert_eq!(fs::read_dir(stick.path()).unwrap().count(), 0);
    }
}
