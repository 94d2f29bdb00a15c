//! The web app's own scripts (web/package.json).

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

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
    let wanted = packages(&web.join("package-lock.json"))?;
    if packages(&web.join("node_modules/.package-lock.json")).is_ok_and(|installed| satisfies(&installed, &wanted)) {
        return Ok(());
    }
    quiet(&mut npm(&["ci", "--no-audit", "--no-fund"])?).context("install the web app's packages")
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

/// The packages of a lock file: `package-lock.json`, or the one that npm leaves beside what it installed.
fn packages(lock: &Path) -> Result<Map<String, Value>> {
    let text = fs::read(lock).with_context(|| format!("read {}", lock.display()))?;
    let mut lock: Value = serde_json::from_slice(&text).with_context(|| format!("read {}", lock.display()))?;
    let mut packages = lock["packages"].as_object_mut().map(std::mem::take).context("a lock file has packages")?;
    packages.remove("");
    Ok(packages)
}

/// Every wanted package is installed in its version, but for optional ones of other machines, and no other is.
fn satisfies(installed: &Map<String, Value>, wanted: &Map<String, Value>) -> bool {
    let fulfilled = |(path, package): (&String, &Value)| match installed.get(path) {
        Some(found) => found["version"] == package["version"],
        None => package["optional"] == true,
    };
    wanted.iter().all(fulfilled) && installed.keys().all(|path| wanted.contains_key(path))
}

fn is_fresh() -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let Some(built) = modified(&root().join("web/dist/index.html")) else { return false };
    let Ok(files) = crate::shell::tracked_files() else { return false };
    let sources = files.iter().filter(|name| name.starts_with("web/") && !name.starts_with("web/e2e/"));
    sources.map(|name| root().join(name)).all(|path| modified(&path).is_some_and(|changed| changed <= built))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn packages_of_other_machines_may_be_missing_and_nothing_else() {
        let wanted = map(&json!({ "a": { "version": "1" }, "b": { "version": "2", "optional": true } }));
        assert!(satisfies(&map(&json!({ "a": { "version": "1" } })), &wanted));
        assert!(!satisfies(&map(&json!({ "a": { "version": "2" } })), &wanted));
        assert!(!satisfies(&map(&json!({ "b": { "version": "2" } })), &wanted));
        assert!(!satisfies(&map(&json!({ "a": { "version": "1" }, "c": { "version": "1" } })), &wanted));
    }
}
