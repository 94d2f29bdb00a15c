//! One at a time: who signs in reads a stick's generation, presents it, and writes the one that comes back. Two programs in
//! the same folder must not do so at once, or the second presents what the first has used up and looks like a copy. Each
//! holds the stick's turn meanwhile, which is a lock on a file of its own: an open window keeps its other lock for as long as
//! it is open, and shuts out other windows, not the command line.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    time::Duration,
};

use tokio::time::sleep;

use crate::{activation::blocking, container::ContainerError, engine::Problem};

/// The file beside the program. It stays empty, and it stays: removing it could leave two with a turn.
pub(crate) const TURN_FILE: &str = "stick.turn";
/// How often it is asked whether the other one is done, which no system tells. Asking can be given up at any moment, unlike
/// waiting inside the system.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// A turn. It ends when this is dropped, and with the program whatever happens.
#[derive(Debug)]
pub(crate) struct Turn {
    _file: Option<File>,
}

/// Waits for the turn in this folder.
pub(crate) async fn take(folder: &Path) -> Result<Turn, Problem> {
    loop {
        let path = folder.join(TURN_FILE);
        if let Some(turn) = blocking(move || attempt(&path)).await? {
            return Ok(turn);
        }
        sleep(ASK_EVERY).await;
    }
}

fn attempt(path: &Path) -> Result<Option<Turn>, ContainerError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // Where not even this can be written, no new generation can either; better to know before one is asked for.
    let file = options.open(path).map_err(ContainerError::Unwritable)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Turn { _file: Some(file) })),
        Err(TryLockError::WouldBlock) => Ok(None),
        // A file system without locks: as good as it gets there.
        Err(TryLockError::Error(_)) => Ok(Some(Turn { _file: None })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_next_has_its_turn_when_the_one_before_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(TURN_FILE);
        let first = take(folder.path()).await.unwrap();
        assert!(attempt(&path).unwrap().is_none());
        let next = tokio::spawn({
            let folder = folder.path().to_owned();
            async move { take(&folder).await.is_ok() }
        });
        drop(first);
        assert!(next.await.unwrap());
        assert!(attempt(&path).unwrap().is_some());
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_told_first() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(take(&folder.path().join("gone")).await.err(), Some(Problem::CannotWrite));
    }
}
