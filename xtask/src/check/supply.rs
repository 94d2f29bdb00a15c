//! What we ship that others wrote: licences, sources, known holes.

use std::process::Command;

use anyhow::Result;

use super::{Verdict, passes};
use crate::{shell::command, tools};

/// Every dependency's licence is one we may ship, none comes from elsewhere than the registry, none is banned.
pub(crate) fn licences() -> Result<Verdict> {
    passes(
        deny()?.args(["licenses", "bans", "sources"]),
        "Choose another package, or decide on the licence in deny.toml and say why.",
    )
}

/// No dependency has a published hole.
pub(crate) fn advisories() -> Result<Verdict> {
    let verdict =
        passes(deny()?.arg("advisories"), "Update the package, or accept the advisory in deny.toml and say why.")?;
    Ok(match verdict {
        Verdict::Failed(why) if why.contains("failed to fetch advisory database") => {
            Verdict::Skipped("the advisory database cannot be fetched from here".to_owned())
        }
        other => other,
    })
}

fn deny() -> Result<Command> {
    let mut deny = command(tools::tool("cargo-deny")?);
    deny.args(["--locked", "--log-level", "error", "check", "--hide-inclusion-graph"]);
    Ok(deny)
}
