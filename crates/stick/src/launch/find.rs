//! Where the programs of this computer are.

use std::{
    env,
    ffi::OsStr,
    path::{Component, Path, PathBuf},
};

/// The most folders that are searched.
pub(crate) const MAX_SEARCHED_FOLDERS: usize = 128;

/// The kind of system whose programs are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Windows.
    Windows,
    /// Linux, and what is like it.
    Unix,
}

impl System {
    /// The one this program runs on.
    pub const fn here() -> Self {
        if cfg!(windows) { Self::Windows } else { Self::Unix }
    }
}

/// Where programs are looked for, in this order.
#[derive(Debug, Clone)]
pub struct Search {
    /// What file names look like.
    pub system: System,
    /// The folders.
    pub folders: Vec<PathBuf>,
}

impl Search {
    /// The folders of this computer. On Windows its own come first, so that nothing in a user's `PATH` poses as `mstsc`.
    pub fn of_this_computer() -> Self {
        let system = System::here();
        let mut folders = Vec::new();
        if system == System::Windows {
            let root = env::var_os("SystemRoot").map_or_else(|| PathBuf::from(r"C:\Windows"), PathBuf::from);
            folders.extend([root.join("System32"), root.join("System32").join("OpenSSH")]);
        }
        if let Some(path) = env::var_os("PATH") {
            folders.extend(env::split_paths(&path));
        }
        Self::new(system, folders)
    }

    /// Searches these folders. Relative ones are left out: they would mean whatever folder one happens to be in.
    pub fn new(system: System, folders: Vec<PathBuf>) -> Self {
        let folders = folders.into_iter().filter(|folder| folder.is_absolute()).take(MAX_SEARCHED_FOLDERS).collect();
        Self { system, folders }
    }

    /// The first program of this name.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        self.folders.iter().flat_map(|folder| self.spellings(name).map(|file| folder.join(file))).find(|at| runs(at))
    }

    /// The program that an administrator's command names: by its bare name, by its full path, or by a path inside the
    /// stick's folder, where portable programs may lie.
    pub(crate) fn find_written(&self, written: &str, folder: &Path) -> Option<PathBuf> {
        let path = Path::new(written);
        if path.file_name() == Some(OsStr::new(written)) && path.components().count() == 1 {
            return self.find(written);
        }
        let inside = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        let whole = match (path.is_absolute(), inside) {
            (true, _) => path.to_owned(),
            (false, true) => folder.join(path),
            (false, false) => return None,
        };
        let (parent, name) = (whole.parent()?, whole.file_name()?.to_str()?);
        self.spellings(name).map(|file| parent.join(file)).find(|at| runs(at))
    }

    fn spellings(&self, name: &str) -> impl Iterator<Item = String> + use<> {
        let plain = self.system == System::Unix || Path::new(name).extension().is_some();
        let spellings = if plain { vec![name.to_owned()] } else { vec![format!("{name}.exe"), format!("{name}.com")] };
        spellings.into_iter()
    }
}

#[cfg(unix)]
fn runs(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn runs(path: &Path) -> bool {
    path.is_file()
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn fake(folder: &Path, name: &str, mode: u32) -> PathBuf {
        let path = folder.join(name);
        let made = || {
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            fs::write(&path, "#!/bin/sh\n")?;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))
        };
        made().expect("a fake can be written");
        path
    }

    #[test]
    fn finds_what_runs_in_the_order_of_the_folders() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fake(first.path(), "xfreerdp", 0o644);
        let wanted = fake(second.path(), "xfreerdp", 0o755);
        let search = Search::new(System::Unix, vec![first.path().into(), "relative".into(), second.path().into()]);
        assert_eq!(search.find("xfreerdp"), Some(wanted));
        assert_eq!(search.find("remmina"), None);
        assert_eq!(search.folders.len(), 2);
    }

    #[test]
    fn windows_adds_the_ending() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = fake(folder.path(), "mstsc.exe", 0o755);
        let search = Search::new(System::Windows, vec![folder.path().into()]);
        assert_eq!(search.find("mstsc"), Some(wanted));
    }

    #[test]
    fn a_written_path_stays_inside_the_stick_or_is_whole() {
        let (stick, path) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let on_stick = fake(stick.path(), "apps/fibu", 0o755);
        let on_computer = fake(path.path(), "fibu", 0o755);
        fake(stick.path(), "fibu2", 0o755);
        let search = Search::new(System::Unix, vec![path.path().into()]);
        assert_eq!(search.find_written("fibu", stick.path()), Some(on_computer.clone()));
        assert_eq!(search.find_written("apps/fibu", stick.path()), Some(on_stick.clone()));
        assert_eq!(search.find_written("./apps/fibu", stick.path()), Some(stick.path().join("./apps/fibu")));
        assert_eq!(search.find_written(on_computer.to_str().unwrap(), stick.path()), Some(on_computer));
        assert_eq!(search.find_written("../x/fibu", stick.path()), None);
        assert_eq!(search.find_written("fibu2", stick.path()), None, "a bare name means a program of the computer");
        assert_eq!(search.find_written("", stick.path()), None);
    }

    #[test]
    fn the_folders_are_bounded() {
        let many = (0..MAX_SEARCHED_FOLDERS + 5).map(|n| PathBuf::from(format!("/x/{n}"))).collect();
        assert_eq!(Search::new(System::Unix, many).folders.len(), MAX_SEARCHED_FOLDERS);
    }
}
