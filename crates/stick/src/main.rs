//! `fernamt-stick`: the program on the stick. What it does stands in the library; see `fernamt_stick::cli` for its command
//! line. It is also the way for a stock `ssh` through the HTTPS port, where a network lets nothing else out:
//!
//! ```text
//! ssh -o ProxyCommand="fernamt-stick proxy --gateway wss://fernamt.example.org" name@fernamt.example.org
//! ```

// Without this a console would flash up behind the window.
#![cfg_attr(all(windows, feature = "window"), windows_subsystem = "windows")]

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use fernamt_stick::{
    cli::{self, Command, Exit},
    console, no_trace,
};

/// The way to the office.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Open no window.
    #[arg(long)]
    cli: bool,
    /// The folder with the stick's files, where it is not the program's own.
    #[cfg(feature = "window")]
    #[arg(long, value_name = "DIR")]
    folder: Option<std::path::PathBuf>,
    #[command(subcommand)]
    command: Option<Any>,
}

#[derive(Debug, Subcommand)]
enum Any {
    #[command(flatten)]
    Line(Command),
    #[cfg(feature = "window")]
    #[command(flatten)]
    Window(fernamt_stick::window::start::Command),
}

fn main() -> ExitCode {
    no_trace::keep_no_memory_image();
    console::attach();
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Any::Line(command)) => cli::run(command),
        #[cfg(feature = "window")]
        Some(Any::Window(command)) => fernamt_stick::window::start::command(command),
        #[cfg(feature = "window")]
        None if !arguments.cli => fernamt_stick::window::start::open(arguments.folder),
        None => help(),
    }
}

fn help() -> ExitCode {
    // Nobody may be left to read it.
    let _ = Arguments::command().print_long_help();
    Exit::Usage.into()
}
