//! Programs of npm with what they need by version and hash, installed once and kept in the cache.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use super::{NotAtHand, root};

/// The folder with the packages of a lock file, installed first where that was not done yet.
pub(super) fn packages(name: &str, package: &str, lock: &str) -> Result<PathBuf> {
    let cache = root::cache_dir()?;
    let folder = cache.join(format!("{name}-{:08x}", root::short_hash(format!("{package}{lock}"))));
    if folder.join("installed").exists() {
        return Ok(folder);
    }
    let at_hand = |program| Command::new(program).arg("--version").output().is_ok_and(|done| done.status.success());
    if !at_hand("node") || !at_hand("npm") {
        return Err(NotAtHand("it needs Node.js with npm").into());
    }
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let guard = File::create(cache.join(format!("{name}.lock"))).context("create the lock of the packages")?;
    guard.lock().context("wait for another process that installs them")?;
    if !folder.join("installed").exists() {
        fs::write(folder.join("package.json"), package)?;
        fs::write(folder.join("package-lock.json"), lock)?;
        let mut command = Command::new("npm");
        command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder).stdin(Stdio::null());
        let output = command.output().context("run npm")?;
        ensure!(output.status.success(), "npm failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        fs::write(folder.join("installed"), "")?;
    }
    Ok(folder)
}
