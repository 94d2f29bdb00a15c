//! The one menu. What CI runs, a developer runs with the same word.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

mod bench;
mod check;
mod cross;
mod demo;
mod dist;
mod fuzz;
mod generate;
mod shell;
mod test;
mod tools;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Builds, tests and shows Fernamt")]
struct Arguments {
    #[command(subcommand)]
    word: Word,
}

#[derive(Subcommand)]
enum Word {
    /// Starts a whole office with demo people, and a real desktop where one can be had.
    Demo(demo::Options),
    /// Installs what the tests need and runs them all.
    Test(test::Options),
    /// Format, lints, dependency edges, licences, generated files, words, web lint and types.
    Check(check::Options),
    /// Measures one thing, prints a table and writes target/bench/NAME.json.
    Bench(bench::Options),
    /// Fuzzes one parser, or each of them in turn.
    Fuzz(fuzz::Options),
    /// Builds the release archive in target/dist.
    Dist(dist::Options),
    /// Writes the files that are generated from the code: openapi.json, TypeScript types, configuration schema.
    Generate,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().word {
        Word::Demo(options) => demo::run(&options),
        Word::Test(options) => test::run(&options),
        Word::Check(options) => check::run(&options),
        Word::Bench(options) => bench::run(&options),
        Word::Fuzz(options) => fuzz::run(&options),
        Word::Dist(options) => dist::run(&options),
        Word::Generate => generate::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
