//! A full meeting: three hundred come within a moment, the server is killed and started again, and all come back.

#[expect(dead_code, reason = "the story needs the rest")]
#[path = "../tests/crowd/mod.rs"]
mod crowd;

use std::time::Instant;

use anyhow::{Result, ensure};
use crowd::{Browsers, Crowd, Place, Step, TOLD, Times, Word};
use fernamt_testkit::{
    office::Office,
    peers::must_start,
    process,
    report::{Better, Report, Row},
};

/// With the host, and with the two browsers where there are any.
const PEOPLE: usize = 300;
/// Within which everybody is to be in, in seconds.
const GOAL_S: f64 = 10.0;

fn main() -> Result<()> {
    let people = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(PEOPLE);
    let mut office = Office::start()?;
    office.run(&["user", "add", "ada", "--role", "administrator"], "Kastanie-Regen-41\n")?;
    let mut ada = office.person("ada", "Kastanie-Regen-41")?;
    ada.sign_in()?;
    let place = Place::open(&office, &ada)?;
    let mut browsers = match Browsers::set_out(&place.link) {
        Ok(browsers) => Some(browsers),
        Err(why) if must_start(&why) => return Err(why),
        Err(why) => {
            fernamt_testkit::skip!("the two browsers among {people}: {why:#}");
            None
        }
    };
    let beside = if browsers.is_some() { TOLD.len() } else { 0 };
    let guests = people.saturating_sub(beside + 1);

    let begun = Instant::now();
    if let Some(browsers) = &mut browsers {
        browsers.say(&Word::Come)?;
    }
    let crowd = Crowd::gather(place, &ada, guests)?;
    let joined = crowd.settle(&vec![0; guests + 1], Some(begun))?;
    let mut beheld = Vec::new();
    if let Some(browsers) = &mut browsers {
        beheld.push(("join", settle(browsers, begun)?));
    }
    let cpu = process::cpu(office.pid())?;
    let memory = process::memory(office.pid())?;
    if let Some(browsers) = &mut browsers {
        crowd.read(&TOLD, || browsers.still_there())?;
    }
    crowd.all_write("hallo")?;
    let kept = crowd.keep(crowd.members.len() + beside)?;

    office.kill()?;
    if let Some(browsers) = &mut browsers {
        browsers.say(&Word::Killed)?;
        browsers.reach(Step::CutOff)?;
    }
    let visits = crowd.visits();
    crowd.fall_silent();
    office.revive()?;
    let begun = Instant::now();
    let back = crowd.settle(&visits, Some(begun))?;
    if let Some(browsers) = &mut browsers {
        beheld.push(("back after a kill", settle(browsers, begun)?));
    }
    let chat = crowd.still_has(&kept)?;
    ensure!(chat.len() == crowd.members.len() + beside, "more is written than was: {chat:?}");
    if let Some(mut browsers) = browsers {
        browsers.say(&Word::Chat { texts: chat.iter().map(|(_, text)| text.as_str()).collect() })?;
        browsers.reach(Step::Read)?;
        browsers.go_home()?;
    }

    let mut report = Report::new("meeting");
    report.push(Row::figure("people in one meeting", "people", f64::from(u32::try_from(chat.len())?)));
    report.push(Row::figure("of them browsers", "people", f64::from(u32::try_from(beside)?)));
    for (what, Times { seated, heard }) in [("join", joined), ("back after a kill", back)] {
        for (until, times) in [("in the seat", seated), ("with sound", heard)] {
            let sorted = sorted(times);
            let percentile = |percent: usize| sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)];
            report.push(Row::figure(&format!("{what}, {until}, median"), "s", percentile(50)));
            report.push(Row::figure(&format!("{what}, {until}, p95"), "s", percentile(95)));
            report.push(Row::goal(&format!("{what}, {until}, the last"), "s", Better::Lower, percentile(100), GOAL_S));
        }
    }
    for (what, Times { seated, heard }) in beheld {
        for (until, times) in [("in the seat", seated), ("with picture and sound", heard)] {
            let slower = sorted(times).pop().unwrap_or_default();
            let case = format!("browsers: {what}, {until}, the slower one");
            report.push(Row::goal(&case, "s", Better::Lower, slower, GOAL_S));
        }
    }
    report.push(Row::figure("processor time until all were in", "CPU-s", cpu.as_secs_f64()));
    let kilobytes = u32::try_from(memory / 1000)?;
    report.push(Row::figure("memory with everybody in (PSS)", "MB", f64::from(kilobytes) / 1e3));
    report.finish()?;
    Ok(())
}

/// How long it took the browsers since then.
fn settle(browsers: &mut Browsers, since: Instant) -> Result<Times> {
    let mut times = |step| {
        let reached = browsers.reach(step)?;
        anyhow::Ok(reached.into_iter().map(|at| at.saturating_duration_since(since).as_secs_f64()).collect())
    };
    Ok(Times { seated: times(Step::Seated)?, heard: times(Step::Received)? })
}

fn sorted(mut times: Vec<f64>) -> Vec<f64> {
    times.sort_by(f64::total_cmp);
    times
}
