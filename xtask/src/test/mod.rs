//! `cargo xtask test`: installs what the tests need, then runs them in stages with printed time budgets. This is what
//! CI runs. The last line of a run is `N passed, N failed, N skipped`.

mod counts;
mod rust;
mod sticks;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    bench, check, fuzz,
    shell::{self, capture, cargo, command, target_dir},
    tools, web,
};
use counts::Counts;

/// All stages together, from an empty target folder on two processors.
const TOTAL_BUDGET: Duration = Duration::from_mins(55);
/// A stage that takes this many times its budget hangs, and is ended.
const HANGS_AFTER_BUDGETS: u32 = 3;
/// The room a run needs on the disk, in GiB: in an empty target folder, and in one that was built in before.
const ROOM: (u64, u64) = (16, 4);
/// How long each parser is fuzzed for the full figures.
const FULL_FUZZ: Duration = Duration::from_mins(10);

/// How much to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Also produce every figure: large counts, ten minutes of fuzzing each, all benches; the report is kept in
    /// target/report.
    #[arg(long)]
    full: bool,
    /// Only stages whose name contains this.
    #[arg(long)]
    only: Option<String>,
}

/// Programs without a service of their own that the stories drive: the clients of the people who use Fernamt.
const PROGRAMS: &[(&str, &str)] = &[
    ("chromium", "chromium"),
    ("debootstrap", "debootstrap"),
    ("firefox-esr", "firefox-esr"),
    ("plink", "putty-tools"),
    ("ssh", "openssh-client"),
    ("timeout", "coreutils"),
    ("unshare", "util-linux"),
    ("WebKitWebDriver", "webkit2gtk-driver"),
    ("xfreerdp", "freerdp2-x11"),
    ("Xvfb", "xvfb"),
];

