//! What both driven clients have in common: commands go in as JSON, answers and events come out as JSON.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

/// Longer than any of the clients' own limits.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
const COUNT_PAUSE: Duration = Duration::from_millis(200);

/// A participant in another process who does what is said. `SdkClient` and `BrowserClient` are such.
pub struct Driven {
    heard: Arc<Heard>,
    tell: Box<Tell>,
    sent: u64,
}

/// How a command reaches the client.
type Tell = dyn FnMut(&Value) -> Result<()> + Send;

/// All that a driven client said so far.
#[derive(Debug, Default)]
pub(crate) struct Heard {
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
    /// What it comes as (`video/VP9`), where the client tells.
    #[serde(default)]
    pub codec: String,
    /// What a packet carries on average, where the client tells.
    #[serde(default)]
    pub packet_bytes: f64,
}

impl Heard {
    /// Takes in what the client said.
    pub(crate) fn add(&self, line: Value) {
        self.lock().all.push(line);
        self.more.notify_all();
    }

    /// The client will say nothing more.
    pub(crate) fn end(&self) {
        self.lock().ended = true;
        self.more.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Driven {
    pub(crate) fn new(heard: Arc<Heard>, tell: impl FnMut(&Value) -> Result<()> + Send + 'static) -> Self {
        Self { heard, tell: Box::new(tell), sent: 0 }
    }

    /// Carries one command out and returns its answer. The commands are the methods of `Driver` in `livekit_sdk.py` and
    /// in `livekit_client.js`.
    pub fn command(&mut self, word: &str, mut arguments: Value) -> Result<Value> {
        self.sent += 1;
        let number = self.sent;
        arguments["number"] = number.into();
        arguments["do"] = word.into();
        (self.tell)(&arguments).context("tell the driver")?;
        let answer = self.wait(0, ANSWER_LIMIT, |line| line["done"] == number || line["failed"] == number)?;
        ensure!(answer["failed"].is_null(), "{word}: {}", answer["why"].as_str().unwrap_or_default());
        Ok(answer)
    }

    /// Joins a room with a pair of peer connections.
    pub fn join(&mut self, url: &str, token: &str) -> Result<()> {
        self.command("join", json!({ "url": url, "token": token, "single": false })).map(drop)
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

    /// Publishes a moving bar under the name of a codec, with options of the JavaScript client.
    pub fn publish_picture_in(&mut self, codec: &str, colour: [u8; 2], mut options: Value) -> Result<String> {
        for (name, value) in [("name", json!(codec)), ("videoCodec", json!(codec)), ("colour", json!(colour))] {
            options[name] = value;
        }
        sid(&self.command("publish_picture", options)?)
    }

    /// The codecs the JavaScript client's browser can send pictures with.
    pub fn sendable(&mut self) -> Result<Vec<String>> {
        let codecs = self.command("sendable", json!({}))?["codecs"].take();
        serde_json::from_value(codecs).context("the browser's codecs")
    }

    /// Ends a track.
    pub fn unpublish(&mut self, name: &str) -> Result<()> {
        self.command("unpublish", json!({ "name": name })).map(drop)
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
            ensure!(!lines.ended, "the client's process ended; last heard: {:?}", lines.all.last());
            let Some(left) = end.checked_duration_since(Instant::now()) else {
                bail!("waited in vain; heard: {}", serde_json::to_string(&lines.all.get(mark..))?);
            };
            lines = self.heard.more.wait_timeout(lines, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl std::fmt::Debug for Driven {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Driven").field("heard", &self.heard).finish_non_exhaustive()
    }
}

fn sid(answer: &Value) -> Result<String> {
    Ok(answer["sid"].as_str().context("a published track has an id")?.to_owned())
}

#[expect(clippy::disallowed_methods, reason = "pictures are counted in another process, which tells when asked")]
fn pause() {
    thread::sleep(COUNT_PAUSE);
}
