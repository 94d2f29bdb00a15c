//! Two real browsers in the crowd's meeting: the web app's own story, run beside ours. They tell in the chat how far they
//! are.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use fernamt_testkit::{
    office::pause,
    peers::{NotAtHand, chromium},
};
use tempfile::TempDir;

use super::{PATIENCE, Place};

const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web");
const STORY: &str = "e2e/guests/crowd.test.ts";

/// What each of them writes once it sees and hears the other.
pub(crate) const TOLD: [&str; 2] = ["Ines Behrens sieht und hört", "Ole Jensen sieht und hört"];

/// The browsers on their way. Dropped early, they end.
#[derive(Debug)]
pub(crate) struct Browsers {
    story: Child,
    folder: TempDir,
}

impl Browsers {
    /// Sets them out for the meeting, in which so many others write.
    pub(crate) fn set_out(place: &Place, writers: usize) -> Result<Self> {
        let chromium = chromium()?;
        let runner = Path::new(WEB).join("node_modules/.bin/vitest");
        if !runner.exists() || !Path::new(WEB).join("dist/index.html").exists() {
            return Err(NotAtHand("the web app is not built: npm ci && npx vite build").into());
        }
        let folder = tempfile::Builder::new().prefix("fernamt-browsers-").tempdir()?;
        let log = fs::File::create(folder.path().join("log"))?;
        let story = Command::new(runner)
            .args(["run", "--config", "e2e/vitest.config.ts", STORY])
            .current_dir(WEB)
            .env("CHROMIUM", chromium)
            .env("NO_COLOR", "1")
            .env("FERNAMT_MEETING", &place.link)
            .env("FERNAMT_MEETING_WRITERS", writers.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("run the browsers")?;
        Ok(Self { story, folder })
    }

    /// Fails where the browsers have come to an end.
    pub(crate) fn still_there(&mut self) -> Result<()> {
        ensure!(self.story.try_wait()?.is_none(), "the browsers are gone: {}", self.log());
        Ok(())
    }

    /// Waits until they have seen and heard everything again; tells how long they took to come.
    pub(crate) fn go_home(mut self) -> Result<String> {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.story.try_wait()? {
                break status;
            }
            ensure!(begun.elapsed() < PATIENCE, "the browsers do not come to an end: {}", self.log());
            // Another program's end.
            pause(super::LOOK);
        };
        ensure!(status.success(), "the browsers' story failed: {}", self.log());
        let log = self.log();
        let told: Vec<_> = log.lines().filter(|line| line.contains(" is in after ")).collect();
        Ok(told.join("; "))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Browsers {
    fn drop(&mut self) {
        let _ = self.story.kill();
        let _ = self.story.wait();
    }
}
