//! The commands of `fernamt`, a module each.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod serve;
pub(crate) mod setup;
pub(crate) mod stick;
pub(crate) mod target;
pub(crate) mod user;

use std::{io::Write as _, path::Path, process::ExitCode};

use anyhow::Context as _;

use crate::config::Config;

/// Writes a command's answer to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("standard output cannot be written to")?;
    Ok(ExitCode::SUCCESS)
}

/// The configuration, or all its faults in one error.
pub(crate) fn configuration(path: &Path) -> anyhow::Result<Config> {
    Config::read(path).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
        anyhow::anyhow!("{} has faults:\n{}", path.display(), lines.join("\n"))
    })
}
