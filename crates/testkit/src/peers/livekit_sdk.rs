//! LiveKit's Python SDK with the libwebrtc it brings along: a client that nobody here wrote, driven line by line.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::{NotAtHand, root};

/// The SDK and what it needs, by version and hash.
const REQUIREMENTS: &str = include_str!("livekit_sdk.txt");
const DRIVER: &str = include_str!("livekit_sdk.py");
/// Longer than any of the SDK's own limits.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
const COUNT_PAUSE: Duration = Duration::from_millis(200);

/// One participant, in a process of its own. Dropping it ends the process without a farewell.
#[derive(Debug)]
pub struct SdkClient {
    child: Child,
    input: Option<ChildStdin>,
    heard: Arc<Heard>,
    sent: u64,
}

#[derive(Debug, Default)]
struct Heard {
    lines: Mutex<Lines>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    all: Vec<Value>,
    ended: bool,
}

/// What a client has seen of one track so far.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Seen {
    /// The identity of the publisher.
    pub who: String,
    /// The track's name.
    pub name: String,
    /// The track's id at the server.
    pub sid: String,
    /// Decoded pictures, or pieces of sound of 10 ms.
    pub frames: u64,
    /// Pictures that differ from the one before.
    #[serde(default)]
    pub moved: u64,
    /// The width of the last picture.
    #[serde(default)]
    pub width: u32,
    /// The height of the last picture.
    #[serde(default)]
    pub height: u32,
    /// The mean of both colour planes of the last picture.
    #[serde(default)]
    pub colour: [f64; 2],
    /// The effective value of the last second of sound; a published tone is about 7000.
    #[serde(default)]
    pub energy: f64,
    /// The loudest tone of the last second.
    #[serde(default)]
    pub tone_hz: f64,
}

/// The Python that has the SDK, installed first where that was not done yet.
pub fn sdk_python() -> Result<PathBuf> {
    let cache = root::cache_dir()?;
    let name = format!("livekit-sdk-{:08x}", root::short_hash(REQUIREMENTS));
    let (folder, python) = (cache.join(&name), cache.join(&name).join("bin/python"));
    if folder.join("installed").exists() {
        return Ok(python);
    }
    if !Command::new("python3").args(["-c", "import ensurepip, venv"]).output().is_ok_and(|done| done.status.success())
    {
        return Err(NotAtHand("LiveKit's SDK needs Python with its module venv").into());
    }
    fs::create_dir_all(&cache).with_context(|| format!("create {}", cache.display()))?;
    let lock = File::create(cache.join("livekit-sdk.lock")).context("create the lock of the SDK")?;
    lock.lock().context("wait for another process that installs the SDK")?;
    if !folder.join("installed").exists() {
        let requirements = cache.join("livekit-sdk.txt");
        fs::write(&requirements, REQUIREMENTS)?;
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let options = ["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:", "--no-deps", "-r"];
        run(Command::new(&python).args(options).arg(&requirements))?;
        fs::write(folder.join("installed"), "")?;
    }
    Ok(python)
}

