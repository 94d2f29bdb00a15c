//! `fernamt-stick`: the program on the stick. So far it is the way for a stock `ssh` through the HTTPS port, where a
//! network lets nothing else out:
//!
//! ```text
//! ssh -o ProxyCommand="fernamt-stick proxy --gateway wss://fernamt.example.org" name@fernamt.example.org
//! ```

// Without this a console would flash up behind the window.
#![cfg_attr(all(windows, feature = "window"), windows_subsystem = "windows")]

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use fernamt_stick::{StickError, console, gateway::Gateway, proxy};

/// The way to the office.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
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

#[expect(clippy::print_stderr, reason = "this is where a command line program says what went wrong")]
fn main() -> ExitCode {
    console::attach();
    let Arguments { command: Command::Proxy { gateway, ca } } = Arguments::parse();
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StickError::Runtime)
        .and_then(|runtime| runtime.block_on(proxy::run(&gateway, ca.as_deref())));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fernamt-stick: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

fn with_causes(error: &StickError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
