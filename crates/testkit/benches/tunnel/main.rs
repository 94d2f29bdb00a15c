//! `cargo xtask bench tunnel`: the SSH gateway against Debian's sshd, with the stock client, in one run.
//!
//! What counts is what the server and its children cost: CPU time for bytes and for sign-ins, memory for people who are
//! signed in and idle. The gateway is the whole `fernamt serve`, with its store, rules and audit trail, and asks for key
//! and code; sshd asks for the key alone and writes nothing down. sshd runs as the calling user, which spares it its
//! second process. `cargo xtask bench tunnel -- --full` moves more bytes and signs in 600 people.

#![expect(clippy::print_stdout, reason = "a bench tells how far it is")]

mod gateway;
mod servers;
mod target;

use std::{env, time::Instant};

use anyhow::{Result, bail};
use fernamt_testkit::report::{Better, Report, Row};

use crate::{
    servers::{Cipher, Server, Workshop},
    target::{Direction, Target},
};

/// Runs of each cell; the median counts.
const RUNS: usize = 5;

struct Scale {
    megabytes: u64,
    sign_ins: usize,
    idle: usize,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => race(&Scale { megabytes: 512, sign_ins: 60, idle: 120 }),
        ["--full"] => race(&Scale { megabytes: 1536, sign_ins: 300, idle: 600 }),
        other => bail!("unknown words: {other:?}"),
    }
}

fn race(scale: &Scale) -> Result<()> {
    let workshop = Workshop::new()?;
    let target = Target::start()?;
    let mut report = Report::new("tunnel");
    let rival = Workshop::sshd_version()?;
    println!("Making {} people with keys and authenticator apps …", scale.idle);
    let ours = workshop.gateway(&target, scale.idle)?;
    let theirs = workshop.sshd(&target)?;

    let mut wall_clock = Vec::new();
    for cipher in [Cipher::AesGcm, Cipher::ChaCha] {
        for direction in [Direction::Down, Direction::Up] {
            let case = format!("{} {}", cipher.title(), direction.title());
            let (mut our_runs, mut their_runs) = (Runs::default(), Runs::default());
            for _ in 0..RUNS {
                our_runs.push(transfer(&ours, cipher, direction, scale.megabytes)?);
                their_runs.push(transfer(&theirs, cipher, direction, scale.megabytes)?);
            }
            let rate = (our_runs.per_cpu(), their_runs.per_cpu());
            report.push(Row::race(&case, "MB per CPU-s", Better::Higher, rate.0, (&rival, rate.1)).aim(1.0));
            wall_clock.push((case, our_runs.per_second(), their_runs.per_second()));
        }
    }
    let signed = (sign_ins(&ours, scale.sign_ins)?, sign_ins(&theirs, scale.sign_ins)?);
    report.push(Row::race("sign-in, tunnel, end", "per CPU-s", Better::Higher, signed.0, (&rival, signed.1)).aim(1.0));
    for (case, ours, theirs) in wall_clock {
        report.push(Row::race(&format!("{case}, wall clock"), "MB/s", Better::Higher, ours, (&rival, theirs)));
    }
    let memory = (
        idle(&ours.restart(&workshop, &target)?, scale.idle)?,
        idle(&theirs.restart(&workshop, &target)?, scale.idle)?,
    );
    let case = format!("{} people idle", scale.idle);
    report.push(Row::race(&case, "MB PSS", Better::Lower, memory.0, (&rival, memory.1)).aim(10.0));
    report.finish()?;
    Ok(())
}

/// The rates of the runs of one cell.
#[derive(Default)]
struct Runs {
    per_cpu: Vec<f64>,
    per_second: Vec<f64>,
}

impl Runs {
    fn push(&mut self, (per_cpu, per_second): (f64, f64)) {
        self.per_cpu.push(per_cpu);
        self.per_second.push(per_second);
    }

    fn per_cpu(&self) -> f64 {
        median(&self.per_cpu)
    }

    fn per_second(&self) -> f64 {
        median(&self.per_second)
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Moves bytes through `ssh -L`. Returns megabytes per CPU-second of the server and per second of the clock.
fn transfer(server: &Server, cipher: Cipher, direction: Direction, megabytes: u64) -> Result<(f64, f64)> {
    let tunnel = server.tunnel(cipher)?;
    // The first bytes pay for the connection.
    Target::run(tunnel.port(), direction, 1)?;
    let (cpu, start) = (server.running_seconds()?, Instant::now());
    Target::run(tunnel.port(), direction, megabytes)?;
    let (cpu, wall) = (server.running_seconds()? - cpu, start.elapsed().as_secs_f64());
    let moved = f64::from(u32::try_from(megabytes)?);
    Ok((moved / cpu, moved / wall))
}

/// Signs in again and again, opens one tunnel each time, and ends. Returns how often per CPU-second of the server.
fn sign_ins(server: &Server, count: usize) -> Result<f64> {
    server.visit()?;
    let cpu = server.settled_cpu_seconds()?;
    for _ in 0..count {
        server.visit()?;
    }
    let cpu = server.settled_cpu_seconds()? - cpu;
    Ok(f64::from(u32::try_from(count)?) / cpu.max(0.01))
}

/// Signs people in who then do nothing. Returns the megabytes that the server and its children hold.
fn idle(server: &Server, people: usize) -> Result<f64> {
    let _clients = server.idle(people)?;
    server.pss_megabytes()
}
