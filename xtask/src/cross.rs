//! Compilers for the stick's programs, which run where nothing of this machine is: on an older Linux, on Windows, and on
//! a Linux without a single library. They are kept in the tools' cache; nothing is installed, and nobody needs root.
//!
//! The C compiler and linker for Linux is Zig, which carries glibc's symbols by version and all of musl. Rust's standard
//! library for Windows and for musl is built from source, by Debian's compiler and the source packaged with it.

mod debian;

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    shell::{cargo, command, root, target_dir},
    tools,
};
use debian::Debian;

/// The oldest glibc that the stick's window runs with: that of Debian 10, Ubuntu 20.04 and RHEL 8.
pub(crate) const OLDEST_GLIBC: (u32, u32) = (2, 28);

/// A kind of computer that a stick is put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform {
    /// Linux with the usual libraries and a window.
    Linux,
    /// Windows.
    Windows,
    /// Linux without any library, and so without a window.
    Static,
}

impl Platform {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Linux, Self::Windows, Self::Static];

    /// Rust's name for it.
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Self::Linux => "x86_64-unknown-linux-gnu",
            Self::Windows => "x86_64-pc-windows-gnu",
            Self::Static => "x86_64-unknown-linux-musl",
        }
    }
}

/// The compilers for one platform.
pub(crate) struct Toolchain {
    platform: Platform,
    /// Compiles C and links.
    c_compiler: PathBuf,
    archiver: PathBuf,
    /// Rust's compiler and library source; this machine's own compiler without it.
    debian: Option<Debian>,
}

impl Toolchain {
    /// Fetches what is missing. Fails, saying what to do, on a machine that cannot have it.
    pub(crate) fn prepare(platform: Platform) -> Result<Self> {
        ensure!(
            cfg!(all(target_os = "linux", target_arch = "x86_64")),
            "the stick's programs are built on Linux on x86_64; to go on without them: cargo xtask dist --without-sticks"
        );
        let (c_compiler, archiver, debian) = match platform {
            Platform::Linux => {
                let target = format!("x86_64-linux-gnu.{}.{}", OLDEST_GLIBC.0, OLDEST_GLIBC.1);
                (zig_compiler(&target)?, zig_archiver()?, None)
            }
            Platform::Static => (zig_compiler("x86_64-linux-musl")?, zig_archiver()?, Some(Debian::prepare()?)),
            Platform::Windows => {
                let debian = Debian::prepare()?;
                let [gcc, ar] =
                    ["x86_64-w64-mingw32-gcc-win32", "x86_64-w64-mingw32-ar"].map(|name| debian.program(name));
                (gcc, ar, Some(debian))
            }
        };
        Ok(Self { platform, c_compiler, archiver, debian })
    }

    /// Cargo with a word such as `build`, for this platform.
    pub(crate) fn cargo(&self, word: &str) -> Result<Command> {
        let mut cargo = match &self.debian {
            Some(debian) => debian_cargo(debian)?,
            None => cargo(),
        };
        let triple = self.platform.triple();
        cargo.args([word, "--locked", "--target", triple]);
        if self.debian.is_some() {
            cargo.arg("-Zbuild-std=std,panic_unwind");
        }
        let variable = triple.replace('-', "_");
        cargo.env(format!("CC_{variable}"), &self.c_compiler);
        cargo.env(format!("AR_{variable}"), &self.archiver);
        cargo.env(format!("CFLAGS_{variable}"), format!("-ffile-prefix-map={}=/cargo", cargo_home()?.display()));
        // The form that no other setting of flags overrides, separated by a character that no path contains.
        cargo.env("CARGO_ENCODED_RUSTFLAGS", self.rust_flags()?.join("\u{1f}"));
        Ok(cargo)
    }

    /// Where Cargo puts programs of `profile`.
    pub(crate) fn folder(&self, profile: &str) -> PathBuf {
        let target = if self.debian.is_some() { debian_target() } else { target_dir() };
        target.join(self.platform.triple()).join(profile)
    }

