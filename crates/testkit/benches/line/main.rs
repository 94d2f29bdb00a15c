//! `cargo xtask bench line`: the stick against `ssh -L` over bad lines, in one run.
//!
//! Home and office are networks of their own; the lines between them lose and delay packets by the test kit's shaper, and
//! both contestants send by the same congestion control. Desktops are real ones, keys are answered by a small program
//! ([`far_side`]), so that nothing but the way is measured. Cuts and changes of address hit both at the same moment.
//! `cargo xtask bench line -- --full` types more, and cuts for as long as two minutes.

#![expect(clippy::print_stdout, reason = "a bench tells how far it is")]

mod contestant;
mod far_side;
mod measure;
mod ours;

use std::{
    env,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use fernamt_testkit::{
    lab::Lab,
    line::{Line, Shape},
    office::pause,
    peers::Xrdp,
    report::{Better, Report, Row, median},
};

use crate::{
    contestant::{Contestant, Place, Rival},
    measure::{Typing, Watch, p95},
    ours::Ours,
};

/// The lines' luck.
const SEED: u64 = 2026;
/// Whoever is not back by then after a change of address will not come back.
const SURVIVES_WITHIN: Duration = Duration::from_secs(15);

struct Scale {
    frames: usize,
    keys: usize,
    typing: Duration,
    /// How long each cut lasts, in seconds, and how often.
    cuts: &'static [(u64, usize)],
    moves: usize,
    /// The cuts happen on every line, not on the first alone.
    cuts_everywhere: bool,
}

const QUICK: Scale =
    Scale { frames: 1, keys: 30, typing: Duration::from_secs(10), cuts: &[(5, 1)], moves: 1, cuts_everywhere: false };
const FULL: Scale = Scale {
    frames: 5,
    keys: 200,
    typing: Duration::from_secs(90),
    cuts: &[(5, 5), (30, 3), (120, 1)],
    moves: 3,
    cuts_everywhere: true,
};

/// A line that is measured over.
struct Case {
    name: &'static str,
    shape: Shape,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["--quick"] => race(&QUICK),
        ["--full"] => race(&FULL),
        other => bail!("unknown words: {other:?}"),
    }
}

fn cases() -> [Case; 2] {
    // Without any rate, the processors of this machine would be what is measured.
    let rate_bit_s = Some(20_000_000);
    let far = Shape { rate_bit_s, queue_bytes: 256 * 1024, ..Shape::far(Duration::from_millis(200), 20) };
    let slow = Shape::slow(Duration::from_millis(80), 1_000_000);
    [Case { name: "200 ms + 2 % loss", shape: far }, Case { name: "1 Mbit/s + 80 ms", shape: slow }]
}

fn race(scale: &Scale) -> Result<()> {
    let lab = Lab::start(SEED)?;
    println!("Both ends of both contestants send by {}; seed {SEED}", lab.congestion_control()?);
    let report = lab.at_office(|| -> Result<Report> {
        let xrdp = Xrdp::start()?;
        let far_side = far_side::start()?;
        // The session is begun here, so that nobody's first frame pays for its start.
        measure::first_frame(xrdp.address(), &xrdp, &[])?;
        let (desktop, program) = (xrdp.address().port(), far_side.port());
        let contestants =
            Contestants { ours: Ours::start(&lab, desktop, program)?, rival: Rival::start(desktop, program)? };
        let mut bench =
            Bench { lab: &lab, scale, contestants, rival: Rival::name()?, report: Report::new("line"), cut: false };
        for case in cases() {
            println!("{}:", case.name);
            lab.lines(|line| line.shape(&case.shape));
            bench.first_frames(&case, &xrdp)?;
            bench.typing(&case)?;
            if scale.cuts_everywhere || !bench.cut {
                bench.outages(&case)?;
            }
        }
        Ok(bench.report)
    })?;
    report.finish()?;
    Ok(())
}

struct Contestants {
    ours: Ours,
    rival: Rival,
}

struct Bench<'a> {
    lab: &'a Lab,
    scale: &'a Scale,
    contestants: Contestants,
    rival: String,
    report: Report,
    cut: bool,
}

