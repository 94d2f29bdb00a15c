//! `cargo xtask fuzz [TARGET]`: coverage-guided fuzzing of every parser of foreign bytes (`fuzz/fuzz_targets`), and random
//! steps for the offline queue of mail, which is part of the page.

use std::{
    fs,
    num::NonZero,
    process::Command,
    sync::{Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    shell::{self, command, root, target_dir},
    tools, web,
};

/// The target that is part of the page: acts, losses and kills by a seed, against what the person was promised.
const OFFLINE_QUEUE: &str = "mail_offline_queue";
/// What decides about its fate, from the page's folder.
const OFFLINE_QUEUE_FILES: &str =
    "src/features/mail/store/{queue,outbox,hand-in,take-back,undone,writing,sync,changes}.ts";

/// What a built target takes at most beyond its time: Cargo looks whether it is fresh, the corpus is read.
const STARTING: Duration = Duration::from_mins(10);

/// What to fuzz, and for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// One target; without it, all.
    target: Option<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Fuzzes and prints, per target, executions, covered edges and whether an input broke it.
pub(crate) fn run(options: &Options) -> Result<()> {
    let targets = match &options.target {
        Some(target) => vec![target.clone()],
        None => targets()?,
    };
    let mut broken = Vec::new();
    each(&targets, Duration::from_secs(options.seconds), |target, outcome| {
        println!("{target}: {}", outcome.summary);
        if !outcome.clean {
            broken.push(target.to_owned());
        }
    })?;
    ensure!(
        broken.is_empty(),
        "not clean (an input that broke a target is below fuzz/artifacts): {}",
        broken.join(", ")
    );
    Ok(())
}

/// What one run found.
pub(crate) struct Outcome {
    /// No input broke the target.
    pub(crate) clean: bool,
    /// libFuzzer's last words, in one line.
    pub(crate) summary: String,
}

/// Builds all targets and fuzzes each for `time`, as many at once as there are processors. Each outcome is told as it comes.
pub(crate) fn each(targets: &[String], time: Duration, mut told: impl FnMut(&str, Outcome)) -> Result<()> {
    let parsers: Vec<_> = targets.iter().filter(|target| *target != OFFLINE_QUEUE).collect();
    if !parsers.is_empty() {
        shell::run(cargo_fuzz("build")?.args(parsers.first().filter(|_| parsers.len() == 1)))?;
    }
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let waiting = Mutex::new(targets.iter());
    let (outcomes, told_of) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (waiting, outcomes) = (&waiting, outcomes.clone());
            scope.spawn(move || {
                while let Some(target) = { waiting.lock().unwrap_or_else(PoisonError::into_inner).next() } {
                    // Whoever listened is gone when this fails, and so is the need to go on.
                    let outcome = if target == OFFLINE_QUEUE { offline_queue(time) } else { fuzz(target, time) };
                    if outcomes.send((target, outcome)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(outcomes);
        told_of.iter().try_for_each(|(target, outcome)| {
            told(target, outcome?);
            Ok(())
        })
    })
}

/// The names of all fuzz targets.
pub(crate) fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".rs").map(str::to_owned));
    }
    names.push(OFFLINE_QUEUE.to_owned());
    names.sort();
    Ok(names)
}