    /// Compiles one C file to a program or, with `-shared` among the words, to a library.
    pub(crate) fn compile_c(&self, words: &[&str], source: &Path, output: &Path) -> Result<()> {
        crate::shell::quiet(command(&self.c_compiler).args(["-O1", "-o"]).arg(output).arg(source).args(words))
    }

    fn rust_flags(&self) -> Result<Vec<String>> {
        let mut flags = vec![format!("-Clinker={}", self.c_compiler.display())];
        // Nobody who gets the program needs to know where it was built, and it is the same wherever that was.
        let mut moved = vec![(root(), "/fernamt"), (cargo_home()?, "/cargo")];
        moved.extend(self.debian.as_ref().map(|debian| (debian.folder().to_owned(), "/debian")));
        flags.extend(moved.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())));
        flags.extend(match self.platform {
            // Rust's own choice of linker is not Zig's.
            Platform::Linux => vec!["-Clinker-features=-lld".to_owned()],
            Platform::Windows => {
                let dlltool = self.debian.as_ref().map(|debian| debian.program("x86_64-w64-mingw32-dlltool"));
                let dlltool = dlltool.context("the Windows program is built with Debian's compilers")?;
                vec!["-Ctarget-feature=+crt-static".to_owned(), format!("-Cdlltool={}", dlltool.display())]
            }
            Platform::Static => {
                ["-Clink-self-contained=no", "-Crelocation-model=static", "-Ctarget-feature=+crt-static"]
                    .map(str::to_owned)
                    .to_vec()
            }
        });
        Ok(flags)
    }
}

/// Debian's Cargo with its compiler. Its build folder is its own: two compilers in one would build everything twice in turn.
fn debian_cargo(debian: &Debian) -> Result<Command> {
    let mut cargo = command(debian.program("cargo"));
    cargo.env("RUSTC", debian.program("rustc")).env("LD_LIBRARY_PATH", debian.libraries());
    // Building the standard library is what this compiler still calls unstable.
    cargo.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", debian_target());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(debian.programs()).chain(std::env::split_paths(&path));
    cargo.env("PATH", std::env::join_paths(paths).context("build the search path")?);
    Ok(cargo)
}

fn debian_target() -> PathBuf {
    target_dir().join("cross")
}

fn cargo_home() -> Result<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let usual = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    set.or_else(usual).context("set HOME or CARGO_HOME")
}

/// A program that is `zig cc` for one target: Cargo and C build scripts want a compiler in one word. They also name the
/// target in a way that Zig does not understand.
fn zig_compiler(target: &str) -> Result<PathBuf> {
    // Zig would otherwise put checks into debug builds that call a library of its own.
    let body = format!(
        "for word do\n  shift\n  case $word in\n    --target=*) ;;\n    *) set -- \"$@\" \"$word\" ;;\n  esac\ndone\n\
         exec \"$zig\" cc -target {target} -fno-sanitize=undefined \"$@\"\n"
    );
    zig_script(&format!("zig-cc-{target}"), &body)
}

fn zig_archiver() -> Result<PathBuf> {
    zig_script("zig-ar", "exec \"$zig\" ar \"$@\"\n")
}

fn zig_script(name: &str, body: &str) -> Result<PathBuf> {
    let zig = tools::zig()?;
    let cache = tools::cache_dir()?;
    let text = format!(
        "#!/bin/sh\nzig={}\nexport ZIG_GLOBAL_CACHE_DIR={} ZIG_LOCAL_CACHE_DIR={}\n{body}",
        quoted(&zig),
        quoted(&cache.join("zig")),
        quoted(&cache.join("zig")),
    );
    let script = cache.join(format!("{name}-{:08x}", tools::hash(&text) >> 32));
    if !script.exists() {
        // Another process may be about to do the same.
        let part = script.with_extension(std::process::id().to_string());
        fs::write(&part, text).with_context(|| format!("write {}", part.display()))?;
        fs::set_permissions(&part, fs::Permissions::from_mode(0o755))?;
        fs::rename(&part, &script)?;
    }
    Ok(script)
}

fn quoted(path: &Path) -> String {
    let text: OsString = path.into();
    format!("'{}'", text.to_string_lossy().replace('\'', r"'\''"))
}
