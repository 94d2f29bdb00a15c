//! What a process and its children have cost, as Linux counts it.

use std::{collections::HashMap, fs, process::Command, str::FromStr};

use anyhow::{Context as _, Result};

/// A process and its present children, and theirs.
pub(crate) fn tree(root: u32) -> Result<Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may end while we look.
        let Ok(stat) = Stat::read(pid) else { continue };
        children.entry(stat.parent).or_default().push(pid);
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(pid) = found.get(next) {
        found.extend(children.remove(pid).unwrap_or_default());
        next += 1;
    }
    Ok(found)
}

/// CPU seconds of a process, its children and those of them that have ended.
pub(crate) fn cpu_seconds(root: u32) -> Result<f64> {
    let per_second: f64 = word(&Command::new("getconf").arg("CLK_TCK").output()?.stdout, 0)?;
    let mut ticks = 0.0;
    for pid in tree(root)? {
        if let Ok(stat) = Stat::read(pid) {
            ticks += stat.ticks;
        }
    }
    Ok(ticks / per_second)
}

/// Proportional set size of a process and its children, in megabytes.
pub(crate) fn pss_megabytes(root: u32) -> Result<f64> {
    let mut kibibytes = 0.0;
    for pid in tree(root)? {
        let Ok(rollup) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else { continue };
        let line = rollup.lines().find(|line| line.starts_with("Pss:")).context("no Pss line")?;
        kibibytes += word::<f64>(line.as_bytes(), 1)?;
    }
    Ok(kibibytes * 1024.0 / 1e6)
}

/// CPU seconds of the present threads of a process and its children, finer than [`cpu_seconds`] counts.
pub(crate) fn running_seconds(root: u32) -> Result<f64> {
    let mut nanoseconds = 0.0;
    for pid in tree(root)? {
        for thread in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
            nanoseconds += word::<f64>(&fs::read(thread.path().join("schedstat"))?, 0)?;
        }
    }
    Ok(nanoseconds / 1e9)
}

struct Stat {
    parent: u32,
    ticks: f64,
}

impl Stat {
    fn read(pid: u32) -> Result<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name in parentheses may hold blanks.
        let (_, rest) = text.rsplit_once(')').context("no name")?;
        let field = |number: usize| word::<f64>(rest.as_bytes(), number - 3);
        // proc(5): 4 parent, 14 and 15 user and system time, 16 and 17 those of children waited for.
        let ticks = field(14)? + field(15)? + field(16)? + field(17)?;
        Ok(Self { parent: word(rest.as_bytes(), 1)?, ticks })
    }
}

fn word<T: FromStr>(text: &[u8], index: usize) -> Result<T> {
    let text = std::str::from_utf8(text)?;
    text.split_whitespace().nth(index).and_then(|word| word.parse().ok()).context("a field is missing")
}
