//! How long the server takes to listen, what it holds when idle, and what the first page weighs.

#![expect(clippy::print_stdout, reason = "a bench tells how far it is")]

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, Result, ensure};
use fernamt_testkit::{
    http,
    office::{Office, pause},
    process,
    report::{Better, Report, Row, median},
};

/// Starts whose median counts.
const STARTS: usize = 5;
/// How long the server is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(10);

fn main() -> Result<()> {
    let mut report = Report::new("start");

    println!("Starting {STARTS} times …");
    let mut seconds = Vec::new();
    for _ in 0..STARTS {
        seconds.push(Office::start()?.started_in.as_secs_f64());
    }
    report.push(Row::goal("start to listening, new installation", "s", Better::Lower, median(seconds), 1.0));

    let office = Office::start()?;
    println!("Leaving it idle for {} s …", IDLE.as_secs());
    pause(IDLE);
    let megabytes = as_f64(process::memory(office.pid())?) / 1e6;
    report.push(Row::goal("idle memory (PSS)", "MB", Better::Lower, megabytes, 80.0));

    let first_page = first_page_bytes(&office)?;
    report.push(Row::goal("first page, gzip", "kB", Better::Lower, as_f64(first_page) / 1e3, 250.0));

    report.finish()?;
    Ok(())
}

/// The page, and every script, style sheet and module that it names: what a browser fetches before it can show anything.
fn first_page_bytes(office: &Office) -> Result<u64> {
    let fetch = |path: &str| {
        let headers = [("Host", office.host()), ("Accept-Encoding", "gzip".to_owned())];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = http::request(office.address(), "GET", path, &headers, b"")?;
        ensure!(answer.status == 200, "{path}: status {}", answer.status);
        Ok(answer)
    };
    let host = office.host();
    let plain = http::request(office.address(), "GET", "/", &[("Host", &host)], b"")?;
    let page = String::from_utf8(plain.body).context("the page is text")?;
    let named: BTreeSet<_> = page.split(['"', '\'']).filter(|word| word.starts_with("/assets/")).collect();
    ensure!(!named.is_empty(), "the page names no scripts: was the web app built?");
    let mut total = fetch("/")?.body.len();
    for path in named {
        let answer = fetch(path)?;
        ensure!(
            answer.headers.get("content-encoding").is_some_and(|coding| coding == "gzip"),
            "{path} is not compressed"
        );
        total += answer.body.len();
    }
    Ok(total.try_into()?)
}

#[expect(clippy::cast_precision_loss, reason = "byte counts are far below 2^52")]
fn as_f64(bytes: u64) -> f64 {
    bytes as f64
}
