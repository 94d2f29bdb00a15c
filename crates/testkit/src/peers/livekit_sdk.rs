//! LiveKit's Python SDK with the libwebrtc it brings along: a client that nobody here wrote, driven line by line.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    ops::{Deref, DerefMut},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
};

use anyhow::{Context as _, Result};

use super::{
    driven::{Driven, Heard},
    venv,
};

/// The SDK and what it needs, by version and hash.
const REQUIREMENTS: &str = include_str!("livekit_sdk.txt");
const DRIVER: &str = include_str!("livekit_sdk.py");

/// One participant, in a process of its own. Dropping it ends the process without a farewell.
#[derive(Debug)]
pub struct SdkClient {
    driven: Driven,
    child: Child,
}

/// The Python that has the SDK, installed first where that was not done yet.
pub fn sdk_python() -> Result<PathBuf> {
    venv::python("livekit-sdk", REQUIREMENTS)
}

impl SdkClient {
    /// Starts a participant who has not joined yet.
    pub fn start() -> Result<Self> {
        let mut command = Command::new(sdk_python()?);
        command.args(["-u", "-c", DRIVER]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().context("run Python")?;
        let mut input = child.stdin.take().context("the driver has an input")?;
        let output = child.stdout.take().context("the driver has an output")?;
        let heard = Arc::new(Heard::default());
        let hearing = Arc::clone(&heard);
        thread::Builder::new().name("sdk".to_owned()).spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // libwebrtc prints lines of its own.
                if let Ok(line) = serde_json::from_str(&line) {
                    hearing.add(line);
                }
            }
            hearing.end();
        })?;
        Ok(Self { driven: Driven::new(heard, move |command| Ok(writeln!(input, "{command}")?)), child })
    }

    /// Starts a participant and joins a room with a pair of peer connections.
    pub fn join(url: &str, token: &str) -> Result<Self> {
        let mut client = Self::start()?;
        client.driven.join(url, token)?;
        Ok(client)
    }
}

impl Deref for SdkClient {
    type Target = Driven;

    fn deref(&self) -> &Driven {
        &self.driven
    }
}

impl DerefMut for SdkClient {
    fn deref_mut(&mut self) -> &mut Driven {
        &mut self.driven
    }
}

impl Drop for SdkClient {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

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
