//! `cargo xtask dist`: what an administrator downloads.

pub(crate) mod sticks;

use std::fs;

use anyhow::{Context as _, Result};

use crate::{
    shell::{self, capture, cargo, command, root, target_dir},
    web,
};

/// Files that travel beside the binary.
const BESIDE: &[&str] = &[
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "deploy",
    "docs/operate",
    "docs/use",
    // The two that the documents point to.
    "docs/adr",
    "crates/api/openapi.json",
];

/// What to build.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Pack the server alone, on a machine that cannot build the stick's programs.
    #[arg(long)]
    without_sticks: bool,
    /// Build the stick's programs alone, into target/dist/stick.
    #[arg(long, conflicts_with = "without_sticks")]
    only_sticks: bool,
}

/// Builds the server with the web app inside and the stick's programs, and packs them with their documents and a checksum.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.only_sticks {
        return sticks::build(&target_dir().join("dist/stick"));
    }
    web::build()?;
    shell::run(cargo().args(["build", "--release", "--locked", "-p", "fernamt-server", "--bin", "fernamt"]))?;

    let dist = target_dir().join("dist");
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("fernamt-{version}-{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    let folder = dist.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    fs::copy(target_dir().join("release/fernamt"), folder.join("fernamt")).context("copy the binary")?;
    if !options.without_sticks {
        sticks::build(&folder.join("stick"))?;
    }
    for path in BESIDE.iter().filter(|path| root().join(path).exists()) {
        shell::run(command("cp").args(["-r", "--parents", path]).arg(&folder))?;
    }
    let archive = format!("{name}.tar.gz");
    // The same commit packs to the same bytes: names sorted, owners and times fixed.
    shell::run(command("tar").current_dir(&dist).args([
        "--sort=name",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--mtime=@0",
        "-czf",
        &archive,
        &name,
    ]))?;
    let sum = capture(command("sha256sum").current_dir(&dist).arg(&archive))?;
    fs::write(dist.join(format!("{archive}.sha256")), &sum)?;
    println!("{}\n{}", dist.join(archive).display(), sum.trim());
    Ok(())
}