/// Fuzzes one target for `time`. New inputs go to a scratch corpus in target/fuzz, so that the committed one stays small.
fn fuzz(target: &str, time: Duration) -> Result<Outcome> {
    let scratch = target_dir().join("fuzz").join(target);
    fs::create_dir_all(&scratch)?;
    let committed = root().join("fuzz/corpus").join(target);
    fs::create_dir_all(&committed)?;
    let mut fuzzer = cargo_fuzz("run")?;
    fuzzer
        .arg(target)
        .arg(&scratch)
        .arg(&committed)
        .args(["--", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"])
        .arg(format!("-max_total_time={}", time.as_secs()));
    let log = target_dir().join("fuzz").join(format!("{target}.log"));
    let clean = shell::logged(&fuzzer, &log, time + STARTING)?;
    Ok(Outcome { clean, summary: summary(&fs::read_to_string(&log).unwrap_or_default(), &shell::tail(&log, 15)) })
}

/// Tries the offline queue with new seeds for `time`.
fn offline_queue(time: Duration) -> Result<Outcome> {
    let folder = target_dir().join("fuzz").join(OFFLINE_QUEUE);
    let seconds = time.as_secs();
    let mut tried = web::npx(&["vitest", "run", "src/features/mail/store/exactly-once.test.ts", "--coverage.enabled"])?;
    tried
        .arg(format!("--coverage.include={OFFLINE_QUEUE_FILES}"))
        .arg("--coverage.reporter=json-summary")
        .arg(format!("--coverage.reportsDirectory={}", folder.display()))
        .env("FUZZ_SECONDS", seconds.to_string());
    let log = folder.with_extension("log");
    let clean = shell::logged(&tried, &log, time + STARTING)?;
    let runs = fs::read_to_string(&log).unwrap_or_default();
    let summary = match runs.lines().find(|line| clean && line.contains(" executions of ")) {
        Some(runs) => format!("{}; {}", runs.trim(), covered(&fs::read(folder.join("coverage-summary.json"))?)?),
        None => format!("not clean; the end of its log:\n{}", shell::tail(&log, 40)),
    };
    Ok(Outcome { clean, summary })
}

/// What was covered, by the summary that the coverage of the page's tests leaves.
fn covered(summary: &[u8]) -> Result<String> {
    let summary: serde_json::Value = serde_json::from_slice(summary).context("read the summary of what was covered")?;
    let share = |what: &str| {
        let figures = &summary["total"][what];
        format!("{} of {} {what}", figures["covered"], figures["total"])
    };
    Ok(format!("covered: {}, {}", share("lines"), share("branches")))
}

/// `cargo fuzz` with the flags that every target is built with.
fn cargo_fuzz(verb: &str) -> Result<Command> {
    let mut fuzzer = command(tools::tool("cargo-fuzz")?);
    // The product has no `unsafe`, so the address sanitiser would only slow it down. Coverage instrumentation is an
    // unstable compiler flag; the variable lets the stable compiler accept it.
    fuzzer
        .args([verb, "--release", "--sanitizer", "none", "--features", "libfuzzer", "--target-dir"])
        .arg(target_dir().join("fuzz-build"))
        .env("RUSTC_BOOTSTRAP", "1")
        // Optimising across crates takes minutes for each target and finds nothing.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        // Set here and not by the tool, which would set it for packages that the workspace excepts, too.
        .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true")
        .env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true");
    Ok(fuzzer)
}

fn summary(log: &str, tail: &str) -> String {
    let last = log.lines().rfind(|line| line.starts_with('#') && line.contains(" cov: "));
    let Some(last) = last else { return format!("did not run; the end of its log:\n{tail}") };
    let figure = |name: &str| {
        let mut words = last.split_whitespace();
        words.find(|word| *word == name)?;
        words.next()
    };
    let runs = last.split_whitespace().next().unwrap_or_default().trim_start_matches('#');
    format!(
        "{runs} executions, {} covered edges, {} features, {} inputs",
        figure("cov:").unwrap_or("?"),
        figure("ft:").unwrap_or("?"),
        figure("corp:").unwrap_or("?"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_libfuzzer_becomes_the_summary() {
        let log = "#2\tINITED cov: 3 ft: 4 corp: 1/1b\n#77\tDONE   cov: 12 ft: 15 corp: 3/9b lim: 4\nDone 77 runs";
        assert_eq!(summary(log, ""), "77 executions, 12 covered edges, 15 features, 3/9b inputs");
    }

    #[test]
    fn the_coverage_of_the_page_becomes_figures() -> Result<()> {
        let summary = br#"{"total":{"lines":{"total":9,"covered":8,"pct":88.8},"branches":{"total":5,"covered":4}}}"#;
        assert_eq!(covered(summary)?, "covered: 8 of 9 lines, 4 of 5 branches");
        Ok(())
    }
}
