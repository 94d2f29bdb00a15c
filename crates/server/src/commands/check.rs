//! `fernamt check`: reads the configuration and names each fault with its line and remedy.

use std::{fmt::Write as _, path::Path, process::ExitCode};

use crate::config::Config;

/// Exit code 0 if the configuration is good, 1 if not.
pub(crate) fn run(path: &Path) -> anyhow::Result<ExitCode> {
    match Config::read(path) {
        Ok(config) => {
            let zones: Vec<&str> = config.listener.iter().map(|listener| listener.zone.as_str()).collect();
            super::print(&format!("{} is good. Zones: {}.\n", path.display(), zones.join(", ")))
        }
        Err(faults) => {
            let mut text = String::new();
            for fault in &faults {
                writeln!(text, "{}: {fault}", path.display())?;
            }
            super::print(&text)?;
            Ok(ExitCode::FAILURE)
        }
    }
}
