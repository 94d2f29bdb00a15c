//! Monday morning: everybody signs in within five minutes. Password hashing costs what it really costs.

#![expect(clippy::print_stdout, reason = "a bench tells how far it is")]

use std::{
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use fernamt_testkit::{
    SeededRng,
    office::{Office, pause},
    person::until_next_code,
    process,
    report::{Report, Row},
};

/// A town's staff.
const PEOPLE: usize = 600;
/// Within which everybody comes, at random moments.
const MORNING: Duration = Duration::from_mins(5);
/// Printed, so that a run can be repeated.
const SEED: u64 = 20_261_102;

fn main() -> Result<()> {
    let (people, morning) = size()?;
    let office = Office::start()?;
    println!("Making {people} people with authenticator apps …");
    let people = office.crowd(people, Ok)?;
    let count = people.len();
    println!(
        "Waiting for the next one-time codes, then {count} people sign in within {} s (seed {SEED}) …",
        morning.as_secs()
    );
    pause(until_next_code());

    let cpu_before = process::cpu(office.pid())?;
    let latencies = Mutex::new(Vec::with_capacity(count));
    let failures = Mutex::new(Vec::new());
    let rng = SeededRng::new(SEED);
    let begin = Instant::now();
    thread::scope(|scope| {
        for mut person in people {
            let moment = Duration::from_millis(rng.below(u64::try_from(morning.as_millis()).unwrap_or(u64::MAX)));
            let (latencies, failures) = (&latencies, &failures);
            scope.spawn(move || {
                pause(moment.saturating_sub(begin.elapsed()));
                let asked = Instant::now();
                match person.sign_in() {
                    Ok(_) => lock(latencies).push(asked.elapsed()),
                    Err(error) => lock(failures).push(error),
                }
            });
        }
    });
    let cpu = process::cpu(office.pid())?.saturating_sub(cpu_before);

    let failures = failures.into_inner().unwrap_or_default();
    ensure!(failures.is_empty(), "{} of {count} people did not get in; the first: {:#}", failures.len(), failures[0]);
    let mut latencies = latencies.into_inner().unwrap_or_default();
    latencies.sort();
    let percentile = |percent: usize| latencies[(latencies.len() * percent / 100).min(latencies.len() - 1)];

    let mut report = Report::new("monday");
    report.push(Row::figure("people who signed in", "people", f64::from(u32::try_from(count)?)));
    report.push(Row::figure("sign-in, median", "ms", percentile(50).as_secs_f64() * 1e3));
    report.push(Row::figure("sign-in, p95", "ms", percentile(95).as_secs_f64() * 1e3));
    report.push(Row::figure("sign-in, slowest", "ms", percentile(100).as_secs_f64() * 1e3));
    report.push(Row::figure("processor time", "CPU-s", cpu.as_secs_f64()));
    let kilobytes = u32::try_from(process::memory(office.pid())? / 1000)?;
    report.push(Row::figure("memory with everybody signed in (PSS)", "MB", f64::from(kilobytes) / 1e3));
    report.finish()?;
    Ok(())
}

/// `cargo xtask bench monday -- PEOPLE SECONDS` for a quick look.
fn size() -> Result<(usize, Duration)> {
    let words: Vec<u64> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    match words.as_slice() {
        [people, seconds] => Ok((usize::try_from(*people)?, Duration::from_secs(*seconds))),
        _ => Ok((PEOPLE, MORNING)),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
