//! How the container is kept on a stick that may be pulled at any moment.
//!
//! Most sticks have a file system without a journal, on which even renaming can leave neither name behind. So each
//! replacement goes through three files and flushes between the steps:
//!
//! 1. the new container is written to `stick.key.new`; `stick.key` is untouched;
//! 2. the present one is written to `stick.key.old`; `stick.key` and `stick.key.new` are untouched;
//! 3. `stick.key.new` is renamed to `stick.key`; `stick.key.old` is untouched.
//!
//! Whatever happens, one of the three is whole and holds the present container or the one before it, which the gateway
//! accepts as well. Where the container in force was found in another file than `stick.key`, that one is left alone and
//! `stick.key` is written anew.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use super::{CONTAINER_FILE, Header, MAX_CONTAINER_BYTES};

/// One of the three files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The container in force.
    Key,
    /// The next, which may be half written.
    New,
    /// The one before.
    Old,
}

impl Place {
    /// In the order in which they are tried.
    pub(crate) const IN_ORDER: [Self; 3] = [Self::Key, Self::New, Self::Old];

    pub(crate) fn path(self, folder: &Path) -> PathBuf {
        folder.join(match self {
            Self::Key => CONTAINER_FILE.to_owned(),
            Self::New => format!("{CONTAINER_FILE}.new"),
            Self::Old => format!("{CONTAINER_FILE}.old"),
        })
    }
}

/// Reads one of the files: `None` where there is none. What is too large is cut, and then is no container.
pub(crate) fn read(folder: &Path, place: Place) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(place.path(folder)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(MAX_CONTAINER_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Replaces the container in force, which was found in `found`, by another generation of itself. It is in `stick.key` then.
pub(crate) fn replace(folder: &Path, found: Place, bytes: &[u8]) -> io::Result<()> {
    replace_on(&Real, folder, found, bytes)
}

/// Writes a container beside the one in force.
pub(crate) fn prepare(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    prepare_on(&Real, folder, bytes)
}

/// Puts the prepared one in force, and forgets those before it.
pub(crate) fn adopt(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    adopt_on(&Real, folder, bytes)
}

/// Removes the prepared one.
pub(crate) fn discard(folder: &Path) {
    // One that cannot be removed is opened by nobody as long as another one is in force.
    let _ = fs::remove_file(Place::New.path(folder));
}

/// Writes a file that may be lost, but not half written.
pub(crate) fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    Real.write(&beside, bytes)?;
    Real.rename(&beside, path)
}

/// The few things that are done to a disk, so that tests can let each of them fail.
trait Disk {
    /// Creates or empties the file, writes it, and flushes it to the disk.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Renames over whatever is there, and flushes the folder.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
}

fn replace_on(disk: &dyn Disk, folder: &Path, found: Place, bytes: &[u8]) -> io::Result<()> {
    let [key, new, old] = Place::IN_ORDER.map(|place| place.path(folder));
    if found != Place::Key {
        return disk.write(&key, bytes);
    }
    let present = read(folder, Place::Key)?.ok_or(io::ErrorKind::NotFound)?;
    disk.write(&new, bytes)?;
    disk.write(&old, &present)?;
    disk.rename(&new, &key)
}

fn prepare_on(disk: &dyn Disk, folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let [key, new, _] = Place::IN_ORDER.map(|place| place.path(folder));
    let is_one = |place| Ok::<_, io::Error>(read(folder, place)?.is_some_and(|bytes| Header::parse(&bytes).is_some()));
    // What a pulled stick left in the place that is needed now may be all that there is.
    if !is_one(Place::Key)? && is_one(Place::New)? {
        disk.rename(&new, &key)?;
    }
    disk.write(&new, bytes)
}

fn adopt_on(disk: &dyn Disk, folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let [key, new, old] = Place::IN_ORDER.map(|place| place.path(folder));
    disk.write(&old, bytes)?;
    disk.rename(&new, &key)
}

struct Real;

impl Disk for Real {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)?;
        flush_folder(to)
    }
}

#[cfg(unix)]
fn flush_folder(file: &Path) -> io::Result<()> {
    match File::open(file.parent().unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()) {
        // Some file systems cannot flush a folder by itself.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        done => done,
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn flush_folder(_: &Path) -> io::Result<()> {
    // Windows flushes the folder of a removable drive by itself.
    Ok(())
}

#[cfg(test)]
mod tests;
