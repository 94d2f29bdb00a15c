use std::{
    cell::Cell,
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::*;
use crate::container::{Sealed, tests::sealed_as};

/// How a stick is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pulled {
    /// Before the step.
    Before,
    /// In its middle: half the bytes are there, or a renamed file has lost one of its names.
    Midway,
    /// In its middle, and the worst: the file is empty, or a renamed file has lost both of its names.
    Lost,
}

/// A disk that is pulled at a step.
struct Faulty {
    steps_left: Cell<usize>,
    pulled: Pulled,
}

impl Faulty {
    fn gone(&self) -> bool {
        let left = self.steps_left.get();
        self.steps_left.set(left.saturating_sub(1));
        left == 0
    }
}

impl Disk for Faulty {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if !self.gone() {
            return Real.write(path, bytes);
        }
        match self.pulled {
            Pulled::Before => {}
            Pulled::Midway => fs::write(path, &bytes[..bytes.len() / 2])?,
            Pulled::Lost => fs::write(path, b"")?,
        }
        Err(io::ErrorKind::NotConnected.into())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if !self.gone() {
            return Real.rename(from, to);
        }
        match self.pulled {
            Pulled::Before => {}
            Pulled::Midway => fs::remove_file(to).or_else(missing_is_fine)?,
            Pulled::Lost => {
                fs::remove_file(to).or_else(missing_is_fine)?;
                fs::remove_file(from)?;
            }
        }
        Err(io::ErrorKind::NotConnected.into())
    }
}

fn missing_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Does something on a disk that is pulled at every step in every manner, each time from the same files, and looks at
/// what is left. Returns how often it was pulled.
fn pulled_everywhere(
    files: &BTreeMap<PathBuf, Vec<u8>>,
    act: impl Fn(&dyn Disk, &Path) -> io::Result<()>,
    look: impl Fn(&Path, usize, Pulled),
) -> usize {
    let mut count = 0;
    for pulled in [Pulled::Before, Pulled::Midway, Pulled::Lost] {
        for step in 0.. {
            let folder = tempfile::tempdir().unwrap();
            for (name, bytes) in files {
                fs::write(folder.path().join(name), bytes).unwrap();
            }
            let disk = Faulty { steps_left: Cell::new(step), pulled };
            let done = act(&disk, folder.path());
            look(folder.path(), step, pulled);
            if done.is_ok() {
                break;
            }
            count += 1;
        }
    }
    count
}

fn files(named: &[(&str, Vec<u8>)]) -> BTreeMap<PathBuf, Vec<u8>> {
    named.iter().map(|(name, bytes)| (PathBuf::from(name), bytes.clone())).collect()
}

fn generation(folder: &Path) -> Option<u64> {
    let container = Sealed::find(folder).ok()?.open(&"Kastanie Regen".into()).ok()?;
    Some(container.contents().generation)
}

#[test]
fn a_stick_pulled_while_a_generation_is_kept_still_opens() {
    let before = files(&[("stick.key", sealed_as(6)), ("stick.key.old", sealed_as(5))]);
    let pulled = pulled_everywhere(
        &before,
        |disk, folder| replace_on(disk, folder, Place::Key, &sealed_as(7)),
        |folder, step, pulled| {
            let left = generation(folder);
            assert!(matches!(left, Some(6 | 7)), "{left:?} is left after step {step} {pulled:?}");
        },
    );
    assert_eq!(pulled, 9);
}

#[test]
fn whatever_was_left_by_one_pull_survives_the_next() {
    let torn = || sealed_as(6)[..90].to_vec();
    let mut damaged = sealed_as(6);
    *damaged.last_mut().unwrap() ^= 1;
    for (found, before) in [
        (Place::New, files(&[("stick.key", torn()), ("stick.key.new", sealed_as(6)), ("stick.key.old", torn())])),
        (Place::New, files(&[("stick.key", damaged.clone()), ("stick.key.new", sealed_as(6))])),
        (Place::Old, files(&[("stick.key", torn()), ("stick.key.new", torn()), ("stick.key.old", sealed_as(6))])),
        (Place::Old, files(&[("stick.key", damaged), ("stick.key.old", sealed_as(6))])),
        (Place::Old, files(&[("stick.key.old", sealed_as(6))])),
    ] {
        pulled_everywhere(
            &before,
            |disk, folder| replace_on(disk, folder, found, &sealed_as(7)),
            |folder, step, pulled| {
                let left = generation(folder);
                assert!(matches!(left, Some(6 | 7)), "{left:?} is left after step {step} {pulled:?} of {found:?}");
            },
        );
    }
}

#[test]
fn an_activation_that_is_pulled_half_way_leaves_the_container_before() {
    let before = files(&[("stick.key.new", sealed_as(6))]);
    pulled_everywhere(
        &before,
        |disk, folder| prepare_on(disk, folder, &sealed_as(0)),
        |folder, step, pulled| {
            // The very first step has no second file to fall back on, and an activation can be done again.
            assert!(
                generation(folder).is_some() || pulled == Pulled::Lost,
                "nothing is left after step {step} {pulled:?}"
            );
        },
    );
    let prepared = files(&[("stick.key", sealed_as(6)), ("stick.key.new", sealed_as(0))]);
    pulled_everywhere(
        &prepared,
        |disk, folder| adopt_on(disk, folder, &sealed_as(0)),
        |folder, step, pulled| {
            assert!(generation(folder).is_some(), "nothing is left after step {step} {pulled:?}");
        },
    );
}

#[test]
fn an_adopted_container_leaves_no_copy_of_the_key_before() {
    let folder = tempfile::tempdir().unwrap();
    for (name, generation) in [("stick.key", 6), ("stick.key.old", 5)] {
        fs::write(folder.path().join(name), sealed_as(generation)).unwrap();
    }
    prepare(folder.path(), &sealed_as(0)).unwrap();
    assert_eq!(generation(folder.path()), Some(6), "nothing changes before it is adopted");
    adopt(folder.path(), &sealed_as(0)).unwrap();
    for place in Place::IN_ORDER {
        let bytes = read(folder.path(), place).unwrap();
        assert_eq!(bytes.is_some(), place != Place::New);
        assert!(bytes.is_none_or(|bytes| bytes == sealed_as(0)), "{place:?}");
    }
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    replace(folder.path(), Place::New, &sealed_as(1)).unwrap();
    let mode = fs::metadata(Place::Key.path(folder.path())).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
