//! `cargo xtask fuzz [TARGET]`: coverage-guided fuzzing of every parser of foreign bytes (`fuzz/fuzz_targets`).

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
    tools,
};

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
    shell::run(cargo_fuzz("build")?.args(targets.first().filter(|_| targets.len() == 1)))?;
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let waiting = Mutex::new(targets.iter());
    let (outcomes, told_of) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (waiting, outcomes) = (&waiting, outcomes.clone());
            scope.spawn(move || {
                while let Some(target) = { waiting.lock().unwrap_or_else(PoisonError::into_inner).next() } {
                    // Whoever listened is gone when this fails, and so is the need to go on.
                    if outcomes.send((target, fuzz(target, time))).is_err() {
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
}
