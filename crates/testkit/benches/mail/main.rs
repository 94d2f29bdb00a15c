//! A large mailbox: the first screen, other folders, searches on the server and without it, what changed, and five hundred
//! people who wait for mail.
//!
//! `cargo xtask bench mail -- MESSAGES PEOPLE` for a quick look.

#![expect(clippy::print_stdout, reason = "a bench tells how far it is")]

mod account;
mod letters;
mod offline;

use std::{
    net::TcpStream,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use fernamt_testkit::{
    office::Office,
    peers::{Roundcube, Taken},
    process,
    report::{Better, Report, Row},
};

use crate::{
    account::Account,
    letters::{Letters, texts},
};

/// A mailbox of many years.
const MESSAGES: usize = 100_000;
/// An office whose mail pages are open.
const PEOPLE: usize = 500;
/// How often each case is asked.
const ROUNDS: usize = 50;
/// How often Roundcube searches: it takes long.
const RIVALS_SEARCHES: usize = 3;
/// Changes of which a client learns.
const CHANGES: usize = 1_000;
/// Threads that prepare people.
const PREPARING: usize = 8;
/// Printed, so that a run can be repeated.
const SEED: u64 = 20_261_123;
/// Goals of the product.
const FIRST_SCREEN_MS: f64 = 300.0;
const MEMORY_MB: f64 = 500.0;

fn main() -> Result<()> {
    let words: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let (messages, people) = match words[..] {
        [messages, people] => (messages, people),
        _ => (MESSAGES, PEOPLE),
    };
    let office = Office::start_with("[mail]\n")?;
    office.run(&["user", "add", "ada", "--role", "administrator"], "Kastanie-Regen-41\n")?;
    let mut ada = office.person("ada", "Kastanie-Regen-41")?;
    ada.sign_in()?;
    let account = Account::open(&ada)?;
    println!("Writing {messages} messages (seed {SEED}) …");
    let begin = Instant::now();
    let bytes = account.fill(Letters::new(SEED), messages)?;
    let mut report = Report::new("mail");
    report.push(Row::figure("messages", "messages", figure(messages)?));
    report.push(Row::figure("their mean size", "kB", figure(bytes / messages.max(1))? / 1e3));
    report.push(Row::figure("written", "messages/s", figure(messages)? / begin.elapsed().as_secs_f64()));

    let first = times(ROUNDS, || account.first_screen("inbox"))?;
    report.push(Row::goal("first screen, median", "ms", Better::Lower, median(&first), FIRST_SCREEN_MS));
    report.push(Row::goal("first screen, slowest", "ms", Better::Lower, slowest(&first), FIRST_SCREEN_MS));
    let mut other = ["archive", "inbox"].into_iter().cycle();
    let folder = times(ROUNDS, || account.screen(other.next().unwrap_or("inbox")).map(drop))?;
    let mut searches = Vec::new();
    let texts = texts();
    for (case, text) in &texts {
        let found = times(ROUNDS / 5, || account.search(text).map(drop))?;
        searches.push((*case, text.as_str(), median(&found), account.search(text)?));
    }

    for changes in [CHANGES / 10, CHANGES] {
        let since = account.state()?;
        account.touch(changes.min(messages))?;
        let learnt = times(ROUNDS / 5, || account.learn(&since, changes.min(messages)))?;
        report.push(Row::figure(&format!("learning of {changes} changes, median"), "ms", median(&learnt)));
    }

    println!("{people} people open their mail and wait …");
    let lines = waiting(&office, people)?;
    let megabytes = f64::from(u32::try_from(process::memory(office.pid())? / 1000)?) / 1e3;
    report.push(Row::figure("people who wait for mail", "people", figure(lines.len())?));
    report.push(Row::goal("memory with everybody waiting (PSS)", "MB", Better::Lower, megabytes, MEMORY_MB));
    let before = process::cpu(office.pid())?;
    fernamt_testkit::office::pause(Duration::from_secs(30));
    let idle = process::cpu(office.pid())?.saturating_sub(before);
    report.push(Row::figure("processor while they wait", "CPU-ms/s", idle.as_secs_f64() * 1e3 / 30.0));
    drop((lines, office));

    offline::measure(&mut report, messages)?;
    race(&mut report, messages, (median(&first), median(&folder)), &searches)?;
    report.finish()?;
    Ok(())
}

/// The same mailbox by Roundcube and Cyrus. Without an index of words Cyrus reads each message for a search, as Debian sets it up.
fn race(
    report: &mut Report,
    messages: usize,
    (first, folder): (f64, f64),
    searches: &[(&str, &str, f64, usize)],
) -> Result<()> {
    println!("Roundcube and Cyrus get the same {messages} messages …");
    let roundcube = Roundcube::start()?;
    for (folder, is_archive) in [("INBOX", false), ("Archive", true)] {
        let mut letters = Letters::new(SEED);
        let file = letters.file.clone();
        for letter in letters.by_ref().take(messages).filter(|letter| letter.is_archived() == is_archive) {
            roundcube.put_aside(letter.number + 1, &letter.raw(&file)?)?;
        }
        roundcube.take_in(folder)?;
    }
    let mut push = |case: &str, ours: f64, theirs: &Taken| {
        report.push(Row::race(case, "ms", Better::Lower, ours, ("Roundcube", median(&theirs.times))));
    };
    push("first screen, median", first, &roundcube.measure("first screen", ROUNDS)?);
    push("another folder, median", folder, &roundcube.measure("another folder", ROUNDS)?);
    for (case, text, ours, threads) in searches {
        let theirs = roundcube.measure(text, RIVALS_SEARCHES)?;
        push(&format!("search for {case}, median ({threads} threads; {} messages)", theirs.found), *ours, &theirs);
    }
    Ok(())
}

/// So many people at their mail pages, each with a line on which news come.
fn waiting(office: &Office, count: usize) -> Result<Vec<TcpStream>> {
    let lines = Mutex::new(Vec::with_capacity(count));
    let numbers = Mutex::new(0..count);
    thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..PREPARING)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    while let Some(number) = { lock(&numbers).next() } {
                        let (name, password) = (format!("person{number}"), format!("Morgen-Kaffee-{number:04}"));
                        office.run(&["user", "add", &name], &format!("{password}\n"))?;
                        let mut person = office.person(&name, &password)?;
                        person.sign_in()?;
                        let account = Account::open(&person)?;
                        account.screen("inbox")?;
                        lock(&lines).push(account.line()?);
                    }
                    Ok(())
                })
            })
            .collect();
        for worker in workers {
            worker.join().ok().context("a worker panicked")??;
        }
        Ok(())
    })?;
    Ok(lines.into_inner().unwrap_or_default())
}

fn times(rounds: usize, mut case: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds.max(1) {
        let begin = Instant::now();
        case()?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn slowest(sorted: &[f64]) -> f64 {
    sorted.last().copied().unwrap_or_default()
}

fn figure(number: usize) -> Result<f64> {
    Ok(f64::from(u32::try_from(number)?))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
