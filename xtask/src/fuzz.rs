//! `cargo xtask fuzz [TARGET]`: coverage-guided fuzzing of every parser of foreign bytes (`fuzz/fuzz_targets`).

use std::{fs, time::Duration};

use anyhow::{Context as _, Result, ensure};

use crate::{
    shell::{self, command, root, target_dir},
    tools,
};

/// What to fuzz, and for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// One target; without it, each in turn.
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
    for target in targets {
        let outcome = fuzz(&target, Duration::from_secs(options.seconds))?;
        println!("{target}: {}", outcome.summary);
        if !outcome.clean {
            broken.push(target);
        }
    }
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
pub(crate) fn fuzz(target: &str, time: Duration) -> Result<Outcome> {
    let scratch = target_dir().join("fuzz").join(target);
    fs::create_dir_all(&scratch)?;
    let committed = root().join("fuzz/corpus").join(target);
    fs::create_dir_all(&committed)?;
    let mut fuzzer = command(tools::tool("cargo-fuzz")?);
    // The product has no `unsafe`, so the address sanitiser would only slow it down. Coverage instrumentation is an
    // unstable compiler flag; the variable lets the stable compiler accept it.
    fuzzer
        .args(["run", "--sanitizer", "none", "--features", "libfuzzer", "--target-dir"])
        .arg(target_dir().join("fuzz-build"))
        .arg(target)
        .arg(&scratch)
        .arg(&committed)
        .args(["--", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"])
        .arg(format!("-max_total_time={}", time.as_secs()))
        .env("RUSTC_BOOTSTRAP", "1")
        // Optimising across crates takes minutes for each target and finds nothing.
        .env("CARGO_PROFILE_RELEASE_LTO", "off");
    let log = target_dir().join("fuzz").join(format!("{target}.log"));
    let building = Duration::from_mins(60);
    let clean = shell::logged(&fuzzer, &log, time + building)?;
    Ok(Outcome { clean, summary: summary(&fs::read_to_string(&log).unwrap_or_default(), &shell::tail(&log, 15)) })
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
