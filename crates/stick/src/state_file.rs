//! `stick.state`: small things that are nice to remember, such as which way to the gateway worked last. Whoever finds the
//! stick may read it, losing it never matters, and a damaged one counts as none.

use std::{fs::File, io::Read as _, path::Path};

use fernamt_api::stick::Transport;
use serde::{Deserialize, Serialize};

use crate::container::disk;

/// The file beside the program.
pub const STATE_FILE: &str = "stick.state";
/// The largest such file.
pub const MAX_STATE_BYTES: usize = 4 * 1024;
/// The largest edge of a window, in points.
const MAX_EDGE: u32 = 16 * 1024;

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// The way that worked last.
    pub transport: Option<Transport>,
    /// The language chosen in the window, where it is not the configuration's: `de` or `en`.
    pub language: Option<String>,
    /// The window's width and height, in points.
    pub window: Option<(u32, u32)>,
}

/// What this folder remembers.
pub fn load(folder: &Path) -> Remembered {
    let mut bytes = Vec::new();
    let read = File::open(folder.join(STATE_FILE))
        .and_then(|file| file.take(MAX_STATE_BYTES as u64 + 1).read_to_end(&mut bytes));
    if read.is_err() || bytes.len() > MAX_STATE_BYTES {
        return Remembered::default();
    }
    parse(&bytes)
}

/// Reads the file's content, as far as it makes sense.
pub fn parse(bytes: &[u8]) -> Remembered {
    let mut remembered: Remembered = serde_json::from_slice(bytes).unwrap_or_default();
    remembered.language.take_if(|language| !matches!(language.as_str(), "de" | "en"));
    remembered.window.take_if(|(width, height)| ![width, height].into_iter().all(|edge| (1..=MAX_EDGE).contains(edge)));
    remembered
}

/// Changes what this folder remembers. A stick that cannot be written remembers nothing.
pub fn change(folder: &Path, change: impl FnOnce(&mut Remembered)) {
    let before = load(folder);
    let mut after = before.clone();
    change(&mut after);
    if after == before {
        return;
    }
    if let Ok(bytes) = serde_json::to_vec(&after) {
        let _ = disk::overwrite(&folder.join(STATE_FILE), &bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path()), Remembered::default());
        change(folder.path(), |remembered| remembered.transport = Some(Transport::Websocket));
        change(folder.path(), |remembered| remembered.window = Some((800, 600)));
        let both = Remembered { transport: Some(Transport::Websocket), language: None, window: Some((800, 600)) };
        assert_eq!(load(folder.path()), both);
    }

    #[test]
    fn nonsense_counts_as_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(STATE_FILE), " ".repeat(MAX_STATE_BYTES) + "{}").unwrap();
        assert_eq!(load(folder.path()), Remembered::default());
        for text in ["", "null", "{\"transport\":\"pigeon\"}", "{\"language\":\"fr\",\"window\":[0,9]}"] {
            assert_eq!(parse(text.as_bytes()), Remembered::default(), "{text}");
        }
        assert_eq!(parse(b"{\"language\":\"en\",\"window\":[9,99999]}").language.as_deref(), Some("en"));
    }

    #[test]
    fn a_folder_that_cannot_be_written_does_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        change(&folder.path().join("gone"), |remembered| remembered.transport = Some(Transport::Ssh));
    }
}
