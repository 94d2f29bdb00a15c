//! The browser.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

/// Places where distributions put Chromium; `FERNAMT_CHROMIUM` comes before them.
const PLACES: &[&str] = &["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// Chromium's executable.
pub fn chromium() -> Result<PathBuf> {
    let named = std::env::var_os("FERNAMT_CHROMIUM").map(PathBuf::from);
    let places = named.into_iter().chain(PLACES.iter().map(PathBuf::from));
    places.into_iter().find(|path| path.exists()).context("no Chromium here: install the package `chromium`")
}
