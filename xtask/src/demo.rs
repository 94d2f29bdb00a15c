//! `cargo xtask demo`: a whole office on this machine.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    shell::{self, cargo, command, target_dir},
    web,
};

/// The demo's people; the desktop knows them too, so that they are signed on to it with what they typed.
const PEOPLE: [&str; 5] = ["erika", "max", "ada", "dora", "karl"];
/// The demo's password (crates/server/src/commands/demo/people.rs).
const PASSWORD: &str = "Das Amt, von überall";

/// What the demo can be asked for.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave the RDP desktop out, which needs root and Debian's packages the first time.
    #[arg(long)]
    no_desktop: bool,
    /// Further words for `fernamt demo`.
    #[arg(last = true)]
    server: Vec<String>,
}

/// Builds the web app, the server and the stick that it hands out, starts a desktop where one can be had, and runs the office until it is ended.
pub(crate) fn run(options: &Options) -> Result<()> {
    println!("Building the web app …");
    web::build()?;
    println!("Building the server and the stick …");
    shell::run(cargo().args([
        "build",
        "--locked",
        "-p",
        "fernamt-server",
        "-p",
        "fernamt-testkit",
        "-p",
        "fernamt-stick",
        "--bin",
        "fernamt",
        "--bin",
        "fernamt-stick",
        "--bin",
        "peer",
    ]))?;

    let mut server = command(target_dir().join("debug/fernamt"));
    server.arg("demo");
    let desktop = if options.no_desktop { None } else { desktop(&mut server) };
    let ended = shell::run(server.args(&options.server));
    if let Some(mut desktop) = desktop {
        drop(desktop.stdin.take());
        desktop.wait().context("end the desktop")?;
    }
    ended
}

/// Starts the desktop and tells the server where it is; a machine that cannot have one still gets an office.
fn desktop(server: &mut Command) -> Option<Child> {
    println!("Starting a desktop (the first time this fetches about 300 MB of Debian packages) …");
    match start_desktop() {
        Ok((child, facts)) => {
            for (option, key) in [("--rdp-address", "address"), ("--rdp-user", "user"), ("--rdp-password", "password")]
            {
                server.args([option, facts[key].as_str().unwrap_or_default()]);
            }
            Some(child)
        }
        Err(why) => {
            println!("No desktop on this machine: {why:#}. Everything else works.");
            None
        }
    }
}

fn start_desktop() -> Result<(Child, serde_json::Value)> {
    let mut child = command(target_dir().join("debug/peer"))
        .args(["xrdp", "--password", PASSWORD])
        .args(PEOPLE.iter().flat_map(|name| ["--user", name]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("start the desktop")?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("the desktop has an output")?).read_line(&mut line)?;
    if line.is_empty() {
        let complaint = child.wait_with_output()?.stderr;
        bail!("{}", String::from_utf8_lossy(&complaint).trim().trim_start_matches("Error: "));
    }
    Ok((child, serde_json::from_str(&line).context("the desktop's line is JSON")?))
}