impl Bench<'_> {
    fn first_frames(&mut self, case: &Case, xrdp: &Xrdp) -> Result<()> {
        let Contestants { ours, rival } = &self.contestants;
        let runs = |who: &dyn Contestant| -> Result<f64> {
            self.lab.at_home(|| {
                let tunnel = who.open(Place::Desktop)?;
                let runs: Result<Vec<_>> =
                    (0..self.scale.frames).map(|_| measure::first_frame(tunnel.end, xrdp, &[])).collect();
                Ok(median(runs?))
            })
        };
        let (ours, theirs) = (runs(ours)?, runs(rival)?);
        println!("  first frame: {ours:.2} s, {theirs:.2} s");
        self.race(&format!("{}, first desktop frame", case.name), "s", (ours, theirs), 1.25);
        Ok(())
    }

    fn typing(&mut self, case: &Case) -> Result<()> {
        let Contestants { ours, rival } = &self.contestants;
        let types = |who: &dyn Contestant| -> Result<Typing> {
            self.lab.at_home(|| {
                let tunnel = who.open(Place::Program)?;
                measure::keys_during_copy(tunnel.end, self.scale.keys, self.scale.typing)
            })
        };
        let (ours, theirs) = (types(ours)?, types(rival)?);
        for (who, typing) in [("ours", &ours), ("theirs", &theirs)] {
            println!(
                "  {who}: {} keys, half within {:.0} ms, 95 % within {:.0} ms, the copy at {:.0} kbit/s",
                typing.keys_ms.len(),
                median(typing.keys_ms.clone()),
                p95(&typing.keys_ms),
                typing.copy_kbit_s
            );
        }
        let keys = (p95(&ours.keys_ms), p95(&theirs.keys_ms));
        self.race(&format!("{}, key to frame beside a copy, p95", case.name), "ms", keys, 3.0);
        let (rival, copies) = (self.rival.clone(), (ours.copy_kbit_s, theirs.copy_kbit_s));
        let case = format!("{}, the copy meanwhile", case.name);
        self.report.push(Row::race(&case, "kbit/s", Better::Higher, copies.0, (&rival, copies.1)));
        Ok(())
    }

    fn outages(&mut self, case: &Case) -> Result<()> {
        self.cut = true;
        let Contestants { ours, rival } = &self.contestants;
        let open = |who: &dyn Contestant| {
            self.lab.at_home(|| -> Result<_> {
                let tunnel = who.open(Place::Program)?;
                Ok((Watch::start(tunnel.end)?, tunnel))
            })
        };
        let (ours, theirs) = (open(ours)?, open(rival)?);
        let watches = [&ours.0, &theirs.0];
        for (seconds, times) in self.scale.cuts {
            let mut back = [const { Vec::new() }; 2];
            for _ in 0..*times {
                let took = self.cut_for(Duration::from_secs(*seconds), watches)?;
                println!("  back after a cut of {seconds} s: {:.2} s, {:.2} s", took[0], took[1]);
                back.iter_mut().zip(took).for_each(|(all, one)| all.push(one));
            }
            let [ours, theirs] = back.map(median);
            self.race(&format!("{}, first byte after a cut of {seconds} s", case.name), "s", (ours, theirs), 10.0);
        }
        let mut survived = [0_u32; 2];
        let mut back = Vec::new();
        for _ in 0..self.scale.moves {
            let link = self.lab.switch()?;
            let moved = Instant::now();
            // What was under way to the old address does not count.
            let heard = watches.map(|watch| watch.first_after(moved + case.shape.delay * 2, SURVIVES_WITHIN));
            println!("  {link:?}: {heard:.2?}");
            for (survived, heard) in survived.iter_mut().zip(&heard) {
                *survived += u32::from(heard.is_ok());
            }
            back.extend(heard[0].as_ref().ok().map(Duration::as_secs_f64));
        }
        let rival = self.rival.clone();
        let [ours, theirs] = survived.map(f64::from);
        let name = format!("{}, changes of address survived of {}", case.name, self.scale.moves);
        self.report.push(Row::race(&name, "", Better::Higher, ours, (&rival, theirs)));
        if !back.is_empty() {
            let name = format!("{}, first byte after a change of address", case.name);
            self.report.push(Row::figure(&name, "s", median(back)));
        }
        Ok(())
    }

    /// Cuts the line and returns how long after its return each watch hears something, in seconds.
    fn cut_for(&self, time: Duration, [ours, theirs]: [&Watch; 2]) -> Result<[f64; 2]> {
        self.lab.lines(Line::cut);
        pause(time);
        self.lab.lines(Line::mend);
        let mended = Instant::now();
        let patience = time * 2 + Duration::from_secs(60);
        let ours = ours.first_after(mended, patience).context("ours does not come back")?;
        // A rival that is away for longer than anybody waits has lost, and the race goes on.
        let theirs = theirs.first_after(mended, patience).unwrap_or(patience);
        Ok([ours, theirs].map(|took| took.as_secs_f64()))
    }

    fn race(&mut self, case: &str, unit: &str, (ours, theirs): (f64, f64), aim: f64) {
        self.report.push(Row::race(case, unit, Better::Lower, ours, (&self.rival, theirs)).aim(aim));
    }
}
