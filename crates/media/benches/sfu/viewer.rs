//! What 25 cameras cost a viewer's browser: the stock JavaScript client at our server and at LiveKit, one after the other.
//! The viewer has a processor for itself; the senders' browsers share the other one with the server.

#![expect(clippy::print_stdout, reason = "a bench tells how far it is")]

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use fernamt_testkit::{
    peers::BrowserClient,
    process,
    report::{Better, Report, Row},
};

use crate::contest::{Contestant, SERVER, Server, pin, pin_load};

pub(crate) const NAME: &str = "a viewer's browser, 25 cameras";
const CAMERAS: usize = 25;
/// How many of them one participant sends: fewer than a seat may publish.
const CAMERAS_EACH: usize = 9;
/// The size of a picture, and what livekit-client makes of it: one layer.
const SIZE: (u32, u32) = (320, 180);
/// How long it may take until all pictures move.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many pictures of each camera are awaited before anything is measured.
const SETTLED_FRAMES: u64 = 40;

/// Janus is left out: the client does not speak its protocol.
pub(crate) fn race(report: &mut Report, contestants: &[Contestant], time: Duration) {
    println!("{NAME}:");
    let rivals = contestants.iter().filter(|contestant| **contestant != Contestant::Janus);
    let mut all = Vec::new();
    for contestant in rivals.copied() {
        match measure(contestant, time) {
            Ok(viewing) => {
                println!("  {}: {viewing:?}", contestant.name());
                all.push((contestant, viewing));
            }
            Err(why) => println!("  {}: SKIPPED: {why:#}", contestant.name()),
        }
    }
    if let [(_, ours), (rival, theirs)] = &all[..] {
        let mut row = |what: &str, unit: &str, better, ours, theirs| {
            report.push(Row::race(&format!("{NAME}, {what}"), unit, better, ours, (rival.name(), theirs)));
        };
        row("processor time", "% of one", Better::Lower, ours.cpu * 100.0, theirs.cpu * 100.0);
        row("pictures shown", "per s", Better::Higher, ours.pictures, theirs.pictures);
        row(
            "until all move",
            "s",
            Better::Lower,
            ours.until_all_move.as_secs_f64(),
            theirs.until_all_move.as_secs_f64(),
        );
    }
}

#[derive(Debug)]
struct Viewing {
    /// Of one processor.
    cpu: f64,
    /// A second, of all cameras.
    pictures: f64,
    until_all_move: Duration,
}

fn measure(contestant: Contestant, time: Duration) -> Result<Viewing> {
    let server = contestant.start()?;
    let url = format!("ws://{}", server.address());
    pin(SERVER)?;
    let senders: Result<Vec<_>> = (0..CAMERAS).step_by(CAMERAS_EACH).map(|first| send(&server, &url, first)).collect();
    pin_load()?;
    let _senders = senders?;

    let begun = Instant::now();
    let mut viewer = BrowserClient::watch(&url, &server.token("viewer")?)?;
    let mut until_all_move = None;
    loop {
        let seen = viewer.seen()?;
        let all = |frames| seen.len() == CAMERAS && seen.iter().all(|seen| seen.frames >= frames);
        if all(1) {
            until_all_move.get_or_insert_with(|| begun.elapsed());
        }
        if all(SETTLED_FRAMES) {
            break;
        }
        ensure!(begun.elapsed() < PATIENCE, "not all pictures move: {seen:?}");
    }
    let shown = |viewer: &mut BrowserClient| anyhow::Ok(viewer.seen()?.iter().map(|seen| seen.frames).sum::<u64>());
    let (before, cpu, start) = (shown(&mut viewer)?, process::running_with_children(viewer.pid())?, Instant::now());
    #[expect(
        clippy::disallowed_methods,
        reason = "the window of the measurement: nothing happens that could be awaited"
    )]
    thread::sleep(time);
    let (cpu, wall) = (process::running_with_children(viewer.pid())?.saturating_sub(cpu), start.elapsed());
    let pictures = shown(&mut viewer)?.saturating_sub(before);
    Ok(Viewing {
        cpu: cpu.as_secs_f64() / wall.as_secs_f64(),
        pictures: crate::load::float(pictures) / wall.as_secs_f64(),
        until_all_move: until_all_move.unwrap_or_default(),
    })
}

/// A browser that sends some of the cameras.
fn send(server: &Server, url: &str, first: usize) -> Result<BrowserClient> {
    let mut sender = BrowserClient::join(url, &server.token(&format!("sender {first}"))?)?;
    for number in first..CAMERAS.min(first + CAMERAS_EACH) {
        sender.publish_picture(&format!("camera {number}"), SIZE, [90, 160])?;
    }
    Ok(sender)
}