impl SdkClient {
    /// Starts a participant who has not joined yet.
    pub fn start() -> Result<Self> {
        let mut command = Command::new(sdk_python()?);
        command.args(["-u", "-c", DRIVER]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().context("run Python")?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("the driver has an output")?;
        let heard = Arc::new(Heard::default());
        let hearing = Arc::clone(&heard);
        thread::Builder::new().name("sdk".to_owned()).spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Ok(line) = serde_json::from_str(&line) {
                    hearing.lock().all.push(line);
                    hearing.more.notify_all();
                }
            }
            hearing.lock().ended = true;
            hearing.more.notify_all();
        })?;
        Ok(Self { child, input, heard, sent: 0 })
    }

    /// Starts a participant and joins a room with a pair of peer connections.
    pub fn join(url: &str, token: &str) -> Result<Self> {
        let mut client = Self::start()?;
        client.command("join", json!({ "url": url, "token": token, "single": false }))?;
        Ok(client)
    }

    /// Carries one command out and returns its answer. The commands are the methods of `Driver` in `livekit_sdk.py`.
    pub fn command(&mut self, word: &str, mut arguments: Value) -> Result<Value> {
        self.sent += 1;
        let number = self.sent;
        arguments["number"] = number.into();
        arguments["do"] = word.into();
        writeln!(self.input.as_mut().context("the driver has an input")?, "{arguments}").context("tell the driver")?;
        let answer = self.wait(0, ANSWER_LIMIT, |line| line["done"] == number || line["failed"] == number)?;
        ensure!(answer["failed"].is_null(), "{word}: {}", answer["why"].as_str().unwrap_or_default());
        Ok(answer)
    }

    /// Publishes a sine tone.
    pub fn publish_tone(&mut self, name: &str, hz: f64) -> Result<String> {
        sid(&self.command("publish_tone", json!({ "name": name, "hz": hz }))?)
    }

    /// Publishes a moving bar in one colour, in up to three layers.
    pub fn publish_picture(&mut self, name: &str, (width, height): (u32, u32), colour: [u8; 2]) -> Result<String> {
        let arguments = json!({ "name": name, "width": width, "height": height, "colour": colour });
        sid(&self.command("publish_picture", arguments)?)
    }

    /// Sends a text to all others.
    pub fn send_data(&mut self, text: &str, topic: &str) -> Result<()> {
        self.command("send_data", json!({ "text": text, "topic": topic })).map(drop)
    }

    /// Leaves in order.
    pub fn leave(&mut self) -> Result<()> {
        self.command("leave", json!({})).map(drop)
    }

    /// What was seen and heard of each track so far.
    pub fn seen(&mut self) -> Result<Vec<Seen>> {
        let tracks = self.command("counts", json!({}))?["tracks"].take();
        serde_json::from_value(tracks).context("the driver's counts")
    }

    /// Waits until `enough` holds for a track, and returns what was seen of it then.
    pub fn wait_until_seen(&mut self, limit: Duration, enough: impl Fn(&Seen) -> bool) -> Result<Seen> {
        let end = Instant::now() + limit;
        loop {
            let seen = self.seen()?;
            if let Some(seen) = seen.iter().find(|seen| enough(seen)) {
                return Ok(seen.clone());
            }
            ensure!(Instant::now() < end, "not enough was seen: {seen:?}");
            pause();
        }
    }

    /// How many lines were heard so far: a place to wait from.
    pub fn mark(&self) -> usize {
        self.heard.lock().all.len()
    }

    /// Waits for an event, from the beginning on.
    pub fn event(&self, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        self.event_after(0, limit, wanted)
    }

    /// Waits for an event that came after a mark.
    pub fn event_after(&self, mark: usize, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        self.wait(mark, limit, |line| !line["event"].is_null() && wanted(line))
    }

    /// All events so far.
    pub fn events(&self) -> Vec<Value> {
        self.heard.lock().all.iter().filter(|line| !line["event"].is_null()).cloned().collect()
    }

    fn wait(&self, mark: usize, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let end = Instant::now() + limit;
        let mut lines = self.heard.lock();
        loop {
            if let Some(line) = lines.all.iter().skip(mark).find(|line| wanted(line)) {
                return Ok(line.clone());
            }
            ensure!(!lines.ended, "the SDK's process ended; last heard: {:?}", lines.all.last());
            let Some(left) = end.checked_duration_since(Instant::now()) else {
                bail!("waited in vain; heard: {}", serde_json::to_string(&lines.all.get(mark..))?);
            };
            lines = self.heard.more.wait_timeout(lines, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Heard {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SdkClient {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sid(answer: &Value) -> Result<String> {
    Ok(answer["sid"].as_str().context("a published track has an id")?.to_owned())
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("run {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "pictures are counted in another process, which tells when asked")]
fn pause() {
    thread::sleep(COUNT_PAUSE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::LiveKit;

    const LIMIT: Duration = Duration::from_secs(30);

    #[test]
    fn two_of_them_see_and_hear_each_other_by_the_real_server() {
        let server = crate::peer!(LiveKit::start());
        crate::peer!(sdk_python());
        let join = |name| SdkClient::join(&server.ws_url(), &server.token("room", name)).expect("joined");
        let (mut erika, mut jonas) = (join("erika"), join("jonas"));
        erika.event(LIMIT, |event| event["event"] == "participant_connected" && event["who"] == "jonas").expect("seen");
        jonas.publish_tone("tone", 700.0).expect("published");
        jonas.publish_picture("picture", (640, 360), [90, 160]).expect("published");
        let tone = erika.wait_until_seen(LIMIT, |seen| seen.energy > 3000.0 && seen.frames > 100).expect("heard");
        assert!((tone.tone_hz - 700.0).abs() < 5.0, "{tone:?}");
        let picture = erika.wait_until_seen(LIMIT, |seen| seen.moved > 20).expect("seen");
        assert!((picture.colour[0] - 90.0).abs() < 12.0 && (picture.colour[1] - 160.0).abs() < 12.0, "{picture:?}");
        erika.send_data("Grüße", "chat").expect("sent");
        let data = jonas.event(LIMIT, |event| event["event"] == "data_received").expect("received");
        assert_eq!((&data["who"], &data["text"]), (&json!("erika"), &json!("Grüße")));
        erika.leave().expect("left");
        jonas.event(LIMIT, |event| event["event"] == "participant_disconnected").expect("seen");
    }
}
