//! Rust's tests: built once, then run by us, so that stages can be told apart and timed.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::{check::metadata::Metadata, shell::cargo};

/// One test program.
pub(crate) struct Executable {
    package: String,
    target: String,
    path: PathBuf,
    folder: PathBuf,
}

/// The lines of Cargo's build that name a program.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    executable: Option<PathBuf>,
    #[serde(default)]
    manifest_path: String,
    target: Option<Target>,
    #[serde(default)]
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// Builds every test of the workspace, and the programs that integration tests start, and lists the tests. All in one
/// go: another selection of packages would choose other features and build the same crates again.
pub(crate) fn build() -> Result<Vec<Executable>> {
    let metadata = Metadata::load()?;
    let output = cargo()
        .args(["test", "--quiet", "--locked", "--workspace", "--no-run", "--message-format=json-render-diagnostics"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("run cargo")?;
    ensure!(output.status.success(), "the build failed: mend what the compiler says");
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut executables: Vec<_> = messages.lines().filter_map(|line| executable(line, &metadata)).collect();
    executables.sort_by_key(Executable::label);
    Ok(executables)
}

impl Executable {
    /// The program with what Cargo would give it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        // The output of passing tests is where a skipped one says why.
        command.arg("--show-output").current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        command
    }

    /// Stories drive the whole server against real peers.
    pub(crate) fn is_story(&self) -> bool {
        self.package == "fernamt-server" && self.target == "main"
    }

    /// How it is called in logs.
    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.package, self.target)
    }
}

fn executable(line: &str, metadata: &Metadata) -> Option<Executable> {
    let message: Message = serde_json::from_str(line).ok()?;
    let path = message.executable.filter(|_| message.profile.is_some_and(|profile| profile.test))?;
    let package = metadata.by_manifest(&message.manifest_path)?.name.clone();
    let folder = Path::new(&message.manifest_path).parent()?.to_owned();
    Some(Executable { package, target: message.target?.name, path, folder })
}
