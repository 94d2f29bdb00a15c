//! Python environments with packages by version and hash, made once and kept in the cache.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use super::{NotAtHand, root};

/// The Python that has these packages, installed first where that was not done yet.
pub(super) fn python(name: &str, requirements: &str) -> Result<PathBuf> {
    let cache = root::cache_dir()?;
    let folder = cache.join(format!("{name}-{:08x}", root::short_hash(requirements)));
    let python = folder.join("bin/python");
    if folder.join("installed").exists() {
        return Ok(python);
    }
    if !Command::new("python3").args(["-c", "import ensurepip, venv"]).output().is_ok_and(|done| done.status.success())
    {
        return Err(NotAtHand("it needs Python with its module venv").into());
    }
    fs::create_dir_all(&cache).with_context(|| format!("create {}", cache.display()))?;
    let lock = File::create(cache.join(format!("{name}.lock"))).context("create the lock of an environment")?;
    lock.lock().context("wait for another process that installs it")?;
    if !folder.join("installed").exists() {
        let list = cache.join(format!("{name}.txt"));
        fs::write(&list, requirements)?;
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let options = ["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:", "--no-deps", "-r"];
        run(Command::new(&python).args(options).arg(&list))?;
        fs::write(folder.join("installed"), "")?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("run {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
