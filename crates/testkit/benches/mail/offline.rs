//! The search that works without a line, in Chromium: the web app's own story fills a sealed container and asks it.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use fernamt_testkit::report::{Better, Report, Row};
use serde::Deserialize;

/// Goal of the product for a search whose parts of the index were opened before.
const WARM_MS: f64 = 100.0;

/// What the story writes down; times in milliseconds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    added_ms: f64,
    bytes: f64,
    unlocked_ms: f64,
    one_more_ms: f64,
    cached_bytes: f64,
    cases: Vec<Case>,
}

/// One search, asked nine times.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    hits: u64,
    cold_ms: f64,
    warm_ms: f64,
}

/// Searches so many messages in a container.
pub(crate) fn measure(report: &mut Report, messages: usize) -> Result<()> {
    println!("A container in Chromium gets {messages} messages …");
    let folder = tempfile::tempdir()?;
    let written = folder.path().join("figures.json");
    let status = Command::new("npm")
        .args(["run", "--silent", "e2e", "--", "e2e/tests/container.test.ts", "-t", "how long the search takes"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web"))
        .env("OFFLINE_SEARCH", messages.to_string())
        .env("FIGURES", &written)
        .status()
        .context("run the web app's story")?;
    ensure!(status.success(), "the story of the offline search failed");
    let figures: Figures = serde_json::from_slice(&std::fs::read(&written)?)?;

    let mut push = |case: &str, unit: &str, figure| report.push(Row::figure(case, unit, figure));
    push("offline: unlocking the container", "ms", figures.unlocked_ms);
    push(
        "offline: putting a message into the index, of many",
        "ms",
        figures.added_ms / crate::figure(messages.max(1))?,
    );
    push("offline: putting one message into the index", "ms", figures.one_more_ms);
    push("offline: the index on the disk", "MB", figures.bytes / 1e6);
    push("offline: the index in memory after all searches", "MB", figures.cached_bytes / 1e6);
    for Case { name, hits, cold_ms, warm_ms } in &figures.cases {
        report.push(Row::figure(&format!("offline search for {name}, cold ({hits} messages)"), "ms", *cold_ms));
        let warm = format!("offline search for {name}, warm, median");
        report.push(Row::goal(&warm, "ms", Better::Lower, *warm_ms, WARM_MS));
    }
    Ok(())
}
