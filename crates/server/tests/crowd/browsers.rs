//! Two real browsers in the crowd's meeting: the web app's own story, run beside ours. Over a line of their own they tell
//! how far they are, and are told when to go on.

use std::{
    fs,
    io::{BufRead as _, BufReader, ErrorKind, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Instant,
};

use anyhow::{Context as _, Result, bail, ensure};
use fernamt_testkit::{
    office::pause,
    peers::{NotAtHand, chromium},
};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::{LOOK, PATIENCE};

const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web");
const STORY: &str = "e2e/guests/crowd.test.ts";

/// What each of them writes once it sees and hears the other.
pub(crate) const TOLD: [&str; 2] = ["Ines Behrens sieht und hört", "Ole Jensen sieht und hört"];

/// How far a browser is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// The name is typed, camera and microphone are on: it only has to be let go.
    AtTheDoor,
    /// Its page shows the meeting, or no longer shows that the line is lost.
    Seated,
    /// It sees and hears the other one.
    Received,
    /// Its page shows that the line is lost.
    CutOff,
    /// It shows the whole chat as it is.
    Read,
}

/// What the browsers are told.
#[derive(Debug, Serialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub(crate) enum Word<'a> {
    /// Everybody comes now.
    Come,
    /// The server is gone, and stays so until both have seen it.
    Killed,
    /// All that is written in the chat, the oldest first.
    Chat { texts: Vec<&'a str> },
}

#[derive(Debug, Deserialize)]
struct Told {
    who: usize,
    step: Step,
}

/// The browsers. Dropped early, they end.
#[derive(Debug)]
pub(crate) struct Browsers {
    story: Story,
    says: TcpStream,
    hears: Receiver<(Told, Instant)>,
    told: Vec<(Told, Instant)>,
}

impl Browsers {
    /// Brings them to the door of the meeting.
    pub(crate) fn set_out(link: &str) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let mut story = Story::begin(link, listener.local_addr()?.port())?;
        let begun = Instant::now();
        let says = loop {
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            story.goes_on()?;
            ensure!(begun.elapsed() < PATIENCE, "the browsers do not come: {}", story.log());
            // Another program's start.
            pause(LOOK);
        };
        says.set_nonblocking(false)?;
        let lines = BufReader::new(says.try_clone()?).lines();
        let (hear, hears) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let Ok(told) = serde_json::from_str::<Told>(&line) else { return };
                if hear.send((told, Instant::now())).is_err() {
                    return;
                }
            }
        });
        let mut browsers = Self { story, says, hears, told: Vec::new() };
        browsers.reach(Step::AtTheDoor)?;
        Ok(browsers)
    }

    /// Tells them something.
    pub(crate) fn say(&mut self, word: &Word<'_>) -> Result<()> {
        let line = serde_json::to_string(word)? + "\n";
        self.says.write_all(line.as_bytes()).with_context(|| format!("the browsers are gone: {}", self.story.log()))
    }

    /// Waits until both are so far, once more than before; tells since when each is.
    pub(crate) fn reach(&mut self, step: Step) -> Result<Vec<Instant>> {
        let begun = Instant::now();
        let reached = |told: &(Told, Instant), who| told.0.who == who && told.0.step == step;
        let mut since = Vec::new();
        while since.len() < TOLD.len() {
            if let Some(at) = self.told.iter().position(|told| reached(told, since.len())) {
                since.push(self.told.remove(at).1);
                continue;
            }
            match self.hears.recv_timeout(LOOK) {
                Ok(told) => self.told.push(told),
                Err(RecvTimeoutError::Disconnected) => {
                    // They still write down why.
                    self.story.end()?;
                    bail!("the browsers are gone: {}", self.story.log());
                }
                Err(RecvTimeoutError::Timeout) => self.story.goes_on()?,
            }
            ensure!(begun.elapsed() < PATIENCE, "the browsers are not {step:?} after {:?}", self.told);
        }
        Ok(since)
    }

    /// Fails where the browsers have come to an end.
    pub(crate) fn still_there(&mut self) -> Result<()> {
        self.story.goes_on()
    }

    /// Waits until they have gone, content.
    pub(crate) fn go_home(mut self) -> Result<()> {
        let content = self.story.end()?;
        ensure!(content, "the browsers' story failed: {}", self.story.log());
        Ok(())
    }
}

/// The browsers' own story, and what it prints.
#[derive(Debug)]
struct Story {
    process: Child,
    folder: TempDir,
}

impl Story {
    fn begin(link: &str, line: u16) -> Result<Self> {
        let Ok(chromium) = chromium() else { return Err(NotAtHand("no Chromium here").into()) };
        let runner = Path::new(WEB).join("node_modules/.bin/vitest");
        if !runner.exists() || !Path::new(WEB).join("dist/index.html").exists() {
            return Err(NotAtHand("the web app is not built: npm ci && npx vite build").into());
        }
        if !Command::new("node").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
            return Err(NotAtHand("no Node.js here").into());
        }
        let folder = tempfile::Builder::new().prefix("fernamt-browsers-").tempdir()?;
        let log = fs::File::create(folder.path().join("log"))?;
        let process = Command::new(runner)
            .args(["run", "--config", "e2e/vitest.config.ts", STORY])
            .current_dir(WEB)
            .env("CHROMIUM", chromium)
            .env("NO_COLOR", "1")
            .env("FERNAMT_MEETING", link)
            .env("FERNAMT_MEETING_LINE", line.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("run the browsers")?;
        Ok(Self { process, folder })
    }

    fn goes_on(&mut self) -> Result<()> {
        ensure!(self.process.try_wait()?.is_none(), "the browsers are gone: {}", self.log());
        Ok(())
    }

    /// Waits until it has ended; tells whether it ended well.
    fn end(&mut self) -> Result<bool> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status.success());
            }
            ensure!(begun.elapsed() < PATIENCE, "the browsers do not come to an end: {}", self.log());
            // Another program's end.
            pause(LOOK);
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
