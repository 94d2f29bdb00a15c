//! `connect`: one target, open as long as it is wanted.

use std::{
    net::SocketAddr,
    process::{ExitCode, Stdio},
    time::Duration,
};

use clap::Args;
use fernamt_api::stick::StickTarget;
use fernamt_domain::{TargetId, TargetKind};
use tokio::{
    process::Child,
    time::{MissedTickBehavior, interval},
};

use super::{
    Common, Exit,
    drive::{Drive, Over, row, until_wish},
    event::{Event, Voice, problem_word},
    find::{NotFound, alike, find},
    shell,
};
use crate::{
    engine::{Command, Desk, LineState, Problem, Stage, State, Tile},
    seam::Family,
};

/// How often we look whether the shell that started us is still there.
const LOOK_FOR_SHELL_EVERY: Duration = Duration::from_secs(1);
/// How long the command may take to end by itself once it is asked to.
#[cfg(unix)]
const POLITE: Duration = Duration::from_millis(1500);

/// What `connect` takes.
#[derive(Debug, Args)]
pub struct Options {
    /// The target: its name, its name as it can be typed (`buero-pc-12`), or its id.
    #[arg(long, value_name = "NAME")]
    target: String,
    /// Print `address:port` of our end on standard output once the target is open.
    #[arg(long)]
    print_port: bool,
    #[command(flatten)]
    common: Common,
    /// Start this once the target is open, with our end in the place of `{host}` and `{port}`, and end with it.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// How it ended.
enum Ended {
    Over(Over),
    /// The command's own exit code.
    Command(u8),
}

pub(super) async fn run(options: Options) -> ExitCode {
    let Options { target, print_port, common, command } = options;
    let stick = match common.stick() {
        Ok(stick) => stick,
        Err(exit) => return exit.into(),
    };
    let family = Family::default();
    family.admit(std::process::id());
    let shell = if command.is_empty() { shell::starter() } else { None };
    match shell {
        Some(shell) => family.admit(shell),
        None if command.is_empty() => stick.voice.tell(stick.voice.words().only_by_command()),
        None => {}
    }
    let mut drive = Drive::start(&common, &stick, family.clone());
    let mut child = None;
    let ended = until_wish(async {
        let desk = drive.sign_in().await?;
        let target = choose(&desk, &target, stick.voice)?;
        let address = open(&mut drive, target.id).await?;
        stick.voice.listening(&target, address, print_port);
        child = start(&command, address, stick.voice)?;
        let code = tokio::select! {
            over = stay(&mut drive, target.id) => return Err(over),
            code = ended(&mut child) => code,
            () = watch(shell, &family) => return Err(Over::Wish),
        };
        Ok(code)
    });
    let ended = match ended.await {
        Ok(code) => Ended::Command(code),
        Err(over) => Ended::Over(over),
    };
    if let Some(child) = child {
        finish(child).await;
    }
    match ended {
        Ended::Over(over) => drive.end(over).await.into(),
        Ended::Command(code) => {
            drive.end(Over::Wish).await;
            ExitCode::from(code)
        }
    }
}

fn choose(desk: &Desk, wanted: &str, voice: Voice) -> Result<StickTarget, Over> {
    let targets: Vec<_> = desk.tiles.iter().map(|tile| tile.target.clone()).collect();
    match find(&targets, wanted) {
        Ok(target) if target.kind == TargetKind::Web => {
            voice.tell(&voice.words().in_the_browser(target.url.as_deref().unwrap_or_default()));
            Err(Over::Told(Exit::Usage))
        }
        Ok(target) => Ok(target.clone()),
        Err(NotFound::None) => {
            let alike: Vec<_> = alike(&targets, wanted).into_iter().map(|target| target.name.as_str()).collect();
            // Whether there is one that is not allowed is nobody's business.
            let problem = Problem::TargetForbidden;
            voice.event(&Event::Problem { problem: problem_word(&problem), seconds: None, detail: None });
            voice.tell(&voice.words().no_target(wanted, &alike));
            Err(Over::Known(problem))
        }
        Err(NotFound::Several(candidates)) => {
            voice.tell(&voice.words().several_targets(wanted));
            for candidate in candidates {
                voice.target(candidate);
                voice.tell(&row(candidate));
            }
            Err(Over::Told(Exit::Usage))
        }
    }
}

fn tile(state: &State, id: TargetId) -> Option<&Tile> {
    let Stage::Ready(desk) = &state.stage else { return None };
    desk.tiles.iter().find(|tile| tile.target.id == id)
}

/// Why a state means the end.
fn over(state: &State, id: TargetId) -> Option<Over> {
    match &state.stage {
        Stage::Ready(_) if tile(state, id).is_none() => Some(Over::Problem(Problem::TargetForbidden)),
        Stage::Ready(_) => None,
        _ => Some(state.problem.clone().map_or(Over::Wish, Over::Problem)),
    }
}

async fn open(drive: &mut Drive, id: TargetId) -> Result<SocketAddr, Over> {
    drive.say(Command::Open(id)).await;
    loop {
        let state = drive.changed().await?;
        if let Some(over) = over(&state, id) {
            return Err(over);
        }
        match tile(&state, id) {
            Some(Tile { problem: Some(problem), .. }) => return Err(Over::Problem(problem.clone())),
            Some(Tile { open: Some(opened), .. }) => {
                return opened.address.ok_or(Over::Problem(Problem::NoProgram));
            }
            _ => {}
        }
    }
}

/// Waits for the end, and tells meanwhile how the line does.
async fn stay(drive: &mut Drive, id: TargetId) -> Over {
    let mut line: Option<LineState> = None;
    let mut problem: Option<Problem> = None;
    loop {
        let state = match drive.changed().await {
            Ok(state) => state,
            Err(over) => return over,
        };
        if let Some(over) = over(&state, id) {
            return over;
        }
        let Stage::Ready(desk) = &state.stage else { continue };
        tell_line(drive.voice, line.as_ref(), &desk.line);
        line = Some(desk.line.clone());
        // A target that does not let one connection through may let the next one through.
        let now = tile(&state, id).and_then(|tile| tile.problem.clone());
        if now != problem {
            if let Some(now) = &now {
                drive.voice.problem(now);
            }
            problem = now;
        }
    }
}

fn tell_line(voice: Voice, before: Option<&LineState>, now: &LineState) {
    match (before.and_then(|before| before.away), now.away) {
        (None, Some(away)) => voice.away(away),
        (Some(_), None) => voice.back(),
        _ => {}
    }
    if let Some(quality) = now.quality.as_ref()
        && before.and_then(|before| before.quality.as_ref()) != Some(quality)
    {
        voice.quality(quality, now.reduced);
    }
}

fn start(command: &[String], address: SocketAddr, voice: Voice) -> Result<Option<Child>, Over> {
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let mut words = command.iter().map(|word| word.replace("{host}", &host).replace("{port}", &port));
    let Some(program) = words.next() else { return Ok(None) };
    let mut prepared = tokio::process::Command::new(&program);
    prepared.args(words).stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
    match prepared.kill_on_drop(true).spawn() {
        Ok(child) => Ok(Some(child)),
        Err(error) => {
            voice.tell(&format!("{} ({error})", voice.words().cannot_start(&program)));
            Err(Over::Told(Exit::Usage))
        }
    }
}

/// Ends the command, politely where that is possible.
async fn finish(mut child: Child) {
    #[cfg(unix)]
    if let Some(process) = child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?)) {
        // One that has ended already needs no asking.
        let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        let _ = tokio::time::timeout(POLITE, child.wait()).await;
    }
    let _ = child.kill().await;
}

/// Waits for the command's end; for ever where there is none.
async fn ended(child: &mut Option<Child>) -> u8 {
    let Some(child) = child else { return std::future::pending().await };
    let Ok(status) = child.wait().await else { return Exit::Failed.code() };
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        // As shells tell it.
        return 128_u8.saturating_add(u8::try_from(signal).unwrap_or(u8::MAX));
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(Exit::Failed.code())
}

/// Lets the shell out of the family when it has ended: its number may become another's. Nobody can use the tunnel then.
async fn watch(shell: Option<u32>, family: &Family) {
    let Some(shell) = shell else { return std::future::pending().await };
    let mut ticks = interval(LOOK_FOR_SHELL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shell::starter() == Some(shell) {
        ticks.tick().await;
    }
    family.forget(shell);
}
