//! The stick's programs as people get them, for the stories that run them where nothing of this machine is.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;

use super::{Context, counts::Counts};
use crate::{
    cross::{Platform, Toolchain},
    dist::sticks,
    shell::{root, target_dir},
    tools,
};

/// What the stories need beside the programs, in C: a client to start, and what Wine lacks.
const HELPERS: &[(Platform, &str, &str, &[&str])] = &[
    (Platform::Windows, "bcryptprimitives.c", "bcryptprimitives.dll", &["-shared", "-ladvapi32"]),
    (Platform::Windows, "client.c", "client.exe", &["-lws2_32"]),
    (Platform::Static, "client.c", "client", &["-static"]),
];

/// Where the stories find the programs.
pub(super) fn folder() -> PathBuf {
    target_dir().join("report/sticks")
}

/// Builds them. That takes as long as the server does, so only the full figures pay for it.
pub(super) fn build(context: &mut Context, _budget: Duration) -> Result<Counts> {
    if !context.full {
        println!("Only with --full.");
        return Ok(Counts::default());
    }
    let folder = folder();
    fs::create_dir_all(&folder)?;
    tools::programs(&[("wine", "wine")])?;
    let mut counts = Counts::default();
    for platform in Platform::ALL {
        match Toolchain::prepare(platform) {
            Ok(toolchain) => {
                sticks::build_one(platform, &folder)?;
                build_helpers(platform, &toolchain, &folder)?;
                counts += Counts::one_success();
            }
            Err(why) => counts += Counts::one_skip(format!("{why:#}")),
        }
    }
    Ok(counts)
}

fn build_helpers(platform: Platform, toolchain: &Toolchain, folder: &Path) -> Result<()> {
    let sources = root().join("crates/server/tests/elsewhere");
    for (_, source, output, words) in HELPERS.iter().filter(|helper| helper.0 == platform) {
        toolchain.compile_c(words, &sources.join(source), &folder.join(output))?;
    }
    Ok(())
}
