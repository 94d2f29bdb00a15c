//! The web app's own scripts (web/package.json).

use std::{fs, process::Command};

use anyhow::{Context as _, Result};

use crate::{
    shell::{command, quiet, root},
    tools,
};

/// A script of web/package.json, ready to run; installs the packages of the lock file first where they differ.
pub(crate) fn script(name: &str) -> Result<Command> {
    install()?;
    npm(&["run", "--silent", name])
}

/// Installs exactly the packages of the lock file, unless they are there already.
pub(crate) fn install() -> Result<()> {
    let web = root().join("web");
    let wanted = fs::read(web.join("package-lock.json")).context("read web/package-lock.json")?;
    let stamp = web.join("node_modules/.fernamt-installed");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    quiet(&mut npm(&["ci", "--no-audit", "--no-fund"])?)?;
    fs::write(stamp, wanted)?;
    Ok(())
}

/// Builds web/dist, which the server embeds, unless it is newer than everything it is made from.
pub(crate) fn build() -> Result<()> {
    if is_fresh() {
        return Ok(());
    }
    quiet(&mut script("build")?).context("build the web app")
}

/// A program of the installed packages.
pub(crate) fn npx(words: &[&str]) -> Result<Command> {
    install()?;
    let mut command = npm(&["exec", "--offline", "--"])?;
    command.args(words);
    Ok(command)
}

fn npm(words: &[&str]) -> Result<Command> {
    let mut command = command("npm");
    command.args(words).current_dir(root().join("web")).env("PATH", tools::path_with_node()?);
    Ok(command)
}

fn is_fresh() -> bool {
    let modified = |path: &std::path::Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let Some(built) = modified(&root().join("web/dist/index.html")) else { return false };
    let Ok(files) = crate::shell::tracked_files() else { return false };
    let sources = files.iter().filter(|name| name.starts_with("web/") && !name.starts_with("web/e2e/"));
    sources.map(|name| root().join(name)).all(|path| modified(&path).is_some_and(|changed| changed <= built))
}
