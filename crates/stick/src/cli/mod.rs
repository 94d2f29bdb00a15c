//! The command line: for scripts, and for computers without a screen.
//!
//! ```text
//! fernamt-stick activate
//! fernamt-stick connect --target "Fachverfahren" --print-port
//! fernamt-stick connect --target datenbank -- psql -h {host} -p {port} amt
//! ```
//!
//! # Secrets
//!
//! They are asked for on the terminal, without echo. A script gives them by `--secrets-stdin`, a line each, in the order in
//! which they are asked for (passphrase, code; for `activate` the activation code, then the new passphrase), or the
//! passphrase alone by `--passphrase-fd`. There is no way to give them as an argument or in the environment: both can be
//! read by others.
//!
//! # What it says
//!
//! Sentences for people go to standard error, in German or English as the stick is set. Standard output is for programs:
//! with `--print-port` one line `address:port`, with `--json` one object a line, as [`Event`] describes them. Words and
//! fields stay as they are; new ones may come. How it ended is the exit code, see [`Exit`].
//!
//! # Who may use the tunnel
//!
//! In the window the stick starts the programs itself and lets only those in. Here somebody else's script does. With
//! `-- command` it is as in the window: the command and what it starts. Without, it is what descends from the process that
//! started us: the shell with the script, and what that script starts later. A script has no other means to show which
//! programs it means, and whoever controls it could start us with a command of their own anyway; what else the person
//! runs, and other people's programs, stay out. Two limits keep that from meaning everything: the process that started us
//! must belong to our session as terminals and scripts know it (a desktop's own manager, from which everything descends,
//! does not), and once it has ended, its number counts for nothing.

mod ask;
mod connect;
mod drive;
mod event;
mod exit;
mod find;
mod local;
mod shell;
mod signal;
mod words;

use std::{env, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};

use self::{ask::Secrets, event::Voice};
pub use self::{
    event::{Event, problem_word},
    exit::Exit,
    words::{Language, sentence},
};
use crate::{StickError, config, gateway::Gateway, proxy, state_file};

/// What the command line can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Opens a target and keeps it open until Ctrl+C, the session's end, or the command's.
    Connect(connect::Options),
    /// Gives the stick its key: asks for the activation code and a new passphrase.
    Activate(Common),
    /// Says whose stick this is, and whether it is activated. Asks for nothing.
    Status(Common),
    /// Lists what can be reached.
    Targets(Common),
    /// Measures the line to the gateway.
    TestLine(Common),
    /// Measures what opening the key container costs on this computer.
    Measure(local::MeasureOptions),
    /// Carries standard input and output to the SSH gateway by WebSocket: for ssh's `ProxyCommand`.
    Proxy {
        /// The gateway's address, such as <wss://fernamt.example.org>.
        #[arg(long, value_parser = Gateway::parse)]
        gateway: Gateway,
        /// A file of certificate authorities (PEM) to trust instead of the system's.
        #[arg(long)]
        ca: Option<PathBuf>,
    },
}

/// What all commands that use the stick's files take.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The folder with the stick's files, where it is not the program's own.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Say what happens as JSON, an object a line, on standard output.
    #[arg(long)]
    json: bool,
    /// The language of sentences, where it is not the stick's: de or en.
    #[arg(long, value_name = "LANGUAGE", value_parser = Language::parse)]
    language: Option<Language>,
    /// Tell on standard error which ways to the gateway were tried, and why one failed: for who looks for a fault.
    #[arg(long)]
    verbose: bool,
    /// Read the secrets from standard input, a line each, in the order in which they are asked for.
    #[arg(long)]
    secrets_stdin: bool,
    /// Read the passphrase from this open file descriptor.
    #[cfg(unix)]
    #[arg(long, value_name = "NUMBER")]
    passphrase_fd: Option<u32>,
}

/// A stick's folder that has been looked at, and a voice in its language.
struct Stick {
    folder: PathBuf,
    config: fernamt_api::stick::Config,
    voice: Voice,
}

impl Common {
    /// Reads whose stick it is; says what is wrong with it otherwise.
    fn stick(&self) -> Result<Stick, Exit> {
        if self.verbose {
            tell_more();
        }
        let own = || env::current_exe().ok()?.parent().map(PathBuf::from);
        let folder = self.folder.clone().or_else(own).unwrap_or_default();
        match config::load(&folder) {
            Ok(config) => {
                let remembered = state_file::load(&folder).language;
                let set = remembered.as_deref().unwrap_or(&config.language);
                let language = self.language.or_else(|| Language::parse(set).ok()).unwrap_or_default();
                Ok(Stick { folder, config, voice: Voice::new(self.json, language) })
            }
            Err(error) => {
                let voice = Voice::new(self.json, self.language.unwrap_or_default());
                voice.unusable(&error);
                Err(Exit::Stick)
            }
        }
    }

    fn secrets(&self) -> Secrets {
        #[cfg(unix)]
        let passphrase_fd = self.passphrase_fd;
        #[cfg(not(unix))]
        let passphrase_fd = None;
        Secrets::new(self.secrets_stdin, passphrase_fd)
    }
}

/// Does what was asked for. Where a stick stands in `folder` already, `--folder` need not name it.
pub fn run(command: Command) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&StickError::Runtime(error)),
    };
    let code = runtime.block_on(async {
        match command {
            Command::Connect(options) => connect::run(options).await,
            Command::Activate(common) => drive::activate(&common).await.into(),
            Command::Status(common) => local::status(&common).into(),
            Command::Targets(common) => drive::targets(&common).await.into(),
            Command::TestLine(common) => drive::test_line(&common).await.into(),
            Command::Measure(options) => local::measure(&options).await.into(),
            Command::Proxy { gateway, ca } => match proxy::run(&gateway, ca.as_deref()).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => failed(&error),
            },
        }
    });
    // Whoever still waits for a line on standard input waits in vain.
    runtime.shutdown_background();
    code
}

/// Says on standard error what is tried on the way to the gateway. No secret is ever among it.
fn tell_more() {
    let ours = tracing_subscriber::EnvFilter::new("fernamt_stick=debug,fernamt_resume=debug");
    // Whoever set it up before us keeps it.
    let _ = tracing_subscriber::fmt().with_env_filter(ours).with_ansi(false).with_writer(std::io::stderr).try_init();
}

#[expect(clippy::print_stderr, reason = "this is where a command line program says what went wrong")]
fn failed(error: &StickError) -> ExitCode {
    eprintln!("fernamt-stick: {}", with_causes(error));
    ExitCode::FAILURE
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
