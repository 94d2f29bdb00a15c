//! What a stock client and a server say to each other on LiveKit's WebSocket: recorded once against the real server and
//! kept, recorded again against ours, and compared.
//!
//! ```no_run
//! use fernamt_testkit::{conversation::{Client, Course, Venue, differences, record}, peers::LiveKit};
//!
//! let server = LiveKit::start().expect("Go is at hand");
//! let venue = Venue { address: ([127, 0, 0, 1], server.port()).into(), token: &|name| server.token("room", name) };
//! let conversation = record(Client::Python, Course::Talk, &venue).expect("they talk");
//! assert!(conversation.breaches().is_empty());
//! assert!(differences(&conversation, &conversation).is_empty());
//! ```

mod compare;
mod course;
mod plain;
mod tap;

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use compare::{Difference, differences};
pub use course::{Venue, record};
pub use tap::{Frames, Tap};

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The WebSocket it went over; a client that returns opens another one.
    pub connection: u32,
    /// `client` or `server`.
    pub from: String,
    /// The message's name in protobuf's JSON, `connect` for a request's path, `refused` for an answer that is no
    /// WebSocket.
    pub kind: String,
    /// The message in protobuf's JSON.
    pub message: Value,
}

/// A whole conversation, without what differs each time.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// All messages in the order they passed.
    pub lines: Vec<Line>,
}

/// Who talks to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// livekit-client in Chromium.
    JavaScript,
    /// LiveKit's Python SDK.
    Python,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Join a room with somebody in it, publish sound and picture, mute, unmute, exchange data, change metadata, take
    /// the picture back, leave.
    Talk,
    /// Join, publish, lose the connection, come back, leave.
    Reconnect,
}

impl Client {
    /// Both.
    pub const ALL: [Self; 2] = [Self::JavaScript, Self::Python];
}

impl Course {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Talk, Self::Reconnect];

    /// The file that this course's reference conversation is kept in.
    pub fn file(self, client: Client) -> String {
        let client = match client {
            Client::JavaScript => "javascript",
            Client::Python => "python",
        };
        let course = match self {
            Self::Talk => "talk",
            Self::Reconnect => "reconnect",
        };
        format!("{client}-{course}.json")
    }
}

impl Conversation {
    /// Reads a kept conversation.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read(path).with_context(|| format!("read {}", path.display()))?;
        Ok(Self { lines: serde_json::from_slice(&text).with_context(|| format!("parse {}", path.display()))? })
    }

    /// Keeps the conversation, a message a line.
    pub fn write(&self, path: &Path) -> Result<()> {
        let lines: Result<Vec<_>, _> = self.lines.iter().map(serde_json::to_string).collect();
        fs::write(path, format!("[\n{}\n]\n", lines?.join(",\n"))).with_context(|| format!("write {}", path.display()))
    }

    /// Where the server breaks the order that clients rely on.
    pub fn breaches(&self) -> Vec<String> {
        compare::breaches(&self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::{LiveKit, sdk_python};

    fn kept(client: Client, course: Course) -> Conversation {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../media/tests/reference");
        Conversation::read(&folder.join(course.file(client))).expect("it was recorded")
    }

    #[test]
    fn the_kept_conversations_keep_the_order_that_clients_rely_on() {
        for (client, course) in Client::ALL.into_iter().flat_map(|client| Course::ALL.map(|course| (client, course))) {
            assert_eq!(kept(client, course).breaches(), Vec::<String>::new(), "{client:?}, {course:?}");
        }
    }

    #[test]
    fn the_real_server_still_says_what_was_kept() {
        let server = crate::peer!(LiveKit::start());
        crate::peer!(sdk_python());
        let token = |name: &str| server.token("reference", name);
        let venue = Venue { address: ([127, 0, 0, 1], server.port()).into(), token: &token };
        let again = record(Client::Python, Course::Talk, &venue).expect("they talk");
        let found: Vec<_> = differences(&kept(Client::Python, Course::Talk), &again)
            .into_iter()
            .filter(|difference| !difference.path.starts_with("streamStateUpdate"))
            .collect();
        assert!(found.is_empty(), "{}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
}
