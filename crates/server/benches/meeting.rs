//! A full meeting: three hundred come within a moment, the server is killed and started again, and all come back.

#[expect(dead_code, unused_imports, reason = "the story needs the rest")]
#[path = "../tests/crowd/mod.rs"]
mod crowd;

use std::time::Instant;

use anyhow::Result;
use crowd::{Crowd, Place, Times};
use fernamt_testkit::{
    office::Office,
    process,
    report::{Better, Report, Row},
};

/// Beside the host.
const GUESTS: usize = 299;
/// Within which everybody is to be in, in seconds.
const GOAL_S: f64 = 10.0;

fn main() -> Result<()> {
    let guests = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(GUESTS);
    let mut office = Office::start()?;
    office.run(&["user", "add", "ada", "--role", "administrator"], "Kastanie-Regen-41\n")?;
    let mut ada = office.person("ada", "Kastanie-Regen-41")?;
    ada.sign_in()?;
    let place = Place::open(&office, &ada)?;
    let begun = Instant::now();
    let crowd = Crowd::gather(place, &ada, guests)?;
    let joined = crowd.settle(&vec![0; guests + 1], Some(begun))?;
    let cpu = process::cpu(office.pid())?;
    let memory = process::memory(office.pid())?;
    crowd.all_write("hallo")?;
    office.kill()?;
    let visits = crowd.visits();
    crowd.fall_silent();
    office.revive()?;
    let back = crowd.settle(&visits, Some(Instant::now()))?;

    let mut report = Report::new("meeting");
    let people = u32::try_from(crowd.members.len())?;
    report.push(Row::figure("people in one meeting", "people", f64::from(people)));
    for (what, Times { seated, heard }) in [("join", joined), ("back after a kill", back)] {
        for (until, times) in [("in the seat", seated), ("with sound", heard)] {
            let sorted = sorted(times);
            let percentile = |percent: usize| sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)];
            report.push(Row::figure(&format!("{what}, {until}, median"), "s", percentile(50)));
            report.push(Row::figure(&format!("{what}, {until}, p95"), "s", percentile(95)));
            report.push(Row::goal(&format!("{what}, {until}, the last"), "s", Better::Lower, percentile(100), GOAL_S));
        }
    }
    report.push(Row::figure("processor time until all were in", "CPU-s", cpu.as_secs_f64()));
    let kilobytes = u32::try_from(memory / 1000)?;
    report.push(Row::figure("memory with everybody in (PSS)", "MB", f64::from(kilobytes) / 1e3));
    report.finish()?;
    Ok(())
}

fn sorted(mut times: Vec<f64>) -> Vec<f64> {
    times.sort_by(f64::total_cmp);
    times
}
