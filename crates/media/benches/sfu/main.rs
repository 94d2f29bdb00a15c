//! `cargo xtask bench sfu`: our media plane against Janus and LiveKit, in one run.
//!
//! Each server has one processor for itself, the load another. Everybody gets the same load over the same SRTP suite, in
//! one layer, at a fixed rate; what counts is what subscribers decrypted per second of the server's processor time. The
//! delay of the same load with one subscriber is taken off, because it is the load's own. Last comes what 25 cameras cost a
//! viewer's browser. `-- --full` takes the sizes
//! of the product's promises, `-- --only PART` the cases with these words in their names, `-- --ours` leaves the others
//! out.

#![expect(clippy::print_stdout, reason = "a bench tells how far it is")]

mod contest;
mod janus;
mod load;
mod ours;
mod signal;
mod viewer;

use std::{env, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use fernamt_testkit::report::{Better, Report, Row};

use crate::{
    contest::{Contestant, Figures},
    load::Shape,
};

/// What is done by how many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    /// How many publish, and see others themselves unless it is a lecture.
    pub(crate) publishers: usize,
    /// How many only receive.
    pub(crate) listeners: usize,
    /// How many of the others each participant receives.
    pub(crate) visible: usize,
    /// How many of the publishers are silent.
    pub(crate) silent: usize,
}

struct Scale {
    time: Duration,
    cases: &'static [Case],
}

const QUICK: Scale = Scale {
    time: Duration::from_secs(5),
    cases: &[
        Case { name: "1 -> 60 lecture, 720p", shape: Shape::HD, publishers: 1, listeners: 60, visible: 1, silent: 0 },
        Case { name: "20 people, 8 cameras", shape: Shape::SMALL, publishers: 20, listeners: 0, visible: 8, silent: 0 },
        Case { name: "6 x 6 gallery", shape: Shape::GALLERY, publishers: 6, listeners: 0, visible: 5, silent: 0 },
        Case { name: "16 voices, 3 speak", shape: SPEECH, publishers: 16, listeners: 0, visible: 15, silent: 13 },
    ],
};

const FULL: Scale = Scale {
    time: Duration::from_secs(10),
    cases: &[
        Case { name: "1 -> 300 lecture, 720p", shape: Shape::HD, publishers: 1, listeners: 300, visible: 1, silent: 0 },
        Case {
            name: "150 people, 25 cameras",
            shape: Shape::SMALL,
            publishers: 150,
            listeners: 0,
            visible: 25,
            silent: 0,
        },
        Case { name: "10 x 10 gallery", shape: Shape::GALLERY, publishers: 10, listeners: 0, visible: 9, silent: 0 },
        Case { name: "50 voices, 3 speak", shape: SPEECH, publishers: 50, listeners: 0, visible: 49, silent: 47 },
    ],
};

const SPEECH: Shape = Shape::Sound { silent: false };

fn main() -> Result<()> {
    let mut words = env::args().skip(1).filter(|argument| argument != "--bench").peekable();
    if words.next_if(|word| word == ours::SERVE).is_some() {
        return ours::serve();
    }
    let (mut scale, mut only, mut contestants) = (&QUICK, String::new(), &Contestant::ALL[..]);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => scale = &QUICK,
            "--full" => scale = &FULL,
            "--ours" => contestants = &[Contestant::Ours],
            "--only" => only = words.next().context("which cases?")?,
            other => bail!("unknown word: {other}"),
        }
    }
    race(scale, contestants, &only)
}

fn race(scale: &Scale, contestants: &[Contestant], only: &str) -> Result<()> {
    // It tells how many processors there are, so it comes before this process keeps to one.
    let mut report = Report::new("sfu");
    contest::pin_load()?;
    let mut failed = Vec::new();
    for case in scale.cases.iter().filter(|case| case.name.contains(only)) {
        println!("{}:", case.name);
        let mut all = Vec::new();
        for contestant in contestants.iter().copied() {
            let name = contestant.name();
            match contest::run(contestant, case, scale.time) {
                Ok(figures) => {
                    println!("  {name}: {figures}");
                    all.push((contestant, figures));
                }
                Err(why) if contestant == Contestant::Ours => {
                    println!("  {name}: FAILED: {why:#}");
                    failed.push(case.name);
                }
                Err(why) => println!("  {name}: SKIPPED: {why:#}"),
            }
        }
        tell(&mut report, case, &all);
    }
    if viewer::NAME.contains(only) {
        viewer::race(&mut report, contestants, scale.time);
    }
    report.finish()?;
    ensure!(failed.is_empty(), "ours failed: {}", failed.join("; "));
    Ok(())
}

fn tell(report: &mut Report, case: &Case, all: &[(Contestant, Figures)]) {
    let Some((_, ours)) = all.iter().find(|(contestant, _)| *contestant == Contestant::Ours) else { return };
    for (rival, theirs) in all.iter().filter(|(contestant, _)| *contestant != Contestant::Ours) {
        let name = rival.name();
        let mut row = |what: &str, unit: &str, better, ours, theirs, aim: Option<f64>| {
            let row = Row::race(&format!("{}, {what}", case.name), unit, better, ours, (name, theirs));
            report.push(aim.into_iter().fold(row, Row::aim));
        };
        let aim = Some(if *rival == Contestant::Janus { 2.0 } else { 5.0 });
        let (higher, lower) = (Better::Higher, Better::Lower);
        row("decrypted packets", "per CPU-s", higher, ours.per_cpu_second, theirs.per_cpu_second, aim);
        row("p99 delay above the unloaded", "ms", lower, ours.delay_ms, theirs.delay_ms, None);
        row("memory a participant", "kB PSS", lower, ours.memory_kb, theirs.memory_kb, None);
        row("join to first media, median", "ms", lower, ours.join_ms, theirs.join_ms, None);
    }
    report.push(Row::goal(&format!("{}, loss", case.name), "%", Better::Lower, ours.loss * 100.0, 0.1));
    report.push(Row::goal(&format!("{}, p99 delay", case.name), "ms", Better::Lower, ours.delay_ms, 5.0));
}
