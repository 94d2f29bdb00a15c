//! What starts the window: the program without a command, and the commands that it gives itself.

use std::{
    env,
    fs::{File, TryLockError},
    io::stdout,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Subcommand;
use fernamt_domain::{Rng, SystemRng};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{mpsc, watch},
    time::timeout,
};

use super::{
    Joined, WindowError, ask, pictures, run, run_with,
    states::{self, Prepared},
    twice,
    view::Face,
    words::Language,
};
use crate::{
    StickError, config,
    container::Cost,
    dial::Surroundings,
    engine::{Engine, Parts, Stage, State},
    launch::{Programs, Search},
    seam::Family,
    session::Network,
    state_file,
};

/// The file beside the program that an open window holds locked.
pub const LOCK_FILE: &str = "stick.lock";
/// How long the end may take before we end all the same: all that lasts longer is cut off.
const END_WITHIN: Duration = Duration::from_secs(4);
/// How long the engine may look into the folder before the window opens all the same.
const LOOK_WITHIN: Duration = Duration::from_secs(3);
/// Commands that wait for a prepared page, which nobody answers.
const MAX_IDLE_COMMANDS: usize = 8;

/// Commands that no person types.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Asks for name and password, for a program that cannot.
    #[command(hide = true)]
    AskSignOn {
        /// What for.
        #[arg(long)]
        target: String,
        /// The name to begin with.
        #[arg(long)]
        person: String,
        /// `de` or `en`.
        #[arg(long)]
        language: String,
    },
    /// Takes a picture of every page.
    #[command(hide = true)]
    WindowStates {
        /// The folder for them.
        #[arg(long)]
        out: PathBuf,
    },
    /// Shows one page that does nothing.
    #[command(hide = true)]
    WindowShow {
        /// Its name.
        #[arg(long)]
        page: String,
        /// `de` or `en`.
        #[arg(long, default_value = "de")]
        language: String,
    },
}

/// Does one of them.
pub fn command(command: Command) -> ExitCode {
    match command {
        Command::AskSignOn { target, person, language } => match ask(&target, &person, &language, stdout().lock()) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => failed(&error),
        },
        Command::WindowStates { out } => match pictures::take(&out) {
            Ok(_) => ExitCode::SUCCESS,
            Err(error) => failed(&error),
        },
        Command::WindowShow { page, language } => {
            let language = Language::of(&language);
            match states::all(language).into_iter().find(|prepared| prepared.name == page) {
                Some(prepared) => done(show(&prepared, language)),
                None => ExitCode::FAILURE,
            }
        }
    }
}

/// Opens the stick in `folder`, or in the program's own, until its window is closed.
pub fn open(folder: Option<PathBuf>) -> ExitCode {
    let own = || env::current_exe().ok()?.parent().map(Path::to_owned);
    let folder = folder.or_else(own).unwrap_or_default();
    let config = config::load(&folder).ok();
    let face = Face::of(config.as_ref(), state_file::load(&folder).language.as_deref());
    let Ok(_held) = hold(&folder) else { return done(twice(face)) };
    let login = config.map(|config| config.login).unwrap_or_default();
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let language = face.language.code();
    let programs = Programs::new(folder.clone(), Search::of_this_computer(), &login, language, env::current_exe().ok());
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let parts = Parts {
        folder: folder.clone(),
        gateway: Arc::new(Network::new(Arc::clone(&rng), Surroundings::detect())),
        launcher: Arc::new(programs),
        rng,
        cost: Cost::STICK,
        family: Family::default(),
    };
    let engine = runtime.block_on(async { Engine::start(parts) });
    // Until it has looked into the folder it shows nothing that is worth reading, or reading aloud.
    let mut first = engine.state.clone();
    let settled = |state: &State| state.stage != Stage::Unusable || state.problem.is_some();
    _ = runtime.block_on(async { timeout(LOOK_WITHIN, first.wait_for(settled)).await });
    let joined = Joined {
        face,
        commands: engine.commands.clone(),
        state: engine.state.clone(),
        runtime: runtime.handle().clone(),
        folder: Some(folder),
    };
    let shown = run(joined);
    _ = runtime.block_on(async { timeout(END_WITHIN, engine.ended()).await });
    runtime.shutdown_background();
    done(shown)
}

fn show(prepared: &Prepared, language: Language) -> Result<(), WindowError> {
    let runtime = runtime().map_err(|error| WindowError::Screen(error.into()))?;
    let (commands, _waiting) = mpsc::channel(MAX_IDLE_COMMANDS);
    let (_shown, state) = watch::channel(prepared.state.clone());
    let handle = runtime.handle().clone();
    let joined = Joined { face: states::face(language), commands, state, runtime: handle, folder: None };
    run_with(joined, prepared.over, prepared.search)
}

/// Holds the stick, so that no second window opens it. `Err` when another one does.
fn hold(folder: &Path) -> Result<Option<File>, ()> {
    // A folder that cannot be written has a problem of its own, which the engine tells.
    let Ok(file) = File::create(folder.join(LOCK_FILE)) else { return Ok(None) };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(()),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
    }
}

fn runtime() -> Result<Runtime, StickError> {
    Builder::new_multi_thread().enable_all().build().map_err(StickError::Runtime)
}

fn done(shown: Result<(), WindowError>) -> ExitCode {
    shown.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

#[expect(clippy::print_stderr, reason = "without a window there is only this")]
fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("fernamt-stick: {error}");
    let mut cause = error.source();
    while let Some(next) = cause {
        eprintln!("  {next}");
        cause = next.source();
    }
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_window_holds_a_stick() {
        let folder = tempfile::tempdir().unwrap();
        let held = hold(folder.path()).unwrap();
        assert!(held.is_some());
        assert!(hold(folder.path()).is_err());
        drop(held);
        assert!(hold(folder.path()).is_ok_and(|held| held.is_some()));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_not_held() {
        assert!(hold(Path::new("/nonexistent/folder")).is_ok_and(|held| held.is_none()));
    }
}
