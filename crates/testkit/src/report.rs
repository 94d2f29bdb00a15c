//! The form every bench reports in: a table on the terminal and `target/bench/NAME.json`.
//!
//! A bench is a `[[bench]]` target with `harness = false` in the crate it measures, named as the word that follows
//! `cargo xtask bench`. It measures, fills a [`Report`] and calls [`Report::finish`]:
//!
//! ```no_run
//! use fernamt_testkit::report::{Better, Report, Row};
//!
//! let mut report = Report::new("tunnel");
//! report.push(Row::race("AES-256-GCM down", "MB per CPU-s", Better::Higher, 410.0, ("sshd 9.2", 395.0)).aim(1.0));
//! report.push(Row::figure("wall-clock throughput", "MB/s", 930.0));
//! report.finish().expect("the target folder can be written");
//! ```

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use serde::Serialize;

/// Everything one bench found out.
#[derive(Debug, Serialize)]
pub struct Report {
    name: String,
    commit: String,
    machine: String,
    rows: Vec<Row>,
}

/// Which way of a figure is the good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Throughput, connections per second.
    Higher,
    /// Time, memory, size.
    Lower,
}

/// One measured case. `ratio` is turned so that larger is better, whatever the unit.
#[derive(Debug, Serialize)]
pub struct Row {
    case: String,
    unit: String,
    ours: f64,
    rival: Option<f64>,
    rival_name: Option<String>,
    ratio: Option<f64>,
    aim: Option<f64>,
}

impl Row {
    /// Our figure against a rival's of the same run.
    pub fn race(case: &str, unit: &str, better: Better, ours: f64, rival: (&str, f64)) -> Self {
        let (rival_name, rival) = rival;
        let (numerator, denominator) = match better {
            Better::Higher => (ours, rival),
            Better::Lower => (rival, ours),
        };
        Self {
            rival: Some(rival),
            rival_name: Some(rival_name.to_owned()),
            ratio: (denominator != 0.0).then(|| numerator / denominator),
            ..Self::figure(case, unit, ours)
        }
    }

    /// Our figure against a goal set beforehand: the goal stands in the rival's place.
    pub fn goal(case: &str, unit: &str, better: Better, ours: f64, goal: f64) -> Self {
        Self::race(case, unit, better, ours, ("goal", goal)).aim(1.0)
    }

    /// A figure that is only told.
    pub fn figure(case: &str, unit: &str, ours: f64) -> Self {
        Self {
            case: case.to_owned(),
            unit: unit.to_owned(),
            ours,
            rival: None,
            rival_name: None,
            ratio: None,
            aim: None,
        }
    }

    /// The ratio that counts as success.
    #[must_use]
    pub fn aim(mut self, aim: f64) -> Self {
        self.aim = Some(aim);
        self
    }

    /// Whether the aim is met; `None` where there is no aim.
    pub fn met(&self) -> Option<bool> {
        Some(self.ratio? >= self.aim?)
    }
}

impl Report {
    /// An empty report, stamped with the commit and the machine.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), commit: commit(), machine: machine(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Prints the table, writes `target/bench/NAME.json`, and returns its path.
    pub fn finish(&self) -> Result<PathBuf> {
        let folder = target_dir().join("bench");
        fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        let path = folder.canonicalize()?.join(format!("{}.json", self.name));
        fs::write(&path, serde_json::to_vec_pretty(self)?).with_context(|| format!("write {}", path.display()))?;
        self.print(&path);
        Ok(path)
    }

    #[expect(clippy::print_stdout, reason = "the table is what the bench is run for")]
    fn print(&self, path: &Path) {
        println!("{}", self.table());
        println!("Commit {}, {}. Figures: {}", self.commit, self.machine, path.display());
    }

    fn table(&self) -> String {
        let width = self.rows.iter().map(|row| row.case.chars().count()).chain([4]).max().unwrap_or(4);
        let unit_width = self.rows.iter().map(|row| row.unit.chars().count()).chain([4]).max().unwrap_or(4);
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
        let mut table = format!(
            "{:<width$}  {:<unit_width$}  {:>12}  {:>12}  {:>7}  {:>6}  rival\n",
            "case", "unit", "ours", "rival", "ratio", "aim"
        );
        for row in &self.rows {
            let _ = writeln!(
                table,
                "{:<width$}  {:<unit_width$}  {:>12}  {:>12}  {:>7}  {:>6}  {}{}",
                row.case,
                row.unit,
                number(Some(row.ours)),
                number(row.rival),
                number(row.ratio),
                number(row.aim),
                row.rival_name.as_deref().unwrap_or("-"),
                match row.met() {
                    Some(false) => "  (below its aim)",
                    _ => "",
                }
            );
        }
        table
    }
}

/// The workspace's target folder, wherever the bench was started.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from)
}

/// The median of the measured values, which must not be empty.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) { f64::midpoint(values[middle - 1], values[middle]) } else { values[middle] }
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(head) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "unknown".to_owned() };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if !changes.is_empty() => format!("{head}+changes"),
        _ => head,
    }
}

fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name.to_owned()))
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or_default();
    format!("{model}, {processors} processors, {} GB", kilobytes / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_larger_when_we_are_better() {
        let faster = Row::race("x", "MB/s", Better::Higher, 20.0, ("sshd", 10.0));
        let smaller = Row::race("x", "MB", Better::Lower, 10.0, ("sshd", 20.0));
        assert_eq!((faster.ratio, smaller.ratio), (Some(2.0), Some(2.0)));
        assert_eq!(Row::goal("start", "s", Better::Lower, 2.0, 1.0).met(), Some(false));
        assert_eq!(Row::figure("x", "s", 1.0).met(), None);
    }

    #[test]
    fn the_file_has_exactly_the_agreed_keys() {
        let mut report = Report::new("example");
        report.push(Row::figure("a", "s", 1.0));
        let json = serde_json::to_value(&report).expect("a report is plain data");
        let keys = |value: &serde_json::Value| {
            let mut keys: Vec<_> = value.as_object().expect("an object").keys().cloned().collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(&json), ["commit", "machine", "name", "rows"]);
        assert_eq!(keys(&json["rows"][0]), ["aim", "case", "ours", "ratio", "rival", "rival_name", "unit"]);
    }

    #[test]
    fn the_median_of_an_even_count_is_between_the_middle_two() {
        assert!((median(vec![4.0, 1.0, 3.0, 2.0]) - 2.5).abs() < f64::EPSILON);
        assert!((median(vec![9.0, 1.0, 3.0]) - 3.0).abs() < f64::EPSILON);
    }
}
