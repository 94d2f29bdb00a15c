//! Our side: a stick, made by the administration of a whole `fernamt serve`, and its command line.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

use anyhow::{Context as _, Result};
use fernamt_testkit::{
    branch::{Branch, Colleague, Stick},
    lab::Lab,
};
use serde_json::json;
use tempfile::TempDir;

use crate::contestant::{Contestant, Place, Tunnel};

/// The targets' names.
const DESKTOP: &str = "Desktop";
const PROGRAM: &str = "Fachverfahren";

pub(crate) struct Ours {
    _branch: Branch,
    colleague: Mutex<Colleague>,
    stick: Stick,
    _programs: TempDir,
}

impl Ours {
    /// Starts the server and makes a stick that is activated at home. Runs at the office, where the desktop and the
    /// program have these ports.
    pub(crate) fn start(lab: &Lab, desktop: u16, program: u16) -> Result<Self> {
        let programs = tempfile::tempdir()?;
        fs::copy(program_file(), programs.path().join("fernamt-stick"))
            .context("find the stick's program: build it with `cargo build --release -p fernamt-stick`")?;
        let branch = Branch::start(lab, programs.path(), &[desktop, program])?;
        branch.target(DESKTOP, desktop, &json!({ "kind": "rdp" }))?;
        branch.target(PROGRAM, program, &json!({ "kind": "tcp" }))?;
        let colleague = branch.hire("erika")?;
        let stick = branch.make_stick(&colleague)?;
        lab.at_home(|| stick.activate())?;
        Ok(Self { _branch: branch, colleague: Mutex::new(colleague), stick, _programs: programs })
    }
}

impl Contestant for Ours {
    fn open(&self, place: Place) -> Result<Tunnel> {
        let target = if place == Place::Desktop { DESKTOP } else { PROGRAM };
        let code = self.colleague.lock().ok().context("nobody panics with it")?.fresh_code()?;
        let (client, end) = self.stick.connect(target, &code)?;
        Ok(Tunnel { end, client })
    }
}

/// The program named by `FERNAMT_STICK`, else the release build.
fn program_file() -> PathBuf {
    let built = || Path::new(&fernamt_testkit::report::target_dir()).join("release/fernamt-stick");
    std::env::var_os("FERNAMT_STICK").map_or_else(built, PathBuf::from)
}
