//! One server under one load.

use std::{
    fmt,
    net::SocketAddr,
    os::fd::AsFd,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use fernamt_testkit::{
    peers::{Janus, LiveKit, LiveKitSettings},
    process,
    report::median,
};
use rustix::thread::{CpuSet, LinkNameSpaceType, move_into_link_name_space, sched_setaffinity};

use crate::{
    Case,
    janus::Room,
    load::{self, Load, Shape},
    ours::Ours,
    signal::Call,
};

/// The processor of the servers.
pub(crate) const SERVER: usize = 0;
/// The processor of the load.
const LOAD: usize = 1;
/// How long everybody may take to be there and to see what they are to see.
const PATIENCE: Duration = Duration::from_secs(30);
/// What settles before anything is measured.
const SETTLING: Duration = Duration::from_secs(2);
/// After the window, for what is still under way.
const LATE: Duration = Duration::from_millis(500);
const STEP: Duration = Duration::from_millis(5);
const ROOM: u64 = 4711;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contestant {
    Ours,
    Janus,
    LiveKit,
}

/// What a run found out.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) per_cpu_second: f64,
    pub(crate) per_second: f64,
    pub(crate) cpu: f64,
    pub(crate) delay_ms: f64,
    pub(crate) unloaded_ms: f64,
    pub(crate) loss: f64,
    pub(crate) memory_kb: f64,
    pub(crate) join_ms: f64,
    suites: Vec<&'static str>,
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:.0} packets per CPU-second ({:.0}/s at {:.0} % of a processor), p99 {:.2} ms above {:.2} ms, loss {:.3} %, \
             {:.0} kB a participant, joined in {:.0} ms, {}",
            self.per_cpu_second,
            self.per_second,
            self.cpu * 100.0,
            self.delay_ms,
            self.unloaded_ms,
            self.loss * 100.0,
            self.memory_kb,
            self.join_ms,
            self.suites.join(" and ")
        )
    }
}

impl Contestant {
    pub(crate) const ALL: [Self; 3] = [Self::Ours, Self::Janus, Self::LiveKit];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "Fernamt",
            Self::Janus => "Janus 1.1.2",
            Self::LiveKit => "LiveKit 1.13.5",
        }
    }

    pub(crate) fn start(self) -> Result<Server> {
        match self {
            Self::Ours => Ok(Server::Ours(Ours::start(SERVER)?)),
            Self::Janus => Ok(Server::Janus(Janus::start_on(Some(SERVER))?)),
            Self::LiveKit => {
                let settings = LiveKitSettings { processor: Some(SERVER), ..LiveKitSettings::default() };
                Ok(Server::LiveKit(LiveKit::start_with(&settings)?))
            }
        }
    }
}

pub(crate) enum Server {
    Ours(Ours),
    Janus(Janus),
    LiveKit(LiveKit),
}

impl Server {
    fn pid(&self) -> u32 {
        match self {
            Self::Ours(ours) => ours.pid(),
            Self::Janus(janus) => janus.pid,
            Self::LiveKit(livekit) => livekit.pid(),
        }
    }

    pub(crate) fn token(&self, identity: &str) -> Result<String> {
        match self {
            Self::Ours(ours) => ours.ticket(),
            Self::Janus(_) => Ok(String::new()),
            Self::LiveKit(livekit) => Ok(livekit.token("bench", identity)),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Self::Ours(ours) => ours.address(),
            Self::Janus(janus) => janus.address(),
            Self::LiveKit(livekit) => SocketAddr::from(([127, 0, 0, 1], livekit.port())),
        }
    }
}

/// The load keeps to its own processor.
pub(crate) fn pin_load() -> Result<()> {
    pin(LOAD)
}

/// From now on this thread, and what it starts, keeps to one processor.
pub(crate) fn pin(processor: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(processor);
    sched_setaffinity(None, &set).context("this bench needs two processors")
}

/// Runs a case on a fresh server, and before it the same load for one subscriber.
pub(crate) fn run(contestant: Contestant, case: &Case, time: Duration) -> Result<Figures> {
    let alone = match case.shape {
        Shape::Picture { .. } => Case { publishers: 1, listeners: 1, visible: 1, silent: 0, ..*case },
        Shape::Sound { .. } => Case { publishers: 2, listeners: 0, visible: 1, silent: 0, ..*case },
    };
    let unloaded_ms = measure(contestant, &alone, time / 2)?.delay_ms;
    let figures = measure(contestant, case, time)?;
    Ok(Figures { delay_ms: (figures.delay_ms - unloaded_ms).max(0.0), unloaded_ms, ..figures })
}

fn measure(contestant: Contestant, case: &Case, time: Duration) -> Result<Figures> {
    let server = contestant.start()?;
    // A thread of its own, because one that walked into another network stays there.
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            if let Server::Janus(janus) = &server {
                move_into_link_name_space(janus.network()?.as_fd(), Some(LinkNameSpaceType::Network))?;
            }
            measure_at(&server, case, time)
        });
        inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn measure_at(server: &Server, case: &Case, time: Duration) -> Result<Figures> {
    let mut load = Load::new(server.address().ip())?;
    load::suites();
    let before = process::memory(server.pid())?;
    let (mut calls, joins) = match server {
        Server::Janus(janus) => {
            let joins = arrive_at_janus(janus, case, &mut load);
            (Vec::new(), joins.with_context(|| janus.log().unwrap_or_default())?)
        }
        Server::Ours(_) | Server::LiveKit(_) => arrive(server, case, &mut load)?,
    };
    settle(&mut load, &mut calls, SETTLING)?;
    let people = u32::try_from(case.publishers + case.listeners)?;
    let memory = process::memory(server.pid())?.saturating_sub(before);
    let suites = load::suites();

    load.open_window(time);
    let (cpu, start) = (process::running_with_children(server.pid())?, Instant::now());
    settle(&mut load, &mut calls, time)?;
    let (cpu, wall) = (process::running_with_children(server.pid())?.saturating_sub(cpu), start.elapsed());
    settle(&mut load, &mut calls, LATE)?;

    let received = load::float(load.tally.received);
    Ok(Figures {
        per_cpu_second: received / cpu.as_secs_f64(),
        per_second: received / wall.as_secs_f64(),
        cpu: cpu.as_secs_f64() / wall.as_secs_f64(),
        delay_ms: load.tally.p99_ms()?,
        unloaded_ms: 0.0,
        loss: load.tally.loss(),
        memory_kb: load::float(memory) / 1000.0 / f64::from(people),
        join_ms: median(joins),
        suites,
    })
}