type Stage = (&'static str, Duration, fn(&mut Context, Duration) -> Result<Counts>);

const STAGES: &[Stage] = &[
    ("install", minutes(5), install),
    ("web build", minutes(2), web_build),
    ("build", minutes(12), build),
    ("check", minutes(8), checks),
    ("unit and integration", minutes(12), unit_and_integration),
    ("documentation examples", minutes(2), documentation_examples),
    ("web unit", minutes(2), web_unit),
    ("stick programs", minutes(25), sticks::build),
    ("stories", minutes(8), stories),
    ("browser", minutes(24), browser),
];

const fn minutes(count: u64) -> Duration {
    Duration::from_mins(count)
}

/// What later stages need to know of earlier ones.
struct Context {
    full: bool,
    /// The peers' root is being made while the checks run.
    peers: Option<thread::JoinHandle<Result<()>>>,
    peers_missing: bool,
    executables: Vec<rust::Executable>,
    logs: PathBuf,
}

impl Context {
    /// Waits for the peers' root. Without it, tests with real servers skip themselves.
    fn await_peers(&mut self) {
        let Some(prepared) = self.peers.take().map(thread::JoinHandle::join) else { return };
        if let Ok(Err(why)) = prepared {
            println!("Tests with real servers will be skipped: {why:#}");
            self.peers_missing = true;
        }
    }
}

/// Runs the stages.
pub(crate) fn run(options: &Options) -> Result<()> {
    let logs = target_dir().join("report").join("logs");
    fs::create_dir_all(&logs).with_context(|| format!("create {}", logs.display()))?;
    ensure_room(&target_dir())?;
    let mut context = Context { full: options.full, peers: None, peers_missing: false, executables: Vec::new(), logs };
    let start = Instant::now();
    let mut total = Counts::default();
    let wanted = |name: &str| wanted(name, options.only.as_deref());
    for (name, budget, stage) in STAGES.iter().filter(|(name, ..)| wanted(name)) {
        total += run_stage(name, *budget, || stage(&mut context, *budget));
    }
    if options.full && wanted("fuzzing") {
        total += run_stage("fuzzing", FULL_FUZZ * 15, full_fuzzing);
    }
    if options.full && wanted("benches") {
        total += run_stage("benches", minutes(60), full_benches);
    }
    let seconds = start.elapsed().as_secs();
    println!("\nAll stages: {} of {}", clock(seconds), clock(TOTAL_BUDGET.as_secs()));
    println!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
    ensure!(total.failed == 0, "Logs of each stage are in {}", context.logs.display());
    Ok(())
}

/// A disk that fills up on the way fails what has nothing to do with it.
fn ensure_room(target: &Path) -> Result<()> {
    let needed = if target.join("debug/deps").exists() { ROOM.1 } else { ROOM.0 };
    let answer = capture(command("df").args(["--output=avail", "--block-size=1G"]).arg(target))?;
    let free: u64 = answer.lines().nth(1).unwrap_or_default().trim().parse().context("read what `df` says")?;
    ensure!(
        free >= needed,
        "The tests need {needed} GiB for {}, and {free} are free there: make room",
        target.display()
    );
    Ok(())
}

/// Installing and building are needed whatever is run.
fn wanted(name: &str, only: Option<&str>) -> bool {
    only.is_none_or(|only| name.contains(only) || ["install", "web build", "build"].contains(&name))
}

fn run_stage(name: &str, budget: Duration, stage: impl FnOnce() -> Result<Counts>) -> Counts {
    println!("\n== {name} (budget {})", clock(budget.as_secs()));
    let start = Instant::now();
    let counts = stage().unwrap_or_else(|error| {
        println!("{error:#}");
        Counts::one_failure()
    });
    for reason in &counts.skip_reasons {
        println!("SKIPPED  {reason}");
    }
    let over = if start.elapsed() > budget { ", OVER ITS BUDGET" } else { "" };
    println!(
        "== {name}: {} passed, {} failed, {} skipped in {}{over}",
        counts.passed,
        counts.failed,
        counts.skipped,
        clock(start.elapsed().as_secs())
    );
    counts
}

fn install(_context: &mut Context, _budget: Duration) -> Result<Counts> {
    tools::programs(PROGRAMS)?;
    tools::tool("typos")?;
    web::install()?;
    Ok(Counts::default())
}

fn web_build(_context: &mut Context, _budget: Duration) -> Result<Counts> {
    web::build()?;
    Ok(Counts::default())
}

fn build(context: &mut Context, _budget: Duration) -> Result<Counts> {
    context.executables = rust::build()?;
    // Copied, because a later build may write the same file while this one runs.
    let peer = target_dir().join("report/peer");
    fs::copy(target_dir().join("debug/peer"), &peer).context("copy the peer program")?;
    context.peers = Some(thread::spawn(move || capture(command(&peer).arg("prepare")).map(drop)));
    Ok(Counts::default())
}

fn checks(context: &mut Context, _budget: Duration) -> Result<Counts> {
    let server = target_dir().join("debug/fernamt");
    let tally = check::run_all(None, (!context.executables.is_empty()).then_some(server.as_path()));
    ensure!(tally.passed > 0, "not one check passed");
    Ok(Counts { passed: tally.passed, failed: tally.failed, skipped: tally.skipped, skip_reasons: Vec::new() })
}

fn unit_and_integration(context: &mut Context, budget: Duration) -> Result<Counts> {
    context.await_peers();
    run_executables(context, budget, |executable| !executable.is_story())
}

fn stories(context: &mut Context, budget: Duration) -> Result<Counts> {
    context.await_peers();
    run_executables(context, budget, rust::Executable::is_story)
}

fn run_executables(context: &Context, budget: Duration, chosen: impl Fn(&rust::Executable) -> bool) -> Result<Counts> {
    ensure!(!context.executables.is_empty(), "there is nothing to run: the build failed");
    let mut total = Counts::default();
    for executable in context.executables.iter().filter(|executable| chosen(executable)) {
        let mut command = executable.command();
        prepare(context, &mut command)?;
        total += logged(context, &executable.label(), &command, budget, counts::of_libtest)?;
    }
    Ok(total)
}

fn documentation_examples(context: &mut Context, budget: Duration) -> Result<Counts> {
    let mut command = cargo();
    command.args(["test", "--quiet", "--locked", "--workspace", "--doc"]);
    logged(context, "documentation examples", &command, budget, counts::of_libtest)
}

fn web_unit(context: &mut Context, budget: Duration) -> Result<Counts> {
    logged(context, "web unit", &web::script("test")?, budget, counts::of_web_runner)
}

fn browser(context: &mut Context, budget: Duration) -> Result<Counts> {
    context.await_peers();
    let mut command = web::script("e2e")?;
    prepare(context, &mut command)?;
    logged(context, "browser", &command, budget, counts::of_web_runner)
}

/// What every test may rely on in its environment.
fn prepare(context: &Context, command: &mut Command) -> Result<()> {
    command.env("FERNAMT_BIN", target_dir().join("debug/fernamt"));
    command.env("FERNAMT_PEER", target_dir().join("debug/peer"));
    command.env("FERNAMT_SSH_AUDIT", tools::tool("ssh-audit")?);
    if !context.peers_missing {
        command.env("FERNAMT_PEERS", "required");
    }
    if context.full {
        command.env("FERNAMT_FULL", "1").env("FERNAMT_STICKS", sticks::folder());
    }
    Ok(())
}

fn logged(
    context: &Context,
    label: &str,
    command: &Command,
    budget: Duration,
    count: fn(&str) -> Counts,
) -> Result<Counts> {
    let start = Instant::now();
    let log = context.logs.join(format!("{}.log", label.replace(['/', ' ', ':'], "-")));
    let succeeded = shell::logged(command, &log, budget * HANGS_AFTER_BUDGETS)?;
    let mut counts = count(&read(&log));
    if !succeeded && counts.failed == 0 {
        counts += Counts::one_failure();
    }
    let word = if counts.failed > 0 { "FAILED" } else { "ok    " };
    println!("{word}   {label}: {} passed, {} failed ({} s)", counts.passed, counts.failed, start.elapsed().as_secs());
    if counts.failed > 0 {
        println!("{}\n(all of it: {})", counts::failures(&read(&log)), log.display());
    }
    Ok(counts)
}

fn full_fuzzing() -> Result<Counts> {
    let mut total = Counts::default();
    let mut report = String::new();
    fuzz::each(&fuzz::targets()?, FULL_FUZZ, |target, outcome| {
        let line = format!("{target}: {}, {}\n", if outcome.clean { "clean" } else { "BROKEN" }, outcome.summary);
        print!("{line}");
        report += &line;
        total += if outcome.clean { Counts::one_success() } else { Counts::one_failure() };
    })?;
    fs::write(target_dir().join("report/fuzzing.txt"), report)?;
    Ok(total)
}

fn full_benches() -> Result<Counts> {
    let mut total = Counts::default();
    for name in bench::names()? {
        let result = bench::run(&bench::Options::named(&name));
        if let Err(error) = &result {
            println!("{error:#}");
        }
        let figures = target_dir().join(format!("bench/{name}.json"));
        if figures.exists() {
            fs::copy(&figures, target_dir().join(format!("report/bench-{name}.json")))?;
        }
        total += if result.is_ok() { Counts::one_success() } else { Counts::one_failure() };
    }
    Ok(total)
}

fn read(log: &Path) -> String {
    fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn clock(seconds: u64) -> String {
    format!("{}:{:02} min", seconds / 60, seconds % 60)
}
