//! The stick's programs: built for each platform, and looked at before anybody gets them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    cross::{OLDEST_GLIBC, Platform, Toolchain},
    shell::{self, capture, command},
};

/// The libraries that every Linux with a window system has.
const LIBRARIES: &[&str] =
    &["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1", "ld-linux-x86-64.so.2"];

/// Builds the programs into `folder` under the names by which the server finds them.
pub(crate) fn build(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    for platform in Platform::ALL {
        build_one(platform, folder).with_context(|| format!("the stick's program for {}", platform.triple()))?;
    }
    Ok(())
}

/// Builds one program into `folder` and returns its path.
pub(crate) fn build_one(platform: Platform, folder: &Path) -> Result<PathBuf> {
    let toolchain = Toolchain::prepare(platform)?;
    let mut cargo = toolchain.cargo("build")?;
    cargo.args(["--release", "-p", "fernamt-stick", "--bin", "fernamt-stick", "--no-default-features"]);
    if platform != Platform::Static {
        cargo.args(["--features", "window"]);
    }
    shell::run(&mut cargo)?;
    let built = if platform == Platform::Windows { "fernamt-stick.exe" } else { "fernamt-stick" };
    let program = folder.join(name(platform));
    fs::copy(toolchain.folder("release").join(built), &program).context("copy the program")?;
    inspect(platform, &program)?;
    Ok(program)
}

/// The program's name in the archive and in the server's folder of stick programs.
pub(crate) fn name(platform: Platform) -> &'static str {
    match platform {
        Platform::Linux => "fernamt-stick",
        Platform::Windows => "fernamt-stick.exe",
        Platform::Static => "fernamt-stick-static",
    }
}

/// Fails when the program asks for more than its platform surely has.
fn inspect(platform: Platform, program: &Path) -> Result<()> {
    // binutils reads Windows programs too.
    let headers = capture(command("objdump").arg("-p").arg(program))?;
    match platform {
        Platform::Linux => {
            let foreign: Vec<_> = needed(&headers).filter(|name| !LIBRARIES.contains(name)).collect();
            ensure!(foreign.is_empty(), "it needs libraries that not every Linux has: {}", foreign.join(", "));
            let symbols = capture(command("objdump").arg("-T").arg(program))?;
            let newest = newest_glibc(&symbols).context("it names no version of glibc")?;
            ensure!(newest <= OLDEST_GLIBC, "it needs glibc {}.{}", newest.0, newest.1);
        }
        Platform::Static => {
            ensure!(!headers.contains("INTERP"), "it is not static: it asks for a loader");
            ensure!(needed(&headers).next().is_none(), "it is not static: it needs libraries");
        }
        Platform::Windows => {
            let runtimes = ["libgcc", "libstdc++", "libwinpthread"];
            let foreign: Vec<_> =
                imported(&headers).filter(|dll| runtimes.iter().any(|name| dll.starts_with(name))).collect();
            ensure!(foreign.is_empty(), "it needs libraries that Windows does not have: {}", foreign.join(", "));
            ensure!(headers.contains("(Windows GUI)"), "a console would flash up behind its window");
        }
    }
    Ok(())
}

/// The shared libraries that a Linux program loads.
fn needed(headers: &str) -> impl Iterator<Item = &str> {
    headers.lines().filter_map(|line| line.trim().strip_prefix("NEEDED").map(str::trim))
}

/// The libraries that a Windows program loads.
fn imported(headers: &str) -> impl Iterator<Item = &str> {
    headers.lines().filter_map(|line| line.trim().strip_prefix("DLL Name:").map(str::trim))
}

/// The newest version of glibc that a table of dynamic symbols asks for.
fn newest_glibc(symbols: &str) -> Option<(u32, u32)> {
    let versions = symbols.split("GLIBC_").skip(1).filter_map(|rest| {
        let mut numbers = rest.split(|character: char| !character.is_ascii_digit()).map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    });
    versions.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_found_by_number_and_not_by_letter() {
        let table = "0000 DF *UND* 0000 (GLIBC_2.4) a\n0000 DF *UND* 0000 (GLIBC_2.28) b\n0000 (GLIBC_2.2.5) c\n";
        assert_eq!(newest_glibc(table), Some((2, 28)));
        assert_eq!(newest_glibc("0000 g DF .text 0000 main"), None);
    }

    #[test]
    fn needed_libraries_are_listed() {
        let linux =
            "Dynamic Section:\n  NEEDED               libm.so.6\n  NEEDED               libX11.so.6\n  INIT 0x1\n";
        assert_eq!(needed(linux).collect::<Vec<_>>(), ["libm.so.6", "libX11.so.6"]);
        let windows = "\tDLL Name: KERNEL32.dll\n\tvma:  Hint\n\tDLL Name: libwinpthread-1.dll\n";
        assert_eq!(imported(windows).collect::<Vec<_>>(), ["KERNEL32.dll", "libwinpthread-1.dll"]);
    }
}