/// Publishers come first and begin to send, then listeners; then everybody asks for what is to be seen.
fn arrive(server: &Server, case: &Case, load: &mut Load) -> Result<(Vec<Call>, Vec<f64>)> {
    let mut calls = Vec::new();
    let lecture = case.listeners > 0;
    for number in 0..case.publishers {
        let shape = shape(case, number);
        let token = server.token(&format!("publisher-{number}"))?;
        calls.push(Call::join(load, number, server.address(), &token, Some(shape), false)?);
        work_until(load, &mut calls, "a publisher is connected", |load, calls| {
            calls.iter().all(|call| call.sends(load))
        })?;
        let (peer, mid, shape) = calls.last_mut().and_then(Call::take_track).context("the publisher has a track")?;
        load.send(peer, mid, shape, receivers(case));
    }
    for number in 0..case.listeners {
        let number = case.publishers + number;
        let token = server.token(&format!("listener-{number}"))?;
        calls.push(Call::join(load, number, server.address(), &token, None, true)?);
        work_until(load, &mut calls, "a listener sees something", |load, calls| {
            calls.last().and_then(|call| call.subscriber).is_some_and(|peer| load.first_media(peer).is_some())
        })?;
    }
    if !lecture {
        work_until(load, &mut calls, "everybody knows of all tracks", |_, calls| {
            calls.iter().all(|call| call.known() >= case.publishers)
        })?;
        calls.iter_mut().try_for_each(|call| call.subscribe_next(case.visible))?;
        work_until(load, &mut calls, "everybody sees something", |load, calls| {
            calls.iter().all(|call| call.subscriber.is_some_and(|peer| load.first_media(peer).is_some()))
        })?;
    }
    let joins = calls.iter().filter_map(|call| {
        let first = load.first_media(call.subscriber?)?;
        Some(first.duration_since(call.begun).as_secs_f64() * 1000.0)
    });
    let joins = joins.collect();
    Ok((calls, joins))
}

fn arrive_at_janus(janus: &Janus, case: &Case, load: &mut Load) -> Result<Vec<f64>> {
    let mut room = Room::open(janus, ROOM, case.shape.kind())?;
    let mut feeds = Vec::new();
    let mut begun = Vec::new();
    for number in 0..case.publishers {
        begun.push(Instant::now());
        let shape = shape(case, number);
        let published = room.publish(load, shape)?;
        work_until(load, &mut [], "a publisher is connected", |load, _| load.connected(published.peer))?;
        room.wait_until_up(load, &published)?;
        load.send(published.peer, published.mid, shape, receivers(case));
        feeds.push(published.feed);
    }
    let mut subscribers = Vec::new();
    if case.listeners > 0 {
        for _ in 0..case.listeners {
            let begun = Instant::now();
            let peer = room.subscribe(load, &feeds)?;
            work_until(load, &mut [], "a listener sees something", |load, _| load.first_media(peer).is_some())?;
            subscribers.push((begun, peer));
        }
    } else {
        for (number, begun) in begun.into_iter().enumerate() {
            let wanted: Vec<_> = (1..=case.visible).map(|next| (number + next) % case.publishers).collect();
            let wanted: Vec<_> = wanted.iter().filter_map(|at| feeds.get(*at).copied()).collect();
            subscribers.push((begun, room.subscribe(load, &wanted)?));
        }
        work_until(load, &mut [], "everybody sees something", |load, _| {
            subscribers.iter().all(|(_, peer)| load.first_media(*peer).is_some())
        })?;
    }
    let joins = subscribers
        .iter()
        .filter_map(|(begun, peer)| Some(load.first_media(*peer)?.duration_since(*begun).as_secs_f64() * 1000.0));
    Ok(joins.collect())
}

/// How many get each track.
fn receivers(case: &Case) -> usize {
    if case.listeners > 0 { case.listeners } else { case.visible }
}

fn shape(case: &Case, number: usize) -> Shape {
    match case.shape {
        Shape::Sound { .. } => Shape::Sound { silent: number >= case.publishers - case.silent },
        picture @ Shape::Picture { .. } => picture,
    }
}

fn work_until(load: &mut Load, calls: &mut [Call], what: &str, done: impl Fn(&Load, &[Call]) -> bool) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while !done(load, calls) {
        ensure!(Instant::now() < end, "waited in vain until {what}");
        work(load, calls)?;
    }
    Ok(())
}

fn settle(load: &mut Load, calls: &mut [Call], time: Duration) -> Result<()> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        work(load, calls)?;
    }
    Ok(())
}

fn work(load: &mut Load, calls: &mut [Call]) -> Result<()> {
    for number in load.step(STEP)? {
        if let Some(call) = calls.get_mut(number) {
            call.hear(load)?;
        }
    }
    let now = Instant::now();
    calls.iter_mut().try_for_each(|call| call.ping(now))
}
