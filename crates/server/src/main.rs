//! The binary `fernamt`: a remote workplace for public administrations in one program.

mod app;
mod background;
mod commands;
mod conference;
mod config;
mod demo_app;
mod disk;
mod installation;
mod keys;
mod listen;
mod log;
mod mail;
mod mail_server;
mod media;
mod office;
mod open_files;
mod operations;
mod prober;
mod sticks;
mod tls;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

/// The configuration file that is read unless another one is named.
const DEFAULT_CONFIG: &str = "/etc/fernamt/fernamt.toml";

/// A remote workplace for public administrations.
#[derive(Debug, Parser)]
#[command(name = "fernamt", version, arg_required_else_help = true)]
struct Cli {
    /// The configuration file.
    #[arg(long, global = true, env = "FERNAMT_CONFIG", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts a whole office with demo people on embedded defaults.
    Demo(commands::demo::Arguments),
    /// Starts the server.
    Serve,
    /// Reads the configuration and names each fault with its line and remedy.
    Check,
    /// Prints a one-time link that makes an administrator.
    Setup(commands::setup::Arguments),
    /// Manages people from the command line.
    User(commands::user::Arguments),
    /// Manages targets from the command line.
    Target(commands::target::Arguments),
    /// Makes sticks, lists them and takes them back.
    Stick(commands::stick::Arguments),
    /// Verifies and exports the audit log.
    Audit(commands::audit::Arguments),
    /// Makes a backup now, also while the server runs.
    Backup(commands::backup::BackupArguments),
    /// Restores a backup into an empty installation, or instead of the present one.
    Restore(commands::backup::RestoreArguments),
    /// Prints the OpenAPI document.
    #[command(hide = true)]
    Openapi,
    /// Prints the JSON schema of the configuration file.
    #[command(hide = true)]
    Schema,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Demo(arguments) => commands::demo::run(arguments).await,
        Command::Serve => commands::serve::run(&cli.config).await,
        Command::Check => commands::check::run(&cli.config),
        Command::Setup(arguments) => commands::setup::run(&cli.config, arguments).await,
        Command::User(arguments) => commands::user::run(&cli.config, arguments).await,
        Command::Target(arguments) => commands::target::run(&cli.config, arguments).await,
        Command::Stick(arguments) => commands::stick::run(&cli.config, arguments).await,
        Command::Audit(arguments) => commands::audit::run(&cli.config, arguments).await,
        Command::Backup(arguments) => commands::backup::backup(&cli.config, arguments).await,
        Command::Restore(arguments) => commands::backup::restore(&cli.config, arguments).await,
        Command::Openapi => commands::print(&(fernamt_api::document().to_pretty_json()? + "\n")),
        Command::Schema => commands::print(&config::Config::schema()),
    }
}

#[expect(clippy::print_stderr, reason = "this is where the command line reports its failure")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("fernamt: {error:#}");
    ExitCode::FAILURE
}
