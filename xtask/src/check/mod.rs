//! `cargo xtask check`: what can be said about the code without running it.

mod edges;
pub(crate) mod metadata;
mod supply;
mod text;

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    generate,
    shell::{cargo, command},
    tools, web,
};

/// Which checks.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only checks whose name contains this.
    only: Option<String>,
}

/// How one check ended.
pub(crate) enum Verdict {
    /// Nothing to mend.
    Passed,
    /// Could not be made here; the reason.
    Skipped(String),
    /// What is wrong, where, and what to do.
    Failed(String),
}

/// How many checks ended in which way.
#[derive(Default)]
pub(crate) struct Tally {
    /// Checks that found nothing.
    pub(crate) passed: u64,
    /// Checks that found something.
    pub(crate) failed: u64,
    /// Checks that could not be made.
    pub(crate) skipped: u64,
}

type Check<'a> = (&'static str, Box<dyn Fn() -> Result<Verdict> + 'a>);

/// All checks, quick ones first. `server` is the built binary, if there is one.
fn checks(server: Option<&Path>) -> Vec<Check<'_>> {
    vec![
        ("format", Box::new(format)),
        ("dependency edges", Box::new(edges::directions)),
        ("engines have one owner", Box::new(edges::engines)),
        ("crates in ARCHITECTURE.md", Box::new(text::documented_crates)),
        ("file length", Box::new(text::file_lengths)),
        ("forbidden words", Box::new(text::forbidden_words)),
        ("links in documents", Box::new(text::links)),
        ("lock files", Box::new(text::lock_files)),
        ("spelling", Box::new(spelling)),
        ("licences and sources", Box::new(supply::licences)),
        ("advisories", Box::new(supply::advisories)),
        ("clippy", Box::new(clippy)),
        ("generated files", Box::new(move || generated(server))),
        ("web app", Box::new(web_app)),
    ]
}

/// Runs the checks and fails when one of them does.
pub(crate) fn run(options: &Options) -> Result<()> {
    let tally = run_all(options.only.as_deref(), None);
    ensure!(tally.failed == 0, "{} checks failed", tally.failed);
    ensure!(tally.passed + tally.skipped > 0, "no check has such a name");
    Ok(())
}

/// Runs the checks whose name contains `only`, and prints each with its duration.
pub(crate) fn run_all(only: Option<&str>, server: Option<&Path>) -> Tally {
    let mut tally = Tally::default();
    for (name, check) in checks(server).iter().filter(|(name, _)| only.is_none_or(|only| name.contains(only))) {
        let start = Instant::now();
        let verdict = check().unwrap_or_else(|error| Verdict::Failed(format!("{error:#}")));
        let seconds = start.elapsed().as_secs_f32();
        match verdict {
            Verdict::Passed => {
                tally.passed += 1;
                println!("ok       {name} ({seconds:.1} s)");
            }
            Verdict::Skipped(why) => {
                tally.skipped += 1;
                println!("SKIPPED  {name} ({seconds:.1} s): {why}");
            }
            Verdict::Failed(why) => {
                tally.failed += 1;
                println!("FAILED   {name} ({seconds:.1} s)\n{}", indented(&why));
            }
        }
    }
    tally
}

/// Passed when there are no findings; otherwise the findings under a sentence that says what to do.
fn verdict(findings: &[String], remedy: &str) -> Verdict {
    if findings.is_empty() { Verdict::Passed } else { Verdict::Failed(format!("{remedy}\n{}", findings.join("\n"))) }
}

/// Passed when the program succeeds; otherwise its complaints under a sentence that says what to do.
fn passes(command: &mut Command, remedy: &str) -> Result<Verdict> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("run {command:?}"))?;
    if output.status.success() {
        return Ok(Verdict::Passed);
    }
    let [printed, complaints] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(Verdict::Failed(format!("{remedy}\n{}\n{}", printed.trim(), complaints.trim())))
}

fn format() -> Result<Verdict> {
    passes(cargo().args(["fmt", "--all", "--check", "--", "-l"]), "Run `cargo fmt --all`.")
}

fn clippy() -> Result<Verdict> {
    web::build()?;
    passes(
        cargo().args(["clippy", "--quiet", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        "Mend what the lints say.",
    )
}

fn spelling() -> Result<Verdict> {
    passes(
        command(tools::tool("typos")?).args(["--format", "brief"]),
        "Mend the words, or teach them to _typos.toml if they are right.",
    )
}

fn generated(server: Option<&Path>) -> Result<Verdict> {
    let stale: Vec<_> = generate::stale(server)?.into_iter().map(str::to_owned).collect();
    Ok(verdict(&stale, "Run `cargo xtask generate` and commit what it writes."))
}

fn web_app() -> Result<Verdict> {
    passes(&mut web::script("check")?, "Run `npm run check` in web/ and mend what it says.")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("         {line}")).collect::<Vec<_>>().join("\n")
}
