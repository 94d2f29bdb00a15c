//! Debian's packages with a Rust compiler, the source of its standard library, and a C compiler for Windows, unpacked
//! into a folder of our own instead of being installed.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    shell::{capture, command, on_path, quiet},
    tools,
};

/// The release that has them: rustc-web is the compiler with which it builds browsers.
const SUITE: &str = "bookworm";

/// Shared libraries that these need come as apt says.
const PACKAGES: &[&str] = &[
    "binutils-mingw-w64-x86-64",
    "cargo-web",
    "gcc-mingw-w64-x86-64-win32",
    "gcc-mingw-w64-x86-64-win32-runtime",
    "libstd-rust-web-dev",
    "mingw-w64-common",
    "mingw-w64-x86-64-dev",
    "rust-web-src",
    "rustc-web",
];

/// The unpacked packages.
pub(crate) struct Debian {
    folder: PathBuf,
}

impl Debian {
    /// Fetches and unpacks them where they are missing. Several processes may ask at once: one does it, the others wait.
    pub(crate) fn prepare() -> Result<Self> {
        let cache = tools::cache_dir()?;
        let folder = cache.join(format!("cross-{SUITE}-{:08x}", tools::hash((SUITE, PACKAGES)) >> 32));
        let debian = Self { folder };
        if !debian.folder.is_dir() {
            fs::create_dir_all(&cache).with_context(|| format!("create {}", cache.display()))?;
            let lock = File::create(cache.join("cross.lock")).context("create the lock of the cross compilers")?;
            lock.lock().context("wait for another process that fetches the cross compilers")?;
            if !debian.folder.is_dir() {
                debian.fetch(&cache)?;
            }
        }
        Ok(debian)
    }

    /// The folder that is `/` for the packages.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where their programs are.
    pub(crate) fn programs(&self) -> PathBuf {
        self.folder.join("usr/bin")
    }

    /// One of their programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs().join(name)
    }

    /// Where their shared libraries are.
    pub(crate) fn libraries(&self) -> PathBuf {
        self.folder.join("usr/lib/x86_64-linux-gnu")
    }

    fn fetch(&self, cache: &Path) -> Result<()> {
        ensure!(
            suite().as_deref() == Some(SUITE) && on_path("apt-get"),
            "the stick's programs for Windows and without libraries are built with packages of Debian 12 ({}), and this \
             is another system: run this in a Debian 12 container, or leave them out: cargo xtask dist --without-sticks",
            PACKAGES.join(" ")
        );
        let apt = cache.join("apt");
        for folder in ["lists/partial", "archives/partial"] {
            fs::create_dir_all(apt.join(folder)).with_context(|| format!("create {}", apt.display()))?;
        }
        quiet(apt_get(&apt).arg("update")).context("fetch Debian's lists of packages")?;
        let packages = apt.join("packages");
        fs::create_dir_all(&packages)?;
        quiet(apt_get(&apt).current_dir(&packages).arg("download").args(wanted(&apt)?))
            .context("fetch Debian's packages")?;
        let part = self.folder.with_extension("part");
        if part.exists() {
            fs::remove_dir_all(&part)?;
        }
        for package in fs::read_dir(&packages)? {
            quiet(command("dpkg-deb").arg("-x").arg(package?.path()).arg(&part))?;
        }
        fs::remove_dir_all(&apt)?;
        for needed in ["usr/bin/rustc", "usr/bin/cargo", "usr/lib/rustlib/src/rust/library/Cargo.lock"] {
            ensure!(part.join(needed).exists(), "Debian's packages did not bring {needed}");
        }
        fs::rename(&part, &self.folder).context("move the cross compilers into place")
    }
}

/// The packages, and what of their dependencies this machine does not have.
fn wanted(apt: &Path) -> Result<Vec<String>> {
    let plan = capture(apt_get(apt).args(["--simulate", "--no-install-recommends", "install"]).args(PACKAGES))
        .context("ask what Debian's packages need")?;
    let mut all: Vec<_> = PACKAGES.iter().map(|&name| name.to_owned()).collect();
    let planned = plan.lines().filter_map(|line| line.strip_prefix("Inst ")?.split_whitespace().next());
    all.extend(planned.map(str::to_owned));
    all.sort();
    all.dedup();
    Ok(all)
}

/// apt with the system's sources and keys, but lists and archives of our own: that needs no root.
fn apt_get(apt: &Path) -> Command {
    let mut command = command("apt-get");
    command.arg("-qq");
    for (setting, folder) in [("Dir::State::Lists", "lists"), ("Dir::Cache::Archives", "archives")] {
        command.arg("-o").arg(format!("{setting}={}", apt.join(folder).display()));
    }
    for name in ["pkgcache", "srcpkgcache"] {
        command.arg("-o").arg(format!("Dir::Cache::{name}={}", apt.join(name).display()));
    }
    command
}

/// The Debian release that this machine runs.
fn suite() -> Option<String> {
    let text = fs::read_to_string("/etc/os-release").ok()?;
    text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).map(|name| name.trim_matches('"').to_owned())
}
